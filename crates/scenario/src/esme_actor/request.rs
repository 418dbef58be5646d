//! Requests of an ESME from the fields of a line, by the specification's names.

use smpp::{Bind, BindKind, CancelSm, Pdu, QuerySm, ReplaceSm, ShortMessage};
use sms::{Address, Encoding, Npi, Segment, Ton};

use super::EsmeAccount;

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

const BIND: &[&str] = &[
    "system_id",
    "password",
    "system_type",
    "interface_version",
    "address_range",
];
const SUBMIT_SM: &[&str] = &[
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "dest_addr_ton",
    "dest_addr_npi",
    "destination_addr",
    "esm_class",
    "protocol_id",
    "priority_flag",
    "schedule_delivery_time",
    "validity_period",
    "registered_delivery",
    "replace_if_present_flag",
    "data_coding",
    "sm_default_msg_id",
    "short_message",
];
const QUERY_SM: &[&str] = &["message_id", "source_addr"];
const CANCEL_SM: &[&str] = &["service_type", "message_id", "source_addr", "destination_addr"];
const REPLACE_SM: &[&str] = &[
    "message_id",
    "source_addr",
    "schedule_delivery_time",
    "validity_period",
    "registered_delivery",
    "sm_default_msg_id",
    "short_message",
];

/// The request that a line describes. What it leaves out is the account's, or NULL.
pub(crate) fn request(
    account: &EsmeAccount,
    pdu: &str,
    given: &[(String, String)],
) -> Result<Pdu, InvalidField> {
    let fields = |known: &'static [&'static str]| Fields::new(pdu, given, known);
    let bind = |kind| {
        let fields = fields(BIND)?;
        let mut bind = Bind::new(
            kind,
            fields.text("system_id").unwrap_or(&account.system_id),
            fields.text("password").unwrap_or(&account.password),
        );
        bind.system_type = fields.text("system_type").unwrap_or_default().into();
        bind.interface_version = fields.octet("interface_version", bind.interface_version)?;
        bind.address_range = Address::new(
            Ton::Unknown,
            Npi::Unknown,
            fields.text("address_range").unwrap_or_default(),
        );
        Ok(Pdu::Bind(bind))
    };
    match pdu {
        "bind_transmitter" => bind(BindKind::Transmitter),
        "bind_receiver" => bind(BindKind::Receiver),
        "bind_transceiver" => bind(BindKind::Transceiver),
        "unbind" => fields(&[]).map(|_| Pdu::Unbind),
        "enquire_link" => fields(&[]).map(|_| Pdu::EnquireLink),
        "submit_sm" => submit_sm(account, &fields(SUBMIT_SM)?),
        "query_sm" => {
            let fields = fields(QUERY_SM)?;
            Ok(Pdu::QuerySm(QuerySm {
                message_id: fields.text("message_id").unwrap_or_default().into(),
                source: fields.source(account),
            }))
        }
        "cancel_sm" => {
            let fields = fields(CANCEL_SM)?;
            Ok(Pdu::CancelSm(CancelSm {
                service_type: fields.text("service_type").unwrap_or_default().into(),
                message_id: fields.text("message_id").unwrap_or_default().into(),
                source: fields.source(account),
                destination: fields.address("destination_addr"),
            }))
        }
        "replace_sm" => {
            let fields = fields(REPLACE_SM)?;
            Ok(Pdu::ReplaceSm(ReplaceSm {
                message_id: fields.text("message_id").unwrap_or_default().into(),
                source: fields.source(account),
                schedule_delivery_time: fields.owned("schedule_delivery_time"),
                validity_period: fields.owned("validity_period"),
                registered_delivery: fields.octet("registered_delivery", 0)?,
                sm_default_msg_id: fields.octet("sm_default_msg_id", 0)?,
                short_message: segment(&fields).user_data,
                tlvs: Vec::new(),
            }))
        }
        other => Err(InvalidField::Operation(other.to_owned())),
    }
}

fn submit_sm(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Pdu, InvalidField> {
    let mut source = fields.source(account);
    source.ton = Ton::from(fields.octet("source_addr_ton", source.ton.into())?);
    source.npi = Npi::from(fields.octet("source_addr_npi", source.npi.into())?);
    let mut destination = fields.address("destination_addr");
    destination.ton = Ton::from(fields.octet("dest_addr_ton", destination.ton.into())?);
    destination.npi = Npi::from(fields.octet("dest_addr_npi", destination.npi.into())?);
    let message = ShortMessage::new(source, destination, &segment(fields));
    Ok(Pdu::SubmitSm(ShortMessage {
        service_type: fields.text("service_type").unwrap_or_default().into(),
        esm_class: fields.octet("esm_class", message.esm_class)?,
        protocol_id: fields.octet("protocol_id", 0)?,
        priority_flag: fields.octet("priority_flag", 0)?,
        schedule_delivery_time: fields.owned("schedule_delivery_time"),
        validity_period: fields.owned("validity_period"),
        registered_delivery: fields.octet("registered_delivery", 0)?,
        replace_if_present_flag: fields.octet("replace_if_present_flag", 0)?,
        data_coding: fields.octet("data_coding", message.data_coding)?,
        sm_default_msg_id: fields.octet("sm_default_msg_id", 0)?,
        ..message
    }))
}

/// The text as one segment, in the alphabet that it needs.
fn segment(fields: &Fields<'_>) -> Segment {
    let text = fields.text("short_message").unwrap_or_default();
    Segment::whole(text, Encoding::of(text))
}

/// The fields that a line gives.
struct Fields<'f> {
    given: &'f [(String, String)],
}

impl<'f> Fields<'f> {
    fn new(
        pdu: &str,
        given: &'f [(String, String)],
        known: &'static [&'static str],
    ) -> Result<Self, InvalidField> {
        match given.iter().find(|(field, _)| !known.contains(&field.as_str())) {
            None => Ok(Self { given }),
            Some((field, _)) => Err(InvalidField::Unknown {
                pdu: pdu.to_owned(),
                field: field.clone(),
                known,
            }),
        }
    }

    fn text(&self, name: &str) -> Option<&'f str> {
        let given = self.given.iter().find(|(field, _)| field == name);
        given.map(|(_, value)| value.as_str())
    }

    fn owned(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    fn address(&self, name: &str) -> Address {
        self.text(name).map_or_else(Address::default, Address::dialled)
    }

    fn source(&self, account: &EsmeAccount) -> Address {
        self.text("source_addr")
            .map_or_else(|| account.code.clone(), Address::dialled)
    }

    /// An integer of one octet, as `4` or `0x04`.
    fn octet(&self, name: &str, default: u8) -> Result<u8, InvalidField> {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        let number = match value.strip_prefix("0x") {
            Some(digits) => u8::from_str_radix(digits, 16),
            None => value.parse(),
        };
        number.map_err(|_| InvalidField::Value {
            field: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_make_the_pdu_and_the_account_fills_in() {
        let account = EsmeAccount {
            system_id: "acme".to_owned(),
            password: "secret".to_owned(),
            code: Address::dialled("12345"),
        };
        let pairs = |given: &[(&str, &str)]| -> Vec<(String, String)> {
            given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let made = request(
            &account,
            "submit_sm",
            &pairs(&[
                ("destination_addr", "+14155550101"),
                ("registered_delivery", "0x01"),
                ("short_message", "Hi"),
            ]),
        );
        let Ok(Pdu::SubmitSm(message)) = made else {
            panic!("{made:?}")
        };
        assert_eq!(message.source.digits, "12345");
        assert_eq!(message.destination, Address::dialled("+14155550101"));
        assert_eq!(
            (message.registered_delivery, message.short_message),
            (1, b"Hi".to_vec())
        );
        let Ok(Pdu::Bind(bind)) = request(&account, "bind_receiver", &pairs(&[("password", "other")])) else {
            panic!("a bind")
        };
        assert_eq!(
            (bind.system_id.as_str(), bind.password.as_str()),
            ("acme", "other")
        );
        for (pdu, given, why) in [
            (
                "submit_sm",
                ("dest_addr", "1"),
                "submit_sm has no field `dest_addr`",
            ),
            ("submit_sm", ("esm_class", "256"), "`256` does not fit esm_class"),
            ("submit_multi", ("service_type", ""), "no line sends submit_multi"),
            ("unbind", ("system_id", "x"), "unbind has no field `system_id`"),
        ] {
            let refused = request(&account, pdu, &pairs(&[given]));
            assert_eq!(refused.map_err(|error| error.to_string()), Err(why.to_owned()));
        }
    }
}
