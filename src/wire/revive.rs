//! Which dead letters an operator wants revived, as it is posted and as it is answered.

use chrono::DateTime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::incoming::user_of;
use crate::core::json::RawObject;
use crate::core::json::fields::{BadInput, check_nulls, number_of, take, text_or_integer};
use crate::core::revival::Wanted;

/// Most ids of one request.
pub const MOST_IDS: usize = 500;

/// What is to be revived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revive {
    /// Which dead letters.
    pub wanted: Wanted,
    /// Of those only the oldest so many.
    pub limit: Option<u64>,
    /// Only count them.
    pub dry_run: bool,
}

/// Reads what is to be revived: `{"all": true}`, or what narrows it. None of it may be null: less would be narrowed than was
/// meant.
///
/// # Errors
/// Says what is wrong, and with which field; also where nothing says which.
pub fn revive_of(mut fields: RawObject) -> Result<Revive, BadInput> {
    check_nulls(&fields)?;
    let all = flag(&mut fields, "all")?;
    let chat = match fields.contains_key("user") {
        true => Some(user_of(&mut fields)?.as_str().to_owned()),
        false => None,
    };
    let buffer = name(&mut fields, "buffer")?;
    let wanted = Wanted {
        // As in lists: a user alone is one of the buffer `default`.
        buffer: buffer.or_else(|| chat.as_ref().map(|_| Name::default_name().to_string())),
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
    let whole = number_of(&raw).filter(|number| number.fract() == 0.0 && *number >= 1.0);
    let limit = whole.and_then(|_| text_or_integer(&raw)?.trim().parse().ok());
    limit
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

/// Revivals that are under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Revivals {
    /// The oldest first.
    pub items: Vec<UnderWay>,
}

/// A revival that is under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnderWay {
    /// Names it.
    pub id: String,
    /// How many dead letters there were when it was asked for.
    pub count: u64,
    /// How many of them are back on their lanes.
    pub back: u64,
    /// When it was asked for (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub asked_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::json::fields::json_fields;

    fn revive(body: &str) -> Result<Revive, String> {
        revive_of(json_fields(body.as_bytes()).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn all_has_to_be_said() {
        assert_eq!(
            revive(r#"{"all":true,"dry_run":"true"}"#),
            Ok(Revive {
                wanted: Wanted::all(),
                limit: None,
                dry_run: true
            })
        );
        for nothing in [
            "{}",
            r#"{"all":false}"#,
            r#"{"limit":5}"#,
            r#"{"dry_run":true}"#,
        ] {
            let error = revive(nothing).unwrap_err();
            assert!(error.starts_with("all is missing"), "{nothing}: {error}");
        }
    }

    #[test]
    fn a_user_alone_is_one_of_the_buffer_default() {
        let wanted = |body: &str| {
            let wanted = revive(body).unwrap().wanted;
            (
                wanted.chat.unwrap_or_default(),
                wanted.buffer.unwrap_or_default(),
            )
        };
        assert_eq!(wanted(r#"{"user":55}"#), ("55".into(), "default".into()));
        assert_eq!(
            wanted(r#"{"user":"ana","buffer":"loja"}"#),
            ("ana".into(), "loja".into())
        );
    }

    #[test]
    fn ids_are_a_list_or_have_commas_between_them() {
        for ids in [r#"["1-0-1","2-0-2"]"#, r#""1-0-1, 2-0-2""#] {
            let revive = revive(&format!(r#"{{"ids":{ids}}}"#)).unwrap();
            assert_eq!(revive.wanted.ids, ["1-0-1", "2-0-2"], "{ids}");
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (body, why) in [
            (r#"{"all":"yes"}"#, "all must be"),
            (r#"{"buffer":"A B"}"#, "buffer "),
            (r#"{"destination":7}"#, "destination must be"),
            (r#"{"reason":" "}"#, "reason must be"),
            (r#"{"from":"yesterday"}"#, "from must be"),
            (r#"{"all":true,"limit":0}"#, "limit must be"),
            (r#"{"all":true,"limit":1.5}"#, "limit must be"),
            (r#"{"ids":[]}"#, "ids must be"),
            (r#"{"ids":[7]}"#, "ids must be"),
            (r#"{"ids":""}"#, "ids must be"),
            (r#"{"ids":["1-0-1",""]}"#, "ids must be"),
            (r#"{"user":""}"#, "user must"),
            (r#"{"all":true,"user":null}"#, "user must not be null"),
            (r#"{"ids":["1-0-1"],"buffer":null}"#, "buffer must not"),
            (r#"{"all":true,"dry_run":null}"#, "dry_run must not"),
        ] {
            let error = revive(body).unwrap_err();
            assert!(error.starts_with(why), "{body}: {error}");
        }
    }
}
