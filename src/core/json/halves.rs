//! Halves of emojis: `"\ud83d"` without what has to follow it, as a client that cuts text sends it.

use std::borrow::Cow;

/// How a character that is not known is spelt.
const UNKNOWN: &[u8] = b"\\ufffd";

/// The same JSON, in which each half of an emoji that stands alone is U+FFFD. Nothing else of it changes, and whatever reads
/// JSON can read it: a `str` has no place for such a half, which would cost the whole document.
pub fn without_halves(json: &[u8]) -> Cow<'_, [u8]> {
    let mut whole: Vec<u8> = Vec::new();
    let (mut kept, mut at) = (0, 0);
    while let Some(found) = json[at..].iter().position(|&byte| byte == b'\\') {
        at += found;
        match half(&json[at..]) {
            Some(Half::First) if matches!(half(&json[at + 6..]), Some(Half::Second)) => at += 12,
            Some(_) => {
                whole.extend_from_slice(&json[kept..at]);
                whole.extend_from_slice(UNKNOWN);
                at += 6;
                kept = at;
            }
            // The backslash may stand before another.
            None => at = json.len().min(at + 2),
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    whole.extend_from_slice(&json[kept..]);
    Cow::Owned(whole)
}

/// Which half of a character.
enum Half {
    First,
    Second,
}

/// The half that begins here.
fn half(json: &[u8]) -> Option<Half> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    match u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()? {
        0xd800..=0xdbff => Some(Half::First),
        0xdc00..=0xdfff => Some(Half::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(json: &str) -> String {
        String::from_utf8(without_halves(json.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn only_what_stands_alone_is_replaced() {
        for (json, expected) in [
            (r#""a\ud83d b""#, r#""a\ufffd b""#),
            (r#""\ude00\ud83d""#, r#""\ufffd\ufffd""#),
            (
                r#""\ud83d\ud83d\ude00\ud83d""#,
                r#""\ufffd\ud83d\ude00\ufffd""#,
            ),
            (r#""\uD83D\n""#, r#""\ufffd\n""#),
        ] {
            assert_eq!(whole(json), expected);
            serde_json::from_str::<String>(expected).unwrap();
        }
    }

    #[test]
    fn all_else_stays_to_the_letter() {
        for json in [
            r#"{"a":"\ud83d\ude00","n":1.0,"b":"\\ud83d","c":"\u00e9"}"#,
            r#""\\\\ud83d""#,
            "\"é\\",
            r#""\ud8"#,
            "",
        ] {
            assert!(
                matches!(without_halves(json.as_bytes()), Cow::Borrowed(_)),
                "{json}"
            );
            assert_eq!(whole(json), json);
        }
    }
}
