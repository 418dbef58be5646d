//! PDUs: those that the SMSC saw or sent for a carrier, and those of outside ESMEs.

use smpp::{Frame, Framer, Pdu, Status};
use sms::{Segment, Timestamp};
use smsc::Codings;
use world::{Event, Toward};

use crate::check::{Kind, captures, is_of_answer};
use crate::diagnostics::{Code, Diagnostic, Fallible};
use crate::esme_actor::request;
use crate::runner::Run;
use crate::runner::scope::Bound;
use crate::suggestion::nearest;
use crate::syntax::{Param, PduStep, Sign, Span, Value};

/// The octets of a PDU that is read back from a record, at most.
const COMMAND_LENGTH_MAX: u32 = 1 << 20;

/// What a step has done already that has to wait for more, where somebody else lets the time pass.
#[derive(Debug)]
pub(super) enum UnderWay {
    /// A PDU was found or sent; its answer is awaited.
    Pdu {
        /// The PDU.
        seen: Box<Seen>,
        /// Until when.
        deadline: Timestamp,
    },
    /// Arrivals of a block have come: of each chain how many, and the record of the last.
    Block(Vec<(usize, Option<u64>)>),
    /// An ESME binds or unbinds.
    Bind {
        /// Until when.
        deadline: Timestamp,
    },
}

/// A PDU among the records.
#[derive(Debug)]
pub(super) struct Seen {
    seq: u64,
    link: u64,
    sequence_number: u32,
    /// Whether the SMSC sent it.
    from_smsc: bool,
    at: Timestamp,
    pdu: Pdu,
}

impl Run<'_> {
    pub(super) fn pdu(&mut self, span: Span, step: &PduStep) -> Fallible<()> {
        let name = self.actor(&step.actor);
        let is_esme = self.kind(&name) == Some(Kind::Esme);
        if let Some(UnderWay::Pdu { seen, deadline }) = self.under_way.take() {
            let wanted = match is_esme && step.sign == Sign::Does {
                true => self.answer_params(step),
                false => Vec::new(),
            };
            return self.answered(span, step, *seen, &wanted, deadline);
        }
        if is_esme && step.sign == Sign::Does {
            return self.esme_does(span, step, &name);
        }
        let deadline = self.step_end + self.patience;
        loop {
            if let Some(seen) = self.unmatched(&name, step)? {
                self.pdus_matched.insert(seen.seq);
                self.capture_fields(step, &fields(&seen.pdu, self.codings(&seen)));
                if is_esme {
                    let status = step.status.as_ref().and_then(|status| Status::from_name(status));
                    let status = status.unwrap_or(Status::ESME_ROK);
                    self.stage.esme_answers(&name, seen.sequence_number, status);
                    self.lanes
                        .add(seen.seq, seen.at, &name, format!("< {}", step.pdu.node));
                }
                let deadline = self.stage.now() + self.patience;
                return self.answered(span, step, seen, &[], deadline);
            }
            if !self.stage.step_toward(deadline) {
                self.stage.advance_to(deadline);
                return Err(Box::new(self.not_seen(span, &name, step)));
            }
        }
    }

    /// Sends what the line says, and compares the answer: without a status it must succeed.
    fn esme_does(&mut self, span: Span, step: &PduStep, name: &str) -> Fallible<()> {
        let wanted = self.answer_params(step);
        let mut given = Vec::new();
        for param in step.fields.iter().filter(|param| !wanted.contains(param)) {
            given.push((param.name.node.clone(), self.scope().value(&param.value.node)));
        }
        let account = self.stage.esme(name).account.clone();
        let pdu = match request(&account, &step.pdu, &given) {
            Ok(pdu) => pdu,
            Err(why) => return Err(Box::new(why.told(&self.scope().path, step))),
        };
        self.begin_action();
        let at = self.stage.now();
        self.lanes.add(
            self.stage.world.next_record(),
            at,
            name,
            format!("> {}", step.pdu.node),
        );
        let (link, sequence_number) = self.stage.esme_sends(name, pdu.clone());
        let seen = Seen {
            seq: self.action_seq,
            link: link.0,
            sequence_number,
            from_smsc: false,
            at,
            pdu,
        };
        let deadline = self.stage.now() + self.patience;
        self.answered(span, step, seen, &wanted, deadline)
    }

    /// The fields of a line that are about the answer: the id of a text that is sent. What a broadcast replaces is named by
    /// the id that it got.
    fn answer_params<'p>(&self, step: &'p PduStep) -> Vec<&'p Param> {
        let answers = |param: &&Param| {
            let bound = matches!(&param.value.node, Value::Var(var) if self.scope().get(var).is_some());
            let replaces = step.pdu.node == "broadcast_sm" && bound;
            is_of_answer(&step.pdu.node, &param.name) && !replaces
        };
        step.fields.iter().filter(answers).collect()
    }

    /// Whether a client from outside has a session as that ESME, which no line of a script is.
    pub(super) fn is_bound_from_outside(&self, name: &str) -> bool {
        let esme = self.stage.esme(name);
        let bound = self.stage.world.smsc().bound_sessions(&esme.account.system_id);
        bound > usize::from(esme.is_bound())
    }

    /// Binds the ESME with its account, or unbinds it and closes its link. A client from outside is
    /// unbound by the message centre.
    pub(super) fn set_bind(&mut self, span: Span, name: &str, up: bool) -> Fallible<()> {
        let account = self.stage.esme(name).account.clone();
        let pdu = if up { "bind_transceiver" } else { "unbind" };
        let deadline = match self.under_way.take() {
            Some(UnderWay::Bind { deadline }) => deadline,
            Some(UnderWay::Pdu { .. } | UnderWay::Block(_)) | None => {
                self.begin_action();
                let told = format!("set bind {}", if up { "up" } else { "down" });
                self.lanes.add(self.action_seq, self.stage.now(), name, told);
                if up == self.stage.esme(name).is_bound() {
                    if !up && self.is_bound_from_outside(name) {
                        let change = world::Change::Unbind {
                            esme: name.to_owned(),
                            system_id: account.system_id,
                        };
                        self.stage.input(world::Input::Change(change));
                    }
                    return Ok(());
                }
                let request = request(&account, pdu, &[]).expect("a PDU without fields");
                self.stage.esme_sends(name, request);
                if !up {
                    self.stage.esme_hangs_up(name);
                }
                self.stage.now() + self.patience
            }
        };
        while self.stage.esme(name).is_bound() != up && self.stage.step_toward(deadline) {}
        if self.stage.esme(name).is_bound() == up {
            return Ok(());
        }
        if self.stage.waits() {
            self.under_way = Some(UnderWay::Bind { deadline });
            return Ok(());
        }
        let fault = self.fault(Code::E202, span, format!("{name} could not bind"));
        let status = self
            .stage
            .world
            .records_since(self.action_seq)
            .find_map(|record| match &record.event {
                Event::Pdu {
                    name, command_status, ..
                } if name == "bind_transceiver_resp" => Some(Status(*command_status)),
                _ => None,
            });
        let label = status.map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"));
        Err(Box::new(fault.label(label)))
    }

    /// Binds the free captures among the fields of a line to what a PDU says.
    fn capture_fields(&mut self, step: &PduStep, found: &[(&'static str, String)]) {
        for param in step.fields.iter().filter(|param| captures(step, &param.name)) {
            let Value::Var(var) = &param.value.node else {
                continue;
            };
            let value = found.iter().find(|(name, _)| *name == param.name.node);
            if let (None, Some((_, value))) = (self.scope().get(var), value) {
                self.scope_mut().bind(var, Bound::Value(value.clone()));
            }
        }
    }

    /// The first PDU that is what the line says and that no line has matched.
    fn unmatched(&mut self, actor: &str, step: &PduStep) -> Fallible<Option<Seen>> {
        let esme = (self.kind(actor) == Some(Kind::Esme)).then(|| self.stage.esme(actor));
        let link = esme.and_then(|esme| esme.link).map(|link| link.0);
        let sees = step.sign == Sign::Sees;
        let line = (actor.to_owned(), link, sees, step.pdu.node.clone());
        let from = self.pdus_open.get(&line).copied().unwrap_or_default();
        let (mut open, mut found) = (None, None);
        for seen in self.seen(actor, step, from.max(self.pdus_from)) {
            if self.pdus_matched.contains(&seen.seq) {
                continue;
            }
            if self.has_fields(step, &seen)? {
                found = Some(seen);
                break;
            }
            open.get_or_insert(seen.seq);
        }
        // The next such line need not look at what was matched before it. The lines of programs in a served world each begin
        // to look somewhere else.
        if self.stage.served.is_none() {
            let first = open.or(found.as_ref().map(|seen| seen.seq));
            let first = first.unwrap_or_else(|| self.stage.world.next_record());
            self.pdus_open.insert(line, first);
        }
        Ok(found)
    }

    /// The PDUs of that name, from a record on, that concern the actor: on the link of an ESME those that it got; of a carrier's phones those
    /// that the SMSC got (`<`) or sent (`>`), and of those that name no phone, all.
    fn seen(&self, actor: &str, step: &PduStep, from: u64) -> impl Iterator<Item = Seen> {
        let smsc = self.stage.world.smsc();
        let esme_link = (self.kind(actor) == Some(Kind::Esme)).then(|| self.stage.esme(actor).link);
        let wanted = match (step.sign, esme_link) {
            (Sign::Sees, None) => Toward::Smsc,
            (Sign::Does, _) | (Sign::Sees, Some(_)) => Toward::Esme,
        };
        self.stage.world.records_since(from).filter_map(move |record| {
            let Event::Pdu {
                link,
                toward,
                name: found,
                sequence_number,
                octets,
                ..
            } = &record.event
            else {
                return None;
            };
            let elsewhere = esme_link.is_some_and(|own| own != Some(smpp::LinkId(*link)));
            if *toward != wanted || *found != step.pdu.node || elsewhere {
                return None;
            }
            let pdu = read(octets)?;
            let phone = match &pdu {
                Pdu::SubmitSm(message) => message.destination.msisdn(),
                Pdu::DeliverSm(message) => message.source.msisdn(),
                _ => None,
            };
            let of_another = |phone| esme_link.is_none() && smsc.carrier_of(phone).name != actor;
            if phone.is_some_and(of_another) {
                return None;
            }
            let (seq, at) = (record.seq, record.at);
            Some(Seen {
                seq,
                link: *link,
                sequence_number: *sequence_number,
                from_smsc: wanted == Toward::Esme,
                at,
                pdu,
            })
        })
    }

    /// What the `data_coding` octets of a PDU mean: to the account that is bound over its link.
    fn codings(&self, seen: &Seen) -> Option<&Codings> {
        let account = self.stage.world.smsc().account_on(smpp::LinkId(seen.link))?;
        Some(&account.codings)
    }

    fn has_fields(&self, step: &PduStep, seen: &Seen) -> Fallible<bool> {
        let fields = fields(&seen.pdu, self.codings(seen));
        for param in &step.fields {
            let Some((_, value)) = fields.iter().find(|(name, _)| *name == param.name.node) else {
                if smpp::tag::from_name(&param.name).is_some() {
                    return Ok(false);
                }
                let message = format!("{} has no field `{}`", step.pdu.node, param.name.node);
                let fault = self
                    .fault(Code::E116, param.name.span, message)
                    .label("not known");
                let known = fields.iter().map(|(name, _)| *name);
                return Err(Box::new(fault.did_you_mean(nearest(&param.name, known))));
            };
            let is_free = match &param.value.node {
                Value::Var(var) => self.scope().get(var).is_none(),
                Value::Bare(_) | Value::Quoted(_) => false,
            };
            let expected = self.scope().value(&param.value.node);
            if !is_free && !is_value(value, &param.value.node, &expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Compares the answer, once it is there: its status with the line's, and the fields `wanted`. A line of an ESME's own
    /// without a status must succeed.
    fn answered(
        &mut self,
        span: Span,
        step: &PduStep,
        seen: Seen,
        wanted: &[&Param],
        deadline: Timestamp,
    ) -> Fallible<()> {
        let own = step.sign == Sign::Does && !seen.from_smsc;
        let expected = match (&step.status, own) {
            (Some(status), _) => status.node.as_str(),
            (None, true) => "ESME_ROK",
            (None, false) => return Ok(()),
        };
        let answer = loop {
            let answer = self.answer_to(&seen);
            if answer.is_some() || !self.stage.step_toward(deadline) {
                break answer;
            }
        };
        let found = match answer {
            Some((status, pdu)) if Status::from_name(expected) == Some(status) => {
                return self.answer_fields(span, step, &pdu, wanted);
            }
            Some((status, _)) => format!("it was answered {status}"),
            None if self.stage.waits() => {
                let seen = Box::new(seen);
                self.under_way = Some(UnderWay::Pdu { seen, deadline });
                return Ok(());
            }
            None => "it was not answered".to_owned(),
        };
        let fault = self.fault(
            Code::E202,
            span,
            format!("{} at {}: {found}", step.pdu.node, self.offset(seen.at)),
        );
        Err(Box::new(fault.label(format!("expected {expected}"))))
    }

    fn answer_to(&self, seen: &Seen) -> Option<(Status, Option<Pdu>)> {
        let answers = if seen.from_smsc {
            Toward::Smsc
        } else {
            Toward::Esme
        };
        self.stage
            .world
            .records_since(seen.seq)
            .find_map(|record| match &record.event {
                Event::Pdu {
                    link,
                    toward,
                    sequence_number,
                    command_status,
                    name,
                    octets,
                } if *link == seen.link
                    && *toward == answers
                    && *sequence_number == seen.sequence_number
                    && (name.ends_with("_resp") || name == "generic_nack") =>
                {
                    Some((Status(*command_status), read(octets)))
                }
                _ => None,
            })
    }

    /// Compares fields of an answer with what captures hold; a free one takes the value.
    fn answer_fields(
        &mut self,
        span: Span,
        step: &PduStep,
        answer: &Option<Pdu>,
        wanted: &[&Param],
    ) -> Fallible<()> {
        let found = answer.as_ref().map(|answer| fields(answer, None));
        let found = found.unwrap_or_default();
        self.capture_fields(step, &found);
        for param in wanted {
            let value = found.iter().find(|(name, _)| *name == param.name.node);
            let value = value.map_or("", |(_, value)| value);
            let expected = self.scope().value(&param.value.node);
            if !is_value(value, &param.value.node, &expected) {
                let message = format!("{} is {}", param.name.node, crate::text::quoted(value));
                let fault = self.fault(Code::E207, span, message);
                return Err(Box::new(fault.label(format!("expected {expected}"))));
            }
        }
        Ok(())
    }

    fn not_seen(&self, span: Span, carrier: &str, step: &PduStep) -> Diagnostic {
        let message = match (self.kind(carrier), step.sign) {
            (Some(Kind::Esme), _) => format!("{carrier} got no such {}", step.pdu.node),
            (_, Sign::Sees) => format!("the SMSC saw no such {} for {carrier}", step.pdu.node),
            (_, Sign::Does) => format!("the SMSC sent no such {} for {carrier}", step.pdu.node),
        };
        let fault = self.fault(Code::E201, span, message);
        let seen = self
            .seen(carrier, step, self.pdus_from)
            .filter(|seen| !self.pdus_matched.contains(&seen.seq));
        seen.take(4).fold(fault, |fault, seen| {
            let given: Vec<_> = fields(&seen.pdu, self.codings(&seen))
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

/// Whether a field has the value that a line gives; numbers may be in hexadecimal there.
fn is_value(found: &str, given: &Value, expected: &str) -> bool {
    let number = || {
        let digits = expected
            .strip_prefix("0x")
            .filter(|_| matches!(given, Value::Bare(_)));
        u64::from_str_radix(digits?, 16).ok()
    };
    found == expected || number().is_some_and(|number| found.parse() == Ok(number))
}

/// The PDU that a record holds.
fn read(octets: &[u8]) -> Option<Pdu> {
    let mut framer = Framer::new(COMMAND_LENGTH_MAX);
    framer.feed(octets);
    match framer.next_frame() {
        Some(Frame::Pdu { command, .. }) => Some(command.pdu),
        _ => None,
    }
}

/// The fields of a PDU by the specification's names, as a scenario compares them: the text as text, optional parameters as
/// numbers where they are, as characters where they can be read, else as `0x...`.
pub(crate) fn fields(pdu: &Pdu, codings: Option<&Codings>) -> Vec<(&'static str, String)> {
    let mut fields = mandatory(pdu, codings);
    // Of several with one name, the first is the one that is compared.
    for tlv in pdu.tlvs().iter().rev() {
        if let Some(name) = smpp::tag::name(tlv.tag) {
            fields.retain(|(known, _)| *known != name);
            fields.push((name, parameter(tlv)));
        }
    }
    fields
}

/// What a segment says, to an account with these codings.
fn text(segment: Segment, codings: Option<&Codings>) -> String {
    match codings {
        Some(codings) => codings.read(segment).text(),
        None => segment.text(),
    }
}

fn parameter(tlv: &smpp::Tlv) -> String {
    let lengths = smpp::tlv::lengths(tlv.tag).unwrap_or(0..=0);
    let is_number = *lengths.start() > 0 && *lengths.end() <= 4;
    let text = tlv.text();
    match tlv.integer().filter(|_| is_number) {
        Some(number) => number.to_string(),
        None if !text.is_empty() && text.chars().all(|character| character.is_ascii_graphic()) => text.into(),
        None => tlv
            .value
            .iter()
            .fold("0x".to_owned(), |hex, octet| format!("{hex}{octet:02x}")),
    }
}

fn mandatory(pdu: &Pdu, codings: Option<&Codings>) -> Vec<(&'static str, String)> {
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
            ("short_message", text(message.segment(), codings)),
        ],
        Pdu::DataSm(data) => vec![
            ("service_type", data.service_type.to_string()),
            ("source_addr_ton", u8::from(data.source.ton).to_string()),
            ("source_addr_npi", u8::from(data.source.npi).to_string()),
            ("source_addr", data.source.digits.to_string()),
            ("dest_addr_ton", u8::from(data.destination.ton).to_string()),
            ("dest_addr_npi", u8::from(data.destination.npi).to_string()),
            ("destination_addr", data.destination.digits.to_string()),
            ("esm_class", data.esm_class.to_string()),
            ("registered_delivery", data.registered_delivery.to_string()),
            ("data_coding", data.data_coding.to_string()),
        ],
        Pdu::QuerySmResp(resp) => vec![
            ("message_id", resp.message_id.to_string()),
            ("final_date", resp.final_date.clone()),
            ("message_state", resp.message_state.to_string()),
            ("error_code", resp.error_code.to_string()),
        ],
        other => {
            // The number is the link's affair, not the PDU's.
            let mut fields = smpp::Command::request(0, other.clone()).summary();
            fields.retain(|(name, _)| *name != "sequence_number");
            fields
        }
    }
}
