//! The operations that carry a text: [`ShortMessage`], [`DataSm`].

use compact_str::CompactString;
use sms::{Address, Octets, Segment};

use crate::tlv::{Tlv, Tlvs, tag};

/// The bits of `esm_class` (SMPP v3.4 §5.2.12).
pub mod esm_class {
    /// The messaging mode: 0 default, 1 datagram, 2 forward, 3 store and forward.
    pub const MODE: u8 = 0x03;
    /// The message type.
    pub const TYPE: u8 = 0x3C;
    /// Type: the text is a delivery receipt.
    pub const RECEIPT: u8 = 0x04;
    /// Type: the handset acknowledges.
    pub const DELIVERY_ACK: u8 = 0x08;
    /// Type: the user acknowledges.
    pub const USER_ACK: u8 = 0x10;
    /// Type: the text is an intermediate notification.
    pub const INTERMEDIATE: u8 = 0x20;
    /// The text begins with a user data header.
    pub const UDHI: u8 = 0x40;
    /// A reply path is set.
    pub const REPLY_PATH: u8 = 0x80;
}

/// The bits of `registered_delivery` (SMPP v3.4 §5.2.17).
pub mod registered_delivery {
    /// Which receipts are wanted: 0 none, 1 final, 2 failure only, 3 success only (v5.0).
    pub const RECEIPT: u8 = 0x03;
    /// A receipt on any final outcome.
    pub const FINAL: u8 = 0x01;
    /// A receipt on failure only.
    pub const FAILURE: u8 = 0x02;
    /// A receipt on success only (v5.0).
    pub const SUCCESS: u8 = 0x03;
    /// The handset's acknowledgement that it has the text.
    pub const DELIVERY_ACK: u8 = 0x04;
    /// An intermediate notification.
    pub const INTERMEDIATE: u8 = 0x10;
}

/// The fields of `submit_sm` and `deliver_sm` (SMPP v3.4 §4.4, §4.6).
///
/// `sm_length` is the length of `short_message`. The default is a text of no octets from nobody to nobody, every field
/// NULL.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ShortMessage {
    /// At most 5 characters, usually empty.
    pub service_type: CompactString,
    /// `source_addr` with TON and NPI, at most 20 characters.
    pub source: Address,
    /// `destination_addr` with TON and NPI, at most 20 characters.
    pub destination: Address,
    /// Mode, type and features: see [`esm_class`].
    pub esm_class: u8,
    /// The TP-PID on GSM.
    pub protocol_id: u8,
    /// 0 to 3 in v3.4.
    pub priority_flag: u8,
    /// When to deliver: empty for now, or 16 characters (see [`crate::time`]).
    pub schedule_delivery_time: String,
    /// Until when to try: empty for the message centre's default, or 16 characters (see [`crate::time`]).
    pub validity_period: String,
    /// Which receipts are wanted: see [`registered_delivery`].
    pub registered_delivery: u8,
    /// 1 to replace a message that is pending.
    pub replace_if_present_flag: u8,
    /// What the octets of the text mean.
    pub data_coding: u8,
    /// A canned text instead; 0 for none.
    pub sm_default_msg_id: u8,
    /// The text with its user data header, at most 255 octets; empty when there is a `message_payload`.
    pub short_message: Octets,
    /// The optional parameters, in the order of the wire.
    pub tlvs: Vec<Tlv>,
}

impl ShortMessage {
    /// A message of one segment. What does not fit in `short_message` goes into a `message_payload`.
    pub fn new(source: Address, destination: Address, segment: &Segment) -> Self {
        Self::carrying(source, destination, segment.clone())
    }

    /// What [`ShortMessage::new`] makes, in the segment's own memory.
    pub fn carrying(source: Address, destination: Address, segment: Segment) -> Self {
        let (short_message, tlvs) = if segment.user_data.len() <= SHORT_MESSAGE_OCTETS_MAX {
            (segment.user_data, Vec::new())
        } else {
            (
                Octets::default(),
                vec![Tlv::new(tag::MESSAGE_PAYLOAD, segment.user_data)],
            )
        };
        Self {
            source,
            destination,
            esm_class: if segment.udhi { esm_class::UDHI } else { 0 },
            data_coding: segment.data_coding,
            short_message,
            tlvs,
            ..Self::default()
        }
    }

    /// The octets of the text with its header, from `short_message` or, when that is empty, `message_payload`.
    pub fn user_data(&self) -> &[u8] {
        user_data(&self.short_message, &self.tlvs)
    }

    /// The text as a segment; the SAR parameters, when there is no header, become one.
    pub fn segment(&self) -> Segment {
        let has_payload_only = self.short_message.is_empty() && !self.tlvs.is_empty();
        let udhi = self.esm_class & esm_class::UDHI != 0;
        if has_payload_only || (!udhi && concatenation(&self.tlvs).is_some()) {
            return segment(self.esm_class, self.data_coding, self.user_data(), &self.tlvs);
        }
        Segment {
            data_coding: self.data_coding,
            udhi,
            user_data: self.short_message.clone(),
        }
    }

    /// Whether the text is a delivery receipt or an intermediate notification.
    pub const fn is_receipt(&self) -> bool {
        matches!(
            self.esm_class & esm_class::TYPE,
            esm_class::RECEIPT | esm_class::INTERMEDIATE
        )
    }

    pub(crate) fn summarize(&self, fields: &mut Vec<(&'static str, String)>) {
        summarize(
            &self.source,
            &self.destination,
            [self.esm_class, self.data_coding],
            self.user_data(),
            fields,
        );
        summarize_tlvs(&self.tlvs, fields);
    }
}

/// The most octets of `short_message` in v3.4 (§5.2.21); v5.0 allows one more.
pub const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// `data_sm` (SMPP v3.4 §4.7): the text is in a `message_payload`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DataSm {
    /// At most 5 characters, usually empty.
    pub service_type: CompactString,
    /// `source_addr` with TON and NPI, at most 64 characters.
    pub source: Address,
    /// `destination_addr` with TON and NPI, at most 64 characters.
    pub destination: Address,
    /// Mode, type and features: see [`esm_class`].
    pub esm_class: u8,
    /// Which receipts are wanted: see [`registered_delivery`].
    pub registered_delivery: u8,
    /// What the octets of the text mean.
    pub data_coding: u8,
    /// The optional parameters, in the order of the wire.
    pub tlvs: Vec<Tlv>,
}

impl From<ShortMessage> for DataSm {
    /// The same text in a `data_sm`, whatever its length in `message_payload`; the fields that one does not have are gone.
    fn from(message: ShortMessage) -> Self {
        let mut tlvs = message.tlvs;
        if !message.short_message.is_empty() {
            tlvs.insert(0, Tlv::new(tag::MESSAGE_PAYLOAD, message.short_message.to_vec()));
        }
        Self {
            service_type: message.service_type,
            source: message.source,
            destination: message.destination,
            esm_class: message.esm_class,
            registered_delivery: message.registered_delivery,
            data_coding: message.data_coding,
            tlvs,
        }
    }
}

impl DataSm {
    /// The octets of the text with its header.
    pub fn user_data(&self) -> &[u8] {
        user_data(&[], &self.tlvs)
    }

    /// The text as a segment; the SAR parameters, when there is no header, become one.
    pub fn segment(&self) -> Segment {
        segment(self.esm_class, self.data_coding, self.user_data(), &self.tlvs)
    }

    pub(crate) fn summarize(&self, fields: &mut Vec<(&'static str, String)>) {
        summarize(
            &self.source,
            &self.destination,
            [self.esm_class, self.data_coding],
            self.user_data(),
            fields,
        );
        summarize_tlvs(&self.tlvs, fields);
    }
}

fn user_data<'a>(short_message: &'a [u8], tlvs: &'a [Tlv]) -> &'a [u8] {
    if short_message.is_empty() {
        tlvs.tlv(tag::MESSAGE_PAYLOAD)
            .map_or(short_message, |payload| &payload.value)
    } else {
        short_message
    }
}

fn segment(esm_class: u8, data_coding: u8, user_data: &[u8], tlvs: &[Tlv]) -> Segment {
    let udhi = esm_class & esm_class::UDHI != 0;
    match concatenation(tlvs).filter(|_| !udhi) {
        Some(concatenation) => Segment::part(data_coding, concatenation, user_data),
        None => Segment {
            data_coding,
            udhi,
            user_data: user_data.into(),
        },
    }
}

/// What the three SAR parameters say; they count only together (SMPP v3.4 §5.3.2.22).
fn concatenation(tlvs: &[Tlv]) -> Option<sms::Concatenation> {
    let octet = |tag| tlvs.tlv_integer(tag).and_then(|number| u8::try_from(number).ok());
    let concatenation = sms::Concatenation {
        reference: tlvs
            .tlv_integer(tag::SAR_MSG_REF_NUM)
            .and_then(|number| u16::try_from(number).ok())?,
        wide: true,
        total: octet(tag::SAR_TOTAL_SEGMENTS)?,
        number: octet(tag::SAR_SEGMENT_SEQNUM)?,
    };
    (concatenation.is_valid() && concatenation.total > 1).then_some(concatenation)
}

fn summarize(
    source: &Address,
    destination: &Address,
    [esm_class, data_coding]: [u8; 2],
    user_data: &[u8],
    fields: &mut Vec<(&'static str, String)>,
) {
    fields.push(("source_addr", source.to_string()));
    fields.push(("destination_addr", destination.to_string()));
    if esm_class != 0 {
        fields.push(("esm_class", format!("{esm_class:#04x}")));
    }
    if data_coding != 0 {
        fields.push(("data_coding", format!("{data_coding:#04x}")));
    }
    fields.push(("sm_length", user_data.len().to_string()));
}

fn summarize_tlvs(tlvs: &[Tlv], fields: &mut Vec<(&'static str, String)>) {
    if let Some(message_id) = tlvs.tlv_text(tag::RECEIPTED_MESSAGE_ID) {
        fields.push(("receipted_message_id", message_id.into_string()));
    }
    if let Some(state) = tlvs.tlv_integer(tag::MESSAGE_STATE) {
        fields.push(("message_state", state.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use sms::{Encoding, Reference};

    use super::*;

    fn segment_of(octets: usize) -> Segment {
        Segment::whole(&"a".repeat(octets), Encoding::Gsm7)
    }

    #[test]
    fn a_segment_comes_back_from_either_carrier() {
        for octets in [0, 160, 254, 255, 1000] {
            let segment = segment_of(octets);
            let message = ShortMessage::new(Address::default(), Address::default(), &segment);
            assert_eq!(
                message.short_message.is_empty(),
                octets == 0 || octets > SHORT_MESSAGE_OCTETS_MAX
            );
            assert_eq!(message.segment(), segment);
        }
        for part in Segment::split(&"a".repeat(200), Reference::Octet(9)).expect("two parts") {
            let message = ShortMessage::new(Address::default(), Address::default(), &part);
            assert_eq!(message.esm_class, esm_class::UDHI);
            assert_eq!(message.segment(), part);
        }
    }

    #[test]
    fn sar_parameters_become_a_header_only_together_and_without_udhi() {
        let sar = |numbers: &[(u16, u16)]| {
            let tlvs = numbers.iter().map(|(tag, number)| match *tag {
                tag::SAR_MSG_REF_NUM => Tlv::short(*tag, *number),
                _ => Tlv::octet(*tag, number.to_be_bytes()[1]),
            });
            ShortMessage {
                tlvs: tlvs.collect(),
                short_message: b"hi".into(),
                ..ShortMessage::default()
            }
        };
        let all = [
            (tag::SAR_MSG_REF_NUM, 0x0102),
            (tag::SAR_TOTAL_SEGMENTS, 3),
            (tag::SAR_SEGMENT_SEQNUM, 2),
        ];
        let concatenation = sar(&all).segment().concatenation().expect("a part");
        assert_eq!(
            concatenation,
            sms::Concatenation {
                reference: 0x0102,
                wide: true,
                total: 3,
                number: 2
            }
        );
        assert_eq!(sar(&all).segment().text(), "hi");
        for without in 0..3 {
            let mut some = all.to_vec();
            some.remove(without);
            assert!(!sar(&some).segment().udhi);
        }
        let udhi = ShortMessage {
            esm_class: esm_class::UDHI,
            ..sar(&all)
        };
        assert_eq!(udhi.segment().user_data, b"hi");
    }
}
