//! `/mobile/`, the control panel of Facebook Mobile: the phone and its confirmation, Mobile Texts, hours, the daily limit, and
//! each app's texts.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{AppId, Change, QuietHours, Uid};
use world::{Input, World};

use super::link;
use super::request::{Asked, Params};
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

/// The daily limits to choose from; a limit that was set otherwise is shown too.
const DAILY_LIMITS: [u32; 5] = [1, 5, 10, 20, 50];

#[derive(Template)]
#[template(path = "mobile.html")]
struct Mobile {
    frame: Frame,
    phone: String,
    operator: String,
    registered: bool,
    /// Whether a code was texted that is still good.
    code_sent: bool,
    texts_on: bool,
    /// When texts may come, `HH:MM`; none: at any time.
    hours: Option<(String, String)>,
    limits: Vec<Limit>,
    apps: Vec<AppShown>,
    short_code: String,
}

/// A daily limit to choose.
struct Limit {
    value: String,
    words: String,
    chosen: bool,
}

pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let visitor = asked.visitor.clone();
    let note = asked.params.text("note").map(str::to_owned);
    let look = move |world: &World| {
        let platform = world.platform();
        let user = platform.user(user)?;
        let frame = Frame::new(&visitor, Some(user.name.clone()), "Facebook Mobile").noting(note.as_deref());
        Some(Mobile {
            frame,
            phone: user.phone.to_string(),
            operator: user.operator.clone(),
            registered: user.registered,
            code_sent: platform.registration_code(world.now(), user.uid).is_some(),
            texts_on: user.texts_on,
            hours: user.quiet_hours.map(|quiet| (clock(quiet.to), clock(quiet.from))),
            limits: limits(user.daily_max),
            apps: AppShown::installed(world, user.uid),
            short_code: world.short_code().to_string(),
        })
    };
    match pages.engine.look(look).await {
        Some(Some(page)) => view::page(&asked.visitor, &page),
        Some(None) | None => shutting_down(),
    }
}

/// Minutes since midnight as `HH:MM`.
fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn limits(chosen: Option<u32>) -> Vec<Limit> {
    let mut limits: Vec<u32> = DAILY_LIMITS.into_iter().chain(chosen).collect();
    limits.sort_unstable();
    limits.dedup();
    let limit = |limit: u32| Limit {
        value: limit.to_string(),
        words: if limit == 1 {
            "1 text".to_owned()
        } else {
            format!("{limit} texts")
        },
        chosen: chosen == Some(limit),
    };
    let none = Limit {
        value: "none".to_owned(),
        words: "no limit".to_owned(),
        chosen: chosen.is_none(),
    };
    limits.into_iter().map(limit).chain([none]).collect()
}

pub(super) async fn submit(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let note = match meaning(&asked.params, user) {
        Err(note) => note,
        Ok(input) => {
            let confirms = matches!(input, Input::ConfirmPhone { .. });
            let note = match &input {
                Input::AskForCode { .. } => "code-sent",
                Input::Change(world::Change::Platform(Change::Registered(..))) => "removed",
                _ => "saved",
            };
            if pages.engine.perform(vec![input]).await.is_none() {
                return shutting_down();
            }
            if confirms {
                match confirmation(&pages, user).await {
                    Some(note) => note,
                    None => return shutting_down(),
                }
            } else {
                note
            }
        }
    };
    link::see(&format!("/mobile/?note={note}"))
}

/// What came of a code: confirmed, wrong, or no code is good any more.
async fn confirmation(pages: &Pages, user: Uid) -> Option<&'static str> {
    let look = move |world: &World| {
        let platform = world.platform();
        let registered = platform.user(user).is_some_and(|user| user.registered);
        match (registered, platform.registration_code(world.now(), user)) {
            (true, _) => "confirmed",
            (false, Some(_)) => "wrong-code",
            (false, None) => "code-over",
        }
    };
    pages.engine.look(look).await
}

/// What a form wants of the world, or the note that says what is wrong with it.
fn meaning(params: &Params, user: Uid) -> Result<Input, &'static str> {
    let value = |name| params.text(name).unwrap_or_default();
    let change = match value("form") {
        "code" => return Ok(Input::AskForCode { user }),
        "confirm" => {
            let code = value("code").to_owned();
            return Ok(Input::ConfirmPhone { user, code });
        }
        "remove" => Change::Registered(user, false),
        "texts" => Change::Texts(user, value("texts") == "on"),
        "hours" => Change::QuietHours(user, quiet_hours(value("when"), value("from"), value("to"))?),
        "limit" => Change::DailyMax(user, daily_max(value("limit"))?),
        "app" => {
            let app = AppId(params.number("app_id").unwrap_or_default());
            match value("sms") {
                "on" => Change::GrantSms(user, app),
                _ => Change::RevokeSms(user, app),
            }
        }
        _ => return Err("none"),
    };
    Ok(Input::Change(world::Change::Platform(change)))
}

/// The hours in which no text may come: all but those that were chosen.
fn quiet_hours(when: &str, from: &str, to: &str) -> Result<Option<QuietHours>, &'static str> {
    if when != "between" {
        return Ok(None);
    }
    // From eight to eight would mean all day, which the other choice says.
    if from == to {
        return Err("not-hours");
    }
    format!("{to}-{from}").parse().map(Some).map_err(|_| "not-hours")
}

fn daily_max(limit: &str) -> Result<Option<u32>, &'static str> {
    match limit {
        "none" => Ok(None),
        number => number.parse().map(Some).map_err(|_| "not-a-number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_texts_are_the_day_without_the_quiet_hours() {
        let quiet = |when, from, to| {
            quiet_hours(when, from, to)
                .map(|hours| hours.map_or_else(|| "none".to_owned(), |hours| hours.to_string()))
        };
        for (when, from, to, expected) in [
            ("between", "08:00", "22:00", Ok("22:00-08:00")),
            ("between", "22:30", "06:15", Ok("06:15-22:30")),
            ("any", "08:00", "22:00", Ok("none")),
            ("", "", "", Ok("none")),
            ("between", "08:00", "08:00", Err("not-hours")),
            ("between", "8", "22:00", Err("not-hours")),
            ("between", "24:00", "22:00", Err("not-hours")),
            ("between", "", "", Err("not-hours")),
        ] {
            assert_eq!(
                quiet(when, from, to),
                expected.map(str::to_owned),
                "{when} {from} {to}"
            );
        }
    }

    #[test]
    fn a_limit_is_a_number_or_none_and_the_chosen_one_is_among_them() {
        assert_eq!((daily_max("none"), daily_max("7")), (Ok(None), Ok(Some(7))));
        assert_eq!(
            (daily_max("-1"), daily_max("")),
            (Err("not-a-number"), Err("not-a-number"))
        );
        let words = |chosen| -> Vec<String> {
            let shown = |limit: Limit| format!("{}{}", limit.value, if limit.chosen { "*" } else { "" });
            limits(chosen).into_iter().map(shown).collect()
        };
        assert_eq!(words(None), ["1", "5", "10", "20", "50", "none*"]);
        assert_eq!(words(Some(7)), ["1", "5", "7*", "10", "20", "50", "none"]);
        assert_eq!(words(Some(5)), ["1", "5*", "10", "20", "50", "none"]);
    }
}
