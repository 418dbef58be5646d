//! The radio networks behind the message centre: [`Carrier`].

mod alphabet;
mod latency;
mod outage;
mod policy;

use std::collections::BTreeSet;
use std::time::Duration;

use compact_str::CompactString;
use smpp::{Status, Tlv};
use sms::Place;

pub use self::alphabet::{Alphabet, MoAlphabet};
pub use self::latency::Latency;
pub use self::outage::{InvalidOutage, Outage};
pub use self::policy::{
    BlockedReaction, CodeOverLimit, LongText, OverLimit, ReceiptMode, StopMode, UnprovisionedMo,
};
use crate::cause::ErrTable;
use crate::fault::Fault;
use crate::message_id::MessageIdStyle;
use crate::receipt::ReceiptStyle;
use crate::retry::RetryLadders;

/// An emulated carrier: how its air behaves and what it demands.
#[derive(Clone, PartialEq, Debug)]
pub struct Carrier {
    /// Its name, unique in a [`crate::Config`].
    pub name: CompactString,
    /// The beginnings of the numbers that it serves, in digits; the longest that fits wins, among carriers too.
    pub ranges: Vec<CompactString>,
    /// The names of areas that it covers, for broadcasts; its own name is one always.
    pub areas: Vec<CompactString>,
    /// Where those of its phones are that do not say it, for broadcasts into an area by its coordinates. The owner applies it.
    pub place: Option<Place>,
    /// How long a text is in the air, either way. The owner draws and applies it.
    pub latency: Latency,
    /// How many texts of a hundred are lost in the air. The owner draws and applies it.
    pub loss_percent: f64,
    /// How many texts of a hundred reach the handset although their acknowledgement is lost, so that it gets them
    /// again. The owner draws and applies it.
    pub duplicated_percent: f64,
    /// How many texts from its handsets of a hundred never reach the message centre. The owner draws and applies it.
    pub mo_loss_percent: f64,
    /// How many of them reach it twice, because the handset sends again what it thinks lost. The owner draws and applies it.
    pub mo_duplicated_percent: f64,
    /// How many of them are held up for [`Carrier::reordered_by`], so that later ones overtake them. The owner draws and
    /// applies it.
    pub mo_reordered_percent: f64,
    /// How many texts of a hundred fail at their first attempt.
    pub first_attempt_failure_percent: f64,
    /// How many texts of a hundred the network loses for good: they end UNDELIV.
    pub lost_for_good_percent: f64,
    /// How many texts of a hundred are held up, so that later ones overtake them.
    pub reordered_percent: f64,
    /// How long such a text is held up.
    pub reordered_by: Duration,
    /// Whether handsets that roam get texts; those that may not are tried again as if they were away.
    pub roaming_allowed: bool,
    /// How much longer a text to a roaming handset is in the air. The owner applies it.
    pub roaming_latency: Duration,
    /// The waits between attempts.
    pub retry: RetryLadders,
    /// How long a text that names no `validity_period` is kept.
    pub validity: Duration,
    /// The longest validity; a longer one is cut to it.
    pub validity_max: Duration,
    /// What its receipts look like.
    pub receipts: ReceiptStyle,
    /// The parameter that names it in what its handsets send and in receipts (never to an ESME of SMPP v3.3); none: there is
    /// none.
    pub tlv: Option<Tlv>,
    /// Which number its receipts give for each cause.
    pub err: ErrTable,
    /// How the ids of its texts are written.
    pub message_ids: MessageIdStyle,
    /// Short codes that may not reach its subscribers, nor be reached by them.
    pub blocked_codes: BTreeSet<CompactString>,
    /// The only short codes that are provisioned; none: all are.
    pub provisioned_codes: Option<BTreeSet<CompactString>>,
    /// What becomes of a text from a blocked code.
    pub blocked_reaction: BlockedReaction,
    /// How [`BlockedReaction::Refuse`] answers.
    pub blocked_status: Status,
    /// What becomes of a MO text to a code that is blocked, not provisioned, or nobody's.
    pub unprovisioned_mo: UnprovisionedMo,
    /// What [`UnprovisionedMo::Bounce`] says; none: [`crate::Config::bounce_text`].
    pub bounce_text: Option<CompactString>,
    /// The code that it says it from; none: the code that was texted.
    pub bounce_from: Option<CompactString>,
    /// What the carrier itself does with [`Carrier::stop_words`].
    pub stop: StopMode,
    /// The words that opt a handset out of a code, in capitals.
    pub stop_words: Vec<CompactString>,
    /// The words that let the code in again, in capitals.
    pub start_words: Vec<CompactString>,
    /// What the carrier answers to a stop word that it acts on; empty: nothing.
    pub stop_reply: CompactString,
    /// How many pairs of handset and code may be opted out; one more is not kept.
    pub opt_outs_max: usize,
    /// Which characters cross its air.
    pub alphabet: Alphabet,
    /// What stands in the place of a character that does not.
    pub substitute: char,
    /// Characters of the alphabet that are substituted all the same.
    pub mangled: CompactString,
    /// What texts from its handsets are in when they reach an ESME.
    pub mo_alphabet: MoAlphabet,
    /// Whether texts may come from addresses in letters; otherwise that is answered `ESME_RINVSRCTON`.
    pub alphanumeric_sources: bool,
    /// How many septets one SMS holds, at most 160.
    pub length_max: u8,
    /// Whether it carries user data headers; without, a segment of a longer text arrives by itself: at a handset as "(1/2) ...",
    /// from one as it is.
    pub concatenation: bool,
    /// What becomes of a text longer than one SMS.
    pub long_text: LongText,
    /// Whether the link between the message centre and the carrier is up at the start.
    pub link_up: bool,
    /// How many `submit_sm` a second it takes; none means no limit.
    pub throttle_per_s: Option<u32>,
    /// What becomes of more.
    pub over_limit: OverLimit,
    /// How many texts one code may send to its subscribers from one midnight of the message centre's zone to the next; none
    /// means no limit.
    pub code_daily_max: Option<u32>,
    /// What becomes of more.
    pub code_over_limit: CodeOverLimit,
    /// How many texts wait for its subscribers; one more is answered `ESME_RMSGQFUL`.
    pub queue_max: usize,
    /// How many `submit_sm` of a hundred are answered `ESME_RMSGQFUL` at random.
    pub congestion_percent: f64,
    /// When its link is down, every day anew.
    pub outages: Vec<Outage>,
    /// Whether and when receipts are sent.
    pub receipt_mode: ReceiptMode,
    /// How many receipts of a hundred are lost on the way.
    pub receipts_lost_percent: f64,
    /// How many receipts of a hundred are sent twice.
    pub receipts_duplicated_percent: f64,
    /// How long a receipt is held back in [`ReceiptMode::Late`].
    pub receipts_late_by: Duration,
    /// What goes wrong on demand with the texts for its subscribers; the first rule that acts on a text decides.
    pub faults: Vec<Fault>,
    /// How many MO texts wait while its link is down.
    pub mo_waiting_max: usize,
}

impl Carrier {
    /// The carrier `ideal` under that name: a second in the air, no loss, 72 hours of validity, receipts always.
    pub fn new(name: &str) -> Self {
        Self {
            name: CompactString::new(name),
            ranges: Vec::new(),
            areas: Vec::new(),
            place: None,
            latency: Latency::Fixed(Duration::from_secs(1)),
            loss_percent: 0.0,
            duplicated_percent: 0.0,
            mo_loss_percent: 0.0,
            mo_duplicated_percent: 0.0,
            mo_reordered_percent: 0.0,
            first_attempt_failure_percent: 0.0,
            lost_for_good_percent: 0.0,
            reordered_percent: 0.0,
            reordered_by: Duration::from_secs(30),
            roaming_allowed: true,
            roaming_latency: Duration::ZERO,
            retry: RetryLadders::default(),
            validity: Duration::from_secs(72 * 3_600),
            validity_max: Duration::from_secs(240 * 3_600),
            receipts: ReceiptStyle::default(),
            tlv: None,
            err: ErrTable::default(),
            message_ids: MessageIdStyle::default(),
            blocked_codes: BTreeSet::new(),
            provisioned_codes: None,
            blocked_reaction: BlockedReaction::default(),
            blocked_status: Status::ESME_RINVDSTADR,
            unprovisioned_mo: UnprovisionedMo::default(),
            bounce_text: None,
            bounce_from: None,
            stop: StopMode::default(),
            stop_words: words(&[
                "STOP",
                "END",
                "CANCEL",
                "UNSUBSCRIBE",
                "QUIT",
                "STOP ALL",
                "STOPALL",
            ]),
            start_words: words(&["START"]),
            stop_reply: CompactString::const_new(
                "You are unsubscribed and will receive no further messages.",
            ),
            opt_outs_max: 100_000,
            alphabet: Alphabet::default(),
            substitute: '?',
            mangled: CompactString::default(),
            mo_alphabet: MoAlphabet::default(),
            alphanumeric_sources: true,
            length_max: 160,
            concatenation: true,
            long_text: LongText::default(),
            link_up: true,
            throttle_per_s: None,
            over_limit: OverLimit::default(),
            code_daily_max: None,
            code_over_limit: CodeOverLimit::default(),
            queue_max: usize::MAX,
            congestion_percent: 0.0,
            outages: Vec::new(),
            receipt_mode: ReceiptMode::default(),
            receipts_lost_percent: 0.0,
            receipts_duplicated_percent: 0.0,
            receipts_late_by: Duration::from_secs(300),
            faults: Vec::new(),
            mo_waiting_max: 100_000,
        }
    }
}

fn words(words: &[&str]) -> Vec<CompactString> {
    words.iter().map(|word| CompactString::new(word)).collect()
}
