//! When the windows of a buffer close.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scalars::FlushWord;
use super::{SpecError, seconds};
use crate::core::json::whole_number::whole;
use crate::core::window::{FirstWait, MAX_FIRST_AFTER, MIN_TTL, WindowRules};
use crate::core::words::{ShortWait, WordRules};

/// Most flush words of a buffer.
const MOST_WORDS: usize = 200;
/// A larger limit of messages is meant as none, which is 0.
const MOST_MESSAGES: u64 = 1_000_000;
/// Nobody says more words at once.
const MOST_SHORT_WORDS: usize = 10_000;

/// When the windows of a buffer close. Times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WindowSpec {
    /// The quiet window.
    #[schema(minimum = 0.1)]
    pub wait: f64,
    /// The cap since the first message; 0 = none.
    #[schema(minimum = 0, maximum = 315_360_000)]
    pub max_wait: f64,
    /// A window with so many messages closes at once; 0 = no limit.
    #[schema(maximum = 1_000_000)]
    #[serde(deserialize_with = "whole")]
    pub max_messages: u64,
    /// Each message starts the quiet window anew; false: it counts from the first message, and only typing signals and
    /// limits move its end.
    pub reset_on_message: bool,
    /// A message that is one of these closes its window at once.
    #[schema(max_items = 200, value_type = Vec<FlushWord>)]
    pub flush_words: Vec<String>,
    /// The quiet window of a chat not heard from for `first_after`; 0 closes at once. A `ttl` in the message wins.
    #[schema(minimum = 0, maximum = 315_360_000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_wait: Option<f64>,
    /// See `first_wait`; at most 90 days.
    #[schema(minimum = 1, maximum = 7_776_000)]
    pub first_after: f64,
    /// For gateways: the quiet window after a tapped button or row, which is whole by itself; 0 closes at once. Absent: `wait`.
    #[schema(minimum = 0, maximum = 315_360_000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice_wait: Option<f64>,
    /// The quiet window after a text with fewer than `short_words` words.
    #[schema(minimum = 0.1, maximum = 315_360_000)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_wait: Option<f64>,
    /// See `short_wait`.
    #[schema(maximum = 10_000)]
    #[serde(deserialize_with = "whole")]
    pub short_words: usize,
    /// `keep`, or `drop` a text equal to the message just before it in the window.
    pub duplicates: Duplicates,
    /// A window that holds only media waits for its text, up to `max_wait`.
    pub media_waits: bool,
}

/// What becomes of a text equal to the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// It is a message like any other.
    #[default]
    Keep,
    /// It is dropped.
    Drop,
}

impl Default for WindowSpec {
    /// What the environment says of the buffer `default` where nothing is set.
    fn default() -> Self {
        let rules = WindowRules::default();
        Self {
            wait: rules.default_ttl.as_secs_f64(),
            max_wait: rules.max_wait.as_secs_f64(),
            max_messages: rules.max_messages,
            reset_on_message: rules.restarts,
            flush_words: Vec::new(),
            first_wait: None,
            first_after: 86_400.0,
            choice_wait: None,
            short_wait: None,
            short_words: 3,
            duplicates: Duplicates::Keep,
            media_waits: false,
        }
    }
}

impl WindowSpec {
    pub(super) fn rules(&self, limits: &WindowRules) -> Result<WindowRules, SpecError> {
        let least = MIN_TTL.as_secs_f64();
        // Also without a `first_wait`: who sets that later should not find it wrong.
        let after = first_after(self.first_after)?;
        let first = match self.first_wait {
            Some(wait) => Some(FirstWait {
                wait: seconds("window.first_wait", wait, 0.0)?,
                after,
            }),
            None => None,
        };
        let rules = WindowRules {
            default_ttl: seconds("window.wait", self.wait, least)?,
            max_wait: seconds("window.max_wait", self.max_wait, 0.0)?,
            max_messages: self.max_messages,
            restarts: self.reset_on_message,
            first,
            choice_wait: match self.choice_wait {
                Some(wait) => Some(seconds("window.choice_wait", wait, 0.0)?),
                None => None,
            },
            drops_repeats: self.duplicates == Duplicates::Drop,
            media_waits: self.media_waits,
            ..*limits
        };
        if rules.max_messages > MOST_MESSAGES {
            let why = format!("must be at most {MOST_MESSAGES}; 0 is no limit");
            return Err(SpecError::new("window.max_messages", why));
        }
        if rules.default_ttl > rules.max_ttl {
            let why = format!("must be at most MAX_TTL, {} s", rules.max_ttl.as_secs_f64());
            return Err(SpecError::new("window.wait", why));
        }
        if rules.media_waits && rules.max_wait.is_zero() {
            let why = "needs a max_wait, or a medium without a text would wait for ever";
            return Err(SpecError::new("window.media_waits", why));
        }
        Ok(rules)
    }

    pub(super) fn words(&self) -> Result<WordRules, SpecError> {
        if self.flush_words.len() > MOST_WORDS {
            let why = format!("must be at most {MOST_WORDS}");
            return Err(SpecError::new("window.flush_words", why));
        }
        if self.flush_words.iter().any(|word| word.trim().is_empty()) {
            return Err(SpecError::new(
                "window.flush_words",
                "must not hold an empty word",
            ));
        }
        if self.short_words > MOST_SHORT_WORDS {
            let why = format!("must be at most {MOST_SHORT_WORDS}");
            return Err(SpecError::new("window.short_words", why));
        }
        let short = match self.short_wait {
            Some(wait) => Some(ShortWait {
                wait: seconds("window.short_wait", wait, MIN_TTL.as_secs_f64())?,
                words: self.short_words,
            }),
            None => None,
        };
        Ok(WordRules::new(
            self.flush_words.iter().map(String::as_str),
            short,
        ))
    }
}

fn first_after(value: f64) -> Result<Duration, SpecError> {
    const FIELD: &str = "window.first_after";
    let after = seconds(FIELD, value, 1.0)?;
    if after > MAX_FIRST_AFTER {
        let most = MAX_FIRST_AFTER.as_secs();
        let why = format!("must be at most {most} s, 90 days: who was heard before is forgotten");
        return Err(SpecError::new(FIELD, why));
    }
    Ok(after)
}
