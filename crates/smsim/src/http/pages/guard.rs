//! What every page needs around it: only requests that were meant for this server come in, and what goes out runs nothing but
//! our own scripts.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::control::is_address;

/// The names under which apps of the time link to the pages; whoever points them to this machine finds them here.
const HOSTS_OF_THE_TIME: [&str; 4] = [
    "www.facebook.com",
    "m.facebook.com",
    "apps.facebook.com",
    "facebook.com",
];

/// No script, style, picture or frame but our own, no frame around a page, and no form to elsewhere: a text with markup in it stays
/// a text even where an escape were forgotten. Forms may lead on to apps, so `form-action` names no target: a browser would
/// hold it against the redirect that follows a form.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses what another site's page sends, and sets the headers that every page has.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let mut response = match reason_to_refuse(request.headers()) {
        None => next.run(request).await,
        Some(why) => (StatusCode::FORBIDDEN, format!("{why}\n")).into_response(),
    };
    let headers = response.headers_mut();
    let ours = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // With "no-referrer" a browser would hide the origin of our own forms too.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in ours {
        // A frame with what an app says has stricter words of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Only our own pages say an `Origin` that is ours; `null` is a page that hides where it comes from.
fn reason_to_refuse(headers: &HeaderMap) -> Option<String> {
    let host = text(headers, header::HOST).unwrap_or_default();
    if !is_ours(&host) {
        return Some(format!(
            "Host {host:?} is no address of this machine and no name of the time; call it by its number or as localhost"
        ));
    }
    let origin = text(headers, header::ORIGIN)?;
    let own = ["http", "https"]
        .iter()
        .any(|scheme| origin == format!("{scheme}://{host}"));
    (!own).then(|| format!("a page of {origin:?} may not act on the pages of {host}"))
}

fn is_ours(host: &str) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    is_address(host)
        || HOSTS_OF_THE_TIME
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_of_our_own_pages_pass() {
        for (host, origin, passes) in [
            ("127.0.0.1:32665", None, true),
            ("m.facebook.com", None, true),
            ("M.Facebook.com:32665", None, true),
            ("facebook.com.evil.example", None, false),
            ("evil.example", None, false),
            ("", None, false),
            ("127.0.0.1:32665", Some("http://127.0.0.1:32665"), true),
            ("localhost", Some("https://localhost"), true),
            ("127.0.0.1:32665", Some("http://127.0.0.1:9000"), false),
            ("m.facebook.com", Some("http://www.facebook.com"), false),
            ("127.0.0.1:32665", Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a header"));
            }
            assert_eq!(reason_to_refuse(&headers).is_none(), passes, "{host} {origin:?}");
        }
    }
}
