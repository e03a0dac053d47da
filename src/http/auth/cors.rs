//! Pages of others that may call (CORS).

use std::time::Duration;

use axum::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::http::middleware::requests::X_REQUEST_ID;
use crate::settings::origins::Origins;

/// How long browsers need not ask again.
const ASKED_FOR: Duration = Duration::from_secs(600);

/// What tells browsers which pages may call; none where no other's may. Browsers are not told
/// to send cookies along, so a page of another origin can do no more than the key that it has been given.
pub(super) fn cors(origins: &Origins) -> Option<CorsLayer> {
    let origins = match origins {
        Origins::None => return None,
        Origins::All => AllowOrigin::any(),
        Origins::Only(origins) => {
            let origins = origins.iter().map(|it| HeaderValue::try_from(it).ok());
            AllowOrigin::list(origins.flatten())
        }
    };
    let taken = [
        ACCEPT,
        AUTHORIZATION,
        CONTENT_TYPE,
        HeaderName::from_static("idempotency-key"),
        HeaderName::from_static("x-api-key"),
        HeaderName::from_static("x-ins-auth-key"),
        X_REQUEST_ID,
    ];
    let shown = [
        LOCATION,
        RETRY_AFTER,
        WWW_AUTHENTICATE,
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
        X_REQUEST_ID,
    ];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers(taken)
            .expose_headers(shown)
            .max_age(ASKED_FOR),
    )
}
