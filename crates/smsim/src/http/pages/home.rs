//! `/home.php`: the ways to everything else.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::request::Asked;
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    apps: Vec<AppShown>,
    notifications: usize,
}

pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let user = match asked.user() {
        Ok(user) => user,
        Err(login) => return *login,
    };
    let visitor = asked.visitor.clone();
    let look = move |world: &world::World| Home {
        frame: Frame::new(&visitor, view::name(world, user), "Home"),
        apps: AppShown::installed(world, user),
        notifications: world.platform().notifications_received(user).count(),
    };
    match pages.engine.look(look).await {
        Some(home) => view::page(&asked.visitor, &home),
        None => shutting_down(),
    }
}
