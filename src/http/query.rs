//! What lists are asked for by.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use chrono::DateTime;
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::error::ApiError;
use super::named_chat::chat_named;
use crate::core::batch::Millis;
use crate::core::chat::{Name, NameError};
use crate::core::filter::Filter;
use crate::store::history::{BURIED, DELIVERED, FAILED};
use crate::store::{EntryId, Look};

const DEFAULT_LIMIT: usize = 50;
/// What a list may be asked for by as status, beside an HTTP status: by our words, and by those of the service Buffer.
const STATUSES: [&str; 6] = [DELIVERED, FAILED, BURIED, "received", "success", "error"];
/// Most of a list of the service Buffer.
const NEWEST: usize = 100;

/// What else the parameters of a list are called: the service Buffer calls them so.
pub(super) const OTHER_NAMES: [(&str, &str); 8] = [
    ("user", "key"),
    ("buffer", "buffer_name"),
    ("buffer", "buffer_id"),
    ("destination", "forwarding"),
    ("destination", "forwarding_name"),
    ("destination", "forwarding_id"),
    ("from", "start_date"),
    ("to", "end_date"),
];

/// The query of a list. Where a name has others beside it, the service Buffer calls it so.
#[derive(Deserialize, IntoParams)]
pub(super) struct ListQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 500, default = 50)]
    limit: Option<usize>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only what belongs to this chat: its token, or its id, of the buffer `default` where no buffer is named; where nothing
    /// is known of that one, its number in any writing. Also `key`.
    #[param(min_length = 1, max_length = 512, pattern = r"\S")]
    #[serde(alias = "key")]
    user: Option<String>,
    /// Only what belongs to this buffer. Also `buffer_name` and `buffer_id`.
    #[param(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    #[serde(alias = "buffer_name", alias = "buffer_id")]
    buffer: Option<String>,
    /// Only what went to this destination. Also `forwarding`, `forwarding_name` and `forwarding_id`.
    #[param(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    #[serde(
        alias = "forwarding",
        alias = "forwarding_name",
        alias = "forwarding_id"
    )]
    destination: Option<String>,
    /// Only what has this status: a word such as `delivered`, `failed` or `buried`, `success` or `error`, or an HTTP
    /// status.
    #[param(pattern = "^(delivered|failed|buried|received|success|error|[1-5][0-9]{2})$")]
    status: Option<String>,
    /// Only what has this result: a word, or `not_taken` for all but `taken`.
    result: Option<String>,
    /// Only what was given up on for a reason that holds this text, in capitals or not, such as `HTTP 404`.
    reason: Option<String>,
    /// Only what is not older than this moment (RFC 3339). Also `start_date`.
    #[param(format = DateTime)]
    #[serde(alias = "start_date")]
    from: Option<String>,
    /// Only what is not newer than this moment (RFC 3339). Also `end_date`.
    #[param(format = DateTime)]
    #[serde(alias = "end_date")]
    to: Option<String>,
}

/// The query of a list, checked.
pub(super) struct List {
    pub(super) limit: usize,
    cursor: Option<String>,
    pub(super) filter: Filter,
    pub(super) destination: Option<Name>,
    status: Option<String>,
    /// The word that results are asked for by.
    pub(super) result: Option<String>,
    /// In small letters.
    reason: Option<String>,
    paged: bool,
    from: Millis,
    to: Millis,
}

impl List {
    /// Where nothing is known of a chat of the very name that is asked for, it is the one chat that has this number.
    ///
    /// # Errors
    /// A parameter is wrong; several chats may be meant; it is a token that no chat has; unavailable, silent or unreadable.
    pub(super) async fn parse(
        api: &Api,
        query: Result<Query<ListQuery>, QueryRejection>,
    ) -> Result<Self, ApiError> {
        let Query(query) = query?;
        let (user, is_of_one_buffer) = (query.user.clone(), query.buffer.is_some());
        let mut list = Self::by_names(api, query, Name::from_stored, DEFAULT_LIMIT)?;
        if let (Filter::Chat(chat), Some(user)) = (&list.filter, user) {
            let buffer = is_of_one_buffer.then_some(&chat.buffer);
            let meant = api.admin.known_or_meant(chat.clone(), &user, buffer);
            list.filter = Filter::Chat(meant.await?);
        }
        Ok(list)
    }

    /// A list of the service Buffer, whose clients call buffers and forwardings by any words, and get the newest hundred.
    pub(super) fn of_words(
        api: &Api,
        query: Result<Query<ListQuery>, QueryRejection>,
    ) -> Result<Self, ApiError> {
        let Query(query) = query?;
        let mut list = Self::by_names(api, query, Name::slug, NEWEST)?;
        // To them all that did not arrive has failed.
        if list.status.as_deref() == Some("failed") {
            list.status = Some("error".to_owned());
        }
        Ok(list)
    }

    fn by_names(
        api: &Api,
        query: ListQuery,
        read: fn(&str) -> Result<Name, NameError>,
        most: usize,
    ) -> Result<Self, ApiError> {
        let paged = query.limit.is_some() || query.cursor.is_some();
        let limit = query.limit.unwrap_or(most);
        let named = |field: &'static str, name: &str| {
            read(name).map_err(|error| ApiError::parameter(field, format!("{field}: {error}")))
        };
        let buffer = |name: &str| named("buffer", name);
        let filter = match (query.user.as_deref(), query.buffer.as_deref()) {
            (Some(user), name) => {
                let buffer = name.map(buffer).transpose()?;
                let chat = chat_named(api, user, buffer).map_err(|it| it.parameter("user"))?;
                Filter::Chat(chat)
            }
            (None, Some(name)) => Filter::Buffer(buffer(name)?),
            (None, None) => Filter::Everybody,
        };
        let destination = query.destination.as_deref();
        Ok(Self {
            limit,
            cursor: query.cursor,
            filter,
            destination: destination
                .map(|name| named("destination", name))
                .transpose()?,
            status: query.status,
            result: query.result,
            reason: query.reason.map(|reason| reason.to_lowercase()),
            paged,
            from: moment("from", query.from.as_deref())?.unwrap_or(Millis::MIN),
            to: moment("to", query.to.as_deref())?.unwrap_or(Millis::MAX),
        })
    }

    /// The same where things have a status: one that nothing can have is refused, as an empty list would say that there is
    /// nothing.
    pub(super) fn by_status(self) -> Result<Self, ApiError> {
        let Some(status) = self.status.as_deref() else {
            return Ok(self);
        };
        let is_code = |status: &str| {
            status
                .parse()
                .is_ok_and(|code| (100..600_u16).contains(&code))
        };
        if STATUSES.contains(&status) || is_code(status) {
            return Ok(self);
        }
        let words = STATUSES.join(", ");
        let why = format!("status must be one of {words}, or an HTTP status");
        Err(ApiError::parameter("status", why))
    }

    /// What part of a list of stream entries is asked for.
    pub(super) fn look(&self) -> Result<Look, ApiError> {
        self.look_after(EntryId::parse)
    }

    /// The same of two lists that are shown as one.
    pub(super) fn look_at_two(&self) -> Result<Look, ApiError> {
        self.look_after(EntryId::parse_of_two)
    }

    fn look_after(&self, parse: fn(&str) -> Option<EntryId>) -> Result<Look, ApiError> {
        Ok(Look {
            from: self.from,
            to: self.to,
            after: self.after(parse)?,
            ..Look::first(self.limit)
        })
    }

    /// Whether a page was asked for, and not simply the newest.
    pub(super) fn is_paged(&self) -> bool {
        self.paged
    }

    /// Whether what went to this destination is asked for.
    pub(super) fn is_to(&self, destination: &str) -> bool {
        let asked = self.destination.as_ref();
        asked.is_none_or(|asked| asked.as_str() == destination)
    }

    /// Whether what was given up on for this reason is asked for.
    pub(super) fn is_for_reason(&self, reason: &str) -> bool {
        let asked = self.reason.as_deref();
        asked.is_none_or(|asked| reason.to_lowercase().contains(asked))
    }

    /// Whether what has this outcome and this HTTP status is asked for: by our words, by those of the service Buffer, or by the
    /// HTTP status.
    pub(super) fn has_status(&self, outcome: &str, code: Option<u16>) -> bool {
        match self.status.as_deref() {
            None => true,
            Some("success") => outcome == DELIVERED,
            Some("error") => outcome != DELIVERED,
            Some(asked) => outcome == asked || code.is_some_and(|code| code.to_string() == asked),
        }
    }

    /// Whether things of which all have these statuses are asked for.
    pub(super) fn is_for_all_that_are(&self, statuses: &[&str]) -> bool {
        let asked = self.status.as_deref();
        asked.is_none_or(|asked| statuses.contains(&asked))
    }

    /// Whether what was at that moment is not too old for what is asked for.
    pub(super) fn is_since(&self, at: Millis) -> bool {
        at >= self.from
    }

    /// The cursor as the place that `parse` reads from it.
    pub(super) fn after<T>(&self, parse: fn(&str) -> Option<T>) -> Result<Option<T>, ApiError> {
        let read = |cursor: &str| {
            parse(cursor).ok_or_else(|| {
                ApiError::parameter("cursor", "cursor is not one that this list gave")
            })
        };
        self.cursor.as_deref().map(read).transpose()
    }
}

/// A moment of a query, which names it `field`.
pub(super) fn moment(field: &'static str, text: Option<&str>) -> Result<Option<Millis>, ApiError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let moment = DateTime::parse_from_rfc3339(text).ok();
    let moment = moment.and_then(|moment| Millis::try_from(moment.timestamp_millis()).ok());
    moment.map(Some).ok_or_else(|| {
        let why = format!("{field} must be a moment such as 2026-01-31T12:00:00Z");
        ApiError::parameter(field, why)
    })
}
