//! Plays acts on a world and holds it to the model: [`Player`].

use std::collections::{BTreeMap, BTreeSet};

use platform::decision::DecisionCode;
use platform::{AppId, QuietHours, Uid};
use sms::Timestamp;
use world::{Config, Event};

use crate::explore::Invariant;
use crate::explore::act::{Act, Cast, UserChange};
use crate::explore::coverage::Coverage;
use crate::explore::model::Model;
use crate::runner::{Content, Live};
use crate::source::Sources;
use crate::text::quoted;
use crate::world_config::Rules;

/// How long after a text everything that follows from it has arrived: the slowest carrier twice, and to spare.
const SETTLED: &str = "wait 20s";
/// From so many seconds on, what is broken is mended before the time passes, so that no text expires.
const LONG_WAIT_S: u64 = 3_600;

/// What came of a play.
#[derive(Debug)]
pub struct Played {
    pub coverage: Coverage,
    /// The rule that broke and the act that broke it.
    pub broken: Option<(Invariant, usize)>,
    /// What was played, as a file.
    pub text: String,
    pub hash: Option<u64>,
}

/// A rule does not hold, and the last line that was played says so.
struct Broken(Invariant);

type Kept = Result<(), Broken>;

/// Plays acts.
pub struct Player<'e> {
    live: Live,
    cast: &'e Cast,
    model: Model,
    coverage: Coverage,
    /// The texts of apps that were accepted and have not arrived: to whom each goes.
    pending: BTreeMap<String, String>,
    /// The captures of sessions: that of each app with each user, newest last, and their numbers.
    told: BTreeMap<(String, String), Vec<(String, u32)>>,
    /// The last session in which each user was asked.
    asked: BTreeMap<String, String>,
    /// What is broken: the actor with the words that broke it, and the words that mend it.
    faults: BTreeMap<(String, String), String>,
    texts: u32,
    captures: u32,
    /// The first record that has not been looked at.
    seen: u64,
}

impl<'e> Player<'e> {
    /// A player of that world under those rules, which the model of `reference` knows.
    pub fn new(
        sources: &Sources,
        declarations: &str,
        rules: &Rules,
        cast: &'e Cast,
        reference: &Config,
        seed: u64,
    ) -> Self {
        let name = format!("found with seed {seed}");
        let live = Live::new(sources.clone(), declarations, &name, rules, Some(seed));
        Self {
            live: live.expect("the world was built before"),
            cast,
            model: Model::new(reference),
            coverage: Coverage::default(),
            pending: BTreeMap::new(),
            told: BTreeMap::new(),
            asked: BTreeMap::new(),
            faults: BTreeMap::new(),
            texts: 0,
            captures: 0,
            seen: 0,
        }
    }

    /// Plays the acts, until a rule breaks or everything was mended and has arrived.
    pub fn play(mut self, acts: &[Act]) -> Played {
        let mut broken = None;
        for (place, act) in acts.iter().enumerate() {
            if let Err(Broken(invariant)) = self.act(act) {
                broken = Some((invariant, place));
                break;
            }
        }
        if broken.is_none()
            && let Err(Broken(invariant)) = self.end()
        {
            broken = Some((invariant, acts.len()));
        }
        self.decisions();
        Played {
            broken,
            text: self.live.text().to_owned(),
            hash: self.live.records_hash(),
            coverage: self.coverage,
        }
    }

    fn act(&mut self, act: &Act) -> Kept {
        let kind = match act {
            Act::Text(user, words) => {
                self.text(user, words)?;
                "text"
            }
            Act::Answer(user) => {
                self.answer(user)?;
                "answer"
            }
            Act::Send(app, user, asks) => {
                self.send(app, user, *asks, None)?;
                "send"
            }
            Act::Reply(app, user, asks) => {
                let session = self
                    .told
                    .get(&(app.clone(), user.clone()))
                    .and_then(|told| told.last())
                    .cloned();
                if let Some(session) = session {
                    self.send(app, user, *asks, Some(session))?;
                }
                "reply"
            }
            Act::CanSend(app, user) => {
                self.can_send(app, user)?;
                "ask whether"
            }
            Act::User(user, change) => {
                self.change(user, change)?;
                "account"
            }
            Act::Capable(app, capable) => {
                let id = self.app(app);
                self.line(&format!("set {app} sms {}", on(*capable)), Invariant::Consent)?;
                self.model.set_capable(id, *capable);
                "registered app"
            }
            Act::Block(carrier, app, blocked) => {
                let id = self.app(app);
                let word = if *blocked { "block" } else { "unblock" };
                self.line(&format!("set {carrier} {word} {app}"), Invariant::Consent)?;
                self.model.set_blocked(carrier, id, *blocked);
                "operator's block"
            }
            Act::Fault(who, begins, ends) => {
                self.line(&format!("set {who} {begins}"), Invariant::NothingLost)?;
                Coverage::count(&mut self.coverage.states, begins);
                if !ends.is_empty() {
                    self.faults.insert((who.clone(), begins.clone()), ends.clone());
                }
                "fault"
            }
            Act::Wait(seconds) => {
                if *seconds >= LONG_WAIT_S {
                    self.mend()?;
                }
                self.line(&format!("wait {seconds}s"), Invariant::NothingLost)?;
                "wait"
            }
            Act::Tomorrow => {
                self.mend()?;
                self.line("at +1d 00:01", Invariant::NothingLost)?;
                "next day"
            }
        };
        Coverage::count(&mut self.coverage.acts, kind);
        self.claim(None)
    }

    /// Plays a line; when it fails, that rule is broken.
    fn line(&mut self, line: &str, about: Invariant) -> Kept {
        self.coverage.lines += 1;
        self.live.play(line).map_err(|_| Broken(about))
    }

    fn app(&self, name: &str) -> AppId {
        self.cast.apps[name].0
    }

    fn uid(&self, name: &str) -> Uid {
        self.cast.users[name].0
    }

    /// Whether a text of the user reaches the platform at once.
    fn can_text(&self, user: &str) -> bool {
        let carrier = &self.cast.users[user].1;
        let broken = |who: &str| {
            self.faults
                .keys()
                .any(|(actor, what)| actor == who && what != "memory full")
        };
        self.model.people[&self.uid(user)].registered && !broken(user) && !broken(carrier) && !broken("fbook")
    }

    fn text(&mut self, user: &str, words: &str) -> Kept {
        if !self.can_text(user) {
            return Ok(());
        }
        Coverage::count(&mut self.coverage.keywords, words);
        self.line(&format!("{user} > {}", quoted(words)), Invariant::NothingLost)?;
        self.texted(user, words)
    }

    fn answer(&mut self, user: &str) -> Kept {
        let Some(session) = self.asked.get(user).cloned().filter(|_| self.can_text(user)) else {
            return Ok(());
        };
        self.line(
            &format!("{user} > \"my answer\", in ${session}"),
            Invariant::NothingLost,
        )?;
        self.texted(user, "my answer")
    }

    /// Lets arrive what follows from a user's text, and holds it to the rules.
    fn texted(&mut self, user: &str, words: &str) -> Kept {
        self.line(SETTLED, Invariant::NothingLost)?;
        let uid = self.uid(user);
        let folded = words.to_lowercase();
        self.questions();
        if ["stop", "off"].contains(&folded.as_str()) {
            self.model.stopped(uid);
            self.line(&format!("check {user} texts off"), Invariant::Consent)?;
        }
        if folded == "on"
            && self
                .live
                .world()
                .platform()
                .user(uid)
                .is_some_and(|user| user.texts_on)
        {
            self.model.person(uid).texts_on = true;
        }
        let yes = ["y", "yes"].contains(&folded.as_str());
        self.grants(user, yes)?;
        self.claim(Some(user))
    }

    /// Notes whom the platform has asked about which app.
    fn questions(&mut self) {
        let records = self.live.world().records_since(self.seen);
        let asked: Vec<(Uid, AppId)> = records
            .filter_map(|record| match &record.event {
                Event::Decision(decision) if decision.code == DecisionCode::QuestionAsked => {
                    decision.user.zip(decision.app)
                }
                _ => None,
            })
            .collect();
        for (uid, app) in asked {
            self.model.person(uid).asked.insert(app);
        }
        self.decisions();
    }

    /// Nothing is granted that was not asked about and confirmed; the file says what the model has.
    fn grants(&mut self, user: &str, yes: bool) -> Kept {
        let uid = self.uid(user);
        for (name, (app, _)) in &self.cast.apps {
            let is = self
                .live
                .world()
                .platform()
                .user(uid)
                .and_then(|user| user.apps.get(app));
            let is = is.map(|install| install.sms_granted);
            let person = self.model.person(uid);
            let was = person.apps.get(app).copied();
            if is == was {
                continue;
            }
            if is == Some(true) && yes && person.asked.remove(app) {
                person.apps.insert(*app, true);
                continue;
            }
            let state = match was {
                Some(true) => "on",
                Some(false) => "off",
                None => "absent",
            };
            self.line(&format!("check {user} app {name} {state}"), Invariant::Consent)?;
        }
        Ok(())
    }

    fn send(&mut self, app: &str, user: &str, asks: bool, session: Option<(String, u32)>) -> Kept {
        let (id, uid, now) = (self.app(app), self.uid(user), self.live.now());
        self.texts += 1;
        let said = format!("t{}", self.texts);
        let mut line = format!("{app} > {user} \"{said}\"");
        if let Some((capture, _)) = &session {
            line.push_str(&format!(", in ${capture}"));
        }
        let refusal = self.model.send(now, id, uid, session.as_ref().map(|(_, id)| *id));
        let ask = asks.then(|| self.capture('a'));
        match (refusal, &ask) {
            (Some((code, _)), _) => line.push_str(&format!(" = {code}")),
            (None, Some(capture)) => line.push_str(&format!(", ask ${capture}")),
            (None, None) => {}
        }
        let about = refusal.map_or(
            if session.is_some() {
                Invariant::Session
            } else {
                Invariant::Quota
            },
            |(_, about)| about,
        );
        let result = refusal.map_or_else(|| "ok".to_owned(), |(code, _)| code.to_string());
        self.line(&line, about)?;
        Coverage::count(&mut self.coverage.results, &result);
        if refusal.is_some() {
            return Ok(());
        }
        let opened = ask
            .as_ref()
            .and_then(|capture| self.live.capture(capture)?.parse().ok());
        self.model.sent(now, id, uid, session.map(|(_, id)| id), opened);
        if let Some(capture) = ask {
            self.asked.insert(user.to_owned(), capture);
        }
        self.pending.insert(said, user.to_owned());
        Ok(())
    }

    fn can_send(&mut self, app: &str, user: &str) -> Kept {
        let refusal = self
            .model
            .can_send(self.live.now(), self.app(app), self.uid(user));
        let result = refusal.map_or_else(|| "ok".to_owned(), |code| code.to_string());
        // What may be sent and is refused, or the other way round for the user's own wishes, is a matter of quota.
        let about = match refusal {
            Some(270 | 855..=857) => Invariant::Consent,
            _ => Invariant::Quota,
        };
        self.line(&format!("{app} ? {user} = {result}"), about)?;
        Coverage::count(&mut self.coverage.results, &result);
        Ok(())
    }

    fn change(&mut self, user: &str, change: &UserChange) -> Kept {
        let words = match change {
            UserChange::Texts(yes) => format!("texts {}", on(*yes)),
            UserChange::App(app, state) => format!("app {app} {state}"),
            UserChange::Quiet(None) => "quiet-hours none".to_owned(),
            UserChange::Quiet(Some(QuietHours { from, to })) => {
                format!(
                    "quiet-hours {:02}:{:02}-{:02}:{:02}",
                    from / 60,
                    from % 60,
                    to / 60,
                    to % 60
                )
            }
            UserChange::Daily(max) => {
                format!(
                    "daily-limit {}",
                    max.map_or_else(|| "none".to_owned(), |max| max.to_string())
                )
            }
            UserChange::Registered(yes) => format!("registered {}", if *yes { "yes" } else { "no" }),
        };
        self.line(&format!("set {user} {words}"), Invariant::Consent)?;
        let (uid, cast) = (self.uid(user), self.cast);
        self.model
            .changed(uid, |name| cast.apps.get(name).map(|(id, _)| *id), change);
        Ok(())
    }

    /// Claims what has arrived. `texter` has texted since the last act.
    fn claim(&mut self, texter: Option<&str>) -> Kept {
        for (actor, at, content) in self.live.unclaimed() {
            match &content {
                Content::Callback { user, session, .. } => {
                    self.told(&actor, at, *user, *session, &content)?
                }
                Content::Text { text, .. } => self.shown(&actor, text, texter, &content)?,
            }
        }
        Ok(())
    }

    /// A callback: the model must allow it.
    fn told(&mut self, app: &str, at: Timestamp, uid: Uid, session: u32, content: &Content) -> Kept {
        let id = self.app(app);
        let user = self.live.actors().user_name(uid).unwrap_or_default().to_owned();
        if !self.model.may_reach(id, uid) {
            self.line(&format!("{app} < nothing for 1s"), Invariant::Consent)?;
        }
        let capture = self.capture('s');
        let line = format!("{app} < {}, as ${capture}", content.line(&user));
        self.line(&line, Invariant::Session)?;
        self.model.forwarded(at, id, uid, session);
        self.told
            .entry((app.to_owned(), user))
            .or_default()
            .push((capture, session));
        Ok(())
    }

    /// A text on a phone: one that was accepted and has not arrived before, or the platform's answer to its owner.
    fn shown(&mut self, user: &str, text: &str, texter: Option<&str>, content: &Content) -> Kept {
        let of_an_app = self.pending.get(text).is_some_and(|to| to == user);
        if of_an_app {
            self.pending.remove(text);
        } else {
            let again = text
                .strip_prefix('t')
                .is_some_and(|number| number.parse::<u32>().is_ok());
            if again {
                self.line(&format!("{user} < nothing for 1s"), Invariant::NothingLost)?;
            }
            // What the platform said may have waited for the phone.
            let waited = !self.faults.is_empty() || texter == Some(user) || again;
            if !waited && !self.model.people[&self.uid(user)].texts_on {
                self.line(&format!("{user} < nothing for 1s"), Invariant::Consent)?;
            }
        }
        let about = Invariant::NothingLost;
        self.line(&format!("{user} < {}", content.line(user)), about)
    }

    /// Mends what is broken and lets arrive what has waited.
    fn mend(&mut self) -> Kept {
        if self.faults.is_empty() && self.pending.is_empty() {
            return Ok(());
        }
        for ((who, _), ends) in self.faults.clone() {
            self.line(&format!("set {who} {ends}"), Invariant::NothingLost)?;
        }
        self.line("wait 1h", Invariant::NothingLost)?;
        self.claim(None)?;
        self.faults.clear();
        let lost: BTreeSet<(String, String)> = std::mem::take(&mut self.pending).into_iter().collect();
        if let Some((text, user)) = lost.first() {
            self.line(&format!("{user} < \"{text}\""), Invariant::NothingLost)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Kept {
        self.mend()?;
        self.line(SETTLED, Invariant::NothingLost)?;
        self.claim(None)
    }

    fn capture(&mut self, letter: char) -> String {
        self.captures += 1;
        format!("{letter}{}", self.captures)
    }

    /// Counts what the platform has decided.
    fn decisions(&mut self) {
        let next = self.live.world().next_record();
        for record in self.live.world().records_since(self.seen) {
            if let Event::Decision(decision) = &record.event {
                Coverage::count(&mut self.coverage.decisions, decision.code.as_str());
            }
        }
        self.seen = next;
    }
}

const fn on(yes: bool) -> &'static str {
    if yes { "on" } else { "off" }
}
