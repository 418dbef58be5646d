//! Messages on a stream: a header with `Content-Length`, an empty line, JSON (LSP 3.17, Base Protocol).

use std::io::{BufRead, Read, Write};

use anyhow::Context;
use serde_json::Value;

/// The longest message that is read, in octets; the rest of the stream goes on behind a longer one.
const MESSAGE_OCTETS_MAX: u64 = 16 << 20;
/// The longest line of a header that is read, in octets.
const HEADER_OCTETS_MAX: u64 = 4 << 10;

/// What came.
#[derive(Clone, PartialEq, Debug)]
pub enum Received {
    /// A JSON object.
    Message(Value),
    /// Something else, and what is wrong with it.
    Broken(String),
    /// The other end has gone away.
    End,
}

/// Reads the next message. Lines that are no header are passed over.
pub fn read(input: &mut impl BufRead) -> anyhow::Result<Received> {
    let mut length = None::<u64>;
    loop {
        let mut line = Vec::new();
        let read = input
            .by_ref()
            .take(HEADER_OCTETS_MAX)
            .read_until(b'\n', &mut line)
            .context("cannot read from the editor")?;
        if read == 0 {
            return Ok(Received::End);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches(['\r', '\n']);
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                match value.trim().parse() {
                    Ok(octets) => length = Some(octets),
                    Err(_) => return Ok(Received::Broken(format!("{value:?} is no Content-Length"))),
                }
            }
        } else if line.is_empty()
            && let Some(length) = length
        {
            return body(input, length);
        }
    }
}

fn body(input: &mut impl BufRead, length: u64) -> anyhow::Result<Received> {
    let mut limited = input.take(length);
    if length > MESSAGE_OCTETS_MAX {
        std::io::copy(&mut limited, &mut std::io::sink()).context("cannot read from the editor")?;
        let why = format!("a message of {length} octets; at most {MESSAGE_OCTETS_MAX} are read");
        return Ok(Received::Broken(why));
    }
    let mut octets = Vec::new();
    limited
        .read_to_end(&mut octets)
        .context("cannot read from the editor")?;
    if (octets.len() as u64) < length {
        return Ok(Received::End);
    }
    Ok(match serde_json::from_slice::<Value>(&octets) {
        Ok(message) if message.is_object() => Received::Message(message),
        Ok(_) => Received::Broken("a message is a JSON object".to_owned()),
        Err(error) => Received::Broken(error.to_string()),
    })
}

/// Writes a message.
pub fn write(output: &mut impl Write, message: &Value) -> anyhow::Result<()> {
    let body = message.to_string();
    write!(output, "Content-Length: {}\r\n\r\n{body}", body.len())
        .and_then(|()| output.flush())
        .context("cannot write to the editor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut stream: &[u8]) -> Vec<Received> {
        let mut found = Vec::new();
        loop {
            let received = read(&mut stream).expect("readable");
            let over = received == Received::End;
            found.push(received);
            if over {
                return found;
            }
        }
    }

    #[test]
    fn what_is_broken_does_not_take_the_next_message_with_it() {
        let good = "Content-Length: 2\r\n\r\n{}";
        for broken in [
            "Content-Length: 3\r\n\r\n{x}",
            "Content-Length: 2\r\n\r\n[]",
            "Content-Length: x\r\n\r\n",
            "content-length: 1\r\nContent-Type: x\r\n\r\n\u{7}",
        ] {
            let found = all(format!("{broken}{good}").as_bytes());
            assert!(matches!(found[0], Received::Broken(_)), "{broken}: {found:?}");
            assert_eq!(found[1], Received::Message(serde_json::json!({})), "{broken}");
        }
        for passed_over in ["", "hello\r\n\r\n", "\r\n\r\n", "X: y\r\n\r\n"] {
            assert_eq!(
                all(format!("{passed_over}{good}").as_bytes()).len(),
                2,
                "{passed_over:?}"
            );
        }
    }

    #[test]
    fn a_message_past_the_limit_is_passed_over() {
        let mut stream = format!("Content-Length: {}\r\n\r\n", MESSAGE_OCTETS_MAX + 1).into_bytes();
        stream.resize(stream.len() + MESSAGE_OCTETS_MAX as usize + 1, b' ');
        stream.extend_from_slice(b"Content-Length: 2\r\n\r\n{}");
        let found = all(&stream);
        assert!(matches!(&found[0], Received::Broken(why) if why.contains("16777217")));
        assert_eq!(found[1], Received::Message(serde_json::json!({})));
    }

    #[test]
    fn a_stream_that_breaks_off_is_the_end() {
        assert_eq!(all(b"Content-Length: 20\r\n\r\n{}"), [Received::End]);
    }
}
