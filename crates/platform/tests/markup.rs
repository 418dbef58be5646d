//! FBML of notifications, reduced to text and links.

use platform::fbml::{Names, TAG_OCTETS_MAX, reduce};
use platform::{Piece, Uid};
use proptest::prelude::*;

struct Alone;

impl Names for Alone {
    fn user(&self, uid: Uid) -> Option<String> {
        (uid == Uid(5)).then(|| "Bob <b>".to_owned())
    }

    fn app(&self) -> String {
        "Movie Quiz".to_owned()
    }
}

/// Text as it is, links as `[text](href)`.
fn reduced(markup: &str) -> String {
    let piece = |piece: Piece| match piece {
        Piece::Text(text) => text,
        Piece::Link { href, text } => format!("[{text}]({href})"),
    };
    reduce(markup, &Alone).into_iter().map(piece).collect()
}

#[test]
fn only_text_and_links_are_left() {
    let bob = "[Bob <b>](http://www.facebook.com/profile.php?id=5)";
    for (markup, expected) in [
        ("", ""),
        ("plain", "plain"),
        ("  two\n blanks ", "two blanks"),
        (
            "a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#x27; &nbsp;e &none; &",
            "a <b> & \"c\" 'd' e &none; &",
        ),
        ("<b>bold</b> and <i>italic</i>", "bold and italic"),
        ("one<br/>two<p>three", "one two three"),
        (
            "see <a href=\"http://h/?a=1&amp;b=2\">this <b>page</b></a>.",
            "see [this page](http://h/?a=1&b=2).",
        ),
        (
            "<a href='https://h/'>x</a> <a href=http://i/>y</a>",
            "[x](https://h/) [y](http://i/)",
        ),
        ("a<a href='http://h/'> b</a>", "a [b](http://h/)"),
        ("<a href='http://h/'>never closed", "[never closed](http://h/)"),
        ("<a href='http://h/'></a>x", "x"),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<a href='JAVA\tSCRIPT:alert(1)'>x</a>", "x"),
        ("<a href=' http://h/'>x</a>", "x"),
        ("<a href='http://h/\" onclick=\"'>x</a>", "x"),
        ("<a href='http://h/\"'>x</a>", "[x](http://h/\")"),
        ("<a href='data:text/html,x'>x</a>", "x"),
        ("<a onclick='x'>y</a>", "y"),
        ("<script>alert('<b>')</script>x", "x"),
        ("<SCRIPT type='a>b'>alert(1)</ScRiPt >x", "x"),
        ("<style>p{}</style>x<script>no end", "x"),
        ("<!-- hidden <b> -->x<!-- no end", "x"),
        ("<img src='http://h/x.png'/>x", "x"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("<", "<"),
        ("<b", "<b"),
        ("<b title='>'>x", "x"),
        ("<fb:name uid=\"5\"/> won", &format!("{bob} won")),
        ("<fb:userlink uid='5' />", bob),
        ("<fb:name uid='5' linked='false'></fb:name>", "Bob <b>"),
        ("<fb:name uid=5 possessive=true linked=0/> turn", "Bob <b>'s turn"),
        (
            "<a href='http://h/'><fb:name uid='5'/></a>",
            "[Bob <b>](http://h/)",
        ),
        ("<fb:name uid='6'/><fb:name uid='x'/><fb:name/>nobody", "nobody"),
        (
            "<fb:application-name/> and <fb:pronoun uid='5'/>",
            "Movie Quiz and they",
        ),
        ("<fb:swf src='x'/>y<fb:iframe>z</fb:iframe>", "yz"),
    ] {
        assert_eq!(reduced(markup), expected, "{markup:?}");
    }
}

#[test]
fn what_would_be_a_longer_tag_or_entity_is_text() {
    let tag = |octets: usize| format!("<b{}>x", "i".repeat(octets - 1));
    assert_eq!(reduced(&tag(TAG_OCTETS_MAX)), "x");
    let longer = tag(TAG_OCTETS_MAX + 1);
    assert_eq!(reduced(&longer), longer);
    // Letters of several octets end where the limit cuts them.
    assert_eq!(
        reduced(&format!("<b {}>x", "é".repeat(TAG_OCTETS_MAX / 2 - 1))),
        "x"
    );
    let entity = |zeros: usize| format!("&#{}65;", "0".repeat(zeros));
    assert_eq!(reduced(&entity(13)), "A");
    assert_eq!(reduced(&entity(14)), entity(14));
}

proptest! {
    #[test]
    fn no_markup_panics_and_no_link_leads_elsewhere(
        markup in "(<[/!]?(a|b|script|fb:name|fb:userlink|--)?|href|uid|=|['\"]|http://h/|javascript:x|5|-->|[ /]|>|&(lt|#x?[0-9a-f]{0,5});?|[a-zé\u{0}\u{2028}]){0,40}"
    ) {
        for piece in reduce(&markup, &Alone) {
            match piece {
                Piece::Text(text) => prop_assert!(!text.is_empty() && !text.contains(|c: char| c.is_control())),
                Piece::Link { href, text } => {
                    prop_assert!(!text.is_empty());
                    prop_assert!(href.starts_with("http://") || href.starts_with("https://"), "{}", href);
                    prop_assert!(!href.contains(|c: char| c.is_whitespace() || c.is_control()));
                }
            }
        }
    }

    #[test]
    fn text_without_markup_keeps_its_words(text in "[a-zé0-9.,!]{1,8}( [a-zé0-9.,!]{1,8}){0,6}") {
        prop_assert_eq!(reduced(&text), text);
    }
}
