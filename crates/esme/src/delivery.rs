//! From `deliver_sm` to texts and receipts.

use smpp::{DataSm, ShortMessage, Tlv, esm_class};
use sms::{Address, Assembled, Segment, Timestamp};

use crate::correlation::Found;
use crate::esme::Esme;
use crate::event::Event;
use crate::output::Output;
use crate::receipt::Receipt;

/// What `deliver_sm` and `data_sm` have in common.
pub(crate) struct Delivery<'a> {
    source: &'a Address,
    destination: &'a Address,
    esm_class: u8,
    segment: Segment,
    tlvs: &'a [Tlv],
}

impl<'a> Delivery<'a> {
    fn new(
        (source, destination): (&'a Address, &'a Address),
        esm_class: u8,
        segment: Segment,
        tlvs: &'a [Tlv],
    ) -> Self {
        Self {
            source,
            destination,
            esm_class,
            segment,
            tlvs,
        }
    }
}

impl<'a> From<&'a ShortMessage> for Delivery<'a> {
    fn from(it: &'a ShortMessage) -> Self {
        Self::new(
            (&it.source, &it.destination),
            it.esm_class,
            it.segment(),
            &it.tlvs,
        )
    }
}

impl<'a> From<&'a DataSm> for Delivery<'a> {
    fn from(it: &'a DataSm) -> Self {
        Self::new(
            (&it.source, &it.destination),
            it.esm_class,
            it.segment(),
            &it.tlvs,
        )
    }
}

impl Esme {
    /// Takes what the SMSC delivers; it has been answered.
    pub(crate) fn delivered(&mut self, now: Timestamp, delivery: Delivery<'_>, outputs: &mut Vec<Output>) {
        let Delivery {
            source,
            destination,
            esm_class,
            segment,
            tlvs,
        } = delivery;
        match esm_class & esm_class::TYPE {
            esm_class::RECEIPT | esm_class::INTERMEDIATE => match Receipt::read(&segment, tlvs) {
                Some(receipt) => self.take_receipt(receipt, outputs),
                None => outputs.push(Output::Noted(Event::ReceiptUnreadable {
                    source: source.clone(),
                })),
            },
            esm_class::DELIVERY_ACK | esm_class::USER_ACK | CONVERSATION_ABORT => {
                let source = source.clone();
                outputs.push(Output::Noted(Event::AcknowledgementIgnored { source, esm_class }));
            }
            // The other patterns are reserved: a person's words are not lost for them.
            _ => {
                let key = (source.clone(), destination.clone());
                let assembled = self.reassembler.push(now, key, &segment);
                // The segment may have pushed out the oldest of too many incomplete texts.
                self.deliver_overdue(now, outputs);
                if let Some(assembled) = assembled {
                    outputs.push(mobile_originated(source.clone(), destination.clone(), assembled));
                }
            }
        }
    }

    /// Hands on what there is of the texts whose missing parts are awaited no more.
    pub(crate) fn deliver_overdue(&mut self, now: Timestamp, outputs: &mut Vec<Output>) {
        for ((source, destination), assembled) in self.reassembler.expire(now) {
            let Assembled { parts, missing, .. } = assembled;
            let (from, to) = (source.clone(), destination.clone());
            outputs.push(Output::Noted(Event::MoIncomplete {
                source: from,
                destination: to,
                parts,
                missing,
            }));
            outputs.push(mobile_originated(source, destination, assembled));
        }
    }

    pub(crate) fn take_receipt(&mut self, receipt: Receipt, outputs: &mut Vec<Output>) {
        let state = receipt.state;
        match self.correlations.take(&receipt) {
            Found::Whole {
                token,
                message_id,
                state,
                err,
            } => {
                outputs.push(Output::Receipt {
                    token,
                    message_id,
                    state,
                    err,
                    is_final: true,
                });
            }
            Found::Underway { token, message_id } => {
                let err = receipt.err;
                outputs.push(Output::Receipt {
                    token,
                    message_id,
                    state,
                    err,
                    is_final: false,
                });
            }
            Found::Part {
                token,
                message_id,
                to_come,
            } => {
                outputs.push(Output::Noted(Event::PartReceipt {
                    token,
                    message_id: message_id.into(),
                    state,
                    to_come,
                }));
            }
            Found::Again {
                token,
                message_id,
                was,
            } => {
                outputs.push(Output::Noted(Event::ReceiptAgain {
                    token,
                    message_id: message_id.into(),
                    state,
                    was,
                }));
            }
            Found::Unknown => match self.outgoing.under_way() {
                Some((_, youngest)) => {
                    let message_id = receipt.message_id.to_string();
                    outputs.push(Output::Noted(Event::ReceiptEarly { message_id }));
                    outputs.extend(self.early_receipts.keep(youngest, receipt).map(unknown));
                }
                None => outputs.push(unknown(receipt)),
            },
        }
    }

    /// Gives up the early receipts that no response can explain any more.
    pub(crate) fn drop_hopeless_receipts(&mut self, outputs: &mut Vec<Output>) {
        let oldest = self.outgoing.under_way().map(|(oldest, _)| oldest);
        outputs.extend(self.early_receipts.take_hopeless(oldest).into_iter().map(unknown));
    }
}

/// Message type: conversation abort, of Korean CDMA (SMPP v3.4 §5.2.12).
const CONVERSATION_ABORT: u8 = 0x18;

fn mobile_originated(from: Address, to: Address, assembled: Assembled) -> Output {
    let Assembled {
        text,
        parts,
        encoding,
        ..
    } = assembled;
    Output::Mo {
        from,
        to,
        text,
        parts,
        encoding,
    }
}

fn unknown(receipt: Receipt) -> Output {
    let Receipt {
        message_id, state, ..
    } = receipt;
    Output::Noted(Event::ReceiptUnknown {
        message_id: message_id.into(),
        state,
    })
}
