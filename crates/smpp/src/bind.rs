//! The operations that open a session: [`Bind`], [`BindResp`], [`Outbind`].

use std::fmt;

use compact_str::CompactString;
use sms::Address;

use crate::command_id;
use crate::tlv::{Tlv, Tlvs, tag};

/// What a session is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BindKind {
    /// The ESME submits.
    Transmitter,
    /// The message centre delivers.
    Receiver,
    /// Both.
    Transceiver,
}

impl BindKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Transmitter, Self::Receiver, Self::Transceiver];

    /// The number of the request.
    pub const fn command_id(self) -> u32 {
        match self {
            Self::Transmitter => command_id::BIND_TRANSMITTER,
            Self::Receiver => command_id::BIND_RECEIVER,
            Self::Transceiver => command_id::BIND_TRANSCEIVER,
        }
    }

    /// Whether the ESME may submit.
    pub const fn transmits(self) -> bool {
        match self {
            Self::Transmitter | Self::Transceiver => true,
            Self::Receiver => false,
        }
    }

    /// Whether the message centre may deliver.
    pub const fn receives(self) -> bool {
        match self {
            Self::Receiver | Self::Transceiver => true,
            Self::Transmitter => false,
        }
    }
}

/// The longest password that the specification has, in characters (SMPP v3.4 §5.2.2).
pub const PASSWORD_CHARACTERS_USUAL: usize = 8;
/// The longest password that a bind is read with, in characters: some providers give longer ones than the specification has.
pub const PASSWORD_CHARACTERS_MAX: usize = 64;

/// `bind_transmitter`, `bind_receiver`, `bind_transceiver` (SMPP v3.4 §4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// Which of the three.
    pub kind: BindKind,
    /// Who binds, at most 15 characters.
    pub system_id: CompactString,
    /// At most [`PASSWORD_CHARACTERS_MAX`]; by the specification at most [`PASSWORD_CHARACTERS_USUAL`].
    pub password: CompactString,
    /// What the ESME is, at most 12 characters, often empty.
    pub system_type: CompactString,
    /// The version that the ESME speaks: 0x34 is v3.4, 0x50 is v5.0, less is v3.3.
    pub interface_version: u8,
    /// The addresses that the ESME serves: TON, NPI, and a regular expression of at most 40 characters.
    pub address_range: Address,
}

impl Bind {
    /// A bind of v3.4 without system type and address range.
    pub fn new(kind: BindKind, system_id: &str, password: &str) -> Self {
        Self {
            kind,
            system_id: system_id.into(),
            password: password.into(),
            system_type: CompactString::default(),
            interface_version: 0x34,
            address_range: Address::default(),
        }
    }

    pub(crate) fn summarize(&self, fields: &mut Vec<(&'static str, String)>) {
        fields.push(("system_id", self.system_id.to_string()));
        fields.push(("system_type", self.system_type.to_string()));
        fields.push(("interface_version", format!("{:#04x}", self.interface_version)));
        if !self.address_range.digits.is_empty() {
            fields.push(("address_range", self.address_range.digits.to_string()));
        }
    }
}

impl fmt::Debug for Bind {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bind")
            .field("kind", &self.kind)
            .field("system_id", &self.system_id)
            .field("system_type", &self.system_type)
            .field("interface_version", &self.interface_version)
            .field("address_range", &self.address_range)
            .finish_non_exhaustive()
    }
}

/// `bind_transmitter_resp`, `bind_receiver_resp`, `bind_transceiver_resp` (SMPP v3.4 §4.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindResp {
    /// Which of the three.
    pub kind: BindKind,
    /// Who the message centre is, at most 15 characters; none when the response ends with its header.
    pub system_id: Option<CompactString>,
    /// `sc_interface_version`, or nothing.
    pub tlvs: Vec<Tlv>,
}

impl BindResp {
    /// The response that accepts a bind; the version is told when there is one.
    pub fn new(kind: BindKind, system_id: &str, sc_interface_version: Option<u8>) -> Self {
        let tlvs = sc_interface_version.map(|version| Tlv::octet(tag::SC_INTERFACE_VERSION, version));
        Self {
            kind,
            system_id: Some(system_id.into()),
            tlvs: tlvs.into_iter().collect(),
        }
    }

    /// The response that refuses a bind, with an empty system id: some ESMEs cannot read one that ends with its header.
    pub fn nul(kind: BindKind) -> Self {
        Self {
            kind,
            system_id: Some(CompactString::default()),
            tlvs: Vec::new(),
        }
    }

    /// The response that ends with its header, as the specification has it for errors.
    pub const fn empty(kind: BindKind) -> Self {
        Self {
            kind,
            system_id: None,
            tlvs: Vec::new(),
        }
    }

    /// Who the message centre is; empty when it does not say.
    pub fn system_id(&self) -> &str {
        self.system_id.as_deref().unwrap_or_default()
    }

    /// The version that the message centre speaks; none means that it takes no optional parameters.
    pub fn sc_interface_version(&self) -> Option<u8> {
        self.tlvs
            .tlv_integer(tag::SC_INTERFACE_VERSION)
            .and_then(|version| u8::try_from(version).ok())
    }
}

/// `outbind` (SMPP v3.4 §4.1.7).
#[derive(Clone, PartialEq, Eq)]
pub struct Outbind {
    /// Who the message centre is, at most 15 characters.
    pub system_id: CompactString,
    /// As long as that of a [`Bind`].
    pub password: CompactString,
}

impl fmt::Debug for Outbind {
    /// Everything but the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbind")
            .field("system_id", &self.system_id)
            .finish_non_exhaustive()
    }
}
