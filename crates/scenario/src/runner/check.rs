//! `check`: the same words as `set`, compared with what is.

use std::str::FromStr;

use crate::check::Kind;
use crate::diagnostics::{Code, Fallible};
use crate::runner::Run;
use crate::runner::setting::{place, word};
use crate::syntax::{Actor, Clause, Dur, Span, Spanned};
use crate::world_config::change_account;

/// Whether what the line says is so, and what is so.
struct Found {
    holds: bool,
    actual: String,
}

impl Found {
    /// Compares a word with the one that is so.
    fn word(expected: &str, actual: impl Into<String>) -> Result<Self, String> {
        let actual = actual.into();
        Ok(Self {
            holds: expected == actual,
            actual,
        })
    }

    /// Compares what the word means, however it is written, with what is so; `none` is a meaning too.
    fn meaning<T>(expected: &str, actual: Option<T>) -> Result<Self, String>
    where
        T: PartialEq + ToString + FromStr,
    {
        let holds = match expected {
            "none" => actual.is_none(),
            word => word
                .parse::<T>()
                .is_ok_and(|meant| actual.as_ref() == Some(&meant)),
        };
        let actual = actual.map_or_else(|| "none".to_owned(), |actual| actual.to_string());
        Ok(Self { holds, actual })
    }

    /// Compares with one of two words.
    fn either(expected: &str, yes: bool, words: (&str, &str)) -> Result<Self, String> {
        Self::word(expected, if yes { words.0 } else { words.1 })
    }
}

impl Run<'_> {
    pub(super) fn check(&mut self, span: Span, actor: &Spanned<Actor>, setting: &Clause) -> Fallible<()> {
        let name = self.actor(actor);
        let words = self.words(actor, setting, false)?;
        let key = setting.key.node.as_str();
        let found = match self.kind(&name) {
            Some(Kind::User) => self.user_setting(&name, key, &words),
            Some(Kind::Carrier) => self.carrier_setting(&name, key, &words),
            Some(Kind::App) => self.app_setting(&name, key, &words),
            Some(Kind::Fbook) => self.fbook_setting(key, word(&words, 0)),
            Some(Kind::Esme) if key == "bind" => {
                let bound = self.stage.esme(&name).is_bound() || self.is_bound_from_outside(&name);
                Found::either(word(&words, 0), bound, ("up", "down"))
            }
            Some(Kind::Esme) => self.account_setting(&name, key, &words),
            None => Err(format!("{name} is not declared")),
        };
        match found {
            Ok(Found { holds: true, .. }) => Ok(()),
            Ok(Found { actual, .. }) => {
                let shown = format!("{name} has {key} {actual}");
                let fault = self
                    .fault(Code::E205, span, shown)
                    .label(format!("expected {}", words.join(" ")));
                Err(Box::new(self.with_reasons(fault, &[&name])))
            }
            Err(why) => Err(Box::new(
                self.fault(Code::E300, span, "this cannot be checked").label(why),
            )),
        }
    }

    fn fbook_setting(&self, key: &str, value: &str) -> Result<Found, String> {
        let world = &self.stage.world;
        match key {
            "bind" => Found::either(value, world.esme().is_bound(), ("up", "down")),
            "live-messages" => Found::either(value, world.platform().live_messages_on(), ("on", "off")),
            other => Err(format!("{other} of fbook cannot be checked")),
        }
    }

    fn user_setting(&self, name: &str, key: &str, words: &[String]) -> Result<Found, String> {
        let person = self.person(name);
        let user = self
            .stage
            .world
            .platform()
            .user(person.uid)
            .ok_or("the platform has no such user")?;
        let phone = self
            .stage
            .world
            .handset(person.phone)
            .ok_or("the world has no such phone")?;
        let value = word(words, 0);
        match key {
            "texts" => Found::either(value, user.texts_on, ("on", "off")),
            "registered" => Found::either(value, user.registered, ("yes", "no")),
            "quiet-hours" => Found::meaning(value, user.quiet_hours),
            "daily-limit" => Found::meaning(value, user.daily_max),
            "notices" => {
                let app = self.stage.actors.apps.get(value);
                let app = *app.ok_or_else(|| format!("{value} is no app"))?;
                let muted = self.stage.world.platform().is_muted(user.uid, app);
                Found::either(word(words, 1), muted, ("off", "on"))
            }
            "friend" => {
                let friend = self.stage.actors.users.get(value);
                let friend = friend.ok_or_else(|| format!("{value} is no user"))?.uid;
                let friends = self.stage.world.platform().are_friends(user.uid, friend);
                Found::either(word(words, 1), friends, ("yes", "no"))
            }
            "phone" => Found::either(value, phone.power(), ("on", "off")),
            "coverage" => Found::either(value, phone.coverage(), ("on", "off")),
            "memory" => Found::either(value, phone.memory_full(), ("full", "ok")),
            "barred" => Found::either(value, phone.barred(), ("on", "off")),
            "roaming" => Found::either(value, phone.roaming(), ("on", "off")),
            "ported" => {
                let carrier = self.stage.world.smsc().carrier_of(person.phone);
                Found::word(value, carrier.name.as_str())
            }
            "place" => {
                let (wanted, is) = (place(words)?, self.stage.world.place(person.phone));
                let actual = is.map_or_else(|| "none".to_owned(), |place| place.to_string());
                let holds = wanted == is;
                Ok(Found { holds, actual })
            }
            "inbox" => Found::meaning(value, Some(phone.inbox().texts().len())),
            "app" => {
                let app = self
                    .stage
                    .actors
                    .apps
                    .get(value)
                    .ok_or_else(|| format!("{value} is no app"))?;
                let install = user.apps.get(app);
                let actual = match install {
                    None => "absent",
                    Some(install) if install.sms_granted => "on",
                    Some(_) => "off",
                };
                // `installed` asks for no grant, and `off` is also so when there is no app at all.
                let holds = match word(words, 1) {
                    "installed" => install.is_some(),
                    "off" => actual != "on",
                    wanted => wanted == actual,
                };
                let actual = if actual == "off" {
                    "installed, without the grant"
                } else {
                    actual
                };
                Ok(Found {
                    holds,
                    actual: format!("{value} {actual}"),
                })
            }
            other => Err(format!("a user's {other} cannot be checked")),
        }
    }

    fn carrier_setting(&self, name: &str, key: &str, words: &[String]) -> Result<Found, String> {
        let carrier = self
            .stage
            .world
            .smsc()
            .carrier(name)
            .ok_or("the message centre has no such carrier")?;
        let value = word(words, 0);
        match key {
            "link" => Found::either(value, carrier.link_up, ("up", "down")),
            "queue" => Found::meaning(value, Some(self.stage.world.smsc().queue_len(name))),
            "loss" => {
                let holds = crate::check::percent(value) == Some(carrier.loss_percent);
                Ok(Found {
                    holds,
                    actual: format!("{}%", carrier.loss_percent),
                })
            }
            "latency" => {
                let longest = carrier.latency.longest();
                let holds = value.parse::<Dur>().is_ok_and(|dur| dur.duration() == longest);
                Ok(Found {
                    holds,
                    actual: crate::report::length(longest),
                })
            }
            "throttle" => Found::meaning(value, carrier.throttle_per_s),
            "receipts" => Found::word(
                value,
                crate::world_config::receipt_mode_name(carrier.receipt_mode),
            ),
            "block" | "unblock" => {
                let app = self
                    .stage
                    .actors
                    .apps
                    .get(value)
                    .ok_or_else(|| format!("{value} is no app"))?;
                let blocked = self.stage.world.platform().is_blocked(name, *app);
                let actual = format!(
                    "{value}: it is {}",
                    if blocked { "blocked" } else { "not blocked" }
                );
                Ok(Found {
                    holds: blocked == (key == "block"),
                    actual,
                })
            }
            other => Err(format!("a carrier's {other} cannot be checked")),
        }
    }

    fn account_setting(&self, name: &str, key: &str, words: &[String]) -> Result<Found, String> {
        let account = self.account(name)?;
        let mut wanted = account.clone();
        let given: Vec<&str> = words.iter().map(String::as_str).collect();
        change_account(&mut wanted, key, &given)?;
        let actual = crate::world_config::account_setting(account, key).unwrap_or_default();
        let holds = wanted == *account;
        Ok(Found { holds, actual })
    }

    fn app_setting(&self, name: &str, key: &str, words: &[String]) -> Result<Found, String> {
        let (app, value) = (self.app(name), word(words, 0));
        let world = &self.stage.world;
        match key {
            "url" => {
                let url = world
                    .rest()
                    .credentials(app)
                    .and_then(|app| app.callback_url.clone());
                Found::word(value, url.unwrap_or_else(|| "none".to_owned()))
            }
            "pool" => {
                let left = world
                    .platform()
                    .pool_left(world.now(), app)
                    .ok_or("the platform has no such app")?;
                Found::meaning(value, Some(left))
            }
            "sms" => {
                let app = world.platform().app(app).ok_or("the platform has no such app")?;
                Found::either(value, app.sms_capable, ("on", "off"))
            }
            other => Err(format!("an app's {other} cannot be checked")),
        }
    }
}
