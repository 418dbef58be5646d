//! API sessions and their keys ("Auth.getSession").

use std::collections::{BTreeMap, BTreeSet};

use md5::{Digest, Md5};
use platform::{AppId, Uid};
use sms::Timestamp;

use crate::call_id::CallNumber;
use crate::config::Session;
use crate::credentials::{Secret, SessionInfo};

/// The longest session key, in octets.
pub const SESSION_KEY_OCTETS_MAX: usize = 128;

/// The most session keys of one user with one app; a new one beyond that ends the oldest. Those that are over do not
/// count.
pub const SESSIONS_PER_USER_MAX: usize = 8;

/// Every live session key, of all apps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    by_key: BTreeMap<String, LiveSession>,
    /// The keys of a user with an app, oldest first.
    keys: BTreeMap<(AppId, Uid), Vec<String>>,
    /// The secrets of live sessions: what no record and no answer but that of `auth.getSession` may hold.
    secrets: BTreeSet<Secret>,
    /// Configured secrets that are not 32 hex digits.
    odd_secrets: Vec<Secret>,
}

/// One session.
#[derive(Clone, Debug)]
pub(crate) struct LiveSession {
    pub(crate) app: AppId,
    pub(crate) user: Uid,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) secret: Option<Secret>,
    /// The greatest `call_id` so far.
    pub(crate) last_call: Option<CallNumber>,
}

impl Sessions {
    /// The sessions of a checked configuration.
    pub(crate) fn new(sessions: Vec<Session>) -> Self {
        let mut live = Self::default();
        for Session {
            app,
            user,
            key,
            expires,
            secret,
        } in sessions
        {
            live.insert(
                key,
                LiveSession {
                    app,
                    user,
                    expires,
                    secret,
                    last_call: None,
                },
            );
        }
        live
    }

    /// The session with that key, if it is the app's and not over.
    pub(crate) fn find(&mut self, now: Timestamp, app: AppId, key: &str) -> Option<&mut LiveSession> {
        self.by_key
            .get_mut(key)
            .filter(|session| session.app == app && session.is_live(now))
    }

    /// The newest live session of the user with the app.
    pub(crate) fn newest(&self, now: Timestamp, app: AppId, user: Uid) -> Option<SessionInfo> {
        self.keys.get(&(app, user))?.iter().rev().find_map(|key| {
            let session = self.by_key.get(key).filter(|session| session.is_live(now))?;
            Some(SessionInfo {
                key: key.clone(),
                expires: session.expires,
            })
        })
    }

    /// A new session. Its key has the form of 2008, 24 hex digits, a hyphen and the user's number, and is a function of the
    /// arguments and of the keys there are.
    pub(crate) fn mint(
        &mut self,
        now: Timestamp,
        app: AppId,
        user: Uid,
        expires: Option<Timestamp>,
        chance: u64,
    ) -> String {
        self.forget_expired(now, app, user);
        let mut keys = (0u64..).map(|n| session_key(now, app, user, chance.wrapping_add(n)));
        let key = keys
            .find(|key| !self.by_key.contains_key(key))
            .expect("keys do not run out");
        self.insert(
            key.clone(),
            LiveSession {
                app,
                user,
                expires,
                secret: None,
                last_call: None,
            },
        );
        key
    }

    /// The secret of the session with that key, made of `chance` if it has none yet.
    pub(crate) fn secret(&mut self, key: &str, chance: u64) -> Option<Secret> {
        let session = self.by_key.get_mut(key)?;
        let make = || {
            let digest = Md5::digest(format!("session secret {key} {chance}"));
            Secret::new(hex::encode(digest)).expect("32 digits are a secret")
        };
        let secret = session.secret.get_or_insert_with(make).clone();
        self.secrets.insert(secret.clone());
        Some(secret)
    }

    /// The secrets of sessions that may stand in a text: those of 32 hex digits that do, and the few of another form, which a
    /// configuration may have.
    pub(crate) fn secrets_in(&self, text: &str) -> Vec<Secret> {
        if self.secrets.is_empty() && self.odd_secrets.is_empty() {
            return Vec::new();
        }
        let is_digest = |octets: &[u8]| octets.iter().all(u8::is_ascii_hexdigit);
        let in_form = text
            .as_bytes()
            .windows(32)
            .filter(|window| is_digest(window))
            .filter_map(|window| {
                let text = std::str::from_utf8(window).ok()?;
                self.secrets.get(text).cloned()
            });
        in_form.chain(self.odd_secrets.iter().cloned()).collect()
    }

    /// Ends the session with that key.
    pub(crate) fn end_one(&mut self, key: &str) {
        if let Some(session) = self.remove(key)
            && let Some(keys) = self.keys.get_mut(&(session.app, session.user))
        {
            keys.retain(|kept| kept != key);
        }
    }

    /// Ends every session of the user with the app.
    pub(crate) fn end(&mut self, app: AppId, user: Uid) {
        for key in self.keys.remove(&(app, user)).unwrap_or_default() {
            self.remove(&key);
        }
    }

    /// Drops the keys of the user with the app that are over, so that they take no place of one that lives.
    fn forget_expired(&mut self, now: Timestamp, app: AppId, user: Uid) {
        let keys = self.keys.get(&(app, user)).into_iter().flatten();
        let is_over = |key: &&String| self.by_key.get(*key).is_some_and(|session| !session.is_live(now));
        let over: Vec<String> = keys.filter(is_over).cloned().collect();
        over.iter().for_each(|key| self.end_one(key));
    }

    fn remove(&mut self, key: &str) -> Option<LiveSession> {
        let session = self.by_key.remove(key)?;
        if let Some(secret) = &session.secret {
            self.secrets.remove(secret);
        }
        Some(session)
    }

    fn insert(&mut self, key: String, session: LiveSession) {
        let keys = self.keys.entry((session.app, session.user)).or_default();
        if keys.len() == SESSIONS_PER_USER_MAX {
            let oldest = keys.remove(0);
            keys.push(key.clone());
            self.remove(&oldest);
        } else {
            keys.push(key.clone());
        }
        if let Some(secret) = &session.secret {
            let text = secret.expose();
            if text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
                self.secrets.insert(secret.clone());
            } else {
                self.odd_secrets.push(secret.clone());
            }
        }
        self.by_key.insert(key, session);
    }
}

impl LiveSession {
    /// Whether the session still works; at the instant at which it ends it does not.
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

fn session_key(now: Timestamp, app: AppId, user: Uid, chance: u64) -> String {
    let digest = Md5::digest(format!("session {app} {user} {} {chance}", now.as_micros()));
    let mut key = hex::encode(digest);
    key.truncate(24);
    key.push('-');
    key.push_str(&user.to_string());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);
    const APP: AppId = AppId(3);
    const USER: Uid = Uid(8055);

    #[test]
    fn a_minted_key_has_the_form_of_the_time_and_repeats_for_the_same_chance() {
        let key = Sessions::default().mint(NOW, APP, USER, None, 7);
        let (digits, uid) = key.split_once('-').expect("a hyphen");
        assert_eq!((digits.len(), uid), (24, "8055"));
        assert!(
            digits
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        );
        assert_eq!(Sessions::default().mint(NOW, APP, USER, None, 7), key);
        assert_ne!(Sessions::default().mint(NOW, APP, USER, None, 8), key);
    }

    #[test]
    fn the_same_chance_twice_makes_two_keys() {
        let mut sessions = Sessions::default();
        assert_ne!(
            sessions.mint(NOW, APP, USER, None, 7),
            sessions.mint(NOW, APP, USER, None, 7)
        );
    }

    #[test]
    fn a_session_is_its_apps_alone_and_is_over_when_it_expires() {
        let key = "k".to_owned();
        let expires = Some(NOW);
        let mut sessions = Sessions::new(vec![Session {
            app: APP,
            user: USER,
            key,
            expires,
            secret: None,
        }]);
        let before = Timestamp::from_micros(NOW.as_micros() - 1);
        assert_eq!(
            sessions.find(before, APP, "k").map(|session| session.user),
            Some(USER)
        );
        assert!(sessions.find(NOW, APP, "k").is_none());
        assert!(sessions.find(before, AppId(4), "k").is_none());
        assert!(sessions.newest(before, APP, USER).is_some());
        assert!(sessions.newest(NOW, APP, USER).is_none());
    }

    #[test]
    fn one_session_more_than_the_limit_ends_the_oldest() {
        let mut sessions = Sessions::default();
        let keys: Vec<_> = (0..=SESSIONS_PER_USER_MAX as u64)
            .map(|chance| sessions.mint(NOW, APP, USER, None, chance))
            .collect();
        assert!(sessions.find(NOW, APP, &keys[0]).is_none());
        assert!(keys[1..].iter().all(|key| sessions.find(NOW, APP, key).is_some()));
        assert_eq!(
            sessions.newest(NOW, APP, USER).map(|session| session.key),
            keys.last().cloned()
        );
        sessions.end(APP, USER);
        assert!(keys.iter().all(|key| sessions.find(NOW, APP, key).is_none()));
    }

    #[test]
    fn sessions_that_are_over_take_no_place_of_one_that_lives() {
        let mut sessions = Sessions::default();
        let lives = sessions.mint(NOW, APP, USER, None, 0);
        for n in 1..=2 * SESSIONS_PER_USER_MAX as i64 {
            let now = Timestamp::from_secs(1_000 + n);
            sessions.mint(now, APP, USER, Some(Timestamp::from_secs(1_001 + n)), 0);
            assert!(sessions.find(now, APP, &lives).is_some(), "{n}");
        }
        assert_eq!(sessions.by_key.len(), 2, "what is over is forgotten");
    }
}
