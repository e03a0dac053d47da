//! Health and metrics of the api daemon.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Api;
use crate::core::code::Code;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;

pub(super) async fn health(State(api): State<Api>) -> Response {
    let health = api.watch.health("api").await;
    let mut health = health.with_failed(api.loops.failed_ones());
    if health.refusing.is_none() {
        health.refusing = if api.room.is_full() {
            Some(Code::StorageFull)
        } else {
            api.bounds.crossed().into_iter().next()
        };
    }
    let status = if health.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health)).into_response()
}

pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let snapshot = api.registry.get();
    let (counts, work) = tokio::join!(
        api.store.counts_now(snapshot.destination_names()),
        api.watch.look()
    );
    let stopped = snapshot.stops().counts();
    let text = api.metrics.text(counts, work.as_ref(), &stopped);
    ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}
