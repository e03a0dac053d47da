//! What every request gets: an id that stands in each of its log lines and in the answer, and one line when it is
//! answered. It is also where the body of a refusal is written, which names the request.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use tower::{Layer, Service};
use tracing::field::{Empty, display};
use tracing::{Instrument, debug, error, error_span, info, warn};

use super::trace::{self, trace_of};
use crate::core::code::Code;
use crate::core::page::OfAPage;
use crate::http::error::ErrorAnswer;
use crate::http::error::Refused;
use crate::panics::{self, Panic};
use crate::telemetry::bursts::Bursts;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::tracer::Tracer;

pub(in crate::http) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A longer id of a caller is not taken over.
const LONGEST_ID: usize = 128;

/// Polled by machines every few seconds: a line for each answer would bury the others.
pub(in crate::http) const POLLED: [&str; 2] = ["/api/health", "/metrics"];

/// What a request is called.
#[derive(Clone)]
struct RequestId(HeaderValue);

impl RequestId {
    /// As the caller calls it, where that can stand in a log line as it is; else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID);
        given
            .filter(|id| is_plain(id.as_bytes()))
            .map_or_else(Self::made, |id| Self(id.clone()))
    }

    fn made() -> Self {
        let id = format!("req_{:016x}", fastrand::u64(..));
        Self(HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("req_")))
    }

    fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_plain(id: &[u8]) -> bool {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"-_.:/+=@".contains(c);
    (1..=LONGEST_ID).contains(&id.len()) && id.iter().all(plain)
}

/// Puts this in front of everything.
#[derive(Clone)]
pub(in crate::http) struct Requests {
    tracer: Tracer,
    metrics: Arc<Metrics>,
    refusals: Bursts,
}

impl Requests {
    /// Traces go there, and what is counted here.
    pub(in crate::http) fn new(tracer: Tracer, metrics: Arc<Metrics>) -> Self {
        Self {
            tracer,
            metrics,
            refusals: Bursts::new(|refused, codes| {
                info!(
                    refused,
                    codes, "{refused} more requests were refused within the second: {codes}"
                );
            }),
        }
    }
}

/// What stands behind it.
#[derive(Clone)]
pub(in crate::http) struct Requested<S> {
    all: Requests,
    inner: S,
}

impl<S> Layer<S> for Requests {
    type Service = Requested<S>;

    fn layer(&self, inner: S) -> Requested<S> {
        Requested {
            all: self.clone(),
            inner,
        }
    }
}

impl<S> Service<Request> for Requested<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let id = RequestId::of(request.headers());
        // At the highest level, so that a warning has its id where nothing finer is logged.
        let exported = trace::begin(&self.all.tracer, &mut request);
        let trace = trace_of(request.headers());
        let trace_id = trace.map(|trace| display(trace.trace_id()));
        let span = error_span!("request", request_id = %id, chat = Empty, trace_id);
        let line = Line::of(&request);
        let (refusals, metrics) = (self.all.refusals.clone(), self.all.metrics.clone());
        let answering = span.in_scope(|| self.inner.call(request));
        Box::pin(
            async move {
                let answered = panics::caught(async {
                    panics::provoke("request");
                    answering.await
                });
                let answer = match answered.await {
                    Ok(answer) => answer?,
                    Err(panic) => failed(&panic),
                };
                let answer = signed(answer, &id);
                line.count(&answer, &metrics);
                line.write(&answer, &refusals);
                if let Some(exported) = exported {
                    trace::end(exported, &answer, id.as_str());
                }
                Ok(answer)
            }
            .instrument(span),
        )
    }
}

/// The answer where a handler has failed: the client learns that it is not its fault, and the connection goes on.
fn failed(panic: &Panic) -> Response {
    error!("A request has failed within Lull, please report it: {panic}");
    let why = "Lull itself has failed; what was sent may or may not be stored. Please report it, with this request_id";
    Refused::new(Code::InternalError, why).into_response()
}

/// The answer with what the request is called, in the body of a refusal too.
fn signed(mut answer: Response, id: &RequestId) -> Response {
    if let Some(refused) = answer.extensions().get::<Refused>() {
        let body = Json(ErrorAnswer {
            error: &refused.error,
            code: refused.code,
            field: refused.field.as_deref(),
            request_id: id.as_str(),
        });
        let (kind, body) = body.into_response().into_parts();
        answer.headers_mut().extend(kind.headers);
        *answer.body_mut() = body;
    }
    let headers = answer.headers_mut();
    headers.insert(X_REQUEST_ID, id.0.clone());
    // An answer may quote what somebody else has sent.
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // It may hold what people said, or a key: nobody on the way keeps a copy. Files of pages say themselves how long.
    let no_store = HeaderValue::from_static("no-store");
    headers.entry(CACHE_CONTROL).or_insert(no_store);
    answer
}

/// The log line of a request. Its path stays out of it, as it may hold a number or a key.
struct Line {
    method: Method,
    route: Option<MatchedPath>,
    begun: Instant,
    of_a_page: bool,
}

impl Line {
    fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            begun: Instant::now(),
            of_a_page: request.extensions().get::<OfAPage>().is_some(),
        }
    }

    fn count(&self, answer: &Response, metrics: &Metrics) {
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        let status = answer.status().as_u16();
        metrics.answered(route, self.method.as_str(), status, self.begun.elapsed());
    }

    fn write(self, answer: &Response, refusals: &Bursts) {
        let Self { method, .. } = &self;
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let status = answer.status().as_u16();
        let refused = answer.extensions().get::<Refused>();
        let code = refused.map(|refused| refused.code.word());
        if code.is_some_and(|code| !refusals.take(code)) {
            return;
        }
        if let Some(cause) = refused.and_then(|refused| refused.cause.as_deref()) {
            warn!(error = cause, "A request failed: {cause}");
        }
        // Hundredths of a ms are as fine as it is known.
        let duration_ms = (self.begun.elapsed().as_secs_f64() * 100_000.0).round() / 100.0;
        let looks = self.of_a_page && method.is_safe();
        if looks || POLLED.contains(&route) {
            debug!(%method, route, status, code, duration_ms, "{method} {route}: {status}");
        } else {
            info!(%method, route, status, code, duration_ms, "{method} {route}: {status}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_that_can_stand_in_a_line_is_taken_over() {
        let id = |given: &'static str| {
            let header = (X_REQUEST_ID, HeaderValue::from_static(given));
            RequestId::of(&HeaderMap::from_iter([header])).to_string()
        };
        for plain in ["abc-123", "01HZ/x_y.z:1+2=", "f@host"] {
            assert_eq!(id(plain), plain);
        }
        for other in ["", "a b", "a\"b", "a{b}", "a\tb"] {
            assert!(id(other).starts_with("req_"), "{other:?}");
        }
        let long = HeaderValue::try_from("x".repeat(LONGEST_ID + 1)).unwrap();
        let long = HeaderMap::from_iter([(X_REQUEST_ID, long)]);
        assert_eq!(RequestId::of(&long).as_str().len(), "req_".len() + 16);
    }
}
