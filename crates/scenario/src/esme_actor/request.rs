//! Requests of an ESME from the fields of a line, by the specification's names.

use smpp::{
    Bind, BindKind, BroadcastSm, CancelBroadcastSm, CancelSm, DataSm, DestAddress, Pdu, QueryBroadcastSm,
    QuerySm, ReplaceSm, ShortMessage, SubmitMulti,
};
use sms::{Address, Npi, Segment, Ton};

use super::EsmeAccount;
use super::fields::{Fields, InvalidField};

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
/// As `submit_sm`, but for its destination: addresses with blanks between them, and names of distribution lists.
const SUBMIT_MULTI: &[&str] = &[
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "dest_address",
    "dl_name",
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
const DATA_SM: &[&str] = &[
    "service_type",
    "source_addr_ton",
    "source_addr_npi",
    "source_addr",
    "dest_addr_ton",
    "dest_addr_npi",
    "destination_addr",
    "esm_class",
    "registered_delivery",
    "data_coding",
];
const BROADCAST_SM: &[&str] = &[
    "service_type",
    "source_addr",
    "message_id",
    "priority_flag",
    "schedule_delivery_time",
    "validity_period",
    "replace_if_present_flag",
    "data_coding",
    "sm_default_msg_id",
];
const CANCEL_BROADCAST_SM: &[&str] = &["service_type", "message_id", "source_addr"];
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

/// The fields of a PDU that a line sees, where they are few and always the same; it may have optional parameters beside them.
pub(crate) fn seen_fields(pdu: &str) -> Option<impl Iterator<Item = &'static str>> {
    let fields = match pdu {
        "submit_sm" | "deliver_sm" => SUBMIT_SM,
        "data_sm" => return Some(DATA_SM.iter().copied().chain(None)),
        _ => return None,
    };
    Some(fields.iter().copied().chain(Some("sm_length")))
}

/// The request that a line describes. What it leaves out is the account's, or NULL.
pub(crate) fn request(
    account: &EsmeAccount,
    pdu: &str,
    given: &[(String, String)],
) -> Result<Pdu, InvalidField> {
    let fields = |known: &'static [&'static str]| Fields::new(&account.codings, pdu, given, known);
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
                short_message: segment(&fields)?.user_data,
                tlvs: fields.tlvs()?,
            }))
        }
        "data_sm" => data_sm(account, &fields(DATA_SM)?),
        "submit_multi" => submit_multi(account, &fields(SUBMIT_MULTI)?),
        "broadcast_sm" => broadcast_sm(account, &fields(BROADCAST_SM)?),
        "query_broadcast_sm" => {
            let fields = fields(QUERY_SM)?;
            Ok(Pdu::QueryBroadcastSm(QueryBroadcastSm {
                message_id: fields.text("message_id").unwrap_or_default().into(),
                source: fields.source(account),
                tlvs: fields.tlvs()?,
            }))
        }
        "cancel_broadcast_sm" => {
            let fields = fields(CANCEL_BROADCAST_SM)?;
            Ok(Pdu::CancelBroadcastSm(CancelBroadcastSm {
                service_type: fields.text("service_type").unwrap_or_default().into(),
                message_id: fields.text("message_id").unwrap_or_default().into(),
                source: fields.source(account),
                tlvs: fields.tlvs()?,
            }))
        }
        other => Err(InvalidField::Operation(other.to_owned())),
    }
}

fn submit_sm(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Pdu, InvalidField> {
    let destination = destination(fields)?;
    short_message(account, fields, destination).map(Pdu::SubmitSm)
}

fn submit_multi(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Pdu, InvalidField> {
    let words = |name: &str| fields.text(name).unwrap_or_default().split_whitespace();
    let addresses = words("dest_address").map(|word| DestAddress::Sme(Address::dialled(word)));
    let lists = words("dl_name").map(|word| DestAddress::DistributionList(word.into()));
    Ok(Pdu::SubmitMulti(SubmitMulti {
        message: short_message(account, fields, Address::default())?,
        destinations: addresses.chain(lists).collect(),
    }))
}

/// What `submit_sm` and `submit_multi` share.
fn short_message(
    account: &EsmeAccount,
    fields: &Fields<'_>,
    destination: Address,
) -> Result<ShortMessage, InvalidField> {
    let mut message = ShortMessage::new(source(account, fields)?, destination, &segment(fields)?);
    // A text that is given in a message_payload has its alphabet from there.
    let data_coding = fields.payload_coding(message.data_coding)?;
    message.tlvs.extend(fields.tlvs()?);
    Ok(ShortMessage {
        service_type: fields.text("service_type").unwrap_or_default().into(),
        esm_class: fields.octet("esm_class", message.esm_class)?,
        protocol_id: fields.octet("protocol_id", 0)?,
        priority_flag: fields.octet("priority_flag", 0)?,
        schedule_delivery_time: fields.owned("schedule_delivery_time"),
        validity_period: fields.owned("validity_period"),
        registered_delivery: fields.octet("registered_delivery", 0)?,
        replace_if_present_flag: fields.octet("replace_if_present_flag", 0)?,
        data_coding: fields.octet("data_coding", data_coding)?,
        sm_default_msg_id: fields.octet("sm_default_msg_id", 0)?,
        ..message
    })
}

fn data_sm(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Pdu, InvalidField> {
    Ok(Pdu::DataSm(DataSm {
        service_type: fields.text("service_type").unwrap_or_default().into(),
        source: source(account, fields)?,
        destination: destination(fields)?,
        esm_class: fields.octet("esm_class", 0)?,
        registered_delivery: fields.octet("registered_delivery", 0)?,
        data_coding: fields.octet("data_coding", fields.payload_coding(0)?)?,
        tlvs: fields.tlvs()?,
    }))
}

fn broadcast_sm(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Pdu, InvalidField> {
    Ok(Pdu::BroadcastSm(BroadcastSm {
        service_type: fields.text("service_type").unwrap_or_default().into(),
        source: fields.source(account),
        message_id: fields.text("message_id").unwrap_or_default().into(),
        priority_flag: fields.octet("priority_flag", 0)?,
        schedule_delivery_time: fields.owned("schedule_delivery_time"),
        validity_period: fields.owned("validity_period"),
        replace_if_present_flag: fields.octet("replace_if_present_flag", 0)?,
        data_coding: fields.octet("data_coding", fields.payload_coding(0)?)?,
        sm_default_msg_id: fields.octet("sm_default_msg_id", 0)?,
        tlvs: fields.tlvs()?,
    }))
}

fn source(account: &EsmeAccount, fields: &Fields<'_>) -> Result<Address, InvalidField> {
    let mut source = fields.source(account);
    source.ton = Ton::from(fields.octet("source_addr_ton", source.ton.into())?);
    source.npi = Npi::from(fields.octet("source_addr_npi", source.npi.into())?);
    Ok(source)
}

fn destination(fields: &Fields<'_>) -> Result<Address, InvalidField> {
    let mut destination = fields.address("destination_addr");
    destination.ton = Ton::from(fields.octet("dest_addr_ton", destination.ton.into())?);
    destination.npi = Npi::from(fields.octet("dest_addr_npi", destination.npi.into())?);
    Ok(destination)
}

/// The text as one segment.
fn segment(fields: &Fields<'_>) -> Result<Segment, InvalidField> {
    fields.written(fields.text("short_message").unwrap_or_default())
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
            codings: smsc::Codings::default(),
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
            (1, b"Hi".into())
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
            (
                "alert_notification",
                ("source_addr", ""),
                "no line sends alert_notification",
            ),
            (
                "submit_sm",
                ("sar_total_segments", "256"),
                "`256` does not fit sar_total_segments",
            ),
            ("unbind", ("system_id", "x"), "unbind has no field `system_id`"),
        ] {
            let refused = request(&account, pdu, &pairs(&[given]));
            assert_eq!(refused.map_err(|error| error.to_string()), Err(why.to_owned()));
        }
    }

    #[test]
    fn parameters_are_fields_by_their_names() {
        let account = EsmeAccount::default();
        let pairs = [
            ("broadcast_area_identifier", "bay"),
            ("broadcast_area_identifier", "0x0141"),
            ("broadcast_content_type", "0x000002"),
            ("broadcast_rep_num", "3"),
            ("broadcast_frequency_interval", "0x08003c"),
            ("message_payload", "Hi"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let Ok(Pdu::BroadcastSm(broadcast)) = request(&account, "broadcast_sm", &pairs) else {
            panic!("a broadcast")
        };
        let values: Vec<(u16, &[u8])> = broadcast
            .tlvs
            .iter()
            .map(|tlv| (tlv.tag, tlv.value.as_slice()))
            .collect();
        assert_eq!(
            values,
            [
                (0x0606, &b"\0bay"[..]),
                (0x0606, &[1, 0x41]),
                (0x0601, &[0, 0, 2]),
                (0x0604, &[0, 3]),
                (0x0605, &[8, 0, 60]),
                (0x0424, b"Hi"),
            ]
        );
        let pairs = [
            ("dest_address", "14155550101 14155550102"),
            ("dl_name", "friends"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let Ok(Pdu::SubmitMulti(multi)) = request(&account, "submit_multi", &pairs) else {
            panic!("a submit_multi")
        };
        assert_eq!(multi.destinations.len(), 3);
    }
}
