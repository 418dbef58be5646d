//! `/authorize.php` and its later form `/connect/prompt_permissions.php`: granting an app the extended permission `sms`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use platform::{Change, ExtendedPermission, Uid};
use world::Input;

use super::link;
use super::login::{CANCEL_NAMES, Caller, cancelled, not_owned};
use super::request::Asked;
use super::view::{self, AppShown, Frame};
use super::{Pages, shutting_down};

/// The names that "what to grant" had: the pages', and that of `fb:prompt-permission`.
const PERMISSION_NAMES: [&str; 2] = ["ext_perm", "perms"];

#[derive(Template)]
#[template(path = "authorize.html")]
struct Authorize {
    frame: Frame,
    app: AppShown,
    phone: Phone,
    carried: Vec<(String, String)>,
}

/// The user's phone, as far as texts of an app depend on it.
struct Phone {
    number: String,
    registered: bool,
    texts_on: bool,
}

/// Asks whether the app may text; where it may already, there is nothing to ask.
pub(super) async fn show(State(pages): State<Pages>, asked: Asked) -> Response {
    let (user, caller) = match checked(&pages, &asked).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    if caller.app.sms_granted {
        return granted(&asked, &caller);
    }
    let look = move |world: &world::World| {
        let user = world.platform().user(user)?;
        Some(Phone {
            number: user.phone.to_string(),
            registered: user.registered,
            texts_on: user.texts_on,
        })
    };
    let Some(Some(phone)) = pages.engine.look(look).await else {
        return shutting_down();
    };
    let mut carried = asked.params.carried(&["api_key", "v", "next"]);
    carried.extend(asked.params.carried(&PERMISSION_NAMES));
    carried.extend(asked.params.carried(&CANCEL_NAMES));
    let title = format!("Texts from {}", caller.app.title);
    let page = Authorize {
        frame: Frame::new(&asked.visitor, caller.viewer, &title),
        app: caller.app,
        phone,
        carried,
    };
    view::page(&asked.visitor, &page)
}

/// The question was answered.
pub(super) async fn submit(State(pages): State<Pages>, asked: Asked) -> Response {
    let (user, caller) = match checked(&pages, &asked).await {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    if asked.params.text("answer") != Some("allow") {
        return cancelled(&asked, &caller.places);
    }
    let grant = Change::GrantSms(user, caller.app.id);
    let input = Input::Change(world::Change::Platform(grant));
    match pages.engine.perform(vec![input]).await {
        Some(_) => granted(&asked, &caller),
        None => shutting_down(),
    }
}

/// Checks the link before anything is asked: the user, the app, the permission, and where it leads afterwards.
async fn checked(pages: &Pages, asked: &Asked) -> Result<(Uid, Caller), Response> {
    let user = asked.user().map_err(|login| *login)?;
    let caller = Caller::of(pages, asked, user).await?;
    let wanted = asked.params.any(&PERMISSION_NAMES).unwrap_or_default();
    let fault = |what: &str, help: &str| view::fault(&asked.visitor, StatusCode::BAD_REQUEST, what, help);
    let names: Vec<_> = wanted.split(',').map(str::trim).collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| ExtendedPermission::named(name).is_none())
    {
        let help = format!(
            "Error 100: {unknown:?} is no extended permission. For texts the link must say ext_perm=sms."
        );
        return Err(fault("Invalid parameter", &help));
    }
    if !names.contains(&ExtendedPermission::Sms.as_str()) {
        let help = format!("{wanted} cannot be granted here: this platform is about sms alone.");
        return Err(fault("Nothing to grant", &help));
    }
    if !caller.app.sms_capable {
        let help = "The application has not registered for SMS in its properties, so it cannot text anybody.";
        return Err(fault("No texts from this application", help));
    }
    if let Some(Err(error)) = asked.params.text("next").map(|next| caller.places.owned(next)) {
        return Err(not_owned(asked, &error));
    }
    Ok((user, caller))
}

/// The app may text: back to where it wants its user, as the link says.
fn granted(asked: &Asked, caller: &Caller) -> Response {
    match asked.params.text("next").map(|next| caller.places.owned(next)) {
        Some(Ok(place)) => link::see(&place),
        Some(Err(error)) => not_owned(asked, &error),
        None => {
            let title = format!("{} may text you", caller.app.title);
            let words = "You can turn its texts off at any time: in Facebook Mobile, in Edit Settings, or by replying \"stop\".";
            view::words(
                &asked.visitor,
                caller.viewer.clone(),
                &title,
                words,
                ("/mobile/", "Facebook Mobile"),
            )
        }
    }
}
