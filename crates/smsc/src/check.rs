//! Whether a text may be submitted: every check of a `submit_sm`, a `data_sm` and a `submit_multi`, field by field in
//! the order of the wire.

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;
use smpp::time::Time;
use smpp::{ShortMessage, Status, Tlvs as _, esm_class, registered_delivery, tag};
use sms::{Address, Encoding, Npi, Number, Originator, Segment, Timestamp, Ton};

use crate::account::{Account, Coding};
use crate::carrier::Carrier;
use crate::event::SubmitRefusal;
use crate::message::Destination;

/// What the checks depend on.
pub(crate) struct Rules<'a> {
    /// The sender.
    pub account: &'a Account,
    /// The `interface_version` of its session.
    pub version: u8,
    /// Whether reserved values are refused ([`crate::Config::strict_fields`]).
    pub strict: bool,
    /// Whether the operation is `data_sm`, which has transaction mode in v3.4 and must have a `message_payload`.
    pub data_sm: bool,
    /// [`crate::Config::schedule_max`].
    pub schedule_max: Duration,
    /// [`crate::Config::default_messages`].
    pub default_messages: &'a BTreeMap<u8, CompactString>,
}

/// A text that passed.
#[derive(Debug)]
pub(crate) struct Submission {
    /// From.
    pub source: Originator,
    /// What it says.
    pub segment: Segment,
    /// In which `data_coding` its sender wrote it.
    pub data_coding: u8,
    /// When it is tried first, if that is later than now.
    pub scheduled_at: Option<Timestamp>,
    /// When its validity ends, if it says so.
    pub expires_at: Option<Timestamp>,
    /// Which receipts are wanted.
    pub registered_delivery: u8,
    /// Datagram mode.
    pub datagram: bool,
    /// Transaction mode.
    pub transaction: bool,
    /// `user_message_reference`.
    pub user_message_reference: Option<u16>,
    /// `set_dpf`.
    pub set_dpf: bool,
    /// `replace_if_present_flag`.
    pub replace: bool,
}

/// Why a text did not pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    /// The answer.
    pub status: Status,
    /// In words.
    pub reason: SubmitRefusal,
}

impl Refusal {
    #[cold]
    const fn field(status: Status, reason: &'static str) -> Self {
        Self {
            status,
            reason: SubmitRefusal::Field(reason),
        }
    }
}

/// Fails with a field's status and reason unless `holds`.
const fn ensure(holds: bool, status: Status, reason: &'static str) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::field(status, reason))
    }
}

impl Rules<'_> {
    /// Checks everything but the destination, which [`Rules::check_destination`] does.
    pub fn check(&self, now: Timestamp, message: &ShortMessage) -> Result<Submission, Refusal> {
        let source = self.check_source(&message.source)?;
        self.check_esm_class(message)?;
        let priority_max = if self.version >= 0x50 { 4 } else { 3 };
        self.reserved(
            message.priority_flag <= priority_max,
            Status::ESME_RINVPRTFLG,
            "priority_flag is reserved",
        )?;
        let (scheduled_at, expires_at) = self.check_times(now, message)?;
        let registered_delivery = self.check_registered_delivery(message.registered_delivery)?;
        self.reserved(
            message.replace_if_present_flag <= 1,
            Status::ESME_RINVREPFLAG,
            "replace_if_present_flag is neither 0 nor 1",
        )?;
        self.check_text(message)?;
        let mode = message.esm_class & esm_class::MODE;
        Ok(Submission {
            source,
            segment: self.text(message),
            data_coding: message.data_coding,
            scheduled_at,
            expires_at,
            registered_delivery,
            datagram: mode == 1,
            transaction: mode == 2,
            user_message_reference: message
                .tlvs
                .tlv_integer(tag::USER_MESSAGE_REFERENCE)
                .and_then(|reference| u16::try_from(reference).ok()),
            set_dpf: message.tlvs.tlv_integer(tag::SET_DPF) == Some(1),
            replace: message.replace_if_present_flag == 1,
        })
    }

    /// Checks a destination: an E.164 number, or a North American one without its country code; `meant` is the handset that
    /// it means, if it means one.
    pub fn check_destination(
        &self,
        destination: &Address,
        meant: Option<Destination>,
    ) -> Result<Destination, Refusal> {
        let invalid = |reason| Refusal::field(Status::ESME_RINVDSTADR, reason);
        if destination.digits.is_empty() {
            return Err(invalid("destination_addr is empty"));
        }
        self.reserved(
            !matches!(destination.ton, Ton::Reserved(_)),
            Status::ESME_RINVDSTTON,
            "dest_addr_ton is reserved",
        )?;
        self.reserved(
            known_npi(destination.npi),
            Status::ESME_RINVDSTNPI,
            "dest_addr_npi is reserved",
        )?;
        meant.ok_or_else(|| {
            let digits = unsigned(&destination.digits);
            let has_letters =
                destination.ton == Ton::Alphanumeric || !digits.bytes().all(|octet| octet.is_ascii_digit());
            invalid(if has_letters {
                "destination_addr has letters"
            } else {
                "destination_addr is no subscriber number"
            })
        })
    }

    /// The account must be for the carrier that serves the number, the carrier must take sources like that, and a parameter
    /// that names a carrier must name this one.
    pub fn check_carrier(
        &self,
        message: &ShortMessage,
        source: &Originator,
        carrier: &Carrier,
    ) -> Result<(), Refusal> {
        ensure(
            self.account.is_for(&carrier.name),
            Status::ESME_RINVDSTADR,
            "the account is not for the carrier that serves the number",
        )?;
        ensure(
            carrier.alphanumeric_sources || source.is_digits(),
            Status::ESME_RINVSRCTON,
            "the carrier takes no source_addr in letters",
        )?;
        let Some(own) = &carrier.tlv else { return Ok(()) };
        let said = message.tlvs.tlv(own.tag);
        ensure(
            said.is_none_or(|said| said.text() == own.text()),
            WRONG_CARRIER,
            "the parameter for the carrier names another one than serves the number",
        )
    }

    /// Checks a source, and puts the account's own in the place of none.
    pub fn check_source(&self, source: &Address) -> Result<Originator, Refusal> {
        let invalid = |reason| Refusal::field(Status::ESME_RINVSRCADR, reason);
        if source.digits.is_empty() {
            return self
                .account
                .source_by_default()
                .map(Originator::from)
                .ok_or_else(|| invalid("source_addr is empty, and the account has no source of its own"));
        }
        self.reserved(
            !matches!(source.ton, Ton::Reserved(_)),
            Status::ESME_RINVSRCTON,
            "source_addr_ton is reserved",
        )?;
        self.reserved(
            known_npi(source.npi),
            Status::ESME_RINVSRCNPI,
            "source_addr_npi is reserved",
        )?;
        let not_its = Refusal {
            status: Status::ESME_RINVSRCADR,
            reason: SubmitRefusal::NotItsSource,
        };
        if let Some(number) = Number::of(source) {
            let may_send = self.account.may_send_from(source);
            return may_send.then_some(Originator::Number(number)).ok_or(not_its);
        }
        let digits = unsigned(&source.digits);
        let is_number = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
        let may_have_letters = matches!(source.ton, Ton::Alphanumeric | Ton::Unknown);
        if !is_number && !may_have_letters {
            return Err(invalid("source_addr has letters, but its TON says number"));
        }
        if !is_number && source.digits.chars().count() > ALPHANUMERIC_CHARACTERS_MAX {
            return Err(invalid(
                "source_addr has more letters than the air interface carries",
            ));
        }
        if digits.len() > ADDRESS_CHARACTERS_MAX {
            return Err(invalid("source_addr is too long"));
        }
        let mut source = source.clone();
        if source.digits.starts_with('+') {
            source.digits.remove(0);
        }
        if self.account.may_send_from(&source) {
            Ok(source.into())
        } else {
            Err(not_its)
        }
    }

    fn check_esm_class(&self, message: &ShortMessage) -> Result<(), Refusal> {
        let invalid = Status::ESME_RINVESMCLASS;
        let transaction = message.esm_class & esm_class::MODE == 2;
        ensure(
            !transaction || self.data_sm || self.version >= 0x50,
            invalid,
            "transaction mode is for data_sm in v3.4",
        )?;
        let kind = message.esm_class & esm_class::TYPE;
        self.reserved(
            matches!(kind, 0 | esm_class::DELIVERY_ACK | esm_class::USER_ACK),
            invalid,
            "esm_class says a type that an ESME does not send",
        )?;
        if message.esm_class & esm_class::UDHI == 0 {
            return Ok(());
        }
        let segment = message.segment();
        ensure(
            !segment.user_data.is_empty() && segment.has_whole_header(),
            invalid,
            "the user data header is longer than the text",
        )?;
        let in_the_header = [
            tag::SAR_MSG_REF_NUM,
            tag::SAR_TOTAL_SEGMENTS,
            tag::SAR_SEGMENT_SEQNUM,
            tag::SOURCE_PORT,
            tag::DESTINATION_PORT,
        ];
        ensure(
            !in_the_header
                .into_iter()
                .any(|tag| message.tlvs.tlv(tag).is_some()),
            Status::ESME_RINVTLVVAL,
            "parameters for segments or ports beside a user data header",
        )
    }

    /// When the text is tried first, and when its validity ends.
    pub fn check_times(
        &self,
        now: Timestamp,
        message: &ShortMessage,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>), Refusal> {
        if message.schedule_delivery_time.is_empty()
            && message.validity_period.is_empty()
            && message.tlvs.is_empty()
        {
            return Ok((None, None));
        }
        let schedule = |reason| Refusal::field(Status::ESME_RINVSCHED, reason);
        let expiry = |reason| Refusal::field(Status::ESME_RINVEXPIRY, reason);
        let scheduled_at = Time::parse(&message.schedule_delivery_time)
            .map_err(|_| schedule("schedule_delivery_time is malformed"))?
            .map(|time| time.after(now))
            // What is scheduled for the past is delivered now.
            .filter(|at| *at > now);
        if scheduled_at.is_some_and(|at| at > now + self.schedule_max) {
            return Err(schedule("schedule_delivery_time is too far ahead"));
        }
        let validity = Time::parse(&message.validity_period)
            .map_err(|_| expiry("validity_period is malformed"))?
            .map(|time| time.after(now));
        let time_to_live = message.tlvs.tlv_integer(tag::QOS_TIME_TO_LIVE);
        let expires_at = validity.or_else(|| Some(now + Duration::from_secs(u64::from(time_to_live?))));
        if expires_at.is_some_and(|at| at <= scheduled_at.unwrap_or(now)) {
            return Err(expiry("validity_period ends before the text is tried"));
        }
        Ok((scheduled_at, expires_at))
    }

    /// Which receipts are wanted; a reserved value reads as none where it is not refused.
    pub fn check_registered_delivery(&self, flags: u8) -> Result<u8, Refusal> {
        let success_only = flags & registered_delivery::RECEIPT == registered_delivery::SUCCESS;
        let known = flags & 0xE0 == 0 && !(success_only && self.version < 0x50);
        let status = Status::ESME_RINVREGDLVFLG;
        self.reserved(known, status, "registered_delivery is reserved")?;
        let flags = if known { flags } else { 0 };
        let wants = flags & (registered_delivery::RECEIPT | registered_delivery::INTERMEDIATE) != 0;
        ensure(
            !wants || self.account.receipts_allowed,
            status,
            "the account gets no receipts",
        )?;
        Ok(flags)
    }

    /// What a message says: its own text, else the canned one that it names.
    fn text(&self, message: &ShortMessage) -> Segment {
        match self.canned(message.sm_default_msg_id) {
            Ok(Some(text)) if message.user_data().is_empty() => Segment::whole(text, Encoding::of(text)),
            Ok(_) | Err(_) => self.account.read(message.segment()),
        }
    }

    /// The canned text of that number; none for 0.
    pub fn canned(&self, sm_default_msg_id: u8) -> Result<Option<&str>, Status> {
        match (sm_default_msg_id, self.default_messages.get(&sm_default_msg_id)) {
            (0, _) => Ok(None),
            (_, Some(text)) => Ok(Some(text.as_str())),
            (_, None) => Err(Status::ESME_RINVDFTMSGID),
        }
    }

    fn check_text(&self, message: &ShortMessage) -> Result<(), Refusal> {
        let payload = message.tlvs.tlv(tag::MESSAGE_PAYLOAD).is_some();
        ensure(
            !self.data_sm || payload,
            Status::ESME_RMISSINGTLV,
            "data_sm needs a message_payload",
        )?;
        let user_data = message.user_data();
        ensure(
            !user_data.is_empty() || self.canned(message.sm_default_msg_id).is_ok(),
            Status::ESME_RINVDFTMSGID,
            "there is no such canned message",
        )?;
        ensure(
            message.short_message.is_empty() || !payload,
            Status::ESME_RTLVNOTALLWD,
            "message_payload beside a short_message",
        )?;
        self.check_length(&message.short_message)?;
        self.check_coding(message.data_coding, || message.segment())
    }

    /// Whether the account writes texts so.
    pub fn check_coding(&self, data_coding: u8, segment: impl FnOnce() -> Segment) -> Result<(), Refusal> {
        let codings = &self.account.codings;
        let is_ucs2 = if codings.is_empty() {
            Encoding::from_data_coding(data_coding) == Encoding::Ucs2
        } else {
            let coding = codings.of(data_coding);
            let reason = "the account's texts are not taken in that data_coding";
            ensure(coding != Coding::Refused, Status::ESME_RINVDCS, reason)?;
            coding == Coding::Ucs2
        };
        ensure(
            !is_ucs2 || segment().body().len().is_multiple_of(2),
            Status::ESME_RINVMSGLEN,
            "UCS-2 with an odd number of octets",
        )
    }

    /// The most that a `short_message` holds: 254 octets, 255 from v5.0 on.
    pub fn check_length(&self, short_message: &[u8]) -> Result<(), Refusal> {
        let octets_max = if self.version >= 0x50 {
            255
        } else {
            smpp::SHORT_MESSAGE_OCTETS_MAX
        };
        ensure(
            short_message.len() <= octets_max,
            Status::ESME_RINVMSGLEN,
            "short_message is too long",
        )
    }

    /// Fails only where reserved values are refused.
    const fn reserved(&self, known: bool, status: Status, reason: &'static str) -> Result<(), Refusal> {
        ensure(known || !self.strict, status, reason)
    }
}

/// The answer to a text whose parameter names a wrong carrier, as an aggregator of the time had it.
const WRONG_CARRIER: Status = Status(0x401);

/// The most characters of an alphanumeric source: 11 septets of 7 bits fill the 10 octets of an address on the air
/// (3GPP TS 23.040 §9.1.2.5).
const ALPHANUMERIC_CHARACTERS_MAX: usize = 11;

/// The most characters of an address in `submit_sm` (SMPP v3.4 §5.2.8), and of a number anywhere.
const ADDRESS_CHARACTERS_MAX: usize = 20;

/// The digits without the `+` that some peers send.
fn unsigned(digits: &str) -> &str {
    digits.strip_prefix('+').unwrap_or(digits)
}

/// Whether the specification names that NPI (SMPP v3.4 §5.2.6).
const fn known_npi(npi: Npi) -> bool {
    match npi {
        Npi::Unknown | Npi::Isdn | Npi::National | Npi::Private => true,
        Npi::Other(octet) => matches!(octet, 3 | 4 | 6 | 10 | 14 | 18),
    }
}
