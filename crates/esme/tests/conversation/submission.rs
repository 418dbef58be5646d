//! Texts on their way to the SMSC: queue, window, answers, sending again.

use std::time::Duration;

use crate::peer::{Link, code, phone, submit};
use esme::{Config, Input, Output};
use smpp::{BindKind, BindResp, MessageIdResp, Pdu, ShortMessage, Status};
use sms::{Reference, Segment};

const AN_INSTANT: Duration = Duration::from_micros(1);
const SECOND: Duration = Duration::from_secs(1);

fn config() -> Config {
    Config {
        window_max: 10,
        queue_max: 100,
        enquire_link: None,
        response_timeout: Duration::from_secs(10),
        reconnect_after: Duration::from_secs(5),
        throttle_pause: SECOND,
        ..Config::default()
    }
}

#[test]
fn a_submit_sm_carries_the_number_given_and_asks_for_a_receipt() {
    let mut link = Link::bound(config());
    let text = "Grüße";
    let outputs = link.esme.handle(link.now, submit(1, text));
    let [Output::Send(command)] = &outputs[..] else {
        panic!("one submit_sm, not {outputs:?}")
    };
    let segment = &Segment::split(text, Reference::Octet(0)).expect("fits")[0];
    let message = ShortMessage {
        registered_delivery: 1,
        ..ShortMessage::new(code(), phone(), segment)
    };
    assert_eq!(command.pdu, Pdu::SubmitSm(message));
    assert_eq!(link.takes(2, "0000002a"), ["submitted 1 0000002a"]);
    assert_eq!((link.esme.queued(), link.esme.awaiting_receipts()), (0, 1));
}

#[test]
fn a_text_of_several_parts_is_submitted_when_the_last_is_taken() {
    let mut link = Link::bound(config());
    let said = link.gives(submit(1, &"x".repeat(307)));
    assert_eq!(said, ["submit_sm #2 1/3", "submit_sm #3 2/3", "submit_sm #4 3/3"]);
    assert_eq!(link.takes(4, "c"), [""; 0]);
    assert_eq!(link.takes(2, "a"), [""; 0]);
    assert_eq!(link.takes(3, "b"), ["submitted 1 a b c"]);
}

#[test]
fn long_texts_have_references_of_their_own() {
    let mut link = Link::bound(config());
    for reference in 0..3_u16 {
        let outputs = link
            .esme
            .handle(link.now, submit(u64::from(reference), &"x".repeat(161)));
        for (number, output) in (1..).zip(&outputs) {
            let Output::Send(command) = output else {
                panic!("a submit_sm")
            };
            let Pdu::SubmitSm(message) = &command.pdu else {
                panic!("a submit_sm")
            };
            let part = message.segment().concatenation().expect("a part");
            assert_eq!(
                (part.reference, part.wide, part.number, part.total),
                (reference, false, number, 2)
            );
        }
    }
}

#[test]
fn texts_wait_for_the_link_up_to_queue_max_and_one_more_is_refused() {
    let mut link = Link::new(Config {
        queue_max: 2,
        ..config()
    });
    assert_eq!(link.gives(submit(1, "one")), ["connect"]);
    assert_eq!(link.gives(submit(2, &"x".repeat(161))), [""; 0]);
    assert_eq!(
        link.gives(submit(3, "three")),
        ["noted queue_full 3", "refused 3 ESME_RMSGQFUL"]
    );
    assert_eq!(link.esme.queued(), 2);
    assert_eq!(
        link.bind(),
        [
            "bound",
            "submit_sm #2 one",
            "submit_sm #3 1/2",
            "submit_sm #4 2/2"
        ]
    );
    assert_eq!(link.esme.queued(), 0);
    assert_eq!(link.gives(submit(4, "four")), ["submit_sm #5 four"]);
}

#[test]
fn a_text_of_255_parts_is_taken_and_a_longer_one_refused() {
    let longest = "x".repeat(255 * 153);
    let mut link = Link::bound(config());
    assert_eq!(link.gives(submit(1, &longest)).len(), 10);
    let said = link.gives(submit(2, &format!("{longest}x")));
    assert_eq!(said, ["noted too_long 2", "refused 2 ESME_RINVMSGLEN"]);
    for sequence_number in 2..256 {
        link.takes(sequence_number, &format!("id{sequence_number}"));
    }
    assert!(link.takes(256, "last")[0].starts_with("submitted 1 id2 id3"));
}

#[test]
fn no_more_than_window_max_requests_are_under_way() {
    let mut link = Link::bound(Config {
        window_max: 2,
        ..config()
    });
    assert_eq!(link.gives(submit(1, "a")), ["submit_sm #2 a"]);
    assert_eq!(link.gives(submit(2, "b")), ["submit_sm #3 b"]);
    assert_eq!(link.gives(submit(3, "c")), [""; 0]);
    assert_eq!(link.gives(submit(4, "d")), [""; 0]);
    assert_eq!(link.takes(3, "B"), ["submitted 2 B", "submit_sm #4 c"]);
    assert_eq!(link.takes(2, "A"), ["submitted 1 A", "submit_sm #5 d"]);
}

#[test]
fn a_receiver_submits_nothing() {
    let mut link = Link::new(Config {
        bind_kind: BindKind::Receiver,
        ..config()
    });
    link.tick();
    link.bind();
    assert_eq!(link.gives(submit(1, "a")), [""; 0]);
    assert_eq!((link.esme.queued(), link.esme.next_wakeup()), (1, None));
}

#[test]
fn what_is_throttled_goes_out_again_in_order_after_the_pause() {
    for status in [Status::ESME_RTHROTTLED, Status::ESME_RMSGQFUL] {
        let mut link = Link::bound(Config {
            window_max: 3,
            ..config()
        });
        for (token, text) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
            link.gives(submit(token, text));
        }
        assert_eq!(link.rejects(3, status), [format!("noted throttled 2 {status}")]);
        assert_eq!(link.rejects(2, status), [format!("noted throttled 1 {status}")]);
        assert_eq!(link.takes(4, "C"), ["submitted 3 C"]);
        assert_eq!(link.gives(submit(5, "e")), [""; 0]);
        assert_eq!(link.after(SECOND - AN_INSTANT), [""; 0]);
        assert_eq!(
            link.at_wakeup(),
            ["submit_sm #5 a", "submit_sm #6 b", "submit_sm #7 d"]
        );
        assert_eq!(link.takes(5, "A"), ["submitted 1 A", "submit_sm #8 e"]);
    }
}

#[test]
fn throttling_has_no_end_but_the_smsc_s() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "a"));
    for sequence_number in 2..50 {
        assert_eq!(
            link.rejects(sequence_number, Status::ESME_RTHROTTLED),
            ["noted throttled 1 ESME_RTHROTTLED"]
        );
        assert_eq!(
            link.at_wakeup(),
            [format!("submit_sm #{} a", sequence_number + 1)]
        );
    }
    assert_eq!(link.takes(50, "A"), ["submitted 1 A"]);
}

#[test]
fn a_later_pause_is_the_longer_one() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "a"));
    link.gives(submit(2, "b"));
    link.rejects(2, Status::ESME_RTHROTTLED);
    link.now += Duration::from_millis(600);
    link.rejects(3, Status::ESME_RTHROTTLED);
    assert_eq!(link.after(Duration::from_millis(400)), [""; 0]);
    assert_eq!(
        link.after(Duration::from_millis(600)),
        ["submit_sm #4 a", "submit_sm #5 b"]
    );
}

#[test]
fn a_system_error_is_tried_again_retries_max_times() {
    let mut link = Link::bound(Config {
        retries_max: 2,
        ..config()
    });
    link.gives(submit(1, "a"));
    for (sequence_number, attempt) in [(2, 2), (3, 3)] {
        let said = link.rejects(sequence_number, Status::ESME_RSYSERR);
        assert_eq!(said, [format!("noted retried 1 ESME_RSYSERR {attempt}")]);
        assert_eq!(
            link.at_wakeup(),
            [format!("submit_sm #{} a", sequence_number + 1)]
        );
    }
    assert_eq!(link.rejects(4, Status::ESME_RSYSERR), ["refused 1 ESME_RSYSERR"]);
    assert_eq!(
        link.esme.next_wakeup(),
        None,
        "nothing waits for the end of the pause"
    );
    assert_eq!(link.after(SECOND), [""; 0]);
    assert_eq!(link.gives(submit(2, "b")), ["submit_sm #5 b"]);
}

#[test]
fn any_other_error_refuses_the_text_at_once() {
    let mut link = Link::bound(config());
    let vendor = Status(0x404);
    let statuses = Status::ALL.iter().copied().chain([vendor]).filter(|status| {
        let again = [
            Status::ESME_RTHROTTLED,
            Status::ESME_RMSGQFUL,
            Status::ESME_RSYSERR,
        ];
        !status.is_ok() && !again.contains(status)
    });
    for (sequence_number, status) in (2..).step_by(2).zip(statuses) {
        let token = u64::from(sequence_number);
        link.gives(submit(token, "a"));
        assert_eq!(
            link.rejects(sequence_number, status),
            [format!("refused {token} {status}")]
        );
        link.gives(submit(token, "b"));
        let said = link.answers(sequence_number + 1, status, Pdu::GenericNack);
        assert_eq!(said, [format!("refused {token} {status}")]);
    }
    assert_eq!((link.esme.queued(), link.esme.awaiting_receipts()), (0, 0));
}

#[test]
fn a_generic_nack_that_throttles_counts_as_the_response() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "a"));
    let said = link.answers(2, Status::ESME_RTHROTTLED, Pdu::GenericNack);
    assert_eq!(said, ["noted throttled 1 ESME_RTHROTTLED"]);
    assert_eq!(link.at_wakeup(), ["submit_sm #3 a"]);
}

#[test]
fn one_refused_part_refuses_the_whole_text_once() {
    let mut link = Link::bound(Config {
        window_max: 2,
        ..config()
    });
    assert_eq!(
        link.gives(submit(1, &"x".repeat(400))),
        ["submit_sm #2 1/3", "submit_sm #3 2/3"]
    );
    assert_eq!(link.gives(submit(2, "next")), [""; 0]);
    assert_eq!(
        link.rejects(2, Status::ESME_RINVDSTADR),
        ["refused 1 ESME_RINVDSTADR", "submit_sm #4 next"],
        "the third part is not sent"
    );
    assert_eq!(link.esme.queued(), 0);
    assert_eq!(link.takes(3, "b"), ["noted answer_too_late b ESME_ROK"]);
    assert_eq!(link.takes(4, "n"), ["submitted 2 n"]);
}

#[test]
fn a_part_without_an_answer_is_sent_again_resends_max_times() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "a"));
    assert_eq!(link.after(Duration::from_secs(10) - AN_INSTANT), [""; 0]);
    assert_eq!(link.at_wakeup(), ["noted resent 1 1 timed_out", "submit_sm #3 a"]);
    assert_eq!(
        link.takes(2, "late"),
        ["noted not_understood"],
        "the first answer comes too late"
    );
    assert_eq!(
        link.at_wakeup(),
        ["noted never_answered 1 timed_out", "refused 1 ESME_RSUBMITFAIL"]
    );
    assert_eq!(link.esme.next_wakeup(), None);

    link.gives(submit(2, "b"));
    link.at_wakeup();
    assert_eq!(link.takes(5, "B"), ["submitted 2 B"]);
}

#[test]
fn unanswered_parts_go_out_first_when_the_link_is_bound_again() {
    let mut link = Link::bound(Config {
        window_max: 3,
        ..config()
    });
    link.gives(submit(1, "a"));
    link.gives(submit(2, &"x".repeat(161)));
    link.gives(submit(3, "c"));
    link.takes(3, "X1");
    let said = link.gives(Input::Closed);
    assert_eq!(said[..2], ["noted link_lost 3", "unbound"]);
    let mut resent = said[2..].to_vec();
    resent.sort();
    assert_eq!(
        resent,
        [
            "noted resent 1 1 link_lost",
            "noted resent 2 2 link_lost",
            "noted resent 3 1 link_lost"
        ]
    );
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
    assert_eq!(
        link.bind(),
        ["bound", "submit_sm #2 a", "submit_sm #3 2/2", "submit_sm #4 c"]
    );
    assert_eq!(link.takes(3, "X2"), ["submitted 2 X1 X2"]);
}

#[test]
fn a_text_that_outlives_losses_max_links_is_refused() {
    let mut link = Link::bound(Config {
        losses_max: 2,
        ..config()
    });
    link.gives(submit(1, "a"));
    for _ in 0..2 {
        assert_eq!(link.gives(Input::Closed)[2], "noted resent 1 1 link_lost");
        link.at_wakeup();
        assert_eq!(link.bind(), ["bound", "submit_sm #2 a"]);
    }
    let said = link.gives(Input::Closed);
    assert_eq!(
        said[2..],
        ["noted never_answered 1 link_lost", "refused 1 ESME_RSUBMITFAIL"]
    );
}

#[test]
fn a_text_that_only_waits_outlives_any_number_of_links() {
    let mut link = Link::bound(Config {
        losses_max: 0,
        window_max: 1,
        ..config()
    });
    link.gives(submit(1, "a"));
    link.gives(submit(2, "b"));
    assert_eq!(
        link.gives(Input::Closed)[2..],
        ["noted never_answered 1 link_lost", "refused 1 ESME_RSUBMITFAIL"]
    );
    link.at_wakeup();
    assert_eq!(link.bind(), ["bound", "submit_sm #2 b"]);
}

#[test]
fn a_pause_outlives_the_link() {
    let mut link = Link::bound(Config {
        throttle_pause: Duration::from_secs(60),
        ..config()
    });
    link.gives(submit(1, "a"));
    link.rejects(2, Status::ESME_RTHROTTLED);
    link.gives(Input::Closed);
    assert_eq!(link.after(Duration::from_secs(5)), ["connect"]);
    assert_eq!(link.bind(), ["bound"]);
    assert_eq!(link.after(Duration::from_secs(55)), ["submit_sm #2 a"]);
}

#[test]
fn success_without_a_message_id_counts_as_sent() {
    for resp in [MessageIdResp::empty(), MessageIdResp::nul()] {
        let mut link = Link::bound(config());
        link.gives(submit(1, "a"));
        let said = link.answers(2, Status::ESME_ROK, Pdu::SubmitSmResp(resp));
        assert_eq!(said, ["noted no_message_id 1", "submitted 1 "]);
        assert_eq!(link.esme.awaiting_receipts(), 0);
    }
}

#[test]
fn stray_responses_change_nothing() {
    let mut link = Link::bound(config());
    link.gives(submit(1, "a"));
    assert_eq!(link.takes(77, "x"), ["noted not_understood"]);
    let resp = BindResp::new(BindKind::Transceiver, "smsc", None);
    assert_eq!(
        link.answers(1, Status::ESME_ROK, Pdu::BindResp(resp)),
        ["noted not_understood"]
    );
    assert_eq!(
        link.answers(0, Status::ESME_RINVCMDLEN, Pdu::GenericNack),
        ["noted not_understood"]
    );
    assert_eq!(link.takes(2, "A"), ["submitted 1 A"]);
}
