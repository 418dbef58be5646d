//! Where an account may bind from: [`Hosts`], made of [`HostRange`]s.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The hosts that binds may come from; none: every one.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hosts(Vec<HostRange>);

impl Hosts {
    /// Whether none is named, so that every one may bind.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a host is one of those that are named. An IPv4 host is the same one when it came over IPv6.
    pub fn contains(&self, host: &IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(*host))
    }

    /// Those that are named, in the order of their naming.
    pub fn as_slice(&self) -> &[HostRange] {
        &self.0
    }
}

impl From<Vec<HostRange>> for Hosts {
    fn from(ranges: Vec<HostRange>) -> Self {
        Self(ranges)
    }
}

/// A host, `127.0.0.1`, or the hosts of a network, `10.0.0.0/8` (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostRange {
    /// The first host, never an IPv4 one in the form of IPv6.
    first: IpAddr,
    /// How many bits of it all of them share.
    prefix: u8,
}

impl HostRange {
    /// Whether a host is in it.
    pub fn contains(&self, host: IpAddr) -> bool {
        masked(host.to_canonical(), self.prefix).is_some_and(|first| first == self.first)
    }
}

const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// An address with nothing behind its first `prefix` bits; none when it has fewer.
fn masked(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    let behind = u32::from(bits(address).checked_sub(prefix)?);
    Some(match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    })
}

/// How many bits of an IPv6 address stand before the IPv4 address in it (RFC 4291 §2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

/// Why text is no [`HostRange`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidHostRange {
    /// It is no address, or no number of bits stands behind it.
    #[error(
        "{0:?} is neither an IP address, such as 127.0.0.1, nor a network, such as 10.0.0.0/8 or fd00::/8"
    )]
    Malformed(String),
    /// The address goes on behind the bits that count.
    #[error("{text} has bits set behind the first {prefix}; the network is {network}")]
    BitsBehind {
        /// What was written.
        text: String,
        /// How many bits count.
        prefix: u8,
        /// What was probably meant.
        network: HostRange,
    },
}

impl FromStr for HostRange {
    type Err = InvalidHostRange;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || InvalidHostRange::Malformed(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| malformed())?;
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                digits.parse().map_err(|_| malformed())?
            }
            Some(_) => return Err(malformed()),
            None => bits(address),
        };
        let plain = address.to_canonical();
        let (address, prefix) = match bits(plain) < bits(address) && prefix >= MAPPED_PREFIX {
            true => (plain, prefix - MAPPED_PREFIX),
            false => (address, prefix),
        };
        let first = masked(address, prefix).ok_or_else(malformed)?;
        let network = Self { first, prefix };
        if first == address {
            return Ok(network);
        }
        Err(InvalidHostRange::BitsBehind {
            text: text.to_owned(),
            prefix,
            network,
        })
    }
}

impl fmt::Display for HostRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, prefix } = self;
        if *prefix == bits(*first) {
            return write!(f, "{first}");
        }
        write!(f, "{first}/{prefix}")
    }
}

impl TryFrom<String> for HostRange {
    type Error = InvalidHostRange;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HostRange> for String {
    fn from(range: HostRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> HostRange {
        text.parse().expect(text)
    }

    #[test]
    fn a_range_holds_the_hosts_that_share_its_bits() {
        for (text, host, holds) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.0/8", "::1", false),
            ("192.168.1.128/25", "192.168.1.127", false),
            ("192.168.1.128/25", "192.168.1.255", true),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.9", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true),
            ("203.0.113.9/32", "203.0.113.9", true),
        ] {
            let host = host.parse().expect("an address");
            assert_eq!(range(text).contains(host), holds, "{text} {host}");
        }
    }

    #[test]
    fn a_range_is_written_as_it_is_read() {
        for (text, written) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1/32", "127.0.0.1"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("::1", "::1"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(range(text).to_string(), written);
            assert_eq!(range(written), range(text));
        }
    }

    #[test]
    fn what_is_no_range_says_what_would_be_one() {
        for text in [
            "",
            "localhost",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/8/8",
            "/8",
            "10.0.0.0/256",
        ] {
            let error = text.parse::<HostRange>().expect_err(text).to_string();
            assert!(error.contains("10.0.0.0/8 or fd00::/8"), "{error}");
        }
        let error = "10.1.2.3/8".parse::<HostRange>().expect_err("bits behind");
        assert_eq!(
            error.to_string(),
            "10.1.2.3/8 has bits set behind the first 8; the network is 10.0.0.0/8"
        );
    }

    #[test]
    fn hosts_are_those_of_all_their_ranges() {
        let hosts = Hosts::from(vec![range("127.0.0.1"), range("10.0.0.0/8")]);
        let holds = |host: &str| hosts.contains(&host.parse().expect("an address"));
        assert!(holds("127.0.0.1") && holds("10.2.3.4") && !holds("127.0.0.2"));
        assert!(!hosts.is_empty() && Hosts::default().is_empty());
    }
}
