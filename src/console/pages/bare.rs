//! What the framework refuses by itself, before a page is asked: a form or an address that cannot be read, another method. A
//! browser gets a page that says so, and who opens the address of an act the page that the act belongs to.

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refused;
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::spelling::page_of;
use crate::console::visit::{HX_REQUEST, Visit, see};

/// An address that takes another method.
pub(in crate::console) async fn other_method(method: Method, uri: Uri) -> Response {
    if method == Method::GET || method == Method::HEAD {
        see(&page_of(uri.path()))
    } else {
        StatusCode::METHOD_NOT_ALLOWED.into_response()
    }
}

/// Says in a page what the framework refuses in plain text.
pub(in crate::console) async fn told(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let mut kept = parts.clone();
    let answer = next.run(Request::from_parts(parts, body)).await;
    let is_part = kept.headers.contains_key(HX_REQUEST);
    let Some(code) = code_of(&answer).filter(|_| !is_part) else {
        return answer;
    };
    match Visit::from_request_parts(&mut kept, &console).await {
        Ok(visit) => {
            let back = page_of(kept.uri.path());
            let refusal = Refused::unread(answer.status(), code);
            refused(&visit, &refusal, &back)
        }
        Err(elsewhere) => elsewhere,
    }
}

/// What the API would call it; none: it is said already.
fn code_of(answer: &Response) -> Option<&'static str> {
    let kind = answer.headers().get(CONTENT_TYPE);
    let is_told = kind.is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    match answer.status() {
        _ if is_told => None,
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Some("invalid_request"),
        StatusCode::METHOD_NOT_ALLOWED => Some("method_not_allowed"),
        StatusCode::PAYLOAD_TOO_LARGE => Some("too_large"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some("wrong_content_type"),
        _ => None,
    }
}
