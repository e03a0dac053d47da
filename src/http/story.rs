//! `GET /api/chats/{user}/story`: everything that happened in a chat, in order, and a verdict for each complaint.

mod entries;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use super::named_chat::{BufferQuery, any_buffer, chat_meant};
use super::query::moment;
use crate::admin::story::{Story, StoryCursor, StoryPage};
use crate::core::batch::Millis;
use crate::core::moment::utc;
use crate::core::verdict::{Late, NotAnswered, Situation, Twice};
use entries::{EntryAnswer, shown};

const DEFAULT_LIMIT: usize = 100;

/// The query of a story.
#[derive(Deserialize, IntoParams)]
struct StoryQuery {
    /// How many entries, about.
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    #[param(pattern = "^[0-9]{1,15}(-[0-9]{1,15})?$")]
    cursor: Option<String>,
    /// Only what is not older than this moment (RFC 3339).
    #[param(format = DateTime)]
    from: Option<String>,
    /// Only what is not newer than this moment (RFC 3339).
    #[param(format = DateTime)]
    to: Option<String>,
}

/// The story of a chat.
#[derive(Debug, Serialize, ToSchema)]
struct StoryAnswer {
    /// The chat.
    user: String,
    /// The buffer it belongs to.
    buffer: String,
    /// What stands for the chat in paths.
    token: Option<String>,
    /// What stands for the chat in logs.
    hash: String,
    /// How whoever writes there calls themself.
    name: Option<String>,
    /// The number that its alias stands for.
    phone: Option<String>,
    /// What to tell somebody who complains; only on the newest page.
    verdict: Option<Verdict>,
    /// What happened, the oldest first; what is to come stands at its time.
    items: Vec<EntryAnswer>,
    /// Pass it as `?cursor=` for what was before; null: there is nothing, or nothing is kept.
    next_cursor: Option<String>,
    /// Everything since then is here (RFC 3339, UTC); null: all that is kept.
    #[schema(format = DateTime)]
    searched_until: Option<String>,
}

/// What to tell somebody who complains: of each complaint the first rule that holds.
#[derive(Debug, Serialize, ToSchema)]
struct Verdict {
    /// "It did not answer."
    not_answered: NotAnswered,
    /// "It answered twice."
    twice: Twice,
    /// "It answered too late."
    late: Late,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Chats, "/api/chats/{user}/story", story)
            .says(
                "Tell the story of a chat",
                "What was said, dropped, gathered, tried, delivered and answered, in one list, and a verdict for \"not answered\", \"twice\" and \"late\". Of a chat of which nothing is known the verdict says so. If the buffer does not exist either, the answer is 404.",
            )
            .query::<BufferQuery>(&["buffer"])
            .query::<StoryQuery>(&["limit", "cursor", "from", "to"])
            .answers::<StoryAnswer>(200, "A page of the story.")
            .refusing(&[404, 409]),
    ]
}

async fn story(
    State(api): State<Api>,
    user: Result<Path<String>, PathRejection>,
    query: Result<Query<BufferQuery>, QueryRejection>,
    page: Result<Query<StoryQuery>, QueryRejection>,
) -> Result<Json<StoryAnswer>, ApiError> {
    let Query(page) = page?;
    let chat = chat_meant(&api, user, query, any_buffer).await?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    let after = page.cursor.as_deref().map(read_cursor).transpose()?;
    let page = StoryPage {
        from: moment("from", page.from.as_deref())?.unwrap_or(Millis::MIN),
        to: moment("to", page.to.as_deref())?,
        after,
        limit,
    };
    let told = api.admin.story(&chat, page).await?;
    Ok(Json(answer(&api, told)))
}

fn read_cursor(cursor: &str) -> Result<StoryCursor, ApiError> {
    let wrong = || ApiError::parameter("cursor", "cursor is not one that this list gave");
    StoryCursor::parse(cursor).ok_or_else(wrong)
}

fn answer(api: &Api, story: Story) -> StoryAnswer {
    let Story {
        chat: known,
        entries,
        situation,
        next,
    } = story;
    let chat = &known.chat;
    StoryAnswer {
        user: chat.id.as_str().to_owned(),
        buffer: chat.buffer.to_string(),
        token: api.admin.chat_tokens().of(chat),
        hash: chat.hash().to_string(),
        name: known.name,
        phone: known.phone,
        verdict: situation.as_ref().map(verdict),
        items: entries.into_iter().map(shown).collect(),
        next_cursor: next.map(|next| next.text()),
        searched_until: next.map(|next| utc(next.to.saturating_add(1))),
    }
}

fn verdict(situation: &Situation) -> Verdict {
    Verdict {
        not_answered: situation.not_answered(),
        twice: situation.twice(),
        late: situation.late(),
    }
}
