//! Apps without code: [`StubApps`] answers their callbacks by their rules, and calls the API as they would.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use platform::{AppId, NotifyOutcome};
use rest::{CallbackRequest, Credentials, Request};
use sms::Timestamp;

use crate::pattern::Matcher;
use crate::syntax::{Action, Piece, Rule};

/// Calls that wait for their time, at most. A callback that would bring more is answered HTTP 503, and nothing comes of it.
pub const CALLS_WAITING_MAX: usize = 10_000;
/// How an app answers that has too much to do.
const BUSY: NotifyOutcome = NotifyOutcome::Answered(503);

/// The apps that are simulated. An app without rules answers HTTP 200 and does nothing more by itself.
///
/// The owner gives it every callback ([`StubApps::callback`]) and makes the calls that are due ([`StubApps::due`]), also
/// at [`StubApps::next_wakeup`].
#[derive(Clone, Debug, Default)]
pub struct StubApps {
    apps: BTreeMap<AppId, StubApp>,
    /// Calls that wait, in the order of their time; calls of one time in the order of their making.
    waiting: VecDeque<(Timestamp, AppId, Request)>,
}

#[derive(Clone, Debug)]
struct StubApp {
    credentials: Credentials,
    rules: Vec<Rule>,
}

impl StubApps {
    /// Adds an app.
    pub fn add(&mut self, credentials: Credentials, rules: Vec<Rule>) {
        self.apps.insert(credentials.app, StubApp { credentials, rules });
    }

    /// Gives an app another key.
    pub fn rename_key(&mut self, app: AppId, api_key: &str) {
        if let Some(stub) = self.apps.get_mut(&app) {
            stub.credentials.api_key = api_key.to_owned();
        }
    }

    /// Takes an app away: a real one plays its part.
    pub fn remove(&mut self, app: AppId) {
        self.apps.remove(&app);
    }

    /// Whether the app is simulated.
    pub fn contains(&self, app: AppId) -> bool {
        self.apps.contains_key(&app)
    }

    /// Whether a callback to that URL is one that the app answers here: an app that has named another URL since then, as
    /// `admin.setAppProperties` can, is real there.
    pub fn answers_at(&self, app: AppId, url: &str) -> bool {
        self.apps.get(&app).is_some_and(|stub| {
            let Credentials {
                callback_url,
                authorize_url,
                uninstall_url,
                ..
            } = &stub.credentials;
            [callback_url, authorize_url, uninstall_url].contains(&&Some(url.to_owned()))
        })
    }

    /// Whether the app answers by rules.
    pub fn has_rules(&self, app: AppId) -> bool {
        self.apps.get(&app).is_some_and(|app| !app.rules.is_empty())
    }

    /// Gives an app its callback. None when the app is not simulated; otherwise how it answers HTTP, none when it never
    /// does. What it says to the user becomes due later, at the earliest at `now`.
    pub fn callback(
        &mut self,
        now: Timestamp,
        app: AppId,
        request: &CallbackRequest,
    ) -> Option<Option<NotifyOutcome>> {
        let stub = self.apps.get(&app)?;
        let field = |name: &str| {
            request
                .fields
                .iter()
                .find(|(field, _)| field == name)
                .map(|(_, value)| value.as_str())
        };
        let ok = Some(NotifyOutcome::Answered(200));
        if field("fb_sig_sms").is_none() {
            return Some(ok);
        }
        let text = field("fb_sig_message").unwrap_or_default();
        let Some(answer) = stub.rules.iter().find_map(|rule| Answer::by(rule, text)) else {
            return Some(ok);
        };
        if self.waiting.len() + answer.replies.len() > CALLS_WAITING_MAX {
            return Some(Some(BUSY));
        }
        let (user, session) = (
            field("fb_sig_user").unwrap_or_default(),
            field("fb_sig_sms_sid").unwrap_or_default(),
        );
        for reply in &answer.replies {
            let params = [
                ("uid", user),
                ("message", reply.as_str()),
                ("session_id", session),
            ];
            let request = rest::client::request(&stub.credentials, "sms.send", &params);
            push(&mut self.waiting, (now + answer.after, app, request));
        }
        Some(answer.outcome)
    }

    /// Takes the calls whose time has come, in order.
    pub fn due(&mut self, now: Timestamp) -> Vec<(AppId, Request)> {
        let count = self.waiting.partition_point(|(at, ..)| *at <= now);
        self.waiting
            .drain(..count)
            .map(|(_, app, request)| (app, request))
            .collect()
    }

    /// When the next call is due.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.waiting.front().map(|(at, ..)| *at)
    }
}

fn push(waiting: &mut VecDeque<(Timestamp, AppId, Request)>, call: (Timestamp, AppId, Request)) {
    let place = waiting.partition_point(|(at, ..)| *at <= call.0);
    waiting.insert(place, call);
}

/// What an app does about a text.
struct Answer {
    outcome: Option<NotifyOutcome>,
    after: Duration,
    replies: Vec<String>,
}

impl Answer {
    /// What the rule says about the text, if it is about it.
    fn by(rule: &Rule, text: &str) -> Option<Self> {
        let groups = match &rule.pattern {
            None => vec![text.to_owned()],
            Some(pattern) => Matcher::new(&pattern.node, |_| String::new()).groups(text)?,
        };
        let mut answer = Self {
            outcome: Some(NotifyOutcome::Answered(200)),
            after: Duration::ZERO,
            replies: Vec::new(),
        };
        for action in &rule.actions {
            match &action.node {
                Action::Reply(reply) => answer.replies.push(reply.filled(|piece| match piece {
                    Piece::Group(group) => groups.get(group).cloned().unwrap_or_default(),
                    Piece::Capture(_) | Piece::Literal(_) => String::new(),
                })),
                Action::After(dur) => answer.after = dur.duration(),
                Action::Http(status) => answer.outcome = Some(NotifyOutcome::Answered(*status)),
                Action::Hang => answer.outcome = None,
            }
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::{Decl, File};

    const RULES: &str = r#"app weather "Weather":
  on "94110"    reply "SF 58F fog"
  on /^(\d{2})(\d{3})$/  reply "No station near {0} ({2})", after 2s
  on ~"*slow*"  hang
  on "broken"   http 500
  on any        reply "Text: weather ZIP", reply "{0}?"
"#;

    fn stubs() -> StubApps {
        let file: File = crate::parse("a.sms", RULES).file;
        let Some(Decl::App { rules, .. }) = file.decls.first().map(|decl| &decl.node) else {
            panic!("an app")
        };
        let credentials = Credentials {
            app: AppId(1),
            name: "weather".to_owned(),
            api_key: "0289b21f46b2ee642d5c42145df5489f".to_owned(),
            secret: rest::Secret::new("secret").expect("a secret"),
            callback_url: None,
            authorize_url: None,
            uninstall_url: None,
            ip_list: Vec::new(),
        };
        let mut stubs = StubApps::default();
        stubs.add(credentials, rules.iter().map(|rule| rule.node.clone()).collect());
        stubs
    }

    fn callback(text: &str) -> CallbackRequest {
        let fields = [
            ("fb_sig_sms", "1"),
            ("fb_sig_user", "1001"),
            ("fb_sig_message", text),
            ("fb_sig_sms_sid", "7"),
        ];
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        CallbackRequest {
            url: String::new(),
            body: String::new(),
            fields,
            base_string: String::new(),
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let at = Timestamp::from_secs(100);
        for (text, outcome, replies, due_at) in [
            ("94110", Some(200), vec!["SF 58F fog"], 100),
            ("10001", Some(200), vec!["No station near 10001 (001)"], 102),
            ("a slow one", None, vec![], 100),
            ("broken", Some(500), vec![], 100),
            ("x", Some(200), vec!["Text: weather ZIP", "x?"], 100),
        ] {
            let mut stubs = stubs();
            let answered = stubs
                .callback(at, AppId(1), &callback(text))
                .expect("it is simulated");
            assert_eq!(answered, outcome.map(NotifyOutcome::Answered), "{text}");
            assert!(stubs.due(Timestamp::from_secs(due_at - 1)).is_empty(), "{text}");
            let calls = stubs.due(Timestamp::from_secs(due_at));
            let said: Vec<_> = calls
                .iter()
                .map(|(_, call)| {
                    call.params
                        .iter()
                        .find(|(name, _)| name == "message")
                        .map(|(_, value)| value.as_str())
                })
                .collect();
            assert_eq!(said, replies.into_iter().map(Some).collect::<Vec<_>>(), "{text}");
            assert_eq!(stubs.next_wakeup(), None);
        }
    }

    #[test]
    fn an_app_that_is_not_simulated_is_nobody_here() {
        assert_eq!(stubs().callback(Timestamp::EPOCH, AppId(2), &callback("x")), None);
        let ping = CallbackRequest {
            fields: Vec::new(),
            ..callback("")
        };
        let mut stubs = stubs();
        assert_eq!(
            stubs.callback(Timestamp::EPOCH, AppId(1), &ping),
            Some(Some(NotifyOutcome::Answered(200)))
        );
        assert_eq!(stubs.next_wakeup(), None);
    }

    #[test]
    fn an_app_with_too_many_calls_to_make_says_that_it_is_busy() {
        let mut stubs = stubs();
        let mut answered = |text: &str| {
            stubs
                .callback(Timestamp::EPOCH, AppId(1), &callback(text))
                .expect("it is simulated")
        };
        let ok = Some(NotifyOutcome::Answered(200));
        for _ in 0..CALLS_WAITING_MAX - 1 {
            assert_eq!(answered("94110"), ok);
        }
        assert_eq!(answered("x"), Some(BUSY), "its two calls have no room");
        assert_eq!(answered("94110"), ok);
        assert_eq!(answered("94110"), Some(BUSY));
        assert_eq!(
            answered("broken"),
            Some(NotifyOutcome::Answered(500)),
            "it brings no call"
        );
        assert_eq!(stubs.due(Timestamp::EPOCH).len(), CALLS_WAITING_MAX);
        let answered = stubs.callback(Timestamp::EPOCH, AppId(1), &callback("94110"));
        assert_eq!(answered, Some(ok));
    }
}
