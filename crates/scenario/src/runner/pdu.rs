//! PDUs that the SMSC saw: `att < submit_sm short_message="Hi" = ESME_ROK`.

use smpp::{Frame, Framer, Pdu, Status};
use world::{Event, Toward};

use crate::check::Kind;
use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::runner::Run;
use crate::suggestion::nearest;
use crate::syntax::{PduStep, Sign, Span};

/// The octets of a PDU that is read back from a record, at most.
const COMMAND_LENGTH_MAX: u32 = 1 << 20;

/// A PDU among the records.
struct Seen {
    seq: u64,
    link: u64,
    sequence_number: u32,
    at: sms::Timestamp,
    pdu: Pdu,
}

impl Run<'_> {
    pub(super) fn pdu(&mut self, span: Span, step: &PduStep) -> Fallible<()> {
        let name = self.actor(&step.actor);
        if step.sign == Sign::Does || self.kind(&name) != Some(Kind::Carrier) {
            let message = format!("{name} is not performed: no run sends PDUs of its own yet");
            let fault = self.fault(Code::E300, span, message);
            return Err(Box::new(fault.label("only `CARRIER <` lines with PDUs are run")));
        }
        let deadline = self.step_end + self.patience;
        loop {
            if let Some(seen) = self.unmatched(&name, step)? {
                self.pdus_matched.insert(seen.seq);
                return self.answered(span, step, &seen);
            }
            if !self.stage.step_toward(deadline) {
                self.stage.advance_to(deadline);
                return Err(Box::new(self.not_seen(span, &name, step)));
            }
        }
    }

    /// The first PDU that is what the line says and that no line has matched.
    fn unmatched(&self, carrier: &str, step: &PduStep) -> Fallible<Option<Seen>> {
        for seen in self.seen(carrier, &step.pdu) {
            if !self.pdus_matched.contains(&seen.seq) && self.has_fields(step, &seen)? {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// The PDUs of that name that the SMSC got for the carrier's phones; of those that name no phone, all.
    fn seen(&self, carrier: &str, name: &str) -> impl Iterator<Item = Seen> {
        let smsc = self.stage.world.smsc();
        self.stage.world.records_since(0).filter_map(move |record| {
            let Event::Pdu {
                link,
                toward: Toward::Smsc,
                name: found,
                sequence_number,
                octets,
                ..
            } = &record.event
            else {
                return None;
            };
            if found != name {
                return None;
            }
            let mut framer = Framer::new(COMMAND_LENGTH_MAX);
            framer.feed(octets);
            let Some(Frame::Pdu { command, .. }) = framer.next_frame() else {
                return None;
            };
            let phone = match &command.pdu {
                Pdu::SubmitSm(message) => message.destination.msisdn(),
                _ => None,
            };
            if phone.is_some_and(|phone| smsc.carrier_of(phone).name != carrier) {
                return None;
            }
            let (seq, at) = (record.seq, record.at);
            Some(Seen {
                seq,
                link: *link,
                sequence_number: *sequence_number,
                at,
                pdu: command.pdu,
            })
        })
    }

    fn has_fields(&self, step: &PduStep, seen: &Seen) -> Fallible<bool> {
        let fields = fields(&seen.pdu);
        for param in &step.fields {
            let Some((_, value)) = fields.iter().find(|(name, _)| *name == param.name.node) else {
                let message = format!("{} has no field `{}`", step.pdu.node, param.name.node);
                let fault = self
                    .fault(Code::E116, param.name.span, message)
                    .label("not known");
                let known = fields.iter().map(|(name, _)| *name);
                return Err(Box::new(fault.did_you_mean(nearest(&param.name, known))));
            };
            if *value != self.scope().value(&param.value.node) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares the status of the answer, once it is there.
    fn answered(&mut self, span: Span, step: &PduStep, seen: &Seen) -> Fallible<()> {
        let Some(wanted) = &step.status else { return Ok(()) };
        let deadline = self.stage.now() + self.patience;
        let status = loop {
            let status = self
                .stage
                .world
                .records_since(seen.seq)
                .find_map(|record| match &record.event {
                    Event::Pdu {
                        link,
                        toward: Toward::Esme,
                        sequence_number,
                        command_status,
                        name,
                        ..
                    } => {
                        let answers = *link == seen.link && *sequence_number == seen.sequence_number;
                        (answers && name.ends_with("_resp")).then_some(Status(*command_status))
                    }
                    _ => None,
                });
            if status.is_some() || !self.stage.step_toward(deadline) {
                break status;
            }
        };
        let found = match status {
            Some(status) if Status::from_name(wanted) == Some(status) => return Ok(()),
            Some(status) => format!("it was answered {status}"),
            None => "it was not answered".to_owned(),
        };
        let fault = self.fault(
            Code::E202,
            span,
            format!("{} at {}: {found}", step.pdu.node, self.offset(seen.at)),
        );
        Err(Box::new(fault.label(format!("expected {}", wanted.node))))
    }

    fn not_seen(&self, span: Span, carrier: &str, step: &PduStep) -> Diagnostic {
        let fault = self.fault(
            Code::E201,
            span,
            format!("the SMSC saw no such {} for {carrier}", step.pdu.node),
        );
        let seen = self
            .seen(carrier, &step.pdu)
            .filter(|seen| !self.pdus_matched.contains(&seen.seq));
        seen.take(4).fold(fault, |fault, seen| {
            let given: Vec<_> = fields(&seen.pdu)
                .into_iter()
                .filter(|(name, _)| step.fields.iter().any(|param| param.name.node == *name))
                .map(|(name, value)| format!("{name}={}", crate::text::quoted(&value)))
                .collect();
            fault.help(format!(
                "at {} came {} {}",
                self.offset(seen.at),
                step.pdu.node,
                given.join(" ")
            ))
        })
    }
}

/// The fields of a PDU by the specification's names, as a scenario compares them: the text as text.
pub(crate) fn fields(pdu: &Pdu) -> Vec<(&'static str, String)> {
    match pdu {
        Pdu::SubmitSm(message) | Pdu::DeliverSm(message) => vec![
            ("service_type", message.service_type.to_string()),
            ("source_addr_ton", u8::from(message.source.ton).to_string()),
            ("source_addr_npi", u8::from(message.source.npi).to_string()),
            ("source_addr", message.source.digits.to_string()),
            ("dest_addr_ton", u8::from(message.destination.ton).to_string()),
            ("dest_addr_npi", u8::from(message.destination.npi).to_string()),
            ("destination_addr", message.destination.digits.to_string()),
            ("esm_class", message.esm_class.to_string()),
            ("protocol_id", message.protocol_id.to_string()),
            ("priority_flag", message.priority_flag.to_string()),
            ("schedule_delivery_time", message.schedule_delivery_time.clone()),
            ("validity_period", message.validity_period.clone()),
            ("registered_delivery", message.registered_delivery.to_string()),
            (
                "replace_if_present_flag",
                message.replace_if_present_flag.to_string(),
            ),
            ("data_coding", message.data_coding.to_string()),
            ("sm_default_msg_id", message.sm_default_msg_id.to_string()),
            ("sm_length", message.short_message.len().to_string()),
            ("short_message", message.segment().text()),
        ],
        other => smpp::Command::request(0, other.clone()).summary(),
    }
}
