//! The page at `/` and its parts.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use scenario::report::description::{brought_up_to_date, describe};
use scenario::report::human;
use scenario::{Colour, Diagnostic, RunOptions, Runner, ServedWorld, Sources, TestReport, render_all};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::Pace;
use crate::http::control::{Access, only_for_us};
use crate::page;
use crate::worlds::{DEFAULT, Worlds};

/// The page that shows one of those worlds; its demos wait for `humans`.
pub fn router(worlds: Worlds, access: Access, humans: &[String]) -> Router {
    let mut router = Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset));
    for (path, methods) in asked(page::demos::demos(humans)) {
        router = router.route(path, methods);
    }
    router
        .layer(middleware::from_fn_with_state(access, only_for_us))
        .with_state(worlds)
}

/// What the page asks beside the control API; `control/openapi.json` describes it.
pub(super) fn asked(demos: Value) -> [(&'static str, MethodRouter<Worlds>); 3] {
    [
        ("/page/file", get(file)),
        ("/page/demos", get(|| async { Json(demos) })),
        ("/page/run", post(run)),
    ]
}

/// Which world is looked at.
#[derive(Deserialize)]
struct Asked {
    /// None: the first.
    world: Option<String>,
}

async fn index(State(worlds): State<Worlds>, Query(asked): Query<Asked>) -> Response {
    let world = match worlds.world(asked.world.as_deref().unwrap_or(DEFAULT)) {
        Ok(world) => world,
        Err(why) => return (StatusCode::NOT_FOUND, format!("{why}\n")).into_response(),
    };
    let described = describe(&world.declared);
    let shown = Arc::clone(&world);
    let look =
        move |served: &ServedWorld, _: &Pace, _: &[_]| brought_up_to_date(described, &shown.declared, served);
    let Some(described) = world.engine.look_around(look).await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the world has ended\n").into_response();
    };
    let data = json!({ "live": true, "version": env!("CARGO_PKG_VERSION"), "branch_of": world.branch_of, "world": described });
    let policy = (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(page::POLICY),
    );
    ([policy, no_store(), nosniff()], Html(page::live(&data))).into_response()
}

/// The page as one file, with `{data}` where its records go: the browser that has them puts them in.
async fn file() -> Response {
    ([no_store(), nosniff()], page::file_around("{data}")).into_response()
}

async fn asset(Path(path): Path<String>) -> Response {
    match page::asset(&path) {
        Some(asset) => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
            ([kind, no_store(), nosniff()], asset.body.into_owned()).into_response()
        }
        None => (StatusCode::NOT_FOUND, format!("the page has no part {path:?}\n")).into_response(),
    }
}

/// The page goes with the binary: another version on the same port must not find old parts.
fn no_store() -> (header::HeaderName, HeaderValue) {
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

fn nosniff() -> (header::HeaderName, HeaderValue) {
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    )
}

/// How long a scenario that the page runs may take, on the machine's clock.
const RUN_TIMEOUT: Duration = Duration::from_secs(30);

/// Plays the tests of a scenario in worlds of their own, in virtual time, and says what came of them.
async fn run(text: String) -> Response {
    let played = tokio::task::spawn_blocking(move || played(text));
    match tokio::time::timeout(RUN_TIMEOUT, played).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(_)) | Err(_) => {
            let error = format!("the scenario was not over within {} s", RUN_TIMEOUT.as_secs());
            (StatusCode::GATEWAY_TIMEOUT, Json(json!({ "error": error }))).into_response()
        }
    }
}

fn played(text: String) -> Value {
    const PATH: &str = "session.sms";
    let mut sources = Sources::new();
    sources.insert(PATH, text);
    let faulty = |faults: &[Diagnostic]| json!({ "passed": false, "told": render_all(faults, &sources, Colour::Never) });
    let script = match scenario::load(&sources, PATH) {
        Ok(script) => script,
        Err(faults) => return faulty(&faults),
    };
    let runner = match Runner::new(&sources, &script) {
        Ok(runner) => runner,
        Err(faults) => return faulty(&faults),
    };
    let reports: Vec<TestReport> = runner
        .tests()
        .map(|test| runner.run(test, RunOptions::default()))
        .collect();
    let told: String = reports
        .iter()
        .map(|report| human::render_test(report, 0, &sources, Colour::Never))
        .collect();
    json!({ "passed": !reports.is_empty() && reports.iter().all(TestReport::passed), "told": told })
}
