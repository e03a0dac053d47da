//! Health and metrics of the monitor, on `MONITOR_PORT`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tracing::info;

use super::Monitor;
use crate::server;
use crate::settings::server::ServerConfig;
use crate::telemetry::metrics::format::Format;
use crate::telemetry::metrics::seen::Seen;

pub(super) async fn serve(listener: TcpListener, monitor: Arc<Monitor>) -> std::io::Result<()> {
    let at = listener.local_addr()?;
    info!(address = %at, "Health and metrics on http://{at}");
    let (loops, stop) = (monitor.loops.clone(), monitor.stop.clone());
    let router = Router::new()
        .route("/api/health", get(health))
        .route("/metrics", get(metrics))
        .with_state(monitor);
    server::serve(listener, router, ServerConfig::default(), &loops, stop).await;
    Ok(())
}

async fn health(State(monitor): State<Arc<Monitor>>) -> Response {
    let health = monitor.watch.health("monitor").await;
    let health = health.with_failed(monitor.loops.failed_ones());
    let status = if health.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health)).into_response()
}

async fn metrics(State(monitor): State<Arc<Monitor>>, headers: HeaderMap) -> Response {
    let names = monitor.registry.get().destination_names();
    let breakers = names.iter().map(|name| {
        let worker = monitor.workers.get(name);
        (name.clone(), worker.is_some_and(|it| it.limiter.is_open()))
    });
    let seen = Seen {
        breakers: Some(breakers.collect()),
        ..monitor.watch.figures().await
    };
    monitor.metrics.keep_destinations(&names);
    let accepted = headers.get_all(ACCEPT).into_iter();
    let format = Format::asked(accepted.filter_map(|it| it.to_str().ok()));
    let text = monitor.metrics.text(format, &seen);
    ([(CONTENT_TYPE, format.content_type())], text).into_response()
}
