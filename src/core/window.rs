//! The rules of a window: how long it stays open and what closes it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use thiserror::Error;
use utoipa::ToSchema;

/// The shortest quiet window a client may ask for.
pub const MIN_TTL: Duration = Duration::from_millis(100);

/// The longest silence after which a chat may count as newly turned up: who was last heard from is kept as long.
pub const MAX_FIRST_AFTER: Duration = Duration::from_secs(90 * 24 * 3600);

/// When windows of a buffer close. A limit of 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowRules {
    /// The quiet window of a message that names no `ttl` of its own.
    pub default_ttl: Duration,
    /// The longest `ttl` a message may name.
    pub max_ttl: Duration,
    /// The cap: a window closes this long after its first message, however much is still being said.
    pub max_wait: Duration,
    /// A window with so many messages closes at once.
    pub max_messages: u64,
    /// A window with so many bytes closes at once.
    pub max_bytes: u64,
    /// Each message starts the quiet window anew; without, only the first does, and the window is of fixed length. A
    /// typing signal holds it, up to `max_wait`, as any other.
    pub restarts: bool,
    /// Another quiet window for a chat that was not heard from for a while.
    pub first: Option<FirstWait>,
    /// Another quiet window after what was tapped; zero closes at once.
    pub choice_wait: Option<Duration>,
    /// A text equal to the message just before it in the window is dropped.
    pub drops_repeats: bool,
    /// A window that holds only media waits for its text, up to `max_wait`; without a cap it does not.
    pub media_waits: bool,
    /// Its chats are followed up when they fall silent, so who was heard from when is kept.
    pub followed_up: bool,
}

/// The quiet window of a chat that has just turned up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstWait {
    /// The quiet window; zero closes at once, to answer a greeting at once.
    pub wait: Duration,
    /// A chat has just turned up if nothing was heard from it for so long, at most [`MAX_FIRST_AFTER`].
    pub after: Duration,
}

impl Default for WindowRules {
    /// The documented defaults of the environment's settings.
    fn default() -> Self {
        Self {
            default_ttl: Duration::from_secs(15),
            max_ttl: Duration::from_secs(86_400),
            max_wait: Duration::from_secs(120),
            max_messages: 500,
            max_bytes: 4 * 1024 * 1024,
            restarts: true,
            first: None,
            choice_wait: None,
            drops_repeats: false,
            media_waits: false,
            followed_up: false,
        }
    }
}

impl WindowRules {
    /// The quiet window for a message that asked for `seconds`.
    ///
    /// # Errors
    /// When it is not a number from 0.1 to the longest `ttl` allowed.
    pub fn ttl(&self, seconds: Option<f64>) -> Result<Duration, TtlError> {
        let Some(seconds) = seconds else {
            return Ok(self.default_ttl);
        };
        match Duration::try_from_secs_f64(seconds) {
            // A millisecond is the finest step of the timer.
            Ok(ttl) if ttl >= MIN_TTL && ttl <= self.max_ttl => Ok(Duration::from_millis(
                u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            )),
            _ => Err(TtlError {
                max: self.max_ttl.as_secs_f64(),
            }),
        }
    }
}

/// A `ttl` outside what the rules allow.
#[derive(Debug, Error, PartialEq)]
#[error("must be a number of seconds from 0.1 to {max}")]
pub struct TtlError {
    max: f64,
}

/// Which rule set the quiet window of a chat, where that is not the wait of its buffer.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum WaitRule {
    /// The client named it with its message (`ttl`).
    Asked,
    /// Something was tapped (`choice_wait`).
    Choice,
    /// The words that it was said with have a wait of their own.
    Words,
    /// The chat had just turned up (`first_wait`).
    First,
    /// Media waited for their text, up to the cap.
    Media,
    /// The window is of fixed length.
    Fixed,
}

impl WaitRule {
    /// The word for it in Redis and JSON.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The inverse of [`WaitRule::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// What closed a window, or made a batch without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CloseReason {
    /// The chat was quiet for its window.
    Quiet,
    /// `MAX_WAIT` since the first message had passed.
    Cap,
    /// `MAX_MESSAGES` was reached.
    Messages,
    /// `MAX_WINDOW_BYTES` was reached.
    Bytes,
    /// A flush word was said.
    Word,
    /// A button or a row was tapped, where that closes at once.
    Choice,
    /// An operator closed it.
    Flush,
    /// There was none: a message left at a time of its own.
    Later,
    /// There was none: a schedule was due.
    Schedule,
    /// There was none: an operator had a schedule run.
    Run,
    /// There was none: a message went straight onto the lane of its buffer.
    Queued,
    /// There was none: the chat was silent for so long that it is followed up.
    Silence,
}

impl CloseReason {
    /// The word for it in Redis, JSON and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The inverse of [`CloseReason::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        word.parse().ok()
    }
}

/// Whose words a batch holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What was said in a chat.
    Said,
    /// What was to leave at a time of its own.
    Planned,
    /// Nobody's: time alone made it.
    Nobody,
}

impl CloseReason {
    /// Whose words a batch holds that was made for this reason.
    pub fn origin(self) -> Origin {
        match self {
            Self::Later => Origin::Planned,
            Self::Schedule | Self::Run | Self::Silence => Origin::Nobody,
            Self::Quiet
            | Self::Cap
            | Self::Messages
            | Self::Bytes
            | Self::Word
            | Self::Choice
            | Self::Flush
            | Self::Queued => Origin::Said,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: WindowRules = WindowRules {
        default_ttl: Duration::from_secs(15),
        max_ttl: Duration::from_secs(60),
        max_wait: Duration::ZERO,
        max_messages: 0,
        max_bytes: 0,
        restarts: true,
        first: None,
        choice_wait: None,
        drops_repeats: false,
        media_waits: false,
        followed_up: false,
    };

    #[test]
    fn a_ttl_is_taken_to_the_millisecond() {
        assert_eq!(RULES.ttl(None), Ok(Duration::from_secs(15)));
        assert_eq!(RULES.ttl(Some(0.1)), Ok(Duration::from_millis(100)));
        assert_eq!(RULES.ttl(Some(1.2345)), Ok(Duration::from_millis(1234)));
        assert_eq!(RULES.ttl(Some(60.0)), Ok(Duration::from_secs(60)));
    }

    #[test]
    fn a_ttl_outside_the_rules_is_refused() {
        for bad in [0.0, -1.0, 0.0999, 60.001, 1e300, f64::NAN, f64::INFINITY] {
            let refusal = RULES.ttl(Some(bad)).unwrap_err();
            assert_eq!(
                refusal.to_string(),
                "must be a number of seconds from 0.1 to 60",
                "{bad}"
            );
        }
    }
}
