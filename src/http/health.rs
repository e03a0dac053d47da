//! Health and metrics of the api daemon.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Api;
use super::auth::Need;
use super::endpoint::{Chapter, Endpoint};
use crate::health::answer::Health;
use crate::telemetry::metrics::format::Format;
use crate::telemetry::metrics::seen::Seen;

/// Whoever asks for metrics has an answer within 1.5 s.
const LINES_WITHIN: Duration = Duration::from_secs(1);

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
            .says(
                "Read the metrics",
                "For Prometheus, as OpenMetrics; in its older text where `Accept` wants `text/plain` more.",
            )
            .without_redis()
            .answers_in(Format::OpenMetrics.content_type(), 200, "The metrics.")
            .answers_in(Format::Plain.content_type(), 200, "The metrics."),
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

pub(super) async fn metrics(State(api): State<Api>, headers: HeaderMap) -> Response {
    let snapshot = api.registry.get();
    let silences = tokio::time::timeout(LINES_WITHIN, api.admin.silences());
    let (seen, silences) = tokio::join!(api.watch.figures(), silences);
    let seen = Seen {
        silences: silences.ok().and_then(Result::ok),
        ..seen
    };
    api.metrics
        .keep_buffers(snapshot.buffers().map(|buffer| &buffer.name));
    let accepted = headers.get_all(ACCEPT).into_iter();
    let format = Format::asked(accepted.filter_map(|it| it.to_str().ok()));
    let text = api.metrics.text(format, &seen);
    ([(CONTENT_TYPE, format.content_type())], text).into_response()
}
