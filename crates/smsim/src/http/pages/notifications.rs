//! `/notifications.php`: what apps have sent a user, and what they have sent in the user's name.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{AppId, Change, Notice, Piece, Uid};
use world::{Input, World};

use super::link;
use super::request::Asked;
use super::view::{self, Frame};
use super::{Pages, shutting_down};

/// Entries on one page, the newest.
const ENTRIES_SHOWN_MAX: usize = 100;

#[derive(Template)]
#[template(path = "notifications.html")]
struct Notifications {
    frame: Frame,
    /// `received`, `sent` or `emails`.
    tab: &'static str,
    entries: Vec<Entry>,
    /// Entries that are kept and not shown.
    older: usize,
}

struct Entry {
    app: AppId,
    title: String,
    at: String,
    /// The subject of an e-mail.
    subject: Option<String>,
    pieces: Vec<Shown>,
    /// To whom it was sent, on the page of what was sent.
    to: Option<String>,
    muted: bool,
}

/// A piece of a notification: a text, with a link where it is one that leads to a web page.
struct Shown {
    text: String,
    href: Option<String>,
}

impl Shown {
    fn of(piece: &Piece) -> Self {
        match piece {
            Piece::Text(text) => Self {
                text: text.clone(),
                href: None,
            },
            Piece::Link { href, text } => Self {
                text: text.clone(),
                href: Some(href.clone()).filter(|href| is_web(href)),
            },
        }
    }
}

/// Whether a link leads to a web page; any other scheme could do something in this one.
fn is_web(href: &str) -> bool {
    let lower = href.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let visitor = asked.visitor.clone();
    let tab = ["sent", "emails"]
        .into_iter()
        .find(|tab| asked.params.text("tab") == Some(tab))
        .unwrap_or("received");
    let note = asked.params.text("note").map(str::to_owned);
    let look = move |world: &World| {
        let platform = world.platform();
        let (entries, older) = match tab {
            "sent" => newest(platform.notifications_sent(user), |notice| {
                notice_shown(world, user, notice, true)
            }),
            "emails" => newest(platform.emails(user), |email| Entry {
                subject: Some(email.subject.clone()),
                ..entry(world, user, email.app, email.at, &email.body)
            }),
            _ => newest(platform.notifications_received(user), |notice| {
                notice_shown(world, user, notice, false)
            }),
        };
        Notifications {
            frame: Frame::new(&visitor, view::name(world, user), "Notifications").noting(note.as_deref()),
            tab,
            entries,
            older,
        }
    };
    match pages.engine.look(look).await {
        Some(page) => view::page(&asked.visitor, &page),
        None => shutting_down(),
    }
}

/// The newest entries, as they are shown, and how many older ones there are.
fn newest<'a, T: 'a, S>(
    entries: impl DoubleEndedIterator<Item = &'a T>,
    shown: impl Fn(&T) -> S,
) -> (Vec<S>, usize) {
    let mut entries = entries.rev();
    let newest = entries.by_ref().take(ENTRIES_SHOWN_MAX).map(shown).collect();
    (newest, entries.count())
}

fn notice_shown(world: &World, user: Uid, notice: &Notice, sent: bool) -> Entry {
    let names = notice
        .to
        .iter()
        .map(|&to| view::name(world, to).unwrap_or_else(|| to.to_string()));
    let to = sent.then(|| names.collect::<Vec<_>>().join(", "));
    Entry {
        to,
        ..entry(world, user, notice.app, notice.at, &notice.body)
    }
}

fn entry(world: &World, user: Uid, app: AppId, at: sms::Timestamp, body: &[Piece]) -> Entry {
    let platform = world.platform();
    let zone = platform
        .user(user)
        .map_or_else(|| world.zone(), |user| &user.zone);
    Entry {
        app,
        title: platform
            .app(app)
            .map_or_else(|| app.to_string(), |app| app.title.clone()),
        at: zone.civil(at).to_string(),
        subject: None,
        pieces: body.iter().map(Shown::of).collect(),
        to: None,
        muted: platform.is_muted(user, app),
    }
}

/// No more of that app.
pub(super) async fn submit(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let app = AppId(asked.params.number("app_id").unwrap_or_default());
    let input = Input::Change(world::Change::Platform(Change::MuteApp(user, app, true)));
    match pages.engine.perform(vec![input]).await {
        Some(_) => link::see("/notifications.php?note=muted"),
        None => shutting_down(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_shown_and_the_others_counted() {
        for (kept, shown, older) in [
            (0, 0, 0),
            (ENTRIES_SHOWN_MAX, ENTRIES_SHOWN_MAX, 0),
            (ENTRIES_SHOWN_MAX + 2, ENTRIES_SHOWN_MAX, 2),
        ] {
            let entries: Vec<usize> = (0..kept).collect();
            let expected: Vec<usize> = (0..kept).rev().take(shown).collect();
            assert_eq!(newest(entries.iter(), |entry| *entry), (expected, older));
        }
    }

    #[test]
    fn only_links_to_web_pages_are_links() {
        for (href, is_link) in [
            ("http://apps.facebook.com/quiz", true),
            ("HTTPS://m.facebook.com/", true),
            ("javascript:alert(1)", false),
            (" javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("//evil.example", false),
            ("", false),
        ] {
            let piece = Piece::Link {
                href: href.to_owned(),
                text: "x".to_owned(),
            };
            assert_eq!(Shown::of(&piece).href.is_some(), is_link, "{href}");
        }
    }
}
