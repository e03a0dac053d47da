//! What somebody said, as far as a page shows it: hostile input, which is only ever text.

use serde_json::Value;

/// Fields that hold the words of a message, the likeliest first.
const WORDS: [&str; 6] = ["text", "message", "content", "body", "caption", "msg"];

/// The words of a message: a text as it is, of an object what is likely to be its words, anything else as JSON.
pub(super) fn words_of(message: &Value, most: usize) -> String {
    let object = message.as_object();
    let words = object.and_then(|it| WORDS.iter().find_map(|name| it.get(*name)?.as_str()));
    match message.as_str().or(words) {
        Some(text) if !text.trim().is_empty() => shortened(text, most),
        _ => shortened(&message.to_string(), most),
    }
}

/// A text of at most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn of_a_message_its_words_are_shown_and_of_anything_else_all_there_is() {
        for (message, words) in [
            (json!("oi"), "oi"),
            (json!({ "type": "text", "text": "tudo bem?" }), "tudo bem?"),
            (json!({ "type": "image" }), r#"{"type":"image"}"#),
            (json!([1, 2]), "[1,2]"),
            (json!("qual o preço da camiseta?"), "qual o preço da …"),
        ] {
            assert_eq!(words_of(&message, 16), words);
        }
    }
}
