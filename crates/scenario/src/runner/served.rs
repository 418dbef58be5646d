//! A stage whose time somebody else lets pass: [`Served`]. Steps do not move its clock; they say until when they would wait.
//!
//! Whoever owns the stage gives the world its other inputs too: what is said to real apps and to real ESMEs, and what they
//! say, does not concern the stage, and goes through it unchanged.

use std::collections::{BTreeMap, VecDeque};

use platform::{CallId, SubmissionId};
use smpp::LinkId;
use sms::Timestamp;
use world::{Input, Output};

use crate::runner::stage::Stage;

/// The first name of the calls that steps, and apps that answer by rules, make; others' names are lower.
pub const CALLS_OF_STEPS: u64 = 1 << 62;
/// The first name of the links of scripted ESMEs; those of real ones are lower.
pub const LINKS_OF_STEPS: u64 = 1 << 62;
/// Items that are kept for one actor, at most; the older half goes first.
pub(super) const INBOX_MAX: usize = 10_000;
/// Receipts, calls of apps, and matched PDUs that are kept, at most.
pub(super) const KEPT_MAX: usize = 20_000;

/// What a stage has more when somebody else lets its time pass.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// Until when the step that is being tried would wait.
    wait: Option<Wait>,
    /// What is to be done elsewhere.
    outgoing: VecDeque<Output>,
    /// The texts that calls sent, until the records of the calls are read.
    submissions: BTreeMap<CallId, SubmissionId>,
    /// Whether the next session key is a step's.
    minting: bool,
    /// Whether real apps have had their time on the machine's clock.
    impatient: bool,
}

/// What a step waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wait {
    /// It goes on then at the latest, in the world's time.
    pub until: Timestamp,
    /// Whether a real app is awaited, which needs the machine's time: the world's need not pass for it.
    pub for_real_app: bool,
}

impl Served {
    /// The text that a call sent; it is asked for once.
    pub fn sent(&mut self, call: CallId) -> Option<SubmissionId> {
        self.submissions.remove(&call)
    }
}

impl Stage<'_> {
    /// From now on somebody else lets the time pass.
    pub fn serve(&mut self) {
        self.served = Some(Served::default());
        self.next_call = CALLS_OF_STEPS;
        self.next_link = LINKS_OF_STEPS;
    }

    /// Notes that a step would wait, unless it is too late for that.
    pub(super) fn wait_until(&mut self, until: Timestamp, for_real_app: bool) {
        self.esmes_answer();
        let now = self.world.now();
        let Some(served) = self.served.as_mut().filter(|_| until > now) else {
            return;
        };
        if for_real_app && served.impatient {
            return;
        }
        served.wait = Some(match served.wait {
            None => Wait { until, for_real_app },
            Some(wait) => Wait {
                until: wait.until.min(until),
                for_real_app: wait.for_real_app || for_real_app,
            },
        });
    }

    /// Whether the step that is being tried has to wait.
    pub fn waits(&self) -> bool {
        self.served.as_ref().is_some_and(|served| served.wait.is_some())
    }

    /// What the step that was tried waits for; it is asked once.
    pub fn take_wait(&mut self) -> Option<Wait> {
        self.served.as_mut()?.wait.take()
    }

    /// Lets steps wait for real apps no more, or again.
    pub fn be_impatient(&mut self, impatient: bool) {
        if let Some(served) = &mut self.served {
            served.impatient = impatient;
        }
    }

    pub(super) fn minting(&mut self, minting: bool) {
        if let Some(served) = &mut self.served {
            served.minting = minting;
        }
    }

    /// The next thing to do outside, in order. What concerns scripted ESMEs, apps that answer by rules, and the calls of
    /// steps is done.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self
                .served
                .as_mut()
                .and_then(|served| served.outgoing.pop_front())
            {
                return Some(output);
            }
            match self.world.poll_output() {
                // Most of what a busy world says.
                Some(Output::LinkSend { link, pdu }) if link.0 < LINKS_OF_STEPS => {
                    return Some(Output::LinkSend { link, pdu });
                }
                Some(output) => self.perform(output),
                None if self.stubs.next_wakeup().is_some_and(|due| due <= self.now()) => {
                    self.answer_due_stubs()
                }
                None => return None,
            }
        }
    }

    /// Makes the calls of apps that answer by rules that are due.
    fn answer_due_stubs(&mut self) {
        for (app, request) in self.stubs.due(self.now()) {
            let call = self.name_call();
            self.stub_calls.insert(call, app);
            if self.stub_calls.len() > KEPT_MAX {
                self.stub_calls.pop_first();
            }
            self.world.handle(self.now(), Input::Api { call, request });
        }
    }

    /// Keeps what is to be done elsewhere for [`Stage::poll_output`]; gives back what is done here.
    pub(super) fn for_elsewhere(&mut self, output: Output) -> Option<Output> {
        let (stubs, stub_calls) = (&self.stubs, &self.stub_calls);
        let Some(served) = &mut self.served else {
            return Some(output);
        };
        let scripted = |link: &LinkId| link.0 >= LINKS_OF_STEPS;
        let is_here = match &output {
            Output::ApiReply { call, submission, .. } => {
                let by_step = call.0 >= CALLS_OF_STEPS && !stub_calls.contains_key(call);
                if let (false, Some(submission)) = (by_step, submission) {
                    served.submissions.insert(*call, *submission);
                    if served.submissions.len() > KEPT_MAX {
                        served.submissions.pop_first();
                    }
                }
                if call.0 >= CALLS_OF_STEPS && !by_step {
                    // Who answers by rules reads no answer.
                    return None;
                }
                by_step
            }
            Output::Callback { app, request, .. } => stubs.answers_at(*app, &request.url),
            Output::SessionKey { .. } => served.minting,
            Output::LoggedIn { .. } | Output::LiveMessage(_) | Output::LinkDial { .. } => false,
            Output::LinkSend { link, .. } | Output::LinkDisturb { link, .. } | Output::LinkClose { link } => {
                scripted(link)
            }
        };
        if is_here {
            return Some(output);
        }
        served.outgoing.push_back(output);
        None
    }

    /// Keeps what is remembered of the past within its limits.
    pub(super) fn forget_old(&mut self) {
        for inbox in self.inboxes.values_mut() {
            inbox.shorten(INBOX_MAX);
        }
        for said in self.said.values_mut().filter(|said| said.len() > KEPT_MAX) {
            said.drain(..said.len() - KEPT_MAX / 2);
        }
        if self.receipts.len() > KEPT_MAX {
            self.receipts.drain(..self.receipts.len() - KEPT_MAX / 2);
        }
    }
}
