//! Real apps in a scenario run: [`RealApps`] POSTs their callbacks, takes their calls, and waits on the machine's clock while
//! the world's stands still.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use rest::{CallbackRequest, Request, Response};
use scenario::FIRST_UID;
use scenario::outside::{Arrived, Outside, OutsideCall};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use world::io::CallbackId;

use crate::callback_client::CallbackClient;
use crate::clock::Stopwatch;
use crate::http;
use crate::http::metrics::Requests;
use crate::http::restserver::RestServer;
use crate::http::serve::Site;

/// How long an app must be silent behind a test in which it was called back.
const LATE_CALL_WAIT: Duration = Duration::from_millis(50);
/// How long late calls are listened to, and callbacks that are still out awaited, at most.
const LATE_CALLS_MAX: Duration = Duration::from_secs(1);
/// The accounts of one test begin at a multiple of this, past those of the tests before: people read the numbers.
const ACCOUNTS_STEP: u64 = 1_000;
/// Late calls that are told of one test, at most.
const LATE_CALLS_TOLD_MAX: u64 = 3;
/// Warnings that are kept until they are told, at most.
const WARNINGS_MAX: usize = 20;

/// What arrives from the tasks that do the I/O.
enum FromApp {
    /// The answer to a callback of that test.
    Answered(u64, Arrived),
    Called(Request, oneshot::Sender<Response>),
}

/// A way for HTTP handlers to bring a call into the run.
#[derive(Clone, Debug)]
pub struct CallSender(mpsc::Sender<FromApp>);

impl CallSender {
    /// Calls the API; none when the run is over.
    pub async fn api(&self, request: Request) -> Option<Response> {
        let (reply, response) = oneshot::channel();
        self.0.send(FromApp::Called(request, reply)).ok()?;
        response.await.ok()
    }
}

/// A test that is over. Apps may still speak of its users.
#[derive(Debug)]
struct EarlierTest {
    name: String,
    /// The accounts that were its own.
    accounts: Range<u64>,
    /// How many calls came too late for it.
    late_calls: u64,
}

impl std::fmt::Debug for FromApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FromApp")
    }
}

/// A way to real apps, with an HTTP server that their calls come to.
pub struct RealApps {
    runtime: Runtime,
    client: CallbackClient,
    sender: mpsc::Sender<FromApp>,
    arrivals: mpsc::Receiver<FromApp>,
    replies: BTreeMap<OutsideCall, oneshot::Sender<Response>>,
    next_call: u64,
    hold_max: Duration,
    /// Counts the tests: an answer to a callback of an earlier one means nothing to this one.
    test: u64,
    /// The accounts of this test's users.
    accounts: BTreeSet<u64>,
    /// The earlier tests.
    earlier: Vec<EarlierTest>,
    /// The name of this test, and the first of the accounts that are its own.
    name: String,
    first_account: u64,
    /// What is to be said of late calls.
    warnings: Vec<String>,
    /// Whether this test has called any app back.
    has_posted: bool,
    /// The callbacks that apps are still busy with, by test, with the key of the app.
    open: BTreeMap<(u64, CallbackId), String>,
    /// Where apps call.
    pub http: SocketAddr,
}

impl RealApps {
    /// Opens `http_port` on loopback (0 picks one). The clock is held for an app no longer than `hold_max`.
    pub fn open(http_port: u16, hold_max: Duration) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("cannot start the I/O runtime")?;
        let (sender, arrivals) = mpsc::channel();
        let listener = runtime
            .block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, http_port)))
            .with_context(|| format!("cannot open HTTP port {http_port}; give another with --http-port"))?;
        let http = listener.local_addr()?;
        let behind = http::Behind::Run(CallSender(sender.clone()));
        let site = Site {
            others: http::router(behind.clone()),
            rest: RestServer {
                behind,
                requests: Requests::default(),
            },
        };
        // It ends with the runtime.
        runtime.spawn(http::serve::serve(listener, site, std::future::pending()));
        Ok(Self {
            runtime,
            client: CallbackClient::new(hold_max),
            sender,
            arrivals,
            replies: BTreeMap::new(),
            next_call: 0,
            hold_max,
            test: 0,
            accounts: BTreeSet::new(),
            earlier: Vec::new(),
            name: String::new(),
            first_account: FIRST_UID,
            warnings: Vec::new(),
            has_posted: false,
            open: BTreeMap::new(),
            http,
        })
    }
}

impl RealApps {
    /// The first account that no test has had: users of the next test have those from there on, so that a call that is about
    /// an earlier test's user cannot be mistaken for one of the next's.
    pub fn next_accounts(&self) -> u64 {
        match self.test {
            0 => FIRST_UID,
            _ => self.own_accounts().end.next_multiple_of(ACCOUNTS_STEP) + FIRST_UID % ACCOUNTS_STEP,
        }
    }

    /// Where the accounts of this test lie that are not declared: numbers are given in order, past declared ones.
    fn own_accounts(&self) -> Range<u64> {
        self.first_account..self.first_account + self.accounts.len() as u64
    }

    /// Begins another test, whose users have those accounts, the ones of its own from `first` on: what is left of the last one
    /// is dropped, and its calls are refused. An app that was called back in the last test has a moment for what it still had
    /// to say, and for the rest of its answer. What comes later is told by its user, or else by the callback that its app is
    /// still busy with; of what names no user, or one whose `uid` is declared and thus the same in every test, from an app that
    /// has answered every callback, it cannot be told.
    pub fn begin_test(&mut self, name: &str, first: u64, accounts: BTreeSet<u64>) {
        self.replies.clear();
        let since = Stopwatch::start();
        while since.elapsed() < LATE_CALLS_MAX {
            match self.late_arrival() {
                Some(FromApp::Called(request, _)) => {
                    let earlier = self.late_for(&request);
                    self.tell_late(&request, earlier);
                }
                Some(FromApp::Answered(test, arrived)) => self.note_answer(test, &arrived),
                None if self.open.keys().any(|(test, _)| *test == self.test) => {}
                None => break,
            }
        }
        if self.test > 0 {
            self.earlier.push(EarlierTest {
                name: std::mem::take(&mut self.name),
                accounts: self.own_accounts(),
                late_calls: 0,
            });
        }
        self.test += 1;
        (self.name, self.first_account, self.accounts) = (name.to_owned(), first, accounts);
        self.has_posted = false;
    }

    fn late_arrival(&self) -> Option<FromApp> {
        match self.has_posted {
            true => self.arrivals.recv_timeout(LATE_CALL_WAIT).ok(),
            false => self.arrivals.try_recv().ok(),
        }
    }

    /// The earlier test that a call is about; none for what may be about this one.
    fn late_for(&self, request: &Request) -> Option<usize> {
        let accounts = accounts_named(&request.params);
        let is_earlier = |account: &u64| {
            let has_it = |test: &EarlierTest| test.accounts.contains(account);
            match self.accounts.contains(account) {
                true => None,
                false => self.earlier.iter().rposition(has_it),
            }
        };
        let own = self.own_accounts();
        match accounts.iter().find_map(is_earlier) {
            Some(earlier) => Some(earlier),
            None if accounts.iter().any(|account| own.contains(account)) => None,
            None => self.busy_with(request),
        }
    }

    /// The earlier test whose callback the calling app is still busy with, unless it is busy with one of this test.
    fn busy_with(&self, request: &Request) -> Option<usize> {
        let (_, key) = request.params.iter().find(|(name, _)| name == "api_key")?;
        let callbacks = self.open.iter().filter(|(_, app)| *app == key);
        let last = callbacks.map(|((test, _), _)| *test).max()?;
        // The first of the earlier tests is number 1.
        let place = usize::try_from(last.checked_sub(1)?).ok()?;
        (last < self.test && place < self.earlier.len()).then_some(place)
    }

    fn note_answer(&mut self, test: u64, arrived: &Arrived) {
        if let Arrived::Answered { callback, .. } = arrived {
            self.open.remove(&(test, *callback));
        }
    }

    /// Says that a call is refused, since its test is over: that earlier one, or else the last.
    fn tell_late(&mut self, request: &Request, earlier: Option<usize>) {
        let method = request.params.iter().find(|(name, _)| name == "method");
        let method = method
            .map_or("the API", |(_, method)| method.as_str())
            .escape_debug();
        let (name, told) = match earlier.and_then(|earlier| self.earlier.get_mut(earlier)) {
            Some(test) => {
                test.late_calls += 1;
                (test.name.as_str(), test.late_calls)
            }
            None => (self.name.as_str(), 1),
        };
        if self.test == 0 {
            self.warnings.push(format!(
                "warning: a real app called {method} before the first test began; it is refused"
            ));
        } else if told <= LATE_CALLS_TOLD_MAX {
            self.warnings.push(format!(
                "warning: a real app called {method} when its test was over; it is refused, and no other test sees it\n  \
                 = its test: {name}\n  = help: await the call with a line of that test, or let it last longer, for example \
                 by `wait 1s` with `--clock real`"
            ));
        }
        // Between two tests an app can say much.
        self.warnings.truncate(WARNINGS_MAX);
    }

    /// What is to be said since it was last asked for.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// What comes within that time.
    pub fn arrived_within(&mut self, wait: Duration) -> Option<Arrived> {
        let since = Stopwatch::start();
        loop {
            let left = wait.saturating_sub(since.elapsed());
            let arrived = self.arrivals.recv_timeout(left).ok()?;
            if let Some(arrived) = self.named(arrived) {
                return Some(arrived);
            }
        }
    }

    /// What arrived, with a name for a call until it is answered; none for what belongs to an earlier test.
    fn named(&mut self, arrived: FromApp) -> Option<Arrived> {
        match arrived {
            FromApp::Answered(test, arrived) => {
                self.note_answer(test, &arrived);
                (test == self.test).then_some(arrived)
            }
            FromApp::Called(request, reply) => {
                if let Some(earlier) = self.late_for(&request) {
                    self.tell_late(&request, Some(earlier));
                    return None;
                }
                self.next_call += 1;
                let call = OutsideCall(self.next_call);
                self.replies.insert(call, reply);
                Some(Arrived::Called { call, request })
            }
        }
    }
}

impl Outside for RealApps {
    fn post(&mut self, callback: CallbackId, request: &CallbackRequest) {
        let (client, sender, request) = (self.client.clone(), self.sender.clone(), request.clone());
        let test = self.test;
        self.has_posted = true;
        let key = request.fields.iter().find(|(name, _)| name == "fb_sig_api_key");
        let key = key.map_or_else(String::new, |(_, key)| key.clone());
        self.open.insert((test, callback), key);
        self.runtime.spawn(async move {
            let outcome = client.post(request).await.outcome();
            // Nobody listens any more when the run is over.
            let _ = sender.send(FromApp::Answered(test, Arrived::Answered { callback, outcome }));
        });
    }

    fn wait(&mut self) -> Option<Arrived> {
        // A little longer than the client waits, so that its own word about the app comes first.
        let wait = self.hold_max + Duration::from_millis(200);
        self.arrived_within(wait)
    }

    fn poll(&mut self) -> Option<Arrived> {
        loop {
            let arrived = self.arrivals.try_recv().ok()?;
            if let Some(arrived) = self.named(arrived) {
                return Some(arrived);
            }
        }
    }

    fn reply(&mut self, call: OutsideCall, response: &Response) {
        if let Some(reply) = self.replies.remove(&call) {
            // An app that hung up does not want it any more.
            let _ = reply.send(response.clone());
        }
    }
}

/// The accounts that a call is about: those of its parameters, the one that its session key ends with, and those of the calls
/// in it.
fn accounts_named(params: &[(String, String)]) -> Vec<u64> {
    let named = params.iter().flat_map(|(name, value)| match name.as_str() {
        "uid" | "uids" | "to_ids" | "recipient" | "recipients" => numbers(value).collect(),
        "session_key" => value
            .rsplit_once('-')
            .map_or_else(Vec::new, |(_, user)| numbers(user).collect()),
        // Each is a call with a signature of its own.
        "method_feed" => {
            let calls: Vec<String> = serde_json::from_str(value).unwrap_or_default();
            let params = calls
                .iter()
                .flat_map(|call| form_urlencoded::parse(call.as_bytes()).into_owned());
            // No call in it holds others.
            let params = params.filter(|(name, _)| name != "method_feed");
            accounts_named(&params.collect::<Vec<_>>())
        }
        _ => Vec::new(),
    });
    named.collect()
}

/// The numbers of a list, which is one with commas or, of some clients, JSON.
fn numbers(list: &str) -> impl Iterator<Item = u64> {
    let is_number = |c: char| c.is_ascii_digit();
    list.split(',')
        .filter_map(move |part| part.trim_matches(|c| !is_number(c)).parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(params: &[(&str, &str)]) -> Request {
        let params = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Request {
            params: params.collect(),
            peer: None,
        }
    }

    #[test]
    fn a_call_that_comes_between_tests_is_refused_and_reaches_no_other() {
        for has_posted in [false, true] {
            let mut apps = RealApps::open(0, Duration::from_secs(1)).expect("a port");
            apps.has_posted = has_posted;
            let (reply, mut response) = oneshot::channel();
            let request = call(&[("method", "sms.send")]);
            let sent = apps.sender.send(FromApp::Called(request, reply));
            assert!(sent.is_ok());
            apps.begin_test("one", FIRST_UID, BTreeSet::new());
            assert!(apps.poll().is_none());
            assert_eq!(response.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        }
    }

    #[test]
    fn late_calls_are_told_so_many_times_and_no_more() {
        let mut apps = RealApps::open(0, Duration::from_secs(1)).expect("a port");
        apps.begin_test("one", FIRST_UID, BTreeSet::from([FIRST_UID]));
        apps.begin_test("two", apps.next_accounts(), BTreeSet::new());
        let late = call(&[("method", "sms.\u{1b}[2J"), ("uid", &FIRST_UID.to_string())]);
        for _ in 0..=LATE_CALLS_TOLD_MAX {
            let earlier = apps.late_for(&late);
            apps.tell_late(&late, earlier);
        }
        let told = apps.take_warnings();
        assert_eq!(told.len() as u64, LATE_CALLS_TOLD_MAX);
        assert!(
            told[0].contains("= its test: one\n") && !told[0].contains('\u{1b}'),
            "{}",
            told[0]
        );
        for _ in 0..=WARNINGS_MAX {
            apps.tell_late(&late, None);
        }
        assert_eq!(apps.take_warnings().len(), WARNINGS_MAX);
    }

    #[test]
    fn a_call_about_an_earlier_tests_user_is_refused_whenever_it_comes() {
        let mut apps = RealApps::open(0, Duration::from_secs(1)).expect("a port");
        let begin = |apps: &mut RealApps, name: &str| {
            let first = apps.next_accounts();
            // One of them is declared: it is the same in every test.
            let accounts = BTreeSet::from([first, first + 1, 7]);
            apps.begin_test(name, first, accounts);
            first
        };
        let (one, two) = (begin(&mut apps, "one"), begin(&mut apps, "two"));
        assert!(two > one + 1);
        let three = begin(&mut apps, "three");
        let own = |first: u64| first.to_string();
        for (params, reaches) in [
            (vec![("uid", own(three))], true),
            (vec![("uid", own(one))], false),
            (vec![("uid", own(two + 1))], false),
            (vec![("uids", format!("{three}, {two}"))], false),
            (vec![("session_key", format!("0123abc-{one}"))], false),
            (vec![("session_key", format!("0123abc-{three}"))], true),
            (vec![("to_ids", format!("[\"{one}\"]"))], false),
            (vec![("recipient", own(two))], false),
            (
                vec![(
                    "method_feed",
                    format!("[\"method=a\",\"method=sms.send&uid={one}\"]"),
                )],
                false,
            ),
            (
                vec![("method_feed", format!("[\"method=sms.send&uid={three}\"]"))],
                true,
            ),
            (vec![("uid", own(7))], true),
            (vec![("uid", own(999_999))], true),
            (vec![], true),
        ] {
            let params: Vec<(&str, &str)> = params
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let (reply, mut response) = oneshot::channel();
            assert!(apps.sender.send(FromApp::Called(call(&params), reply)).is_ok());
            assert_eq!(apps.poll().is_some(), reaches, "{params:?}");
            let refused = response.try_recv() == Err(oneshot::error::TryRecvError::Closed);
            assert_eq!(refused, !reaches, "{params:?}");
        }
        assert_eq!(
            apps.earlier
                .iter()
                .map(|test| test.late_calls)
                .collect::<Vec<_>>(),
            [4, 3]
        );
    }

    #[test]
    fn what_an_app_says_that_is_still_busy_with_an_earlier_test_is_about_that() {
        let mut apps = RealApps::open(0, Duration::from_secs(1)).expect("a port");
        apps.begin_test("one", FIRST_UID, BTreeSet::from([7]));
        apps.open.insert((1, CallbackId(1)), "quiz".to_owned());
        // Nothing ends the callback, so that this waits as long as is ever waited.
        apps.begin_test("two", apps.next_accounts(), BTreeSet::from([7, 8]));
        let from = |key: &str, uid: Option<&str>| {
            let uid = uid.map(|uid| ("uid", uid));
            call(&[("api_key", key)].into_iter().chain(uid).collect::<Vec<_>>())
        };
        assert_eq!(apps.late_for(&from("quiz", None)), Some(0));
        assert_eq!(
            apps.late_for(&from("quiz", Some("7"))),
            Some(0),
            "the same in both"
        );
        assert_eq!(apps.late_for(&from("news", None)), None, "another app");
        apps.open.insert((2, CallbackId(1)), "quiz".to_owned());
        assert_eq!(
            apps.late_for(&from("quiz", None)),
            None,
            "it is busy with this test"
        );
        apps.open.remove(&(2, CallbackId(1)));
        let answered = Arrived::Answered {
            callback: CallbackId(1),
            outcome: platform::NotifyOutcome::Answered(200),
        };
        assert!(apps.sender.send(FromApp::Answered(1, answered)).is_ok());
        assert!(apps.poll().is_none(), "the answer means nothing to this test");
        assert_eq!(
            apps.late_for(&from("quiz", None)),
            None,
            "it is busy with nothing"
        );
    }
}
