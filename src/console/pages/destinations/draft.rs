//! What a destination that is not written yet would send, or sends when it is called.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::API;
use super::answers::Tried;
use crate::console::asking::{Asking, Call, Refused, with_query};
use crate::console::pages::history::History;

/// How far a draft is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Only what it would send is told.
    Preview,
    /// It is called.
    Call,
}

/// What a draft would send, or did.
pub(super) struct Shown {
    pub(super) tried: Result<Tried, Refused>,
    /// Whose batch it is made of; none: a sample.
    pub(super) of: Option<String>,
}

impl Shown {
    /// What a draft would send for the newest batch there is, or of a sample where nothing of one is kept. A call that is made is
    /// made with a sample, so that no person gets an answer.
    pub(super) async fn of(ask: &Asking, name: &str, draft: &Value, depth: Depth) -> Self {
        let path = format!("{API}/test");
        let mut body = draft.clone();
        if let Value::Object(fields) = &mut body {
            // A draft need have no name.
            fields.retain(|field, value| field != "name" || *value != json!(""));
        }
        if depth == Depth::Call {
            let tried = ask.read(&Call::post(path, Some(body))).await;
            return Self { tried, of: None };
        }
        if !ask.comes_from_our_page() {
            let tried = Err(Refused::from_elsewhere());
            return Self { tried, of: None };
        }
        let query = [("destination", name), ("limit", "1")];
        let newest = ask.get::<History>("/api/history", &query).await;
        let newest = newest.ok().and_then(|it| it.items.into_iter().next());
        let with = |batch: &str| with_query(&path, &[("dry_run", "true"), ("webhook_id", batch)]);
        if let Some(batch) = newest {
            let call = Call::post(with(&batch.webhook_id), Some(body.clone()));
            let tried: Result<Tried, Refused> = ask.read(&call).await;
            // Nothing of it is kept, or it has an id of its client's.
            let is_gone = tried.as_ref().is_err_and(|it| {
                it.status == StatusCode::NOT_FOUND || it.field.as_deref() == Some("webhook_id")
            });
            if !is_gone {
                let of = Some(batch.user);
                return Self { tried, of };
            }
        }
        let tried = ask.read(&Call::post(with(""), Some(body))).await;
        Self { tried, of: None }
    }
}
