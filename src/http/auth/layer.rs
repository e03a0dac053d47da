//! The layer in front of the routes.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::future::Either;
use tower::{Layer, Service};

use super::Auth;
use crate::http::body::discard;
use crate::telemetry::metrics::Metrics;

/// Puts auth in front of a route.
#[derive(Clone)]
pub(in crate::http) struct Guarding {
    /// Who may come in.
    pub(in crate::http) auth: Auth,
    /// Where refusals are counted.
    pub(in crate::http) metrics: Arc<Metrics>,
}

/// A route behind auth.
#[derive(Clone)]
pub(in crate::http) struct Guarded<S> {
    guarding: Guarding,
    inner: S,
}

impl<S> Layer<S> for Guarding {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            guarding: self.clone(),
            inner,
        }
    }
}

/// An answer that takes more than the route itself.
type Longer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Longer>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let (admitted, beside) = self.guarding.auth.admit(&mut request);
        match admitted {
            Ok(()) if beside.is_nothing() => Either::Left(self.inner.call(request)),
            Ok(()) => {
                let answering = self.inner.call(request);
                Either::Right(Box::pin(async move {
                    let mut answer = answering.await?;
                    beside.tell(answer.headers_mut());
                    Ok(answer)
                }))
            }
            Err(refusal) => {
                let (metrics, reason) = (&self.guarding.metrics, refusal.reason().as_str());
                metrics.refused.count(None, &[reason]);
                metrics.tally.refused(reason);
                Either::Right(Box::pin(async move {
                    discard(request).await;
                    let mut answer = refusal.into_response();
                    beside.tell(answer.headers_mut());
                    Ok(answer)
                }))
            }
        }
    }
}
