//! What connections to outside ESMEs say to the engine.

use std::collections::BTreeMap;
use std::net::IpAddr;

use smpp::{Frame, LinkId};
use world::WirePdu;

use super::{EngineHandle, Message};
use crate::smpp_listener::LinkSender;

/// PDUs that are to be sent, by their links: what goes to one link goes together, so that its writer is woken once.
#[derive(Default)]
pub(super) struct ByLink {
    pdus: Vec<(LinkId, Vec<WirePdu>)>,
    places: BTreeMap<LinkId, usize>,
}

impl ByLink {
    /// Adds a PDU. Most often the one before went to the same link.
    pub(super) fn push(&mut self, link: LinkId, pdu: WirePdu) {
        if let Some((_, pdus)) = self.pdus.last_mut().filter(|(last, _)| *last == link) {
            return pdus.push(pdu);
        }
        let place = *self.places.entry(link).or_insert(self.pdus.len());
        match self.pdus.get_mut(place) {
            Some((_, pdus)) => pdus.push(pdu),
            None => self.pdus.push((link, vec![pdu])),
        }
    }

    /// Takes out what is for a link.
    pub(super) fn take(&mut self, link: LinkId) -> Vec<WirePdu> {
        let place = self.places.get(&link).copied();
        place
            .map(|place| std::mem::take(&mut self.pdus[place].1))
            .unwrap_or_default()
    }
}

impl IntoIterator for ByLink {
    type Item = (LinkId, Vec<WirePdu>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.pdus.into_iter()
    }
}

impl EngineHandle {
    /// Says that an ESME has connected, or has been called; false when the engine has ended.
    pub async fn link_opened(
        &self,
        link: LinkId,
        peer: IpAddr,
        sender: LinkSender,
        called: Option<String>,
    ) -> bool {
        let message = Message::LinkOpened {
            link,
            peer,
            sender,
            called,
        };
        self.inbox.send(message).await.is_ok()
    }

    /// Says that an ESME could not be called.
    pub async fn link_not_dialled(&self, system_id: String, why: String) {
        // Nobody waits for it when the engine has ended.
        let _ = self.inbox.send(Message::LinkNotDialled { system_id, why }).await;
    }

    /// Hands on what an ESME has sent; false when the engine has ended.
    pub async fn link_received(&self, link: LinkId, frames: Vec<Frame>) -> bool {
        self.inbox
            .send(Message::LinkReceived { link, frames })
            .await
            .is_ok()
    }

    /// Says that an ESME is gone.
    pub async fn link_closed(&self, link: LinkId) {
        let _ = self.inbox.send(Message::LinkClosed { link }).await;
    }
}
