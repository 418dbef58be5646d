//! The runner's one way out: [`Outside`], by which real apps take part in a test, and by which its time may pass at the pace
//! of the machine's.
//!
//! The runner decides when something is sent and when it waits; whoever implements this does the sending and the waiting.
//! The world's clock stands still meanwhile, unless it is paced: then whoever implements this says how far it may go.

use platform::NotifyOutcome;
use rest::{CallbackRequest, Request, Response};
use sms::Timestamp;
use world::io::CallbackId;

/// Names a call of a real app until it is answered; chosen by whoever brings it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OutsideCall(pub u64);

/// Something that came from a real app.
#[derive(Debug)]
pub enum Arrived {
    /// It answered a callback, or did not.
    Answered {
        /// The callback.
        callback: CallbackId,
        /// What came of it.
        outcome: NotifyOutcome,
    },
    /// It calls the REST API, and waits for [`Outside::reply`].
    Called {
        /// The call.
        call: OutsideCall,
        /// What it asks.
        request: Request,
    },
}

/// How far the time of a paced world went.
#[derive(Debug)]
pub enum Passed {
    /// As far as it was to go.
    Reached,
    /// Until then, in the world's time, when something came from a real app.
    Until(Timestamp, Arrived),
}

/// A way to real apps.
pub trait Outside: Send {
    /// Sends a callback; its end comes as [`Arrived::Answered`].
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest);

    /// Waits, on the machine's clock, until something comes from any app, and no longer than the limit of a hold; none when
    /// nothing came by then.
    fn wait(&mut self) -> Option<Arrived>;

    /// What has come already, without waiting.
    fn poll(&mut self) -> Option<Arrived> {
        None
    }

    /// Answers a call.
    fn reply(&mut self, call: OutsideCall, response: &Response);

    /// Whether the world's time passes as [`Outside::pass`] says. Then the clock is held for nobody, and real apps have the
    /// time that they take.
    fn is_paced(&self) -> bool {
        false
    }

    /// Waits, on the machine's clock, until the world's time may be `at`, and no longer than until something comes from an app.
    fn pass(&mut self, at: Timestamp) -> Passed {
        let _ = at;
        Passed::Reached
    }
}

impl<O: Outside + ?Sized> Outside for &mut O {
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest) {
        (**self).post(callback, request);
    }

    fn wait(&mut self) -> Option<Arrived> {
        (**self).wait()
    }

    fn poll(&mut self) -> Option<Arrived> {
        (**self).poll()
    }

    fn reply(&mut self, call: OutsideCall, response: &Response) {
        (**self).reply(call, response);
    }

    fn is_paced(&self) -> bool {
        (**self).is_paced()
    }

    fn pass(&mut self, at: Timestamp) -> Passed {
        (**self).pass(at)
    }
}
