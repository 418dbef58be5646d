//! Receipts that came too early: [`EarlyReceipts`].

use std::collections::VecDeque;

use crate::correlation::Correlations;
use crate::receipt::Receipt;

/// Receipts that came before the response that names their message.
#[derive(Debug)]
pub(crate) struct EarlyReceipts {
    receipts_max: usize,
    /// Each with the youngest text that was under way when it came: it cannot be about one that was submitted
    /// later.
    receipts: VecDeque<(u64, Receipt)>,
}

impl EarlyReceipts {
    pub(crate) const fn new(receipts_max: usize) -> Self {
        Self {
            receipts_max,
            receipts: VecDeque::new(),
        }
    }

    /// Keeps a receipt that can only be about texts up to `youngest`; returns the oldest one when there is no
    /// room for it.
    pub(crate) fn keep(&mut self, youngest: u64, receipt: Receipt) -> Option<Receipt> {
        self.receipts.push_back((youngest, receipt));
        if self.receipts.len() <= self.receipts_max {
            return None;
        }
        self.receipts.pop_front().map(|(_, receipt)| receipt)
    }

    /// Takes out the receipts whose message `correlations` knows by now, in the order of their coming.
    pub(crate) fn take_known(&mut self, correlations: &Correlations) -> Vec<Receipt> {
        self.take(|_, receipt| correlations.knows(receipt))
    }

    /// Takes out the receipts that can be about no text any more, where `oldest` is the oldest one under way.
    pub(crate) fn take_hopeless(&mut self, oldest: Option<u64>) -> Vec<Receipt> {
        self.take(|youngest, _| oldest.is_none_or(|oldest| oldest > youngest))
    }

    fn take(&mut self, wanted: impl Fn(u64, &Receipt) -> bool) -> Vec<Receipt> {
        let mut taken = Vec::new();
        for (youngest, receipt) in std::mem::take(&mut self.receipts) {
            if wanted(youngest, &receipt) {
                taken.push(receipt);
            } else {
                self.receipts.push_back((youngest, receipt));
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use compact_str::CompactString;
    use sms::MessageState;

    use super::*;
    use crate::config::MessageIdBases;

    fn receipt(message_id: &str) -> Receipt {
        let state = MessageState::Delivered;
        Receipt {
            message_id: message_id.into(),
            id_is_exact: true,
            state,
            err: CompactString::default(),
        }
    }

    #[test]
    fn early_receipts_are_kept_up_to_their_limit_and_no_longer_than_there_is_hope() {
        let mut early = EarlyReceipts::new(2);
        assert_eq!(early.keep(5, receipt("a")), None);
        assert_eq!(early.keep(6, receipt("b")), None);
        assert_eq!(early.keep(7, receipt("c")), Some(receipt("a")));
        assert_eq!(early.take_hopeless(Some(6)), []);
        assert_eq!(early.take_hopeless(Some(7)), [receipt("b")]);
        let mut correlations = Correlations::new(10, MessageIdBases::Alike);
        assert_eq!(early.take_known(&correlations), []);
        correlations.await_receipts(1, &["C".to_owned()]);
        assert_eq!(early.take_known(&correlations), [receipt("c")]);
        assert_eq!(early.take_hopeless(None), []);
    }
}
