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
use crate::core::chat::Name;
use crate::server;
use crate::settings::server::ServerConfig;
use crate::telemetry::metrics::format::Format;

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
    let seen = monitor.watch.figures().await;
    let accepted = headers.get_all(ACCEPT).into_iter();
    let format = Format::asked(accepted.filter_map(|it| it.to_str().ok()));
    let text = monitor.metrics.text(format, &seen);
    ([(CONTENT_TYPE, format.content_type())], text).into_response()
}

impl Monitor {
    /// Lets whoever shows the metrics of this process look at the destinations.
    pub(super) fn show_destinations(self: &Arc<Self>) {
        let monitor = Arc::downgrade(self);
        let look = move || {
            let monitor = monitor.upgrade();
            monitor.map_or_else(Vec::new, |monitor| monitor.breakers())
        };
        self.metrics.look_at_destinations(look);
    }

    /// All destinations, and whether each is taken for down.
    fn breakers(&self) -> Vec<(Name, bool)> {
        let names = self.registry.get().destination_names().into_iter();
        let breakers = names.map(|name| {
            let worker = self.workers.get(&name);
            (name, worker.is_some_and(|it| it.limiter.is_open()))
        });
        breakers.collect()
    }
}
