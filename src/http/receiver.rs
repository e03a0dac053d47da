//! The receiver that `lull up` brings where no webhook is named: takes every payload and hands it on to be shown.

use anyhow::{Context, Result};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Takes payloads on `listener` until told to stop; `show` gets each.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    listener: TcpListener,
    show: impl Fn(&str) + Clone + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<()> {
    let receive = move |payload: String| {
        show(&payload);
        std::future::ready(StatusCode::NO_CONTENT)
    };
    let router = Router::new()
        .route("/", post(receive))
        .layer(axum::extract::DefaultBodyLimit::disable());
    axum::serve(listener, router)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("receiving")
}
