//! The tokens of `auth.createToken` and of logins: approved by a user, good for one session ("Auth.createToken").

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use platform::{AppId, Uid};
use sms::Timestamp;

/// The most tokens that wait; a new one beyond that takes the place of the oldest. Used ones do not count.
pub const TOKENS_MAX: usize = 10_000;

/// A token that waits for its user or for `auth.getSession`.
#[derive(Clone, Debug)]
struct Token {
    app: AppId,
    user: Option<Uid>,
    expires_at: Timestamp,
}

/// Every token that is not used yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    by_text: BTreeMap<String, Token>,
    /// The tokens, oldest first; used ones among them are skipped.
    order: VecDeque<String>,
}

impl Tokens {
    /// Keeps a new token of the app, for `ttl`.
    pub(crate) fn create(&mut self, now: Timestamp, app: AppId, text: String, ttl: Duration) {
        let is_over = |token: Option<&Token>| token.is_none_or(|token| token.expires_at <= now);
        while let Some(oldest) = self.order.front()
            && (self.by_text.len() >= TOKENS_MAX || is_over(self.by_text.get(oldest)))
        {
            self.by_text.remove(oldest);
            self.order.pop_front();
        }
        // Used ones stand among the others until they are as many.
        if self.order.len() >= 2 * TOKENS_MAX {
            self.order.retain(|text| self.by_text.contains_key(text));
        }
        let token = Token {
            app,
            user: None,
            expires_at: now + ttl,
        };
        self.order.push_back(text.clone());
        self.by_text.insert(text, token);
    }

    /// The user approves the token; no when it is not the app's, over, or approved by somebody already.
    pub(crate) fn approve(&mut self, now: Timestamp, app: AppId, text: &str, user: Uid) -> bool {
        let token = self
            .by_text
            .get_mut(text)
            .filter(|token| token.app == app && token.user.is_none() && now < token.expires_at);
        let found = token.is_some();
        if let Some(token) = token {
            token.user = Some(user);
        }
        found
    }

    /// Uses the token up and gives its user; none, and nothing is used, when nobody has approved it or it is over.
    pub(crate) fn redeem(&mut self, now: Timestamp, app: AppId, text: &str) -> Option<Uid> {
        let token = self
            .by_text
            .get(text)
            .filter(|token| token.app == app && now < token.expires_at);
        let user = token?.user?;
        self.by_text.remove(text);
        Some(user)
    }

    /// Forgets what the user has approved for the app.
    pub(crate) fn disapprove(&mut self, app: AppId, user: Uid) {
        self.by_text
            .retain(|_, token| token.app != app || token.user != Some(user));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const APP: AppId = AppId(3);
    const USER: Uid = Uid(8055);
    const TTL: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        NOW + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_is_approved_once_and_used_once_by_its_app_and_in_time() {
        let mut tokens = Tokens::default();
        tokens.create(NOW, APP, "t".to_owned(), TTL);
        assert_eq!(tokens.redeem(NOW, APP, "t"), None, "nobody has approved it");
        assert!(!tokens.approve(NOW, AppId(4), "t", USER), "another app's");
        assert!(!tokens.approve(at(60), APP, "t", USER), "over");
        assert!(tokens.approve(at(59), APP, "t", USER));
        assert!(!tokens.approve(at(59), APP, "t", Uid(1)), "approved already");
        assert_eq!(tokens.redeem(NOW, AppId(4), "t"), None, "another app's");
        assert_eq!(tokens.redeem(at(60), APP, "t"), None, "over");
        assert_eq!(tokens.redeem(at(59), APP, "t"), Some(USER));
        assert_eq!(tokens.redeem(at(59), APP, "t"), None, "used");
    }

    #[test]
    fn one_token_more_than_the_limit_forgets_the_oldest() {
        let mut tokens = Tokens::default();
        for n in 0..=TOKENS_MAX {
            tokens.create(NOW, APP, n.to_string(), TTL);
        }
        assert!(!tokens.approve(NOW, APP, "0", USER));
        assert!(tokens.approve(NOW, APP, "1", USER));
        assert_eq!(
            (tokens.by_text.len(), tokens.order.len()),
            (TOKENS_MAX, TOKENS_MAX)
        );
        tokens.create(at(60), APP, "later".to_owned(), TTL);
        assert_eq!(tokens.by_text.len(), 1, "what is over is forgotten");
    }

    #[test]
    fn logins_that_are_done_take_no_place_of_one_that_waits() {
        let mut tokens = Tokens::default();
        tokens.create(NOW, APP, "waits".to_owned(), TTL);
        for n in 0..3 * TOKENS_MAX {
            let text = n.to_string();
            tokens.create(NOW, APP, text.clone(), TTL);
            assert!(tokens.approve(NOW, APP, &text, USER));
            assert_eq!(tokens.redeem(NOW, APP, &text), Some(USER));
        }
        assert!(tokens.order.len() <= 2 * TOKENS_MAX, "{}", tokens.order.len());
        assert!(tokens.approve(NOW, APP, "waits", USER));
    }
}
