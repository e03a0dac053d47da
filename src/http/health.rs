//! Health and metrics of the api daemon.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::Api;
use super::auth::Need;
use super::endpoint::{Chapter, Endpoint};
use crate::health::answer::Health;
use crate::telemetry::metrics::CONTENT_TYPE as METRICS_TYPE;

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Service, "/api/health", health)
            .needs(Need::Nothing)
            .says("Ask how api is", "For load balancers and people.")
            .without_redis()
            .answers::<Health>(
                200,
                "It can work; `degraded`, while what is due is not worked off.",
            )
            .answers::<Health>(503, "Redis does not answer, or takes no writes."),
        Endpoint::get(Chapter::Service, "/metrics", metrics)
            .says("Read the metrics", "For Prometheus, as OpenMetrics.")
            .without_redis()
            .answers_in(METRICS_TYPE, 200, "The metrics."),
    ]
}

pub(super) async fn health(State(api): State<Api>) -> Response {
    let health = api.watch.health("api").await;
    let mut health = health.with_failed(api.loops.failed_ones());
    if health.refusing.is_none() {
        health.refusing = api.ingest.refusing();
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
    let buffers = snapshot.buffers().map(|buffer| &buffer.name);
    api.metrics.posts.keep(buffers);
    let text = api.metrics.text(counts, work.as_ref(), &stopped);
    ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}
