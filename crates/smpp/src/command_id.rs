//! The numbers of the operations (SMPP v3.4 §5.1.2.1, v5.0 §4.7.5).

/// Set in the command id of every response.
pub const RESPONSE: u32 = 0x8000_0000;

macro_rules! command_ids {
    ($($name:ident = $id:literal, $text:literal;)*) => {
        $(#[doc = concat!("`", $text, "`.")]
        pub const $name: u32 = $id;)*

        /// The specification's name of an operation, `submit_sm` for 4; none for a number that it does not name.
        pub const fn name(command_id: u32) -> Option<&'static str> {
            match command_id {
                $($id => Some($text),)*
                _ => None,
            }
        }

        /// The operation with that name.
        pub fn from_name(name: &str) -> Option<u32> {
            [$(($text, $id)),*].into_iter().find(|(text, _)| *text == name).map(|(_, id)| id)
        }
    };
}

command_ids! {
    GENERIC_NACK = 0x8000_0000, "generic_nack";
    BIND_RECEIVER = 0x0000_0001, "bind_receiver";
    BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp";
    BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter";
    BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp";
    QUERY_SM = 0x0000_0003, "query_sm";
    QUERY_SM_RESP = 0x8000_0003, "query_sm_resp";
    SUBMIT_SM = 0x0000_0004, "submit_sm";
    SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp";
    DELIVER_SM = 0x0000_0005, "deliver_sm";
    DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp";
    UNBIND = 0x0000_0006, "unbind";
    UNBIND_RESP = 0x8000_0006, "unbind_resp";
    REPLACE_SM = 0x0000_0007, "replace_sm";
    REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp";
    CANCEL_SM = 0x0000_0008, "cancel_sm";
    CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp";
    BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver";
    BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp";
    OUTBIND = 0x0000_000B, "outbind";
    ENQUIRE_LINK = 0x0000_0015, "enquire_link";
    ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp";
    SUBMIT_MULTI = 0x0000_0021, "submit_multi";
    SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp";
    ALERT_NOTIFICATION = 0x0000_0102, "alert_notification";
    DATA_SM = 0x0000_0103, "data_sm";
    DATA_SM_RESP = 0x8000_0103, "data_sm_resp";
    BROADCAST_SM = 0x0000_0111, "broadcast_sm";
    BROADCAST_SM_RESP = 0x8000_0111, "broadcast_sm_resp";
    QUERY_BROADCAST_SM = 0x0000_0112, "query_broadcast_sm";
    QUERY_BROADCAST_SM_RESP = 0x8000_0112, "query_broadcast_sm_resp";
    CANCEL_BROADCAST_SM = 0x0000_0113, "cancel_broadcast_sm";
    CANCEL_BROADCAST_SM_RESP = 0x8000_0113, "cancel_broadcast_sm_resp";
}

/// Whether the command id is that of a response; `generic_nack` is one.
pub const fn is_response(command_id: u32) -> bool {
    command_id & RESPONSE != 0
}

/// Whether the command id is that of an operation that the specification has, or of a response.
pub const fn is_known(command_id: u32) -> bool {
    is_response(command_id)
        || matches!(
            command_id,
            BIND_RECEIVER
                | BIND_TRANSMITTER
                | QUERY_SM
                | SUBMIT_SM
                | DELIVER_SM
                | UNBIND
                | REPLACE_SM
                | CANCEL_SM
                | BIND_TRANSCEIVER
                | OUTBIND
                | ENQUIRE_LINK
                | SUBMIT_MULTI
                | ALERT_NOTIFICATION
                | DATA_SM
                | BROADCAST_SM
                | QUERY_BROADCAST_SM
                | CANCEL_BROADCAST_SM
        )
}

/// Whether the command id is that of an operation that gets no response: `outbind`, `alert_notification`.
pub const fn is_unanswered(command_id: u32) -> bool {
    matches!(command_id, OUTBIND | ALERT_NOTIFICATION)
}
