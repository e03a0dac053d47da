//! The body that asks for dead letters to be revived, see [`revive_of`](crate::wire::revive::revive_of).

use utoipa::ToSchema;

use super::{ChatKey, NameOf, YesOrNo};

/// Read by [`revive_of`](crate::wire::revive::revive_of).
#[derive(ToSchema)]
#[schema(as = Revive, description = "Which dead letters: what narrows it, several of which narrow it together, or `all`. Without any of them nothing is revived, and none of them may be null.")]
pub struct ReviveBody {
    /// True: all there are. Needed where nothing narrows it.
    #[schema(required = false)]
    pub all: YesOrNo,
    /// Those of this chat; without `buffer` one of the buffer `default`.
    #[schema(required = false)]
    pub user: ChatKey,
    /// Those of this buffer.
    #[schema(required = false)]
    pub buffer: NameOf,
    /// Those that were to go to this destination.
    #[schema(required = false)]
    pub destination: NameOf,
    /// Those whose reason holds this text, in capitals or not, such as `HTTP 404`.
    #[schema(min_length = 1, pattern = r"\S", required = false)]
    pub reason: String,
    /// Those that were not given up on before this moment (RFC 3339).
    #[schema(format = DateTime, required = false)]
    pub from: String,
    /// Those that were not given up on after this moment (RFC 3339).
    #[schema(format = DateTime, required = false)]
    pub to: String,
    /// Those with one of these ids.
    #[schema(min_items = 1, max_items = 500, required = false)]
    pub ids: Vec<String>,
    /// Of all these only the oldest so many.
    #[schema(minimum = 1, required = false)]
    pub limit: u64,
    /// True: only count them.
    #[schema(required = false)]
    pub dry_run: YesOrNo,
}

/// See [`ReviveBody`].
#[derive(ToSchema)]
#[schema(description = "Which dead letters, as a form.")]
pub struct ReviveForm {
    /// `true`: all there are.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    pub all: String,
    /// Those of this chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    #[serde(default)]
    pub user: String,
    /// Those of this buffer.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    pub buffer: String,
    /// Those that were to go to this destination.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    pub destination: String,
    /// Those whose reason holds this text.
    #[schema(min_length = 1, pattern = r"\S")]
    #[serde(default)]
    pub reason: String,
    /// Those that were not given up on before this moment.
    #[schema(format = DateTime)]
    #[serde(default)]
    pub from: String,
    /// Those that were not given up on after this moment.
    #[schema(format = DateTime)]
    #[serde(default)]
    pub to: String,
    /// Those with one of these ids, with commas between them.
    #[schema(min_length = 1)]
    #[serde(default)]
    pub ids: String,
    /// Of all these only the oldest so many.
    #[schema(pattern = "^[1-9][0-9]{0,9}$")]
    #[serde(default)]
    pub limit: String,
    /// `true`: only count them.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    pub dry_run: String,
}
