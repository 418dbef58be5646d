//! The token that opens the control API and the page on a server that others can reach: [`Token`].
//!
//! It is said once, in the greeting; nothing that is logged, recorded or measured holds it.

use std::fmt;
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use subtle::ConstantTimeEq;

/// The name of the parameter that carries it in an address.
const PARAMETER: &str = "token";
/// What the cookie's name begins with; the port follows, since servers on other ports of a machine share its cookies.
const COOKIE: &str = "smsim_token_";
/// The longest token, in characters.
const TOKEN_CHARS_MAX: usize = 128;

/// What whoever controls the worlds must know. Its letters stand in a header, a cookie and an address as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// Why a text is no token.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a token has 1 to {TOKEN_CHARS_MAX} letters, digits, and any of - . _ ~")]
pub struct TokenError;

impl Token {
    /// A new one, which nobody can guess.
    pub fn random() -> Self {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).expect("the machine has chance");
        Self(octets.iter().map(|octet| format!("{octet:02x}")).collect())
    }

    /// The token as it is sent.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the request has it: as `Authorization: Bearer`, as the cookie of that port, or in its address.
    pub(super) fn is_in(&self, headers: &HeaderMap, uri: &Uri, port: u16) -> bool {
        let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(bearer);
        let cookie = cookie_name(port);
        let cookies = headers.get_all(header::COOKIE).iter();
        let cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().strip_prefix(cookie.as_str())?.strip_prefix('='));
        bearer.chain(cookies).any(|presented| self.is(presented)) || self.is_in_address(uri)
    }

    /// Whether its address alone has it.
    pub(super) fn is_in_address(&self, uri: &Uri) -> bool {
        let query = uri.query().unwrap_or_default();
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.any(|(name, value)| name == PARAMETER && self.is(&value))
    }

    /// The cookie that a browser keeps until it is closed. Scripts cannot read it, and pages of other sites cannot use it.
    pub(super) fn cookie(&self, port: u16) -> HeaderValue {
        let name = cookie_name(port);
        let cookie = format!("{name}={}; Path=/; HttpOnly; SameSite=Strict", self.0);
        HeaderValue::from_str(&cookie).expect("a token's characters make a header")
    }

    /// Takes as long for a good guess as for a bad one.
    fn is(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let stands_anywhere = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        let is_token = (1..=TOKEN_CHARS_MAX).contains(&text.len()) && text.bytes().all(stands_anywhere);
        is_token.then(|| Self(text.to_owned())).ok_or(TokenError)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(..)")
    }
}

/// The address without its token: nothing behind the door sees it.
pub(super) fn without_token(uri: &Uri) -> Uri {
    let Some(query) = uri.query() else {
        return uri.clone();
    };
    let is_other = |pair: &&str| pair.split('=').next() != Some(PARAMETER);
    let others: Vec<&str> = query.split('&').filter(is_other).collect();
    let mark = if others.is_empty() { "" } else { "?" };
    let address = format!("{}{mark}{}", uri.path(), others.join("&"));
    // A part of an address that was read is an address.
    address.parse().unwrap_or_default()
}

fn cookie_name(port: u16) -> String {
    format!("{COOKIE}{port}")
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_what_stands_in_a_header_a_cookie_and_an_address() {
        let longest = "a".repeat(TOKEN_CHARS_MAX);
        for (text, is_token) in [
            ("a", true),
            ("Ab9-._~", true),
            (longest.as_str(), true),
            (&format!("{longest}a"), false),
            ("", false),
            ("a b", false),
            ("a;b", false),
            ("a&b", false),
            ("a+b", false),
            ("a%20", false),
            ("é", false),
        ] {
            assert_eq!(text.parse::<Token>().is_ok(), is_token, "{text:?}");
        }
    }

    #[test]
    fn random_tokens_are_tokens_and_differ() {
        let (one, other) = (Token::random(), Token::random());
        assert_eq!(one.expose().parse(), Ok(one.clone()));
        assert_eq!(one.expose().len(), 32);
        assert_ne!(one, other);
        assert!(
            !format!("{one:?}").contains(one.expose()),
            "it is not seen where it is debugged"
        );
    }

    #[test]
    fn it_is_taken_from_three_places_and_no_other() {
        let token: Token = "s3cret".parse().expect("a token");
        for (name, value, address, passes) in [
            ("authorization", "Bearer s3cret", "/", true),
            ("authorization", "bearer s3cret", "/", true),
            ("authorization", "Bearer s3cre", "/", false),
            ("authorization", "Bearer s3crett", "/", false),
            ("authorization", "Bearer ", "/", false),
            ("authorization", "Basic s3cret", "/", false),
            ("authorization", "s3cret", "/", false),
            ("cookie", "smsim_token_80=s3cret", "/", true),
            ("cookie", "a=b; smsim_token_80=s3cret; c=d", "/", true),
            ("cookie", "smsim_token_81=s3cret", "/", false),
            ("cookie", "smsim_token_80=", "/", false),
            ("accept", "*/*", "/?token=s3cret", true),
            ("accept", "*/*", "/?since=0&token=s3cret", true),
            ("accept", "*/*", "/?token=s3cre%74", true),
            ("accept", "*/*", "/?token=", false),
            ("accept", "*/*", "/?tokens=s3cret", false),
            ("accept", "*/*", "/s3cret", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            let uri: Uri = address.parse().expect("an address");
            assert_eq!(
                token.is_in(&headers, &uri, 80),
                passes,
                "{name} {value} {address}"
            );
        }
    }

    #[test]
    fn what_stands_behind_the_door_sees_no_token() {
        for (address, seen) in [
            ("/", "/"),
            ("/?token=x", "/"),
            ("/a?token=x&b=c", "/a?b=c"),
            ("/a?b=c&token=x&d", "/a?b=c&d"),
            ("/a?b=c", "/a?b=c"),
        ] {
            let uri: Uri = address.parse().expect("an address");
            assert_eq!(without_token(&uri).to_string(), seen);
        }
    }
}
