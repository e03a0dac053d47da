//! `/api/session`: how a browser comes in. It shows a key or a token once, and its cookie stands for that from then on.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::auth::{AGAIN_AFTER, Need, Pass, Refusal, ended, is_by_https, is_of_our_page};
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::core::api_key::Principal;
use crate::core::json::fields::{BadInput, take};

/// Read by [`begin`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = NewSession, description = "What a browser shows to come in.")]
struct NewSessionBody {
    /// A key, or a token (JWT), that reaches `read` or `admin`.
    #[schema(min_length = 1)]
    key: String,
}

/// Who somebody is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionAnswer {
    /// What they are called: the name of the key, or that of the token.
    name: String,
    /// What they reach.
    scopes: Vec<String>,
    /// They may change things.
    may_change: bool,
}

impl SessionAnswer {
    fn of(principal: &Principal) -> Self {
        Self {
            name: principal.name.to_string(),
            scopes: principal.scopes.words(),
            may_change: principal.scopes.changes(),
        }
    }
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let path = "/api/session";
    vec![
        Endpoint::get(Chapter::Keys, path, show)
            .says("Show who you are", "By the key, the token or the session of this request.")
            .without_redis()
            .answers::<SessionAnswer>(200, "Who you are."),
        Endpoint::post(Chapter::Keys, path, begin)
            .needs(Need::Nothing)
            .says(
                "Begin a session in a browser",
                "The answer sets a cookie that no script can read and no other site can send. It stands for the key or token until nothing was asked for 12 hours, or 7 days are over, or the key is revoked. An address may try five keys a minute. What changes anything is taken with a cookie only from pages of this very host.",
            )
            .body::<NewSessionBody>(&json!({ "key": "lull_…" }))
            .answers::<SessionAnswer>(200, "Who you are.")
            .refusing(&[401, 403, 429]),
        Endpoint::delete(Chapter::Keys, path, end)
            .needs(Need::Nothing)
            .says("End the session of a browser", "Its cookie is deleted. A program has no session.")
            .without_redis()
            .answers_nothing("It is over.")
            .refusing(&[403]),
    ]
}

async fn show(pass: Pass) -> Result<Json<SessionAnswer>, Refusal> {
    match pass {
        Pass::Known(principal) | Pass::Open(Some(principal)) => {
            Ok(Json(SessionAnswer::of(&principal)))
        }
        Pass::Open(None) => Err(Refusal::NoKey),
        Pass::Unknown(refusal) => Err(refusal),
    }
}

async fn begin(State(api): State<Api>, request: Request) -> Result<Response, Response> {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    if is_foreign(&parts.method, headers) {
        return Err(Refusal::ForeignOrigin.into_response());
    }
    let (address, secure) = (api.auth.client(&parts), is_by_https(headers));
    let request = Request::from_parts(parts, body);
    let Fields(mut fields) = Fields::from_request(request, &api)
        .await
        .map_err(IntoResponse::into_response)?;
    let missing = BadInput::Missing {
        field: "key",
        what: "a key or a token",
    };
    let key = take(&mut fields, "key").ok_or_else(|| ApiError::from(missing).into_response())?;
    let key: String = serde_json::from_str(key.get())
        .map_err(|_| ApiError::from(BadInput::field("key", "must be text")).into_response())?;
    if key.trim().is_empty() {
        let empty = BadInput::field("key", "must not be empty");
        return Err(ApiError::from(empty).into_response());
    }
    match api.auth.begin_session(key.trim(), address, secure) {
        Ok((cookie, principal)) => {
            let set = AppendHeaders([(SET_COOKIE, cookie)]);
            Ok((set, Json(SessionAnswer::of(&principal))).into_response())
        }
        Err(refusal) => {
            let too_often = matches!(refusal, Refusal::TooMany);
            let mut refused = refusal.into_response();
            if too_often {
                let seconds = HeaderValue::from(AGAIN_AFTER.as_secs());
                refused.headers_mut().insert(RETRY_AFTER, seconds);
            }
            Err(refused)
        }
    }
}

async fn end(method: Method, headers: HeaderMap) -> Result<impl IntoResponse, Refusal> {
    if is_foreign(&method, &headers) {
        return Err(Refusal::ForeignOrigin);
    }
    let set = ended().map(|cookie| (SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(set)))
}

/// Whether a browser says that a page of somebody else asks. A program sends neither header.
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let is_of_a_page = headers.contains_key("sec-fetch-site") || headers.contains_key("origin");
    is_of_a_page && !is_of_our_page(method, headers)
}
