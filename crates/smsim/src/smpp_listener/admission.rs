//! Who may connect to the SMPP ports, and how many at once: [`Admission`].

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

/// Connections at once, unless the command line says otherwise: as many as the message centre has links.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Connections from one address, unless the command line says otherwise: half of all, so that one host cannot lock out the
/// others.
const CONNECTIONS_PER_IP_MAX: usize = 5_000;

/// The options that say who may connect.
#[derive(Clone, Debug, clap::Args)]
pub struct LimitArgs {
    /// Who may connect to the SMPP ports: an address or a network, 192.0.2.0/24; may be given several times. Everyone
    /// else is disconnected at once. Without it everyone may.
    #[arg(long, value_name = "NET", value_parser = network)]
    allow: Vec<IpNet>,
    /// SMPP connections at once, those whose TLS handshake is not over included; further ones are closed at once.
    #[arg(long, value_name = "N", default_value_t = CONNECTIONS_MAX, value_parser = connections)]
    connections_max: usize,
    /// SMPP connections at once from one IP address.
    #[arg(long, value_name = "N", default_value_t = CONNECTIONS_PER_IP_MAX)]
    connections_per_ip_max: usize,
}

/// How many connections there may be.
fn connections(text: &str) -> Result<usize, String> {
    let number = text
        .parse::<usize>()
        .ok()
        .filter(|number| *number <= CONNECTIONS_MAX);
    number.ok_or_else(|| {
        format!("write a number up to {CONNECTIONS_MAX}: more links the message centre does not have")
    })
}

/// A network, or an address, which is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "write an address or a network, for example 192.0.2.7 or 192.0.2.0/24".to_owned())
}

/// Lets connections in and counts them; every port of a server shares one.
#[derive(Clone, Debug)]
pub struct Admission {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: LimitArgs,
    open: Mutex<Open>,
    refused: [AtomicU64; Refusal::ALL.len()],
    handshakes_failed: [AtomicU64; HandshakeFailure::ALL.len()],
}

/// The connections that are open.
#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_ip: BTreeMap<IpAddr, usize>,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// Its address is on no list of those that may connect.
    #[error("--allow does not name its address")]
    NotAllowed,
    /// There are as many as there may be.
    #[error("there are --connections-max connections")]
    ConnectionsMax,
    /// There are as many from its address as there may be.
    #[error("there are --connections-per-ip-max connections from its address")]
    ConnectionsPerIpMax,
}

impl Refusal {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::NotAllowed, Self::ConnectionsMax, Self::ConnectionsPerIpMax];

    /// It as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotAllowed => "not_allowed",
            Self::ConnectionsMax => "connections_max",
            Self::ConnectionsPerIpMax => "connections_per_ip_max",
        }
    }
}

/// Why a TLS handshake came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandshakeFailure {
    /// One side refused what the other showed, or what came was no TLS.
    Failed,
    /// It took too long.
    TimedOut,
}

impl HandshakeFailure {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Failed, Self::TimedOut];

    /// It as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }
}

impl Admission {
    /// Nobody is connected yet.
    pub fn new(limits: LimitArgs) -> Self {
        Self {
            shared: Arc::new(Shared {
                limits,
                open: Mutex::default(),
                refused: Default::default(),
                handshakes_failed: Default::default(),
            }),
        }
    }

    /// Lets a connection in for as long as its permit lives.
    pub fn admit(&self, ip: IpAddr) -> Result<Permit, Refusal> {
        let ip = ip.to_canonical();
        let admitted = self.try_admit(ip);
        if let Err(refusal) = admitted {
            self.shared.refused[refusal as usize].fetch_add(1, Ordering::Relaxed);
        }
        admitted.map(|()| Permit {
            admission: self.clone(),
            ip,
        })
    }

    fn try_admit(&self, ip: IpAddr) -> Result<(), Refusal> {
        let limits = &self.shared.limits;
        if !limits.allow.is_empty() && !limits.allow.iter().any(|network| network.contains(&ip)) {
            return Err(Refusal::NotAllowed);
        }
        let mut open = self.open();
        if open.all >= limits.connections_max {
            return Err(Refusal::ConnectionsMax);
        }
        if open.by_ip.get(&ip).copied().unwrap_or(0) >= limits.connections_per_ip_max {
            return Err(Refusal::ConnectionsPerIpMax);
        }
        open.all += 1;
        *open.by_ip.entry(ip).or_default() += 1;
        Ok(())
    }

    /// How many connections were not let in for that reason.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.shared.refused[refusal as usize].load(Ordering::Relaxed)
    }

    /// Counts a TLS handshake of a connection that was let in and came to nothing.
    pub fn handshake_failed(&self, failure: HandshakeFailure) {
        self.shared.handshakes_failed[failure as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many TLS handshakes failed so.
    pub fn handshakes_failed(&self, failure: HandshakeFailure) -> u64 {
        self.shared.handshakes_failed[failure as usize].load(Ordering::Relaxed)
    }

    fn leave(&self, ip: IpAddr) {
        let mut open = self.open();
        open.all -= 1;
        if let Some(count) = open.by_ip.get_mut(&ip) {
            *count -= 1;
            if *count == 0 {
                open.by_ip.remove(&ip);
            }
        }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.shared.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right of one connection to be open.
#[derive(Debug)]
pub struct Permit {
    admission: Admission,
    ip: IpAddr,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.leave(self.ip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(allow: &[&str], connections_max: usize, connections_per_ip_max: usize) -> Admission {
        Admission::new(LimitArgs {
            allow: allow
                .iter()
                .map(|text| network(text).expect("a network"))
                .collect(),
            connections_max,
            connections_per_ip_max,
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn connections_are_limited_in_all_and_from_each_address() {
        let admission = admission(&[], 3, 2);
        let first = admission.admit(ip("192.0.2.1")).expect("let in");
        // The same host, as a socket for both families names it.
        let second = admission.admit(ip("::ffff:192.0.2.1")).expect("let in");
        assert_eq!(
            admission.admit(ip("192.0.2.1")).err(),
            Some(Refusal::ConnectionsPerIpMax)
        );
        let third = admission.admit(ip("192.0.2.2")).expect("let in");
        assert_eq!(
            admission.admit(ip("192.0.2.3")).err(),
            Some(Refusal::ConnectionsMax)
        );
        assert_eq!(Refusal::ALL.map(|refusal| admission.refused(refusal)), [0, 1, 1]);
        drop(first);
        let fourth = admission.admit(ip("192.0.2.1")).expect("there is room again");
        drop((second, third, fourth));
        assert_eq!(admission.open().all, 0);
        assert!(admission.open().by_ip.is_empty());
    }

    #[test]
    fn there_are_no_more_connections_than_links() {
        assert_eq!(connections("0"), Ok(0));
        assert_eq!(connections("10000"), Ok(CONNECTIONS_MAX));
        for text in ["10001", "-1", "many"] {
            let why = connections(text).expect_err(text);
            assert!(why.contains("up to 10000"), "{why}");
        }
    }

    #[test]
    fn only_addresses_on_the_list_are_let_in() {
        let admission = admission(&["192.0.2.0/24", "2001:db8::7"], 9, 9);
        for (address, passes) in [
            ("192.0.2.200", true),
            ("::ffff:192.0.2.200", true),
            ("192.0.3.1", false),
            ("2001:db8::7", true),
            ("2001:db8::8", false),
        ] {
            assert_eq!(admission.admit(ip(address)).is_ok(), passes, "{address}");
        }
        assert!(network("192.0.2.0/33").is_err() && network("localhost").is_err());
    }
}
