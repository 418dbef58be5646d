//! `set`: changes of users, carriers, apps and of the platform's link.

use platform::Change as Policy;
use smsc::fault::FAULTS_MAX;
use world::{Change, Input};

use crate::check::Kind;
use crate::diagnostics::{Code, Fallible};
use crate::runner::Run;
use crate::syntax::{Actor, Clause, Dur, Span, Spanned, Value};
use crate::world_config::Actors;

/// What a key and its values mean for one kind of actor, or why nothing.
type Meaning = Result<Change, String>;

impl Run<'_> {
    pub(super) fn set(&mut self, span: Span, actor: &Spanned<Actor>, setting: &Clause) -> Fallible<()> {
        let name = self.actor(actor);
        let words = self.words(actor, setting, true)?;
        let key = setting.key.node.as_str();
        let change = match self.kind(&name) {
            Some(Kind::User) => self.user_change(&name, key, &words),
            Some(Kind::Carrier) => self.carrier_change(&name, key, &words),
            Some(Kind::App) => self.app_change(&name, key, &words),
            Some(Kind::Fbook) => fbook_change(key, word(&words, 0)),
            Some(Kind::Esme) if key == "bind" => return self.set_bind(span, &name, word(&words, 0) == "up"),
            Some(Kind::Esme) => self.account_change(&name, key, &words),
            None => Err(format!("{name} is not declared")),
        };
        let change = match change {
            Ok(change) => change,
            Err(why) => {
                return Err(Box::new(
                    self.fault(Code::E300, span, "this cannot be set").label(why),
                ));
            }
        };
        if key == "ported" {
            // What went to the phone before counts as its new carrier's.
            self.pdus_open.clear();
        }
        self.begin_action();
        let told = format!("set {key} {}", words.join(" "));
        self.lanes
            .add(self.stage.world.next_record(), self.stage.now(), &name, told);
        self.stage.input(Input::Change(change));
        Ok(())
    }

    /// The values of an actor's setting as words, captures filled in. What a capture holds, and which actor a scene is
    /// run with, nobody knew when the file was checked.
    pub(super) fn words(
        &self,
        actor: &Spanned<Actor>,
        setting: &Clause,
        sets: bool,
    ) -> Fallible<Vec<String>> {
        let values = setting.values.iter();
        let words: Vec<String> = values.map(|value| self.scope().value(&value.node)).collect();
        let is_capture = |value: &Spanned<Value>| value.node.has_capture();
        let is_new = matches!(actor.node, Actor::Var(_)) || setting.values.iter().any(is_capture);
        if let Some(kind) = self.kind(&self.actor(actor)).filter(|_| is_new) {
            let values = setting.values.iter().zip(&words);
            let filled = Clause {
                key: setting.key.clone(),
                values: values
                    .map(|(value, word)| Spanned::new(Value::Bare(word.clone()), value.span))
                    .collect(),
            };
            let (path, names) = (&self.scope().path, self.script.names());
            let mut faults = Vec::new();
            crate::check::check_setting(path, kind, sets, &filled, names, &mut faults);
            if let Some(fault) = faults.into_iter().next() {
                return Err(Box::new(fault));
            }
        }
        Ok(words)
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.script.names().kind(name)
    }

    fn user_change(&self, name: &str, key: &str, words: &[String]) -> Meaning {
        let person = self.person(name);
        let (uid, value) = (person.uid, word(words, 0));
        let on = matches!(value, "on" | "yes" | "ok");
        Ok(match key {
            "texts" => Change::Platform(Policy::Texts(uid, on)),
            "registered" => Change::Platform(Policy::Registered(uid, on)),
            "quiet-hours" => Change::Platform(Policy::QuietHours(uid, none_or(value, "hours")?)),
            "daily-limit" => Change::Platform(Policy::DailyMax(uid, none_or(value, "a whole number")?)),
            "app" => {
                let app = *self
                    .stage
                    .actors
                    .apps
                    .get(value)
                    .ok_or_else(|| format!("{value} is no app"))?;
                Change::Platform(match word(words, 1) {
                    "on" => Policy::GrantSms(uid, app),
                    "off" => Policy::RevokeSms(uid, app),
                    "installed" => Policy::InstallWithoutSms(uid, app),
                    "absent" => Policy::RemoveApp(uid, app),
                    other => return Err(format!("{other} is none of on, off, installed, absent")),
                })
            }
            "notices" => {
                let app = self.stage.actors.apps.get(value);
                let app = *app.ok_or_else(|| format!("{value} is no app"))?;
                Change::Platform(Policy::MuteApp(uid, app, word(words, 1) == "off"))
            }
            "friend" => {
                let friend = self.stage.actors.users.get(value);
                let friend = friend.ok_or_else(|| format!("{value} is no user"))?.uid;
                Change::Platform(Policy::Friends(uid, friend, word(words, 1) == "yes"))
            }
            "phone" => Change::Handset(person.phone, handset::Setting::Power(on)),
            "coverage" => Change::Handset(person.phone, handset::Setting::Coverage(on)),
            "barred" => Change::Handset(person.phone, handset::Setting::Barred(on)),
            "roaming" => Change::Handset(person.phone, handset::Setting::Roaming(on)),
            "ported" => Change::Ported(person.phone, value.to_owned()),
            "place" => Change::Place(person.phone, place(words)?),
            "memory" => Change::Handset(person.phone, handset::Setting::MemoryFull(value == "full")),
            other => return Err(format!("a user's {other} cannot be set")),
        })
    }

    fn carrier_change(&self, name: &str, key: &str, words: &[String]) -> Meaning {
        let value = word(words, 0);
        let change = match key {
            "link" if value == "up" => smsc::Change::LinkUp,
            "link" => smsc::Change::LinkDown,
            "latency" => smsc::Change::Latency(smsc::Latency::Fixed(duration(value)?)),
            "loss" => smsc::Change::Loss(crate::check::percent(value).ok_or("not a percentage")?),
            "throttle" => smsc::Change::Throttle(none_or(value, "a whole number")?),
            "receipts" => smsc::Change::Receipts(crate::world_config::receipt_mode(value)?),
            "answer" => {
                let change = answer(words, &self.stage.actors)?;
                let is_rule = matches!(change, smsc::Change::Fault(_));
                if is_rule && self.stage.world.smsc().answers(name).1.len() >= FAULTS_MAX {
                    return Err(format!(
                        "{name} has {FAULTS_MAX} rules that act; `set {name} answer ESME_ROK` ends them all"
                    ));
                }
                change
            }
            "block" | "unblock" => {
                let app = *self
                    .stage
                    .actors
                    .apps
                    .get(value)
                    .ok_or_else(|| format!("{value} is no app"))?;
                let blocked = key == "block";
                return Ok(Change::Platform(Policy::OperatorBlock {
                    operator: name.to_owned(),
                    app,
                    blocked,
                }));
            }
            other => return Err(format!("a carrier's {other} cannot be set")),
        };
        Ok(Change::Carrier(name.to_owned(), change))
    }

    fn account_change(&self, name: &str, key: &str, words: &[String]) -> Meaning {
        let mut account = self.account(name)?.clone();
        let given: Vec<&str> = words.iter().map(String::as_str).collect();
        crate::world_config::change_account(&mut account, key, &given)?;
        Ok(Change::Account {
            esme: name.to_owned(),
            setting: format!("{key} {}", words.join(" ")),
            account: Box::new(account),
        })
    }

    /// The account of an ESME as it is now.
    pub(super) fn account(&self, name: &str) -> Result<&smsc::Account, String> {
        let system_id = self.stage.actors.system_id(name);
        let mut accounts = self.stage.world.smsc().accounts();
        let account = accounts.find(|account| account.system_id == system_id);
        account.ok_or_else(|| format!("the message centre has no account of {name}"))
    }

    fn app_change(&self, name: &str, key: &str, words: &[String]) -> Meaning {
        let (app, value) = (self.app(name), word(words, 0));
        Ok(match key {
            "url" if value == "none" => Change::CallbackUrl(app, None),
            "url" => Change::CallbackUrl(app, Some(value.to_owned())),
            "pool" => Change::Platform(Policy::Pool(
                app,
                value.parse().map_err(|_| format!("{value} is no number"))?,
            )),
            "sms" => Change::Platform(Policy::SmsCapable(app, value == "on")),
            other => return Err(format!("an app's {other} cannot be set")),
        })
    }
}

fn fbook_change(key: &str, value: &str) -> Meaning {
    match key {
        "bind" => Ok(Change::Bind(value == "up")),
        "live-messages" => Ok(Change::Platform(Policy::LiveMessages(value == "on"))),
        other => Err(format!("{other} of fbook cannot be set")),
    }
}

/// The word at that place; empty where there is none.
pub(super) fn word(words: &[String], index: usize) -> &str {
    words.get(index).map_or("", String::as_str)
}

fn duration(value: &str) -> Result<std::time::Duration, String> {
    value
        .parse::<Dur>()
        .map(Dur::duration)
        .map_err(|error| error.to_string())
}

/// Where a phone is; none: where its carrier says.
pub(super) fn place(words: &[String]) -> Result<Option<sms::Place>, String> {
    let (north, east) = (word(words, 0), word(words, 1));
    if words.len() == 1 && north == "none" {
        return Ok(None);
    }
    let place = sms::Place::read(north, east);
    let wrong = || {
        format!(
            "{} is no place; write degrees north and degrees east, or none",
            words.join(" ")
        )
    };
    place.map(Some).ok_or_else(wrong)
}

fn none_or<T: std::str::FromStr>(value: &str, what: &str) -> Result<Option<T>, String> {
    match value {
        "none" => Ok(None),
        value => value
            .parse()
            .map(Some)
            .map_err(|_| format!("{value} is not {what} or none")),
    }
}

/// A status without conditions takes the place of the one before; anything else is a rule more. `ESME_ROK` ends all.
fn answer(words: &[String], actors: &Actors) -> Result<smsc::Change, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut fault = crate::world_config::fault(&words).map_err(|(_, reason)| reason)?;
    fault.account = fault.account.map(|name| actors.system_id(&name).into());
    Ok(match (fault.effect, &words[1..]) {
        (smsc::Effect::Answer(status), _) if status.is_ok() => smsc::Change::NoFaults,
        (smsc::Effect::Answer(status), [] | ["for", _]) => smsc::Change::Answer {
            status,
            count: fault.count,
        },
        _ => smsc::Change::Fault(Box::new(fault)),
    })
}
