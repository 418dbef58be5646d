//! A load: connections that submit, wait for receipts, ask after the rest, and unbind.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sms::Address;
use tokio::task::JoinSet;
use tokio::time::interval;

use super::Destinations;
use super::connection::{Connection, Load, bind};
use super::ledger::Ledger;
use super::outcome::Outcome;
use super::schedule::{Pace, Schedule};
use super::wire::SubmitTemplate;
use crate::clock::Stopwatch;

/// How often it is looked whether a phase is over.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// How often a line of progress is written.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);
/// How often an open loop looks at its schedule.
const OPEN_LOOP_TICK: Duration = Duration::from_micros(200);
/// How long the message centre has to answer an unbind.
const UNBIND_TIMEOUT: Duration = Duration::from_secs(2);

/// What is done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where to, `host:port`.
    pub target: String,
    /// Who binds.
    pub system_id: String,
    /// With which password.
    pub password: String,
    /// How many connections.
    pub connections: usize,
    /// Requests that may wait for their response on each.
    pub window: usize,
    /// How many messages, how long, how fast.
    pub pace: Pace,
    /// Whether receipts are asked for and waited for.
    pub receipts: bool,
    /// Whether messages without a receipt are asked after at the end.
    pub check: bool,
    /// The text.
    pub text: String,
    /// From.
    pub source: Address,
    /// To.
    pub destinations: Destinations,
    /// How long nothing may come that is waited for.
    pub patience: Duration,
}

/// Does what the plan says.
///
/// # Errors
///
/// When a connection cannot be made or bound.
pub async fn run(plan: &Plan) -> anyhow::Result<Outcome> {
    let mut streams = Vec::new();
    for _ in 0..plan.connections {
        streams.push(bind(&plan.target, &plan.system_id, &plan.password).await?);
    }
    let load = Arc::new(Load {
        schedule: Schedule::new(plan.pace, plan.connections),
        template: SubmitTemplate::new(plan.source.clone(), plan.destinations, &plan.text, plan.receipts),
        source: plan.source.clone(),
        window: plan.window,
        watch: Stopwatch::start(),
        ledger: Ledger::new(plan.receipts).into(),
    });
    let connections: Vec<_> = (0..plan.connections)
        .map(|index| Arc::new(Connection::new(index)))
        .collect();
    let mut tasks = JoinSet::new();
    for (connection, (stream, read)) in connections.iter().zip(streams) {
        let (connection, load) = (Arc::clone(connection), Arc::clone(&load));
        tasks.spawn(async move { connection.run(&load, stream, read).await });
    }
    let running = Running {
        plan,
        load: &load,
        connections: &connections,
    };
    running.submit().await;
    running.wait_for_receipts().await;
    running.check().await;
    let lost_connections = connections
        .iter()
        .filter_map(|connection| connection.ended())
        .collect();
    for connection in &connections {
        connection.unbind();
    }
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    // Who does not answer an unbind is left.
    let _ = tokio::time::timeout(UNBIND_TIMEOUT, all_ended).await;
    let submitted = connections.iter().map(|connection| connection.sent()).sum();
    Ok(Outcome::new(submitted, plan, &load.ledger(), lost_connections))
}

/// A load that is under way.
struct Running<'a> {
    plan: &'a Plan,
    load: &'a Load,
    connections: &'a [Arc<Connection>],
}

impl Running<'_> {
    /// Waits until everything is sent and answered, or nothing is answered any more.
    async fn submit(&self) {
        let pacing = self.plan.pace.rate.map(|_| Pacing::start(self.connections));
        self.wait(
            || self.load.ledger().responses(),
            || {
                self.connections
                    .iter()
                    .any(|connection| connection.outstanding() > 0)
            },
            || self.all_over(),
        )
        .await;
        drop(pacing);
    }

    /// Waits until every accepted message has its receipt, or none comes any more.
    async fn wait_for_receipts(&self) {
        if self.plan.receipts {
            self.wait(
                || self.load.ledger().reported(),
                || true,
                || self.load.ledger().unreported() == 0 || self.live().next().is_none(),
            )
            .await;
        }
    }

    /// Asks after messages that may still be stored, and waits for the answers.
    async fn check(&self) {
        let ids = self.load.ledger().to_check();
        let Some(connection) = self.live().next().filter(|_| self.plan.check && !ids.is_empty()) else {
            return;
        };
        connection.check(ids);
        self.wait(
            || {
                let ledger = self.load.ledger();
                ledger.checked.stored() + ledger.checked.over() + ledger.checked.unknown
            },
            || true,
            || connection.has_checked(),
        )
        .await;
    }

    fn live(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.connections
            .iter()
            .filter(|connection| connection.ended().is_none())
    }

    fn all_over(&self) -> bool {
        self.connections
            .iter()
            .all(|connection| connection.is_over(self.load))
    }

    /// Waits until `is_over`, or until `progress` has stood still for as long as patience lasts while something is
    /// `awaited`.
    async fn wait(&self, progress: impl Fn() -> u64, awaited: impl Fn() -> bool, is_over: impl Fn() -> bool) {
        let mut looks = interval(LOOK_EVERY);
        let (mut last, mut since, mut shown) = (progress(), Stopwatch::start(), Stopwatch::start());
        while !is_over() {
            looks.tick().await;
            let count = progress();
            if count != last || !awaited() {
                (last, since) = (count, Stopwatch::start());
            } else if since.elapsed() >= self.plan.patience {
                break;
            }
            if shown.elapsed() >= PROGRESS_EVERY {
                self.show();
                shown = Stopwatch::start();
            }
        }
    }

    /// One line that is overwritten, for someone who watches.
    fn show(&self) {
        let mut stderr = std::io::stderr().lock();
        if stderr.is_terminal() {
            let ledger = self.load.ledger();
            let seconds = self.load.watch.elapsed().as_secs_f64();
            // Nobody is there to be told that the terminal is gone.
            let _ = write!(
                stderr,
                "\r{seconds:6.1} s  {} answered, {} receipts\x1b[K{}",
                ledger.responses(),
                ledger.reported(),
                if self.all_over() { "\n" } else { "" }
            );
        }
    }
}

/// Wakes the connections of an open loop more often than the I/O runtime's timers can, whose ticks are a millisecond.
struct Pacing(Arc<AtomicBool>);

impl Pacing {
    #[expect(
        clippy::disallowed_methods,
        reason = "a load generator waits, and a thread waits more exactly than a task"
    )]
    fn start(connections: &[Arc<Connection>]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let (connections, stop) = (connections.to_vec(), Arc::clone(&over));
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(OPEN_LOOP_TICK);
                connections.iter().for_each(|connection| connection.wake());
            }
        });
        Self(over)
    }
}

impl Drop for Pacing {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::baseline;
    use bytes::BytesMut;
    use smpp::{BindResp, Command, Frame, Framer, MessageIdResp, Pdu, QuerySmResp, Status};
    use sms::MessageState;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn baseline(receipts: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let target = listener.local_addr().expect("bound").to_string();
        tokio::spawn(baseline::serve(listener, receipts));
        target
    }

    fn plan(target: String, receipts: bool, rate: Option<f64>) -> Plan {
        Plan {
            target,
            system_id: "bench".to_owned(),
            password: "bench".to_owned(),
            connections: 3,
            window: 10,
            pace: Pace {
                messages: 1_000,
                duration: Duration::from_secs(60),
                rate,
            },
            receipts,
            check: true,
            text: "hello".to_owned(),
            source: sms::ShortCode::new(32_665).expect("a code").address(),
            destinations: "+14155560000..+14155560009".parse().expect("a range"),
            patience: Duration::from_millis(500),
        }
    }

    #[tokio::test]
    async fn every_message_is_accounted_for() {
        for rate in [None, Some(20_000.0)] {
            let outcome = run(&plan(baseline(true).await, true, rate)).await.expect("bound");
            assert!(outcome.is_whole(), "{outcome:?}");
            assert_eq!((outcome.submitted, outcome.accepted), (1_000, 1_000));
            assert_eq!(outcome.receipts.get("DELIVRD"), Some(&1_000));
            assert_eq!((outcome.checked, outcome.unchecked), (0, 0));
        }
    }

    #[tokio::test]
    async fn a_receipt_that_never_comes_is_found_missing() {
        let outcome = run(&plan(baseline(false).await, true, None))
            .await
            .expect("bound");
        assert_eq!((outcome.accepted, outcome.receipts_missing), (1_000, 1_000));
        assert!(!outcome.is_whole());
    }

    /// A message centre that never answers a tenth of what it is sent, and has forgotten another.
    async fn forgetful() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let target = listener.local_addr().expect("bound").to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut framer, mut read, mut submits) = (Framer::default(), BytesMut::new(), 0_u32);
                    while stream.read_buf(&mut read).await.is_ok_and(|octets| octets > 0) {
                        framer.feed(&read.split());
                        while let Some(Frame::Pdu { command, .. }) = framer.next_frame() {
                            submits += u32::from(matches!(command.pdu, Pdu::SubmitSm(_)));
                            if let Some(answer) = forgetful_answer(command, submits) {
                                let _ = stream.write_all(&smpp::encode(&answer)).await;
                            }
                        }
                    }
                });
            }
        });
        target
    }

    fn forgetful_answer(request: Command, submits: u32) -> Option<Command> {
        let (status, pdu) = match request.pdu {
            Pdu::Bind(bind) => (
                Status::ESME_ROK,
                Pdu::BindResp(BindResp::new(bind.kind, "forgetful", None)),
            ),
            Pdu::SubmitSm(_) if submits.is_multiple_of(10) => return None,
            Pdu::SubmitSm(_) => (
                Status::ESME_ROK,
                Pdu::SubmitSmResp(MessageIdResp::new(&submits.to_string())),
            ),
            Pdu::QuerySm(query) if query.message_id.ends_with('1') => {
                (Status::ESME_RINVMSGID, Pdu::QuerySmResp(QuerySmResp::default()))
            }
            Pdu::QuerySm(query) => {
                let resp = QuerySmResp {
                    message_id: query.message_id,
                    message_state: MessageState::Delivered.code(),
                    ..QuerySmResp::default()
                };
                (Status::ESME_ROK, Pdu::QuerySmResp(resp))
            }
            _ => return None,
        };
        Some(Command {
            status,
            sequence_number: request.sequence_number,
            pdu,
        })
    }

    #[tokio::test]
    async fn a_window_full_of_what_is_never_answered_leaves_room_for_the_questions_at_the_end() {
        let mut plan = plan(forgetful().await, false, None);
        plan.connections = 1;
        let outcome = run(&plan).await.expect("bound");
        assert_eq!(
            (outcome.submitted, outcome.accepted, outcome.unanswered),
            (100, 90, 10)
        );
        assert_eq!((outcome.checked, outcome.unchecked, outcome.lost), (90, 0, 10));
        assert!(!outcome.is_whole());
    }

    #[tokio::test]
    async fn where_nobody_listens_nothing_is_measured() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let target = listener.local_addr().expect("bound").to_string();
        drop(listener);
        assert!(run(&plan(target, false, None)).await.is_err());
    }
}
