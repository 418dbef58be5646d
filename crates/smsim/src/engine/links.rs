//! What connections to outside ESMEs say to the engine.

use std::net::IpAddr;

use smpp::{Frame, LinkId};

use super::{EngineHandle, Message};
use crate::smpp_listener::LinkSender;

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
