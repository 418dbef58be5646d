//! Attempts to bring texts to handsets: paging, failing, trying again, expiring, finishing.

use std::sync::Arc;

use sms::{MessageState, Msisdn, Timestamp};

use super::code_limit::OVER_VOLUME;
use super::state::{Acknowledgement, CarrierState, Page, What};
use super::{Smsc, TICK};
use crate::account::Coding;
use crate::carrier::ReceiptMode;
use crate::cause::Cause;
use crate::event::{DropReason, Event};
use crate::finals::Final;
use crate::message::{Message, NONE};
use crate::note::Note;
use crate::port::{AttemptId, CarrierIndex, Output, PageOutcome};
use crate::receipt::Receipt;
use crate::store::{Queue, Wait};
use crate::timer::Timer;

/// How far a wrong id is from the right one.
const WRONG_BY: u32 = 1_000_000;

/// What to do with the rest of a handset's queue after an attempt.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Try the first text now.
    Now,
    /// Something else will: an answer or a timer.
    Later,
}

impl Smsc {
    /// Puts a message into its handset's queue, and tries it if it is first.
    pub(super) fn enqueue(&mut self, now: Timestamp, slot: u32) {
        let queue = self.store.enqueue(slot);
        let (behind, head, wait) = (queue.len - 1, queue.head, queue.wait);
        let message = self.store.message(slot);
        let (message_id, to, once) = (message.id, message.to.msisdn, message.once);
        let next_attempt_at = match wait {
            Wait::Nothing => return self.attempt(now, to),
            Wait::Retry(at) => Some(at),
            Wait::Page { .. } => None,
        };
        let fails_too = matches!(wait, Wait::Retry(_));
        if !(fails_too && once) {
            self.note(Event::Waits {
                message_id,
                to,
                behind,
                next_attempt_at,
            });
        }
        if fails_too {
            let cause = self.store.message(head).cause.unwrap_or(Cause::NoAnswer);
            self.fail_too(now, slot, cause);
        }
    }

    /// A text that waits behind one that has failed fails as that did: its sender is told what it wants to know, and one that
    /// has one attempt is over.
    fn fail_too(&mut self, now: Timestamp, slot: u32, cause: Cause) {
        if self.store.message(slot).once {
            self.fail(now, slot, cause);
            return;
        }
        self.store.message_mut(slot).cause = Some(cause);
        self.owe_alert(slot);
        self.notify_failure(now, slot);
    }

    pub(super) fn start_scheduled(&mut self, now: Timestamp, slot: u32, number: u32) {
        if self.store.holds(slot, number) {
            self.start(now, slot);
        }
    }

    /// Lets a stored message into its handset's queue, unless it is scheduled for later.
    pub(super) fn start(&mut self, now: Timestamp, slot: u32) {
        let message = self.store.message(slot);
        if !message.queued && message.scheduled_at <= now {
            if self
                .carrier_state(message.carrier)
                .carrier
                .receipts
                .accepted_first
            {
                self.report_accepted(now, slot);
            }
            self.enqueue(now, slot);
        }
    }

    /// A handset is reachable again: everything that waits for it is tried at once.
    pub(super) fn available(&mut self, now: Timestamp, msisdn: Msisdn) {
        let waiting = self.store.queue(msisdn).map_or(0, |queue| queue.len);
        self.note(Event::Available { msisdn, waiting });
        for (account, esme) in self.alerts.take(msisdn) {
            self.deliver(now, account, What::Alert { msisdn, esme });
        }
        match self.store.queue_mut(msisdn).map(|queue| &mut queue.wait) {
            // The page in the air may yet fail for the reason that is gone: then another follows at once.
            Some(Wait::Page { available, .. }) => *available = true,
            Some(Wait::Nothing | Wait::Retry(_)) | None => self.attempt(now, msisdn),
        }
    }

    pub(super) fn retry(&mut self, now: Timestamp, msisdn: Msisdn) {
        let due = |queue: &Queue| matches!(queue.wait, Wait::Retry(at) if at <= now);
        if self.store.queue(msisdn).is_some_and(due) {
            self.attempt(now, msisdn);
        }
    }

    /// Tries the first text for a handset now, unless one is in the air.
    pub(super) fn attempt(&mut self, now: Timestamp, msisdn: Msisdn) {
        while let Some(queue) = self.store.queue_mut(msisdn)
            && queue.paging().is_none()
            && queue.head != NONE
            && self.attempt_first(now, msisdn) == Next::Now
        {}
    }

    #[inline(never)]
    fn attempt_first(&mut self, now: Timestamp, msisdn: Msisdn) -> Next {
        let Some(queue) = self.store.queue_mut(msisdn) else {
            return Next::Later;
        };
        let slot = queue.head;
        if queue.wait != Wait::Nothing {
            self.timers.forget();
        }
        queue.wait = Wait::Nothing;
        let message = self.store.message_mut(slot);
        message.attempts += 1;
        if message.attempts == 1
            && let Some(next) = self.fail_by_chance(now, slot)
        {
            return next;
        }
        self.page(now, slot)
    }

    /// What the carrier's network does to some texts at their first attempt: it loses them for good, or until the next.
    fn fail_by_chance(&mut self, now: Timestamp, slot: u32) -> Option<Next> {
        let carrier = usize::from(self.store.message(slot).carrier);
        let CarrierState { carrier, chance, .. } = &mut self.carriers[carrier];
        if chance.happens(carrier.lost_for_good_percent) {
            self.store.message_mut(slot).cause = Some(Cause::NoAnswer);
            self.finish(now, slot, MessageState::Undeliverable);
            return Some(Next::Now);
        }
        if chance.happens(carrier.first_attempt_failure_percent) {
            return Some(self.fail(now, slot, Cause::SystemFailure));
        }
        None
    }

    /// Pages a handset for the next segment of a text.
    fn page(&mut self, now: Timestamp, slot: u32) -> Next {
        let message = self.store.message(slot);
        let (msisdn, number, carrier) = (message.to.msisdn, message.id.number, message.carrier);
        let state = self.carrier_state(carrier);
        if !state.carrier.link_up {
            return self.fail(now, slot, Cause::LinkDown);
        }
        let account = self
            .esmes
            .get(usize::from(message.account))
            .map(|esme| &esme.account);
        if state.keeps_out(&message.source, msisdn, account) {
            return self.fail(now, slot, Cause::Blocked);
        }
        if message.outcome == Some(OVER_VOLUME) {
            return self.fail(now, slot, Cause::Volume);
        }
        let hand_over = state.carrier.receipts.fakes_delivered;
        let demanded = message.outcome;
        let attempt = AttemptId(self.last_attempt + 1);
        let reference = number.to_le_bytes()[0];
        let (paged, page) = (
            Note::Paged {
                message_id: message.id,
                attempt,
                to: msisdn,
                segment: message.body.done + 1,
                segments: message.body.segments,
            },
            Output::Page {
                attempt,
                carrier: CarrierIndex(carrier),
                to: msisdn,
                from: message.source.clone(),
                segment: message.body.next_segment(reference),
            },
        );
        let one_way = state
            .carrier
            .latency
            .longest()
            .saturating_add(state.carrier.roaming_latency);
        let both_ways = one_way.saturating_mul(2);
        let patience = self.config.page_answer_timeout.saturating_add(both_ways);
        self.last_attempt = attempt.0;
        self.timers
            .set(now + patience.max(TICK), Timer::PageUnanswered { attempt });
        let queue = self.store.queue_mut(msisdn).expect("the message is in it");
        queue.wait = Wait::Page {
            attempt,
            available: false,
        };
        let page_state = Page {
            outcome: demanded,
            slot,
            number,
            msisdn,
            place: self.store.place_of_last_queue(),
        };
        self.pages.insert(attempt, page_state);
        self.jot(paged);
        match demanded {
            Some(_) => {
                let in_the_air = self.carrier_state(carrier).carrier.latency.sample(0.5);
                self.timers
                    .set(now + in_the_air.max(TICK), Timer::OutcomeDue { attempt });
            }
            None => self.outputs.push(page),
        }
        if hand_over {
            self.report_hand_over(now, slot);
        }
        Next::Later
    }

    /// What was asked for comes of a page.
    pub(super) fn outcome_due(&mut self, now: Timestamp, attempt: AttemptId) {
        if let Some(outcome) = self.pages.get(attempt).and_then(|page| page.outcome) {
            self.timers.forget();
            self.page_over(now, attempt, outcome);
        }
    }

    pub(super) fn page_unanswered(&mut self, now: Timestamp, attempt: AttemptId) {
        if self.pages.contains(attempt) {
            self.page_over(now, attempt, PageOutcome::Failed(Cause::NoAnswer));
        }
    }

    pub(super) fn page_answered(&mut self, now: Timestamp, attempt: AttemptId, outcome: PageOutcome) {
        if self.pages.contains(attempt) {
            self.timers.forget();
            self.page_over(now, attempt, outcome);
        } else {
            self.note(Event::LateAnswer { attempt, outcome });
        }
    }

    fn page_over(&mut self, now: Timestamp, attempt: AttemptId, outcome: PageOutcome) {
        let Page {
            slot,
            number,
            msisdn,
            place,
            ..
        } = self.pages.remove(attempt).expect("the callers looked");
        self.store.expect_queue_at(place);
        let queue = self
            .store
            .queue_mut(msisdn)
            .expect("a handset that is paged has a queue");
        let wait = std::mem::replace(&mut queue.wait, Wait::Nothing);
        let available = matches!(wait, Wait::Page { available: true, .. });
        if !self.store.holds(slot, number) {
            self.note(Event::LateAnswer { attempt, outcome });
            self.store.drop_if_idle(msisdn);
            self.attempt(now, msisdn);
            return;
        }
        let next = match outcome {
            PageOutcome::Delivered => self.segment_delivered(now, slot),
            PageOutcome::Failed(cause) => {
                let next = self.fail(now, slot, cause);
                if available { Next::Now } else { next }
            }
        };
        if next == Next::Now {
            self.attempt(now, msisdn);
        }
    }

    fn segment_delivered(&mut self, now: Timestamp, slot: u32) -> Next {
        let body = &mut self.store.message_mut(slot).body;
        body.done += 1;
        if body.done < body.segments {
            return self.page(now, slot);
        }
        self.store.message_mut(slot).cause = None;
        self.finish(now, slot, MessageState::Delivered);
        Next::Now
    }

    /// An attempt failed: the handset is tried again later, or the text is over.
    fn fail(&mut self, now: Timestamp, slot: u32, cause: Cause) -> Next {
        let message = self.store.message_mut(slot);
        let same_ladder = message.cause.is_some_and(|last| last.ladder() == cause.ladder());
        let other_ladder = message.cause.is_some() && !same_ladder;
        message.failures = if same_ladder {
            message.failures.saturating_add(1)
        } else {
            1
        };
        message.cause = Some(cause);
        let (message_id, to, attempts, failures) =
            (message.id, message.to.msisdn, message.attempts, message.failures);
        let (expires_at, once, carrier) = (message.expires_at, message.once, message.carrier);
        let wait = self.carrier_state(carrier).carrier.retry.wait(cause, failures);
        let retry_at = wait.filter(|_| !once).map(|wait| now + wait);
        let next_attempt_at = retry_at.filter(|at| *at < expires_at);
        self.note(Event::AttemptFailed {
            message_id,
            to,
            cause,
            attempts,
            next_attempt_at,
        });
        self.owe_alert(slot);
        let Some(retry_at) = retry_at else {
            let state = if matches!(cause, Cause::Blocked | Cause::Volume) {
                MessageState::Rejected
            } else {
                MessageState::Undeliverable
            };
            self.finish(now, slot, state);
            return Next::Now;
        };
        self.notify_failure(now, slot);
        // The wait belongs to the handset: when its first text expires meanwhile, the next keeps to it.
        let queue = self.store.queue_mut(to).expect("the message is in it");
        queue.wait = Wait::Retry(retry_at);
        self.timers.set(retry_at, Timer::Retry { msisdn: to });
        self.fail_those_behind(now, to, slot, cause, other_ladder);
        Next::Later
    }

    /// Those behind a text that failed fail, too: all of them when it failed for another kind of cause than before, else those
    /// that came while it was in the air. Later ones fail as they come.
    fn fail_those_behind(&mut self, now: Timestamp, to: Msisdn, head: u32, cause: Cause, all: bool) {
        let behind = self.store.queued_last_first(to).take_while(|slot| *slot != head);
        let mut behind: Vec<u32> = behind
            .take_while(|slot| all || self.store.message(*slot).cause.is_none())
            .collect();
        behind.reverse();
        for slot in behind {
            self.fail_too(now, slot, cause);
        }
    }

    /// Owes the sender an alert when the handset is back, if it wants one (`set_dpf`).
    fn owe_alert(&mut self, slot: u32) {
        let message = self.store.message(slot);
        if message.set_dpf && message.cause.is_some_and(Cause::is_absence) {
            self.alerts.owe(
                message.to.msisdn,
                message.account,
                &message.source.address(),
                self.config.alerts_max,
            );
        }
    }

    /// Tells the sender of the first failure, if it wants to know.
    fn notify_failure(&mut self, now: Timestamp, slot: u32) {
        let message = self.store.message_mut(slot);
        if message.wants_notification() && !message.told.failure() {
            message.told = message.told.and_failure();
            let message = self.store.message(slot);
            let (account, receipt) = (message.account, self.receipt(now, message, MessageState::Enroute));
            self.deliver(now, account, What::Receipt(Arc::new(receipt)));
        }
    }

    /// A message's validity ends; it counts to the instant, whatever is in the air.
    pub(super) fn expire(&mut self, now: Timestamp, slot: u32, number: u32) {
        if !self.store.holds(slot, number) || self.store.message(slot).expires_at > now {
            return;
        }
        self.finish(now, slot, MessageState::Expired);
    }

    /// A message reaches its final state and leaves the store.
    pub(super) fn finish(&mut self, now: Timestamp, slot: u32, state: MessageState) {
        let message = self.store.remove(slot);
        if state != MessageState::Expired {
            self.timers.forget();
        }
        self.jot(Note::Finished {
            message_id: message.id,
            to: message.to.msisdn,
            state,
            cause: message.cause,
            attempts: message.attempts,
            submitted_at: message.submitted_at,
        });
        let delivered = state == MessageState::Delivered;
        if message.transaction {
            self.end_transaction(&message, delivered);
        } else if message.wants_receipt(delivered) && !message.once {
            self.report(now, &message, state);
        }
        if delivered && message.wants_acknowledgement() {
            self.acknowledge(now, &message);
        }
        let last = Final {
            id: message.id,
            account: message.account,
            source: message.source,
            state,
            cause: message.cause,
            done_at: now,
        };
        self.finals.remember(message.member, last, self.config.finals_max);
    }

    /// The handset itself says that it has a text, beside what the message centre says of it. What its owner says having read it
    /// (a manual acknowledgement) nobody does here.
    #[cold]
    fn acknowledge(&mut self, now: Timestamp, message: &Message) {
        let acknowledgement = Acknowledgement {
            from: message.to.msisdn,
            to: message.source.address(),
            message_id: message.id,
            user_message_reference: message.user_message_reference,
        };
        self.deliver(
            now,
            message.account,
            What::Acknowledgement(Box::new(acknowledgement)),
        );
    }

    /// A carrier without handset receipts says DELIVRD as soon as the text is on its way.
    pub(super) fn report_hand_over(&mut self, now: Timestamp, slot: u32) {
        let message = self.store.message_mut(slot);
        if message.wants_receipt(true) && !message.once {
            message.told = message.told.and_delivery();
            let handed_over = message.clone();
            self.report(now, &handed_over, MessageState::Delivered);
        }
    }

    /// Tells the sender, if it wants receipts of success, that the carrier has taken a text on.
    fn report_accepted(&mut self, now: Timestamp, slot: u32) {
        let message = self.store.message(slot);
        if message.wants_receipt(true) && !message.once && message.attempts == 0 {
            let (account, receipt) = (
                message.account,
                self.receipt(now, message, MessageState::Accepted),
            );
            self.deliver(now, account, What::Receipt(Arc::new(receipt)));
        }
    }

    /// Sends a receipt as the carrier's mode has it.
    fn report(&mut self, now: Timestamp, message: &Message, state: MessageState) {
        let CarrierState { carrier, chance, .. } = &mut self.carriers[usize::from(message.carrier)];
        let late_by = carrier.receipts_late_by;
        let mode = match message.receipt_mode.unwrap_or(carrier.receipt_mode) {
            ReceiptMode::Normal if chance.happens(carrier.receipts_lost_percent) => ReceiptMode::Lost,
            ReceiptMode::Normal if chance.happens(carrier.receipts_duplicated_percent) => {
                ReceiptMode::Duplicated
            }
            mode => mode,
        };
        let mut receipt = self.receipt(now, message, state);
        let message_id = message.id;
        if mode == ReceiptMode::WrongId {
            receipt.written_id.number = message_id.number.wrapping_add(WRONG_BY);
        }
        receipt.sibling = mode == ReceiptMode::Sibling;
        let receipt = What::Receipt(Arc::new(receipt));
        let withheld = mode == ReceiptMode::Lost
            || (mode == ReceiptMode::OnePart && message.body.part_number().is_some_and(|part| part > 1));
        if withheld {
            return self.note(Event::ReceiptWithheld {
                message_id,
                mode,
                due_at: None,
            });
        }
        match mode {
            ReceiptMode::Late => {
                let due_at = now + late_by.max(TICK);
                let delivery = self.delivery(due_at, message.account, receipt);
                let esme = &mut self.esmes[usize::from(message.account)];
                if esme.late_receipts >= esme.account.waiting_max {
                    return self.drop_delivery(&delivery, DropReason::WaitingMax);
                }
                esme.late_receipts += 1;
                self.timers.set(
                    due_at,
                    Timer::LateReceipt {
                        number: delivery.number,
                    },
                );
                self.late_receipts.insert(delivery.number, delivery);
                self.note(Event::ReceiptWithheld {
                    message_id,
                    mode,
                    due_at: Some(due_at),
                });
            }
            ReceiptMode::Duplicated => {
                self.deliver(now, message.account, receipt.clone());
                self.deliver(now, message.account, receipt);
            }
            // One that was early is not owed any more; what remains says a failure.
            ReceiptMode::Normal
            | ReceiptMode::Early
            | ReceiptMode::Lost
            | ReceiptMode::Sibling
            | ReceiptMode::WrongId
            | ReceiptMode::OnePart => self.deliver(now, message.account, receipt),
        }
    }

    pub(super) fn send_late_receipt(&mut self, now: Timestamp, number: u64) {
        if let Some(delivery) = self.late_receipts.remove(number) {
            self.esmes[usize::from(delivery.account)].late_receipts -= 1;
            self.deliver(now, delivery.account, delivery.what);
        }
    }

    fn receipt(&self, now: Timestamp, message: &Message, state: MessageState) -> Receipt {
        let carrier = &self.carrier_state(message.carrier).carrier;
        let style = carrier.receipts;
        Receipt {
            message_id: message.id,
            written_id: message.id,
            sibling: false,
            state,
            cause: message.cause,
            err: carrier.err.code(message.cause),
            submitted_at: message.submitted_at,
            done_at: now,
            link: message.link,
            source: message.source.clone(),
            destination: message.to,
            user_message_reference: message.user_message_reference,
            tlv: carrier.tlv.clone(),
            text: style.text.then(|| message.body.clone()),
            style,
            coding: self.coding_of_receipts(message.account),
        }
    }

    /// What `data_coding` 0 means to an account.
    fn coding_of_receipts(&self, account: u16) -> Coding {
        let codings = self
            .esmes
            .get(usize::from(account))
            .map(|esme| &esme.account.codings);
        codings.map_or(Coding::Gsm7, |codings| codings.of(0))
    }
}
