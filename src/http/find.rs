//! `GET /api/find`: from a number in any writing, or any id, to the people and their chats.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::admin::{Findings, FoundBy};
use crate::core::finding::{as_one_number, number_of};
use crate::core::moment::{seconds, utc};
use crate::store::chats::people::FoundChat;

const DEFAULT_LIMIT: usize = 50;
/// Most bytes of what is looked for: a chat token of the longest chat id fits.
const LONGEST: usize = 1024;

/// The query of a search.
#[derive(Deserialize, IntoParams)]
struct FindQuery {
    /// A number in any writing, or the end of one, of at least 4 digits; how a chat id begins, without its line; a `webhook-id`,
    /// a `message_id`, the id of a dead letter, the token of a chat, or the eight letters that stand for a chat in logs.
    #[param(
        min_length = 1,
        max_length = 1024,
        pattern = r"\S",
        example = "+55 11 98888-7777"
    )]
    q: String,
    /// How many chats at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<usize>,
}

/// Who was found.
#[derive(Debug, Serialize, ToSchema)]
struct FindAnswer {
    /// What it was that was looked for.
    found_by: By,
    /// People, those who were heard from last first.
    people: Vec<PersonAnswer>,
    /// There are more than these.
    more: bool,
    /// Of what came before this moment not everything was looked through (RFC 3339, UTC); null: all of it was.
    #[schema(format = DateTime)]
    searched_until: Option<String>,
}

/// What was looked for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    /// A number, or the end of one.
    Number,
    /// How a chat id begins.
    Text,
    /// The `webhook-id` of a call.
    WebhookId,
    /// A `message_id`.
    MessageId,
    /// The id of a dead letter.
    DeadLetter,
    /// What stands for a chat in logs.
    Hash,
    /// The token of a chat.
    Token,
}

/// A person.
#[derive(Debug, Serialize, ToSchema)]
struct PersonAnswer {
    /// Their number; null: nobody has told it.
    number: Option<String>,
    /// How they call themself; null: nobody has told it.
    name: Option<String>,
    /// About when they were last heard from, in any chat (RFC 3339, UTC).
    #[schema(format = DateTime)]
    last_heard_at: Option<String>,
    /// Their chats in all buffers and lines, the one that was last heard from first.
    chats: Vec<PersonsChat>,
}

/// A chat of a person.
#[derive(Debug, Serialize, ToSchema)]
struct PersonsChat {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths, so that no proxy logs a number.
    token: Option<String>,
    /// What stands for the chat in logs.
    hash: String,
    /// How whoever writes there calls themself.
    name: Option<String>,
    /// It is a group in which this person wrote among others; absent where the chat is theirs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    /// What it is doing: the first of these that is so.
    state: ChatState,
    /// Seconds until the end of its pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_for: Option<f64>,
    /// About when it was last heard from: when its newest window was opened. If it never was, when it was first written to.
    /// In a group, when this person last wrote there. Null: it is not known any more.
    #[schema(format = DateTime)]
    last_heard_at: Option<String>,
}

/// What a chat is doing.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ChatState {
    /// It is left to a person.
    Paused,
    /// A window is open.
    Open,
    /// Batches wait for a destination.
    Waiting,
    /// Nothing.
    Quiet,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/find", find)
            .says(
                "Find a person",
                "Leads from whatever you have in hand to the people and their chats: with or without the country, the ninth digit, blanks and signs. Who was not heard from for as long as history is kept is forgotten.",
            )
            .query::<FindQuery>(&["q", "limit"])
            .answers::<FindAnswer>(200, "Who was found; nobody is an empty list."),
    ]
}

async fn find(
    State(api): State<Api>,
    query: Result<Query<FindQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(query) = query?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    let text = query.q;
    if text.trim().is_empty() || text.len() > LONGEST {
        let why = format!("q must be a number, a chat or an id, of 1 to {LONGEST} bytes");
        return Err(ApiError::parameter("q", why));
    }
    let Some(found) = api.admin.find(&text, limit).await? else {
        return Err(ApiError::parameter("q", "q must not be blank"));
    };
    Ok(Json(answer(&api, found)).into_response())
}

fn answer(api: &Api, findings: Findings) -> FindAnswer {
    let Findings {
        by,
        found,
        searched_until,
    } = findings;
    let mut people: IndexMap<String, Vec<FoundChat>> = IndexMap::new();
    for chat in found.chats {
        let who = number(&chat).map_or_else(
            // Without a number nobody knows whose other chats they are.
            || format!("{}:{}", chat.chat.buffer, chat.chat.id.as_str()),
            |number| as_one_number(&number),
        );
        people.entry(who).or_default().push(chat);
    }
    FindAnswer {
        found_by: word(by),
        people: people
            .into_values()
            .map(|chats| person(api, chats))
            .collect(),
        more: found.more,
        searched_until: searched_until.map(utc),
    }
}

fn person(api: &Api, chats: Vec<FoundChat>) -> PersonAnswer {
    let last_heard = chats.iter().filter_map(|it| it.last_heard).max();
    PersonAnswer {
        number: chats.iter().find_map(number),
        name: chats.iter().find_map(|it| it.name.clone()),
        last_heard_at: last_heard.map(utc),
        chats: chats.into_iter().map(|chat| of_person(api, chat)).collect(),
    }
}

fn of_person(api: &Api, found: FoundChat) -> PersonsChat {
    let chat = &found.chat;
    PersonsChat {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        token: api.admin.chat_tokens().of(chat),
        hash: chat.hash().to_string(),
        shared: found.writer.is_some(),
        state: match &found {
            it if it.paused_for.is_some() => ChatState::Paused,
            it if it.open => ChatState::Open,
            it if it.waiting => ChatState::Waiting,
            _ => ChatState::Quiet,
        },
        paused_for: found.paused_for.map(seconds),
        last_heard_at: found.last_heard.map(utc),
        name: found.name,
    }
}

fn number(found: &FoundChat) -> Option<String> {
    match &found.writer {
        Some(writer) => writer.number.clone(),
        None => number_of(&found.chat.id).or_else(|| found.phone.clone()),
    }
}

fn word(by: FoundBy) -> By {
    match by {
        FoundBy::Number => By::Number,
        FoundBy::Text => By::Text,
        FoundBy::WebhookId => By::WebhookId,
        FoundBy::MessageId => By::MessageId,
        FoundBy::DeadLetter => By::DeadLetter,
        FoundBy::Hash => By::Hash,
        FoundBy::Token => By::Token,
    }
}
