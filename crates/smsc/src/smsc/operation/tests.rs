//! What operations leave behind inside the message centre.

use smpp::{Bind, BindKind, CancelSm, Command, Framer, LinkId, Pdu, ReplaceSm, ShortMessage};
use sms::{Address, Encoding, Segment, Timestamp};

use crate::{Account, Carrier, Config, Input, Smsc};

const LINK: LinkId = LinkId(1);
const NOW: Timestamp = Timestamp::from_secs(1_236_031_200);
/// More than are swept out together.
const ROUNDS: usize = 4_000;
/// A few more than may be stale before they are swept out.
const TIMERS_MAX: usize = 2_100;

fn ask(smsc: &mut Smsc, pdu: Pdu) {
    let mut framer = Framer::default();
    framer.feed(&smpp::encode(&Command::request(1, pdu)));
    let frame = framer.next_frame().expect("a PDU");
    smsc.handle(NOW, Input::Received { link: LINK, frame });
}

fn bound() -> Smsc {
    let mut smsc = Smsc::new(Config::new(
        vec![Account::new("acme", "acme")],
        vec![Carrier::new("att")],
    ));
    let peer = None;
    smsc.handle(NOW, Input::Connected { link: LINK, peer });
    ask(
        &mut smsc,
        Pdu::Bind(Bind::new(BindKind::Transmitter, "acme", "acme")),
    );
    smsc
}

fn source() -> Address {
    Address::dialled("12345")
}

fn destination() -> Address {
    Address::dialled("14155550101")
}

fn submit_later(smsc: &mut Smsc) {
    submit(smsc, 0);
}

fn submit(smsc: &mut Smsc, replace_if_present_flag: u8) {
    let text = Segment::whole("later", Encoding::Gsm7);
    ask(
        smsc,
        Pdu::SubmitSm(ShortMessage {
            schedule_delivery_time: "000001000000000R".into(),
            replace_if_present_flag,
            ..ShortMessage::new(source(), destination(), &text)
        }),
    );
}

#[test]
fn what_is_cancelled_before_its_time_leaves_no_timers() {
    let mut smsc = bound();
    for _ in 0..ROUNDS {
        submit_later(&mut smsc);
        let cancel = CancelSm {
            source: source(),
            destination: destination(),
            ..CancelSm::default()
        };
        ask(&mut smsc, Pdu::CancelSm(cancel));
    }
    assert_eq!(smsc.store.len(), 0);
    assert!(smsc.timers.len() < TIMERS_MAX, "{}", smsc.timers.len());
}

#[test]
fn what_is_replaced_before_its_time_leaves_no_timers() {
    let mut smsc = bound();
    for _ in 0..ROUNDS {
        submit(&mut smsc, 1);
    }
    assert_eq!(smsc.store.len(), 1);
    assert!(smsc.timers.len() < TIMERS_MAX, "{}", smsc.timers.len());
}

#[test]
fn what_is_moved_again_and_again_leaves_no_timers() {
    let mut smsc = bound();
    submit_later(&mut smsc);
    for round in 0..ROUNDS {
        let replace = ReplaceSm {
            message_id: "00000001".into(),
            source: source(),
            schedule_delivery_time: format!("0000010000{:02}000R", round % 60),
            short_message: b"later still".into(),
            ..ReplaceSm::default()
        };
        ask(&mut smsc, Pdu::ReplaceSm(replace));
    }
    assert_eq!(smsc.store.len(), 1);
    assert!(smsc.timers.len() < TIMERS_MAX, "{}", smsc.timers.len());
}
