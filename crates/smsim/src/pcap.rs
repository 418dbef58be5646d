//! Captures for Wireshark: [`Capture`].
//!
//! The PDUs of a world's links are written as if they had crossed a network: pcapng (IETF draft-ietf-opsawg-pcapng) with
//! Ethernet, IPv4 and TCP headers made up around them. The sequence numbers follow the octets, so that Wireshark puts
//! together what is cut, and shows the sessions of one link as one stream. Times are the world's. Several worlds share a
//! file as interfaces of their own, and no ESME of one has the address of another's.

use std::collections::BTreeMap;
use std::io::{self, Write};

use world::World;
use world::link::OWN_LINKS;
use world::record::{Event, Record, Toward};

/// The most octets of one TCP segment: with its headers it fits in an IPv4 packet.
const SEGMENT_OCTETS_MAX: usize = 32 * 1024;
/// Links whose sequence numbers are remembered; beyond it the oldest link starts again at 1.
const LINKS_MAX: usize = 65_536;
/// The most octets of an interface's name.
const NAME_OCTETS_MAX: usize = 1_024;
/// The port of SMPP (IANA), by which Wireshark knows what it sees.
const SMPP_PORT: u16 = 2775;
/// The SMSC, in a network that is kept for documentation (RFC 5737).
const SMSC: Host = Host {
    address: [192, 0, 2, 1],
    port: SMPP_PORT,
};

const ETHERNET_OCTETS: usize = 14;
const IPV4_OCTETS: usize = 20;
const TCP_OCTETS: usize = 20;

/// Writes the PDUs among a world's records. A bind's password is blanked out in the records already.
#[derive(Debug)]
pub struct Capture<W: Write> {
    out: W,
    /// The first record that is not written yet.
    next_record: u64,
    /// By link: the next sequence number toward the SMSC and toward the ESME.
    links: BTreeMap<u64, [u32; 2]>,
    packets: u16,
    /// Worlds that have begun.
    interfaces: u32,
    /// What is added to the number of a link, so that no earlier world has used it.
    first_link: u64,
    /// The first number that no world has used.
    next_link: u64,
}

#[derive(Clone, Copy, Debug)]
struct Host {
    address: [u8; 4],
    port: u16,
}

impl<W: Write> Capture<W> {
    /// A capture of one world, which begins with the next record it is shown.
    pub fn new(out: W) -> io::Result<Self> {
        let mut capture = Self::of_worlds(out)?;
        capture.begin("")?;
        Ok(capture)
    }

    /// A capture of several worlds; each has to [`Capture::begin`].
    pub fn of_worlds(mut out: W) -> io::Result<Self> {
        out.write_all(&section_header())?;
        Ok(Self {
            out,
            next_record: 0,
            links: BTreeMap::new(),
            packets: 0,
            interfaces: 0,
            first_link: 0,
            next_link: 0,
        })
    }

    /// What is written from now on is of another world, on an interface with that name.
    pub fn begin(&mut self, name: &str) -> io::Result<()> {
        self.out.write_all(&interface_description(name))?;
        self.interfaces += 1;
        self.next_record = 0;
        self.links.clear();
        self.first_link = self.next_link;
        Ok(())
    }

    /// Writes the PDUs among some records.
    pub fn write_all<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) -> io::Result<()> {
        records.into_iter().try_for_each(|record| self.write(record))
    }

    /// Writes the PDUs among the records that are new; gives the number of records that came and went unseen.
    pub fn follow(&mut self, world: &World) -> io::Result<u64> {
        let records = world.records_since(self.next_record);
        let oldest = world.next_record() - records.len() as u64;
        let missed = oldest.saturating_sub(self.next_record);
        records.into_iter().try_for_each(|record| self.write(&record))?;
        self.next_record = world.next_record();
        Ok(missed)
    }

    /// Sees that everything written so far is where it belongs.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        let Event::Pdu {
            link, toward, octets, ..
        } = &record.event
        else {
            return Ok(());
        };
        let at_us = u64::try_from(record.at.as_micros()).unwrap_or_default();
        for segment in octets.chunks(SEGMENT_OCTETS_MAX) {
            let packet = self.packet(*link, *toward, segment);
            let interface = self.interfaces.saturating_sub(1);
            self.out.write_all(&enhanced_packet(interface, at_us, &packet))?;
        }
        Ok(())
    }

    /// One TCP segment with all its headers.
    fn packet(&mut self, link: u64, toward: Toward, payload: &[u8]) -> Vec<u8> {
        let link = link.wrapping_add(self.first_link);
        self.next_link = self.next_link.max(link % OWN_LINKS + 1);
        if self.links.len() >= LINKS_MAX && !self.links.contains_key(&link) {
            self.links.pop_first();
        }
        let [to_smsc, to_esme] = self.links.entry(link).or_insert([1, 1]);
        let (from, to, sent, received) = match toward {
            Toward::Smsc => (esme(link), SMSC, to_smsc, *to_esme),
            Toward::Esme => (SMSC, esme(link), to_esme, *to_smsc),
        };
        let sequence_number = *sent;
        *sent = sent.wrapping_add(payload.len() as u32);
        self.packets = self.packets.wrapping_add(1);
        let mut packet = Vec::with_capacity(ETHERNET_OCTETS + IPV4_OCTETS + TCP_OCTETS + payload.len());
        packet.extend(ethernet(from, to));
        packet.extend(ipv4(from, to, self.packets, payload.len()));
        packet.extend(tcp(from, to, sequence_number, received, payload));
        packet.extend_from_slice(payload);
        packet
    }
}

/// The ESME of a link, in the network that is kept for benchmarks (RFC 2544): outside ones in its lower half.
fn esme(link: u64) -> Host {
    let half = if link < OWN_LINKS { 18 } else { 19 };
    let [.., port_high, port_low, high, low] = link.to_be_bytes();
    Host {
        address: [198, half, high, low],
        // One of the ports that systems give to clients (RFC 6335).
        port: 0xC000 | u16::from_be_bytes([port_high, port_low]) & 0x3FFF,
    }
}

/// Addresses that say "locally administered" and end with the IPv4 address.
fn ethernet(from: Host, to: Host) -> [u8; ETHERNET_OCTETS] {
    let [t0, t1, t2, t3] = to.address;
    let [f0, f1, f2, f3] = from.address;
    [2, 0, t0, t1, t2, t3, 2, 0, f0, f1, f2, f3, 0x08, 0x00]
}

fn ipv4(from: Host, to: Host, identification: u16, payload_octets: usize) -> Vec<u8> {
    let total = (IPV4_OCTETS + TCP_OCTETS + payload_octets) as u16;
    // Version 4 and five words; do not fragment; 64 hops; TCP.
    let mut header = vec![0x45, 0];
    header.extend(total.to_be_bytes());
    header.extend(identification.to_be_bytes());
    header.extend([0x40, 0, 64, 6, 0, 0]);
    header.extend(from.address);
    header.extend(to.address);
    let checksum = checksum(&[&header]);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header
}

fn tcp(from: Host, to: Host, sequence_number: u32, acknowledgment: u32, payload: &[u8]) -> Vec<u8> {
    let length = (TCP_OCTETS + payload.len()) as u16;
    let mut header = Vec::with_capacity(TCP_OCTETS);
    header.extend(from.port.to_be_bytes());
    header.extend(to.port.to_be_bytes());
    header.extend(sequence_number.to_be_bytes());
    header.extend(acknowledgment.to_be_bytes());
    // Five words; PSH and ACK; the largest window.
    header.extend([0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
    let [high, low] = length.to_be_bytes();
    let pseudo_header = [from.address.as_slice(), &to.address, &[0, 6, high, low]].concat();
    let checksum = checksum(&[&pseudo_header, &header, payload]);
    header[16..18].copy_from_slice(&checksum.to_be_bytes());
    header
}

/// The checksum of the Internet (RFC 1071). All parts but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let mut sum: u64 = words
        .map(|word| u64::from(word[0]) << 8 | u64::from(word.get(1).copied().unwrap_or_default()))
        .sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}

/// The first block of a file: what it is, in which order of octets, and that its length is not known.
fn section_header() -> Vec<u8> {
    let mut body = 0x1A2B_3C4D_u32.to_le_bytes().to_vec();
    body.extend([1, 0, 0, 0]);
    body.extend(u64::MAX.to_le_bytes());
    block(0x0A0D_0D0A, &body)
}

/// An interface: Ethernet, whole packets, times in microseconds.
fn interface_description(name: &str) -> Vec<u8> {
    let mut body = vec![1, 0, 0, 0];
    body.extend(0_u32.to_le_bytes());
    if !name.is_empty() {
        // if_name, padded.
        let mut cut = name.len().min(NAME_OCTETS_MAX);
        while !name.is_char_boundary(cut) {
            cut -= 1;
        }
        body.extend(2_u16.to_le_bytes());
        body.extend((cut as u16).to_le_bytes());
        body.extend_from_slice(&name.as_bytes()[..cut]);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    // if_tsresol, one octet, 10^-6, padded; the end of the options.
    body.extend([9, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    block(1, &body)
}

fn enhanced_packet(interface: u32, at_us: u64, packet: &[u8]) -> Vec<u8> {
    let length = packet.len() as u32;
    let mut body = Vec::with_capacity(20 + packet.len() + 3);
    for word in [interface, (at_us >> 32) as u32, at_us as u32, length, length] {
        body.extend(word.to_le_bytes());
    }
    body.extend_from_slice(packet);
    body.resize(body.len().next_multiple_of(4), 0);
    block(6, &body)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() + 12) as u32;
    let mut block = Vec::with_capacity(body.len() + 12);
    block.extend(kind.to_le_bytes());
    block.extend(length.to_le_bytes());
    block.extend_from_slice(body);
    block.extend(length.to_le_bytes());
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use smpp::{Command, Frame, Framer, Pdu, ShortMessage, Tlv, tag};
    use sms::Timestamp;

    /// A `submit_sm` with that many octets of `message_payload`.
    fn submit_sm(sequence_number: u32, payload_octets: usize) -> Bytes {
        let message = ShortMessage {
            destination: sms::Msisdn::new(14_155_550_101).expect("a number").address(),
            tlvs: vec![Tlv::new(tag::MESSAGE_PAYLOAD, vec![b'a'; payload_octets])],
            ..ShortMessage::default()
        };
        smpp::encode(&Command::request(sequence_number, Pdu::SubmitSm(message)))
    }

    fn pdu(seq: u64, link: u64, toward: Toward, octets: Bytes) -> Record {
        let event = Event::Pdu {
            link,
            toward,
            name: "submit_sm".into(),
            sequence_number: 1,
            command_status: 0,
            octets,
        };
        Record {
            seq,
            at: Timestamp::from_millis(1_227_000_000_000 + seq as i64),
            event,
        }
    }

    /// A capture of a world's own bind, of two links, and of a PDU that needs three segments.
    fn capture() -> (Vec<u8>, usize) {
        let world = World::new(world::Config::default()).expect("a world");
        let mut capture = Capture::new(Vec::new()).expect("memory");
        assert_eq!(capture.follow(&world).expect("memory"), 0);
        assert_eq!(capture.follow(&world).expect("memory"), 0);
        let own = world
            .records_since(0)
            .filter(|record| matches!(record.event, Event::Pdu { .. }))
            .count();
        let records = [
            pdu(0, 1, Toward::Smsc, submit_sm(1, 10)),
            pdu(1, 2, Toward::Smsc, submit_sm(1, 65_000)),
            pdu(2, 1, Toward::Esme, submit_sm(1, 11)),
            pdu(3, 2, Toward::Smsc, submit_sm(2, 12)),
            pdu(4, 1, Toward::Smsc, submit_sm(3, 13)),
        ];
        for record in &records {
            capture.write(record).expect("memory");
        }
        (capture.out, own + records.len())
    }

    fn word(octets: &[u8]) -> usize {
        u32::from_le_bytes(octets[..4].try_into().expect("four octets")) as usize
    }

    #[test]
    fn every_pdu_is_there_and_sequence_numbers_follow_the_octets() {
        let (file, pdus) = capture();
        let (mut rest, mut streams, mut seen) = (file.as_slice(), BTreeMap::new(), 0);
        while !rest.is_empty() {
            let length = word(&rest[4..]);
            let (block, after) = rest.split_at(length);
            assert_eq!(word(&block[length - 4..]), length);
            rest = after;
            if word(block) != 6 {
                continue;
            }
            let packet = &block[28..28 + word(&block[20..])];
            let (ip, tcp) = packet[ETHERNET_OCTETS..].split_at(IPV4_OCTETS);
            assert_eq!(checksum(&[ip]), 0);
            assert_eq!(
                usize::from(ip[2]) << 8 | usize::from(ip[3]),
                IPV4_OCTETS + tcp.len()
            );
            let (header, payload) = tcp.split_at(TCP_OCTETS);
            let addresses = ip[12..20].to_vec();
            let (framer, next) = streams
                .entry(addresses)
                .or_insert_with(|| (Framer::default(), 1_u32));
            assert_eq!(header[4..8], next.to_be_bytes());
            *next += payload.len() as u32;
            framer.feed(payload);
            while let Some(frame) = framer.next_frame() {
                assert!(matches!(frame, Frame::Pdu { trailing: 0, .. }), "{frame:?}");
                seen += 1;
            }
        }
        assert!(pdus > 5, "the world's own link is bound at its start");
        assert_eq!(seen, pdus);
        assert!(!file.windows(6).any(|octets| octets == b"fbook\0fbook\0"));
    }

    #[test]
    fn worlds_have_interfaces_with_names_and_links_with_addresses_of_their_own() {
        let mut capture = Capture::of_worlds(Vec::new()).expect("memory");
        let mut addresses = std::collections::BTreeSet::new();
        for name in ["one".to_owned(), "é".repeat(NAME_OCTETS_MAX)] {
            capture.begin(&name).expect("memory");
            for link in [1, 2, OWN_LINKS, OWN_LINKS + 1] {
                let packet = capture.packet(link, Toward::Smsc, b"x");
                assert_eq!(packet[ETHERNET_OCTETS + IPV4_OCTETS..][4..8], [0, 0, 0, 1]);
                addresses.insert(packet[ETHERNET_OCTETS + 12..][..4].to_vec());
            }
            capture
                .write_all(&[pdu(0, 1, Toward::Smsc, submit_sm(1, 1))])
                .expect("memory");
        }
        assert_eq!(addresses.len(), 8);
        let (mut rest, mut names, mut interfaces) = (capture.out.as_slice(), Vec::new(), Vec::new());
        while !rest.is_empty() {
            let (block, after) = rest.split_at(word(&rest[4..]));
            rest = after;
            match word(block) {
                1 => names.push(usize::from(u16::from_le_bytes([block[18], block[19]]))),
                6 => interfaces.push(word(&block[8..])),
                _ => {}
            }
        }
        assert_eq!((names, interfaces), (vec![3, NAME_OCTETS_MAX], vec![0, 1]));
    }

    #[test]
    fn a_forgotten_link_starts_again() {
        let mut capture = Capture::new(Vec::new()).expect("memory");
        for link in 0..=LINKS_MAX as u64 {
            capture.packet(link, Toward::Smsc, b"x");
        }
        assert_eq!(capture.links.len(), LINKS_MAX);
        assert!(!capture.links.contains_key(&0));
    }

    #[test]
    fn wireshark_reads_every_pdu() {
        let (file, pdus) = capture();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("capture.pcapng");
        std::fs::write(&path, file).expect("a file");
        let fields = |filter: &str| {
            let fields = ["-T", "fields", "-e", "smpp.command_id"];
            let tshark = std::process::Command::new("tshark")
                .arg("-r")
                .arg(&path)
                .args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"])
                .args(["-Y", filter])
                .args(fields)
                .output();
            tshark.map(|output| {
                assert!(
                    output.status.success(),
                    "{}",
                    String::from_utf8_lossy(&output.stderr)
                );
                String::from_utf8_lossy(&output.stdout).into_owned()
            })
        };
        // A machine without Wireshark has the reader above.
        let Ok(ids) = fields("smpp") else { return };
        let seen = ids.lines().flat_map(|line| line.split(',')).count();
        assert_eq!(seen, pdus, "{ids}");
        let wrong = fields(
            "_ws.malformed || tcp.analysis.flags || ip.checksum.status == 0 || tcp.checksum.status == 0",
        );
        assert_eq!(wrong.expect("tshark ran before"), "");
    }
}
