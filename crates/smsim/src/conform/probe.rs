//! Performs the steps of one check: [`Probe`].

use std::time::Duration;

use smpp::{Bind, BindKind, Command, MessageIdResp, Pdu, Status, command_id};

use crate::clock::Stopwatch;
use crate::conform::check::{Awaited, Check, Step};
use crate::conform::known::Known;
use crate::conform::link::{Came, Link};
use crate::conform::{Target, Verdict, storm};

/// Performs one check with one version.
pub struct Probe<'t> {
    check: &'t Check,
    known: Known<'t>,
    links: Vec<Link>,
    current: usize,
}

/// Why a check does not go on.
enum Stop {
    NotSupported(String),
    Wrong(String),
}

/// What an answer may be besides the request's own response.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Instead {
    Nothing,
    Nack,
    End,
}

impl<'t> Probe<'t> {
    /// A probe without a connection.
    pub fn new(target: &'t Target, version: u8, check: &'t Check) -> Self {
        Self {
            check,
            known: Known {
                target,
                version,
                now: crate::clock::wall(),
                responses: Vec::new(),
                requests: Vec::new(),
                message_ids: Vec::new(),
            },
            links: Vec::new(),
            current: 0,
        }
    }

    /// Does all steps and says what came of it; then unbinds.
    pub fn perform(mut self) -> Verdict {
        let verdict = self.check.steps.iter().try_for_each(|step| self.step(step));
        for link in &mut self.links {
            // The check is over: whether this still gets through changes nothing.
            let _ = link.request(Pdu::Unbind);
        }
        match verdict {
            Ok(()) => Verdict::Passed,
            Err(Stop::NotSupported(how)) => Verdict::NotSupported(how),
            Err(Stop::Wrong(why)) => Verdict::Failed(why),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::Connect => self.connect(),
            Step::On(link) => {
                self.current = *link;
                Ok(())
            }
            Step::Bind(kind) => self.bind(*kind),
            Step::Send(pdu) => {
                let pdu = pdu(&self.known);
                self.write(|link| link.prepare(pdu))
            }
            Step::SendAs(sequence_number, pdu) => {
                let pdu = pdu(&self.known);
                self.write(|link| link.prepare_as(*sequence_number, pdu))
            }
            Step::SendSlowly(pdu) => {
                let octets = {
                    let pdu = pdu(&self.known);
                    self.link().prepare(pdu)
                };
                octets.iter().try_for_each(|octet| self.write(|_| vec![*octet]))
            }
            Step::SendTogether(pdus) => {
                let pdus = pdus(&self.known);
                self.write(|link| pdus.into_iter().flat_map(|pdu| link.prepare(pdu)).collect())
            }
            Step::Octets(octets, answered) => {
                let octets = octets(&self.known);
                self.link().outstanding.extend(*answered);
                self.write(|_| octets)
            }
            Step::FallSilent => {
                self.link().silent = true;
                Ok(())
            }
            Step::Hang => {
                self.link().hang_up();
                Ok(())
            }
            Step::Storm { links, rounds } => {
                storm::rage(self.known.target, *links, *rounds).map_err(Stop::Wrong)
            }
            Step::Await(awaited) => self.wait(awaited),
            Step::See(what, look) => {
                look(&self.known).map_err(|wrong| Stop::Wrong(format!("{what}: {wrong}")))
            }
        }
    }

    fn connect(&mut self) -> Result<(), Stop> {
        let target = self.known.target;
        let link = Link::open(target.address, target.patience)
            .map_err(|error| Stop::Wrong(format!("cannot connect to {}: {error}", target.address)))?;
        self.links.push(link);
        self.current = self.links.len() - 1;
        Ok(())
    }

    fn bind(&mut self, kind: BindKind) -> Result<(), Stop> {
        self.connect()?;
        let bind = Pdu::Bind(bind(&self.known, kind));
        self.write(|link| link.prepare(bind))?;
        self.answers(&[Status::ESME_ROK], Instead::Nothing)
    }

    /// The connection that is used now.
    ///
    /// # Panics
    ///
    /// When a check sends something before it connects.
    fn link(&mut self) -> &mut Link {
        let current = self.current;
        self.links.get_mut(current).expect("a check connects first")
    }

    fn write(&mut self, octets: impl FnOnce(&mut Link) -> Vec<u8>) -> Result<(), Stop> {
        let link = self.link();
        let octets = octets(link);
        // A message centre that has closed the connection says so where an answer is waited for.
        let _ = link.send(&octets);
        Ok(())
    }

    fn wait(&mut self, awaited: &Awaited) -> Result<(), Stop> {
        match awaited {
            Awaited::Answer(statuses) => self.answers(statuses, Instead::Nothing),
            Awaited::AnswerOrNack(statuses) => self.answers(statuses, Instead::Nack),
            Awaited::AnswerOrEnd(statuses) => self.answers(statuses, Instead::End),
            Awaited::Nack(statuses, sequence_numbers) => self.nack(statuses, sequence_numbers),
            Awaited::End => self.end(),
            Awaited::Alive => {
                self.write(|link| link.prepare(Pdu::EnquireLink))?;
                self.answers(&[Status::ESME_ROK], Instead::Nothing)
            }
            Awaited::Request(what, fits) => self.request(what, *fits, self.known.target.patience),
            Awaited::RequestWhenIdle(what, fits) => {
                self.request(what, *fits, self.known.target.idle.unwrap_or_default())
            }
        }
    }

    /// What comes next that is no request of the message centre's: those are answered and kept.
    fn next(&mut self, patience: Duration) -> Result<Came, Stop> {
        let stopwatch = Stopwatch::start();
        loop {
            let left = patience.saturating_sub(stopwatch.elapsed());
            match self.link().next(left) {
                Came::Pdu(command) if !command.pdu.is_response() => self.take_request(command)?,
                Came::Broken(what) => return Err(Stop::Wrong(format!("it sent {what}"))),
                other => return Ok(other),
            }
        }
    }

    fn take_request(&mut self, command: Command) -> Result<(), Stop> {
        let response = match &command.pdu {
            Pdu::EnquireLink => Some(Pdu::EnquireLinkResp),
            Pdu::Unbind => Some(Pdu::UnbindResp),
            Pdu::DeliverSm(_) => Some(Pdu::DeliverSmResp(MessageIdResp::nul())),
            Pdu::DataSm(_) => Some(Pdu::DataSmResp(MessageIdResp::nul())),
            Pdu::AlertNotification(_) => None,
            other => {
                return Err(Stop::Wrong(format!(
                    "it sent {}, which an ESME never gets",
                    other.name()
                )));
            }
        };
        let link = self.link();
        if let Some(response) = response.filter(|_| !link.silent) {
            // A connection that is closed by now is noticed at the next read.
            let _ = link.command(&Command::response(
                command.sequence_number,
                Status::ESME_ROK,
                response,
            ));
        }
        self.known.requests.push(command);
        Ok(())
    }

    /// Waits until everything that was asked on this link is answered.
    fn answers(&mut self, statuses: &[Status], instead: Instead) -> Result<(), Stop> {
        while let Some((_, oldest)) = self.link().outstanding.first().copied() {
            match self.next(self.known.target.patience)? {
                Came::Pdu(command) => self.answer(command, statuses, instead)?,
                Came::End if instead == Instead::End => {
                    self.link().outstanding.clear();
                }
                Came::End => {
                    return Err(Stop::Wrong(format!(
                        "it closed instead of answering {}",
                        name(oldest)
                    )));
                }
                Came::Broken(_) | Came::Nothing => {
                    return Err(Stop::Wrong(format!(
                        "no answer to {} within {} s; expected {}",
                        name(oldest),
                        self.known.target.patience.as_secs(),
                        told(statuses)
                    )));
                }
            }
        }
        Ok(())
    }

    /// Takes one response.
    fn answer(&mut self, command: Command, statuses: &[Status], instead: Instead) -> Result<(), Stop> {
        let (sequence_number, status) = (command.sequence_number, command.status);
        let is_nack = command.pdu == Pdu::GenericNack;
        let answered = self.link().outstanding.iter().position(|(number, request)| {
            *number == sequence_number
                && (is_nack || command.pdu.command_id() == *request | command_id::RESPONSE)
        });
        let Some(index) = answered else {
            return Err(Stop::Wrong(format!(
                "{} with sequence_number {sequence_number} answers nothing that was sent",
                command.pdu.name()
            )));
        };
        let (_, request) = self.link().outstanding.remove(index);
        let request = name(request);
        let how = format!("{request} is answered {} {status}", command.pdu.name());
        if self.check.unsupported.contains(&status) && !statuses.contains(&status) {
            return Err(Stop::NotSupported(how));
        }
        if !statuses.contains(&status) || (is_nack && instead != Instead::Nack) {
            return Err(Stop::Wrong(format!("{how}; expected {}", told(statuses))));
        }
        self.known.note_response(command);
        Ok(())
    }

    fn nack(&mut self, statuses: &[Status], sequence_numbers: &[u32]) -> Result<(), Stop> {
        let expected = || format!("expected generic_nack {}", told(statuses));
        match self.next(self.known.target.patience)? {
            Came::Pdu(command) => {
                let fits = command.pdu == Pdu::GenericNack
                    && statuses.contains(&command.status)
                    && sequence_numbers.contains(&command.sequence_number);
                let wrong = || {
                    let (pdu, status, number) = (command.pdu.name(), command.status, command.sequence_number);
                    Stop::Wrong(format!(
                        "{pdu} {status} with sequence_number {number} came; {} with one of {sequence_numbers:?}",
                        expected()
                    ))
                };
                fits.then_some(()).ok_or_else(wrong)
            }
            Came::End => Err(Stop::Wrong(format!("it closed without a word; {}", expected()))),
            Came::Broken(_) | Came::Nothing => Err(Stop::Wrong(format!("no answer; {}", expected()))),
        }
    }

    fn end(&mut self) -> Result<(), Stop> {
        match self.next(self.known.target.patience)? {
            Came::End => Ok(()),
            Came::Pdu(command) => Err(Stop::Wrong(format!(
                "{} came; the connection should have been closed",
                command.pdu.name()
            ))),
            Came::Broken(_) | Came::Nothing => Err(Stop::Wrong("the connection stays open".to_owned())),
        }
    }

    /// Waits for a request of the message centre's, unless it has come already.
    fn request(
        &mut self,
        what: &str,
        fits: fn(&Known, &Pdu) -> bool,
        patience: Duration,
    ) -> Result<(), Stop> {
        let stopwatch = Stopwatch::start();
        loop {
            if self
                .known
                .requests
                .iter()
                .any(|request| fits(&self.known, &request.pdu))
            {
                return Ok(());
            }
            let left = patience.saturating_sub(stopwatch.elapsed());
            match self.link().next(left) {
                Came::Pdu(command) if !command.pdu.is_response() => self.take_request(command)?,
                Came::Pdu(command) => {
                    return Err(Stop::Wrong(format!(
                        "{} came; expected {what}",
                        command.pdu.name()
                    )));
                }
                Came::Broken(broken) => return Err(Stop::Wrong(format!("it sent {broken}"))),
                Came::End => return Err(Stop::Wrong(format!("it closed; expected {what}"))),
                Came::Nothing => {
                    let seconds = patience.as_secs();
                    return Err(Stop::Wrong(format!("no {what} within {seconds} s")));
                }
            }
        }
    }
}

/// The bind of the account.
pub fn bind(known: &Known, kind: BindKind) -> Bind {
    let target = known.target;
    Bind {
        system_type: target.system_type.as_str().into(),
        interface_version: known.version,
        ..Bind::new(kind, &target.system_id, &target.password)
    }
}

fn name(command_id: u32) -> &'static str {
    command_id::name(command_id).unwrap_or("an unknown operation")
}

fn told(statuses: &[Status]) -> String {
    let names: Vec<String> = statuses.iter().map(ToString::to_string).collect();
    names.join(" or ")
}
