//! `GET /api/messages/received`: the newest messages that were taken in.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::newest;
use crate::core::chat::Name;
use crate::core::item::{Media, read_items};
use crate::core::json::RawObject;
use crate::core::moment::utc;
use crate::http::Api;
use crate::http::endpoint::takes::ENTRY;
use crate::http::endpoint::{Chapter, Endpoint};
use crate::http::error::ApiError;
use crate::http::history::ALL;
use crate::http::query::{List, ListQuery};
use crate::store::history::received::Received;

/// What all of them are, in our words and in those of the service Buffer.
const RECEIVED: [&str; 2] = ["received", "success"];

/// A message that was taken in, as the service Buffer lists it. Where payloads are not kept all but the first three is empty.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ReceivedAnswer {
    /// The buffer.
    buffer: String,
    /// The value of the key field.
    key: String,
    /// When it came (RFC 3339).
    #[schema(format = DateTime)]
    received_at: String,
    /// The client's id for it.
    id: Option<String>,
    /// What it is: `text`, `image`, `audio`, …
    #[serde(rename = "type")]
    kind: Option<String>,
    /// What was said.
    #[schema(value_type = Option<Value>)]
    message: Option<Box<RawValue>>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media>,
    /// Who said it, where that is not the chat itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<String>,
    /// What is passed through.
    #[schema(value_type = Option<Object>)]
    fields: Option<RawObject>,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::History, "/api/messages/received", list)
            .says(
                "List messages as they came",
                "The newest first. Without `limit` and `cursor` the newest 100 as a bare list.",
            )
            .query::<ListQuery>(&ALL)
            .matching(&["cursor"], ENTRY)
            .by_words(&["buffer", "destination"])
            .answers_newest::<ReceivedAnswer>("Messages."),
    ]
}

pub(super) async fn list(
    State(api): State<Api>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let list = List::of_words(&api, query)?.by_status()?;
    let wanted = |received: &Received| {
        list.is_for_all_that_are(&RECEIVED) && api.goes_to(&received.chat.buffer, &list)
    };
    let received = api.admin.received(&list.filter, wanted, list.look()?);
    let found = received.await?;
    Ok(newest(
        &list,
        found.items.iter().map(shown),
        found.next_cursor,
    ))
}

impl Api {
    /// Whether a buffer delivers, by what it is told now, to where a list asks for.
    fn goes_to(&self, buffer: &Name, list: &List) -> bool {
        let Some(destination) = &list.destination else {
            return true;
        };
        let snapshot = self.registry.get();
        let buffer = snapshot.buffer(buffer);
        buffer.is_some_and(|buffer| {
            let mut targets = buffer.destinations.iter();
            targets.any(|target| target.name == *destination)
        })
    }
}

fn shown(received: &Received) -> ReceivedAnswer {
    let items = received.item.as_deref().map(read_items);
    let item = items.and_then(|items| items.ok()?.into_iter().next());
    let mut answer = ReceivedAnswer {
        buffer: received.chat.buffer.to_string(),
        key: received.chat.id.as_str().to_owned(),
        received_at: utc(received.at),
        ..ReceivedAnswer::default()
    };
    if let Some(item) = item {
        answer.kind = Some(item.kind().to_owned());
        answer.id = item.id;
        answer.message = Some(item.message);
        answer.media = item.media;
        answer.sender = item.sender;
        answer.fields = Some(item.fields);
    }
    answer
}
