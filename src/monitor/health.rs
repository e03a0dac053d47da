//! Health and metrics of the monitor, on `MONITOR_PORT`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;
use tracing::info;

use super::Monitor;
use crate::server;
use crate::settings::server::ServerConfig;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;

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

async fn metrics(State(monitor): State<Arc<Monitor>>) -> Response {
    let snapshot = monitor.registry.get();
    let (counts, work) = tokio::join!(
        monitor.store.counts_now(snapshot.destination_names()),
        monitor.watch.look()
    );
    let stopped = snapshot.stops().counts();
    let text = monitor.metrics.text(counts, work.as_ref(), &stopped);
    ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}
