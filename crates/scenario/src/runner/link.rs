//! The links of outside ESMEs that take part in a test.

use smpp::{LinkId, Pdu, Status};
use world::Input;

use crate::esme_actor::EsmeActor;
use crate::runner::stage::Stage;

impl Stage<'_> {
    /// An outside ESME.
    pub fn esme(&self, name: &str) -> &EsmeActor {
        self.esmes.get(name).expect("the script was checked")
    }

    fn esme_mut(&mut self, name: &str) -> &mut EsmeActor {
        self.esmes.get_mut(name).expect("the script was checked")
    }

    /// Sends a request on the ESME's link, which is opened when there is none. Gives the link and the sequence number.
    pub fn esme_sends(&mut self, name: &str, pdu: Pdu) -> (LinkId, u32) {
        let now = self.now();
        let link = match self.esme(name).link {
            Some(link) => link,
            None => {
                let link = LinkId(self.next_link);
                self.next_link += 1;
                self.esme_mut(name).open(now, link);
                self.input(Input::LinkOpened { link, peer: None });
                link
            }
        };
        let (sequence_number, frames) = self.esme_mut(name).send(now, pdu);
        self.input(Input::LinkReceived { link, frames });
        (link, sequence_number)
    }

    /// Answers a request of the message centre; nothing when it has its answer.
    pub fn esme_answers(&mut self, name: &str, sequence_number: u32, status: Status) {
        let frames = self.esme_mut(name).answer(sequence_number, status);
        if let (Some(link), false) = (self.esme(name).link, frames.is_empty()) {
            self.input(Input::LinkReceived { link, frames });
        }
    }

    /// Closes the ESME's connection.
    pub fn esme_hangs_up(&mut self, name: &str) {
        if let Some(link) = self.esme(name).link {
            self.esme_mut(name).close();
            self.input(Input::LinkClosed { link });
        }
    }

    /// Takes what no line has answered: the clock is about to go on.
    pub(super) fn esmes_answer(&mut self) -> bool {
        let answers: Vec<_> = self
            .esmes
            .values_mut()
            .filter_map(|esme| Some((esme.link?, esme.answer_all())))
            .filter(|(_, frames)| !frames.is_empty())
            .collect();
        let any = !answers.is_empty();
        for (link, frames) in answers {
            self.input(Input::LinkReceived { link, frames });
        }
        any
    }

    /// The message centre calls an ESME, which takes the call unless it is connected already.
    pub(super) fn esme_is_called(&mut self, system_id: String) {
        let now = self.now();
        let is_called = |esme: &&mut EsmeActor| esme.account.system_id == system_id && esme.link.is_none();
        let answer = match self.esmes.values_mut().find(is_called) {
            Some(esme) => {
                let link = LinkId(self.next_link);
                self.next_link += 1;
                esme.open(now, link);
                Input::LinkDialled {
                    link,
                    system_id,
                    peer: None,
                }
            }
            None => Input::LinkNotDialled {
                system_id,
                why: "it is connected already".to_owned(),
            },
        };
        self.world.handle(now, answer);
    }

    pub(super) fn esme_receives(&mut self, link: LinkId, octets: &[u8]) {
        let now = self.now();
        let esme = self.esmes.values_mut().find(|esme| esme.link == Some(link));
        let frames = esme.map_or_else(Vec::new, |esme| esme.receive(now, octets));
        if !frames.is_empty() {
            self.world.handle(now, Input::LinkReceived { link, frames });
        }
    }

    pub(super) fn esme_is_closed(&mut self, link: LinkId) {
        let now = self.now();
        if let Some(esme) = self.esmes.values_mut().find(|esme| esme.link == Some(link)) {
            esme.close();
            self.world.handle(now, Input::LinkClosed { link });
        }
    }
}
