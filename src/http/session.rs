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
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, take};

/// Read by [`begin`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = NewSession, description = "What a browser shows to come in: one of the two.")]
struct NewSessionBody {
    /// A key, or a token (JWT), that reaches `read` or `admin`.
    #[schema(min_length = 1)]
    key: Option<String>,
    /// What stands behind `link=` in a link of `lull console`. It is good once, for five minutes.
    #[schema(min_length = 1)]
    link: Option<String>,
}

/// What somebody comes in with.
enum Entry {
    Key(String),
    Link(String),
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
                "The answer sets a cookie that no script can read and no other site can send. It stands for the key or token, or for the key of the link, until nothing was asked for 12 hours, or 7 days are over, or the key is revoked. An address may try five keys a minute. What changes anything is taken with a cookie only from pages of this very host.",
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
    let entry = entry_of(&mut fields).map_err(|error| ApiError::from(error).into_response())?;
    let begun = match entry {
        Entry::Key(key) => {
            let begun = api.auth.begin_session(&key, address, secure);
            begun.map_err(ApiError::from)
        }
        Entry::Link(link) => api.auth.begin_session_by_link(&link, address, secure).await,
    };
    match begun {
        Ok((cookie, principal)) => {
            let set = AppendHeaders([(SET_COOKIE, cookie)]);
            Ok((set, Json(SessionAnswer::of(&principal))).into_response())
        }
        Err(error) => {
            let too_often = matches!(error, ApiError::Auth(Refusal::TooMany));
            let mut refused = error.into_response();
            if too_often {
                let seconds = HeaderValue::from(AGAIN_AFTER.as_secs());
                refused.headers_mut().insert(RETRY_AFTER, seconds);
            }
            Err(refused)
        }
    }
}

/// Reads what a browser shows.
///
/// # Errors
/// Says what is wrong, and with which field.
fn entry_of(fields: &mut RawObject) -> Result<Entry, BadInput> {
    let mut text = |name: &'static str| {
        let Some(raw) = take(fields, name) else {
            return Ok(None);
        };
        let text: String =
            serde_json::from_str(raw.get()).map_err(|_| BadInput::field(name, "must be text"))?;
        match text.trim() {
            "" => Err(BadInput::field(name, "must not be empty")),
            text => Ok(Some(text.to_owned())),
        }
    };
    match (text("key")?, text("link")?) {
        (Some(key), None) => Ok(Entry::Key(key)),
        (None, Some(link)) => Ok(Entry::Link(link)),
        (Some(_), Some(_)) => Err(BadInput::field(
            "link",
            "must not stand beside key: show one of the two",
        )),
        (None, None) => Err(BadInput::Missing {
            field: "key",
            what: "a key or a token, or a link in its place",
        }),
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
