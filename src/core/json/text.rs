//! The texts of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};

/// The text of a JSON string; nothing for other values. Half of an emoji (`"\ud83d"`, as a client that cuts text sends
/// it) has no place in a `str` and would otherwise cost the whole text; it becomes U+FFFD.
pub fn text(json: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(json)
        .ok()
        .map(|text| text.0)
}

/// A JSON string, taken as bytes: as such it may hold anything.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Text<'de>, E> {
                Ok(Text(String::from_utf8_lossy(bytes)))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(
                    String::from_utf8_lossy(bytes).into_owned(),
                )))
            }
        }

        deserializer.deserialize_bytes(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_costs_nothing_else() {
        assert_eq!(text(r#""oi""#).as_deref(), Some("oi"));
        assert_eq!(text(r#""a\u0000\ud83d\ude00""#).as_deref(), Some("a\0😀"));
        let half = text(r#""a\ud83d b""#).unwrap();
        assert!(
            half.starts_with("a\u{fffd}") && half.ends_with(" b"),
            "{half}"
        );
        for other in ["1", "null", "{}", r#"["a"]"#] {
            assert_eq!(text(other), None, "{other}");
        }
    }
}
