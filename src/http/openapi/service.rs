//! Deliveries stopped and started, health, metrics and the document itself.

use serde_json::json;

use super::operation::Op;
use super::tags::Tag;
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::wire::control::{Controlled, Stopped};
use crate::wire::health::Health;
use crate::wire::request_bodies::{ControlBody, ControlForm, DocumentBody};

pub(super) fn operations() -> Vec<Op> {
    vec![
        stopped(),
        control(),
        health(),
        metrics(),
        document(),
        page_to_try(),
        page_to_read(),
    ]
}

fn stopped() -> Op {
    Op::get(Tag::Control, "/api/control")
        .says(
            "Show what is stopped",
            "Everything, or buffers and destinations by name.",
        )
        .answers::<Stopped>(200, "What is stopped.")
}

fn control() -> Op {
    Op::post(Tag::Control, "/api/control")
        .says(
            "Stop or start deliveries",
            "Stopped, messages are still taken in and windows close, and nothing is delivered; attempts in hand finish.",
        )
        .body::<ControlBody>(&json!({ "action": "start" }))
        .excluding::<ControlBody>("buffer", "destination")
        .or_form::<ControlForm>()
        .excluding::<ControlForm>("buffer", "destination")
        .answers::<Controlled>(200, "What is stopped now.")
        .refusing(&[404])
}

fn health() -> Op {
    Op::get(Tag::Service, "/api/health")
        .says("Ask how api is", "For load balancers and people.")
        .without_redis()
        .answers::<Health>(
            200,
            "It can work; `degraded`, while what is due is not worked off.",
        )
        .answers::<Health>(503, "Redis does not answer, or takes no writes.")
}

fn metrics() -> Op {
    Op::get(Tag::Service, "/metrics")
        .says("Read the metrics", "For Prometheus, as OpenMetrics.")
        .without_redis()
        .answers_in(CONTENT_TYPE, 200, "The metrics.")
}

fn document() -> Op {
    Op::get(Tag::Service, "/api/openapi.json")
        .says("Read this document", "OpenAPI 3.1.")
        .without_redis()
        .answers::<DocumentBody>(200, "This document.")
}

fn page_to_try() -> Op {
    Op::get(Tag::Service, "/api/docs")
        .also(&["/docs"])
        .says(
            "See this document as a page to try",
            "Swagger UI: \"Authorize\" takes a key, and every operation can be sent from there. Nothing is loaded from another host.",
        )
        .without_redis()
        .answers_in("text/html; charset=utf-8", 200, "The page.")
}

fn page_to_read() -> Op {
    Op::get(Tag::Service, "/redoc")
        .says(
            "See this document as a page to read",
            "ReDoc. Nothing is loaded from another host.",
        )
        .without_redis()
        .answers_in("text/html; charset=utf-8", 200, "The page.")
}
