//! The trace that a request is part of, and the span that it is in it.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;

use super::requests::POLLED;
use crate::core::trace::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::telemetry::tracer::{Span, Tracer};

/// The trace that the headers of a request tell of, if they do as the standard says.
pub(in crate::http) fn trace_of(headers: &HeaderMap) -> Option<TraceContext> {
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

/// The methods that a span names; whatever else a caller writes there is not passed on.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

/// Begins the span of a request, where spans are exported. Behind this the request looks as if it came from that span,
/// so that what is kept with a message is the span that took it in.
pub(in crate::http) fn begin(tracer: &Tracer, request: &mut Request) -> Option<Span> {
    if !tracer.is_on() {
        return None;
    }
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    if route.is_some_and(|route| POLLED.contains(&route)) {
        return None;
    }
    let known = METHODS.contains(request.method());
    let method = if known {
        request.method().as_str()
    } else {
        "HTTP"
    };
    let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
    let mut span = tracer.server(name, trace_of(request.headers()).as_ref())?;
    let method = if known { method } else { "_OTHER" };
    span.note("http.request.method", method.to_owned());
    span.note("url.scheme", "http");
    if let Some(route) = route {
        span.note("http.route", route.to_owned());
    }
    tell(span.context(), request.headers_mut());
    Some(span)
}

fn tell(context: &TraceContext, headers: &mut HeaderMap) {
    headers.remove(TRACESTATE);
    let state = context.state().map(|state| (TRACESTATE, state.to_owned()));
    for (name, value) in [(TRACEPARENT, context.traceparent())]
        .into_iter()
        .chain(state)
    {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

/// Ends the span of a request with its answer.
pub(in crate::http) fn end(mut span: Span, answer: &Response, request_id: &str) {
    let status = answer.status();
    span.note("http.response.status_code", i64::from(status.as_u16()));
    span.note("lull.request_id", request_id.to_owned());
    if status.is_server_error() {
        span.note("error.type", status.as_str().to_owned());
        span.fail("");
    }
}
