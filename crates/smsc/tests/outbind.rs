//! Calls to ESMEs that something waits for.

mod support;

use smpp::{Bind, BindKind, LinkId, Pdu, State};
use smsc::{Config, Event, Input, Output};
use support::*;

fn called() -> Config {
    let mut config = config();
    config.accounts[0].outbind = Some("192.0.2.1:2776".into());
    config
}

fn dials(outputs: &[Output]) -> usize {
    let is_dial = |output: &&Output| {
        matches!(output, Output::Dial { system_id, address }
            if system_id == "fbook" && address == "192.0.2.1:2776")
    };
    outputs.iter().filter(is_dial).count()
}

fn dialled(bench: &mut Bench, link: LinkId) -> Vec<Output> {
    bench.handle(Input::Dialled {
        link,
        system_id: "fbook".into(),
        peer: None,
    })
}

#[test]
fn an_esme_is_called_when_something_waits_and_gets_it_when_it_binds() {
    let mut bench = Bench::new(called());
    assert_eq!(dials(&bench.mo(ALICE, "32665", "Hi")), 1);
    assert_eq!(dials(&bench.mo(ALICE, "32665", "Again")), 0, "one call at a time");
    let outputs = dialled(&mut bench, LINK);
    let [(LINK, command)] = &sent(&outputs)[..] else {
        panic!("{outputs:?}")
    };
    let Pdu::Outbind(outbind) = &command.pdu else {
        panic!("{command:?}")
    };
    assert_eq!(
        (outbind.system_id.as_str(), outbind.password.as_str()),
        ("smsim", "fbook")
    );
    assert_eq!(bench.smsc.session_state(LINK), Some(State::Outbound));
    let bind = Bind::new(BindKind::Receiver, "fbook", "fbook");
    assert_eq!(words(&bench.request(LINK, Pdu::Bind(bind))), ["Hi", "Again"]);
    assert_eq!(dials(&bench.wait(secs(3_600))), 0);
}

#[test]
fn an_esme_that_cannot_be_called_is_called_again_while_something_waits() {
    let mut bench = Bench::new(called());
    bench.mo(ALICE, "32665", "Hi");
    let told = notes(&bench.handle(Input::NotDialled {
        system_id: "fbook".into(),
        why: "refused".into(),
    }));
    assert!(matches!(told[..], [Event::NotDialled { .. }]), "{told:?}");
    assert_eq!(dials(&bench.wait(secs(29))), 0);
    assert_eq!(dials(&bench.wait(secs(1))), 1);
    assert_eq!(dials(&bench.wait(secs(60))), 2);
    bench.bind(LINK, BindKind::Transceiver);
    assert_eq!(dials(&bench.wait(secs(3_600))), 0);
}

#[test]
fn nobody_is_called_who_is_bound_or_has_no_address_or_nothing_waiting() {
    let mut bench = Bench::new(called());
    assert_eq!(dials(&bench.wait(secs(60))), 0);
    bench.bind(LINK, BindKind::Transceiver);
    assert_eq!(dials(&bench.mo(ALICE, "32665", "Hi")), 0);
    // What the lost session had not answered waits: now it is called.
    assert_eq!(dials(&bench.handle(Input::Closed { link: LINK })), 1);
    let mut bench = Bench::new(config());
    let outputs = bench.mo(ALICE, "32665", "Hi");
    assert!(!outputs.iter().any(|output| matches!(output, Output::Dial { .. })));
}

#[test]
fn a_transmitter_alone_does_not_keep_an_esme_from_being_called() {
    let mut bench = Bench::new(called());
    bench.bind(LINK, BindKind::Transmitter);
    assert_eq!(dials(&bench.mo(ALICE, "32665", "Hi")), 1);
}

#[test]
fn a_call_that_is_not_followed_by_a_bind_is_closed() {
    let mut config = called();
    config.session.timers = smpp::Timers::default();
    let mut bench = Bench::new(config);
    bench.mo(ALICE, "32665", "Hi");
    dialled(&mut bench, LINK);
    let outputs = bench.wait(secs(30));
    assert_eq!(closes(&outputs), [LINK]);
    assert_eq!(dials(&outputs), 1);
}
