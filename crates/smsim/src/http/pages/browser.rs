//! Browsers, told apart by a cookie: who is logged in in each, and the token that its forms must bring back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use platform::Uid;

/// The cookie's name. Ports share cookies, so it names its owner.
const COOKIE: &str = "smsim_browser";

/// Browsers that are remembered; one more forgets the one that was seen first.
pub(super) const BROWSERS_MAX: usize = 10_000;

/// Every browser that is remembered.
#[derive(Debug, Default)]
pub(super) struct Browsers {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_name: BTreeMap<String, Browser>,
    /// The names in the order in which the browsers were first seen.
    order: std::collections::VecDeque<String>,
}

#[derive(Clone, Debug)]
struct Browser {
    user: Option<Uid>,
    post_form_id: String,
}

/// The browser that a request came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Visitor {
    name: String,
    /// Who is logged in.
    pub(super) user: Option<Uid>,
    /// What this browser's forms must bring back, so that no other page can send one in its name. It has the name of the time.
    pub(super) post_form_id: String,
    /// Whether the browser does not know its name yet.
    is_new: bool,
}

impl Visitor {
    /// The cookie that tells a new browser its name. Pages of other sites cannot make a browser send it with a form.
    pub(super) fn cookie(&self) -> Option<HeaderValue> {
        let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", self.name);
        self.is_new
            .then(|| HeaderValue::from_str(&cookie).expect("hex digits make a header"))
    }
}

impl Browsers {
    /// The browser behind a request; one that is not known, or no longer, gets a new name.
    pub(super) fn visitor(&self, headers: &HeaderMap) -> Visitor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names(headers) {
            if let Some(browser) = kept.by_name.get(name) {
                return browser.clone().visitor(name.to_owned(), false);
            }
        }
        kept.add(None)
    }

    /// Logs a user in, or with none out. The browser gets a new name and its forms a new token: whoever knew the old ones
    /// has nothing.
    pub(super) fn log_in(&self, visitor: &Visitor, user: Option<Uid>) -> Visitor {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_name.remove(&visitor.name).is_some() {
            kept.order.retain(|name| *name != visitor.name);
        }
        kept.add(user)
    }
}

impl Browser {
    fn visitor(self, name: String, is_new: bool) -> Visitor {
        let Self { user, post_form_id } = self;
        Visitor {
            name,
            user,
            post_form_id,
            is_new,
        }
    }
}

impl Kept {
    fn add(&mut self, user: Option<Uid>) -> Visitor {
        while self.order.len() >= BROWSERS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.by_name.remove(&oldest);
            }
        }
        let (name, post_form_id) = (random(), random());
        let browser = Browser { user, post_form_id };
        self.by_name.insert(name.clone(), browser.clone());
        self.order.push_back(name.clone());
        browser.visitor(name, true)
    }
}

/// The values of our cookie; a browser may send several, for different paths.
fn names(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// 32 hex digits that nobody can guess. They name a browser and touch nothing of the world, whose chance is seeded.
fn random() -> String {
    let mut octets = [0; 16];
    getrandom::fill(&mut octets).expect("the machine has chance");
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Uid = Uid(101);

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, cookie.parse().expect("a header"))])
    }

    fn returning(visitor: &Visitor) -> HeaderMap {
        headers(&format!("other=1; {COOKIE}={}", visitor.name))
    }

    #[test]
    fn a_browser_keeps_its_name_until_somebody_logs_in_or_out() {
        let browsers = Browsers::default();
        let first = browsers.visitor(&HeaderMap::new());
        assert_eq!((first.user, first.cookie().is_some()), (None, true));
        let again = browsers.visitor(&returning(&first));
        assert_eq!((&again.name, again.cookie()), (&first.name, None));

        let alice = browsers.log_in(&again, Some(ALICE));
        assert_ne!(
            (&alice.name, &alice.post_form_id),
            (&first.name, &first.post_form_id)
        );
        assert_eq!(browsers.visitor(&returning(&alice)).user, Some(ALICE));
        assert_eq!(
            browsers.visitor(&returning(&first)).user,
            None,
            "the old name is worth nothing"
        );

        let nobody = browsers.log_in(&alice, None);
        assert_eq!(browsers.visitor(&returning(&alice)).user, None);
        assert_eq!(nobody.user, None);
    }

    #[test]
    fn an_invented_name_is_replaced() {
        let browsers = Browsers::default();
        let visitor = browsers.visitor(&headers(&format!("{COOKIE}=0123456789abcdef0123456789abcdef")));
        assert!(visitor.is_new);
        assert_ne!(visitor.name, "0123456789abcdef0123456789abcdef");
        assert_eq!(visitor.name.len(), 32);
    }

    #[test]
    fn one_browser_more_than_the_limit_forgets_the_first() {
        let browsers = Browsers::default();
        let first = browsers.visitor(&HeaderMap::new());
        let second = browsers.visitor(&HeaderMap::new());
        for _ in 2..=BROWSERS_MAX {
            browsers.visitor(&HeaderMap::new());
        }
        assert!(browsers.visitor(&returning(&first)).is_new);
        let kept = browsers.kept.lock().expect("no panic");
        assert_eq!(
            (kept.by_name.len(), kept.order.len()),
            (BROWSERS_MAX, BROWSERS_MAX)
        );
        drop(kept);
        assert!(
            browsers.visitor(&returning(&second)).is_new,
            "the next newcomer took its place"
        );
    }
}
