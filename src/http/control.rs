//! `/api/control`: deliveries stopped and started by hand.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::health::answer::Stopped;
use crate::wire::control::{Switch, control_of};
use crate::wire::request_bodies::{ControlBody, ControlForm};

/// The answer to a stop or a start.
#[derive(Debug, Serialize, ToSchema)]
struct Controlled {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
    /// What is stopped now.
    stopped: Stopped,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Control, "/api/control", show)
            .says(
                "Show what is stopped",
                "Everything, or buffers and destinations by name.",
            )
            .answers::<Stopped>(200, "What is stopped."),
        Endpoint::post(Chapter::Control, "/api/control", control)
            .says(
                "Stop or start deliveries",
                "Stopped, messages are still taken in and windows close, and nothing is delivered; attempts in hand finish.",
            )
            .body::<ControlBody>(&json!({ "action": "start" }))
            .excluding::<ControlBody>("buffer", "destination")
            .or_form::<ControlForm>()
            .excluding::<ControlForm>("buffer", "destination")
            .answers::<Controlled>(200, "What is stopped now.")
            .refusing(&[404]),
    ]
}

async fn show(State(api): State<Api>) -> Result<Json<Stopped>, ApiError> {
    Ok(Json(Stopped::of(&api.admin.stopped().await?)))
}

async fn control(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let (switch, scope) = control_of(fields)?;
    let (stops, message) = match switch {
        Switch::Stop => (
            api.admin.stop(&scope, &by).await?,
            "Stopped: what comes is kept, and attempts in hand finish",
        ),
        Switch::Start => (api.admin.start(&scope, &by).await?, "Started"),
    };
    Ok(Json(Controlled {
        success: true,
        message,
        stopped: Stopped::of(&stops),
    })
    .into_response())
}
