//! What a peer of an older version does not take.

use crate::pdu::Pdu;
use crate::short_message::{SHORT_MESSAGE_OCTETS_MAX, ShortMessage};
use crate::tlv::{Tlv, Tlvs, tag};

/// Takes the optional parameters out of `pdu` that a peer of `interface_version` does not take: below 0x34 all of them, below
/// 0x50 those of v5.0. A `message_payload` becomes the short message, cut at 254 octets.
pub fn fit(pdu: &mut Pdu, interface_version: u8) {
    if interface_version >= 0x50 {
        return;
    }
    let takes = |tlv: &Tlv| interface_version >= 0x34 && !is_v50(tlv.tag);
    match pdu {
        Pdu::SubmitSm(message) | Pdu::DeliverSm(message) => fit_message(message, interface_version),
        Pdu::SubmitMulti(multi) => fit_message(&mut multi.message, interface_version),
        Pdu::BindResp(resp) => resp.tlvs.retain(takes),
        Pdu::SubmitSmResp(resp)
        | Pdu::DeliverSmResp(resp)
        | Pdu::DataSmResp(resp)
        | Pdu::BroadcastSmResp(resp)
        | Pdu::QueryBroadcastSmResp(resp) => resp.tlvs.retain(takes),
        Pdu::SubmitMultiResp(resp) => resp.tlvs.retain(takes),
        Pdu::AlertNotification(alert) => alert.tlvs.retain(takes),
        // These carry what they are about in parameters: a session that has none of them has no such operation.
        Pdu::DataSm(_)
        | Pdu::ReplaceSm(_)
        | Pdu::BroadcastSm(_)
        | Pdu::QueryBroadcastSm(_)
        | Pdu::CancelBroadcastSm(_) => {}
        Pdu::Bind(_)
        | Pdu::Outbind(_)
        | Pdu::Unbind
        | Pdu::UnbindResp
        | Pdu::EnquireLink
        | Pdu::EnquireLinkResp
        | Pdu::GenericNack
        | Pdu::QuerySm(_)
        | Pdu::QuerySmResp(_)
        | Pdu::CancelSm(_)
        | Pdu::CancelSmResp
        | Pdu::ReplaceSmResp
        | Pdu::CancelBroadcastSmResp
        | Pdu::Other { .. } => {}
    }
}

fn fit_message(message: &mut ShortMessage, interface_version: u8) {
    if interface_version < 0x34 {
        if message.short_message.is_empty()
            && let Some(payload) = message.tlvs.tlv(tag::MESSAGE_PAYLOAD)
        {
            let length = payload.value.len().min(SHORT_MESSAGE_OCTETS_MAX);
            message.short_message = payload.value[..length].into();
        }
        message.tlvs.clear();
    } else {
        message.tlvs.retain(|tlv| !is_v50(tlv.tag));
    }
}

/// Whether v5.0 brought the parameter.
const fn is_v50(tag: u16) -> bool {
    matches!(tag, tag::CONGESTION_STATE | 0x0600..=0x0613)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::MessageIdResp;

    #[test]
    fn a_peer_is_sent_only_the_parameters_of_its_version() {
        let tlvs = vec![
            Tlv::octet(tag::CONGESTION_STATE, 40),
            Tlv::octet(tag::MESSAGE_STATE, 2),
            Tlv::octet(0x1401, 1),
        ];
        for (version, tags) in [
            (0x33, vec![]),
            (0x34, vec![tag::MESSAGE_STATE, 0x1401]),
            (0x50, vec![tag::CONGESTION_STATE, tag::MESSAGE_STATE, 0x1401]),
        ] {
            let mut resp = Pdu::SubmitSmResp(MessageIdResp {
                message_id: None,
                tlvs: tlvs.clone(),
            });
            let mut message = Pdu::DeliverSm(ShortMessage {
                tlvs: tlvs.clone(),
                ..ShortMessage::default()
            });
            for pdu in [&mut resp, &mut message] {
                fit(pdu, version);
                assert_eq!(
                    pdu.tlvs().iter().map(|tlv| tlv.tag).collect::<Vec<_>>(),
                    tags,
                    "{version:#x}"
                );
            }
        }
    }

    #[test]
    fn a_payload_becomes_the_short_message_of_a_v33_peer() {
        for (octets, kept) in [(10, 10), (254, 254), (300, 254)] {
            let tlvs = vec![Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'a'; octets])];
            let mut pdu = Pdu::DeliverSm(ShortMessage {
                tlvs,
                ..ShortMessage::default()
            });
            fit(&mut pdu, 0x33);
            let expected = ShortMessage {
                short_message: vec![b'a'; kept].into(),
                ..ShortMessage::default()
            };
            assert_eq!(pdu, Pdu::DeliverSm(expected));
        }
    }
}
