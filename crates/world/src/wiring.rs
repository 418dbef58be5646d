//! The only place where one part's output becomes another part's input. It maps; it decides nothing.

mod apps;
mod changes;

use bytes::Bytes;
use platform::NotifyOutcome;
use smpp::LinkId;
use sms::Msisdn;
use smsc::{AttemptId, PageOutcome};

use crate::ahead;
use crate::air;
use crate::io::{Change, Input, Output, Purpose};
use crate::link::{self, OWN_LINKS};
use crate::record::{Event, Toward};
use crate::ring::Kept;
use crate::wire_pdu::WirePdu;
use crate::world::{Hop, World};

/// Frames of one read that the message centre hears before what it says of them is done.
const HEARD_TOGETHER: usize = 64;

impl World {
    /// Takes one input of the driver's.
    pub(crate) fn take(&mut self, input: Input) {
        match input {
            Input::Tick => {}
            Input::Compose { handset, to, text } => {
                self.record(Event::Composed {
                    handset,
                    to: to.digits.to_string(),
                    text: text.clone(),
                });
                self.handset_takes(handset, handset::Input::Compose { to, text });
            }
            Input::Api { call, request } => self.api_call(call, request),
            Input::CallbackDone { callback, outcome } => self.callback_done(callback, outcome, None),
            Input::CallbackAnswered {
                callback,
                status,
                body,
            } => self.callback_done(callback, NotifyOutcome::Answered(status), Some(&body)),
            Input::LogIn { app, user, token } => self.log_in(app, user, token.as_deref()),
            Input::AskForCode { user } => {
                let chance = self.dice.number("fbook");
                self.platform_at_once(platform::Input::AskForCode { user, chance });
            }
            Input::ConfirmPhone { user, code } => {
                self.platform_at_once(platform::Input::ConfirmPhone { user, code });
            }
            Input::MintSession { app, user } => {
                let key = self.mint_session(app, user);
                self.outputs.push_back(Output::SessionKey { app, user, key });
            }
            Input::LinkOpened { link, peer } => self.smsc_at_once(smsc::Input::Connected { link, peer }),
            Input::LinkDialled {
                link,
                system_id,
                peer,
            } => self.smsc_at_once(smsc::Input::Dialled {
                link,
                system_id: system_id.into(),
                peer,
            }),
            Input::LinkNotDialled { system_id, why } => self.smsc_at_once(smsc::Input::NotDialled {
                system_id: system_id.into(),
                why: why.into(),
            }),
            Input::LinkReceived { link, frames } => {
                // What a frame brings forth at once comes after all frames of the same read.
                if self.is_idle() {
                    let mut frames = frames;
                    for frames in frames.chunks_mut(HEARD_TOGETHER) {
                        self.smsc_receives(link, frames);
                    }
                } else {
                    for mut frame in frames {
                        self.note_arrival(link, &mut frame);
                        self.smsc_at_once(smsc::Input::Received { link, frame });
                    }
                }
            }
            Input::LinkClosed { link } => self.smsc_at_once(smsc::Input::Closed { link }),
            Input::Change(change) => self.change(change),
            Input::Stop => {
                for system_id in self.config.outside_accounts.clone() {
                    self.smsc_at_once(smsc::Input::Unbind {
                        system_id: system_id.into(),
                    });
                }
            }
        }
    }

    /// Lets one hop happen.
    pub(crate) fn play(&mut self, hop: Hop) {
        match hop {
            Hop::Smsc(input) => self.smsc_handles(*input),
            Hop::Esme(input) => self.esme_handles(*input),
            Hop::Platform(input) => self.platform_handles(*input),
            Hop::PageAnswered { attempt, outcome } => {
                self.pages_answered(attempt, outcome, 0);
            }
            Hop::Octets { link, toward, octets } => self.octets_arrive(link, toward, octets),
            Hop::Page {
                attempt,
                to,
                from,
                segment,
                answer_lost,
            } => {
                let outcome = self.page_arrives(to, from, segment);
                let outcome = if answer_lost { air::LOST } else { outcome };
                self.at_once(Hop::PageAnswered { attempt, outcome });
            }
            Hop::Broadcast(broadcast) => self.broadcast_arrives(*broadcast),
            Hop::PageFailed { attempt, cause } => self.at_once(Hop::PageAnswered {
                attempt,
                outcome: PageOutcome::Failed(cause),
            }),
            Hop::NetworkText { to, from, text } => {
                let segments =
                    sms::Segment::split(&text, sms::segment::Reference::Octet(0)).unwrap_or_default();
                for segment in segments {
                    self.handset_takes(
                        to,
                        handset::Input::Page {
                            from: from.clone().into(),
                            segment,
                        },
                    );
                }
            }
            Hop::CallbackTimeout(callback) => self.callback_done(callback, NotifyOutcome::TimedOut, None),
        }
    }

    /// Gives the message centre an input and does what it says.
    pub(crate) fn smsc_handles(&mut self, input: smsc::Input) {
        let mut outputs = std::mem::take(&mut self.smsc_outputs);
        self.smsc.handle_into(self.now, input, &mut outputs);
        for output in outputs.drain(..) {
            self.smsc_says(output);
        }
        self.smsc_outputs = outputs;
    }

    /// Gives the message centre at most [`HEARD_TOGETHER`] frames, and then does what it says of each, in order. What is
    /// done changes nothing of what it hears; and the instructions of either fit into a core's own memory for them, those of
    /// both together do not.
    fn smsc_receives(&mut self, link: LinkId, frames: &mut [smpp::Frame]) {
        let mut outputs = std::mem::take(&mut self.smsc_outputs);
        let mut ends = [0; HEARD_TOGETHER];
        for (frames, ends) in frames
            .chunks(ahead::TOGETHER)
            .zip(ends.chunks_mut(ahead::TOGETHER))
        {
            ahead::frames(frames);
            self.smsc.receive_into(self.now, link, frames, ends, &mut outputs);
        }
        let mut said = outputs.drain(..);
        let mut begin = 0;
        for (frame, end) in frames.iter_mut().zip(ends) {
            self.note_arrival(link, frame);
            for output in said.by_ref().take(end - begin) {
                match output {
                    // Half of what there is, which need not be handed on to be kept.
                    smsc::Output::Noted(note) => self.keep(Kept::Smsc(note)),
                    output => self.smsc_says(output),
                }
            }
            begin = end;
        }
        drop(said);
        self.smsc_outputs = outputs;
    }

    /// Gives the message centre the answer to a page, with those that come right behind it, at most `more_max`; tells how many
    /// that were. As with frames, what it says changes nothing of what it hears.
    pub(crate) fn pages_answered(
        &mut self,
        attempt: AttemptId,
        outcome: PageOutcome,
        more_max: usize,
    ) -> usize {
        let mut answers = [(attempt, outcome); ahead::TOGETHER];
        let mut count = 1;
        let is_answer = |hop: &Hop| matches!(hop, Hop::PageAnswered { .. });
        for answer in answers.iter_mut().skip(1).take(more_max) {
            let Some(Hop::PageAnswered { attempt, outcome }) = self.queue.take_if(self.now, is_answer) else {
                break;
            };
            *answer = (attempt, outcome);
            count += 1;
        }
        let mut outputs = std::mem::take(&mut self.smsc_outputs);
        self.smsc
            .pages_answered_into(self.now, &answers[..count], &mut outputs);
        for output in outputs.drain(..) {
            self.smsc_says(output);
        }
        self.smsc_outputs = outputs;
        count - 1
    }

    /// Gives the platform's end of the link an input and does what it says.
    pub(crate) fn esme_handles(&mut self, input: esme::Input) {
        let mut outputs = std::mem::take(&mut self.esme_outputs);
        self.esme.handle_into(self.now, input, &mut outputs);
        for output in outputs.drain(..) {
            self.esme_says(output);
        }
        self.esme_outputs = outputs;
    }

    /// Gives the platform an input and does what it says.
    pub(crate) fn platform_handles(&mut self, input: platform::Input) {
        let mut outputs = std::mem::take(&mut self.platform_outputs);
        self.platform.handle_into(self.now, input, &mut outputs);
        for output in outputs.drain(..) {
            self.platform_says(output);
        }
        self.platform_outputs = outputs;
    }

    fn smsc_at_once(&mut self, input: smsc::Input) {
        self.at_once(Hop::Smsc(Box::new(input)));
    }

    fn esme_at_once(&mut self, input: esme::Input) {
        self.at_once(Hop::Esme(Box::new(input)));
    }

    pub(crate) fn platform_at_once(&mut self, input: platform::Input) {
        self.at_once(Hop::Platform(Box::new(input)));
    }

    /// Tells a phone that its time has come.
    pub(crate) fn wake_handset(&mut self, msisdn: Msisdn) {
        self.handset_takes(msisdn, handset::Input::Tick);
    }

    fn handset_takes(&mut self, msisdn: Msisdn, input: handset::Input) {
        let mut outputs = std::mem::take(&mut self.handset_outputs);
        let now = self.now;
        let handled = self.with_handset(msisdn, |handset| handset.handle_into(now, input, &mut outputs));
        for output in outputs.drain(..) {
            self.handset_says(msisdn, output);
        }
        self.handset_outputs = outputs;
        if handled.is_none() {
            self.record(Event::NotComposed {
                handset: msisdn,
                why: "no such phone in this world".to_owned(),
            });
        }
    }

    pub(crate) fn handset_says(&mut self, msisdn: Msisdn, output: handset::Output) {
        match output {
            handset::Output::Transmit { to, segment } => self.mo_on_air(msisdn, to, segment),
            handset::Output::Received(text) => self.keep(Kept::received(msisdn, text)),
            handset::Output::Available => self.smsc_at_once(smsc::Input::Available { msisdn }),
            handset::Output::Held { to, parts } => {
                let why = format!("the text to {to} ({parts} SMS) waits in the phone until it is on the air");
                self.record(Event::NotComposed { handset: msisdn, why });
            }
            handset::Output::Refused { why } => {
                self.record(Event::NotComposed {
                    handset: msisdn,
                    why: why.to_string(),
                });
            }
            // A page's answer goes to the attempt that asked; the network's own texts have none.
            handset::Output::Answer(_) => {}
        }
    }

    fn smsc_says(&mut self, output: smsc::Output) {
        match output {
            smsc::Output::Send { link, command } => {
                if link.0 < OWN_LINKS {
                    let pdu = WirePdu::Octets(self.encode(link, Toward::Esme, &command));
                    self.outputs.push_back(Output::LinkSend { link, pdu });
                } else {
                    self.send_octets(link, Toward::Esme, &command);
                }
            }
            smsc::Output::Draft { link, draft } if link.0 < OWN_LINKS => {
                let pdu = WirePdu::Draft(draft);
                if self.config.record_pdus {
                    self.keep(Kept::Pdu {
                        link: link.0,
                        toward: Toward::Esme,
                        pdu: pdu.clone(),
                    });
                }
                self.outputs.push_back(Output::LinkSend { link, pdu });
            }
            smsc::Output::Draft { link, draft } => {
                let toward = Toward::Esme;
                let octets = self.encoder.write(&draft, &mut self.scribe);
                if self.config.record_pdus {
                    let pdu = WirePdu::Octets(octets.clone());
                    let link = link.0;
                    self.keep(Kept::Pdu { link, toward, pdu });
                }
                self.at_once(Hop::Octets { link, toward, octets });
            }
            smsc::Output::Disturb { link, how } if link.0 < OWN_LINKS => {
                self.outputs.push_back(Output::LinkDisturb { link, how });
            }
            smsc::Output::Disturb { link, how } => self.disturb_own_link(link, how),
            smsc::Output::Dial { system_id, address } => self.outputs.push_back(Output::LinkDial {
                system_id: system_id.into(),
                address: address.into(),
            }),
            smsc::Output::Close { link } => {
                if link.0 < OWN_LINKS {
                    self.outputs.push_back(Output::LinkClose { link });
                } else if self.is_own(link) {
                    self.own_link = None;
                    self.esme_at_once(esme::Input::Closed);
                }
            }
            smsc::Output::Page {
                attempt,
                carrier,
                to,
                from,
                segment,
            } => {
                self.page_on_air(attempt, carrier, to, from, segment);
            }
            smsc::Output::Broadcast(broadcast) => self.broadcast_on_air(broadcast),
            smsc::Output::Bounce { to, from, text } => {
                let latency = self.latency(self.smsc.carrier_index_of(to));
                self.schedule(
                    latency,
                    Hop::NetworkText {
                        to,
                        from,
                        text: text.to_string(),
                    },
                );
            }
            smsc::Output::Noted(note) => self.keep(Kept::Smsc(note)),
        }
    }

    fn esme_says(&mut self, output: esme::Output) {
        match output {
            esme::Output::Connect => {
                let link = self.connect_own_link();
                self.smsc_at_once(smsc::Input::Connected { link, peer: None });
                self.esme_at_once(esme::Input::Opened);
            }
            esme::Output::Send(command) => {
                if let Some(link) = self.own_link.as_ref().map(|own| own.link) {
                    self.send_octets(link, Toward::Smsc, &command);
                }
            }
            esme::Output::Close => {
                if let Some(own) = self.own_link.take() {
                    self.smsc_at_once(smsc::Input::Closed { link: own.link });
                    self.esme_at_once(esme::Input::Closed);
                }
            }
            esme::Output::Mo { from, to, text, .. } => match (from.msisdn(), to.short_code()) {
                (Some(from), Some(to)) => {
                    let chance = self.dice.number("fbook");
                    self.platform_at_once(platform::Input::Mo {
                        from,
                        to,
                        text,
                        chance,
                    });
                }
                _ => {
                    let what =
                        format!("a text from {from} to {to} is no phone's to a short code; nobody takes it");
                    self.record(Event::Changed { what });
                }
            },
            esme::Output::Submitted { token, message_ids } => {
                self.keep(Kept::taken(platform::SubmissionId(token), message_ids));
            }
            esme::Output::Refused { token, status } => {
                let submission = platform::SubmissionId(token);
                self.record(Event::SubmitAnswered {
                    submission,
                    message_ids: Vec::new(),
                    command_status: status.0,
                });
                let state = sms::MessageState::Rejected;
                self.platform_at_once(platform::Input::Receipt { submission, state });
            }
            esme::Output::Receipt { token, state, .. } => {
                let submission = platform::SubmissionId(token);
                self.keep(Kept::Receipt { submission, state });
                self.platform_at_once(platform::Input::Receipt { submission, state });
            }
            esme::Output::Bound | esme::Output::Unbound => {}
            esme::Output::Noted(event) => self.record(Event::Esme(event)),
        }
    }

    fn platform_says(&mut self, output: platform::Output) {
        match output {
            platform::Output::Reply { call, answer } => {
                let submission = match &answer {
                    Ok(platform::Answer::Sent { submission, .. }) => Some(*submission),
                    Ok(
                        platform::Answer::CanSend
                        | platform::Answer::Bool(_)
                        | platform::Answer::Number(_)
                        | platform::Answer::Uids(_)
                        | platform::Answer::Users(_)
                        | platform::Answer::App(_),
                    )
                    | Err(_) => None,
                };
                let step = self.rest.answer(call, &answer);
                self.api_step(call, step, submission);
            }
            platform::Output::Submit {
                submission,
                from,
                to,
                text,
            } => {
                self.keep(Kept::Submitted {
                    submission,
                    to,
                    from,
                    text: text.as_str().into(),
                });
                let (from, to) = (from.address(), to.address());
                self.esme_at_once(esme::Input::Submit {
                    token: submission.0,
                    from,
                    to,
                    text,
                });
            }
            platform::Output::Notify(notification) => {
                let (app, user) = (notification.app, notification.user);
                let standing = self.standing(app, user);
                let credentials = self.rest.credentials(app);
                let request =
                    credentials.and_then(|app| rest::callback::sms(self.now, app, &notification, &standing));
                self.callback(notification.id, app, user, Purpose::Sms, request);
            }
            platform::Output::Authorized { id, app, user } => {
                let standing = self.standing(app, user);
                let credentials = self.rest.credentials(app);
                let request =
                    credentials.and_then(|app| rest::callback::authorize(self.now, app, user, &standing));
                self.callback(id, app, user, Purpose::Authorize, request);
            }
            platform::Output::Removed { id, app, user } => {
                let locale = self.rest.settings().callback_locale;
                let credentials = self.rest.credentials(app);
                let request =
                    credentials.and_then(|app| rest::callback::removed(self.now, app, user, locale));
                self.callback(id, app, user, Purpose::Remove, request);
            }
            platform::Output::Unauthorized { app, user } => self.rest.end_sessions(app, user),
            platform::Output::LiveMessage(message) => {
                self.outputs.push_back(Output::LiveMessage(message.into()));
            }
            platform::Output::Decided(decision) => self.keep(Kept::Decision(decision.into())),
        }
    }

    fn change(&mut self, change: Change) {
        // That somebody joins has a record of its own.
        if !matches!(change, Change::Join { .. }) {
            self.record(Event::Changed {
                what: self.change_words(&change),
            });
        }
        match change {
            Change::Join { user, place } => self.join(user, place),
            Change::Place(phone, place) => self.stand(phone, place),
            Change::Platform(change) => self.platform_at_once(platform::Input::Change(change)),
            Change::Carrier(carrier, change) => {
                self.smsc_at_once(smsc::Input::Change {
                    carrier: carrier.into(),
                    change,
                });
            }
            Change::Account { account, .. } => self.smsc_at_once(smsc::Input::Account(account)),
            Change::Ported(msisdn, carrier) => match self.smsc.carrier(&carrier) {
                Some(_) => {
                    self.smsc.assign(msisdn, &carrier);
                    if let Some(uid) = self.platform.user_by_phone(msisdn).map(|user| user.uid) {
                        let change = platform::Change::Operator(uid, carrier);
                        self.at_once(Hop::Platform(Box::new(platform::Input::Change(change))));
                    }
                }
                None => self.record(Event::Changed {
                    what: format!("{carrier} is no carrier of this world; {msisdn} stays where it is"),
                }),
            },
            Change::Handset(msisdn, setting) => self.handset_takes(msisdn, handset::Input::Set(setting)),
            Change::CallbackUrl(app, url) => {
                if let Err(error) = self.rest.set_callback_url(app, url) {
                    self.record(Event::Changed {
                        what: error.to_string(),
                    });
                }
            }
            Change::Unbind { system_id, .. } => {
                let system_id = system_id.into();
                self.smsc_at_once(smsc::Input::Unbind { system_id });
            }
            Change::Bind(up) => {
                let control = if up {
                    esme::Control::BindUp
                } else {
                    esme::Control::BindDown
                };
                self.esme_at_once(esme::Input::Control(control));
            }
        }
    }

    /// Both ends of the platform's own link are in this process: it can carry any octets and be cut, but is never slow.
    fn disturb_own_link(&mut self, link: LinkId, how: smsc::Disturbance) {
        match how {
            smsc::Disturbance::Octets(octets) => {
                let toward = Toward::Esme;
                self.at_once(Hop::Octets { link, toward, octets });
            }
            smsc::Disturbance::Reset if self.is_own(link) => {
                self.own_link = None;
                self.esme_at_once(esme::Input::Closed);
            }
            smsc::Disturbance::Reset | smsc::Disturbance::Slow { .. } => {}
        }
    }

    fn is_own(&self, link: LinkId) -> bool {
        self.own_link.as_ref().is_some_and(|own| own.link == link)
    }

    fn send_octets(&mut self, link: LinkId, toward: Toward, command: &smpp::Command) {
        let octets = self.encode(link, toward, command);
        self.at_once(Hop::Octets { link, toward, octets });
    }

    /// The octets of a PDU that is sent, which is recorded.
    fn encode(&mut self, link: LinkId, toward: Toward, command: &smpp::Command) -> Bytes {
        let octets = self.encoder.encode(command);
        if self.config.record_pdus {
            self.keep(link::sent(link, toward, command, octets.clone()));
        }
        octets
    }

    fn octets_arrive(&mut self, link: LinkId, toward: Toward, octets: Bytes) {
        // Octets of a connection that has been closed meanwhile are gone with it.
        let Some(own) = self.own_link.as_mut().filter(|own| own.link == link) else {
            return;
        };
        let framer = own.arrive(toward, octets);
        while let Some(frame) = framer.next_frame() {
            let hop = match toward {
                Toward::Smsc => Hop::Smsc(Box::new(smsc::Input::Received { link, frame })),
                Toward::Esme => Hop::Esme(Box::new(esme::Input::Received(frame))),
            };
            self.queue.schedule(self.now, self.now, hop);
        }
    }

    fn note_arrival(&mut self, link: LinkId, frame: &mut smpp::Frame) {
        if self.config.record_pdus
            && let Some(kept) = link::arrived(link, Toward::Smsc, frame)
        {
            self.keep(kept);
        }
    }
}

pub(crate) fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
