//! The fields of a line that sends a PDU: [`Fields`], mandatory parameters and optional ones by their names.

use smpp::{Tlv, tag, tlv};
use sms::{Address, Encoding, Segment};
use smsc::Codings;

use super::EsmeAccount;
use crate::diagnostics::{Code, Diagnostic};
use crate::suggestion::nearest;
use crate::syntax::PduStep;

/// Why a line makes no PDU.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum InvalidField {
    /// The operation is none that a line can send.
    #[error("no line sends {0}")]
    Operation(String),
    /// The operation has no such field.
    #[error("{pdu} has no field `{field}`")]
    Unknown {
        /// The operation.
        pdu: String,
        /// The field.
        field: String,
        /// The fields that it has.
        known: &'static [&'static str],
    },
    /// The value does not fit.
    #[error("`{value}` does not fit {field}")]
    Value {
        /// The field.
        field: String,
        /// The value.
        value: String,
    },
}

impl InvalidField {
    /// What is wrong, at its place in the line.
    pub fn told(&self, path: &str, step: &PduStep) -> Diagnostic {
        let place = |name: &str| {
            let param = step.fields.iter().find(|param| param.name.node == name);
            param.map_or(step.pdu.span, |param| param.name.span)
        };
        let fault = |code, span| Diagnostic::new(code, path, span, self.to_string());
        match self {
            Self::Operation(_) => fault(Code::E300, step.pdu.span).label(
                "lines send binds, submit_sm, submit_multi, data_sm, query_sm, cancel_sm, replace_sm, broadcast_sm, \
                 query_broadcast_sm, cancel_broadcast_sm, enquire_link and unbind",
            ),
            Self::Unknown { field, known, .. } => {
                let fault = fault(Code::E116, place(field)).label("not known");
                let meant = nearest(field, known.iter().copied());
                match (meant, known.is_empty()) {
                    (Some(_), _) => fault.did_you_mean(meant),
                    (None, false) => fault.help(format!("it has {}, and optional parameters", known.join(", "))),
                    (None, true) => fault.help("it has none"),
                }
            }
            Self::Value { field, .. } => fault(Code::E105, place(field)).label(expected(field)),
        }
    }
}

/// What the value of a field should have been.
fn expected(field: &str) -> &'static str {
    match tag::from_name(field) {
        Some(_) => "expected a number that fits, a text, or octets such as 0x0102",
        None => "expected 0 to 255",
    }
}

/// The fields that a line gives.
pub(super) struct Fields<'f> {
    codings: &'f Codings,
    given: &'f [(String, String)],
    known: &'static [&'static str],
}

impl<'f> Fields<'f> {
    /// Those of an operation with these mandatory parameters. Operations without any take no optional ones either.
    pub fn new(
        codings: &'f Codings,
        pdu: &str,
        given: &'f [(String, String)],
        known: &'static [&'static str],
    ) -> Result<Self, InvalidField> {
        let is_known = |field: &str| {
            known.contains(&field) || (takes_parameters(pdu) && tag::from_name(field).is_some())
        };
        match given.iter().find(|(field, _)| !is_known(field)) {
            None => Ok(Self {
                codings,
                given,
                known,
            }),
            Some((field, _)) => Err(InvalidField::Unknown {
                pdu: pdu.to_owned(),
                field: field.clone(),
                known,
            }),
        }
    }

    pub fn text(&self, name: &str) -> Option<&'f str> {
        let given = self.given.iter().find(|(field, _)| field == name);
        given.map(|(_, value)| value.as_str())
    }

    pub fn owned(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    pub fn address(&self, name: &str) -> Address {
        self.text(name).map_or_else(Address::default, Address::dialled)
    }

    pub fn source(&self, account: &EsmeAccount) -> Address {
        self.text("source_addr")
            .map_or_else(|| account.code.clone(), Address::dialled)
    }

    /// An integer of one octet, as `4` or `0x04`.
    pub fn octet(&self, name: &str, default: u8) -> Result<u8, InvalidField> {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        let number = match value.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16),
            None => value.parse(),
        };
        number.map_err(|_| invalid(name, value))
    }

    /// A text in the alphabet that the line's `data_coding` means to the account; without one in the alphabet that it needs.
    pub fn written(&self, text: &str) -> Result<Segment, InvalidField> {
        let needed = Segment::whole(text, Encoding::of(text));
        if self.text("data_coding").is_none() {
            return Ok(self.codings.write(needed, usize::MAX));
        }
        let data_coding = self.octet("data_coding", 0)?;
        Ok(Segment {
            data_coding,
            user_data: self.codings.spell(text, data_coding).into(),
            ..needed
        })
    }

    /// The `data_coding` of the text of a `message_payload`.
    pub fn payload_coding(&self, otherwise: u8) -> Result<u8, InvalidField> {
        match self.text("message_payload") {
            Some(text) => Ok(self.written(text)?.data_coding),
            None => Ok(otherwise),
        }
    }

    /// The optional parameters, in the order of the line.
    pub fn tlvs(&self) -> Result<Vec<Tlv>, InvalidField> {
        let optional = self
            .given
            .iter()
            .filter(|(name, _)| !self.known.contains(&name.as_str()));
        optional
            .filter_map(|(name, value)| Some((name, value, tag::from_name(name)?)))
            .map(|(name, value, tag)| {
                if tag == tag::MESSAGE_PAYLOAD && !value.starts_with("0x") {
                    return Ok(Tlv::new(tag, self.written(value)?.user_data));
                }
                let octets = octets(tag, value).ok_or_else(|| invalid(name, value))?;
                Ok(Tlv::new(tag, octets))
            })
            .collect()
    }
}

fn invalid(field: &str, value: &str) -> InvalidField {
    InvalidField::Value {
        field: field.to_owned(),
        value: value.to_owned(),
    }
}

fn takes_parameters(pdu: &str) -> bool {
    matches!(
        pdu,
        "submit_sm"
            | "submit_multi"
            | "data_sm"
            | "replace_sm"
            | "broadcast_sm"
            | "query_broadcast_sm"
            | "cancel_broadcast_sm"
    )
}

/// The value of a parameter: a number where the specification has an integer, a text where it has one (a broadcast area by
/// its name), and any octets as `0x...`.
fn octets(tag: u16, value: &str) -> Option<Vec<u8>> {
    let hex = value.strip_prefix("0x");
    match tag {
        tag::BROADCAST_AREA_IDENTIFIER if hex.is_none() => return Some([&[0], value.as_bytes()].concat()),
        _ => {}
    }
    let lengths = tlv::lengths(tag)?;
    let width = match tag {
        tag::BROADCAST_REP_NUM => 2,
        _ if lengths.start() == lengths.end() && *lengths.end() <= 4 => *lengths.end(),
        _ => 0,
    };
    if width > 0 {
        let number = match hex {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => value.parse().ok()?,
        };
        let octets = number.to_be_bytes();
        let (before, octets) = octets.split_at(4 - width);
        return before.iter().all(|octet| *octet == 0).then(|| octets.to_vec());
    }
    match hex {
        Some(digits) => digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect(),
        None => Some([value.as_bytes(), &[0]].concat()),
    }
}
