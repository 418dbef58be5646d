//! What a person has asked for and not yet confirmed: cached install requests, and the registration of a phone.

use sms::Timestamp;

use crate::app::AppId;
use crate::user::SessionId;

/// A text to an app, kept until the user says yes or no to installing it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Request {
    pub(crate) app: AppId,
    /// The text without the app's canvas name.
    pub(crate) message: String,
    pub(crate) expires_at: Timestamp,
    /// Whether the user had granted the app `sms` already, so that the text adds nothing.
    pub(crate) granted_before: bool,
    /// Whether the question was put to the user.
    pub(crate) asked: bool,
    /// The slot that the question was texted from, unless a newer session has taken it.
    pub(crate) slot: Option<SessionId>,
}

/// A phone that has got a code and has not replied with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Registration {
    /// Five digits.
    pub(crate) code: String,
    /// Wrong codes that were typed on a page.
    pub(crate) wrong_codes: u32,
    pub(crate) expires_at: Timestamp,
}

/// What happened to older requests when one more was cached.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Cached {
    /// The user's earlier request to the same app.
    pub(crate) replaced: Option<Request>,
    /// The oldest request, which had to go because there were too many.
    pub(crate) dropped: Option<Request>,
}

/// One user's open requests, the oldest first, and registration.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Consent {
    requests: Vec<Request>,
    pub(crate) registration: Option<Registration>,
}

impl Consent {
    /// Keeps a request as the newest: one for each app, and `requests_max` in all.
    pub(crate) fn cache(&mut self, request: Request, requests_max: usize) -> Cached {
        let replaced = self.take(request.app);
        let dropped = (self.requests.len() >= requests_max).then(|| self.requests.remove(0));
        // A question about the same app stands: a yes to it is a yes to the newest text.
        let (asked, slot) = replaced
            .as_ref()
            .map_or((false, None), |request| (request.asked, request.slot));
        self.requests.push(Request {
            asked,
            slot,
            ..request
        });
        Cached { replaced, dropped }
    }

    /// Takes the request for that app away.
    pub(crate) fn take(&mut self, app: AppId) -> Option<Request> {
        let index = self.requests.iter().position(|request| request.app == app)?;
        Some(self.requests.remove(index))
    }

    /// Takes every request away.
    pub(crate) fn take_all(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// The requests, the oldest first.
    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The app of the newest question that is open.
    pub(crate) fn newest_asked(&self) -> Option<AppId> {
        self.requests
            .iter()
            .rev()
            .find(|request| request.asked)
            .map(|request| request.app)
    }

    /// The question about that app was texted from that slot.
    pub(crate) fn asked(&mut self, app: AppId, slot: SessionId) {
        if let Some(request) = self.requests.iter_mut().find(|request| request.app == app) {
            request.asked = true;
            request.slot = Some(slot);
        }
    }

    /// The slot of the question about that app has gone to a newer session.
    pub(crate) fn lose_slot(&mut self, app: AppId, slot: SessionId) {
        if let Some(request) = self.requests.iter_mut().find(|request| request.app == app) {
            request.slot = request.slot.filter(|&held| held != slot);
        }
    }

    /// Every question must be asked anew; gives the slots that they held.
    pub(crate) fn unask(&mut self) -> Vec<SessionId> {
        let mut slots = Vec::new();
        for request in &mut self.requests {
            request.asked = false;
            slots.extend(request.slot.take());
        }
        slots
    }
}

/// The registration code that seeded chance makes: five digits, the first not 0.
pub(crate) fn code(chance: u64) -> String {
    (10_000 + chance % 90_000).to_string()
}
