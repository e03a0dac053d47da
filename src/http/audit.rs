//! The audit: who asks, and `GET /api/audit`.

use std::convert::Infallible;

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::auth::Pass;
use super::endpoint::takes::ENTRY;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::page::page;
use super::query::{List, ListQuery};
use crate::core::action::Action;
use crate::core::json::RawObject;
use crate::core::moment::utc;
use crate::spec::masked::masked_url;
use crate::store::audit::{By, Noted};

/// Who sent a request: what a handler hands on with whatever it changes.
pub(super) struct Caller(pub(super) By);

impl FromRequestParts<Api> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let pass = Pass::from_request_parts(parts, api).await?;
        Ok(Self(By {
            actor: pass.name().map(str::to_owned),
            address: api.auth.client(parts),
        }))
    }
}

/// What the audit is asked for beside what every list is.
#[derive(Deserialize, IntoParams)]
pub(super) struct AuditQuery {
    /// Only this action, such as `buffer.write`.
    action: Option<String>,
    /// With what became of the messages that leave one by one.
    #[serde(default)]
    deliveries: bool,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
struct AuditAnswer {
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// What, such as `buffer.write`.
    action: String,
    /// To what: a name, the hash of a chat; of something of a chat its name or id, a space and the hash.
    subject: Option<String>,
    /// The name of the key of who did it; null where nobody asked for one.
    actor: Option<String>,
    /// Where the request came from; null for what a daemon did by itself.
    address: Option<String>,
    /// To how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    /// What was written there before, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    before: Option<Box<RawValue>>,
    /// What is written there now, masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    after: Option<Box<RawValue>>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/audit", list)
            .says(
                "List what was done",
                "What was changed and done by hand, when, by whom and from where, the newest first.",
            )
            .query::<ListQuery>(&["limit", "cursor", "from", "to"])
            .matching(&["cursor"], ENTRY)
            .query::<AuditQuery>(&["action", "deliveries"])
            .matching(&["action"], &format!("^({})$", words().join("|")))
            .answers_page::<AuditAnswer>("A page of entries."),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
    which: Result<Query<AuditQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let (list, Query(which)) = (List::parse(&api, query).await?, which?);
    let (action, deliveries) = (which.action.as_deref(), which.deliveries);
    if action.is_some_and(|action| !words().contains(&action)) {
        let why = format!("action must be one of {}", words().join(", "));
        return Err(ApiError::parameter("action", why));
    }
    let noted = api.admin.audited(action, deliveries, list.look()?);
    Ok(page(noted.await?, shown))
}

/// All that is noted.
fn words() -> Vec<&'static str> {
    let all = Action::ALL.iter().copied();
    all.map(Action::word).collect()
}

fn shown(Noted { at, act }: Noted) -> AuditAnswer {
    AuditAnswer {
        at: utc(at),
        action: act.action,
        subject: act.subject,
        actor: act.actor,
        address: act.address.map(|address| address.to_string()),
        count: act.count,
        before: act.before.map(without_secrets),
        after: act.after.map(without_secrets),
    }
}

/// What was noted, with its URL as it is shown everywhere: an older Lull noted it as it was.
fn without_secrets(noted: Box<RawValue>) -> Box<RawValue> {
    let Ok(mut fields) = serde_json::from_str::<RawObject>(noted.get()) else {
        return noted;
    };
    let url = fields.get("url");
    let url = url.and_then(|url| serde_json::from_str::<String>(url.get()).ok());
    let Some(url) = url else { return noted };
    let masked = to_raw_value(&masked_url(&url));
    fields.extend(masked.map(|masked| ("url".to_owned(), masked)));
    to_raw_value(&fields).unwrap_or(noted)
}
