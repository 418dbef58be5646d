//! Whatever happens in whatever order: nothing accepted is lost, nothing is reported twice.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use smpp::time::Time;
use smpp::{BindKind, CancelSm, Command, LinkId, Pdu, ReplaceSm, ShortMessage, Status};
use sms::{MessageState, Msisdn, Segment};
use smsc::event::{DropReason, Parcel};
use smsc::{
    Alphabet, Carrier, Cause, Change, Config, Disturbance, Effect, Event, Fault, Input, Note, Output,
    OverLimit, PageOutcome, ReceiptMode,
};
use support::*;

/// Something that happens; numbers pick among what there is.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        handset: u64,
        validity_s: u64,
        schedule_s: u64,
        flags: u8,
        mode: u8,
        replace: bool,
        long: bool,
    },
    AnswerPage {
        pick: usize,
        outcome: Option<Cause>,
    },
    Available {
        handset: u64,
    },
    Mo {
        handset: u64,
        to_nobody: bool,
    },
    Acknowledge {
        pick: usize,
        status: u32,
    },
    Wait {
        ms: u64,
    },
    Link {
        carrier: bool,
        up: bool,
    },
    Receipts {
        mode: ReceiptMode,
    },
    Connect {
        kind: BindKind,
    },
    Disconnect {
        pick: usize,
    },
    Unbind,
    Cancel {
        number: u32,
    },
    Replace {
        number: u32,
        schedule_s: u64,
    },
    Assign {
        handset: u64,
        carrier: bool,
    },
    Block {
        blocked: bool,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let handset = 0_u64..4;
    let outcome = prop_oneof![
        3 => Just(None),
        1 => prop::sample::select(&Cause::ALL[..]).prop_map(Some),
    ];
    let mode = prop::sample::select(vec![
        ReceiptMode::Normal,
        ReceiptMode::Late,
        ReceiptMode::Lost,
        ReceiptMode::Duplicated,
    ]);
    let ack = prop::sample::select(vec![0_u32, 0, 0, 0x64, 0x65, 0x66, 0x08, 0x0B]);
    let submit = (
        handset.clone(),
        0_u64..400,
        0_u64..200,
        0_u8..0x14,
        0_u8..8,
        any::<bool>(),
        any::<bool>(),
    );
    let step = prop_oneof![
        8 => submit.prop_map(|(handset, validity_s, schedule_s, flags, mode, replace, long)| Step::Submit {
            handset, validity_s, schedule_s, flags, mode, replace: replace && mode == 7, long: long && mode > 4
        }),
        8 => (any::<usize>(), outcome).prop_map(|(pick, outcome)| Step::AnswerPage { pick, outcome }),
        2 => handset.clone().prop_map(|handset| Step::Available { handset }),
        4 => (handset.clone(), any::<u8>()).prop_map(|(handset, n)| Step::Mo { handset, to_nobody: n < 20 }),
        8 => (any::<usize>(), ack).prop_map(|(pick, status)| Step::Acknowledge { pick, status }),
        4 => (0_u64..200_000).prop_map(|ms| Step::Wait { ms }),
        1 => (any::<bool>(), any::<bool>()).prop_map(|(carrier, up)| Step::Link { carrier, up }),
        1 => mode.prop_map(|mode| Step::Receipts { mode }),
        2 => prop::sample::select(BindKind::ALL.to_vec()).prop_map(|kind| Step::Connect { kind }),
        1 => any::<usize>().prop_map(|pick| Step::Disconnect { pick }),
        1 => Just(Step::Unbind),
        1 => (1_u32..30).prop_map(|number| Step::Cancel { number }),
        1 => (1_u32..30, 0_u64..200).prop_map(|(number, schedule_s)| Step::Replace { number, schedule_s }),
        1 => (handset, any::<bool>()).prop_map(|(handset, carrier)| Step::Assign { handset, carrier }),
        1 => any::<bool>().prop_map(|blocked| Step::Block { blocked }),
    ];
    prop::collection::vec(step, 1..120)
}

/// A dumb account of everything that a message centre said it did.
struct Auditor {
    bench: Bench,
    links: Vec<LinkId>,
    last_link: u64,
    last_mo: u64,
    pages: Vec<Paged>,
    unanswered: Vec<(LinkId, Command)>,
    accepted: usize,
    finished: BTreeMap<String, usize>,
    /// Final receipts that an ESME acknowledged, per message.
    receipts: BTreeMap<String, usize>,
    in_the_air: BTreeSet<Msisdn>,
    mo_sent: usize,
    mo_over: usize,
    lossless: bool,
}

fn number(handset: u64) -> String {
    (14_155_550_101 + handset).to_string()
}

impl Auditor {
    fn new() -> Self {
        let mut config: Config = config();
        config.carriers.push(Carrier {
            first_attempt_failure_percent: 20.0,
            lost_for_good_percent: 5.0,
            reordered_percent: 20.0,
            reordered_by: Duration::from_secs(7),
            throttle_per_s: Some(2),
            over_limit: OverLimit::Queue,
            congestion_percent: 5.0,
            queue_max: 20,
            concatenation: false,
            alphabet: Alphabet::Ascii,
            outages: vec!["22:02-22:04".parse().expect("an outage")],
            ..Carrier::new("sprint")
        });
        config.numbers.push((msisdn(&number(3)), "sprint".into()));
        // Half of the texts for it meet something; resets, silence and late answers among them.
        config.carriers[1].faults = [
            Effect::Answer(Status::ESME_RSYSERR),
            Effect::NoAnswer,
            Effect::LateAnswer(Duration::from_secs(3)),
            Effect::OutOfOrder,
            Effect::WrongSequence,
            Effect::Nack,
            Effect::Malformed,
            Effect::WrongLength,
            Effect::Cut,
            Effect::NoBody,
            Effect::Unbind,
            Effect::Reset,
            Effect::Receipt(ReceiptMode::Early),
            Effect::Receipt(ReceiptMode::Sibling),
            Effect::Outcome(PageOutcome::Failed(Cause::MemoryFull)),
        ]
        .map(|effect| Fault {
            percent: 5.0,
            ..Fault::always(effect)
        })
        .to_vec();
        config.accounts[0].codes.push("32665".parse().expect("a code"));
        config.accounts[0].window_max = 3;
        config.session.timers = smpp::Timers {
            enquire_link: None,
            inactivity: None,
            ..smpp::Timers::default()
        };
        Self {
            bench: Bench::new(config),
            links: Vec::new(),
            last_link: 0,
            last_mo: 0,
            pages: Vec::new(),
            unanswered: Vec::new(),
            accepted: 0,
            finished: BTreeMap::new(),
            receipts: BTreeMap::new(),
            in_the_air: BTreeSet::new(),
            mo_sent: 0,
            mo_over: 0,
            lossless: true,
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Submit {
                handset,
                validity_s,
                schedule_s,
                flags,
                mode,
                replace,
                long,
            } => {
                self.submit(handset, [validity_s, schedule_s], flags, mode, replace, long);
            }
            Step::AnswerPage { pick, outcome } if !self.pages.is_empty() => {
                let page = self.pages.remove(pick % self.pages.len());
                self.in_the_air.remove(&page.to);
                let outcome = outcome.map_or(PageOutcome::Delivered, PageOutcome::Failed);
                let outputs = self.bench.answer_page(&page, outcome);
                self.audit(&outputs);
            }
            Step::Acknowledge { pick, status } if !self.unanswered.is_empty() => {
                let (link, deliver) = self.unanswered.remove(pick % self.unanswered.len());
                let outputs = self.bench.acknowledge(link, &deliver, Status(status));
                self.audit(&outputs);
            }
            Step::Disconnect { pick } if !self.links.is_empty() => {
                let link = self.links[pick % self.links.len()];
                self.lose(link);
                self.handle(Input::Closed { link });
            }
            Step::AnswerPage { .. } | Step::Acknowledge { .. } | Step::Disconnect { .. } => {}
            Step::Available { handset } => self.handle(Input::Available {
                msisdn: msisdn(&number(handset)),
            }),
            Step::Mo { handset, to_nobody } => {
                self.last_mo += 1;
                self.mo_sent += 1;
                let segment: Segment = text(&self.last_mo.to_string());
                let to = code(if to_nobody { "99999" } else { "3266501" });
                self.handle(Input::Mo {
                    from: msisdn(&number(handset)),
                    to,
                    segment,
                });
            }
            Step::Wait { ms } => {
                let outputs = self.bench.wait(Duration::from_millis(ms));
                self.audit(&outputs);
            }
            Step::Link { carrier, up } => {
                self.change(carrier, if up { Change::LinkUp } else { Change::LinkDown });
            }
            Step::Receipts { mode } => {
                self.lossless &= mode != ReceiptMode::Duplicated;
                self.change(false, Change::Receipts(mode));
            }
            Step::Connect { kind } => {
                self.last_link += 1;
                let link = LinkId(self.last_link);
                self.links.push(link);
                let outputs = self.bench.bind(link, kind);
                self.audit(&outputs);
            }
            Step::Unbind => self.handle(Input::Unbind {
                system_id: "fbook".into(),
            }),
            Step::Cancel { number } => {
                let message_id = format!("{number:08x}").as_str().into();
                let cancel = CancelSm {
                    message_id,
                    source: code("32665"),
                    ..CancelSm::default()
                };
                self.request(Pdu::CancelSm(cancel));
            }
            Step::Replace { number, schedule_s } => {
                let replace = ReplaceSm {
                    message_id: format!("{number:08x}").as_str().into(),
                    source: code("32665"),
                    schedule_delivery_time: relative(schedule_s),
                    registered_delivery: 1,
                    short_message: b"another".into(),
                    ..ReplaceSm::default()
                };
                self.request(Pdu::ReplaceSm(replace));
            }
            Step::Assign { handset, carrier } => {
                self.bench
                    .smsc
                    .assign(msisdn(&number(handset)), if carrier { "sprint" } else { "att" });
            }
            Step::Block { blocked } => {
                let change = if blocked {
                    Change::BlockCode
                } else {
                    Change::UnblockCode
                };
                self.change(false, change("32665".into()));
            }
        }
        let held = self.bench.smsc.queue_len("att") + self.bench.smsc.queue_len("sprint");
        assert_eq!(
            self.accepted,
            self.finished.len() + held,
            "accepted = finished + held"
        );
    }

    fn submit(
        &mut self,
        handset: u64,
        [validity_s, schedule_s]: [u64; 2],
        flags: u8,
        mode: u8,
        replace: bool,
        long: bool,
    ) {
        let message = ShortMessage {
            destination: support::handset(&number(handset)),
            validity_period: relative(validity_s),
            schedule_delivery_time: if schedule_s < 100 {
                String::new()
            } else {
                relative(schedule_s)
            },
            registered_delivery: flags,
            esm_class: u8::from(mode == 0),
            replace_if_present_flag: u8::from(replace),
            ..to_alice(&if long {
                "long ".repeat(40)
            } else {
                "short".to_owned()
            })
        };
        self.request(Pdu::SubmitSm(message));
    }

    fn request(&mut self, pdu: Pdu) {
        if let Some(link) = self.links.last().copied() {
            let outputs = self.bench.request(link, pdu);
            self.audit(&outputs);
        }
    }

    fn change(&mut self, carrier: bool, change: Change) {
        let carrier = if carrier { "sprint" } else { "att" };
        self.handle(Input::Change {
            carrier: carrier.into(),
            change,
        });
    }

    fn handle(&mut self, input: Input) {
        let outputs = self.bench.handle(input);
        self.audit(&outputs);
    }

    fn lose(&mut self, link: LinkId) {
        self.links.retain(|other| *other != link);
        self.unanswered.retain(|(other, _)| *other != link);
    }

    fn audit(&mut self, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Send { link, command } if matches!(command.pdu, Pdu::DeliverSm(_)) => {
                    self.unanswered.push((*link, Command::clone(command)));
                }
                Output::Page { to, .. } => {
                    self.pages.extend(pages(std::slice::from_ref(output)));
                    assert!(self.in_the_air.insert(*to), "one page at a time for {to}");
                }
                Output::Close { link } => self.lose(*link),
                Output::Noted(Note::Event(event)) => self.audit_event(event),
                Output::Noted(note) => panic!("{note:?} is not spelt out"),
                Output::Disturb {
                    link,
                    how: Disturbance::Reset,
                } => self.lose(*link),
                Output::Send { .. }
                | Output::Draft { .. }
                | Output::Bounce { .. }
                | Output::Broadcast(_)
                | Output::Dial { .. }
                | Output::Disturb { .. } => {}
            }
        }
    }

    fn audit_event(&mut self, event: &Event) {
        assert!(!event.to_string().is_empty());
        match event {
            Event::Accepted { .. } => self.accepted += 1,
            Event::Finished {
                message_id, state, ..
            } => {
                assert!(state.is_final());
                *self.finished.entry(message_id.to_string()).or_default() += 1;
            }
            // A page that nobody answered is over.
            Event::AttemptFailed {
                cause: Cause::NoAnswer,
                to,
                ..
            } => {
                self.in_the_air.remove(to);
            }
            Event::LateAnswer { attempt, .. } => {
                let over = self
                    .pages
                    .iter()
                    .find(|page| page.attempt == *attempt)
                    .map(|page| page.to);
                if let Some(to) = over {
                    self.in_the_air.remove(&to);
                }
            }
            Event::Answered {
                parcel: Parcel::Receipt { message_id, state },
                status: Status::ESME_ROK,
                ..
            } => {
                assert!(*state != MessageState::Enroute);
                *self.receipts.entry(message_id.to_string()).or_default() += 1;
            }
            Event::Answered {
                parcel: Parcel::Mo { .. },
                status: Status::ESME_ROK,
                ..
            }
            | Event::Bounced { .. }
            | Event::Dropped {
                parcel: Parcel::Mo { .. },
                reason: DropReason::Rejected,
                ..
            } => self.mo_over += 1,
            _ => {}
        }
    }

    /// Lets everything come to its end, the longest validity included, and balances the books.
    fn settle(&mut self) {
        for carrier in [false, true] {
            self.change(carrier, Change::LinkUp);
        }
        self.take(Step::Connect {
            kind: BindKind::Transceiver,
        });
        // Close steps while things are on their way; then an hour each, until the longest validity is over, for what
        // the carrier's rules refuse at every attempt.
        let hours = Carrier::new("sprint").validity.as_secs() / 3_600 + 1;
        for wait in [5_000; 400].into_iter().chain((0..hours).map(|_| 3_600_000)) {
            while !self.unanswered.is_empty() {
                self.take(Step::Acknowledge { pick: 0, status: 0 });
            }
            while !self.pages.is_empty() {
                self.take(Step::AnswerPage {
                    pick: 0,
                    outcome: None,
                });
            }
            self.take(Step::Wait { ms: wait });
        }
        assert_eq!(
            self.bench.smsc.queue_len("att") + self.bench.smsc.queue_len("sprint"),
            0,
            "all are final"
        );
        assert_eq!(self.bench.smsc.waiting("fbook"), 0, "nothing waits");
        assert_eq!(self.accepted, self.finished.len());
        assert!(self.finished.values().all(|times| *times == 1), "final once");
        assert_eq!(
            self.mo_sent, self.mo_over,
            "every MO text arrived, or its end was told"
        );
        if self.lossless {
            assert!(
                self.receipts.values().all(|times| *times == 1),
                "one final receipt a message"
            );
        } else {
            assert!(self.receipts.values().all(|times| *times <= 2), "doubled at most");
        }
    }
}

fn relative(secs: u64) -> String {
    if secs == 0 {
        String::new()
    } else {
        Time::relative_of(Duration::from_secs(secs)).format(0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_final_twice(steps in steps()) {
        let mut auditor = Auditor::new();
        for step in steps {
            auditor.take(step);
        }
        auditor.settle();
    }
}

#[test]
fn a_day_of_traffic_leaves_no_timers_behind() {
    let mut bench = Bench::bound(config());
    for _ in 0..10_000 {
        let outputs = bench.submit(ShortMessage {
            registered_delivery: 0,
            ..to_alice("hi")
        });
        bench.deliver(&page(&outputs));
    }
    assert_eq!(bench.smsc.next_wakeup(), None);
}
