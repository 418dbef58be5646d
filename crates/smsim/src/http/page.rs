//! The page at `/` and its parts.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::page;

/// The page that shows the world of that description.
pub fn router(description: Value) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/assets/{*path}", get(asset))
        .route("/page/file", get(file))
        .with_state(Arc::new(description))
}

async fn index(State(world): State<Arc<Value>>) -> Response {
    let data = json!({ "live": true, "version": env!("CARGO_PKG_VERSION"), "world": *world });
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
