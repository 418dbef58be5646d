//! Who may bind: [`Account`], with the codes that it owns.

mod coding;
mod hosts;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smpp::{BindKind, Status};
use sms::{Address, Npi, Segment, Ton};

pub use self::coding::{Coding, Codings};
pub use self::hosts::{HostRange, Hosts, InvalidHostRange};

/// What stands before the address of an ESME that is called over TLS.
pub const OUTBIND_TLS: &str = "smpps://";

/// The longest `system_id`, in characters (SMPP v3.4 §5.2.1).
pub(crate) const SYSTEM_ID_CHARACTERS_MAX: usize = 15;
/// The longest `system_type`, in characters (SMPP v3.4 §5.2.3).
const SYSTEM_TYPE_CHARACTERS_MAX: usize = 12;

/// How many distribution lists an account may have.
pub const DISTRIBUTION_LISTS_MAX: usize = 100;
/// How many addresses one of them may have.
pub const DISTRIBUTION_LIST_ADDRESSES_MAX: usize = 255;

/// [`Account::requests_max`] where nothing else is said.
pub(crate) const REQUESTS_MAX: usize = 10_000;

/// The account of an ESME: credentials, the numbers that texts to it arrive at, and its limits.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Account {
    /// The name that the ESME binds with, 1 to 15 characters (SMPP v3.4 §5.2.1).
    pub system_id: CompactString,
    /// Its password; empty means "none needed". It is never written down.
    #[serde(skip)]
    pub password: CompactString,
    /// The longest password that a bind may carry, in characters. SMPP has 8; some providers have more, and
    /// [`smpp::PASSWORD_CHARACTERS_MAX`] are read.
    pub password_max: usize,
    /// The `system_type` that a bind must carry; none accepts every one.
    pub system_type: Option<CompactString>,
    /// Whether binds are accepted at all.
    pub enabled: bool,
    /// The hosts that binds may come from; empty means every one.
    pub hosts: Hosts,
    /// Codes that MO texts reach this account at, and that its MT texts may come from. An account without codes gets
    /// what its binds' `address_range` asks for, and may send from any address.
    pub codes: Vec<CodeRange>,
    /// The source of an MT text that names none; without it, the first exact code.
    pub default_source: Option<Address>,
    /// Addresses that its MT texts may come from beside its codes: exact ones (`MyBrand`), or with a star at the end every
    /// one that begins so. With any, an account without codes may send from these only.
    pub sources: Vec<CompactString>,
    /// The names of the carriers that it is for: it gets what their handsets text, and may text those alone; none: every
    /// carrier.
    pub carriers: Vec<CompactString>,
    /// The `interface_version`s that it may bind with; none: every one.
    pub versions: Vec<InterfaceVersion>,
    /// How many sessions may be bound at once.
    pub binds_max: usize,
    /// How many of them may be transmitters; none: as many as there may be sessions. 0: the operation is not offered.
    pub transmitters_max: Option<usize>,
    /// How many may be receivers.
    pub receivers_max: Option<usize>,
    /// How many may be transceivers.
    pub transceivers_max: Option<usize>,
    /// How many `deliver_sm` may be unanswered on one session.
    pub window_max: usize,
    /// How many requests may be unanswered on one session, on demand; one more that brings a text, or is to be answered late,
    /// is answered `ESME_RTHROTTLED`.
    pub requests_max: usize,
    /// How many requests with texts a second are accepted; none means no limit. More are answered
    /// [`Account::over_limit`].
    pub submits_per_second_max: Option<u32>,
    /// The same for each of its sessions.
    pub session_submits_per_second_max: Option<u32>,
    /// How many such requests are accepted from one midnight of the message centre's zone to the next.
    pub submits_per_day_max: Option<u32>,
    /// What is answered to more than these three allow.
    pub over_limit: Status,
    /// Which of the account's sessions a receipt goes to.
    pub receipts: ReceiptRoute,
    /// Whether texts from phones and receipts come to it in `data_sm` instead of `deliver_sm` (SMPP v3.4 §4.7; never to a
    /// session of v3.3, which does not have it).
    pub gets_data_sm: bool,
    /// Whether receipts may be asked for; otherwise asking is answered `ESME_RINVREGDLVFLG`.
    pub receipts_allowed: bool,
    /// Whether it may broadcast; otherwise that is answered `ESME_RPROHIBITED`.
    pub broadcasts_allowed: bool,
    /// How many MO texts and receipts wait while no session can take them.
    pub waiting_max: usize,
    /// How long they wait; none: [`crate::Config::waiting_validity`].
    pub waiting_validity: Option<Duration>,
    /// Where it listens, `HOST:PORT`, over TLS with [`OUTBIND_TLS`] before it: it is called and sent an `outbind` when something waits and no session of it can
    /// receive; none: it is waited for.
    pub outbind: Option<CompactString>,
    /// What its `data_coding` octets mean, where that is not what SMPP says.
    pub codings: Codings,
    /// Whether responses to a session of v5.0 carry `congestion_state` (SMPP v5.0 §4.8.4.18).
    pub congestion_state: bool,
    /// What its `submit_multi` means by the names of distribution lists (SMPP v3.4 §4.5.1).
    #[serde(default)]
    pub distribution_lists: BTreeMap<CompactString, Vec<Address>>,
}

impl Account {
    /// An account with those credentials, no codes, and the default limits.
    pub fn new(system_id: &str, password: &str) -> Self {
        Self {
            system_id: CompactString::new(system_id),
            password: CompactString::new(password),
            password_max: 8,
            system_type: None,
            enabled: true,
            hosts: Hosts::default(),
            codes: Vec::new(),
            default_source: None,
            sources: Vec::new(),
            carriers: Vec::new(),
            versions: Vec::new(),
            binds_max: 16,
            transmitters_max: None,
            receivers_max: None,
            transceivers_max: None,
            window_max: 10,
            requests_max: REQUESTS_MAX,
            submits_per_second_max: None,
            session_submits_per_second_max: None,
            submits_per_day_max: None,
            over_limit: Status::ESME_RTHROTTLED,
            receipts: ReceiptRoute::Same,
            gets_data_sm: false,
            receipts_allowed: true,
            broadcasts_allowed: true,
            waiting_max: 1_000_000,
            waiting_validity: None,
            outbind: None,
            codings: Codings::default(),
            congestion_state: true,
            distribution_lists: BTreeMap::new(),
        }
    }

    /// What of it no bind can carry, if something is: the key, and why (SMPP v3.4 §5.2.1 to §5.2.3).
    pub fn unbindable(&self) -> Option<(&'static str, String)> {
        let password_max = self.password_max.max(smpp::PASSWORD_CHARACTERS_USUAL);
        let system_type = self.system_type.as_deref().unwrap_or_default();
        let carried = |text: &str| text.bytes().all(|octet| octet.is_ascii() && octet != 0);
        [
            ("system_id", &*self.system_id, SYSTEM_ID_CHARACTERS_MAX),
            ("password", &*self.password, password_max),
            ("system_type", system_type, SYSTEM_TYPE_CHARACTERS_MAX),
        ]
        .into_iter()
        .find_map(|(key, text, max)| {
            let what = match text.len() {
                0 if key == "system_id" => "it is empty".to_owned(),
                length if length > max => format!("it has at most {max} characters"),
                _ if !carried(text) => "it has ASCII characters only".to_owned(),
                _ => return None,
            };
            Some((key, what))
        })
    }

    /// The source address of a text that names none.
    pub fn source_by_default(&self) -> Option<Address> {
        let exact = || {
            let code = self.codes.iter().find(|code| !code.is_prefix())?;
            Some(Address::new(Ton::NetworkSpecific, Npi::Unknown, code.digits()))
        };
        self.default_source.clone().or_else(exact)
    }

    /// Whether the account may send from that address: one of its codes or sources, or anything when it has neither.
    pub fn may_send_from(&self, source: &Address) -> bool {
        let named = |range: &CompactString| match range.strip_suffix('*') {
            Some(beginning) => source.digits.starts_with(beginning),
            None => source.digits == *range,
        };
        (self.codes.is_empty() && self.sources.is_empty())
            || self
                .codes
                .iter()
                .any(|code| code.matches(&source.digits).is_some())
            || self.sources.iter().any(named)
    }

    /// Whether it is for the handsets of that carrier.
    pub fn is_for(&self, carrier: &str) -> bool {
        self.carriers.is_empty() || self.carriers.iter().any(|name| name == carrier)
    }

    /// How many sessions of that kind may be bound; none: only [`Account::binds_max`] counts.
    pub const fn kind_max(&self, kind: BindKind) -> Option<usize> {
        match kind {
            BindKind::Transmitter => self.transmitters_max,
            BindKind::Receiver => self.receivers_max,
            BindKind::Transceiver => self.transceivers_max,
        }
    }

    /// A segment that it sends, in one of the encodings of SMPP.
    pub fn read(&self, segment: Segment) -> Segment {
        if self.codings.is_empty() {
            segment
        } else {
            self.codings.read(segment)
        }
    }

    /// Whether it may bind with that `interface_version`.
    pub fn may_speak(&self, interface_version: u8) -> bool {
        self.versions.is_empty() || self.versions.contains(&InterfaceVersion::of(interface_version))
    }
}

/// A version of the protocol, as sessions tell them apart (SMPP v3.4 §5.2.4, v5.0 §2.11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum InterfaceVersion {
    /// 0x33 and below.
    #[serde(rename = "3.3")]
    V33,
    /// 0x34 to 0x4F.
    #[serde(rename = "3.4")]
    V34,
    /// 0x50 and above.
    #[serde(rename = "5.0")]
    V50,
}

impl InterfaceVersion {
    /// Every version with its name.
    pub const ALL: [(&'static str, Self); 3] = [("3.3", Self::V33), ("3.4", Self::V34), ("5.0", Self::V50)];

    /// The version that an `interface_version` means.
    pub const fn of(interface_version: u8) -> Self {
        match interface_version {
            ..=0x33 => Self::V33,
            0x34..=0x4F => Self::V34,
            0x50.. => Self::V50,
        }
    }
}

/// A code of an account: exact (`32665`), or a prefix with a star (`32665*`, which includes 32665 itself).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeRange {
    digits: CompactString,
    prefix: bool,
}

impl CodeRange {
    /// The digits, without the star.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether longer numbers that begin so belong to it.
    pub const fn is_prefix(&self) -> bool {
        self.prefix
    }

    /// How well `number` matches, for the longest match to win: an exact code beats every prefix. None when it does
    /// not match.
    pub fn matches(&self, number: &str) -> Option<usize> {
        if self.prefix {
            number
                .starts_with(self.digits.as_str())
                .then_some(self.digits.len())
        } else {
            (number == self.digits).then_some(usize::MAX)
        }
    }
}

impl fmt::Display for CodeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.digits, if self.prefix { "*" } else { "" })
    }
}

/// Text that is no [`CodeRange`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no code; write digits, with a star at the end for every number that begins so, for example 32665*"
)]
pub struct InvalidCodeRange(pub String);

impl FromStr for CodeRange {
    type Err = InvalidCodeRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (digits, prefix) = text
            .strip_suffix('*')
            .map_or((text, false), |digits| (digits, true));
        let valid = (1..=20).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !valid {
            return Err(InvalidCodeRange(text.to_owned()));
        }
        Ok(Self {
            digits: CompactString::new(digits),
            prefix,
        })
    }
}

impl TryFrom<String> for CodeRange {
    type Error = InvalidCodeRange;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CodeRange> for String {
    fn from(code: CodeRange) -> Self {
        code.to_string()
    }
}

/// Which session of an account a receipt goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptRoute {
    /// The session that submitted the text; another one when it is gone or cannot receive.
    #[default]
    Same,
    /// The session that has been bound longest.
    Any,
    /// Each session in turn.
    RoundRobin,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_code_beats_every_prefix_and_a_longer_prefix_a_shorter_one() {
        for (code, number, expected) in [
            ("32665*", "32665", Some(5)),
            ("32665*", "3266507", Some(5)),
            ("32665*", "32664", None),
            ("32665*", "3266", None),
            ("326*", "32665", Some(3)),
            ("32665", "32665", Some(usize::MAX)),
            ("32665", "3266507", None),
        ] {
            let code: CodeRange = code.parse().expect("a code");
            assert_eq!(code.matches(number), expected, "{code} {number}");
        }
    }

    #[test]
    fn codes_are_digits_with_at_most_one_star_at_the_end() {
        for text in ["", "*", "3*2", "32665**", "abc", "123456789012345678901"] {
            assert!(text.parse::<CodeRange>().is_err(), "{text:?}");
        }
        for text in ["32665", "32665*", "12345678901234567890"] {
            assert_eq!(text.parse::<CodeRange>().expect("a code").to_string(), text);
        }
    }

    #[test]
    fn an_account_with_codes_sends_from_them_only() {
        let mut account = Account::new("fbook", "fbook");
        let brand = Address::new(Ton::Alphanumeric, Npi::Unknown, "MyBrand");
        let session = Address::new(Ton::NetworkSpecific, Npi::Unknown, "3266507");
        assert!(account.may_send_from(&brand));
        assert_eq!(account.source_by_default(), None);
        account.codes = vec![
            "32665*".parse().expect("a code"),
            "12345".parse().expect("a code"),
        ];
        assert!(!account.may_send_from(&brand));
        assert!(account.may_send_from(&session));
        assert_eq!(
            account.source_by_default().expect("the exact code").digits,
            "12345"
        );
    }

    #[test]
    fn sources_are_beside_the_codes() {
        let mut account = Account::new("acme", "acme");
        account.sources = vec!["MyBrand".into(), "4477009000*".into()];
        let from = |text: &str| Address::new(Ton::Unknown, Npi::Unknown, text);
        for (codes, source, may) in [
            ("", "MyBrand", true),
            ("", "MyBrand2", false),
            ("", "447700900012", true),
            ("", "12345", false),
            ("12345", "12345", true),
            ("12345", "MyBrand", true),
            ("12345", "54321", false),
        ] {
            account.codes = codes.parse().into_iter().collect();
            assert_eq!(account.may_send_from(&from(source)), may, "{codes} {source}");
        }
    }
}
