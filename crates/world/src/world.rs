//! The owner of everything simulated, and the loop of time: [`World`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use handset::Handset;
use platform::{AppId, CallId, NotificationId, Platform};
use rest::Rest;
use smpp::LinkId;
use sms::{Address, Msisdn, NumberMap, Originator, Place, Segment, ShortCode, Timestamp, Zone};
use smsc::{AttemptId, Broadcast, Cause, PageOutcome, Scribe, Smsc};

use crate::ahead;
use crate::config::{Checked, Config, ConfigError};
use crate::dice::{Dice, Die};
use crate::io::{CallbackId, Input, Output};
use crate::link::{self, Encoder, OWN_LINKS, OwnLink};
use crate::queue::Queue;
use crate::record::{Event, Record, Toward};
use crate::ring::{Kept, Ring};
use crate::tally::Tally;

/// Everything simulated: the message centre, carriers, handsets, the platform and the REST server.
///
/// All methods that change it take the time. See the crate's page for the run loop.
pub struct World {
    pub(crate) now: Timestamp,
    pub(crate) zone: Zone,
    pub(crate) short_code: ShortCode,
    pub(crate) smsc: Smsc,
    pub(crate) esme: esme::Esme,
    pub(crate) platform: Platform,
    pub(crate) rest: Rest,
    pub(crate) handsets: NumberMap<Msisdn, Phone>,
    /// When each phone that waits for something wants to be woken.
    handset_wakeups: BTreeSet<(Timestamp, Msisdn)>,
    pub(crate) queue: Queue<Hop>,
    pub(crate) dice: Dice,
    /// The dice of each carrier, by its place.
    pub(crate) carrier_dice: Vec<Die>,
    /// Where the phones are that say so themselves.
    pub(crate) places: NumberMap<Msisdn, Place>,
    pub(crate) records: Ring,
    tally: Tally,
    pub(crate) outputs: VecDeque<Output>,
    /// Memory for what the parts say, empty between two of their inputs.
    pub(crate) smsc_outputs: Vec<smsc::Output>,
    pub(crate) esme_outputs: Vec<esme::Output>,
    pub(crate) platform_outputs: Vec<platform::Output>,
    pub(crate) handset_outputs: Vec<handset::Output>,
    pub(crate) own_link: Option<OwnLink>,
    own_links_made: u64,
    pub(crate) encoder: Encoder,
    /// Writes what goes over the platform's own link.
    pub(crate) scribe: Scribe,
    pub(crate) callbacks: BTreeMap<CallbackId, Callback>,
    pub(crate) next_callback: u64,
    /// The session keys in calls that are not answered yet, so that records can leave them out.
    pub(crate) session_keys: BTreeMap<CallId, Vec<String>>,
    /// Users who have joined since the world began.
    pub(crate) joined: usize,
    pub(crate) config: Settings,
    /// Set when an instant brought forth more hops than it may: nothing more happens before then.
    stalled_until: Option<Timestamp>,
}

impl std::fmt::Debug for World {
    /// Only its time and how much waits: everything else is millions of lines in a large world.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("now", &self.now)
            .field("hops", &self.queue.len())
            .field("records", &self.records.next_seq())
            .finish_non_exhaustive()
    }
}

/// What the world keeps of its configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) callback_timeout: std::time::Duration,
    pub(crate) record_pdus: bool,
    pub(crate) command_length_max: u32,
    hops_per_instant_max: usize,
    pub(crate) joined_max: usize,
    pub(crate) handset: handset::Config,
    pub(crate) outside_accounts: Vec<String>,
}

/// A handset and when it wants to be woken.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) handset: Handset,
    wakeup: Option<Timestamp>,
}

impl Phone {
    pub(crate) fn new(number: Msisdn, config: handset::Config) -> Self {
        Self {
            handset: Handset::new(number, config),
            wakeup: None,
        }
    }
}

/// A callback that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    pub(crate) app: AppId,
    /// The platform's name for it.
    pub(crate) notification: NotificationId,
    /// The session key that it tells the app, which the app's answer may repeat and a record may not.
    pub(crate) session_key: Option<String>,
}

/// Something on its way from one part to another.
#[derive(Debug)]
pub(crate) enum Hop {
    /// For the message centre.
    Smsc(Box<smsc::Input>),
    /// For the platform's end of the link.
    Esme(Box<esme::Input>),
    /// For the platform.
    Platform(Box<platform::Input>),
    /// The answer to a page, for the message centre.
    PageAnswered {
        attempt: AttemptId,
        outcome: PageOutcome,
    },
    /// Octets on the platform's own link.
    Octets {
        link: LinkId,
        toward: Toward,
        octets: Bytes,
    },
    /// A segment reaches a phone.
    Page {
        attempt: AttemptId,
        to: Msisdn,
        from: Originator,
        segment: Segment,
        /// Whether what the phone answers is lost.
        answer_lost: bool,
    },
    /// A broadcast is heard by the phones of a carrier.
    Broadcast(Box<Broadcast>),
    /// A page does not reach its phone.
    PageFailed { attempt: AttemptId, cause: Cause },
    /// The network's own text reaches a phone.
    NetworkText { to: Msisdn, from: Address, text: String },
    /// An app has had its time to answer.
    CallbackTimeout(CallbackId),
}

impl World {
    /// A world of that configuration at its start; the platform's link asks to be bound at once.
    ///
    /// # Errors
    ///
    /// What is wrong with the configuration.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Self::build(config, Platform::checked)
    }

    /// As [`World::new`], of a configuration that was checked for many worlds, with that seed in place of its own.
    pub fn of(checked: &Checked, seed: u64) -> Self {
        let built = Self::build(checked.with_seed(seed), |config| Ok(Platform::of_checked(config)));
        built.expect("nothing was wrong with it")
    }

    fn build(
        mut config: Config,
        platform: impl FnOnce(platform::Config) -> Result<Platform, platform::InvalidConfig>,
    ) -> Result<Self, ConfigError> {
        let kept = Settings {
            callback_timeout: config.callback_timeout,
            record_pdus: config.record_pdus,
            command_length_max: config.command_length_max,
            hops_per_instant_max: config.hops_per_instant_max.max(1),
            joined_max: config.joined_max,
            handset: config.handset,
            outside_accounts: config
                .accounts
                .iter()
                .map(|account| account.system_id.to_string())
                .collect(),
        };
        let handsets = config
            .users
            .iter()
            .map(|user| {
                (
                    user.user.phone,
                    Phone::new(
                        user.user.phone,
                        handset::Config {
                            inbox_max: user.inbox_max.unwrap_or(config.handset.inbox_max),
                            ..config.handset
                        },
                    ),
                )
            })
            .collect();
        let mut places = NumberMap::default();
        for user in &config.users {
            if let Some(place) = user.place {
                places.insert(user.user.phone, place);
            }
        }
        let mut dice = Dice::new(config.seed);
        let smsc = config.message_centre(dice.number("message centre"));
        let carrier_dice = smsc.carriers().map(|carrier| dice.die(&carrier.name)).collect();
        let mut world = Self {
            now: config.start,
            zone: config.zone.clone(),
            short_code: config.short_code,
            rest: config.rest(dice.number("tokens"))?,
            dice,
            scribe: smsc.scribe(),
            carrier_dice,
            records: Ring::new(config.records_max),
            tally: Tally::new(&smsc),
            esme: esme::Esme::new(config.esme.clone()),
            smsc,
            platform: platform(config.into_platform())
                .map_err(|error| ConfigError::Platform(error.to_string()))?,
            handsets,
            handset_wakeups: BTreeSet::new(),
            places,
            queue: Queue::new(),
            outputs: VecDeque::new(),
            smsc_outputs: Vec::new(),
            esme_outputs: Vec::new(),
            platform_outputs: Vec::new(),
            handset_outputs: Vec::new(),
            own_link: None,
            own_links_made: 0,
            encoder: Encoder::default(),
            callbacks: BTreeMap::new(),
            next_callback: 1,
            session_keys: BTreeMap::new(),
            joined: 0,
            config: kept,
            stalled_until: None,
        };
        world.play_instant();
        Ok(world)
    }

    /// Lets everything happen that is due by `now`, each at its own time, and then `input`, with all that it brings forth
    /// at once.
    ///
    /// Time does not go back: a `now` before the last one counts as the last one.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        self.play_until(now);
        self.take(input);
        self.play_instant();
    }

    /// Lets everything happen that is due by `now`, then takes inputs that came together, and lets the platform decide on them,
    /// so that who waits for its word has it soonest. What else they bring forth happens with the next [`World::handle`].
    pub fn decide_first(&mut self, now: Timestamp, inputs: impl IntoIterator<Item = Input>) {
        self.play_until(now);
        inputs.into_iter().for_each(|input| self.take(input));
        if self.stalled_until.is_some_and(|until| until > self.now) {
            return;
        }
        let is_decision = |hop: &Hop| matches!(hop, Hop::Platform(_));
        while let Some(hop) = self.queue.take_if(self.now, is_decision) {
            self.play(hop);
        }
    }

    /// When something will happen without any input; drive the world with [`Input::Tick`] then, or later.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        let due = [
            self.queue.next_due(self.now),
            self.smsc.next_wakeup(),
            self.esme.next_wakeup(),
            self.platform.next_wakeup(),
            self.handset_wakeups.first().map(|(at, _)| *at),
        ];
        let due = due.into_iter().flatten().min()?;
        Some(due.max(self.now).max(self.stalled_until.unwrap_or(self.now)))
    }

    /// When the next text or PDU that is on its way arrives. What a timer will bring forth is not on its way: a retry, the
    /// end of a session, the patience with an app.
    pub fn next_in_flight(&self) -> Option<Timestamp> {
        self.queue
            .next_due_of(self.now, |hop| !matches!(hop, Hop::CallbackTimeout(_)))
    }

    /// The next thing to do outside, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The records from number `seq` on that are still kept, oldest first; each is spelt out as it is read.
    pub fn records_since(&self, seq: u64) -> impl DoubleEndedIterator<Item = Record> + ExactSizeIterator {
        self.records.since(seq).map(|(seq, (at, kept))| Record {
            seq,
            at: *at,
            event: self.event(kept),
        })
    }

    fn event(&self, kept: &Kept) -> Event {
        match kept {
            Kept::Smsc(note) => Event::Smsc(self.smsc.event(note)),
            Kept::Pdu { link, toward, pdu } => {
                link::pdu_event(*link, *toward, pdu.octets(&mut self.smsc.scribe()))
            }
            Kept::OnAir {
                handset,
                carrier,
                mobile_originated,
                latency_us,
                lost,
            } => Event::OnAir {
                handset: *handset,
                carrier: self.smsc.carrier_at(*carrier).name.to_string(),
                mobile_originated: *mobile_originated,
                latency_us: *latency_us,
                lost: *lost,
            },
            Kept::Received {
                handset,
                from,
                octets,
                data_coding,
                udhi,
            } => {
                let segment = Segment {
                    data_coding: *data_coding,
                    udhi: *udhi,
                    user_data: octets.clone(),
                };
                Event::Received {
                    handset: *handset,
                    from: from.address().digits.to_string(),
                    text: segment.text(),
                    parts: 1,
                    encoding: segment.encoding(),
                }
            }
            Kept::ReceivedWhole { handset, text } => Event::Received {
                handset: *handset,
                from: text.from.digits().into(),
                text: text.text(),
                parts: text.parts,
                encoding: text.encoding,
            },
            Kept::ApiCall { call, params } => Event::ApiCall {
                call: *call,
                params: params
                    .iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
            },
            Kept::ApiReply(kept) => kept.event(),
            Kept::Decision(kept) => kept.event(),
            Kept::Submitted {
                submission,
                to,
                from,
                text,
            } => Event::Submitted {
                submission: *submission,
                to: *to,
                from: from.to_string(),
                text: text.to_string(),
            },
            Kept::Taken {
                submission,
                message_id,
            } => Event::SubmitAnswered {
                submission: *submission,
                message_ids: vec![message_id.to_string()],
                command_status: 0,
            },
            Kept::Receipt { submission, state } => Event::Receipt {
                submission: *submission,
                state: *state,
            },
            Kept::Event(event) => Event::clone(event),
        }
    }

    /// What was counted of it since it began.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The number that the next record will have.
    pub fn next_record(&self) -> u64 {
        self.records.next_seq()
    }

    /// The time of the last input.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The zone in which the world's times are shown.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The platform's short code.
    pub fn short_code(&self) -> ShortCode {
        self.short_code
    }

    /// The platform, to look at.
    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    /// The message centre, to look at.
    pub fn smsc(&self) -> &Smsc {
        &self.smsc
    }

    /// The REST server, to look at.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    /// The platform's end of the link, to look at.
    pub fn esme(&self) -> &esme::Esme {
        &self.esme
    }

    /// A phone, to look at.
    pub fn handset(&self, msisdn: Msisdn) -> Option<&Handset> {
        self.handsets.get(msisdn).map(|phone| &phone.handset)
    }

    /// The callbacks that no app has answered yet, with the app that each is for.
    pub fn callbacks_under_way(&self) -> impl Iterator<Item = (CallbackId, AppId)> + '_ {
        self.callbacks.iter().map(|(id, callback)| (*id, callback.app))
    }

    /// The phone that wants to be woken first.
    pub(crate) fn next_phone(&self) -> Option<Msisdn> {
        self.handset_wakeups.first().map(|(_, msisdn)| *msisdn)
    }

    pub(crate) fn record(&mut self, event: Event) {
        self.keep(Kept::Event(Box::new(event)));
    }

    pub(crate) fn keep(&mut self, kept: Kept) {
        self.tally.count(self.now, &kept);
        self.records.push(self.now, kept);
    }

    pub(crate) fn schedule(&mut self, after: std::time::Duration, hop: Hop) {
        self.queue.schedule(self.now, self.now + after, hop);
    }

    pub(crate) fn at_once(&mut self, hop: Hop) {
        self.queue.schedule(self.now, self.now, hop);
    }

    /// A new connection for the platform's own link.
    pub(crate) fn connect_own_link(&mut self) -> LinkId {
        let link = LinkId(OWN_LINKS + self.own_links_made);
        self.own_links_made += 1;
        self.own_link = Some(OwnLink::new(link, self.config.command_length_max));
        link
    }

    /// Has a phone do something, and keeps its place among the phones that want to be woken; none when there is no such phone.
    pub(crate) fn with_handset<T>(
        &mut self,
        msisdn: Msisdn,
        act: impl FnOnce(&mut Handset) -> T,
    ) -> Option<T> {
        let phone = self.handsets.get_mut(msisdn)?;
        let acted = act(&mut phone.handset);
        let wakeup = phone.handset.next_wakeup();
        if wakeup != phone.wakeup {
            if let Some(at) = phone.wakeup {
                self.handset_wakeups.remove(&(at, msisdn));
            }
            if let Some(at) = wakeup {
                self.handset_wakeups.insert((at, msisdn));
            }
            phone.wakeup = wakeup;
        }
        Some(acted)
    }

    fn play_until(&mut self, now: Timestamp) {
        while let Some(due) = self.next_wakeup() {
            if due > now {
                break;
            }
            self.now = due;
            self.play_instant();
        }
        self.now = self.now.max(now);
    }

    /// Whether an input would be played before anything that waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_idle(self.now) && self.stalled_until.is_none_or(|until| until <= self.now)
    }

    /// Plays every hop that is due now, and wakes every part that wants it now, until the instant is over.
    fn play_instant(&mut self) {
        self.play_hops();
        self.smsc.settle();
    }

    fn play_hops(&mut self) {
        if self.stalled_until.is_some_and(|until| until > self.now) {
            return;
        }
        self.stalled_until = None;
        let mut left = self.config.hops_per_instant_max;
        let mut seen_ahead = 0;
        while left > 0 {
            left -= 1;
            match self.queue.take(self.now) {
                Some(Hop::PageAnswered { attempt, outcome }) => {
                    left -= self.pages_answered(attempt, outcome, left)
                }
                Some(hop) => {
                    if seen_ahead == 0 {
                        ahead::hops(self.queue.at_once(), &self.handsets);
                        seen_ahead = ahead::TOGETHER;
                    }
                    seen_ahead -= 1;
                    self.play(hop);
                }
                None if self.wake_one_part() => {}
                None => return,
            }
        }
        if self.next_wakeup().is_some_and(|due| due <= self.now) {
            let resume_at = self.now + std::time::Duration::from_millis(1);
            self.record(Event::Busy {
                hops_per_instant_max: self.config.hops_per_instant_max,
            });
            self.queue.postpone(self.now, resume_at);
            self.stalled_until = Some(resume_at);
        }
    }

    /// Wakes the first part, in a fixed order, whose time has come; false when there is none.
    fn wake_one_part(&mut self) -> bool {
        let due = |wakeup: Option<Timestamp>| wakeup.is_some_and(|at| at <= self.now);
        if due(self.smsc.next_wakeup()) {
            self.smsc_handles(smsc::Input::Tick);
        } else if due(self.esme.next_wakeup()) {
            self.esme_handles(esme::Input::Tick);
        } else if due(self.platform.next_wakeup()) {
            self.platform_handles(platform::Input::Tick);
        } else if let Some((_, msisdn)) = self
            .handset_wakeups
            .first()
            .copied()
            .filter(|(at, _)| *at <= self.now)
        {
            self.wake_handset(msisdn);
        } else {
            return false;
        }
        true
    }
}
