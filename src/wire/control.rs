//! Stopping and starting deliveries, as an operator posts it.

use crate::core::chat::Name;
use crate::core::control::Scope;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, take, text_or_integer};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Attempts may begin.
    Start,
    /// None begins any more.
    Stop,
}

/// Reads what is to be done, and to what: `{"action": "stop"}` for everything, with `buffer` or `destination` for one.
/// Neither may be null, which would stand for everything.
///
/// # Errors
/// Says what is wrong, and with which field.
pub fn control_of(mut fields: RawObject) -> Result<(Switch, Scope), BadInput> {
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
        Some(_) => {
            let why = "may hold action, and buffer or destination, and nothing else";
            Err(BadInput::field("body", why))
        }
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
            (r#"{"action":"stop","bufer":"a"}"#, "body may hold action"),
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
