//! Signed `sms.send` calls over HTTP/1.1: [`run`].
//!
//! Connections are kept alive and carry one call at a time, as HTTP clients of apps do. The calls are signed beforehand, and
//! only what counting needs is read of an answer, so that the measuring costs less than what it measures.

pub mod baseline;
pub mod compare;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use rest::{Credentials, client};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::histogram::Histogram;
use super::outcome::{Quantiles, per_second};
use super::schedule::{Pace, Schedule};
use crate::clock::Stopwatch;

/// Calls that are signed beforehand; they are made again and again.
const CALLS_SIGNED: u64 = 1_000;
/// How often an open loop looks at its schedule.
const OPEN_LOOP_TICK: Duration = Duration::from_micros(200);
/// The longest answer that is read.
const ANSWER_OCTETS_MAX: usize = 64 << 10;

/// What is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where to, `host:port`.
    pub target: String,
    /// Who calls.
    pub credentials: Credentials,
    /// The first user who is texted.
    pub first_uid: u64,
    /// How many users, one after the other.
    pub users: u64,
    /// The text.
    pub message: String,
    /// How many connections.
    pub connections: usize,
    /// How many calls, how long, how fast.
    pub pace: Pace,
    /// How long an answer may take.
    pub patience: Duration,
}

/// What came of the calls, as one JSON line.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Where to.
    pub target: String,
    /// How many connections.
    pub connections: usize,
    /// Calls a second that were meant; null in a closed loop.
    pub rate: Option<f64>,
    /// Calls that were answered, by what was said: `ok`, or the `error_code`.
    pub answers: BTreeMap<String, u64>,
    /// Connections that ended before their time, and why.
    pub lost_connections: Vec<String>,
    /// From the first call to the last answer.
    pub seconds: f64,
    /// Answers a second.
    pub calls_per_second: f64,
    /// From the time a call was made, or in an open loop was meant to be, to its answer; in microseconds.
    pub latency_us: Quantiles,
}

impl Outcome {
    /// Whether no connection was lost.
    pub fn is_whole(&self) -> bool {
        self.lost_connections.is_empty()
    }
}

/// What one connection has seen.
#[derive(Debug, Default)]
struct Seen {
    answers: BTreeMap<String, u64>,
    latency_us: Histogram,
    last_at: Duration,
    ended: Option<String>,
}

/// Does what the plan says.
///
/// # Errors
///
/// When a connection cannot be made.
pub async fn run(plan: &Plan) -> anyhow::Result<Outcome> {
    let calls: std::sync::Arc<[Vec<u8>]> = signed(plan).into();
    let schedule = std::sync::Arc::new(Schedule::new(plan.pace, plan.connections));
    let mut streams = Vec::new();
    for _ in 0..plan.connections {
        let stream = TcpStream::connect(&plan.target).await;
        let stream = stream.with_context(|| format!("cannot connect to {}", plan.target))?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let watch = Stopwatch::start();
    let mut tasks = JoinSet::new();
    for (index, stream) in streams.into_iter().enumerate() {
        let (calls, schedule, patience) = (calls.clone(), schedule.clone(), plan.patience);
        tasks.spawn(async move {
            let mut seen = Seen::default();
            let caller = Caller {
                index,
                stream,
                calls: &calls,
                schedule: &schedule,
                watch,
                patience,
            };
            let ended = caller.call_all(&mut seen).await;
            seen.ended = ended.err().map(|error| error.to_string());
            seen
        });
    }
    let (mut answers, mut latency_us) = (BTreeMap::new(), Histogram::default());
    let (mut last_at, mut lost_connections) = (Duration::ZERO, Vec::new());
    while let Some(seen) = tasks.join_next().await {
        let seen = seen.context("a connection's task broke off")?;
        for (answer, count) in seen.answers {
            *answers.entry(answer).or_default() += count;
        }
        latency_us.add(&seen.latency_us);
        last_at = last_at.max(seen.last_at);
        lost_connections.extend(seen.ended);
    }
    Ok(Outcome {
        target: plan.target.clone(),
        connections: plan.connections,
        rate: plan.pace.rate,
        calls_per_second: per_second(answers.values().sum(), last_at),
        answers,
        lost_connections,
        seconds: last_at.as_secs_f64(),
        latency_us: Quantiles::of(&latency_us),
    })
}

/// The octets of the calls.
fn signed(plan: &Plan) -> Vec<Vec<u8>> {
    (0..plan.users.clamp(1, CALLS_SIGNED))
        .map(|nth| {
            let uid = (plan.first_uid + nth).to_string();
            let params = [("uid", uid.as_str()), ("message", plan.message.as_str()), ("format", "json")];
            let request = client::request(&plan.credentials, "sms.send", &params);
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.params).finish();
            format!(
                "POST /restserver.php HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                plan.target,
                body.len()
            )
            .into_bytes()
        })
        .collect()
}

/// One connection.
struct Caller<'a> {
    index: usize,
    stream: TcpStream,
    calls: &'a [Vec<u8>],
    schedule: &'a Schedule,
    watch: Stopwatch,
    patience: Duration,
}

impl Caller<'_> {
    async fn call_all(mut self, seen: &mut Seen) -> anyhow::Result<()> {
        let patience = self.patience;
        let (mut sent, mut octets) = (0, Vec::with_capacity(4_096));
        while !self.schedule.is_over(self.watch.elapsed(), self.index, sent) {
            let due = self
                .schedule
                .take(self.watch.elapsed(), self.index, sent, 1)
                .next();
            let Some((nth, since)) = due else {
                tokio::time::sleep(OPEN_LOOP_TICK).await;
                continue;
            };
            let call = &self.calls[(nth % self.calls.len() as u64) as usize];
            self.stream.write_all(call).await?;
            let answered = self.answer(&mut octets);
            let answer = tokio::time::timeout(patience, answered).await;
            let answer = answer.context("no answer in time")??;
            sent += 1;
            seen.last_at = self.watch.elapsed();
            let latency = seen.last_at.saturating_sub(since);
            seen.latency_us
                .record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            *seen.answers.entry(answer).or_default() += 1;
        }
        Ok(())
    }

    /// Reads one answer and says what it is.
    async fn answer(&mut self, octets: &mut Vec<u8>) -> anyhow::Result<String> {
        octets.clear();
        loop {
            anyhow::ensure!(octets.len() < ANSWER_OCTETS_MAX, "an answer is too long");
            anyhow::ensure!(
                self.stream.read_buf(octets).await? > 0,
                "the server closed the connection"
            );
            if let Some(body) = whole_body(octets)? {
                return Ok(told(body));
            }
        }
    }
}

/// The body of an answer, when all of it is there.
fn whole_body(octets: &[u8]) -> anyhow::Result<Option<&str>> {
    let Some(end) = octets.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&octets[..end]).context("an answer's head is no text")?;
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length
        .and_then(|(_, value)| value.trim().parse().ok())
        .context("an answer without Content-Length")?;
    let body = &octets[end + 4..];
    if body.len() < length {
        return Ok(None);
    }
    anyhow::ensure!(
        head.starts_with("HTTP/1.1 200"),
        "{}",
        head.lines().next().unwrap_or_default()
    );
    Ok(Some(std::str::from_utf8(body).context("an answer is no text")?))
}

/// `ok`, or the number of the error.
fn told(body: &str) -> String {
    match body.strip_prefix("{\"error_code\":") {
        None => "ok".to_owned(),
        Some(rest) => rest.chars().take_while(char::is_ascii_digit).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_all_of_it_is_there() {
        let answer = "HTTP/1.1 200 OK\r\ncontent-type: x\r\nContent-Length: 4\r\n\r\n1234";
        for cut in 0..answer.len() {
            assert_eq!(
                whole_body(&answer.as_bytes()[..cut]).expect("no fault yet"),
                None,
                "{cut}"
            );
        }
        assert_eq!(whole_body(answer.as_bytes()).expect("whole"), Some("1234"));
        for bad in [
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        ] {
            assert!(whole_body(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_error_is_counted_by_its_number() {
        let error = r#"{"error_code":854,"error_msg":"Over application daily sms quota/rate limit."}"#;
        assert_eq!(
            (told("0").as_str(), told("17").as_str(), told(error).as_str()),
            ("ok", "ok", "854")
        );
    }
}
