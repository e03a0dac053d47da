//! Which lanes are to be tried now, or given up on, as it is posted.

use utoipa::ToSchema;

use crate::core::batch::BatchId;
use crate::core::chat::{ChatId, Name};
use crate::core::incoming::user_of;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, take, text_or_integer};
use crate::core::json::whole_number::whole_of;
use crate::http::scalars::ChatKey;
use crate::spec::scalars::scalars;

/// Most lanes of one request.
const MOST: u64 = 1_000;

scalars! {
    /// A name; digits may also come as a number.
    LaneName = {
        "type": ["string", "integer"], "pattern": r"^\.?[a-z0-9_-]{1,64}$",
        "description": "1 to 64 characters out of `a-z`, `0-9`, `_` and `-`; of a schedule `.` and its name.",
    };
    /// How many lanes at most.
    LaneCount = {
        "type": ["integer", "string"], "minimum": 1, "maximum": MOST, "pattern": "^[1-9][0-9]{0,2}$", "default": MOST,
        "description": format!("A whole number from 1 to {MOST}; also as text."),
    };
}

/// Read by [`now_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = TryNow, description = "Which lanes are to be tried now: that of a chat, or all to a destination, of one buffer if that is named. None of it may be null.")]
pub(super) struct NowBody {
    /// Where it goes.
    destination: LaneName,
    /// Only the lane of this chat, or of the chat with this token.
    #[schema(required = false)]
    user: ChatKey,
    /// Only what is in this buffer; of a chat without it `default`.
    #[schema(required = false)]
    buffer: LaneName,
    /// Of all these only the next so many.
    #[schema(required = false)]
    limit: LaneCount,
}

/// See [`NowBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "Which lanes are to be tried now, as a form.")]
pub(super) struct NowForm {
    /// Where it goes.
    #[schema(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    destination: String,
    /// Only the lane of this chat, or of the chat with this token.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    #[serde(default)]
    user: String,
    /// Only what is in this buffer.
    #[schema(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    buffer: String,
    /// Of all these only the next so many.
    #[schema(pattern = "^[1-9][0-9]{0,2}$")]
    #[serde(default)]
    limit: String,
}

/// Read by [`give_up_of`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = GiveUp, description = "The first batch of which lane is to be given up on. None of it may be null.")]
pub(super) struct GiveUpBody {
    /// Where it goes.
    destination: LaneName,
    /// The chat, or its token.
    user: ChatKey,
    /// The buffer it belongs to; without it `default`.
    #[schema(required = false)]
    buffer: LaneName,
    /// Only this batch.
    #[schema(required = false, min_length = 1, max_length = 100)]
    webhook_id: String,
}

/// See [`GiveUpBody`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(description = "The first batch of which lane is to be given up on, as a form.")]
pub(super) struct GiveUpForm {
    /// Where it goes.
    #[schema(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    destination: String,
    /// The chat, or its token.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    user: String,
    /// The buffer it belongs to.
    #[schema(pattern = r"^\.?[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    buffer: String,
    /// Only this batch.
    #[schema(min_length = 1, max_length = 100)]
    #[serde(default)]
    webhook_id: String,
}

/// What is to be tried now.
pub(super) struct Now {
    pub(super) destination: Name,
    pub(super) user: Option<ChatId>,
    pub(super) buffer: Option<Name>,
    pub(super) limit: usize,
}

/// What is to be given up on.
pub(super) struct GiveUp {
    pub(super) destination: Name,
    pub(super) user: ChatId,
    pub(super) buffer: Option<Name>,
    pub(super) batch: Option<BatchId>,
}

/// Reads what is to be tried now.
///
/// # Errors
/// Says what is wrong, and with which field.
pub(super) fn now_of(mut fields: RawObject) -> Result<Now, BadInput> {
    let destination = destination_of(&mut fields)?;
    check_nulls(&fields)?;
    let buffer = name(&mut fields, "buffer")?;
    let user = match fields.contains_key("user") {
        true => Some(user_of(&mut fields)?),
        false => None,
    };
    let limit = match take(&mut fields, "limit") {
        None => MOST,
        Some(raw) => whole_of(&raw)
            .filter(|limit| (1..=MOST).contains(limit))
            .ok_or_else(|| {
                BadInput::field("limit", format!("must be a whole number from 1 to {MOST}"))
            })?,
    };
    Ok(Now {
        destination,
        user,
        buffer,
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    })
}

/// Reads what is to be given up on.
///
/// # Errors
/// Says what is wrong, and with which field.
pub(super) fn give_up_of(mut fields: RawObject) -> Result<GiveUp, BadInput> {
    let destination = destination_of(&mut fields)?;
    let user = user_of(&mut fields)?;
    check_nulls(&fields)?;
    let buffer = name(&mut fields, "buffer")?;
    let batch = match take(&mut fields, "webhook_id") {
        None => None,
        Some(raw) => {
            let text =
                text_or_integer(&raw).filter(|text| (1..=100).contains(&text.chars().count()));
            let why = "must be the webhook-id of a batch, text of 1 to 100 characters";
            Some(text.ok_or_else(|| BadInput::field("webhook_id", why))?)
        }
    };
    Ok(GiveUp {
        destination,
        user,
        buffer,
        batch: batch.as_deref().map(BatchId::from_stored),
    })
}

fn destination_of(fields: &mut RawObject) -> Result<Name, BadInput> {
    name(fields, "destination")?.ok_or(BadInput::Missing {
        field: "destination",
        what: "it names the destination",
    })
}

/// Also that of a schedule, which begins with a dot.
fn name(fields: &mut RawObject, field: &'static str) -> Result<Option<Name>, BadInput> {
    let Some(raw) = take(fields, field) else {
        return Ok(None);
    };
    let text = text_or_integer(&raw).ok_or_else(|| BadInput::field(field, "must be text"))?;
    let name = Name::from_stored(&text);
    name.map(Some)
        .map_err(|error| BadInput::field(field, error.to_string()))
}
