//! A delivery, read as a post for its buffer.

use thiserror::Error;

use super::Limits;
use crate::broker::{Delivery, HeaderValue};
use crate::core::code::Code;
use crate::core::incoming::check_message_id;
use crate::core::json::depth::is_too_deep;
use crate::core::json::fields::BadInput;
use crate::core::json::node::Node;
use crate::core::refused::RefusedFor;
use crate::core::trace::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::gateway::Event;
use crate::ingest::{IngestError, Said};
use crate::spec::Buffer;

/// Some programs put it in front of what they write in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Why a message can never be taken.
#[derive(Debug, Error)]
pub(super) enum Poison {
    /// It is larger than the buffer takes.
    #[error("it has {0} bytes, and the buffer takes at most {1}")]
    TooLarge(usize, usize),
    /// Its properties say that it is something else.
    #[error("its content-type is neither missing nor application/json")]
    ContentType,
    /// It is packed.
    #[error("its content-encoding is not understood: only UTF-8 is")]
    ContentEncoding,
    /// It is not what the buffer reads.
    #[error(transparent)]
    BadInput(#[from] BadInput),
    /// The same, found later.
    #[error("{0}")]
    Refused(IngestError),
    /// Whatever it is, it broke what took it in.
    #[error("taking it in failed, please report it: {0}")]
    Panic(String),
}

impl Poison {
    /// The word for programs.
    pub(super) fn code(&self) -> Code {
        match self {
            Self::TooLarge(..) => Code::TooLarge,
            Self::ContentType => Code::WrongContentType,
            Self::ContentEncoding => Code::WrongContentEncoding,
            Self::BadInput(bad) => bad.code(),
            Self::Refused(error) => error.code(),
            Self::Panic(_) => Code::InternalError,
        }
    }

    /// The word for metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::TooLarge(..) => RefusedFor::TooLarge.as_str(),
            Self::ContentType | Self::ContentEncoding => RefusedFor::ContentType.as_str(),
            Self::BadInput(bad) => bad.at_fault(),
            Self::Refused(error) => error.reason(),
            Self::Panic(_) => RefusedFor::Body.as_str(),
        }
    }

    /// The field at fault, if one is.
    pub(super) fn field(&self) -> Option<&str> {
        match self {
            Self::BadInput(bad) => bad.field_name(),
            Self::Refused(error) => error.field(),
            _ => None,
        }
    }
}

/// What a delivery says to a buffer. Where the body tells no id, that is the property `message-id`: of one message, so that
/// it is known when it comes again.
pub(super) fn said(delivery: &Delivery, buffer: &Buffer, limits: Limits) -> Result<Said, Poison> {
    let body = text(delivery, buffer, limits)?;
    let node = Node::parse(body)?;
    let mut said = Said::read(buffer, &node)?;
    let id = delivery.message_id().map(str::to_owned);
    let id = id.and_then(|id| check_message_id("message_id", id).ok());
    match &mut said {
        Said::Message(incoming) => {
            if incoming.message_id.is_none() {
                incoming.message_id = id;
            }
            incoming.trace = trace(delivery);
        }
        Said::Events(_, events) => {
            let mut heard = events.iter_mut().filter_map(|event| match event {
                Event::Said(said) => Some(said),
                _ => None,
            });
            if let (Some(only), None) = (heard.next(), heard.next())
                && only.id.is_none()
            {
                only.id = id;
            }
        }
    }
    Ok(said)
}

/// The trace that its headers tell of.
pub(super) fn trace(delivery: &Delivery) -> Option<TraceContext> {
    let header = |name: &str| match delivery.header(name)? {
        HeaderValue::Text(text) => Some(text),
        HeaderValue::Number(_) => None,
    };
    let trace = TraceContext::parse(&header(TRACEPARENT)?)?;
    Some(match header(TRACESTATE) {
        Some(state) => trace.with_state(&state),
        None => trace,
    })
}

fn text<'a>(delivery: &'a Delivery, buffer: &Buffer, limits: Limits) -> Result<&'a [u8], Poison> {
    if !delivery.content_type().is_none_or(is_json) {
        return Err(Poison::ContentType);
    }
    if !delivery.content_encoding().is_none_or(is_plain) {
        return Err(Poison::ContentEncoding);
    }
    let body = delivery.body();
    let most = buffer.max_post_bytes(limits.usual, limits.all);
    if body.len() > most {
        return Err(Poison::TooLarge(body.len(), most));
    }
    let body = body.strip_prefix(BOM).unwrap_or(body);
    if is_too_deep(body) {
        return Err(BadInput::TooDeep.into());
    }
    Ok(body)
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind.is_empty()
        || kind == "application/json"
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Celery and others write the charset there.
fn is_plain(content_encoding: &str) -> bool {
    let coding = content_encoding.trim().to_ascii_lowercase();
    ["", "identity", "utf-8", "utf8", "binary"].contains(&coding.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_type_or_by_none() {
        for kind in [
            "",
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/cloudevents+json",
        ] {
            assert!(is_json(kind), "{kind}");
        }
        for kind in [
            "text/plain",
            "application/x-python-serialize",
            "application/octet-stream",
        ] {
            assert!(!is_json(kind), "{kind}");
        }
    }

    #[test]
    fn a_charset_in_the_place_of_a_packing_is_none() {
        assert!(is_plain("utf-8") && is_plain("") && !is_plain("gzip"));
    }
}
