//! What became of a request: [`Status`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// A `command_status` (SMPP v3.4 §5.1.3, v5.0 §4.7.6). Any value can arrive; 0x400 to 0x4FF belong to the vendors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        impl Status {
            $(#[doc = concat!(stringify!($code), ": ", $meaning, ".")]
            pub const $name: Self = Self($code);)*

            /// Every status that the specifications name, in the order of its code.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The specification's name, `ESME_ROK` for 0; none for a reserved or vendor code.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some(stringify!($name)),)*
                    _ => None,
                }
            }

            /// What the status means, as a lower-case fragment; none for a reserved or vendor code.
            pub const fn meaning(self) -> Option<&'static str> {
                match self.0 {
                    $($code => Some($meaning),)*
                    _ => None,
                }
            }
        }
    };
}

statuses! {
    ESME_ROK = 0x00: "success";
    ESME_RINVMSGLEN = 0x01: "message length is invalid";
    ESME_RINVCMDLEN = 0x02: "command length is invalid";
    ESME_RINVCMDID = 0x03: "command id is invalid or not supported";
    ESME_RINVBNDSTS = 0x04: "the operation is not allowed in this bind state";
    ESME_RALYBND = 0x05: "the session is bound already";
    ESME_RINVPRTFLG = 0x06: "priority flag is invalid";
    ESME_RINVREGDLVFLG = 0x07: "registered delivery is invalid";
    ESME_RSYSERR = 0x08: "system error";
    ESME_RINVSRCADR = 0x0A: "source address is invalid";
    ESME_RINVDSTADR = 0x0B: "destination address is invalid";
    ESME_RINVMSGID = 0x0C: "message id is invalid";
    ESME_RBINDFAIL = 0x0D: "bind failed";
    ESME_RINVPASWD = 0x0E: "password is invalid";
    ESME_RINVSYSID = 0x0F: "system id is invalid";
    ESME_RCANCELFAIL = 0x11: "cancel failed";
    ESME_RREPLACEFAIL = 0x13: "replace failed";
    ESME_RMSGQFUL = 0x14: "message queue is full";
    ESME_RINVSERTYP = 0x15: "service type is invalid";
    ESME_RINVNUMDESTS = 0x33: "number of destinations is invalid";
    ESME_RINVDLNAME = 0x34: "distribution list is unknown";
    ESME_RINVDESTFLAG = 0x40: "destination flag is invalid";
    ESME_RINVSUBREP = 0x42: "submit with replace is not supported";
    ESME_RINVESMCLASS = 0x43: "esm class is invalid";
    ESME_RCNTSUBDL = 0x44: "cannot submit to a distribution list";
    ESME_RSUBMITFAIL = 0x45: "submit failed";
    ESME_RINVSRCTON = 0x48: "source type of number is invalid";
    ESME_RINVSRCNPI = 0x49: "source numbering plan is invalid";
    ESME_RINVDSTTON = 0x50: "destination type of number is invalid";
    ESME_RINVDSTNPI = 0x51: "destination numbering plan is invalid";
    ESME_RINVSYSTYP = 0x53: "system type is invalid";
    ESME_RINVREPFLAG = 0x54: "replace if present flag is invalid";
    ESME_RINVNUMMSGS = 0x55: "number of messages is invalid";
    ESME_RTHROTTLED = 0x58: "throttled";
    ESME_RINVSCHED = 0x61: "schedule delivery time is invalid";
    ESME_RINVEXPIRY = 0x62: "validity period is invalid";
    ESME_RINVDFTMSGID = 0x63: "default message id is invalid";
    ESME_RX_T_APPN = 0x64: "the receiver has a temporary error";
    ESME_RX_P_APPN = 0x65: "the receiver has a permanent error";
    ESME_RX_R_APPN = 0x66: "the receiver rejects the message";
    ESME_RQUERYFAIL = 0x67: "query failed";
    ESME_RINVTLVSTREAM = 0xC0: "the optional parameters are broken";
    ESME_RTLVNOTALLWD = 0xC1: "optional parameter is not allowed";
    ESME_RINVTLVLEN = 0xC2: "optional parameter has an invalid length";
    ESME_RMISSINGTLV = 0xC3: "optional parameter is missing";
    ESME_RINVTLVVAL = 0xC4: "optional parameter has an invalid value";
    ESME_RDELIVERYFAILURE = 0xFE: "delivery failed";
    ESME_RUNKNOWNERR = 0xFF: "unknown error";
    ESME_RSERTYPUNAUTH = 0x100: "not authorised for the service type";
    ESME_RPROHIBITED = 0x101: "the operation is prohibited";
    ESME_RSERTYPUNAVAIL = 0x102: "the service type is unavailable";
    ESME_RSERTYPDENIED = 0x103: "the service type is denied";
    ESME_RINVDCS = 0x104: "data coding is invalid";
    ESME_RINVSRCADDRSUBUNIT = 0x105: "source address subunit is invalid";
    ESME_RINVDSTADDRSUBUNIT = 0x106: "destination address subunit is invalid";
    ESME_RINVBCASTFREQINT = 0x107: "broadcast frequency interval is invalid";
    ESME_RINVBCASTALIAS_NAME = 0x108: "broadcast alias name is invalid";
    ESME_RINVBCASTAREAFMT = 0x109: "broadcast area format is invalid";
    ESME_RINVNUMBCAST_AREAS = 0x10A: "number of broadcast areas is invalid";
    ESME_RINVBCASTCNTTYPE = 0x10B: "broadcast content type is invalid";
    ESME_RINVBCASTMSGCLASS = 0x10C: "broadcast message class is invalid";
    ESME_RBCASTFAIL = 0x10D: "broadcast failed";
    ESME_RBCASTQUERYFAIL = 0x10E: "query of a broadcast failed";
    ESME_RBCASTCANCELFAIL = 0x10F: "cancel of a broadcast failed";
    ESME_RINVBCAST_REP = 0x110: "number of repeated broadcasts is invalid";
    ESME_RINVBCASTSRVGRP = 0x111: "broadcast service group is invalid";
    ESME_RINVBCASTCHANIND = 0x112: "broadcast channel indicator is invalid";
}

impl Status {
    /// The status with that name, with or without `ESME_`, in any letter case; the names that v3.4 has for the TLV statuses
    /// (`ESME_RINVOPTPARSTREAM` and its kin) are known as well.
    pub fn from_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let short = upper.strip_prefix("ESME_").unwrap_or(&upper);
        match short {
            "RINVOPTPARSTREAM" => Some(Self::ESME_RINVTLVSTREAM),
            "ROPTPARNOTALLWD" => Some(Self::ESME_RTLVNOTALLWD),
            "RINVPARLEN" => Some(Self::ESME_RINVTLVLEN),
            "RMISSINGOPTPARAM" => Some(Self::ESME_RMISSINGTLV),
            "RINVOPTPARAMVAL" => Some(Self::ESME_RINVTLVVAL),
            _ => Self::ALL
                .iter()
                .copied()
                .find(|status| status.name().is_some_and(|full| &full[5..] == short)),
        }
    }

    /// Whether the request succeeded.
    pub const fn is_ok(self) -> bool {
        self.0 == 0
    }

    /// The status to send to a peer of `interface_version`: those of v5.0 alone (0x100 to 0x3FF) become their nearest of
    /// v3.4 below 0x50.
    pub const fn for_version(self, interface_version: u8) -> Self {
        if interface_version >= 0x50 {
            return self;
        }
        match self {
            Self::ESME_RSERTYPUNAUTH | Self::ESME_RSERTYPDENIED => Self::ESME_RINVSERTYP,
            Self::ESME_RPROHIBITED => Self::ESME_RINVCMDID,
            Self::ESME_RSERTYPUNAVAIL => Self::ESME_RSYSERR,
            Self::ESME_RINVDCS => Self::ESME_RINVESMCLASS,
            Self::ESME_RINVSRCADDRSUBUNIT => Self::ESME_RINVSRCADR,
            Self::ESME_RINVDSTADDRSUBUNIT => Self::ESME_RINVDSTADR,
            Self(0x100..=0x3FF) => Self::ESME_RUNKNOWNERR,
            other => other,
        }
    }
}

impl fmt::Display for Status {
    /// The name, or eight hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_every_spelling() {
        for status in Status::ALL {
            let name = status.name().expect("named");
            for spelling in [name, &name[5..], &name.to_ascii_lowercase()] {
                assert_eq!(Status::from_name(spelling), Some(*status), "{spelling}");
            }
            assert!(status.meaning().is_some());
        }
        assert_eq!(
            Status::from_name("ESME_RINVOPTPARSTREAM"),
            Some(Status::ESME_RINVTLVSTREAM)
        );
        assert_eq!(Status::from_name("ESME_NONSENSE"), None);
        assert_eq!(Status(0x401).to_string(), "0x00000401");
        assert_eq!(Status(0x58).to_string(), "ESME_RTHROTTLED");
    }

    #[test]
    fn a_v34_peer_is_sent_no_status_of_v50() {
        for status in Status::ALL {
            assert!(status.for_version(0x34).0 < 0x100, "{status}");
            assert_eq!(status.for_version(0x50), *status);
        }
        assert_eq!(Status(0x401).for_version(0x34), Status(0x401));
        assert_eq!(Status::ESME_RPROHIBITED.for_version(0x34), Status::ESME_RINVCMDID);
    }
}
