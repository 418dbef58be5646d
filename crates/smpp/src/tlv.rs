//! Optional parameters: [`Tlv`] and the numbers of their [`tag`]s.

use std::ops::RangeInclusive;

use compact_str::CompactString;

/// An optional parameter as the wire carries it (SMPP v3.4 §5.3): a tag and the octets of its value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Tlv {
    /// What the value is: one of [`tag`], or a vendor's.
    pub tag: u16,
    /// The value's octets, at most 65,535.
    pub value: Vec<u8>,
}

impl Tlv {
    /// A parameter with that value.
    pub fn new(tag: u16, value: impl Into<Vec<u8>>) -> Self {
        Self {
            tag,
            value: value.into(),
        }
    }

    /// A parameter of one octet.
    pub fn octet(tag: u16, value: u8) -> Self {
        Self::new(tag, [value])
    }

    /// A parameter of two octets.
    pub fn short(tag: u16, value: u16) -> Self {
        Self::new(tag, value.to_be_bytes())
    }

    /// A parameter of four octets.
    pub fn long(tag: u16, value: u32) -> Self {
        Self::new(tag, value.to_be_bytes())
    }

    /// A parameter that is a C-Octet String; the NUL is added.
    pub fn c_octet_string(tag: u16, text: &str) -> Self {
        let mut value = Vec::with_capacity(text.len() + 1);
        value.extend_from_slice(text.as_bytes());
        value.push(0);
        Self { tag, value }
    }

    /// The value as an unsigned number, when it has one to four octets.
    pub fn integer(&self) -> Option<u32> {
        if !(1..=4).contains(&self.value.len()) {
            return None;
        }
        Some(
            self.value
                .iter()
                .fold(0, |number, octet| number << 8 | u32::from(*octet)),
        )
    }

    /// The value as characters up to its first NUL, which some peers leave out; octets above 0x7F are read as ISO 8859-1.
    pub fn text(&self) -> CompactString {
        self.value
            .iter()
            .take_while(|octet| **octet != 0)
            .map(|octet| char::from(*octet))
            .collect()
    }
}

/// Access to the optional parameters of a PDU.
pub trait Tlvs {
    /// The first parameter with that tag.
    fn tlv(&self, tag: u16) -> Option<&Tlv>;

    /// The first parameter with that tag as a number.
    fn tlv_integer(&self, tag: u16) -> Option<u32> {
        self.tlv(tag).and_then(Tlv::integer)
    }

    /// The first parameter with that tag as characters.
    fn tlv_text(&self, tag: u16) -> Option<CompactString> {
        self.tlv(tag).map(Tlv::text)
    }
}

impl Tlvs for [Tlv] {
    fn tlv(&self, tag: u16) -> Option<&Tlv> {
        self.iter().find(|tlv| tlv.tag == tag)
    }
}

macro_rules! tags {
    ($($name:ident = $tag:literal, $text:literal, $lengths:expr;)*) => {
        /// The tags of the optional parameters (SMPP v3.4 §5.3.2, v5.0 §4.8.1).
        pub mod tag {
            $(#[doc = concat!("`", $text, "`.")]
            pub const $name: u16 = $tag;)*

            /// The specification's name of a tag; none for a vendor's or a reserved one.
            pub const fn name(tag: u16) -> Option<&'static str> {
                match tag {
                    $($tag => Some($text),)*
                    _ => None,
                }
            }

            /// The tag that has that name in the specification.
            pub fn from_name(name: &str) -> Option<u16> {
                match name {
                    $($text => Some($tag),)*
                    _ => None,
                }
            }
        }

        /// How many octets the value of a known tag has. Where implementations differ from the specification, the range
        /// takes in both: a C-Octet String may lack its NUL, `broadcast_rep_num` has one to three octets.
        pub const fn lengths(tag: u16) -> Option<RangeInclusive<usize>> {
            match tag {
                $($tag => Some($lengths),)*
                _ => None,
            }
        }
    };
}

const ANY: RangeInclusive<usize> = 0..=65_535;

tags! {
    DEST_ADDR_SUBUNIT = 0x0005, "dest_addr_subunit", 1..=1;
    DEST_NETWORK_TYPE = 0x0006, "dest_network_type", 1..=1;
    DEST_BEARER_TYPE = 0x0007, "dest_bearer_type", 1..=1;
    DEST_TELEMATICS_ID = 0x0008, "dest_telematics_id", 2..=2;
    SOURCE_ADDR_SUBUNIT = 0x000D, "source_addr_subunit", 1..=1;
    SOURCE_NETWORK_TYPE = 0x000E, "source_network_type", 1..=1;
    SOURCE_BEARER_TYPE = 0x000F, "source_bearer_type", 1..=1;
    SOURCE_TELEMATICS_ID = 0x0010, "source_telematics_id", 1..=2;
    QOS_TIME_TO_LIVE = 0x0017, "qos_time_to_live", 4..=4;
    PAYLOAD_TYPE = 0x0019, "payload_type", 1..=1;
    ADDITIONAL_STATUS_INFO_TEXT = 0x001D, "additional_status_info_text", 0..=256;
    RECEIPTED_MESSAGE_ID = 0x001E, "receipted_message_id", 0..=65;
    MS_MSG_WAIT_FACILITIES = 0x0030, "ms_msg_wait_facilities", 1..=1;
    PRIVACY_INDICATOR = 0x0201, "privacy_indicator", 1..=1;
    SOURCE_SUBADDRESS = 0x0202, "source_subaddress", 2..=23;
    DEST_SUBADDRESS = 0x0203, "dest_subaddress", 2..=23;
    USER_MESSAGE_REFERENCE = 0x0204, "user_message_reference", 2..=2;
    USER_RESPONSE_CODE = 0x0205, "user_response_code", 1..=1;
    SOURCE_PORT = 0x020A, "source_port", 2..=2;
    DESTINATION_PORT = 0x020B, "destination_port", 2..=2;
    SAR_MSG_REF_NUM = 0x020C, "sar_msg_ref_num", 2..=2;
    LANGUAGE_INDICATOR = 0x020D, "language_indicator", 1..=1;
    SAR_TOTAL_SEGMENTS = 0x020E, "sar_total_segments", 1..=1;
    SAR_SEGMENT_SEQNUM = 0x020F, "sar_segment_seqnum", 1..=1;
    SC_INTERFACE_VERSION = 0x0210, "sc_interface_version", 1..=1;
    CALLBACK_NUM_PRES_IND = 0x0302, "callback_num_pres_ind", 1..=1;
    CALLBACK_NUM_ATAG = 0x0303, "callback_num_atag", 0..=65;
    NUMBER_OF_MESSAGES = 0x0304, "number_of_messages", 1..=1;
    CALLBACK_NUM = 0x0381, "callback_num", 4..=19;
    DPF_RESULT = 0x0420, "dpf_result", 1..=1;
    SET_DPF = 0x0421, "set_dpf", 1..=1;
    MS_AVAILABILITY_STATUS = 0x0422, "ms_availability_status", 1..=1;
    NETWORK_ERROR_CODE = 0x0423, "network_error_code", 3..=3;
    MESSAGE_PAYLOAD = 0x0424, "message_payload", ANY;
    DELIVERY_FAILURE_REASON = 0x0425, "delivery_failure_reason", 1..=1;
    MORE_MESSAGES_TO_SEND = 0x0426, "more_messages_to_send", 1..=1;
    MESSAGE_STATE = 0x0427, "message_state", 1..=1;
    CONGESTION_STATE = 0x0428, "congestion_state", 1..=1;
    USSD_SERVICE_OP = 0x0501, "ussd_service_op", 1..=1;
    BROADCAST_CHANNEL_INDICATOR = 0x0600, "broadcast_channel_indicator", 1..=1;
    BROADCAST_CONTENT_TYPE = 0x0601, "broadcast_content_type", 3..=3;
    BROADCAST_CONTENT_TYPE_INFO = 0x0602, "broadcast_content_type_info", 0..=255;
    BROADCAST_MESSAGE_CLASS = 0x0603, "broadcast_message_class", 1..=1;
    BROADCAST_REP_NUM = 0x0604, "broadcast_rep_num", 1..=3;
    BROADCAST_FREQUENCY_INTERVAL = 0x0605, "broadcast_frequency_interval", 3..=3;
    BROADCAST_AREA_IDENTIFIER = 0x0606, "broadcast_area_identifier", ANY;
    BROADCAST_ERROR_STATUS = 0x0607, "broadcast_error_status", 4..=4;
    BROADCAST_AREA_SUCCESS = 0x0608, "broadcast_area_success", 1..=1;
    BROADCAST_END_TIME = 0x0609, "broadcast_end_time", 16..=17;
    BROADCAST_SERVICE_GROUP = 0x060A, "broadcast_service_group", 0..=255;
    BILLING_IDENTIFICATION = 0x060B, "billing_identification", 1..=1024;
    SOURCE_NETWORK_ID = 0x060D, "source_network_id", 6..=65;
    DEST_NETWORK_ID = 0x060E, "dest_network_id", 6..=65;
    SOURCE_NODE_ID = 0x060F, "source_node_id", 6..=6;
    DEST_NODE_ID = 0x0610, "dest_node_id", 6..=6;
    DEST_ADDR_NP_RESOLUTION = 0x0611, "dest_addr_np_resolution", 1..=1;
    DEST_ADDR_NP_INFORMATION = 0x0612, "dest_addr_np_information", 10..=10;
    DEST_ADDR_NP_COUNTRY = 0x0613, "dest_addr_np_country", 1..=5;
    DISPLAY_TIME = 0x1201, "display_time", 1..=1;
    SMS_SIGNAL = 0x1203, "sms_signal", 2..=2;
    MS_VALIDITY = 0x1204, "ms_validity", 1..=4;
    ALERT_ON_MESSAGE_DELIVERY = 0x130C, "alert_on_message_delivery", 0..=1;
    ITS_REPLY_TYPE = 0x1380, "its_reply_type", 1..=1;
    ITS_SESSION_INFO = 0x1383, "its_session_info", 2..=2;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_numbers_and_text() {
        for (tlv, integer, text) in [
            (Tlv::octet(tag::MESSAGE_STATE, 2), Some(2), "\u{2}"),
            (Tlv::short(tag::SAR_MSG_REF_NUM, 0x4142), Some(0x4142), "AB"),
            (Tlv::long(tag::QOS_TIME_TO_LIVE, 86_400), Some(86_400), ""),
            (
                Tlv::c_octet_string(tag::RECEIPTED_MESSAGE_ID, "0000002a"),
                None,
                "0000002a",
            ),
            (Tlv::new(tag::RECEIPTED_MESSAGE_ID, *b"nonul"), None, "nonul"),
            (Tlv::new(0x1401, []), None, ""),
        ] {
            assert_eq!(tlv.integer(), integer, "{tlv:?}");
            assert_eq!(tlv.text(), text, "{tlv:?}");
        }
    }

    #[test]
    fn every_named_tag_has_a_length() {
        let named: Vec<u16> = (0..=u16::MAX).filter(|tag| tag::name(*tag).is_some()).collect();
        assert_eq!(named.len(), 64);
        for tag in named {
            assert!(
                lengths(tag).is_some_and(|range| range.start() <= range.end()),
                "{tag:#06x}"
            );
            assert_eq!(tag::name(tag).and_then(tag::from_name), Some(tag));
        }
        assert_eq!(lengths(0x1401), None);
    }

    #[test]
    fn the_first_of_two_parameters_is_found() {
        let tlvs = [Tlv::octet(5, 1), Tlv::octet(6, 2), Tlv::octet(5, 3)];
        assert_eq!(tlvs.tlv_integer(5), Some(1));
        assert_eq!(tlvs.tlv(7), None);
        assert_eq!(tlvs.tlv_text(6).as_deref(), Some("\u{2}"));
    }
}
