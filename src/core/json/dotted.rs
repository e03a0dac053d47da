//! The texts of a window joined inside the payload they came in (Buffer Service): found and replaced at a dotted path, with
//! everything else left as it came, to the letter.

use std::borrow::Cow;

use serde_json::value::RawValue;
use thiserror::Error;

use crate::core::json::text;

/// Why there is no text at a path.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// The path is no names with dots between them.
    #[error("aggregate_field is not a path such as json.input.data.query: {0:?}")]
    NotAPath(String),
    /// Nothing stands there.
    #[error(
        "aggregate_field is {path}, but the payload has no {missing}: send a payload with a text there"
    )]
    Missing {
        /// The whole path.
        path: String,
        /// How far it had to be followed to find nothing.
        missing: String,
    },
    /// Something else than a text stands there.
    #[error("aggregate_field is {0}, but what stands there in the payload is not a text")]
    NotText(String),
}

/// The text at a dotted path, such as `json.input.data.query`; a number in it counts from 0 in a list.
///
/// # Errors
/// Says how far the path leads, or that no text stands there.
pub fn text_at(payload: &RawValue, path: &str) -> Result<String, PathError> {
    let found = find(payload.get(), path)?;
    let text = text::text(found).map(Cow::into_owned);
    text.ok_or_else(|| PathError::NotText(path.to_owned()))
}

/// The payload with the text at a path replaced by another, and every other byte as it came.
///
/// # Errors
/// The same as [`text_at`].
pub fn set_at(payload: &RawValue, path: &str, text: &str) -> Result<String, PathError> {
    let whole = payload.get();
    let found = find(whole, path)?;
    if !found.starts_with('"') {
        return Err(PathError::NotText(path.to_owned()));
    }
    let start = found.as_ptr() as usize - whole.as_ptr() as usize;
    let (before, after) = (&whole[..start], &whole[start + found.len()..]);
    Ok(format!("{before}{}{after}", serde_json::Value::from(text)))
}

/// The JSON at a path, as a part of the whole.
fn find<'a>(payload: &'a str, path: &str) -> Result<&'a str, PathError> {
    if path.split('.').any(str::is_empty) {
        return Err(PathError::NotAPath(path.to_owned()));
    }
    let mut found = payload;
    let mut followed = 0;
    for name in path.split('.') {
        followed += name.len();
        found = member(found, name).ok_or_else(|| PathError::Missing {
            path: path.to_owned(),
            missing: path[..followed].to_owned(),
        })?;
        followed += 1;
    }
    Ok(found)
}

/// What stands under a name in an object (of a repeated one the last, as everywhere), or at a place in a list.
fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    if json.starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        return list.get(name.parse::<usize>().ok()?).map(|raw| raw.get());
    }
    let object: indexmap::IndexMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    object.get(name).map(|raw| raw.get())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{ "z":1.10, "json": {"n":12345678901234567890123,"input":{"data":{"query":"one \"thing\"","k":[ "x",2 ]}}},"a":"\u00e9" }"#;
    const PATH: &str = "json.input.data.query";

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_text_at_a_path_is_found() {
        assert_eq!(text_at(raw(PAYLOAD), PATH).unwrap(), r#"one "thing""#);
        assert_eq!(text_at(raw(PAYLOAD), "json.input.data.k.0").unwrap(), "x");
    }

    #[test]
    fn everything_but_the_text_stays_to_the_letter() {
        let set = set_at(raw(PAYLOAD), PATH, "a \"b\"\nc").unwrap();

        assert_eq!(
            set,
            PAYLOAD.replace(r#""one \"thing\"""#, r#""a \"b\"\nc""#)
        );
    }

    #[test]
    fn of_a_repeated_name_the_last_is_read_and_replaced() {
        let twice = raw(r#"{"q":"a","q":"b"}"#);

        assert_eq!(text_at(twice, "q").unwrap(), "b");
        assert_eq!(set_at(twice, "q", "c").unwrap(), r#"{"q":"a","q":"c"}"#);
    }

    #[test]
    fn a_path_that_leads_nowhere_says_how_far_it_led() {
        let missing = |path: &str| text_at(raw(PAYLOAD), path).unwrap_err().to_string();

        assert!(missing("json.output.data").contains("the payload has no json.output:"));
        assert!(missing("z.deeper").contains("the payload has no z.deeper:"));
        assert!(missing("json.input.data.k.2").contains("the payload has no json.input.data.k.2"));
        assert!(missing("json.input").contains("is not a text"));
        assert_eq!(
            set_at(raw(PAYLOAD), "z", "t").unwrap_err(),
            PathError::NotText("z".to_owned())
        );
        for bad in ["", ".", "a..b", "a."] {
            assert!(missing(bad).contains("is not a path"), "{bad}");
        }
    }
}
