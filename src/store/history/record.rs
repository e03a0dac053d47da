//! What is written about a batch that was tried.

use serde::{Deserialize, Serialize};

use crate::core::batch::{Gathering, Millis};
use crate::core::item::Stamp;

/// What is written about a batch that was tried.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Record {
    /// The batch's `webhook-id`.
    pub id: String,
    /// The buffer of its chat.
    pub buffer: String,
    /// Its chat.
    pub chat: String,
    /// Where it went.
    pub destination: String,
    /// `delivered`, `failed` (it is tried again) or `buried`.
    pub outcome: String,
    /// How many messages the batch holds.
    pub messages: u64,
    /// What closed its window.
    pub reason: String,
    /// When its first message came.
    pub opened: Millis,
    /// When its window was closed.
    pub closed: Millis,
    /// When it was to be closed, or to leave; none: an earlier Lull has not noted it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub due: Option<Millis>,
    /// How its messages were gathered; none: there was no window.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gathered: Option<Gathering>,
    /// The `webhook-id` of the batch that was sent again in this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repeats: Option<String>,
    /// What its messages were, as a digest, where payloads are kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub digest: Option<String>,
    /// When its messages came, and their ids; of many the first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub stamps: Vec<Stamp>,
    /// Its newest attempt; none: it was given up on without one.
    pub last: Option<Try>,
    /// Why it was given up on without an attempt.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub why: Option<String>,
    /// The call of the newest attempt, where payloads are kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Request>,
}

/// A call, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Where it went, masked.
    pub url: String,
    /// The length of its body.
    pub bytes: u64,
    /// Its body; none if it is too large to be kept. It lies beside the rest, so that it is not encoded again.
    #[serde(skip)]
    pub body: Option<String>,
}

impl Request {
    /// Why there is no body here, for people; none: there is one.
    pub fn note(&self) -> Option<&'static str> {
        let is_missing = self.body.is_none();
        is_missing.then_some("a body above 64 KiB is not kept")
    }
}

/// An attempt at a batch.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Try {
    /// Its number; 1 is the first.
    pub number: u32,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub ms: u64,
    /// What happened, in a few words.
    pub summary: String,
    /// The beginning of the answer, where payloads are kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub answer: Option<String>,
}
