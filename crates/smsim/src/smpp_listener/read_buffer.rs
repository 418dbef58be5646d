//! Where octets are read into: [`ReadBuffer`], small while a connection is idle.

/// Octets read at once from a connection that says little: a thousand idle ones hold two megabytes.
const IDLE_OCTETS: usize = 2 * 1024;
/// Octets read at once from a busy one.
const BUSY_OCTETS: usize = 64 * 1024;
/// Reads in a row that would have fitted into the small buffer before a large one is given back.
const IDLE_READS: u32 = 64;

/// Memory for one read, as large as the connection is busy.
#[derive(Debug)]
pub(super) struct ReadBuffer {
    octets: Vec<u8>,
    idle_reads: u32,
}

impl ReadBuffer {
    /// A small one.
    pub fn new() -> Self {
        Self {
            octets: vec![0; IDLE_OCTETS],
            idle_reads: 0,
        }
    }

    /// What the next read goes into.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.octets
    }

    /// What the last read brought.
    pub fn filled(&self, count: usize) -> &[u8] {
        &self.octets[..count]
    }

    /// Takes note of how much was read, after it was taken away.
    pub fn adapt(&mut self, count: usize) {
        if count == self.octets.len() && count < BUSY_OCTETS {
            self.octets.resize(BUSY_OCTETS, 0);
            self.idle_reads = 0;
        } else if count >= IDLE_OCTETS {
            self.idle_reads = 0;
        } else if self.octets.len() > IDLE_OCTETS {
            self.idle_reads += 1;
            if self.idle_reads >= IDLE_READS {
                *self = Self::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_read_makes_it_large_and_many_small_ones_small_again() {
        let mut buffer = ReadBuffer::new();
        buffer.adapt(IDLE_OCTETS - 1);
        assert_eq!(buffer.space().len(), IDLE_OCTETS);
        buffer.adapt(IDLE_OCTETS);
        assert_eq!(buffer.space().len(), BUSY_OCTETS);
        for _ in 1..IDLE_READS {
            buffer.adapt(1);
        }
        buffer.adapt(IDLE_OCTETS);
        for _ in 1..IDLE_READS {
            buffer.adapt(1);
        }
        assert_eq!(buffer.space().len(), BUSY_OCTETS);
        buffer.adapt(1);
        assert_eq!(buffer.space().len(), IDLE_OCTETS);
    }
}
