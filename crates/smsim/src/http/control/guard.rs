//! Who may use the control API and the page: requests that were meant for them, from this machine, or with the token of a
//! server that others can reach.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Refused;
use crate::http::token::{Token, without_token};

/// What a request must bring.
#[derive(Clone, Debug)]
pub struct Access {
    token: Option<Arc<Token>>,
    /// The server's own port.
    port: u16,
}

impl Access {
    /// The access to a server on that port: with the token where there is one, otherwise from this machine only.
    pub fn new(token: Option<Token>, port: u16) -> Self {
        let token = token.map(Arc::new);
        Self { token, port }
    }
}

/// Lets a request pass that brings the token; where there is none, one that was sent to an address of this machine, by a program
/// or by a page of this very server: a page elsewhere names itself in `Origin`, and a name that was made to point here stands
/// in `Host`. Whoever brings the token may call the server by any name.
pub async fn only_for_us(State(access): State<Access>, mut request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers(), request.uri());
    let Some(token) = &access.token else {
        return match strange_host(headers).or_else(|| strange_origin(headers)) {
            None => next.run(request).await,
            Some(why) => Refused::new(StatusCode::FORBIDDEN, why).into_response(),
        };
    };
    if !token.is_in(headers, uri, access.port) {
        return unauthorized(headers);
    }
    if let Some(why) = strange_origin(headers) {
        return Refused::new(StatusCode::FORBIDDEN, why).into_response();
    }
    let known = without_token(uri);
    if uri.path() == "/" && request.method() == Method::GET && token.is_in_address(uri) {
        return remembered(token, access.port, &known.to_string());
    }
    *request.uri_mut() = known;
    next.run(request).await
}

/// Has the browser keep the token, and come again without it in the address, where a history or a picture would show it.
fn remembered(token: &Token, port: u16, address: &str) -> Response {
    let address = HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static("/"));
    let headers = [
        (header::SET_COOKIE, token.cookie(port)),
        (header::LOCATION, address),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn unauthorized(headers: &HeaderMap) -> Response {
    let host = text(headers, header::HOST).unwrap_or_else(|| "HOST:PORT".to_owned());
    let why = format!(
        "this server wants its token: send the header \"Authorization: Bearer TOKEN\", or open http://{host}/?token=TOKEN in a \
         browser; the token is the one given with --token, or the one that smsim said when it started"
    );
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer realm=\"smsim\"")];
    (challenge, Refused::new(StatusCode::UNAUTHORIZED, why)).into_response()
}

fn strange_host(headers: &HeaderMap) -> Option<String> {
    let host = text(headers, header::HOST).unwrap_or_default();
    (!is_address(&host)).then(|| {
        format!("Host {host:?} is no address of this machine; call it by its number or as localhost")
    })
}

fn strange_origin(headers: &HeaderMap) -> Option<String> {
    let origin = text(headers, header::ORIGIN)?;
    let own = format!("http://{}", text(headers, header::HOST).unwrap_or_default());
    (origin != own).then(|| format!("a page of {origin:?} may not control {own}"))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
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
            let strange = strange_host(&headers).or_else(|| strange_origin(&headers));
            assert_eq!(strange.is_none(), passes, "{host} {origin:?}");
        }
    }
}
