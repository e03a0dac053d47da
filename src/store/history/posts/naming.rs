//! Whom a post names, who may not be the one whose it is.

use super::Post;
use crate::core::chat::Chat;
use crate::core::finding::{number_of, ways_of_writing};

/// A number or an id with fewer characters may be something else in the words of others.
const SHORTEST_NAMED: usize = 8;

impl Post {
    /// Whether it is about this chat, or names its person anywhere.
    pub(super) fn is_about(&self, chat: &Chat) -> bool {
        if self.buffer.as_deref() != Some(chat.buffer.as_str()) {
            return false;
        }
        let id = chat.id.as_str();
        let person = id.rsplit_once(':').map_or(id, |(_, person)| person);
        let whose = [&self.chat, &self.writer];
        let texts = [&self.reason, &self.id, &self.message, &self.body];
        let is_its = whose
            .into_iter()
            .flatten()
            .any(|it| it == id || it == person);
        let mut names = vec![person.to_owned()];
        names.extend(
            number_of(&chat.id)
                .iter()
                .flat_map(|it| ways_of_writing(it)),
        );
        let mut all = whose.into_iter().chain(texts).flatten();
        is_its || all.any(|text| names.iter().any(|name| has_as_a_word(text, name)))
    }
}

/// Whether a text has this number or id in it as a whole word. One that is short or has no digit may be a word that others say,
/// and does not count.
fn has_as_a_word(text: &str, person: &str) -> bool {
    if person.len() < SHORTEST_NAMED || !person.bytes().any(|it| it.is_ascii_digit()) {
        return false;
    }
    // JSON writes a line break as `\n`: a letter may stand right before a number.
    let is_number = person.bytes().all(|it| it.is_ascii_digit());
    let may_go_on = if is_number {
        char::is_numeric
    } else {
        char::is_alphanumeric
    };
    let goes_on = |c: Option<char>| c.is_some_and(may_go_on);
    text.match_indices(person).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + person.len()..]);
        !goes_on(before.chars().next_back()) && !goes_on(after.chars().next())
    })
}
