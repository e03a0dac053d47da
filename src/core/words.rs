//! What is said decides how long to wait: words that mean "I am done", and texts so short that more will follow.

use std::collections::HashSet;
use std::time::Duration;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How a buffer listens to what is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordRules {
    /// A message that is one of these closes its window at once; each is [`folded`].
    flush_words: HashSet<String>,
    short: Option<ShortWait>,
}

/// Another quiet window after a short text, which mostly is not all that somebody has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortWait {
    /// The quiet window.
    pub wait: Duration,
    /// A text with fewer words than this is short.
    pub words: usize,
}

impl WordRules {
    /// Rules with these flush words, however they are written.
    pub fn new<'a>(
        flush_words: impl IntoIterator<Item = &'a str>,
        short: Option<ShortWait>,
    ) -> Self {
        Self {
            flush_words: flush_words.into_iter().map(folded).collect(),
            short,
        }
    }

    /// Whether this text, as a whole, closes its window.
    pub fn is_flush_word(&self, text: &str) -> bool {
        !self.flush_words.is_empty() && self.flush_words.contains(&folded(text))
    }

    /// The quiet window after this text, if it has one of its own.
    pub fn wait_after(&self, text: &str) -> Option<Duration> {
        let short = self.short?;
        (words(text) < short.words).then_some(short.wait)
    }
}

/// The text without case, accents, and what is neither letter nor digit at its ends: `" Já! "` is `"ja"`.
pub fn folded(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|&c| !is_combining_mark(c))
        .flat_map(char::to_lowercase)
        .collect();
    let bare = plain.trim_matches(|c: char| !c.is_alphanumeric());
    // A text of signs alone, such as "?" or an emoji, is compared as it is.
    let whole = if bare.is_empty() { plain.trim() } else { bare };
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many words a text has.
fn words(text: &str) -> usize {
    text.split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_what_stands_around_do_not_matter() {
        for text in [
            "já é",
            "JÁ É",
            " Ja  e! ",
            "ja\u{301} e\u{301}",
            "¡Já\né...?",
        ] {
            assert_eq!(folded(text), "ja e", "{text}");
        }
        assert_eq!(folded("Straße"), "straße");
        assert_eq!(folded(" ?! "), "?!");
        assert_eq!(folded("🙏"), "🙏");
        assert_eq!(folded(""), "");
    }

    #[test]
    fn the_whole_message_must_be_the_flush_word() {
        let rules = WordRules::new(["É isso", "ok"], None);

        assert!(rules.is_flush_word("e isso!"));
        assert!(rules.is_flush_word("OK 👍"));
        assert!(!rules.is_flush_word("ok, mas espera"));
        assert!(!WordRules::default().is_flush_word(""));
    }

    #[test]
    fn a_short_text_has_a_wait_of_its_own() {
        let wait = Duration::from_secs(30);
        let rules = WordRules::new([], Some(ShortWait { wait, words: 3 }));

        assert_eq!(rules.wait_after("oi tudo"), Some(wait));
        assert_eq!(rules.wait_after("oi, tudo bem?"), None);
        assert_eq!(WordRules::default().wait_after("oi"), None);
    }

    #[test]
    fn signs_are_no_words() {
        assert_eq!(words("oi, tudo bem?"), 3);
        assert_eq!(words("oi - 🙂"), 1);
        assert_eq!(words(" ... "), 0);
    }
}
