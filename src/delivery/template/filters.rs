//! What templates can do with a value beside the engine's own filters.
//!
//! | filter | |
//! |---|---|
//! | `tojson` | the value as JSON, which within a string of a JSON body is escaped as text |
//! | `join(between)` | a list as one text |
//! | `date(format, zone)` | a moment by strftime's contexts, in the buffer's zone or another; takes RFC 3339, ms or s since 1970 |
//! | `urlencode` | for a place in a URL |
//! | `int`, `float` | as the engine's, for numbers of any spelling: use them before calculating or comparing |
//!
//! What they make is counted (`budget`). The engine's filters that can make very much out of very little are not there.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use form_urlencoded::byte_serialize;
use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, State, Value};
use serde_json::value::RawValue;

use super::budget::CountedText;
use super::escape::{Escape, text_of};
use super::json::{self, Json};
use super::reading;
use super::render::RenderState;

/// No moment of a chat is earlier than this in ms (1973), nor later in s (5138).
const LEAST_MILLIS: u64 = 100_000_000_000;

/// Puts the filters of Lull into an environment and takes out what could exhaust memory or shows the engine's inside.
pub(super) fn put_into(environment: &mut Environment<'_>, escape: Escape) {
    environment.add_filter("tojson", tojson);
    environment.add_filter("join", join);
    environment.add_filter("date", date);
    environment.add_filter("urlencode", urlencode);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    if escape == Escape::Json {
        // `tojson | safe` is common and right; the engine's own `safe` would make a text of it.
        environment.add_filter("safe", |value: Value| value);
    }
    for name in ["batch", "format", "indent", "pprint", "slice"] {
        environment.remove_filter(name);
    }
    environment.remove_global("debug");
}

fn tojson(value: &Value) -> Result<Value, Error> {
    let raw = RawValue::from_string(json::of(value)?.into_owned());
    let raw = raw.map_err(|_| Error::new(ErrorKind::BadSerialization, "tojson made no JSON"))?;
    Ok(Json::value(raw))
}

fn join(state: &State<'_, '_>, value: &Value, between: Option<&str>) -> Result<String, Error> {
    if value.is_undefined() || value.is_none() || value.as_str().is_some() {
        return Ok(text_of(value)?.into_owned());
    }
    RenderState::with(state, |render| {
        reading::count(&render.budget, value)?;
        let mut joined = CountedText::new(&render.budget);
        for (number, part) in value.try_iter()?.enumerate() {
            if number > 0 {
                joined.push(between.unwrap_or_default())?;
            }
            joined.push(&text_of(&part)?)?;
        }
        Ok(joined.into_text())
    })
}

fn urlencode(value: &Value) -> Result<Value, Error> {
    let encoded: String = byte_serialize(text_of(value)?.as_bytes()).collect();
    // A plus is a space in queries only; in paths too this is one.
    Ok(Value::from_safe_string(encoded.replace('+', "%20")))
}

fn date(
    state: &State<'_, '_>,
    value: &Value,
    format: &str,
    zone: Option<&str>,
) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(Value::UNDEFINED);
    }
    let zone = match zone {
        Some(name) => name.parse::<Tz>().map_err(|_| {
            cannot(format!(
                "date: {name} is not a time zone by its IANA name, such as America/Sao_Paulo"
            ))
        })?,
        None => RenderState::with(state, |render| Ok(render.zone))?,
    };
    let moment = moment(value).ok_or_else(|| {
        cannot("date takes RFC 3339, or milliseconds or seconds since 1970".to_owned())
    })?;
    RenderState::with(state, |render| {
        let mut text = CountedText::new(&render.budget);
        write!(text, "{}", moment.with_timezone(&zone).format(format))
            .map_err(|_| cannot(format!("date: {format} is not a format as strftime has it")))?;
        Ok(Value::from(text.into_text()))
    })
}

fn moment(value: &Value) -> Option<DateTime<Utc>> {
    let number = match value.as_str() {
        Some(text) => match text.parse() {
            Ok(number) => number,
            Err(_) => return DateTime::parse_from_rfc3339(text).ok().map(DateTime::into),
        },
        None => i64::try_from(value.clone()).ok()?,
    };
    let millis = if number.unsigned_abs() < LEAST_MILLIS {
        number * 1000
    } else {
        number
    };
    DateTime::from_timestamp_millis(millis)
}

fn int(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    base: Option<u32>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    RenderState::with(state, |render| reading::count(&render.budget, value))?;
    minijinja::filters::int(state, &countable(value), default, base, kwargs)
}

fn float(
    state: &State<'_, '_>,
    value: &Value,
    default: Option<Value>,
    kwargs: Kwargs,
) -> Result<Value, Error> {
    RenderState::with(state, |render| reading::count(&render.budget, value))?;
    minijinja::filters::float(state, &countable(value), default, kwargs)
}

/// A number that is kept as it came, as its digits.
fn countable(value: &Value) -> Value {
    match value.downcast_object_ref::<Json>() {
        Some(json) => Value::from(json.get()),
        None => value.clone(),
    }
}

fn cannot(why: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}
