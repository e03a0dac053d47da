//! Health and metrics of the api daemon.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Api;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;

pub(super) async fn health(State(api): State<Api>) -> Response {
    let health = api.store.health("api").await;
    let status = if health.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health)).into_response()
}

pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let destinations = api.catalogs.get().destination_names();
    let counts = api.store.counts(destinations).await.ok();
    ([(CONTENT_TYPE, METRICS_TYPE)], api.metrics.text(counts)).into_response()
}
