//! From texts to `submit_sm`, and what its response means for the text.

use smpp::{Command, Pdu, ShortMessage, Status, registered_delivery};
use sms::{Address, Timestamp};

use crate::esme::{Esme, Phase, Request};
use crate::event::{Event, Unanswered};
use crate::outgoing::{Accepted, Again, NotTaken, PartId, Submission};
use crate::output::Output;

impl Esme {
    pub(crate) fn submit(
        &mut self,
        token: u64,
        from: Address,
        to: Address,
        text: &str,
        outputs: &mut Vec<Output>,
    ) {
        let Err(why) = self.outgoing.take(token, from, to, text) else {
            return;
        };
        let (event, status) = match why {
            NotTaken::QueueFull => (
                Event::QueueFull {
                    token,
                    queue_max: self.config.queue_max,
                },
                Status::ESME_RMSGQFUL,
            ),
            NotTaken::TooLong(too_long) => (
                Event::TooLong {
                    token,
                    segments: too_long.segments,
                },
                Status::ESME_RINVMSGLEN,
            ),
        };
        outputs.push(Output::Noted(event));
        outputs.push(Output::Refused { token, status });
    }

    /// Sends what the window has room for.
    pub(crate) fn submit_waiting(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        if self.phase != Phase::Bound || !self.config.bind_kind.transmits() || self.paused_until.is_some() {
            return;
        }
        let Some(session) = &mut self.session else { return };
        while session.outstanding() < session.window_max()
            && let Some(Submission {
                id,
                from,
                to,
                segment,
            }) = self.outgoing.pop()
        {
            let message = ShortMessage {
                registered_delivery: registered_delivery::FINAL,
                ..ShortMessage::new(from, to, &segment)
            };
            match session.send(now, Pdu::SubmitSm(message), Request::Submit(id)) {
                Ok(command) => outputs.push(Output::Send(command)),
                Err(_) => {
                    self.outgoing.put_back(id);
                    return;
                }
            }
        }
    }

    /// Takes the response to a part: its `submit_sm_resp`, or the `generic_nack` in its place.
    pub(crate) fn submit_answered(
        &mut self,
        now: Timestamp,
        id: PartId,
        response: &Command,
        outputs: &mut Vec<Output>,
    ) {
        let status = response.status;
        match status {
            Status::ESME_ROK => {
                let message_id = match &response.pdu {
                    Pdu::SubmitSmResp(response) => response.id(),
                    _ => "",
                };
                self.accepted(id, message_id, outputs);
            }
            Status::ESME_RTHROTTLED | Status::ESME_RMSGQFUL => {
                self.paused_until = Some(now + self.config.throttle_pause);
                match self.outgoing.put_back(id) {
                    Some(token) => {
                        let pause = self.config.throttle_pause;
                        outputs.push(Output::Noted(Event::Throttled { token, status, pause }));
                    }
                    None => outputs.push(too_late(status, "")),
                }
            }
            Status::ESME_RSYSERR => {
                self.paused_until = Some(now + self.config.throttle_pause);
                outputs.push(match self.outgoing.retry(id) {
                    Again::Queued { token, attempt } => Output::Noted(Event::Retried {
                        token,
                        status,
                        attempt,
                    }),
                    Again::Refused { token } => Output::Refused { token, status },
                    Again::TooLate => too_late(status, ""),
                });
            }
            _ => outputs.push(match self.outgoing.refuse(id) {
                Some(token) => Output::Refused { token, status },
                None => too_late(status, ""),
            }),
        }
    }

    /// Sends a part again that was not answered, or ends its text.
    pub(crate) fn submit_unanswered(&mut self, id: PartId, cause: Unanswered, outputs: &mut Vec<Output>) {
        match self.outgoing.resend(id, cause) {
            Again::Queued { token, .. } => {
                outputs.push(Output::Noted(Event::Resent {
                    token,
                    part: id.number(),
                    cause,
                }));
            }
            Again::Refused { token } => {
                outputs.push(Output::Noted(Event::NeverAnswered { token, cause }));
                outputs.push(Output::Refused {
                    token,
                    status: Status::ESME_RSUBMITFAIL,
                });
            }
            // Another part of the text was refused: nobody waits for this one.
            Again::TooLate => {}
        }
    }

    fn accepted(&mut self, id: PartId, message_id: &str, outputs: &mut Vec<Output>) {
        let (token, message_ids) = match self.outgoing.accept(id, message_id.to_owned()) {
            Accepted::Whole { token, message_ids } => (token, message_ids),
            Accepted::Part => return,
            Accepted::TooLate => {
                outputs.push(too_late(Status::ESME_ROK, message_id));
                return;
            }
        };
        if message_ids.iter().any(String::is_empty) {
            // A text of which one part's end can never be known has no end that could be reported.
            outputs.push(Output::Noted(Event::NoMessageId { token }));
            outputs.push(Output::Submitted { token, message_ids });
            return;
        }
        let given_up = self.correlations.await_receipts(token, &message_ids);
        if let Some(token) = given_up {
            let correlations_max = self.config.correlations_max;
            outputs.push(Output::Noted(Event::ReceiptsGivenUp {
                token,
                correlations_max,
            }));
        }
        outputs.push(Output::Submitted { token, message_ids });
        for receipt in self.early_receipts.take_known(&self.correlations) {
            self.take_receipt(receipt, outputs);
        }
    }
}

fn too_late(status: Status, message_id: &str) -> Output {
    Output::Noted(Event::AnswerTooLate {
        status,
        message_id: message_id.to_owned(),
    })
}
