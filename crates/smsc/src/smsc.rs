//! The message centre: [`Smsc`].

mod attempt;
mod broadcast;
mod change;
mod code_limit;
mod delivery;
mod fault;
mod limit;
mod link;
mod mo;
mod operation;
mod outbind;
mod state;
mod submit;

use std::collections::BTreeMap;
use std::time::Duration;

use smpp::{Command, Frame, LinkId};
use sms::{MessageState, Msisdn, NumberMap, NumberRun, NumberSlab, Timestamp};

use self::broadcast::Broadcasts;
use self::state::{Alerts, CarrierState, Delivery, Esme, Held, Link, Page};
use self::submit::Transaction;
use crate::account::Account;
use crate::carrier::Carrier;
use crate::cause::Cause;
use crate::config::Config;
use crate::draft::Scribe;
use crate::event::Event;
use crate::finals::Finals;
use crate::message_id::MessageId;
use crate::note::Note;
use crate::port::{AttemptId, CarrierIndex, Input, Output, PageOutcome};
use crate::routing::NumberPlan;
use crate::store::{Store, Wait};
use crate::timer::{Timer, Timers};

/// A message centre with its carriers: ESMEs bind to it, it stores their texts, pages handsets over the carriers' air
/// until they have them or their validity ends, and reports; it brings the handsets' texts to the ESMEs.
///
/// The owner calls [`Smsc::handle`] with whatever happens, and with [`Input::Tick`] at [`Smsc::next_wakeup`]; it does
/// what the outputs say, in their order. An instant earlier than one already given counts as that one.
pub struct Smsc {
    config: Config,
    carriers: Vec<CarrierState>,
    pub(crate) esmes: Vec<Esme>,
    links: NumberSlab<LinkId, Link>,
    plan: NumberPlan,
    store: Store,
    finals: Finals,
    timers: Timers,
    /// What is in the air.
    pages: NumberRun<AttemptId, Page>,
    /// Receipts that are held back, by the number of their timer.
    late_receipts: NumberMap<u64, Delivery>,
    /// Answers that are held back on demand, by the number of their timer.
    late_answers: NumberMap<u64, (LinkId, Held)>,
    /// How many rules are about requests that bring no text to a number.
    operation_rules: usize,
    /// How often texts for the magic numbers failed that fail at first.
    magic_failures: BTreeMap<Msisdn, u32>,
    alerts: Alerts,
    broadcasts: Broadcasts,
    /// Requests that are answered with the outcome, by the number of their message.
    transactions: NumberMap<u32, Transaction>,
    /// Whether the carriers' outages have their timers.
    outages_watched: bool,
    last_attempt: u64,
    last_delivery: u64,
    now: Timestamp,
    outputs: Vec<Output>,
}

/// What is known of a message.
#[derive(Clone, PartialEq, Debug)]
pub struct MessageStatus {
    /// Its id.
    pub message_id: MessageId,
    /// What has become of it so far.
    pub state: MessageState,
    /// Why the last attempt failed, or why it never arrived.
    pub cause: Option<Cause>,
    /// When it became final; none while it waits.
    pub done_at: Option<Timestamp>,
}

impl Smsc {
    /// A message centre before anything happened.
    ///
    /// # Panics
    ///
    /// When the configuration has no carrier, two carriers or two accounts of the same name, a range or number of a
    /// carrier that it does not have, or more than 65,535 of either.
    pub fn new(mut config: Config) -> Self {
        let carriers: Vec<CarrierState> = std::mem::take(&mut config.carriers)
            .into_iter()
            .map(|carrier| CarrierState::new(carrier, config.seed))
            .collect();
        let esmes: Vec<Esme> = std::mem::take(&mut config.accounts)
            .into_iter()
            .map(Esme::new)
            .collect();
        assert!(!carriers.is_empty(), "a message centre needs a carrier");
        assert!(
            carriers.len().max(esmes.len()) <= usize::from(u16::MAX),
            "carriers and accounts are numbered by u16"
        );
        assert_unique(
            carriers.iter().map(|state| state.carrier.name.as_str()),
            "carriers",
        );
        assert_unique(
            esmes.iter().map(|esme| esme.account.system_id.as_str()),
            "accounts",
        );
        let mut plan = NumberPlan::default();
        let index = |name: &str| {
            let index = carriers.iter().position(|state| state.carrier.name == name);
            u16::try_from(index.expect("a range names a carrier of the configuration"))
                .expect("checked above")
        };
        for (carrier, state) in (0..).zip(&carriers) {
            for prefix in &state.carrier.ranges {
                plan.assign_range_unless_taken(prefix, carrier);
            }
        }
        for (prefix, carrier) in &config.ranges {
            plan.assign_range(prefix, index(carrier));
        }
        for (msisdn, carrier) in &config.numbers {
            plan.assign(*msisdn, index(carrier));
        }
        let rules = carriers.iter().flat_map(|state| &state.faults);
        let operation_rules = rules.filter(|armed| armed.fault.is_about_others()).count();
        Self {
            config,
            operation_rules,
            carriers,
            esmes,
            links: NumberSlab::default(),
            plan,
            store: Store::default(),
            finals: Finals::default(),
            timers: Timers::default(),
            pages: NumberRun::default(),
            late_receipts: NumberMap::default(),
            late_answers: NumberMap::default(),
            magic_failures: BTreeMap::new(),
            alerts: Alerts::default(),
            broadcasts: Broadcasts::default(),
            transactions: NumberMap::default(),
            outages_watched: false,
            last_attempt: 0,
            last_delivery: 0,
            now: Timestamp::EPOCH,
            outputs: Vec::new(),
        }
    }

    /// Does everything that is due by `now`, then what `input` asks for; notes are spelt out.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.handle_into(now, input, &mut outputs);
        self.settle();
        let mut scribe = self.scribe();
        for output in &mut outputs {
            match output {
                Output::Noted(note) => *note = Note::Event(Box::new(self.event(note))),
                Output::Draft { link, draft } => {
                    let command = Box::new(draft.command(&mut scribe));
                    *output = Output::Send { link: *link, command };
                }
                _ => {}
            }
        }
        outputs
    }

    /// Does what [`Smsc::handle`] does, and leaves it to the owner to spell notes out; `outputs`, which the owner has
    /// emptied, serves again and again.
    pub fn handle_into(&mut self, now: Timestamp, input: Input, outputs: &mut Vec<Output>) {
        std::mem::swap(&mut self.outputs, outputs);
        self.act(now, input);
        std::mem::swap(&mut self.outputs, outputs);
    }

    /// Takes what so many [`Input::Received`] bring, and leaves the frames with the owner; else as [`Smsc::handle_into`]. How
    /// many outputs there are after each frame is written to `ends`.
    pub fn receive_into(
        &mut self,
        now: Timestamp,
        link: LinkId,
        frames: &[Frame],
        ends: &mut [usize],
        outputs: &mut Vec<Output>,
    ) {
        std::mem::swap(&mut self.outputs, outputs);
        let now = self.begin(now);
        for (frame, end) in frames.iter().zip(ends) {
            self.received(now, link, frame);
            self.run_timers(now);
            *end = self.outputs.len();
        }
        std::mem::swap(&mut self.outputs, outputs);
    }

    /// Takes so many [`Input::PageAnswered`]; else as [`Smsc::handle_into`].
    pub fn pages_answered_into(
        &mut self,
        now: Timestamp,
        answers: &[(AttemptId, PageOutcome)],
        outputs: &mut Vec<Output>,
    ) {
        std::mem::swap(&mut self.outputs, outputs);
        let now = self.begin(now);
        for (attempt, outcome) in answers {
            self.page_answered(now, *attempt, *outcome);
            self.run_timers(now);
        }
        std::mem::swap(&mut self.outputs, outputs);
    }

    /// Does everything that is due by `now`, and gives the instant that it counts as.
    #[inline]
    fn begin(&mut self, now: Timestamp) -> Timestamp {
        self.now = self.now.max(now);
        if !self.outages_watched {
            self.outages_watched = true;
            self.watch_outages(self.now);
        }
        self.run_timers(self.now);
        self.now
    }

    fn act(&mut self, now: Timestamp, input: Input) {
        let now = self.begin(now);
        match input {
            Input::Connected { link, peer } => self.connected(now, link, peer),
            Input::Dialled {
                link,
                system_id,
                peer,
            } => self.dialled(now, link, &system_id, peer),
            Input::NotDialled { system_id, why } => self.note(Event::NotDialled { system_id, why }),
            Input::Received { link, frame } => self.received(now, link, &frame),
            Input::Closed { link } => self.closed(now, link),
            Input::Mo { from, to, segment } => self.mo(now, from, to, segment),
            Input::PageAnswered { attempt, outcome } => self.page_answered(now, attempt, outcome),
            Input::BroadcastAnswered {
                number,
                area,
                there,
                had,
            } => self.broadcast_answered(number, area, there, had),
            Input::Available { msisdn } => self.available(now, msisdn),
            Input::Change { carrier, change } => self.change(now, &carrier, change),
            Input::Account(account) => self.change_account(now, *account),
            Input::Unbind { system_id } => self.unbind(now, &system_id),
            Input::Tick => {}
        }
        self.run_timers(now);
    }

    /// When [`Smsc::handle`] wants to be called next, if nothing happens before; always later than the last call. After
    /// [`Smsc::handle_into`] or [`Smsc::receive_into`] it may be too early, until [`Smsc::settle`] was called.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.timers.due_at()
    }

    /// Forgets the timers that mean nothing any more, once for as many inputs as the owner likes.
    pub fn settle(&mut self) {
        let mut timers = std::mem::take(&mut self.timers);
        if timers.wants_sweep() {
            timers.sweep(|due_at, timer| self.is_live(due_at, timer));
        }
        timers.discard_stale(|due_at, timer| self.is_live(due_at, timer));
        self.timers = timers;
    }

    /// Who writes the drafts of this message centre's.
    pub fn scribe(&self) -> Scribe {
        Scribe::new(self.config.zone.clone())
    }

    /// The carrier that serves a number.
    pub fn carrier_of(&self, msisdn: Msisdn) -> &Carrier {
        &self.carriers[usize::from(self.plan.carrier(msisdn))].carrier
    }

    /// The place of the carrier that serves a number.
    pub fn carrier_index_of(&self, msisdn: Msisdn) -> CarrierIndex {
        CarrierIndex(self.plan.carrier(msisdn))
    }

    /// The carrier in that place.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn carrier_at(&self, index: CarrierIndex) -> &Carrier {
        &self.carriers[usize::from(index.0)].carrier
    }

    /// The carrier of that name.
    pub fn carrier(&self, name: &str) -> Option<&Carrier> {
        self.carriers
            .iter()
            .map(|state| &state.carrier)
            .find(|carrier| carrier.name == name)
    }

    /// The carriers, in the order of the configuration.
    pub fn carriers(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter().map(|state| &state.carrier)
    }

    /// The accounts, in the order of the configuration.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.esmes.iter().map(|esme| &esme.account)
    }

    /// The account that is bound over a link; none when nobody is, or the link is gone.
    pub fn account_on(&self, link: LinkId) -> Option<&Account> {
        let account = self.links.get(link)?.account?;
        Some(&self.esmes.get(usize::from(account))?.account)
    }

    /// How many sessions an account has bound.
    pub fn bound_sessions(&self, system_id: &str) -> usize {
        self.esme(system_id).map_or(0, |esme| esme.bound.len())
    }

    /// The links over which accounts are bound, with the account: by account, and of each in the order of their binds.
    pub fn bound_links(&self) -> impl Iterator<Item = (LinkId, &Account)> {
        let esmes = self.esmes.iter();
        esmes.flat_map(|esme| esme.bound.iter().map(|link| (*link, &esme.account)))
    }

    /// How many MO texts and receipts wait for an account; those that it has not answered yet are not among them.
    pub fn waiting(&self, system_id: &str) -> usize {
        self.esme(system_id).map_or(0, |esme| esme.waiting.len())
    }

    /// How many texts are held for the subscribers of a carrier; 0 for an unknown one.
    pub fn queue_len(&self, carrier: &str) -> usize {
        self.carrier_index(carrier)
            .map_or(0, |index| self.store.held(index))
    }

    /// How many texts are held for one handset.
    pub fn queue_len_of(&self, msisdn: Msisdn) -> usize {
        self.store.queue(msisdn).map_or(0, |queue| queue.len as usize)
    }

    /// Lets another carrier serve a number, from now on and for what waits for it.
    ///
    /// # Panics
    ///
    /// When there is no such carrier.
    pub fn assign(&mut self, msisdn: Msisdn, carrier: &str) {
        let carrier = self
            .carrier_index(carrier)
            .expect("the carrier is one of the configuration's");
        self.plan.assign(msisdn, carrier);
        let slots: Vec<u32> = self.store.all_for(msisdn).collect();
        for slot in slots {
            self.store.move_to(slot, carrier);
        }
    }

    /// Adds an account.
    ///
    /// # Panics
    ///
    /// When there is one of that name already, or too many.
    pub fn add_account(&mut self, account: Account) {
        assert!(
            self.esme(&account.system_id).is_none(),
            "accounts have different names"
        );
        assert!(
            self.esmes.len() < usize::from(u16::MAX),
            "accounts are numbered by u16"
        );
        self.esmes.push(Esme::new(account));
    }

    /// What is known of a message, by its id as `submit_sm_resp` gave it. Of a `submit_multi`, its first destination's.
    pub fn message(&self, message_id: &str) -> Option<MessageStatus> {
        self.find_message(message_id, |_| true)
    }

    fn esme(&self, system_id: &str) -> Option<&Esme> {
        self.esmes.iter().find(|esme| esme.account.system_id == system_id)
    }

    fn carrier_index(&self, name: &str) -> Option<u16> {
        let index = self
            .carriers
            .iter()
            .position(|state| state.carrier.name == name)?;
        u16::try_from(index).ok()
    }

    fn carrier_state(&self, carrier: u16) -> &CarrierState {
        &self.carriers[usize::from(carrier)]
    }

    /// Most often none is due: that much is seen where it is asked.
    #[inline]
    fn run_timers(&mut self, now: Timestamp) {
        if self.timers.due_at().is_some_and(|due_at| due_at <= now) {
            self.run_due_timers(now);
        }
    }

    #[cold]
    fn run_due_timers(&mut self, now: Timestamp) {
        while let Some(timer) = self.timers.take_due(now) {
            self.run_timer(now, timer);
        }
    }

    fn run_timer(&mut self, now: Timestamp, timer: Timer) {
        match timer {
            Timer::OutcomeDue { attempt } => self.outcome_due(now, attempt),
            Timer::LateAnswer { number } => self.send_late_answer(now, number),
            Timer::Expiry { slot, number } => self.expire(now, slot, number),
            Timer::PageUnanswered { attempt } => self.page_unanswered(now, attempt),
            Timer::Scheduled { slot, number } => self.start_scheduled(now, slot, number),
            Timer::Retry { msisdn } => self.retry(now, msisdn),
            Timer::LateReceipt { number } => self.send_late_receipt(now, number),
            Timer::Waiting { account } => self.expire_waiting(now, account),
            Timer::Outbind { account } => self.call_again(now, account),
            Timer::Session { link } => self.session_timer(now, link),
            Timer::Resume { link } => self.resume(now, link),
            Timer::Linger { link } => self.linger_over(now, link),
            Timer::Broadcast { number } => self.broadcast_due(now, number),
            Timer::Outage { carrier } => self.outage_edge(now, carrier),
        }
    }

    fn is_live(&self, due_at: Timestamp, timer: &Timer) -> bool {
        match *timer {
            Timer::Expiry { slot, number } => {
                self.store.holds(slot, number) && self.store.message(slot).expires_at == due_at
            }
            Timer::PageUnanswered { attempt } | Timer::OutcomeDue { attempt } => self.pages.contains(attempt),
            Timer::LateAnswer { number } => self.late_answers.contains(number),
            Timer::Scheduled { slot, number } => {
                self.store.holds(slot, number) && {
                    let message = self.store.message(slot);
                    !message.queued && message.scheduled_at == due_at
                }
            }
            Timer::Retry { msisdn } => self
                .store
                .queue(msisdn)
                .is_some_and(|queue| queue.wait == Wait::Retry(due_at)),
            Timer::LateReceipt { number } => self.late_receipts.contains(number),
            Timer::Waiting { account } => {
                let esme = &self.esmes[usize::from(account)];
                !esme.waiting.is_empty() && esme.expiry_at == Some(due_at)
            }
            Timer::Broadcast { number } => self.broadcasts.is_due(number, due_at),
            Timer::Outbind { account } => self.esmes[usize::from(account)].call_at == Some(due_at),
            Timer::Outage { carrier } => self.carrier_state(carrier).outage_at == Some(due_at),
            Timer::Session { link } | Timer::Resume { link } | Timer::Linger { link } => {
                self.links.contains(link)
            }
        }
    }

    /// Notes what few texts bring, which is kept apart from what all do in the instructions, too.
    #[cold]
    fn note(&mut self, event: Event) {
        self.jot(Note::Event(Box::new(event)));
    }

    fn jot(&mut self, note: Note) {
        self.outputs.push(Output::Noted(note));
    }

    fn send(&mut self, link: LinkId, command: Command) {
        if self.links.get(link).is_some_and(|state| state.silent) {
            return;
        }
        let command = Box::new(command);
        self.outputs.push(Output::Send { link, command });
    }
}

/// The shortest time between two timers of the same thing.
const TICK: Duration = Duration::from_millis(1);

fn assert_unique<'a>(names: impl Iterator<Item = &'a str>, what: &str) {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    assert!(
        names.windows(2).all(|pair| pair[0] != pair[1]),
        "{what} have different names"
    );
}
