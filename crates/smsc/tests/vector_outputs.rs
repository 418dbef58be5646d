//! The published test PDUs that a message centre sends: each is brought about, and comes out octet for octet.

mod support;

use smpp::{
    Bind, BindKind, BroadcastSm, Command, DataSm, DestAddress, Pdu, QueryBroadcastSm, QuerySm, ReplaceSm,
    ShortMessage, Status, SubmitMulti, Tlv, tag,
};
use sms::{Concatenation, Segment, Timestamp};
use smsc::{
    Account, BlockedReaction, Carrier, Cause, Change, Config, Effect, Fault, Input, MessageIdStyle,
    MoAlphabet, Output, ReceiptStyle,
};
use support::*;

/// The phone and the code of the vectors.
const PHONE: &str = "15551230001";
const CODE: &str = "12345";

/// 2008-11-04 18:30:00 UTC, when the texts of the vectors' receipts were submitted.
const SUBMITTED_AT: Timestamp = Timestamp::from_secs(1_225_823_400);

/// A message centre of that name, an account with the codes of the vectors, and a carrier for everybody whose receipts are
/// labelled as theirs.
fn config_of_vectors() -> Config {
    let mut account = Account::new("fbook", "fbook");
    account.codes = vec![CODE.parse().expect("a code"), "60777".parse().expect("a code")];
    account.window_max = 1_000;
    account.congestion_state = false;
    let mut carrier = Carrier::new("att");
    carrier.receipts.capital_text = false;
    let mut config = Config {
        system_id: "SMSCSIM".into(),
        page_answer_timeout: secs(3_600),
        ..config()
    };
    config.accounts = vec![account];
    config.carriers = vec![carrier];
    config
}

/// A bench with `fbook` bound as a transceiver that speaks v5.0, `deliveries` behind it, so that the next request of the
/// message centre has the number after.
fn bench(deliveries: u32, change: impl FnOnce(&mut Config)) -> Bench {
    let mut config = config_of_vectors();
    change(&mut config);
    let mut bench = Bench::new(config);
    bench.now = SUBMITTED_AT;
    bench.connect(LINK);
    let bind = Bind {
        interface_version: 0x50,
        ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
    };
    assert_eq!(status(&bench.request(LINK, Pdu::Bind(bind))), Status::ESME_ROK);
    for _ in 0..deliveries {
        assert_eq!(delivers(&bench.mo(PHONE, CODE, "Hi")).len(), 1);
    }
    bench
}

/// The carrier of a configuration.
fn carrier(config: &mut Config) -> &mut Carrier {
    &mut config.carriers[0]
}

fn answering(status: Status) -> Fault {
    Fault::always(Effect::Answer(status))
}

/// Has so many message ids be given.
fn give_ids(bench: &mut Bench, ids: u32) {
    for _ in 0..ids {
        let text = ShortMessage::new(code(CODE), handset(ALICE), &text("Hi"));
        assert_eq!(status(&bench.submit(text)), Status::ESME_ROK);
    }
}

fn to_phone(line: u32, words: &str) -> ShortMessage {
    let phone = format!("1555123{line:04}");
    ShortMessage {
        registered_delivery: 1,
        ..ShortMessage::new(code(CODE), handset(&phone), &text(words))
    }
}

/// The octets of the only response among the outputs.
fn response(outputs: &[Output]) -> Vec<u8> {
    smpp::encode(&answer(outputs)).to_vec()
}

/// The octets of the only `deliver_sm` among the outputs.
fn delivered(outputs: &[Output]) -> Vec<u8> {
    let [(command, _)] = &delivers(outputs)[..] else {
        panic!("{outputs:?}")
    };
    smpp::encode(command).to_vec()
}

fn request(bench: &mut Bench, sequence_number: u32, pdu: Pdu) -> Vec<u8> {
    response(&bench.command(LINK, &Command::request(sequence_number, pdu)))
}

fn octets_sent(outputs: &[Output]) -> Vec<u8> {
    let [(_, command)] = &sent(outputs)[..] else {
        panic!("{outputs:?}")
    };
    smpp::encode(command).to_vec()
}

/// The answer to a bind, the `before`-th request of an unbound link.
fn bound(config: Config, sequence_number: u32, bind: Bind) -> Vec<u8> {
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    request(&mut bench, sequence_number, Pdu::Bind(bind))
}

/// The receipt of a text with that id that ends so many seconds after it was submitted.
fn receipt(
    bench: &mut Bench,
    id: u32,
    message: ShortMessage,
    ends: impl FnOnce(&mut Bench, &[Output]) -> Vec<Output>,
) -> Vec<u8> {
    give_ids(bench, id - 1);
    let outputs = bench.submit(message);
    delivered(&ends(bench, &outputs))
}

/// Delivers the page of a text a minute after it was submitted.
fn arrives(bench: &mut Bench, outputs: &[Output]) -> Vec<Output> {
    let page = page(outputs);
    bench.wait(secs(60));
    bench.deliver(&page)
}

/// What is sent where the vector of that name is asked for.
fn emitted(name: &str) -> Vec<u8> {
    let no_bodies = |config: &mut Config| config.session.error_bodies.bind = false;
    match name {
        "bind_transmitter_resp_ok_no_tlv" => {
            let bind = Bind {
                interface_version: 0x33,
                ..Bind::new(BindKind::Transmitter, "fbook", "fbook")
            };
            bound(config_of_vectors(), 1, bind)
        }
        "bind_transmitter_resp_rinvpaswd_no_body" => {
            let mut config = config_of_vectors();
            no_bodies(&mut config);
            bound(config, 1, Bind::new(BindKind::Transmitter, "fbook", "wrong"))
        }
        "bind_transceiver_resp_rbindfail_no_body" => {
            let mut config = config_of_vectors();
            no_bodies(&mut config);
            config.accounts[0].enabled = false;
            bound(config, 1, Bind::new(BindKind::Transceiver, "fbook", "fbook"))
        }
        "bind_receiver_resp_ralybnd" => {
            let bind = Bind::new(BindKind::Receiver, "fbook", "fbook");
            request(&mut bench(0, no_bodies), 2, Pdu::Bind(bind))
        }
        "outbind" => {
            let mut config = config_of_vectors();
            config.accounts[0].password = "outpw".into();
            let system_id = "fbook".into();
            let dialled = Input::Dialled {
                link: LINK,
                system_id,
                peer: None,
            };
            octets_sent(&Bench::new(config).handle(dialled))
        }
        "unbind_server" => {
            let system_id = "fbook".into();
            octets_sent(&bench(0, |_| ()).handle(Input::Unbind { system_id }))
        }
        "unbind_resp" => request(&mut bench(0, |_| ()), 9, Pdu::Unbind),
        "enquire_link" => {
            let enquiring = |config: &mut Config| config.session.timers.enquire_link = Some(secs(30));
            octets_sent(&bench(9, enquiring).wait(secs(30)))
        }
        "generic_nack_rinvcmdlen_seq0" => {
            let octets = [0, 0, 0, 15, 0, 0, 0, 21, 0, 0, 0, 0, 0, 0, 0, 7];
            response(&bench(0, |_| ()).octets(LINK, &octets))
        }
        "generic_nack_rinvcmdid" => {
            let unknown = Pdu::Other {
                command_id: 0x300,
                body: Vec::new().into(),
            };
            request(&mut bench(0, |_| ()), 77, unknown)
        }
        _ => emitted_for_texts(name).unwrap_or_else(|| emitted_to_receivers(name)),
    }
}

/// The responses to requests with texts, and about them.
fn emitted_for_texts(name: &str) -> Option<Vec<u8>> {
    let decimal = |config: &mut Config| carrier(config).message_ids = MessageIdStyle::DecimalThenHex;
    let text = || Pdu::SubmitSm(to_phone(1, "Hello"));
    let absent_since_its_first_attempt = |bench: &mut Bench| {
        let outputs = bench.submit(to_phone(3, "Hello"));
        bench.fail(&page(&outputs), Cause::Absent);
        message_id(&outputs).into()
    };
    Some(match name {
        "submit_sm_resp_throttled_no_body" => {
            let none = |config: &mut Config| config.accounts[0].submits_per_second_max = Some(0);
            request(&mut bench(0, none), 2, text())
        }
        "submit_sm_resp_msgqful_nul_body" => {
            let full = |config: &mut Config| {
                config.session.error_bodies.submit = true;
                carrier(config).queue_max = 0;
            };
            request(&mut bench(0, full), 3, text())
        }
        "submit_sm_resp_ok_missing_body" => {
            let cut = |config: &mut Config| carrier(config).faults = vec![Fault::always(Effect::NoBody)];
            request(&mut bench(0, cut), 5, text())
        }
        "submit_sm_resp_rsyserr" => {
            let fails = |config: &mut Config| carrier(config).faults = vec![answering(Status::ESME_RSYSERR)];
            request(&mut bench(0, fails), 0x1F, text())
        }
        "data_sm_resp_ok" => {
            let mut bench = bench(0, decimal);
            give_ids(&mut bench, 41);
            let data = DataSm {
                source: code(CODE),
                destination: handset(PHONE),
                tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, *b"Hello")],
                ..DataSm::default()
            };
            request(&mut bench, 0x1E, Pdu::DataSm(data))
        }
        "submit_multi_resp_one_failed" => {
            let refused = "15551230002";
            let mut bench = bench(0, |config| {
                decimal(config);
                carrier(config).faults = vec![Fault {
                    numbers: Some((msisdn(refused), msisdn(refused))),
                    ..answering(Status::ESME_RINVDSTADR)
                }];
            });
            give_ids(&mut bench, 43);
            let to = |phone| DestAddress::Sme(handset(phone));
            let multi = SubmitMulti {
                message: to_phone(1, "Hello"),
                destinations: vec![to(PHONE), to(refused)],
            };
            request(&mut bench, 0x28, Pdu::SubmitMulti(multi))
        }
        "query_sm_resp_enroute" => {
            let mut bench = bench(0, |_| ());
            give_ids(&mut bench, 43);
            let query = QuerySm {
                message_id: absent_since_its_first_attempt(&mut bench),
                source: code(CODE),
            };
            request(&mut bench, 0x33, Pdu::QuerySm(query))
        }
        "replace_sm_resp" => {
            let mut bench = bench(0, |_| ());
            let replace = ReplaceSm {
                message_id: absent_since_its_first_attempt(&mut bench),
                source: code(CODE),
                short_message: b"Hello again".to_vec().into(),
                ..ReplaceSm::default()
            };
            request(&mut bench, 0x35, Pdu::ReplaceSm(replace))
        }
        "query_broadcast_sm_resp" => {
            let mut bench = bench(0, |config| {
                carrier(config).message_ids = MessageIdStyle::Padded;
                carrier(config).areas = vec!["CellA".into()];
            });
            give_ids(&mut bench, 0xB0);
            let broadcast = BroadcastSm {
                source: code(CODE),
                tlvs: vec![
                    Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, *b"\0CellA"),
                    Tlv::new(tag::BROADCAST_CONTENT_TYPE, [0, 0, 2]),
                    Tlv::short(tag::BROADCAST_REP_NUM, 3),
                    Tlv::new(tag::BROADCAST_FREQUENCY_INTERVAL, [9, 0, 1]),
                    Tlv::new(tag::MESSAGE_PAYLOAD, *b"Storm"),
                ],
                ..BroadcastSm::default()
            };
            bench.request(LINK, Pdu::BroadcastSm(broadcast));
            bench.handle(Input::BroadcastAnswered {
                number: 0xB1,
                area: 0,
                there: 2,
                had: 2,
            });
            let query = QueryBroadcastSm {
                message_id: "b1".into(),
                source: code(CODE),
                tlvs: Vec::new(),
            };
            request(&mut bench, 0x47, Pdu::QueryBroadcastSm(query))
        }
        _ => return None,
    })
}

/// What comes to a receiver: texts from phones, receipts, notifications.
fn emitted_to_receivers(name: &str) -> Vec<u8> {
    match name {
        "deliver_sm_mo_stop" => delivered(&bench(99, |_| ()).mo(PHONE, CODE, "STOP")),
        "deliver_sm_mo_udh_part2of2" => {
            let second = Concatenation {
                reference: 0x5C,
                wide: false,
                total: 2,
                number: 2,
            };
            let mo = Input::Mo {
                from: msisdn(PHONE),
                to: code(CODE),
                segment: Segment::part(0, second, b"tail"),
            };
            delivered(&bench(0x6C, |_| ()).handle(mo))
        }
        "deliver_sm_mo_latin1" => {
            let latin1 = |config: &mut Config| carrier(config).mo_alphabet = MoAlphabet::Latin1;
            delivered(&bench(0x79, latin1).mo("447700900123", "60777", "Caf\u{e9} \u{a3}5"))
        }
        "deliver_sm_dlr_expired" => {
            let two_days = |config: &mut Config| carrier(config).validity = secs(2 * 86_400);
            receipt(
                &mut bench(0x65, two_days),
                0x2B,
                to_phone(2, "Hello"),
                |bench, outputs| {
                    bench.fail(&page(outputs), Cause::NoCoverage);
                    // Each attempt fails as the first did, until the validity ends.
                    let mut outputs = Vec::new();
                    while bench.now < SUBMITTED_AT + secs(2 * 86_400) {
                        outputs = bench.wait(secs(60));
                        for page in pages(&outputs) {
                            bench.fail(&page, Cause::NoCoverage);
                        }
                    }
                    outputs
                },
            )
        }
        "deliver_sm_intermediate_notification" => {
            let message = ShortMessage {
                registered_delivery: 0x11,
                ..to_phone(3, "Hello")
            };
            receipt(&mut bench(0x66, |_| ()), 0x2C, message, |bench, outputs| {
                let page = page(outputs);
                bench.wait(secs(300));
                bench.fail(&page, Cause::Absent)
            })
        }
        "deliver_sm_dlr_text_only" => {
            let of_words = |config: &mut Config| {
                carrier(config).message_ids = MessageIdStyle::HexThenDecimal;
                carrier(config).receipts.tlvs = false;
            };
            receipt(&mut bench(0x67, of_words), 0x2A, to_phone(1, "Hello"), arrives)
        }
        "deliver_sm_dlr_rejectd_sec_dates" => {
            let rejecting = |config: &mut Config| {
                let carrier = carrier(config);
                carrier.blocked_reaction = BlockedReaction::Reject;
                carrier.err.set(Cause::Blocked, 0x0B);
                carrier.receipts = ReceiptStyle {
                    seconds: true,
                    err_hex: true,
                    network_error: false,
                    ..ReceiptStyle::default()
                };
            };
            let mut bench = bench(0x69, rejecting);
            give_ids(&mut bench, 0x2D);
            bench.change(Change::BlockCode(CODE.into()));
            bench.wait(secs(5));
            // The carrier takes the text and rejects it a second later.
            let outputs = bench.submit(ShortMessage {
                schedule_delivery_time: "000000000001000R".into(),
                ..to_phone(9, "Hello")
            });
            assert_eq!(status(&outputs), Status::ESME_ROK);
            delivered(&bench.wait(secs(1)))
        }
        "deliver_sm_dlr_umr" => {
            let message = ShortMessage {
                tlvs: vec![Tlv::short(tag::USER_MESSAGE_REFERENCE, 42)],
                ..to_phone(1, "Hello @")
            };
            receipt(&mut bench(0x6A, |_| ()), 0x2A, message, arrives)
        }
        other => panic!("{other} is brought about nowhere"),
    }
}

#[test]
fn every_pdu_of_a_message_centre_comes_out_octet_for_octet() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../smpp/tests/vectors.json");
    let text = std::fs::read_to_string(file).expect("the vectors are there");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("the vectors are JSON");
    let mut compared = 0;
    for vector in vectors {
        let name = vector["name"].as_str().expect("a name");
        // The two ends send the same there; the last number of all is the session's own test.
        if vector["direction"] == "esme->smsc" || name == "enquire_link_seq_max" {
            continue;
        }
        let octets = emitted(name);
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, vector["hex"].as_str().expect("octets"), "{name}");
        compared += 1;
    }
    assert_eq!(compared, 27);
}
