//! What can be wrong with a template, in words for its author.

use minijinja::ErrorKind;
use thiserror::Error;

use super::budget::MOST_WORKED_BYTES;
use super::reading::{MOST_READ, PIECE};
use super::{MOST_MADE_BYTES, MOST_SOURCE_BYTES};

/// How much of what was made is quoted in a refusal.
const QUOTED_CHARS: usize = 200;

/// Why a template was refused, or could not be filled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// Its source is too long.
    #[error("the template has {0} bytes, and at most {MOST_SOURCE_BYTES} are allowed: shorten it")]
    TooLong(usize),
    /// It cannot be compiled.
    #[error("the template is broken in line {line}: {why}")]
    Broken {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// A step of it cannot be done.
    #[error("the template cannot be filled, in line {line}: {why}")]
    Failed {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// It makes too much.
    #[error("the template makes more than {MOST_MADE_BYTES} bytes: let it name less")]
    TooLarge,
    /// All its steps make too much.
    #[error(
        "the template makes more than {MOST_WORKED_BYTES} bytes in all, in line {line}: a text or list that grows in a loop counts anew each time, so write it out as it comes, or use join"
    )]
    TooMuch {
        /// The line in which it became too much, from 1.
        line: usize,
    },
    /// All its steps read too much.
    #[error(
        "the template reads more than {MOST_READ} places of lists, or {PIECE} times as many bytes of texts, in all, in line {line}: compare or look through long texts and lists less often, for instance once outside of a loop"
    )]
    ReadsTooMuch {
        /// The line in which it became too much, from 1.
        line: usize,
    },
    /// Its content type is JSON, and what it makes is not.
    #[error("what the template makes is not JSON: {why}{}", quote(.beginning))]
    NotJson {
        /// What is wrong with it, with line and column of what was made.
        why: String,
        /// The beginning of what was made from the sample; of real messages nothing is told.
        beginning: Option<String>,
    },
}

fn quote(beginning: &Option<String>) -> String {
    let beginning = beginning.as_ref();
    beginning.map_or_else(String::new, |made| format!("; it begins with: {made}"))
}

/// Whether an error may quote what the template was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// It was made up.
    Told,
    /// It was said by people.
    Hidden,
}

impl TemplateError {
    pub(super) fn broken(error: &minijinja::Error) -> Self {
        Self::Broken {
            line: error.line().unwrap_or(1),
            why: why(error, Detail::Told),
        }
    }

    pub(super) fn failed(error: &minijinja::Error, detail: Detail) -> Self {
        Self::Failed {
            line: error.line().unwrap_or(1),
            why: why(error, detail),
        }
    }

    /// An item that cannot be written as JSON, which nothing that was stored can cause.
    pub(super) fn unreadable() -> Self {
        Self::Failed {
            line: 1,
            why: "a message cannot be written as JSON".to_owned(),
        }
    }

    pub(super) fn not_json(error: &serde_json::Error, made: &str, detail: Detail) -> Self {
        Self::NotJson {
            why: error.to_string(),
            beginning: (detail == Detail::Told).then(|| made.chars().take(QUOTED_CHARS).collect()),
        }
    }
}

fn why(error: &minijinja::Error, detail: Detail) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps: let it loop over less".to_owned(),
        (kind, Some(text)) if detail == Detail::Told => format!("{kind}: {text}"),
        (kind, _) => kind.to_string(),
    }
}
