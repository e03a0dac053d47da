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
use super::endpoint::{Chapter, Endpoint, shortened};
use super::error::ApiError;
use crate::core::chat::Name;
use crate::core::control::Scope;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, take, text_or_integer};
use crate::health::answer::Stopped;
use crate::spec::scalars::scalars;

scalars! {
    /// A name; digits may also come as a number.
    NameOrNumber = {
        "type": ["string", "integer"], "pattern": "^[a-z0-9_-]{1,64}$",
        "description": "1 to 64 characters out of `a-z`, `0-9`, `_` and `-`.",
    };
}

/// Read by [`control_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Control, description = "What is to be stopped or started: everything, one buffer, or one destination; not both, and neither null.")]
struct ControlBody {
    /// `stop`: no attempt begins any more, and what comes is kept. `start`: deliveries go on.
    action: Switch,
    /// Only what is in this buffer.
    #[schema(required = false)]
    buffer: NameOrNumber,
    /// Only what goes to this destination.
    #[schema(required = false)]
    destination: NameOrNumber,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(as = ControlAction, rename_all = "lowercase")]
pub(super) enum Switch {
    /// Deliveries go on.
    Start,
    /// No attempt begins any more.
    Stop,
}

/// See [`ControlBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "What is to be stopped or started, as a form.")]
struct ControlForm {
    /// `start` or `stop`.
    #[schema(pattern = "^(start|stop)$")]
    action: String,
    /// Only what is in this buffer.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    buffer: String,
    /// Only what goes to this destination.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    destination: String,
}

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

/// Reads what is to be done, and to what: `{"action": "stop"}` for everything, with `buffer` or `destination` for one.
/// Neither may be null, which would stand for everything.
///
/// # Errors
/// Says what is wrong, and with which field.
pub(super) fn control_of(mut fields: RawObject) -> Result<(Switch, Scope), BadInput> {
    check_nulls(&fields)?;
    let action = match text(&mut fields, "action")?.as_deref() {
        Some("start") => Switch::Start,
        Some("stop") => Switch::Stop,
        _ => return Err(BadInput::field("action", "must be start or stop")),
    };
    let buffer = name(&mut fields, "buffer")?;
    let destination = name(&mut fields, "destination")?;
    let scope = match (buffer, destination) {
        (None, None) => Scope::Everything,
        (Some(buffer), None) => Scope::Buffer(buffer),
        (None, Some(destination)) => Scope::Destination(destination),
        (Some(_), Some(_)) => {
            let why = "cannot be named together with buffer: send one request for each";
            return Err(BadInput::field("destination", why));
        }
    };
    // A word that was misspelt must not stop everything.
    match fields.keys().next() {
        None => Ok((action, scope)),
        Some(name) => Err(BadInput::Unknown {
            name: shortened(name),
            known: "taken here are action, and buffer or destination".to_owned(),
        }),
    }
}

fn text(fields: &mut RawObject, field: &'static str) -> Result<Option<String>, BadInput> {
    let Some(raw) = take(fields, field) else {
        return Ok(None);
    };
    let text = text_or_integer(&raw).ok_or_else(|| BadInput::field(field, "must be text"))?;
    Ok(Some(text))
}

fn name(fields: &mut RawObject, field: &'static str) -> Result<Option<Name>, BadInput> {
    let parse = |text: String| {
        Name::parse(&text).map_err(|error| BadInput::field(field, error.to_string()))
    };
    text(fields, field)?.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn control(body: &str) -> Result<(Switch, Scope), String> {
        control_of(json_fields(body.as_bytes()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_a_buffer_or_a_destination_is_stopped_or_started() {
        let loja = Name::parse("loja").unwrap();

        for (body, read) in [
            (r#"{"action":"stop"}"#, (Switch::Stop, Scope::Everything)),
            (
                r#"{"action":"start","buffer":"loja"}"#,
                (Switch::Start, Scope::Buffer(loja.clone())),
            ),
            (
                r#"{"action":"stop","destination":"loja"}"#,
                (Switch::Stop, Scope::Destination(loja)),
            ),
        ] {
            assert_eq!(control(body), Ok(read), "{body}");
        }
    }

    #[test]
    fn what_is_misspelt_stops_nothing() {
        for (body, why) in [
            ("{}", "action must be start or stop"),
            (r#"{"action":"halt"}"#, "action must be start or stop"),
            (r#"{"action":"stop","bufer":"a"}"#, "\"bufer\" is no field"),
            (r#"{"action":"stop","buffer":"A B"}"#, "buffer "),
            (r#"{"action":"stop","buffer":null}"#, "buffer must not"),
            (
                r#"{"action":"stop","buffer":"a","destination":"b"}"#,
                "destination cannot be named",
            ),
        ] {
            let error = control(body).unwrap_err();
            assert!(error.starts_with(why), "{body}: {error}");
        }
    }
}
