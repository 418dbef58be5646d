//! What the message centre remembers of links, accounts and carriers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use regex::Regex;
use smpp::{BindKind, Command, LinkId, Session, Status};
use sms::{Address, Msisdn, Originator, Segment, Timestamp};

use super::code_limit::CodeCounts;
use crate::account::Account;
use crate::carrier::Carrier;
use crate::chance::Chance;
use crate::event::{CloseReason, Parcel};
use crate::fault::{Armed, Effect, FAULTS_MAX};
use crate::message_id::MessageId;
use crate::port::PageOutcome;
use crate::receipt::Receipt;
use crate::store::QueuePlace;
use crate::throttle::Throttle;

/// One connection of an ESME.
pub(super) struct Link {
    pub session: Session<Token>,
    pub peer: Option<std::net::IpAddr>,
    /// The account that is bound on it.
    pub account: Option<u16>,
    pub kind: Option<BindKind>,
    /// The ESME's `interface_version`; 0x34 before its bind.
    pub version: u8,
    /// The `address_range` of its bind, if it is a valid expression.
    pub address_range: Option<Regex>,
    /// Until when it gets nothing because it asked for a pause.
    pub paused_until: Option<Timestamp>,
    /// The earliest [`crate::timer::Timer::Session`] that is set.
    pub timer_at: Option<Timestamp>,
    /// Why it is closed when its linger is over.
    pub lingers_for: Option<CloseReason>,
    /// Whether an unbind is under way, either way.
    pub unbinding: bool,
    /// What its requests with texts are held to, beside its account's limit.
    pub throttle: Throttle,
    /// Whether nothing comes over it any more, on demand.
    pub silent: bool,
    /// How many requests are held unanswered, on demand.
    pub held: usize,
    /// The held answer that the next one overtakes.
    pub overtaken: Option<u64>,
}

/// What the message centre attaches to its requests.
#[derive(Debug)]
pub(super) enum Token {
    /// A `deliver_sm`.
    Delivery(Box<Delivery>),
    /// An `unbind`.
    Unbind,
}

/// What is held back on demand.
pub(super) enum Held {
    /// An answer.
    Answer(Command),
    /// A bind: a session is bound once the response is sent, so that nothing else goes out over it before.
    Bind(Command),
}

/// Something on its way to an ESME.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Its place among what waits for the account; kept when it is sent again.
    pub number: u64,
    pub account: u16,
    /// When it began to wait.
    pub since: Timestamp,
    pub what: What,
}

/// What goes to an ESME.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A MO segment.
    Mo {
        from: Msisdn,
        to: Address,
        segment: Segment,
    },
    /// A receipt or an intermediate notification.
    Receipt(Arc<Receipt>),
    /// A handset's acknowledgement that it has a text.
    Acknowledgement(Box<Acknowledgement>),
    /// An `alert_notification`.
    Alert { msisdn: Msisdn, esme: Address },
}

/// What a handset's acknowledgement says (SMPP v3.4 §2.11): to whom, and of which text.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledgement {
    pub from: Msisdn,
    pub to: Address,
    pub message_id: MessageId,
    pub user_message_reference: Option<u16>,
}

impl Delivery {
    /// Where it goes, in digits or letters.
    pub fn destination(&self) -> CompactString {
        match &self.what {
            What::Mo { to, .. } => to.digits.clone(),
            What::Receipt(receipt) => receipt.source.digits(),
            What::Acknowledgement(acknowledgement) => acknowledgement.to.digits.clone(),
            What::Alert { esme, .. } => esme.digits.clone(),
        }
    }

    /// What it is, for events.
    pub fn parcel(&self) -> Parcel {
        match &self.what {
            What::Mo { from, to, .. } => Parcel::Mo {
                from: *from,
                to: to.clone(),
            },
            What::Receipt(receipt) if receipt.state.is_final() => Parcel::Receipt {
                message_id: receipt.message_id,
                state: receipt.state,
            },
            What::Receipt(receipt) => Parcel::Notification {
                message_id: receipt.message_id,
                cause: receipt.cause,
            },
            What::Acknowledgement(acknowledgement) => Parcel::Acknowledgement {
                from: acknowledgement.from,
                message_id: acknowledgement.message_id,
            },
            What::Alert { msisdn, .. } => Parcel::Alert { msisdn: *msisdn },
        }
    }
}

/// How many destinations an ESME may have refused while something waits for it; of one more only the text that it answered is
/// given up.
pub(super) const REFUSED_MAX: usize = 1_000;

/// An account with its sessions and what waits for it.
pub(crate) struct Esme {
    pub account: Account,
    /// Its bound links, in the order of their binds.
    pub bound: Vec<LinkId>,
    /// What waits, by [`Delivery::number`].
    pub waiting: BTreeMap<u64, Box<Delivery>>,
    /// Up to which number what waits for a destination is not wanted any more (`ESME_RX_P_APPN`); at most
    /// [`REFUSED_MAX`].
    pub refused: BTreeMap<CompactString, u64>,
    /// How many receipts for it are held back.
    pub late_receipts: usize,
    /// For when [`crate::timer::Timer::Waiting`] is set; every other one is stale.
    pub expiry_at: Option<Timestamp>,
    /// Counts deliveries, for taking turns.
    pub turn: usize,
    /// Before when it is not called again.
    pub call_at: Option<Timestamp>,
    pub throttle: Throttle,
    /// The day of the last text that counted, and how many did on that day.
    pub today: (Option<i32>, u32),
}

impl Esme {
    pub fn new(account: Account) -> Self {
        let throttle = Throttle::new(account.submits_per_second_max, Timestamp::EPOCH);
        Self {
            account,
            bound: Vec::new(),
            waiting: BTreeMap::new(),
            refused: BTreeMap::new(),
            late_receipts: 0,
            expiry_at: None,
            turn: 0,
            call_at: None,
            throttle,
            today: (None, 0),
        }
    }

    /// How long something waits for it.
    pub fn waiting_validity(&self, otherwise: Duration) -> Duration {
        self.account.waiting_validity.unwrap_or(otherwise)
    }

    /// How many texts were accepted from it on that day.
    pub fn sent_on(&self, day: i32) -> u32 {
        if self.today.0 == Some(day) {
            self.today.1
        } else {
            0
        }
    }
}

/// A carrier with what changes about it.
pub(super) struct CarrierState {
    pub carrier: Carrier,
    pub throttle: Throttle,
    /// What happens by chance at it.
    pub chance: Chance,
    /// The status that `submit_sm` is answered with, and how many times still.
    pub answer: Option<(Status, Option<u32>)>,
    /// The rules of what goes wrong on demand.
    pub faults: Vec<Armed>,
    /// How many texts each code has sent to its subscribers today.
    pub by_code: CodeCounts,
    /// MO texts that wait for its link.
    pub mo_waiting: VecDeque<Mo>,
    /// Handsets that opted out of a code by a stop word that the carrier acts on.
    pub opt_outs: BTreeSet<(Msisdn, CompactString)>,
    /// When its next outage begins or ends; none before the first look.
    pub outage_at: Option<Timestamp>,
}

/// A MO segment that waits for its carrier's link.
pub(super) struct Mo {
    pub from: Msisdn,
    pub to: Address,
    pub segment: Segment,
}

impl CarrierState {
    pub fn new(carrier: Carrier, seed: u64) -> Self {
        let throttle = Throttle::new(carrier.throttle_per_s, Timestamp::EPOCH);
        let chance = Chance::new(seed, &carrier.name);
        let faults = carrier.faults.iter().take(FAULTS_MAX).cloned().map(Armed::new);
        Self {
            faults: faults.collect(),
            carrier,
            throttle,
            chance,
            answer: None,
            by_code: CodeCounts::default(),
            mo_waiting: VecDeque::new(),
            opt_outs: BTreeSet::new(),
            outage_at: None,
        }
    }

    /// The status that was asked for instead of an acceptance; one time less from now on.
    pub fn scripted_answer(&mut self) -> Option<Status> {
        let (status, count) = self.answer.as_mut()?;
        let status = *status;
        if let Some(count) = count {
            *count -= 1;
            if *count == 0 {
                self.answer = None;
            }
        }
        Some(status)
    }

    /// The effect that the first rule has which acts on a request; one time less from now on.
    pub fn effect(
        &mut self,
        operation: u32,
        account: &str,
        to: Option<Msisdn>,
        text: &str,
    ) -> Option<Effect> {
        let Self { faults, chance, .. } = self;
        for armed in faults {
            if armed.left == Some(0) || !armed.fault.is_about(operation, account, to, text) {
                continue;
            }
            armed.met = armed.met.wrapping_add(1);
            let turn = armed.met.is_multiple_of(armed.fault.every.max(1));
            if turn && chance.happens(armed.fault.percent) {
                armed.left = armed.left.map(|left| left - 1);
                return Some(armed.fault.effect);
            }
        }
        None
    }

    /// Whether the carrier keeps a text of an account from a handset, because of who it is from.
    pub fn keeps_out(&self, from: &Originator, handset: Msisdn, account: Option<&Account>) -> bool {
        self.looks_at_numbers() && {
            let number = from.digits();
            self.blocks(&number, account) || self.opted_out(handset, &number, account)
        }
    }

    /// Whether it matters to the carrier who a text is from.
    pub fn looks_at_numbers(&self) -> bool {
        let blocks = !self.carrier.blocked_codes.is_empty() || self.carrier.provisioned_codes.is_some();
        blocks || !self.opt_outs.is_empty()
    }

    /// Whether the carrier blocks a number of an account, or has it not provisioned: the number itself, or the code of
    /// the account that it belongs to.
    pub fn blocks(&self, number: &str, account: Option<&Account>) -> bool {
        let Carrier {
            blocked_codes,
            provisioned_codes,
            ..
        } = &self.carrier;
        let names = |codes: &BTreeSet<CompactString>| {
            !codes.is_empty() && (codes.contains(number) || codes.contains(code_of(number, account)))
        };
        names(blocked_codes) || provisioned_codes.as_ref().is_some_and(|codes| !names(codes))
    }

    /// Whether a handset opted out of a number of an account.
    pub fn opted_out(&self, handset: Msisdn, number: &str, account: Option<&Account>) -> bool {
        !self.opt_outs.is_empty()
            && self
                .opt_outs
                .contains(&(handset, CompactString::new(code_of(number, account))))
    }
}

/// The code of an account that a number belongs to; the number itself if it belongs to none.
pub(super) fn code_of<'n>(number: &'n str, account: Option<&'n Account>) -> &'n str {
    account
        .and_then(|account| account.codes.iter().find(|code| code.matches(number).is_some()))
        .map_or(number, |code| code.digits())
}

/// A page in the air.
pub(super) struct Page {
    /// What comes of it, on demand.
    pub outcome: Option<PageOutcome>,
    pub slot: u32,
    pub number: u32,
    pub msisdn: Msisdn,
    /// Where the queue of the handset stands.
    pub place: QueuePlace,
}

/// Who wants to know when a handset is back.
#[derive(Default)]
pub(super) struct Alerts {
    by_handset: BTreeMap<Msisdn, Vec<(u16, Address)>>,
    len: usize,
}

impl Alerts {
    /// Owes an account an alert, once; not beyond `alerts_max`.
    pub fn owe(&mut self, msisdn: Msisdn, account: u16, esme: &Address, alerts_max: usize) {
        let owed = self.by_handset.get(&msisdn).is_some_and(|owed| {
            owed.iter()
                .any(|(other, address)| *other == account && address == esme)
        });
        if !owed && self.len < alerts_max {
            self.by_handset
                .entry(msisdn)
                .or_default()
                .push((account, esme.clone()));
            self.len += 1;
        }
    }

    /// Who is owed an alert of that handset; nobody any more.
    pub fn take(&mut self, msisdn: Msisdn) -> Vec<(u16, Address)> {
        let owed = self.by_handset.remove(&msisdn).unwrap_or_default();
        self.len -= owed.len();
        owed
    }
}
