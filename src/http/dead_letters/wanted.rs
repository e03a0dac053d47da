//! Which dead letters an operator wants revived, as it is posted.

use chrono::DateTime;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::incoming::user_of;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, take};
use crate::core::json::whole_number::whole_of;
use crate::core::revival::Wanted;
use crate::http::scalars::ChatKey;
use crate::spec::scalars::scalars;

/// Most ids of one request.
const MOST_IDS: usize = 500;

scalars! {
    /// See [`Name`].
    NameOf = {
        "type": "string", "pattern": "^[a-z0-9_-]{1,64}$",
        "description": "1 to 64 characters out of `a-z`, `0-9`, `_` and `-`.",
    };
    /// True or false, and never null.
    YesOrNo = {
        "type": ["boolean", "string"], "pattern": "^(true|false)$",
        "description": "`true` or `false`; also as text.",
    };
}

/// Read by [`revive_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = Revive, description = "Which dead letters: what narrows it, several of which narrow it together, or `all`. Without any of them nothing is revived, and none of them may be null.")]
pub(super) struct ReviveBody {
    /// True: all there are. Needed where nothing narrows it.
    #[schema(required = false)]
    all: YesOrNo,
    /// Those of this chat: its token, or its id, of the buffer `default` where no buffer is named; where there is none of
    /// that very name, a number in any writing means the one chat that has it.
    #[schema(required = false)]
    user: ChatKey,
    /// Those of this buffer.
    #[schema(required = false)]
    buffer: NameOf,
    /// Those that were to go to this destination.
    #[schema(required = false)]
    destination: NameOf,
    /// Those whose reason holds this text, in capitals or not, such as `HTTP 404`.
    #[schema(min_length = 1, pattern = r"\S", required = false)]
    reason: String,
    /// Those that were not given up on before this moment (RFC 3339).
    #[schema(format = DateTime, required = false)]
    from: String,
    /// Those that were not given up on after this moment (RFC 3339).
    #[schema(format = DateTime, required = false)]
    to: String,
    /// Those with one of these ids.
    #[schema(min_items = 1, max_items = 500, required = false)]
    ids: Vec<String>,
    /// Of all these only the oldest so many.
    #[schema(minimum = 1, required = false)]
    limit: u64,
    /// True: only count them.
    #[schema(required = false)]
    dry_run: YesOrNo,
}

/// See [`ReviveBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "Which dead letters, as a form.")]
pub(super) struct ReviveForm {
    /// `true`: all there are.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    all: String,
    /// Those of this chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    #[serde(default)]
    user: String,
    /// Those of this buffer.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    buffer: String,
    /// Those that were to go to this destination.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    destination: String,
    /// Those whose reason holds this text.
    #[schema(min_length = 1, pattern = r"\S")]
    #[serde(default)]
    reason: String,
    /// Those that were not given up on before this moment.
    #[schema(format = DateTime)]
    #[serde(default)]
    from: String,
    /// Those that were not given up on after this moment.
    #[schema(format = DateTime)]
    #[serde(default)]
    to: String,
    /// Those with one of these ids, with commas between them.
    #[schema(min_length = 1)]
    #[serde(default)]
    ids: String,
    /// Of all these only the oldest so many.
    #[schema(pattern = "^[1-9][0-9]{0,9}$")]
    #[serde(default)]
    limit: String,
    /// `true`: only count them.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    dry_run: String,
}

/// What is to be revived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct Revive {
    /// Which dead letters; of a chat as it was named, in the buffer that was named beside it.
    pub(super) wanted: Wanted,
    /// Of those only the oldest so many.
    pub(super) limit: Option<u64>,
    /// Only count them.
    pub(super) dry_run: bool,
}

/// Reads what is to be revived: `{"all": true}`, or what narrows it. None of it may be null: less would be narrowed than was
/// meant.
///
/// # Errors
/// Says what is wrong, and with which field; also where nothing says which.
pub(in crate::http) fn revive_of(mut fields: RawObject) -> Result<Revive, BadInput> {
    check_nulls(&fields)?;
    let all = flag(&mut fields, "all")?;
    let chat = match fields.contains_key("user") {
        true => Some(user_of(&mut fields)?.as_str().to_owned()),
        false => None,
    };
    let buffer = name(&mut fields, "buffer")?;
    let wanted = Wanted {
        buffer,
        chat,
        destination: name(&mut fields, "destination")?,
        reason: text(&mut fields, "reason")?,
        from: moment(&mut fields, "from")?,
        to: moment(&mut fields, "to")?,
        ids: ids(&mut fields)?,
    };
    let revive = Revive {
        limit: limit(&mut fields)?,
        dry_run: flag(&mut fields, "dry_run")?,
        wanted,
    };
    if revive.wanted.is_all() && !all {
        return Err(BadInput::Missing {
            field: "all",
            what: "nothing says which dead letters; name user, buffer, destination, reason, from, to or ids, or send \"all\": true",
        });
    }
    Ok(revive)
}

fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn text(fields: &mut RawObject, field: &'static str) -> Result<Option<String>, BadInput> {
    let read = |raw: Box<RawValue>| {
        let text: Option<String> = read(&raw);
        let text = text.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| BadInput::field(field, "must be text that is not blank"))
    };
    take(fields, field).map(read).transpose()
}

/// Also that of a schedule or its destination, which begins with a dot.
fn name(fields: &mut RawObject, field: &'static str) -> Result<Option<String>, BadInput> {
    let read = |text: String| {
        let name = Name::from_stored(&text);
        name.map(|name| name.to_string())
            .map_err(|error| BadInput::field(field, error.to_string()))
    };
    text(fields, field)?.map(read).transpose()
}

fn flag(fields: &mut RawObject, field: &'static str) -> Result<bool, BadInput> {
    let Some(raw) = take(fields, field) else {
        return Ok(false);
    };
    let text = read::<String>(&raw).and_then(|text| text.parse().ok());
    let flag = text.or_else(|| read(&raw));
    flag.ok_or_else(|| BadInput::field(field, "must be true or false"))
}

fn moment(fields: &mut RawObject, field: &'static str) -> Result<Option<Millis>, BadInput> {
    let Some(text) = text(fields, field)? else {
        return Ok(None);
    };
    let moment = DateTime::parse_from_rfc3339(text.trim()).ok();
    let moment = moment.and_then(|moment| Millis::try_from(moment.timestamp_millis()).ok());
    let why = "must be a moment such as 2026-01-31T12:00:00Z";
    moment.map(Some).ok_or_else(|| BadInput::field(field, why))
}

fn limit(fields: &mut RawObject) -> Result<Option<u64>, BadInput> {
    let Some(raw) = take(fields, "limit") else {
        return Ok(None);
    };
    whole_of(&raw)
        .filter(|limit| *limit > 0)
        .map(Some)
        .ok_or_else(|| BadInput::field("limit", "must be a whole number from 1"))
}

/// A list of ids; in a form, which has no lists, with commas between them.
fn ids(fields: &mut RawObject) -> Result<Vec<String>, BadInput> {
    let Some(raw) = take(fields, "ids") else {
        return Ok(Vec::new());
    };
    let split = |text: String| text.split(',').map(|id| id.trim().to_owned()).collect();
    let ids: Option<Vec<String>> = read(&raw).or_else(|| read(&raw).map(split));
    let ids = ids.filter(|ids| (1..=MOST_IDS).contains(&ids.len()));
    // An empty one, as of a form whose field was left empty, names nothing.
    let ids = ids.filter(|ids| ids.iter().all(|id| !id.is_empty()));
    ids.ok_or_else(|| BadInput::field("ids", format!("must be a list of 1 to {MOST_IDS} ids")))
}

#[cfg(test)]
mod tests;
