//! What an account and its sessions are held to: requests a second and a day, and how near to its limits it is told to be.

use smpp::{LinkId, Pdu, Status, Tlv, tag};
use sms::Timestamp;

use super::Smsc;
use super::submit::Sender;
use crate::account::REQUESTS_MAX;
use crate::check::Refusal;
use crate::event::SubmitRefusal;

impl Smsc {
    /// Whether a session may have one request more that is not answered at once; one that nobody has bound has the limit of
    /// an account that says nothing.
    pub(super) fn check_held(&self, link: LinkId) -> Result<(), Refusal> {
        let Some(state) = self.links.get(link) else {
            return Ok(());
        };
        let account = state
            .account
            .and_then(|account| self.esmes.get(usize::from(account)));
        let requests_max = account.map_or(REQUESTS_MAX, |esme| esme.account.requests_max);
        if state.held < requests_max {
            return Ok(());
        }
        Err(Refusal {
            status: Status::ESME_RTHROTTLED,
            reason: SubmitRefusal::RequestsMax,
        })
    }

    /// Counts a request with a text against the limits of its session and its account. For the day only texts count that
    /// are accepted: see [`Smsc::count_for_today`].
    pub(super) fn take_token(&mut self, now: Timestamp, sender: Sender) -> Result<(), Refusal> {
        let esme = &mut self.esmes[usize::from(sender.account)];
        let status = esme.account.over_limit;
        let refuse = |reason| Err(Refusal { status, reason });
        if let Some(link) = self.links.get_mut(sender.link)
            && !link.throttle.take(now)
        {
            return refuse(SubmitRefusal::AccountThrottle);
        }
        if !esme.throttle.take(now) {
            return refuse(SubmitRefusal::AccountThrottle);
        }
        self.check_day(now, sender.account)
    }

    /// Whether an account may send one text more today.
    pub(super) fn check_day(&self, now: Timestamp, account: u16) -> Result<(), Refusal> {
        let esme = &self.esmes[usize::from(account)];
        if let Some(max) = esme.account.submits_per_day_max
            && esme.sent_on(self.config.zone.civil(now).day_number()) >= max
        {
            return Err(Refusal {
                status: esme.account.over_limit,
                reason: SubmitRefusal::DailyMax,
            });
        }
        Ok(())
    }

    /// Counts an accepted text against the limit of a day, if its account has one.
    pub(super) fn count_for_today(&mut self, now: Timestamp, account: u16) {
        let esme = self.esmes.get_mut(usize::from(account));
        if let Some(esme) = esme.filter(|esme| esme.account.submits_per_day_max.is_some()) {
            let today = self.config.zone.civil(now).day_number();
            esme.today = (Some(today), esme.sent_on(today).saturating_add(1));
        }
    }

    /// Adds `congestion_state` to a response to a session of v5.0, unless its account wants none.
    pub(super) fn tell_congestion(&self, link: LinkId, response: &mut Pdu) {
        let Some(state) = self.links.get(link) else {
            return;
        };
        let esme = state
            .account
            .and_then(|account| self.esmes.get(usize::from(account)));
        let Some(esme) = esme.filter(|esme| esme.account.congestion_state) else {
            return;
        };
        if let Some(tlvs) = response.tlvs_mut() {
            let share = |part: usize, whole: usize| part.saturating_mul(100) / whole.max(1);
            let fullest = [
                share(state.held, esme.account.requests_max),
                share(self.store.len(), self.config.messages_max),
                usize::from(state.throttle.used_percent()),
                usize::from(esme.throttle.used_percent()),
            ];
            let fullest = fullest.into_iter().max().unwrap_or_default().min(100);
            let percent = u8::try_from(fullest).expect("at most 100");
            tlvs.push(Tlv::octet(tag::CONGESTION_STATE, percent));
        }
    }
}
