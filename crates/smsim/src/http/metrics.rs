//! `/metrics`: what Prometheus reads, in the text form of OpenMetrics 1.0.

use std::collections::BTreeMap;
use std::fmt::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};
use serde::Serialize;
use smpp::Status;
use sms::MessageState;
use world::World;

use crate::clock::Stopwatch;
use crate::engine::EngineHandle;
use crate::observer::Observed;
use crate::observer::histogram::Histogram;
use crate::smpp_listener::admission::{Admission, HandshakeFailure, Refusal};

/// What the page is made from.
#[derive(Clone, Debug)]
struct Metrics {
    engine: EngineHandle,
    admission: Admission,
    requests: Requests,
}

/// How long requests took, by path and status.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Mutex<BTreeMap<String, BTreeMap<u16, Histogram>>>>);

impl Requests {
    /// Counts a request.
    pub fn observe(&self, path: &str, status: StatusCode, took: Duration) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let by_status = match requests.get_mut(path) {
            Some(by_status) => by_status,
            None => requests.entry(path.to_owned()).or_default(),
        };
        by_status.entry(status.as_u16()).or_default().observe(took);
    }
}

/// The page, and around `app` what times its requests.
pub fn with_metrics(app: Router, requests: Requests, engine: EngineHandle, admission: Admission) -> Router {
    let metrics = Metrics {
        engine,
        admission,
        requests: requests.clone(),
    };
    app.route_layer(middleware::from_fn_with_state(requests, time))
        .merge(Router::new().route("/metrics", get(page)).with_state(metrics))
}

/// Times a request by the wall clock. Only paths that the server has are told apart.
async fn time(
    State(requests): State<Requests>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let stopwatch = Stopwatch::start();
    let response = next.run(request).await;
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    requests.observe(path, response.status(), stopwatch.elapsed());
    response
}

async fn page(State(metrics): State<Metrics>) -> Response {
    let stopwatch = Stopwatch::start();
    let observed = metrics.engine.observed().clone();
    let look = move |world: &World| {
        observed.lock().follow(world);
        Depths::of(world)
    };
    let Some(depths) = metrics.engine.look(look).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    };
    let turn_s = stopwatch.elapsed().as_secs_f64();
    let mut registry = Registry::with_prefix("smsim");
    registry.register_collector(Box::new(Seen {
        depths,
        turn_s,
        inbox: metrics.engine.waiting(),
        observed: metrics.engine.observed().clone(),
        admission: metrics.admission,
        requests: metrics.requests,
    }));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(Error) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the metrics cannot be written\n",
        )
            .into_response(),
    }
}

/// How much waits in a world.
#[derive(Debug)]
struct Depths {
    by_carrier: Vec<(String, u64)>,
    by_account: Vec<(String, u64)>,
    callbacks: u64,
    records: u64,
    records_kept: u64,
}

impl Depths {
    fn of(world: &World) -> Self {
        let smsc = world.smsc();
        let carriers = smsc.carriers().map(|carrier| carrier.name.to_string());
        let accounts = smsc.accounts().map(|account| account.system_id.to_string());
        Self {
            by_carrier: carriers
                .map(|name| (name.clone(), smsc.queue_len(&name) as u64))
                .collect(),
            by_account: accounts
                .map(|name| (name.clone(), smsc.waiting(&name) as u64))
                .collect(),
            callbacks: world.callbacks_under_way().count() as u64,
            records: world.next_record(),
            records_kept: world.records_since(0).len() as u64,
        }
    }
}

/// Everything that the page tells.
#[derive(Debug)]
struct Seen {
    depths: Depths,
    turn_s: f64,
    inbox: u64,
    observed: Observed,
    admission: Admission,
    requests: Requests,
}

impl prometheus_client::collector::Collector for Seen {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut page = Page(encoder);
        page.info("build", "The program", &[("version", env!("CARGO_PKG_VERSION"))])?;
        self.encode_links(&mut page)?;
        self.encode_messages(&mut page)?;
        self.encode_apps(&mut page)?;
        self.encode_engine(&mut page)
    }
}

impl Seen {
    fn encode_links(&self, page: &mut Page<'_>) -> Result<(), Error> {
        let seen = self.observed.lock();
        let pdus = seen.tally.pdus().map(|(way, name, status, count)| {
            let link = if way.own { "platform" } else { "esme" };
            let direction = if way.to_smsc { "to_smsc" } else { "to_esme" };
            let labels = [
                ("link", link.to_owned()),
                ("direction", direction.to_owned()),
                ("type", name.to_owned()),
                ("status", Status(status).to_string()),
            ];
            (labels, count)
        });
        page.counters("pdus", "PDUs on SMPP links", pdus)?;
        let binds = seen
            .tally
            .binds
            .iter()
            .map(|((system_id, kind), count)| (bind_labels(system_id, kind), *count));
        page.counters("binds", "Binds that were accepted", binds)?;
        let refused = seen
            .tally
            .binds_refused
            .iter()
            .map(|(reason, count)| ([("reason", word(reason))], *count));
        page.counters("binds_refused", "Binds that were refused", refused)?;
        let bound = seen.sessions.bound();
        let bound = bound
            .iter()
            .map(|((system_id, kind), count)| (bind_labels(system_id, kind), *count));
        page.gauges("sessions_bound", "SMPP sessions that are bound", bound)?;
        page.gauges(
            "sessions_unbound",
            "Connections that have not bound",
            [([], seen.sessions.unbound())],
        )?;
        let closed = seen
            .tally
            .links_closed
            .iter()
            .map(|(reason, count)| ([("reason", word(reason))], *count));
        page.counters("links_closed", "SMPP links that ended", closed)?;
        let turned_away = Refusal::ALL.map(|refusal| {
            (
                [("reason", refusal.word().to_owned())],
                self.admission.refused(refusal),
            )
        });
        page.counters(
            "connections_refused",
            "SMPP connections that were not let in",
            turned_away,
        )?;
        let handshakes = HandshakeFailure::ALL.map(|failure| {
            (
                [("reason", failure.word().to_owned())],
                self.admission.handshakes_failed(failure),
            )
        });
        page.counters(
            "tls_handshakes_failed",
            "TLS handshakes of SMPP connections that came to nothing",
            handshakes,
        )?;
        let help = "From submit_sm to its response, in the world's time";
        page.histograms("submit_response", help, [([], &seen.tally.response)])
    }

    fn encode_messages(&self, page: &mut Page<'_>) -> Result<(), Error> {
        let seen = self.observed.lock();
        let accepted = seen
            .tally
            .accepted
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(carrier, count)| ([("carrier", carrier.to_string())], *count));
        page.counters(
            "messages_accepted",
            "Messages that the message centre took",
            accepted,
        )?;
        let finished = MessageState::ALL
            .into_iter()
            .zip(seen.tally.finished)
            .filter(|(_, count)| *count > 0);
        let finished = finished.map(|(state, count)| ([("state", word(&state))], count));
        page.counters(
            "messages_finished",
            "Messages that reached their final state",
            finished,
        )?;
        let failed = seen
            .tally
            .attempts_failed
            .iter()
            .map(|(cause, count)| ([("cause", cause.name().to_owned())], *count));
        page.counters("attempts_failed", "Attempts at delivery that failed", failed)?;
        let held = self
            .depths
            .by_carrier
            .iter()
            .map(|(carrier, held)| ([("carrier", carrier.clone())], *held));
        page.gauges(
            "messages_waiting",
            "Messages that wait for the carrier's handsets",
            held,
        )?;
        let waiting = self
            .depths
            .by_account
            .iter()
            .map(|(account, count)| ([("system_id", account.clone())], *count));
        page.gauges(
            "esme_waiting",
            "Texts from handsets and receipts that wait for an ESME",
            waiting,
        )?;
        page.histograms(
            "delivery",
            "From acceptance to delivery, in the world's time",
            [([], &seen.tally.delivery)],
        )?;
        let help = "From acceptance to the sending of the receipt, in the world's time";
        page.histograms("receipt", help, [([], &seen.tally.receipt)])
    }

    fn encode_apps(&self, page: &mut Page<'_>) -> Result<(), Error> {
        let seen = self.observed.lock();
        let calls = seen.tally.calls.iter().map(|((method, error_code), count)| {
            (
                [
                    ("method", (*method).to_owned()),
                    ("error_code", error_code.to_string()),
                ],
                *count,
            )
        });
        page.counters(
            "api_calls",
            "Calls of the REST API; error_code 0 is success",
            calls,
        )?;
        page.histograms(
            "api_call",
            "From a call to its answer, in the world's time",
            [([], &seen.tally.call)],
        )?;
        let callbacks = seen
            .tally
            .callbacks
            .iter()
            .map(|(outcome, count)| ([("outcome", (*outcome).to_owned())], *count));
        page.counters("callbacks", "Callbacks to apps that ended", callbacks)?;
        page.gauges(
            "callbacks_in_flight",
            "Callbacks that no app has answered yet",
            [([], self.depths.callbacks)],
        )?;
        page.histograms(
            "callback",
            "From a callback to the app's answer",
            [([], &seen.tally.callback)],
        )?;
        let requests = self.requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = requests.iter().flat_map(|(path, by_status)| {
            let labels = |status: &u16| [("path", path.clone()), ("status", status.to_string())];
            by_status.iter().map(move |(status, took)| (labels(status), took))
        });
        page.histograms("http_request", "HTTP requests, by the wall clock", requests)
    }

    fn encode_engine(&self, page: &mut Page<'_>) -> Result<(), Error> {
        page.gauges(
            "engine_inbox",
            "Messages that wait for the world",
            [([], self.inbox)],
        )?;
        let encoder = page.0.encode_descriptor(
            "engine_turn",
            "How long this page waited for the world",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        );
        encoder?.encode_gauge(&self.turn_s)?;
        page.counters("records", "Records of what happened", [([], self.depths.records)])?;
        let dropped = self.depths.records - self.depths.records_kept;
        page.counters(
            "records_dropped",
            "Records that the ring has turned out",
            [([], dropped)],
        )?;
        let unseen = self.observed.lock().unseen;
        page.counters(
            "records_uncounted",
            "Records that were turned out before they were counted here",
            [([], unseen)],
        )
    }
}

fn bind_labels(system_id: &str, kind: &str) -> [(&'static str, String); 2] {
    [("system_id", system_id.to_owned()), ("bind", kind.to_owned())]
}

/// The word that records have for a state or a reason.
fn word(what: &impl Serialize) -> String {
    match serde_json::to_value(what) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(error) => error.to_string(),
    }
}

/// The labels of a metric; a metric without any has one value.
struct Labels<'a, const N: usize>(&'a [(&'static str, String); N]);

impl<const N: usize> EncodeLabelSet for Labels<'_, N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        self.0.as_slice().encode(encoder)
    }
}

/// Writes families of metrics.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn info(
        &mut self,
        name: &str,
        help: &str,
        labels: &[(&'static str, &'static str); 1],
    ) -> Result<(), Error> {
        self.0
            .encode_descriptor(name, help, None, MetricType::Info)?
            .encode_info(labels)
    }

    fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        counts: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> Result<(), Error> {
        self.family(name, help, None, MetricType::Counter, counts, |encoder, count| {
            encoder.encode_counter::<NoLabelSet, u64, f64>(&count, None::<&Exemplar<NoLabelSet, f64>>)
        })
    }

    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = ([(&'static str, String); N], u64)>,
    ) -> Result<(), Error> {
        self.family(name, help, None, MetricType::Gauge, values, |encoder, value| {
            encoder.encode_gauge(&value)
        })
    }

    fn histograms<'h, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        histograms: impl IntoIterator<Item = ([(&'static str, String); N], &'h Histogram)>,
    ) -> Result<(), Error> {
        let unit = Some(&Unit::Seconds);
        self.family(
            name,
            help,
            unit,
            MetricType::Histogram,
            histograms,
            |encoder, histogram| {
                encoder.encode_histogram::<NoLabelSet>(
                    histogram.sum_s(),
                    histogram.count(),
                    &histogram.buckets(),
                    None,
                )
            },
        )
    }

    fn family<const N: usize, T>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        metrics: impl IntoIterator<Item = ([(&'static str, String); N], T)>,
        encode: impl Fn(&mut MetricEncoder<'_>, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, metric) in metrics {
            if N == 0 {
                encode(&mut encoder, metric)?;
            } else {
                encode(&mut encoder.encode_family(&Labels(&labels))?, metric)?;
            }
        }
        Ok(())
    }
}
