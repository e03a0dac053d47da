//! What the API answers about a chat, as far as the page shows it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// As in `GET /api/chats/{user}/story`.
#[derive(Debug, Deserialize)]
pub(super) struct Story {
    pub(super) user: String,
    pub(super) buffer: String,
    pub(super) hash: String,
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) verdict: Option<Verdict>,
    pub(super) items: Vec<Entry>,
    pub(super) next_cursor: Option<String>,
    /// Everything since then is there.
    pub(super) searched_until: Option<String>,
}

/// Of each complaint what is told.
#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    pub(super) not_answered: Rule,
    pub(super) twice: Rule,
    pub(super) late: Rule,
}

/// The rule that holds, with its facts.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) code: String,
    #[serde(default)]
    pub(super) facts: BTreeMap<String, Value>,
}

impl Rule {
    /// A fact that is text; empty where it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.maybe(name).unwrap_or_default()
    }

    /// The same, where its absence matters.
    pub(super) fn maybe(&self, name: &str) -> Option<&str> {
        self.facts.get(name)?.as_str()
    }

    /// A fact that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.facts.get(name)?.as_u64()
    }

    /// A fact that is a list of texts, as one text.
    pub(super) fn list(&self, name: &str) -> String {
        let list = self.facts.get(name).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// Something that happened.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) at: String,
    #[serde(flatten)]
    pub(super) what: Happened,
}

/// What happened.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Happened {
    Received {
        #[serde(rename = "type")]
        kind: Option<String>,
        text: Option<String>,
    },
    Ignored {
        result: String,
    },
    Answered {
        by: String,
        text: Option<String>,
    },
    Closed {
        webhook_id: String,
        destinations: Vec<String>,
        reason: String,
        messages: u64,
        typing_ms: u64,
        repeats: Option<String>,
    },
    Attempt {
        webhook_id: String,
        destination: String,
        attempt: u32,
        duration_ms: u64,
        summary: String,
        answer: Option<String>,
        delivered: bool,
    },
    GivenUp {
        webhook_id: String,
        destination: String,
        reason: Option<String>,
    },
    Act {
        action: String,
        actor: Option<String>,
    },
    Later {
        message: Value,
    },
    FollowUp {
        number: u32,
    },
    Open {
        messages: u64,
        expires_in: f64,
    },
}

/// As in `GET /api/chats/{user}`.
#[derive(Debug, Deserialize)]
pub(super) struct Detail {
    pub(super) paused_for: Option<f64>,
    pub(super) window: Option<Window>,
    pub(super) dead_letters: Vec<DeadLetter>,
    pub(super) lanes: Vec<Lane>,
}

/// What waits for a destination.
#[derive(Debug, Deserialize)]
pub(super) struct Lane {
    pub(super) destination: String,
    pub(super) in_hand: bool,
    pub(super) next_attempt_in: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Window {
    pub(super) messages: u64,
    pub(super) deadline: String,
    pub(super) expires_in: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeadLetter {
    pub(super) id: String,
    pub(super) destination: String,
    pub(super) reason: String,
}
