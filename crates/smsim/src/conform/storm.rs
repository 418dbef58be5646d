//! Many ESMEs that bind and unbind again and again at the same time: [`rage`].

use smpp::{BindKind, Command, Pdu, Status};

use crate::conform::Target;
use crate::conform::link::{Came, Link};

/// Binds and unbinds over `links` connections at a time, `rounds` times each.
///
/// Each bind must be answered in order: success, or a refusal because there are too many.
///
/// # Errors
///
/// What went wrong first, in words.
pub fn rage(target: &Target, links: usize, rounds: usize) -> Result<(), String> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..links)
            .map(|_| scope.spawn(|| (0..rounds).try_for_each(|_| once(target))))
            .collect();
        let mut results = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "a thread died".to_owned())?);
        results.try_for_each(|result| result)
    })
}

fn once(target: &Target) -> Result<(), String> {
    let mut link =
        Link::open(target.address, target.patience).map_err(|error| format!("cannot connect: {error}"))?;
    let bind = smpp::Bind {
        system_type: target.system_type.as_str().into(),
        ..smpp::Bind::new(BindKind::Transmitter, &target.system_id, &target.password)
    };
    let status = ask(target, &mut link, Pdu::Bind(bind))?;
    let too_many = [
        Status::ESME_RBINDFAIL,
        Status::ESME_RALYBND,
        Status::ESME_RTHROTTLED,
    ];
    if too_many.contains(&status) {
        return Ok(());
    }
    if !status.is_ok() {
        return Err(format!("a bind is answered {status}"));
    }
    let status = ask(target, &mut link, Pdu::Unbind)?;
    status
        .is_ok()
        .then_some(())
        .ok_or_else(|| format!("unbind is answered {status}"))
}

/// The status of the response.
fn ask(target: &Target, link: &mut Link, pdu: Pdu) -> Result<Status, String> {
    let name = pdu.name();
    link.request(pdu)
        .map_err(|error| format!("{name} cannot be sent: {error}"))?;
    loop {
        match link.next(target.patience) {
            Came::Pdu(Command { pdu, status, .. }) if pdu.is_response() => return Ok(status),
            Came::Pdu(_) => {}
            Came::Broken(what) => return Err(format!("it sent {what}")),
            Came::End => return Err(format!("it closed instead of answering {name}")),
            Came::Nothing => return Err(format!("no answer to {name}")),
        }
    }
}
