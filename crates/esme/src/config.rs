//! What an ESME is set up with: [`Config`].

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smpp::BindKind;
use sms::Address;

/// Who the ESME is, and its limits.
#[derive(Clone, PartialEq)]
pub struct Config {
    /// The account's name, at most 15 octets.
    pub system_id: String,
    /// The account's password, at most 8 octets in SMPP v3.4.
    pub password: String,
    /// The kind of system, at most 12 octets, often empty.
    pub system_type: String,
    /// The numbers that it serves, as a pattern.
    pub address_range: Address,
    /// Which way texts flow. A receiver submits nothing, a transmitter gets nothing.
    pub bind_kind: BindKind,
    /// The version of SMPP that it speaks: 0x34.
    pub interface_version: u8,
    /// Requests that may await their response at one time.
    pub window_max: usize,
    /// Texts of which some part waits to be sent; one more is refused. Parts that are put back do not count
    /// against it.
    pub queue_max: usize,
    /// After how long a silence `enquire_link` is sent; none: never.
    pub enquire_link: Option<Duration>,
    /// How long a request may await its response.
    pub response_timeout: Duration,
    /// How long after the end of a connection the next one is asked for.
    pub reconnect_after: Duration,
    /// How long nothing is submitted after `ESME_RTHROTTLED`, `ESME_RMSGQFUL` or `ESME_RSYSERR`.
    pub throttle_pause: Duration,
    /// How often one part is sent again after `ESME_RSYSERR`.
    pub retries_max: u8,
    /// How often one part is sent again after no response came in time.
    pub resends_max: u8,
    /// How often one part is sent again after the link was lost before its response came.
    pub losses_max: u8,
    /// Texts whose receipts are awaited; one more, and the oldest is forgotten. As many whose receipts are
    /// complete are remembered, to know a receipt that comes again.
    pub correlations_max: usize,
    /// Receipts kept until the response that names their message comes.
    pub early_receipts_max: usize,
    /// How the SMSC writes message ids in responses and in the text of receipts.
    pub message_id_bases: MessageIdBases,
    /// How long the parts of a person's text are waited for.
    pub reassembly_hold: Duration,
    /// Persons' texts of which some part is missing, at one time. At least 1.
    pub incomplete_max: usize,
}

impl Default for Config {
    /// The account `fbook`, and limits that fit one SMSC: a window of 10 as SMPP v3.4 §2.9 suggests,
    /// responses within 10 seconds, `enquire_link` after 30, the next connection after 5, a pause of 1 second
    /// when throttled.
    fn default() -> Self {
        Self {
            system_id: "fbook".to_owned(),
            password: String::new(),
            system_type: String::new(),
            address_range: Address::default(),
            bind_kind: BindKind::Transceiver,
            interface_version: 0x34,
            window_max: 10,
            queue_max: 10_000,
            enquire_link: Some(Duration::from_secs(30)),
            response_timeout: Duration::from_secs(10),
            reconnect_after: Duration::from_secs(5),
            throttle_pause: Duration::from_secs(1),
            retries_max: 3,
            resends_max: 1,
            losses_max: 5,
            correlations_max: 100_000,
            early_receipts_max: 1_000,
            message_id_bases: MessageIdBases::Alike,
            reassembly_hold: Duration::from_hours(24),
            incomplete_max: 1_000,
        }
    }
}

impl fmt::Debug for Config {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("system_id", &self.system_id)
            .field("system_type", &self.system_type)
            .field("address_range", &self.address_range)
            .field("bind_kind", &self.bind_kind)
            .field("interface_version", &self.interface_version)
            .field("window_max", &self.window_max)
            .field("queue_max", &self.queue_max)
            .field("enquire_link", &self.enquire_link)
            .field("response_timeout", &self.response_timeout)
            .field("reconnect_after", &self.reconnect_after)
            .field("throttle_pause", &self.throttle_pause)
            .field("retries_max", &self.retries_max)
            .field("resends_max", &self.resends_max)
            .field("losses_max", &self.losses_max)
            .field("correlations_max", &self.correlations_max)
            .field("early_receipts_max", &self.early_receipts_max)
            .field("message_id_bases", &self.message_id_bases)
            .field("reassembly_hold", &self.reassembly_hold)
            .field("incomplete_max", &self.incomplete_max)
            .finish_non_exhaustive()
    }
}

/// How the same message id is written in `submit_sm_resp` and in a receipt. SMSCs differ; the text of a
/// receipt prints a decimal number in SMPP v3.4 Appendix B, while `message_id` of the response is any string.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageIdBases {
    /// The same string, but for letter case and leading zeros.
    #[default]
    Alike,
    /// `2A` in the response is `0000000042` in the receipt.
    ResponseHex,
    /// `42` in the response is `2A` in the receipt.
    ResponseDecimal,
}
