//! URLs in the texts of apps, which may point to m.facebook.com only.

/// The one host that an app's text may point to.
const ALLOWED_HOST: &str = "m.facebook.com";

/// Endings of bare hosts that a phone of the time makes a link of.
const ENDINGS: [&str; 8] = [".com", ".net", ".org", ".edu", ".gov", ".info", ".biz", ".mobi"];

/// The first URL of the text that points outside m.facebook.com.
pub(crate) fn find(text: &str) -> Option<&str> {
    text.split(is_between_words)
        .map(|word| word.trim_end_matches(['.', '!', '?', ':']))
        .find(|word| host(word).is_some_and(|host| !host.eq_ignore_ascii_case(ALLOWED_HOST)))
}

const fn is_between_words(c: char) -> bool {
    let is_quote = matches!(c, '"' | '\'' | '\u{2018}'..='\u{201f}');
    c.is_whitespace() || is_quote || matches!(c, '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';')
}

/// The host of a word that is a URL, or that phones take for one.
fn host(word: &str) -> Option<&str> {
    // Nearly every word is none: a scheme has a colon, and all else a point.
    if !word.bytes().any(|octet| matches!(octet, b':' | b'.')) {
        return None;
    }
    // Behind the host a second URL is a value of the first.
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => (true, rest),
        Some(_) | None => (false, word),
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    if !scheme && authority.contains('@') {
        return None;
    }
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host
        .split_once(':')
        .map_or(host, |(host, _)| host)
        .trim_end_matches('.');
    let lower = host.to_ascii_lowercase();
    let bare = |ending: &str| lower.len() > ending.len() && lower.ends_with(ending);
    (scheme || lower.starts_with("www.") || ENDINGS.iter().any(|ending| bare(ending))).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn only_m_facebook_com_is_at_home() {
        for (text, foreign) in [
            ("no link here. Or here.Not", None),
            ("see http://m.facebook.com/quiz?x=1", None),
            ("see HTTPS://M.Facebook.COM", None),
            ("m.facebook.com/quiz", None),
            ("(http://m.facebook.com:80/quiz).", None),
            ("write to bob@example.com", None),
            ("'m.facebook.com/quiz' or \u{201c}m.facebook.com\u{201d}", None),
            ("m.facebook.com/go?to=http://a.example/", None),
            ("http://m.facebook.com/go?to=http://a.example/", None),
            (
                "example.com/go?to=http://m.facebook.com/",
                Some("example.com/go?to=http://m.facebook.com/"),
            ),
            (
                "example.com?http://m.facebook.com",
                Some("example.com?http://m.facebook.com"),
            ),
            ("go:http://a.example/", Some("go:http://a.example/")),
            (
                "see http://www.facebook.com/quiz",
                Some("http://www.facebook.com/quiz"),
            ),
            ("see facebook.com.", Some("facebook.com")),
            (
                "first m.facebook.com, then http://a.example/",
                Some("http://a.example/"),
            ),
            ("www.example.de/x!", Some("www.example.de/x")),
            (
                "http://m.facebook.com@evil.com/",
                Some("http://m.facebook.com@evil.com/"),
            ),
            (
                "http://m.facebook.com.evil.org",
                Some("http://m.facebook.com.evil.org"),
            ),
            (
                "http://evil.org\\@m.facebook.com",
                Some("http://evil.org\\@m.facebook.com"),
            ),
            ("xm.facebook.com", Some("xm.facebook.com")),
            (".com", None),
            ("", None),
        ] {
            assert_eq!(find(text), foreign, "{text}");
        }
    }
}
