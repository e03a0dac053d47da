//! The router: all endpoints, behind what every request passes.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower::util::MapRequest;
use tower_http::normalize_path::NormalizePath;

use super::auth::Guarding;
use super::endpoint::called_so;
use super::middleware::requests::Requests;
use super::middleware::{budget, known};
use super::{Api, endpoint, endpoints, error};

pub(super) fn router(api: Api) -> Router {
    let guarding = Guarding {
        auth: api.auth.clone(),
        metrics: api.metrics.clone(),
    };
    let requests = Requests::new(api.tracer.clone(), api.metrics.clone());
    let auth = api.auth.clone();
    endpoint::prepare();
    let routes = endpoints().into_iter();
    let router = routes
        .fold(Router::new(), |router, endpoint| endpoint.routed(router))
        .route_layer(from_fn_with_state(api.clone(), budget::share))
        .route_layer(from_fn_with_state(api.clone(), known::check))
        .route_layer(guarding)
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::no_such_method)
        // The body is read in one place, which knows the limit and answers in JSON.
        .layer(DefaultBodyLimit::disable());
    let router = auth.with_cors(router).layer(requests).with_state(api);
    // In front of the routes, which know each path once.
    let router = MapRequest::new(router, called_so);
    Router::new().fallback_service(NormalizePath::trim_trailing_slash(router))
}
