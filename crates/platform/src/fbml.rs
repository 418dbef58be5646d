//! The little FBML that a notification may hold, reduced to text and links: [`reduce`].
//!
//! "FBML for the notifications page": a very stripped-down set that allows only tags which result in text and links
//! ("notifications.send"). Here these are `a`, `fb:name`, `fb:userlink`, `fb:pronoun`, `fb:application-name`; other tags
//! are dropped and what stands between them stays, but for scripts and style sheets.

use serde::{Deserialize, Serialize};

use crate::user::Uid;

/// The longest tag, in octets between its `<` and its `>`; what would be a longer one is text. So a markup of nothing
/// but beginnings of tags is not read to its end for each of them.
pub const TAG_OCTETS_MAX: usize = 2_048;

/// The longest entity, in octets between its `&` and its `;`.
const ENTITY_OCTETS_MAX: usize = 16;

/// A part of a notification. It is plain text in both cases: whoever shows it escapes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Text.
    Text(String),
    /// A link.
    Link {
        /// An `http` or `https` URL.
        href: String,
        /// What is shown.
        text: String,
    },
}

/// What the tags about people and the app stand for.
pub trait Names {
    /// The user's name; none for an account that there is not.
    fn user(&self, uid: Uid) -> Option<String>;

    /// The app's title.
    fn app(&self) -> String;
}

/// The page of a user.
pub fn profile_url(uid: Uid) -> String {
    format!("http://www.facebook.com/profile.php?id={uid}")
}

/// Reduces markup to text and links. Blanks are drawn together, as a browser does. No input makes it fail.
pub fn reduce(markup: &str, names: &impl Names) -> Vec<Piece> {
    let mut reduction = Reduction::default();
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        reduction.text(&unescaped(&rest[..at]));
        rest = &rest[at..];
        match Tag::read(rest) {
            Some((tag, after)) => {
                rest = match tag.content_is_dropped() {
                    true => after_end_of(&tag.name, after),
                    false => after,
                };
                reduction.tag(&tag, names);
            }
            None => {
                reduction.text("<");
                rest = &rest[1..];
            }
        }
    }
    reduction.text(&unescaped(rest));
    reduction.finish()
}

/// A tag, with its name in lower case.
struct Tag {
    name: String,
    closes: bool,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// Reads the tag at the start of `markup`, which begins with `<`; also gives what comes after it.
    fn read(markup: &str) -> Option<(Self, &str)> {
        if let Some(comment) = markup.strip_prefix("<!--") {
            let after = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            return Some((Self::nameless(), after));
        }
        let inside = &markup[1..];
        if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            return None;
        }
        let end = end_of_tag(inside)?;
        let (inside, after) = (&inside[..end], &inside[end + 1..]);
        let (inside, closes) = match inside.strip_prefix('/') {
            Some(name) => (name, true),
            None => (inside, false),
        };
        let name_end = inside
            .find(|c: char| c.is_whitespace() || c == '/')
            .unwrap_or(inside.len());
        let tag = Self {
            name: inside[..name_end].to_ascii_lowercase(),
            closes,
            attributes: attributes(&inside[name_end..]),
        };
        Some((tag, after))
    }

    fn nameless() -> Self {
        Self {
            name: String::new(),
            closes: false,
            attributes: Vec::new(),
        }
    }

    fn content_is_dropped(&self) -> bool {
        !self.closes && matches!(self.name.as_str(), "script" | "style")
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A value that is no URL: a slash behind it, which ends the tag, is none of its own.
    fn word(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|value| value.trim_end_matches('/'))
    }

    fn uid(&self) -> Option<Uid> {
        self.word("uid")?.parse().ok().map(Uid)
    }

    fn says(&self, attribute: &str) -> bool {
        self.word(attribute)
            .is_some_and(|value| matches!(value, "1" | "true"))
    }

    fn denies(&self, attribute: &str) -> bool {
        self.word(attribute)
            .is_some_and(|value| matches!(value, "0" | "false"))
    }
}

/// Where the `>` stands that ends a tag; one within quotes does not.
fn end_of_tag(inside: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in inside.char_indices().take_while(|(at, _)| *at <= TAG_OCTETS_MAX) {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None | Some(_), _) => {}
        }
    }
    None
}

fn attributes(mut text: &str) -> Vec<(String, String)> {
    let mut attributes = Vec::new();
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if text.is_empty() {
            return attributes;
        }
        let name_end = text
            .find(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or(text.len());
        let name = text[..name_end].to_ascii_lowercase();
        text = text[name_end..].trim_start();
        let Some(value) = text.strip_prefix('=').map(str::trim_start) else {
            attributes.push((name, String::new()));
            continue;
        };
        let quoted = ['"', '\''].into_iter().find(|&quote| value.starts_with(quote));
        let (value, after) = match quoted {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        attributes.push((name, unescaped(value)));
        text = after;
    }
}

/// What comes after the end tag of that name; nothing when there is none.
fn after_end_of<'a>(name: &str, text: &'a str) -> &'a str {
    let end = format!("</{name}");
    let found = text
        .char_indices()
        .find(|(at, c)| *c == '<' && starts_with(&text[*at..], &end));
    let Some((at, _)) = found else { return "" };
    text[at..].split_once('>').map_or("", |(_, after)| after)
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

/// The text with the five entities of XML, a hard blank and character numbers replaced; others stay as they are.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut octets = rest.bytes().take(ENTITY_OCTETS_MAX + 2);
        let end = octets.position(|octet| octet == b';');
        let entity = end.and_then(|end| Some((entity(&rest[1..end])?, end)));
        match entity {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control())
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reduction {
    pieces: Vec<Piece>,
    /// The link that is open, and its text so far.
    link: Option<(String, String)>,
    blank_due: bool,
}

impl Reduction {
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            if c.is_whitespace() || c.is_control() {
                self.blank_due = true;
            } else {
                self.put(c);
            }
        }
    }

    fn put(&mut self, c: char) {
        let blank = std::mem::take(&mut self.blank_due) && !self.is_at_start();
        let text = match &mut self.link {
            Some((_, text)) => text,
            None => {
                if !matches!(self.pieces.last(), Some(Piece::Text(_))) {
                    self.pieces.push(Piece::Text(String::new()));
                }
                match self.pieces.last_mut() {
                    Some(Piece::Text(text)) => text,
                    Some(Piece::Link { .. }) | None => return,
                }
            }
        };
        if blank {
            text.push(' ');
        }
        text.push(c);
    }

    fn is_at_start(&self) -> bool {
        self.pieces.is_empty() && self.link.as_ref().is_none_or(|(_, text)| text.is_empty())
    }

    fn tag(&mut self, tag: &Tag, names: &impl Names) {
        match (tag.name.as_str(), tag.closes) {
            ("a", closes) => {
                self.close_link();
                let href = tag.attribute("href").filter(|href| is_link(href));
                if let (false, Some(href)) = (closes, href) {
                    self.link = Some((href.to_owned(), String::new()));
                }
            }
            ("br" | "p" | "div" | "li", _) => self.blank_due = true,
            ("fb:name" | "fb:userlink", false) => {
                let Some((uid, mut name)) = tag.uid().and_then(|uid| Some((uid, names.user(uid)?))) else {
                    return;
                };
                if tag.says("possessive") {
                    name.push_str("'s");
                }
                self.name(uid, &name, tag.denies("linked"));
            }
            ("fb:pronoun", false) => self.text("they"),
            ("fb:application-name", false) => self.text(&names.app()),
            _ => {}
        }
    }

    /// A user's name, with a link to their page unless a link is open already.
    fn name(&mut self, uid: Uid, name: &str, plain: bool) {
        if plain || self.link.is_some() {
            return self.text(name);
        }
        self.link = Some((profile_url(uid), String::new()));
        self.text(name);
        self.close_link();
    }

    fn close_link(&mut self) {
        if let Some((href, text)) = self.link.take()
            && !text.is_empty()
        {
            match text.strip_prefix(' ') {
                // The blank in front of a link belongs to the text before it.
                Some(text) => {
                    self.blank_in_front();
                    let text = text.to_owned();
                    self.pieces.push(Piece::Link { href, text });
                }
                None => self.pieces.push(Piece::Link { href, text }),
            }
        }
    }

    fn blank_in_front(&mut self) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(' '),
            Some(Piece::Link { .. }) | None => self.pieces.push(Piece::Text(" ".to_owned())),
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.close_link();
        self.pieces
    }
}

/// Whether a browser may be sent there from a notification.
fn is_link(href: &str) -> bool {
    (starts_with(href, "http://") || starts_with(href, "https://"))
        && !href.contains(|c: char| c.is_whitespace() || c.is_control())
}
