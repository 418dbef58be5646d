//! Broadcasts: what is refused, where and how often they are sent, what queries and cancellations say of them.

mod support;

use std::time::Duration;

use smpp::{
    Bind, BindKind, BroadcastSm, CancelBroadcastSm, Command, Pdu, QueryBroadcastSm, Status, Tlv, Tlvs as _,
    tag,
};
use smsc::{Carrier, Change, Config, Input, Output};
use support::*;

/// A bench with the carriers `att` (1415) and `bell` (1514), both in the area `north`, and a session of that version.
fn bench(change: impl FnOnce(&mut Config), interface_version: u8) -> Bench {
    let mut config = config();
    config.carriers[0].ranges = vec!["1415".into()];
    config.carriers[0].areas = vec!["north".into()];
    let mut bell = Carrier::new("bell");
    bell.ranges = vec!["1514".into()];
    bell.areas = vec!["north".into(), "québec".into()];
    config.carriers.push(bell);
    change(&mut config);
    let mut bench = Bench::new(config);
    bench.connect(LINK);
    let bind = Bind {
        interface_version,
        ..Bind::new(BindKind::Transceiver, "fbook", "fbook")
    };
    assert_eq!(status(&bench.request(LINK, Pdu::Bind(bind))), Status::ESME_ROK);
    bench
}

fn area(name: &str) -> Tlv {
    Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, [b"\0", name.as_bytes()].concat())
}

/// A broadcast to those areas, so many times, a minute apart.
fn broadcast(areas: &[&str], times: u16) -> BroadcastSm {
    let mut tlvs: Vec<Tlv> = areas.iter().map(|name| area(name)).collect();
    tlvs.extend([
        Tlv::new(tag::BROADCAST_CONTENT_TYPE, [0, 0, 2]),
        Tlv::short(tag::BROADCAST_REP_NUM, times),
        Tlv::new(tag::BROADCAST_FREQUENCY_INTERVAL, [9, 0, 1]),
        Tlv::new(tag::MESSAGE_PAYLOAD, *b"Storm"),
    ]);
    BroadcastSm {
        source: code("32665"),
        tlvs,
        ..BroadcastSm::default()
    }
}

fn send(bench: &mut Bench, broadcast: BroadcastSm) -> (Command, Vec<Output>) {
    let outputs = bench.request(LINK, Pdu::BroadcastSm(broadcast));
    (answer(&outputs), outputs)
}

fn id(response: &Command) -> String {
    match &response.pdu {
        Pdu::BroadcastSmResp(resp) => resp.id().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// The corners of a square around Montréal, as TS 23.032 has them.
const SQUARE: [u8; 25] = [
    0x54, 0x41, 0x6C, 0x16, 0xCB, 0x60, 0xB6, 0x41, 0x6C, 0x16, 0xCC, 0x16, 0xC1, 0x40, 0x00, 0x00, 0xCC,
    0x16, 0xC1, 0x40, 0x00, 0x00, 0xCB, 0x60, 0xB6,
];

#[test]
fn an_area_on_the_ground_goes_to_every_carrier_that_does_not_block_the_code() {
    let identifier =
        |format: u8, details: &[u8]| Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, [&[format], details].concat());
    let mut bench = bench(|_| (), 0x50);
    let mut by_shape = broadcast(&[], 1);
    by_shape.tlvs.insert(0, identifier(2, &SQUARE));
    let (response, outputs) = send(&mut bench, by_shape.clone());
    assert_eq!(response.status, Status::ESME_ROK);
    assert_eq!(aired(&outputs), ["att", "bell"]);
    let montreal = sms::Place::new(45.5, -73.57).expect("a place");
    for output in &outputs {
        if let Output::Broadcast(broadcast) = output {
            let shape = broadcast.shape.as_ref().expect("a shape");
            assert!(shape.holds(montreal), "{shape:?}");
        }
    }
    bench.change(Change::BlockCode("32665".into()));
    assert_eq!(aired(&send(&mut bench, by_shape.clone()).1), ["bell"]);
    // One that is no shape fails by itself where another area can be served.
    by_shape.tlvs.insert(1, identifier(2, &SQUARE[..13]));
    by_shape.tlvs.insert(2, identifier(3, &SQUARE));
    let (response, _) = send(&mut bench, by_shape.clone());
    assert_eq!(response.status, Status::ESME_ROK);
    let failed: Vec<Option<u32>> = response
        .pdu
        .tlvs()
        .iter()
        .filter(|tlv| tlv.tag == tag::BROADCAST_ERROR_STATUS)
        .map(Tlv::integer)
        .collect();
    assert_eq!(failed, [Some(Status::ESME_RINVBCASTAREAFMT.0); 2]);
    by_shape.tlvs.remove(0);
    let (response, _) = send(&mut bench, by_shape);
    assert_eq!(response.status, Status::ESME_RINVBCASTAREAFMT);
}

/// The carriers that a broadcast went to.
fn aired(outputs: &[Output]) -> Vec<String> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Broadcast(sent) => Some(format!("{}{}", sent.carrier, sent.prefix)),
            _ => None,
        })
        .collect()
}

/// What a query says: the state and the success of each area.
fn query(bench: &mut Bench, id: &str) -> (u32, Vec<u8>) {
    let query = QueryBroadcastSm {
        message_id: id.into(),
        source: code("32665"),
        tlvs: Vec::new(),
    };
    let response = answer(&bench.request(LINK, Pdu::QueryBroadcastSm(query)));
    assert_eq!(response.status, Status::ESME_ROK);
    let tlvs = response.pdu.tlvs();
    let success = tlvs.iter().filter(|tlv| tlv.tag == tag::BROADCAST_AREA_SUCCESS);
    (
        tlvs.tlv_integer(tag::MESSAGE_STATE).expect("mandatory"),
        success.map(|tlv| tlv.value[0]).collect(),
    )
}

#[test]
fn sessions_of_v34_have_no_broadcasts() {
    for (version, expected) in [(0x34, Status::ESME_RINVCMDID), (0x50, Status::ESME_ROK)] {
        let mut bench = bench(|_| (), version);
        let (response, _) = send(&mut bench, broadcast(&["att"], 1));
        assert_eq!(response.status, expected);
        assert_eq!(response.pdu == Pdu::GenericNack, version == 0x34);
    }
}

#[test]
fn an_area_is_a_carrier_an_area_of_carriers_or_the_beginning_of_numbers() {
    for (areas, expected) in [
        (&["att"][..], &["att"][..]),
        (&["north"], &["att", "bell"]),
        (&["att", "bell"], &["att", "bell"]),
        (&["1415"], &["att1415", "bell1415"]),
    ] {
        let mut bench = bench(|_| (), 0x50);
        let (response, outputs) = send(&mut bench, broadcast(areas, 1));
        assert_eq!(response.status, Status::ESME_ROK);
        assert_eq!(aired(&outputs), expected, "{areas:?}");
    }
}

#[test]
fn an_area_that_cannot_be_served_is_told_and_the_others_are_served() {
    let mut bench = bench(|_| (), 0x50);
    let mut asked = broadcast(&["nowhere", "att"], 1);
    asked
        .tlvs
        .push(Tlv::new(tag::BROADCAST_AREA_IDENTIFIER, [2, 0, 0, 0]));
    let (response, outputs) = send(&mut bench, asked);
    assert_eq!(aired(&outputs), ["att"]);
    let failed: Vec<u32> = response
        .pdu
        .tlvs()
        .iter()
        .filter(|tlv| tlv.tag == tag::BROADCAST_ERROR_STATUS)
        .filter_map(Tlv::integer)
        .collect();
    assert_eq!(
        failed,
        [
            Status::ESME_RINVBCASTALIAS_NAME.0,
            Status::ESME_RINVBCASTAREAFMT.0
        ]
    );
    let (response, outputs) = send(&mut bench, broadcast(&["nowhere"], 1));
    assert_eq!(response.status, Status::ESME_RINVBCASTALIAS_NAME);
    assert!(aired(&outputs).is_empty());
}

#[test]
fn what_is_wrong_has_its_status() {
    let prohibit = |config: &mut Config| config.accounts[0].broadcasts_allowed = false;
    let full = |config: &mut Config| config.broadcasts_max = 0;
    let blocked = |config: &mut Config| {
        config.carriers[0].blocked_codes.insert("32665".into());
    };
    let nothing = |_: &mut Config| ();
    let as_it_is = |_: &mut BroadcastSm| ();
    type Case = (fn(&mut Config), fn(&mut BroadcastSm), Status);
    let cases: [Case; 7] = [
        (prohibit, as_it_is, Status::ESME_RPROHIBITED),
        (full, as_it_is, Status::ESME_RMSGQFUL),
        (blocked, as_it_is, Status::ESME_RINVDSTADR),
        (
            nothing,
            |asked| asked.source = code("99999"),
            Status::ESME_RINVSRCADR,
        ),
        (nothing, |asked| asked.priority_flag = 5, Status::ESME_RINVPRTFLG),
        (
            nothing,
            |asked| asked.tlvs.retain(|tlv| tlv.tag != tag::MESSAGE_PAYLOAD),
            Status::ESME_RMISSINGTLV,
        ),
        (
            nothing,
            |asked| asked.replace_if_present_flag = 1,
            Status::ESME_RBCASTFAIL,
        ),
    ];
    for (change, alter, expected) in cases {
        let mut bench = bench(change, 0x50);
        let mut asked = broadcast(&["att"], 1);
        alter(&mut asked);
        let (response, outputs) = send(&mut bench, asked);
        assert_eq!(response.status, expected);
        assert!(aired(&outputs).is_empty());
    }
}

#[test]
fn a_broadcast_is_sent_as_often_as_it_says() {
    let mut bench = bench(|_| (), 0x50);
    let (response, outputs) = send(&mut bench, broadcast(&["att"], 3));
    let id = id(&response);
    assert_eq!(aired(&outputs).len(), 1);
    assert_eq!(query(&mut bench, &id), (1, vec![255]));
    assert_eq!(aired(&bench.wait(secs(59))).len(), 0);
    assert_eq!(aired(&bench.wait(secs(1))).len(), 1);
    assert_eq!(aired(&bench.wait(secs(3_600))).len(), 1);
    assert_eq!(query(&mut bench, &id).0, 2);
}

#[test]
fn one_without_a_number_is_sent_until_its_validity_ends() {
    let mut bench = bench(|_| (), 0x50);
    let asked = BroadcastSm {
        validity_period: "000000001000000R".into(),
        ..broadcast(&["att"], 0)
    };
    let (response, _) = send(&mut bench, asked);
    assert_eq!(aired(&bench.wait(secs(3_600))).len(), 9);
    assert_eq!(query(&mut bench, &id(&response)).0, 2);
    let asked = BroadcastSm {
        validity_period: "000000000130000R".into(),
        ..broadcast(&["att"], 9)
    };
    let (response, _) = send(&mut bench, asked);
    assert_eq!(aired(&bench.wait(secs(3_600))).len(), 1);
    assert_eq!(query(&mut bench, &id(&response)).0, 3);
}

#[test]
fn a_scheduled_one_waits_and_one_over_a_link_that_is_down_is_undeliverable() {
    let mut bench = bench(|_| (), 0x50);
    let asked = BroadcastSm {
        schedule_delivery_time: "000000010000000R".into(),
        ..broadcast(&["att"], 1)
    };
    let (response, outputs) = send(&mut bench, asked);
    assert!(aired(&outputs).is_empty());
    assert_eq!(query(&mut bench, &id(&response)).0, 0);
    bench.change(Change::LinkDown);
    assert!(aired(&bench.wait(secs(3_600))).is_empty());
    assert_eq!(query(&mut bench, &id(&response)), (5, vec![255]));
}

#[test]
fn success_is_what_the_carriers_say_together() {
    let mut bench = bench(|_| (), 0x50);
    let (response, outputs) = send(&mut bench, broadcast(&["north", "att"], 1));
    let answers = outputs.iter().filter_map(|output| match output {
        Output::Broadcast(sent) => Some((sent.number, sent.area)),
        _ => None,
    });
    for ((number, area), (there, had)) in answers.zip([(2, 2), (2, 1), (4, 0)]) {
        bench.handle(Input::BroadcastAnswered {
            number,
            area,
            there,
            had,
        });
    }
    assert_eq!(query(&mut bench, &id(&response)), (2, vec![75, 0]));
}

#[test]
fn a_cancelled_or_replaced_one_is_deleted() {
    let mut bench = bench(|_| (), 0x50);
    let (first, _) = send(&mut bench, broadcast(&["att"], 9));
    let replacing = BroadcastSm {
        replace_if_present_flag: 1,
        message_id: id(&first).into(),
        ..broadcast(&["att"], 9)
    };
    let (second, _) = send(&mut bench, replacing);
    assert_eq!(query(&mut bench, &id(&first)).0, 4);
    let cancel = |bench: &mut Bench, message_id: &str, content_type: u8| {
        let cancel = CancelBroadcastSm {
            message_id: message_id.into(),
            source: code("32665"),
            tlvs: vec![Tlv::new(tag::BROADCAST_CONTENT_TYPE, [0, 0, content_type])],
            ..CancelBroadcastSm::default()
        };
        status(&bench.request(LINK, Pdu::CancelBroadcastSm(cancel)))
    };
    assert_eq!(cancel(&mut bench, &id(&first), 2), Status::ESME_RBCASTCANCELFAIL);
    assert_eq!(cancel(&mut bench, "no such", 2), Status::ESME_RINVMSGID);
    assert_eq!(cancel(&mut bench, "", 3), Status::ESME_RBCASTCANCELFAIL);
    assert_eq!(cancel(&mut bench, "", 2), Status::ESME_ROK);
    assert_eq!(query(&mut bench, &id(&second)).0, 4);
    assert!(aired(&bench.wait(Duration::from_secs(3_600))).is_empty());
}

#[test]
fn the_oldest_that_is_over_is_forgotten_first() {
    let mut bench = bench(|config| config.broadcast_finals_max = 1, 0x50);
    let (first, _) = send(&mut bench, broadcast(&["att"], 1));
    let (second, _) = send(&mut bench, broadcast(&["att"], 1));
    assert_eq!(query(&mut bench, &id(&second)).0, 2);
    let query = QueryBroadcastSm {
        message_id: id(&first).into(),
        source: code("32665"),
        tlvs: Vec::new(),
    };
    let forgotten = bench.request(LINK, Pdu::QueryBroadcastSm(query));
    assert_eq!(status(&forgotten), Status::ESME_RINVMSGID);
}
