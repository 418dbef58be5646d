//! `/editapps.php`: the apps that a user has, and Edit Settings of each.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::{AppId, Change, Uid};
use world::{Input, World};

use super::link;
use super::request::Asked;
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

#[derive(Template)]
#[template(path = "editapps.html")]
struct EditApps {
    frame: Frame,
    apps: Vec<AppShown>,
    /// The app whose settings are shown.
    chosen: Option<AppShown>,
    /// Whether the user wants to remove it, and is asked once more.
    removing: bool,
}

pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let visitor = asked.visitor.clone();
    let wanted = asked.params.number("app_id").map(AppId);
    let removing = asked.params.text("remove").is_some();
    let note = asked.params.text("note").map(str::to_owned);
    let look = move |world: &World| {
        let apps = AppShown::installed(world, user);
        let chosen = apps.iter().find(|app| Some(app.id) == wanted).cloned();
        let title = chosen.as_ref().map_or_else(
            || "Applications".to_owned(),
            |app| format!("Edit Settings: {}", app.title),
        );
        let frame = Frame::new(&visitor, view::name(world, user), &title).noting(note.as_deref());
        EditApps {
            frame,
            apps,
            chosen,
            removing,
        }
    };
    match pages.engine.look(look).await {
        Some(page) => view::page(&asked.visitor, &page),
        None => shutting_down(),
    }
}

pub(super) async fn submit(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let app = AppId(asked.params.number("app_id").unwrap_or_default());
    let look = move |world: &World| {
        let app = world.platform().app(app)?;
        Some(AppShown::of(world, app, user)).filter(|app| app.installed)
    };
    let before = match pages.engine.look(look).await {
        None => return shutting_down(),
        // It was removed in the meantime, on another page.
        Some(None) => return link::see("/editapps.php"),
        Some(Some(app)) => app,
    };
    let (changes, onward) = if asked.params.text("form") == Some("remove") {
        (
            vec![Change::RemoveApp(user, app)],
            "/editapps.php?note=app-removed".to_owned(),
        )
    } else {
        let changes = changes(
            &before,
            user,
            asked.params.text("sms").is_some(),
            asked.params.text("notices").is_some(),
        );
        (changes, format!("/editapps.php?app_id={app}&note=saved"))
    };
    let inputs = changes
        .into_iter()
        .map(|change| Input::Change(world::Change::Platform(change)));
    match pages.engine.perform(inputs.collect()).await {
        Some(_) => link::see(&onward),
        None => shutting_down(),
    }
}

/// What the boxes change; what stays as it was is left alone.
fn changes(before: &AppShown, user: Uid, sms: bool, notices: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    if sms != before.sms_granted && before.sms_capable {
        changes.push(match sms {
            true => Change::GrantSms(user, before.id),
            false => Change::RevokeSms(user, before.id),
        });
    }
    if notices == before.muted {
        changes.push(Change::MuteApp(user, before.id, !notices));
    }
    changes
}
