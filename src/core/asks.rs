//! What a message asks of its window, by the rules of its buffer: how long the quiet after it is, and whether it closes at
//! once. Whoever takes a message in goes by it, and so does the replay of what came ([`super::tuner`]).

use std::time::Duration;

use super::window::{CloseReason, WaitRule, WindowRules};
use super::words::WordRules;

/// A message, as far as its window goes by it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spoken<'a> {
    /// The words in it.
    pub text: Option<&'a str>,
    /// It is what was tapped.
    pub is_choice: bool,
    /// Something is attached to it.
    pub has_media: bool,
}

/// What it asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// The quiet after it, where that is not the wait of the buffer.
    pub wait: Option<Duration>,
    /// The rule that says so.
    pub rule: Option<WaitRule>,
    /// It closes its window at once, for this reason.
    pub flush: Option<CloseReason>,
    /// It is no text, and may wait for one.
    pub media_only: bool,
}

impl Asks {
    /// What a message asks by these rules. What was tapped wins over what its words are short for.
    pub fn of(spoken: &Spoken<'_>, window: &WindowRules, words: &WordRules) -> Self {
        let choice = window.choice_wait.filter(|_| spoken.is_choice);
        let short = spoken.text.and_then(|text| words.wait_after(text));
        let is_word = spoken.text.is_some_and(|text| words.is_flush_word(text));
        let at_once = choice.filter(Duration::is_zero);
        Self {
            wait: choice.or(short),
            rule: match (choice, short) {
                (Some(_), _) => Some(WaitRule::Choice),
                (None, Some(_)) => Some(WaitRule::Words),
                (None, None) => None,
            },
            flush: is_word
                .then_some(CloseReason::Word)
                .or_else(|| at_once.map(|_| CloseReason::Choice)),
            media_only: spoken.text.is_none() && spoken.has_media,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::words::ShortWait;

    #[test]
    fn what_was_tapped_wins_over_short_words_and_a_flush_word_over_both() {
        let wait = Duration::from_secs(30);
        let words = WordRules::new(["ok"], Some(ShortWait { wait, words: 3 }));
        let window = WindowRules {
            choice_wait: Some(Duration::ZERO),
            ..WindowRules::default()
        };
        let of = |text, is_choice| {
            let spoken = Spoken {
                text: Some(text),
                is_choice,
                has_media: false,
            };
            Asks::of(&spoken, &window, &words)
        };

        let short = of("oi", false);
        assert_eq!(
            (short.wait, short.rule),
            (Some(wait), Some(WaitRule::Words))
        );
        let tapped = of("oi", true);
        assert_eq!(
            (tapped.wait, tapped.rule, tapped.flush),
            (
                Some(Duration::ZERO),
                Some(WaitRule::Choice),
                Some(CloseReason::Choice)
            )
        );
        assert_eq!(of("OK!", true).flush, Some(CloseReason::Word));
        assert_eq!(of("quero o azul hoje", false), Asks::default());
    }
}
