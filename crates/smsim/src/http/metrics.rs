//! `/metrics`: what Prometheus reads, in the text form of OpenMetrics 1.0. What is of a world has its name as the label
//! `world`; connections and HTTP requests are the server's.

use std::collections::BTreeMap;
use std::fmt::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
use world::tally::histogram::Histogram;
use world::{Tally, World};

use crate::clock::Stopwatch;
use crate::observer::{Observed, Observer};
use crate::smpp_listener::admission::{Admission, HandshakeFailure, Refusal};
use crate::worlds::Worlds;

/// What the page is made from.
#[derive(Clone, Debug)]
struct Metrics {
    worlds: Worlds,
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
pub fn with_metrics(app: Router, requests: Requests, worlds: Worlds, admission: Admission) -> Router {
    let metrics = Metrics {
        worlds,
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
    let mut worlds = Vec::new();
    for world in metrics.worlds.all() {
        let stopwatch = Stopwatch::start();
        let observed = world.engine.observed().clone();
        let look = move |world: &World| {
            observed.lock().follow(world);
            (world.tally().clone(), Depths::of(world))
        };
        // A world that ends meanwhile has nothing to tell.
        if let Some((tally, depths)) = world.engine.look(look).await {
            worlds.push(OfWorld {
                name: world.id.clone(),
                tally,
                depths,
                turn_s: stopwatch.elapsed().as_secs_f64(),
                inbox: world.engine.waiting(),
                observed: world.engine.observed().clone(),
            });
        }
    }
    if worlds.is_empty() {
        return (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n").into_response();
    }
    let mut registry = Registry::with_prefix("smsim");
    registry.register_collector(Box::new(Seen {
        worlds,
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

/// What the page tells of one world.
#[derive(Debug)]
struct OfWorld {
    name: String,
    tally: Tally,
    depths: Depths,
    turn_s: f64,
    inbox: u64,
    observed: Observed,
}

/// Everything that the page tells.
#[derive(Debug)]
struct Seen {
    worlds: Vec<OfWorld>,
    admission: Admission,
    requests: Requests,
}

/// A world whose counts stand still while they are written.
struct Still<'a> {
    world: &'a OfWorld,
    seen: MutexGuard<'a, Observer>,
}

type Label = (&'static str, String);

/// What each world has of a family, with its name before the other labels.
fn each<'a, const N: usize, T, F>(
    worlds: &'a [Still<'a>],
    of: impl Fn(&'a Still<'a>) -> F,
) -> Vec<(Vec<Label>, T)>
where
    F: IntoIterator<Item = ([Label; N], T)>,
{
    let mut family = Vec::new();
    for still in worlds {
        family.extend(of(still).into_iter().map(|(labels, value)| {
            let name = ("world", still.world.name.clone());
            (std::iter::once(name).chain(labels).collect(), value)
        }));
    }
    family
}

/// What each world has one of.
fn one_each<'a, T>(worlds: &'a [Still<'a>], of: impl Fn(&'a Still<'a>) -> T) -> Vec<(Vec<Label>, T)> {
    each(worlds, |still| [([], of(still))])
}

impl prometheus_client::collector::Collector for Seen {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut page = Page(encoder);
        page.info("build", "The program", &[("version", env!("CARGO_PKG_VERSION"))])?;
        let worlds = self.worlds.iter().map(|world| Still {
            world,
            seen: world.observed.lock(),
        });
        let worlds: Vec<Still<'_>> = worlds.collect();
        encode_links(&worlds, &mut page)?;
        self.encode_connections(&mut page)?;
        encode_messages(&worlds, &mut page)?;
        encode_apps(&worlds, &mut page)?;
        self.encode_requests(&mut page)?;
        encode_engines(&worlds, &mut page)
    }
}

impl Seen {
    fn encode_connections(&self, page: &mut Page<'_>) -> Result<(), Error> {
        let turned_away = Refusal::ALL.map(|refusal| {
            let labels = vec![("reason", refusal.word().to_owned())];
            (labels, self.admission.refused(refusal))
        });
        page.counters(
            "connections_refused",
            "SMPP connections that were not let in",
            turned_away,
        )?;
        let handshakes = HandshakeFailure::ALL.map(|failure| {
            let labels = vec![("reason", failure.word().to_owned())];
            (labels, self.admission.handshakes_failed(failure))
        });
        page.counters(
            "tls_handshakes_failed",
            "TLS handshakes of SMPP connections that came to nothing",
            handshakes,
        )
    }

    fn encode_requests(&self, page: &mut Page<'_>) -> Result<(), Error> {
        let requests = self.requests.0.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = requests.iter().flat_map(|(path, by_status)| {
            let labels = |status: &u16| vec![("path", path.clone()), ("status", status.to_string())];
            by_status.iter().map(move |(status, took)| (labels(status), took))
        });
        page.histograms("http_request", "HTTP requests, by the wall clock", requests)
    }
}

fn encode_links(worlds: &[Still<'_>], page: &mut Page<'_>) -> Result<(), Error> {
    let pdus = each(worlds, |still| {
        still.world.tally.pdus().map(|(way, name, status, count)| {
            let link = if way.own { "platform" } else { "esme" };
            let direction = if way.to_smsc { "to_smsc" } else { "to_esme" };
            let labels = [
                ("link", link.to_owned()),
                ("direction", direction.to_owned()),
                ("type", name.to_owned()),
                ("status", Status(status).to_string()),
            ];
            (labels, count)
        })
    });
    page.counters("pdus", "PDUs on SMPP links", pdus)?;
    let binds = each(worlds, |still| {
        let binds = still.world.tally.binds.iter();
        binds.map(|((system_id, kind), count)| (bind_labels(system_id, kind), *count))
    });
    page.counters("binds", "Binds that were accepted", binds)?;
    let refused = each(worlds, |still| {
        let refused = still.world.tally.binds_refused.iter();
        refused.map(|(reason, count)| ([("reason", word(reason))], *count))
    });
    page.counters("binds_refused", "Binds that were refused", refused)?;
    let bound = each(worlds, |still| {
        let bound = still.seen.sessions.bound();
        let bound = bound
            .iter()
            .map(|((system_id, kind), count)| (bind_labels(system_id, kind), *count));
        bound.collect::<Vec<_>>()
    });
    page.gauges("sessions_bound", "SMPP sessions that are bound", bound)?;
    let unbound = one_each(worlds, |still| still.seen.sessions.unbound());
    page.gauges("sessions_unbound", "Connections that have not bound", unbound)?;
    let closed = each(worlds, |still| {
        let closed = still.world.tally.links_closed.iter();
        closed.map(|(reason, count)| ([("reason", word(reason))], *count))
    });
    page.counters("links_closed", "SMPP links that ended", closed)?;
    let help = "From submit_sm to its response, in the world's time";
    let took = one_each(worlds, |still| &still.world.tally.response);
    page.histograms("submit_response", help, took)
}

fn encode_messages(worlds: &[Still<'_>], page: &mut Page<'_>) -> Result<(), Error> {
    let accepted = each(worlds, |still| {
        let accepted = still.world.tally.accepted.iter();
        let some = accepted.filter(|(_, count)| *count > 0);
        some.map(|(carrier, count)| ([("carrier", carrier.to_string())], *count))
    });
    page.counters(
        "messages_accepted",
        "Messages that the message centre took",
        accepted,
    )?;
    let finished = each(worlds, |still| {
        let finished = MessageState::ALL.into_iter().zip(still.world.tally.finished);
        let some = finished.filter(|(_, count)| *count > 0);
        some.map(|(state, count)| ([("state", word(&state))], count))
    });
    page.counters(
        "messages_finished",
        "Messages that reached their final state",
        finished,
    )?;
    let failed = each(worlds, |still| {
        let failed = still.world.tally.attempts_failed.iter();
        failed.map(|(cause, count)| ([("cause", cause.name().to_owned())], *count))
    });
    page.counters("attempts_failed", "Attempts at delivery that failed", failed)?;
    let held = each(worlds, |still| {
        let held = still.world.depths.by_carrier.iter();
        held.map(|(carrier, held)| ([("carrier", carrier.clone())], *held))
    });
    page.gauges(
        "messages_waiting",
        "Messages that wait for the carrier's handsets",
        held,
    )?;
    let waiting = each(worlds, |still| {
        let waiting = still.world.depths.by_account.iter();
        waiting.map(|(account, count)| ([("system_id", account.clone())], *count))
    });
    page.gauges(
        "esme_waiting",
        "Texts from handsets and receipts that wait for an ESME",
        waiting,
    )?;
    let help = "From acceptance to delivery, in the world's time";
    let took = one_each(worlds, |still| &still.world.tally.delivery);
    page.histograms("delivery", help, took)?;
    let help = "From acceptance to the sending of the receipt, in the world's time";
    page.histograms(
        "receipt",
        help,
        one_each(worlds, |still| &still.world.tally.receipt),
    )
}

fn encode_apps(worlds: &[Still<'_>], page: &mut Page<'_>) -> Result<(), Error> {
    let calls = each(worlds, |still| {
        still
            .world
            .tally
            .calls
            .iter()
            .map(|((method, error_code), count)| {
                let labels = [
                    ("method", (*method).to_owned()),
                    ("error_code", error_code.to_string()),
                ];
                (labels, *count)
            })
    });
    page.counters(
        "api_calls",
        "Calls of the REST API; error_code 0 is success",
        calls,
    )?;
    let help = "From a call to its answer, in the world's time";
    page.histograms(
        "api_call",
        help,
        one_each(worlds, |still| &still.world.tally.call),
    )?;
    let callbacks = each(worlds, |still| {
        let callbacks = still.world.tally.callbacks.iter();
        callbacks.map(|(outcome, count)| ([("outcome", (*outcome).to_owned())], *count))
    });
    page.counters("callbacks", "Callbacks to apps that ended", callbacks)?;
    page.gauges(
        "callbacks_in_flight",
        "Callbacks that no app has answered yet",
        one_each(worlds, |still| still.world.depths.callbacks),
    )?;
    let help = "From a callback to the app's answer";
    page.histograms(
        "callback",
        help,
        one_each(worlds, |still| &still.world.tally.callback),
    )
}

fn encode_engines(worlds: &[Still<'_>], page: &mut Page<'_>) -> Result<(), Error> {
    page.gauges(
        "engine_inbox",
        "Messages that wait for the world",
        one_each(worlds, |still| still.world.inbox),
    )?;
    page.family(
        "engine_turn",
        "How long this page waited for the world",
        Some(&Unit::Seconds),
        MetricType::Gauge,
        one_each(worlds, |still| still.world.turn_s),
        |encoder, turn_s| encoder.encode_gauge(&turn_s),
    )?;
    page.counters(
        "records",
        "Records of what happened",
        one_each(worlds, |still| still.world.depths.records),
    )?;
    let dropped = |still: &Still<'_>| still.world.depths.records - still.world.depths.records_kept;
    page.counters(
        "records_dropped",
        "Records that the ring has turned out",
        one_each(worlds, dropped),
    )?;
    page.counters(
        "records_unlogged",
        "Records that the ring turned out before the log could tell of them",
        one_each(worlds, |still| still.seen.unseen),
    )
}

fn bind_labels(system_id: &str, kind: &str) -> [Label; 2] {
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

/// The labels of a metric.
struct Labels(Vec<Label>);

impl EncodeLabelSet for Labels {
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

    fn counters(
        &mut self,
        name: &str,
        help: &str,
        counts: impl IntoIterator<Item = (Vec<Label>, u64)>,
    ) -> Result<(), Error> {
        self.family(name, help, None, MetricType::Counter, counts, |encoder, count| {
            encoder.encode_counter::<NoLabelSet, u64, f64>(&count, None::<&Exemplar<NoLabelSet, f64>>)
        })
    }

    fn gauges(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Vec<Label>, u64)>,
    ) -> Result<(), Error> {
        self.family(name, help, None, MetricType::Gauge, values, |encoder, value| {
            encoder.encode_gauge(&value)
        })
    }

    fn histograms<'h>(
        &mut self,
        name: &str,
        help: &str,
        histograms: impl IntoIterator<Item = (Vec<Label>, &'h Histogram)>,
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

    fn family<T>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        kind: MetricType,
        metrics: impl IntoIterator<Item = (Vec<Label>, T)>,
        encode: impl Fn(&mut MetricEncoder<'_>, T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut encoder = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, metric) in metrics {
            encode(&mut encoder.encode_family(&Labels(labels))?, metric)?;
        }
        Ok(())
    }
}
