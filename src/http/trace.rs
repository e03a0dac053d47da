//! The trace that a request is part of.

use axum::http::HeaderMap;

use crate::domain::trace::{TRACEPARENT, TRACESTATE, TraceContext};

/// The trace that the headers of a request tell of, if they do as the standard says.
pub(super) fn trace_of(headers: &HeaderMap) -> Option<TraceContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (Some(parent), None) = (parents.next(), parents.next()) else {
        return None;
    };
    let trace = TraceContext::parse(parent.to_str().ok()?)?;
    let states = headers.get_all(TRACESTATE).iter();
    let states: Result<Vec<_>, _> = states.map(|state| state.to_str()).collect();
    Some(match states {
        Ok(states) if !states.is_empty() => trace.with_state(&states.join(",")),
        _ => trace,
    })
}
