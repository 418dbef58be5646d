//! What a message centre is made from: [`Config`].

use std::collections::BTreeMap;
use std::time::Duration;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use sms::{Msisdn, Zone};

use crate::account::Account;
use crate::carrier::Carrier;

/// The accounts, carriers, numbering and limits of a message centre.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the chance at its carriers follows from; the owner draws it.
    pub seed: u64,
    /// The name in its bind responses, at most 15 characters.
    pub system_id: CompactString,
    /// Who may bind.
    pub accounts: Vec<Account>,
    /// The carriers; at least one. The first serves every number that nothing else assigns.
    pub carriers: Vec<Carrier>,
    /// Which carrier, by name, serves the numbers that begin with these digits; the longest prefix wins.
    pub ranges: Vec<(CompactString, CompactString)>,
    /// Which carrier, by name, serves a particular number, whatever the ranges say.
    pub numbers: Vec<(Msisdn, CompactString)>,
    /// The timers and the window of its sessions. The window of an account counts when it is smaller.
    pub session: smpp::SessionLimits,
    /// The local time of its receipts' dates and of absolute times it reports.
    pub zone: Zone,
    /// Which statuses refuse wrong credentials.
    pub bind_error_style: BindErrorStyle,
    /// How long a link stays open after a refused bind; none leaves it to the `session_init` timer.
    pub refused_bind_linger: Option<Duration>,
    /// Whether reserved values in mandatory fields (priority 9, TON 9, `registered_delivery` 3) are refused with the
    /// v3.4 statuses; otherwise they are read as the default (SMPP v5.0 §2.11.1).
    pub strict_fields: bool,
    /// Whether optional parameters of a wrong length, and what has no end, are passed over; otherwise the request is refused.
    pub liberal_tlvs: bool,
    /// Whether a `deliver_sm_resp` or `data_sm_resp` that accepts must have a body, as v3.4 has it; at one that ends with its
    /// header the link is closed, and what it was for waits again.
    pub delivery_resp_bodies: bool,
    /// Whether a link is closed when what comes over it cannot be divided into PDUs; otherwise it stays, and nothing more is
    /// read of it.
    pub close_on_framing_error: bool,
    /// How many links may be open; more are closed at once.
    pub links_max: usize,
    /// How many messages may wait for delivery; more are answered `ESME_RMSGQFUL`.
    pub messages_max: usize,
    /// How many segments one text may have; longer ones are answered `ESME_RINVMSGLEN`.
    pub segments_max: usize,
    /// How many finished messages `query_sm` remembers; the oldest is forgotten first.
    pub finals_max: usize,
    /// How many broadcasts may be pending; one more is answered `ESME_RMSGQFUL`.
    pub broadcasts_max: usize,
    /// How many broadcasts that are over `query_broadcast_sm` remembers; the oldest is forgotten first.
    pub broadcast_finals_max: usize,
    /// How many destinations a `submit_multi` may have; before v5.0 not more than 254 (SMPP v3.4 §4.5.1, v5.0 §4.7.15).
    pub destinations_max: usize,
    /// How many alerts (`set_dpf`) are owed at once; further ones are not kept.
    pub alerts_max: usize,
    /// How far ahead a text may be scheduled; beyond it is answered `ESME_RINVSCHED`.
    pub schedule_max: Duration,
    /// How long the network may take to answer a page, beyond twice the carrier's longest latency.
    pub page_answer_timeout: Duration,
    /// How long a session is left alone that answered a `deliver_sm` with a temporary error (`ESME_RX_T_APPN`).
    pub deliver_retry_after: Duration,
    /// How long after a call to an ESME it is called again, when something still waits (SMPP v3.4 §2.2.1).
    pub outbind_retry_after: Duration,
    /// How long MO texts and receipts wait for their account.
    pub waiting_validity: Duration,
    /// Whether the numbers of [`crate::fault::magic`] are.
    pub magic_numbers: bool,
    /// The texts that `sm_default_msg_id` stands for.
    pub default_messages: BTreeMap<u8, CompactString>,
    /// What a handset is told when nobody can be reached at a code.
    pub bounce_text: CompactString,
}

impl Config {
    /// A message centre named `smsim` with those accounts and carriers and the default limits.
    ///
    /// # Panics
    ///
    /// When there is no carrier.
    pub fn new(accounts: Vec<Account>, carriers: Vec<Carrier>) -> Self {
        assert!(!carriers.is_empty(), "a message centre needs a carrier");
        Self {
            seed: 0,
            system_id: CompactString::const_new("smsim"),
            accounts,
            carriers,
            ranges: Vec::new(),
            numbers: Vec::new(),
            session: smpp::SessionLimits::default(),
            zone: Zone::utc(),
            bind_error_style: BindErrorStyle::default(),
            refused_bind_linger: Some(Duration::from_millis(100)),
            strict_fields: true,
            liberal_tlvs: false,
            delivery_resp_bodies: false,
            close_on_framing_error: true,
            links_max: 10_000,
            messages_max: 2_000_000,
            segments_max: 255,
            finals_max: 100_000,
            broadcasts_max: 10_000,
            broadcast_finals_max: 10_000,
            destinations_max: 255,
            alerts_max: 100_000,
            schedule_max: Duration::from_secs(14 * 86_400),
            page_answer_timeout: Duration::from_secs(120),
            deliver_retry_after: Duration::from_secs(1),
            outbind_retry_after: Duration::from_secs(30),
            waiting_validity: Duration::from_secs(72 * 3_600),
            magic_numbers: true,
            default_messages: BTreeMap::new(),
            bounce_text: CompactString::const_new(
                "Message failed. Shortcode may have expired or shortcode texting may be blocked on your account. \
                 Msg 1051",
            ),
        }
    }
}

/// Which statuses refuse wrong credentials.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindErrorStyle {
    /// `ESME_RINVSYSID` for an unknown `system_id` and `ESME_RINVPASWD` for a wrong password, as everybody does.
    #[default]
    Practice,
    /// `ESME_RBINDFAIL` for both (SMPP v5.0 §4.7.6).
    Spec50,
}
