//! What the REST server is compared with: a bare handler that reads the same form and answers at once.

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;

use crate::http::form;

/// Serves until it is stopped.
///
/// # Errors
///
/// When the socket fails.
pub async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let app = Router::new().route("/restserver.php", any(answer));
    axum::serve(listener, app).await
}

async fn answer(request: Request) -> Response {
    match form::params(request).await {
        Ok(params) => {
            let known = params.iter().any(|(name, _)| name == "sig");
            (
                [(header::CONTENT_TYPE, "application/json")],
                if known { "0" } else { "1" },
            )
                .into_response()
        }
        Err(error) => error.into_response(),
    }
}
