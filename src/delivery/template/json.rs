//! Values between JSON and templates: what came in goes out to the context.
//!
//! Lists, objects, and numbers whose spelling a template's own numbers would not keep (`1.10`, 40 digits) stay raw; lists
//! and objects are opened one level at a time, and only where a template reaches into them.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use minijinja::value::{Enumerator, Object, ObjectRepr, ValueKind};
use minijinja::{Error, ErrorKind, Value};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::core::json::text;

/// Deeper than this nothing is written, nor kept by a template.
pub(super) const DEEPEST: usize = 64;

/// A JSON value kept as it came.
pub(super) struct Json {
    raw: Box<RawValue>,
    parts: OnceLock<Parts>,
}

enum Parts {
    None,
    List(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Json {
    /// JSON that is already written.
    pub(super) fn value(raw: Box<RawValue>) -> Value {
        Value::from_object(Self {
            raw,
            parts: OnceLock::new(),
        })
    }

    /// The JSON.
    pub(super) fn get(&self) -> &str {
        self.raw.get()
    }

    fn parts(&self) -> &Parts {
        self.parts.get_or_init(|| {
            let raw = self.get();
            if raw.starts_with('[') {
                let list: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
                Parts::List(list.into_iter().map(from_raw).collect())
            } else if raw.starts_with('{') {
                let object: IndexMap<String, &RawValue> =
                    serde_json::from_str(raw).unwrap_or_default();
                let members = object.into_iter();
                Parts::Object(members.map(|(name, raw)| (name, from_raw(raw))).collect())
            } else {
                Parts::None
            }
        })
    }
}

impl fmt::Debug for Json {
    /// Tells nothing: it may be what was said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Json")
    }
}

impl Object for Json {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.get().as_bytes().first() {
            Some(b'[') => ObjectRepr::Seq,
            Some(b'{') => ObjectRepr::Map,
            _ => ObjectRepr::Plain,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match self.parts() {
            Parts::None => None,
            Parts::List(list) => list.get(key.as_usize()?).cloned(),
            Parts::Object(_) => self.get_value_by_str(key.as_str()?),
        }
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match self.parts() {
            Parts::Object(members) => {
                let (_, value) = members.iter().find(|(name, _)| name == key)?;
                Some(value.clone())
            }
            Parts::None | Parts::List(_) => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.parts() {
            Parts::None => Enumerator::NonEnumerable,
            Parts::List(list) => Enumerator::Seq(list.len()),
            Parts::Object(members) => Enumerator::Values(
                members
                    .iter()
                    .map(|(name, _)| Value::from(name.as_str()))
                    .collect(),
            ),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

/// A JSON value for a template.
pub(super) fn from_raw(raw: &RawValue) -> Value {
    let text = raw.get();
    let value = match text.as_bytes().first() {
        Some(b'"') => text::text(text).map(|text| Value::from(&*text)),
        Some(b't' | b'f') => Some(Value::from(text == "true")),
        Some(b'n') => Some(Value::from(())),
        Some(b'-' | b'0'..=b'9') => number(text),
        _ => None,
    };
    value.unwrap_or_else(|| Json::value(raw.to_owned()))
}

/// Anything that can be written as JSON, for a template.
pub(super) fn from_any(any: &impl Serialize) -> serde_json::Result<Value> {
    Ok(from_raw(&to_raw_value(any)?))
}

/// A number that comes out as it came in, or nothing where that cannot be.
fn number(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<i128>() {
        return (number.to_string() == text).then(|| Value::from(number));
    }
    let number = text.parse::<f64>().ok()?;
    (float(number) == text).then(|| Value::from(number))
}

fn float(number: f64) -> String {
    serde_json::Value::from(number).to_string()
}

/// A text as a JSON string.
pub(super) fn of_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A template's value as JSON.
///
/// # Errors
/// When it holds itself, or cannot be a value at all.
pub(super) fn of(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(json) = value.downcast_object_ref::<Json>() {
        return Ok(Cow::Borrowed(json.get()));
    }
    let mut out = String::new();
    write(&mut out, value, 0)?;
    Ok(Cow::Owned(out))
}

fn write(out: &mut String, value: &Value, depth: usize) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(cannot("a value is too deep, or holds itself"));
    }
    if let Some(json) = value.downcast_object_ref::<Json>() {
        out.push_str(json.get());
        return Ok(());
    }
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number if value.is_integer() => out.push_str(&value.to_string()),
        ValueKind::Number => out.push_str(&float(f64::try_from(value.clone())?)),
        ValueKind::String => out.push_str(&of_text(value.as_str().unwrap_or_default())),
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (number, part) in value.try_iter()?.enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write(out, &part, depth + 1)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            for (number, key) in value.try_iter()?.enumerate() {
                if number > 0 {
                    out.push(',');
                }
                out.push_str(&of_text(&super::escape::text_of(&key)?));
                out.push(':');
                write(out, &value.get_item(&key)?, depth + 1)?;
            }
            out.push('}');
        }
        _ => return Err(cannot("a value is neither text nor anything that JSON has")),
    }
    Ok(())
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}
