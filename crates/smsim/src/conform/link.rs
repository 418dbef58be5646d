//! One connection to the message centre that is checked: [`Link`].

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use smpp::{Command, Frame, Framer, Pdu};

use crate::clock::Stopwatch;

/// Octets read at once.
const READ_OCTETS: usize = 16 * 1024;
/// The shortest time for which a read waits: zero would be for ever.
const READ_TIMEOUT_MIN: Duration = Duration::from_millis(1);

/// A TCP connection with what is outstanding on it.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    framer: Framer,
    /// The requests that have no answer yet: their sequence numbers and command ids.
    pub outstanding: Vec<(u32, u32)>,
    next_sequence_number: u32,
    /// Whether the message centre's requests are left unanswered.
    pub silent: bool,
}

/// What comes over a link.
#[derive(Debug)]
pub enum Came {
    /// A PDU.
    Pdu(Command),
    /// Something that is no PDU, in words.
    Broken(String),
    /// The end, in order or not.
    End,
    /// Nothing in time.
    Nothing,
}

impl Link {
    /// Connects.
    pub fn open(address: SocketAddr, timeout: Duration) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(timeout))?;
        Ok(Self {
            stream,
            framer: Framer::default(),
            outstanding: Vec::new(),
            next_sequence_number: 1,
            silent: false,
        })
    }

    /// Sends a request with the next sequence number; its answer is outstanding.
    pub fn request(&mut self, pdu: Pdu) -> std::io::Result<()> {
        let octets = self.prepare(pdu);
        self.stream.write_all(&octets)
    }

    /// The octets of a request with the next sequence number, whose answer is outstanding from now on.
    pub fn prepare(&mut self, pdu: Pdu) -> Vec<u8> {
        let sequence_number = self.next_sequence_number;
        self.next_sequence_number += 1;
        self.prepare_as(sequence_number, pdu)
    }

    /// The same with that sequence number.
    pub fn prepare_as(&mut self, sequence_number: u32, pdu: Pdu) -> Vec<u8> {
        let command_id = pdu.command_id();
        if !pdu.is_response() && !smpp::command_id::is_unanswered(command_id) {
            self.outstanding.push((sequence_number, command_id));
        }
        smpp::encode(&Command::request(sequence_number, pdu)).to_vec()
    }

    /// Sends octets as they are.
    pub fn send(&mut self, octets: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(octets)
    }

    /// Sends a PDU as it is.
    pub fn command(&mut self, command: &Command) -> std::io::Result<()> {
        self.stream.write_all(&smpp::encode(command))
    }

    /// Sends no more, and takes no more.
    pub fn hang_up(&self) {
        // One that is gone already is what is wanted.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }

    /// What comes next, within that time.
    pub fn next(&mut self, patience: Duration) -> Came {
        let stopwatch = Stopwatch::start();
        let mut octets = vec![0; READ_OCTETS];
        loop {
            match self.framer.next_frame() {
                Some(Frame::Pdu { command, .. }) => return Came::Pdu(command),
                Some(Frame::Malformed { header, field, .. }) => {
                    let name = smpp::command_id::name(header.command_id).unwrap_or("a PDU");
                    return Came::Broken(format!("{name} with a malformed {field}"));
                }
                Some(Frame::Broken { .. }) => return Came::Broken("an impossible command_length".to_owned()),
                None => {}
            }
            let left = patience.saturating_sub(stopwatch.elapsed());
            if left.is_zero() {
                return Came::Nothing;
            }
            if self
                .stream
                .set_read_timeout(Some(left.max(READ_TIMEOUT_MIN)))
                .is_err()
            {
                return Came::End;
            }
            match self.stream.read(&mut octets) {
                Ok(0) => return Came::End,
                Ok(count) => self.framer.feed(&octets[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Came::Nothing;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Came::End,
            }
        }
    }
}
