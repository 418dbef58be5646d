//! Who may use the control API: requests that were meant for it, from this machine or to its address.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Refused;

/// Lets a request pass that was sent to an address of this machine, by a program or by a page of this very server: a page
/// elsewhere names itself in `Origin`, and a name that was made to point here stands in `Host`.
pub async fn only_for_us(request: Request, next: Next) -> Response {
    match reason_to_refuse(request.headers()) {
        None => next.run(request).await,
        Some(why) => Refused::new(StatusCode::FORBIDDEN, why).into_response(),
    }
}

fn reason_to_refuse(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| {
        headers
            .get(name)
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let host = text(header::HOST).unwrap_or_default();
    if !is_address(&host) {
        return Some(format!(
            "Host {host:?} is no address of this machine; call it by its number or as localhost"
        ));
    }
    let origin = text(header::ORIGIN)?;
    let own = format!("http://{host}");
    (origin != own).then(|| format!("a page of {origin:?} may not control {own}"))
}

/// Whether a `Host` is `localhost` or an address in digits, with or without a port.
pub fn is_address(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    };
    let bare = without_port
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(without_port);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<std::net::IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_and_its_own_pages_pass() {
        for (host, origin, passes) in [
            ("127.0.0.1:32665", None, true),
            ("localhost:32665", None, true),
            ("[::1]:32665", None, true),
            ("192.0.2.7", None, true),
            ("evil.example:32665", None, false),
            ("127.0.0.1.evil.example", None, false),
            ("", None, false),
            ("127.0.0.1:32665", Some("http://127.0.0.1:32665"), true),
            ("127.0.0.1:32665", Some("http://evil.example"), false),
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
