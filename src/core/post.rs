//! What became of what was posted for a buffer.

use strum::VariantArray;

use crate::core::code::Code;
use crate::core::ignored::Ignored;

/// Why a post changed something, where that took a message back.
pub const TAKEN_BACK: &str = "a message that waited was taken back";

/// What became of a post, or of one of the things in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostResult {
    /// A message that was taken in.
    Taken,
    /// It changed a message that waited in an open window, or took it back.
    Changed,
    /// A typing signal, which holds an open window or lets go of it.
    Typing,
    /// A message whose id was seen before.
    Duplicate,
    /// A message that was said just before, in a buffer that drops repeats.
    Repeated,
    /// A message for a chat that is paused.
    Paused,
    /// Nothing for a bot.
    Ignored(Ignored),
    /// It was refused, and the answer said why.
    Refused(Code),
}

impl PostResult {
    /// The word of all that were refused.
    pub const REFUSED: &str = "refused";
    /// The word of all that were taken.
    pub const TAKEN: &str = "taken";
    /// The word of what changed a message that waited.
    pub const CHANGED: &str = "changed";

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => Self::TAKEN,
            Self::Changed => Self::CHANGED,
            Self::Typing => "typing",
            Self::Duplicate => "duplicate",
            Self::Repeated => "repeated",
            Self::Paused => "paused",
            Self::Ignored(why) => why.as_str(),
            Self::Refused(_) => Self::REFUSED,
        }
    }

    /// The code of a refusal.
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Refused(code) => Some(code),
            _ => None,
        }
    }

    /// The reason for people, where nothing more is to be told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Taken => "taken in",
            Self::Changed => "a message that waited was changed, or taken back",
            Self::Typing => "a typing signal",
            Self::Duplicate => "its id was seen before",
            Self::Repeated => "said just before",
            Self::Paused => "the chat is paused",
            Self::Ignored(why) => why.text(),
            Self::Refused(code) => code.meaning(),
        }
    }

    /// What there can be beside refusals.
    pub fn unrefused() -> impl Iterator<Item = Self> {
        let ignored = Ignored::VARIANTS.iter().copied().map(Self::Ignored);
        [
            Self::Taken,
            Self::Changed,
            Self::Typing,
            Self::Duplicate,
            Self::Repeated,
            Self::Paused,
        ]
        .into_iter()
        .chain(ignored)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_results_have_one_word() {
        let words: Vec<_> = PostResult::unrefused().map(PostResult::word).collect();
        let different: BTreeSet<_> = words.iter().copied().chain([PostResult::REFUSED]).collect();

        assert_eq!(different.len(), words.len() + 1);
    }
}
