//! `/api/keys`: keys of the API, made, listed and revoked.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::audit::Caller;
use super::auth::Need;
use super::body::Fields;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::specs::{All, created, named};
use crate::admin::NoSuch;
use crate::core::chat::Name;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, take};
use crate::core::moment::utc;
use crate::core::scopes::{ScopeError, Scopes};
use crate::store::api_keys::ApiKey;

/// Read by [`new_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = NewKey, description = "A key that is to be made.")]
struct NewKeyBody {
    /// What it is called: in lists, in the audit, and where it is revoked.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    name: String,
    /// What it reaches: `ingest`, `ingest@<buffer>`, `read` and `admin`, which is everything.
    #[schema(min_items = 1, schema_with = scope_words)]
    scopes: Vec<String>,
}

fn scope_words() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    crate::spec::scalars::schema_of(json!({
        "type": "array", "minItems": 1, "maxItems": MOST_SCOPES,
        "items": { "type": "string", "pattern": "^(ingest|ingest@[a-z0-9_-]{1,64}|read|admin)$" },
        "description": "What it reaches: `ingest`, `ingest@<buffer>`, `read` and `admin`, which is everything.",
    }))
}

/// Most scopes of a key.
const MOST_SCOPES: usize = 100;

/// A key, without its text.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Key)]
struct KeyAnswer {
    /// What it is called.
    name: String,
    /// What it reaches.
    scopes: Vec<String>,
    /// When it was made (RFC 3339, UTC).
    #[schema(format = DateTime)]
    made_at: String,
    /// When it was last used, within a minute or two (RFC 3339, UTC); null: never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeKey)]
struct MadeKeyAnswer {
    /// The key itself. Only its digest is kept, so nobody is shown it again.
    key: String,
    /// The rest of it.
    #[serde(flatten)]
    about: KeyAnswer,
}

/// The answer to a revocation.
#[derive(Debug, Serialize, ToSchema)]
struct RevokedKey {
    /// Always true.
    success: bool,
    /// For people.
    message: &'static str,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Keys, "/api/keys", list)
            .needs(Need::Admin)
            .says(
                "List keys",
                "Those that were made here or with `lull key new`; those of the environment (`API_KEYS`) are not among them.",
            )
            .answers_all::<KeyAnswer>("All keys, by name."),
        Endpoint::post(Chapter::Keys, "/api/keys", make)
            .says(
                "Make a key",
                "The answer has the key, once: only its digest is kept. Every api takes it within a second.",
            )
            .body::<NewKeyBody>(&json!({ "name": "panel", "scopes": ["read"] }))
            .answers::<MadeKeyAnswer>(201, "It is made; `Location` names it.")
            .refusing(&[409]),
        Endpoint::delete(Chapter::Keys, "/api/keys/{name}", revoke)
            .says(
                "Revoke a key",
                "Every api refuses it within a second.",
            )
            .answers::<RevokedKey>(200, "It is revoked.")
            .refusing(&[404]),
    ]
}

async fn list(State(api): State<Api>) -> Result<Response, ApiError> {
    let keys = api.admin.keys().await?;
    let items: Vec<_> = keys.iter().map(shown).collect();
    Ok(Json(All { items }).into_response())
}

async fn make(
    State(api): State<Api>,
    Caller(by): Caller,
    Fields(fields): Fields,
) -> Result<Response, ApiError> {
    let (name, scopes) = new_of(fields)?;
    let made = api.admin.make_key(name, scopes, &by).await?;
    let name = made.key.name.to_string();
    let answer = MadeKeyAnswer {
        key: made.secret,
        about: shown(&made.key),
    };
    Ok(created("keys", &name, answer))
}

async fn revoke(
    State(api): State<Api>,
    name: Result<Path<String>, PathRejection>,
    Caller(by): Caller,
) -> Result<Response, ApiError> {
    let name = named(name, NoSuch::Key.into())?;
    api.admin.revoke_key(&name, &by).await?;
    let answer = RevokedKey {
        success: true,
        message: "Revoked: no api takes it any more within a second",
    };
    Ok(Json(answer).into_response())
}

fn shown(key: &ApiKey) -> KeyAnswer {
    KeyAnswer {
        name: key.name.to_string(),
        scopes: key.scopes.words(),
        made_at: utc(key.made_at),
        last_used_at: key.used_at.map(utc),
    }
}

/// Reads which key is to be made.
///
/// # Errors
/// Says what is wrong, and with which field.
fn new_of(mut fields: RawObject) -> Result<(Name, Scopes), BadInput> {
    check_nulls(&fields)?;
    let missing = |field, what| move || BadInput::Missing { field, what };
    let name = take(&mut fields, "name").ok_or_else(missing("name", "what the key is called"))?;
    let name: String =
        serde_json::from_str(name.get()).map_err(|_| BadInput::field("name", "must be text"))?;
    let name = Name::parse(&name)
        .map_err(|error| BadInput::field("name", format!("is no name: {error}")))?;
    let what = "what the key reaches, such as [\"ingest\", \"read\"]";
    let scopes = take(&mut fields, "scopes").ok_or_else(missing("scopes", what))?;
    let words: Vec<String> = serde_json::from_str(scopes.get())
        .map_err(|_| BadInput::field("scopes", "must be a list of texts, such as [\"read\"]"))?;
    let most = words.len() <= MOST_SCOPES;
    let scopes = Scopes::of_words(words.iter().map(String::as_str));
    let scopes = scopes.and_then(|scopes| most.then_some(scopes).ok_or(ScopeError));
    let scopes = scopes.map_err(|error| {
        let why = format!("must name 1 to {MOST_SCOPES} scopes: {error}");
        BadInput::field("scopes", why)
    })?;
    Ok((name, scopes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn new(body: &str) -> Result<(Name, Scopes), String> {
        new_of(json_fields(body.as_bytes()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_key_needs_a_name_and_says_what_it_reaches() {
        let (name, scopes) = new(r#"{"name":"n8n","scopes":["ingest@loja","read"]}"#).unwrap();

        assert_eq!(name.as_str(), "n8n");
        assert_eq!(scopes.words(), ["ingest@loja", "read"]);
        for (body, why) in [
            (r#"{"scopes":["read"]}"#, "name is missing"),
            (r#"{"name":"n8n"}"#, "scopes is missing"),
            (r#"{"name":"N 8","scopes":["read"]}"#, "name is no name"),
            (r#"{"name":8,"scopes":["read"]}"#, "name must be text"),
            (r#"{"name":"n8n","scopes":"read"}"#, "scopes must be a list"),
            (r#"{"name":"n8n","scopes":[]}"#, "scopes must name"),
            (r#"{"name":"n8n","scopes":["write"]}"#, "scopes must name"),
            (r#"{"name":"n8n","scopes":null}"#, "scopes must not be null"),
        ] {
            let error = new(body).unwrap_err();
            assert!(error.starts_with(why), "{body}: {error}");
        }
    }
}
