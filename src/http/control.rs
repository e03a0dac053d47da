//! `/api/control`: deliveries stopped and started by hand.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tracing::info;

use super::Api;
use super::audit::Caller;
use super::body::Fields;
use super::config::{NO_BUFFER, NO_DESTINATION};
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::core::action::Action;
use crate::core::chat::Name;
use crate::core::control::Scope;
use crate::store::audit::Act;
use crate::wire::control::{Controlled, Stopped, Switch, control_of};
use crate::wire::request_bodies::{ControlBody, ControlForm};

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
    api.registry.catch_up().await?;
    Ok(Json(Stopped::of(api.registry.get().stops())))
}

async fn control(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let (switch, scope) = control_of(fields)?;
    // Another api may have written it a moment ago.
    api.registry.catch_up().await?;
    if switch == Switch::Stop && !api.registry.get().configured.has(&scope) {
        return Err(match scope {
            Scope::Destination(_) => NO_DESTINATION,
            Scope::Buffer(_) | Scope::Everything => NO_BUFFER,
        });
    }
    let stopped = switch == Switch::Stop;
    let action = if stopped {
        Action::ControlStop
    } else {
        Action::ControlStart
    };
    let act = Act::new(action, &by).on(&scope);
    api.store.set_stopped(&scope, stopped, Some(&act)).await?;
    if !stopped && scope == Scope::Destination(Name::messages_name()) {
        // It may wait for the first start of everything, which stops nothing else.
        api.store.first_start().await?;
    }
    api.registry.catch_up().await?;
    let message = if stopped {
        info!("An operator stopped {scope}");
        "Stopped: what comes is kept, and attempts in hand finish"
    } else {
        info!("An operator started {scope}");
        "Started"
    };
    Ok(Json(Controlled {
        success: true,
        message,
        stopped: Stopped::of(api.registry.get().stops()),
    })
    .into_response())
}
