//! Removing what is configured: what becomes of what is still in it, or waits for it.

use serde::Deserialize;

use crate::console::asking::{Call, with_query};

/// What becomes of what is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum How {
    /// Nothing may be there.
    Empty,
    /// It is delivered first.
    Drain,
    /// It is dropped.
    Discard,
}

/// What a form says of it.
#[derive(Deserialize)]
pub(super) struct Removal {
    pub(super) how: How,
}

/// How something is being removed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Removing {
    pub(super) since: String,
}

impl How {
    /// Its word in a form, and in the API.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Drain => "drain",
            Self::Discard => "discard",
        }
    }

    /// What removes the thing at this path of the API.
    pub(super) fn call(self, path: &str) -> Call {
        Call::delete(match self {
            Self::Empty => path.to_owned(),
            Self::Drain | Self::Discard => with_query(path, &[(self.word(), "true")]),
        })
    }
}
