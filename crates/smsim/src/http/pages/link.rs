//! Where a browser may be sent: back to the app that sent it, or to another page of ours, and nowhere else.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// A place that a page was asked to lead to, and that is not the app's.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is neither below the app's callback URL nor a page of this server")]
pub(super) struct NotOwned(pub(super) String);

/// The places that an app has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Places {
    /// Where its callbacks go; none when there is no real app.
    pub(super) callback_url: Option<String>,
    /// Its canvas page here.
    pub(super) canvas: String,
}

impl Places {
    /// The places of an app. A URL below `.invalid` stands for an app that smsim plays itself; no browser can go there.
    pub(super) fn new(callback_url: Option<&str>, canvas: &str) -> Self {
        let real = |url: &&str| {
            let host = url
                .parse::<Uri>()
                .ok()
                .and_then(|uri| uri.host().map(str::to_owned));
            host.is_some_and(|host| !host.to_ascii_lowercase().ends_with(".invalid"))
        };
        Self {
            callback_url: callback_url.filter(real).map(str::to_owned),
            canvas: format!("/apps/{}", encoded(canvas)),
        }
    }

    /// Where the app is when it has not said more.
    pub(super) fn home(&self) -> &str {
        self.callback_url.as_deref().unwrap_or(&self.canvas)
    }

    /// Where `next` leads: a URL of the app's own server, a page of ours (also by the names of the time), or what is to be
    /// put behind the callback URL ("Authentication guide").
    pub(super) fn owned(&self, next: &str) -> Result<String, NotOwned> {
        let not_owned = || NotOwned(next.to_owned());
        if let Some(local) = local(next) {
            return Ok(local);
        }
        let whole = match (&self.callback_url, is_absolute(next)) {
            (_, true) => next.to_owned(),
            (Some(callback_url), false) => format!("{callback_url}{next}"),
            (None, false) => return Err(not_owned()),
        };
        let owner = self
            .callback_url
            .as_deref()
            .and_then(server)
            .ok_or_else(not_owned)?;
        if server(&whole).as_ref() == Some(&owner) {
            Ok(whole)
        } else {
            Err(not_owned())
        }
    }
}

/// A page of this server: a path, or a URL under one of the names of the time.
pub(super) fn local(next: &str) -> Option<String> {
    if is_absolute(next) {
        let uri: Uri = next.parse().ok()?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        return match uri.host()?.to_ascii_lowercase().as_str() {
            "www.facebook.com" | "m.facebook.com" | "facebook.com" => is_path(path).then(|| path.to_owned()),
            "apps.facebook.com" => Some(format!("/apps{path}")),
            _ => None,
        };
    }
    let known = [
        "/apps/",
        "/mobile/",
        "/authorize.php",
        "/editapps.php",
        "/notifications.php",
        "/home.php",
        "/tos.php",
        "/connect/",
    ];
    (is_path(next) && known.iter().any(|start| next.starts_with(start)) && next.parse::<Uri>().is_ok())
        .then(|| next.to_owned())
}

/// Whether a browser stays on this server with it. Two slashes lead to another one, and so does what browsers take for
/// them.
fn is_path(next: &str) -> bool {
    next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\t', '\n', '\r'])
}

fn is_absolute(next: &str) -> bool {
    let lower = next.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

/// Scheme, host and port of a URL, by which two URLs are on the same server. A URL with a user's name in it is nobody's.
fn server(url: &str) -> Option<(String, String, Option<u16>)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let host = authority.host().to_ascii_lowercase();
    Some((uri.scheme_str()?.to_ascii_lowercase(), host, authority.port_u16()))
}

/// A URL with more parameters.
pub(super) fn with(url: &str, params: &[(&str, &str)]) -> String {
    let (front, fragment) = url
        .split_once('#')
        .map_or((url, None), |(front, fragment)| (front, Some(fragment)));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(params);
    let joint = if front.contains('?') { '&' } else { '?' };
    let fragment = fragment.map_or_else(String::new, |fragment| format!("#{fragment}"));
    format!("{front}{joint}{}{fragment}", query.finish())
}

/// A piece of a path.
pub(super) fn encoded(piece: &str) -> String {
    form_urlencoded::byte_serialize(piece.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// Sends the browser on; what follows is a GET.
pub(super) fn see(url: &str) -> Response {
    match HeaderValue::try_from(url) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, "no place to go to\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_sent_to_the_apps_own_server_or_to_a_page_of_ours() {
        let app = Places::new(Some("http://127.0.0.1:9000/sms"), "quiz");
        for (next, place) in [
            (
                "http://127.0.0.1:9000/after?x=1",
                Some("http://127.0.0.1:9000/after?x=1"),
            ),
            ("HTTP://127.0.0.1:9000/", Some("HTTP://127.0.0.1:9000/")),
            ("?page=2", Some("http://127.0.0.1:9000/sms?page=2")),
            ("/more", Some("http://127.0.0.1:9000/sms/more")),
            ("/apps/quiz", Some("/apps/quiz")),
            (
                "http://apps.facebook.com/quiz/play?a=b",
                Some("/apps/quiz/play?a=b"),
            ),
            ("http://m.facebook.com/editapps.php", Some("/editapps.php")),
            ("http://m.facebook.com", Some("/")),
            ("http://m.facebook.com//evil.example/", None),
            ("http://www.facebook.com/\\evil.example/", None),
            (
                "http://apps.facebook.com//evil.example/",
                Some("/apps//evil.example/"),
            ),
            ("https://127.0.0.1:9000/", None),
            ("http://127.0.0.1:9001/", None),
            ("http://127.0.0.1/", None),
            ("http://evil.example/", None),
            ("http://127.0.0.1:9000@evil.example/", None),
            ("http://user@127.0.0.1:9000/", None),
            ("http://evil.example#@127.0.0.1:9000/", None),
            ("1.evil.example", Some("http://127.0.0.1:9000/sms1.evil.example")),
            (
                "javascript:alert(1)",
                Some("http://127.0.0.1:9000/smsjavascript:alert(1)"),
            ),
            (
                "//evil.example/",
                Some("http://127.0.0.1:9000/sms//evil.example/"),
            ),
            ("\r\nSet-Cookie: a=b", None),
        ] {
            assert_eq!(app.owned(next).ok().as_deref(), place, "{next:?}");
        }
        // Without a path, what is put behind would change the host.
        let bare = Places::new(Some("http://127.0.0.1:9000"), "quiz");
        assert_eq!(
            bare.owned(".evil.example/"),
            Err(NotOwned(".evil.example/".to_owned()))
        );
        assert_eq!(
            bare.owned("@evil.example/"),
            Err(NotOwned("@evil.example/".to_owned()))
        );
    }

    #[test]
    fn an_app_that_is_played_here_has_its_canvas_page_only() {
        for url in [None, Some("http://quiz.app.invalid/sms")] {
            let app = Places::new(url, "quiz");
            assert_eq!(app.home(), "/apps/quiz");
            assert_eq!(
                app.owned("/notifications.php").ok().as_deref(),
                Some("/notifications.php")
            );
            for next in [
                "http://quiz.app.invalid/x",
                "more",
                "//evil.example",
                "/\\evil.example",
                "javascript:x",
            ] {
                assert!(app.owned(next).is_err(), "{next}");
            }
        }
        assert_eq!(Places::new(None, "a b/c").home(), "/apps/a%20b%2Fc");
    }

    #[test]
    fn parameters_are_put_behind_those_there_are() {
        for (url, whole) in [
            ("http://a/b", "http://a/b?auth_token=x+y"),
            ("http://a/b?c=d", "http://a/b?c=d&auth_token=x+y"),
            ("http://a/b?c#e", "http://a/b?c&auth_token=x+y#e"),
        ] {
            assert_eq!(with(url, &[("auth_token", "x y")]), whole);
        }
    }
}
