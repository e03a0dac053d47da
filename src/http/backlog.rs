//! How many messages may wait for their time (`MAX_LATER`, `MAX_LATER_BYTES`, `MAX_LATER_PER_BUFFER`). What waits for a
//! year drains in a year and not before, so it must not take the room of what leaves at once.
//!
//! The scripts count what they keep, each in its shard, and none can count over all. So each api goes by a sum that is a
//! second old at most, and by what it has taken since: by itself it never lets more wait than may.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::config::later::LaterConfig;
use crate::domain::chat::{Chat, Name};
use crate::store::{Result, Store};
use crate::wire::error::Code;

use super::error::ApiError;

/// A sum that is older is made anew.
const FRESH: Duration = Duration::from_secs(1);

/// Buffers that nobody has asked about for so long are forgotten.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Bytes that may wait where neither a setting nor Redis says how many.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

/// Of a Redis with a limit so many parts may wait for their time: one.
const PARTS: u64 = 4;

/// What Redis needs for each message beside what it holds, in bytes: its names in the index and in the hash.
const BESIDES: u64 = 400;

/// Why no other message may wait.
#[derive(Debug, Error)]
pub(super) enum Overfull {
    /// Of all.
    #[error(
        "{0} messages wait for their time (MAX_LATER); nothing was stored: send it when it is to leave, or try again"
    )]
    Messages(u64),
    /// Of all.
    #[error(
        "messages of {0} bytes may wait for their time (MAX_LATER_BYTES), and this one would be too much; nothing was stored: send it when it is to leave, or try again"
    )]
    Bytes(u64),
    /// Of one buffer.
    #[error(
        "{most} messages of {buffer} wait for their time (MAX_LATER_PER_BUFFER); nothing was stored: send it when it is to leave, or try again"
    )]
    InBuffer {
        /// Which.
        buffer: Name,
        /// How many may.
        most: u64,
    },
}

impl Overfull {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Messages(_) => Code::TooManyForLater,
            Self::Bytes(_) => Code::TooMuchForLater,
            Self::InBuffer { .. } => Code::TooManyForLaterInBuffer,
        }
    }
}

/// One number, as far as this daemon knows.
#[derive(Clone, Copy, Default)]
struct Tally {
    counted: u64,
    /// Taken by this daemon in its life, and when it counted.
    taken: u64,
    taken_then: u64,
    /// On its way.
    coming: u64,
}

impl Tally {
    fn most(&self) -> u64 {
        self.counted + (self.taken - self.taken_then) + self.coming
    }

    /// Whether so much more is over a limit; 0 is none.
    fn is_over(&self, more: u64, most: u64) -> bool {
        most > 0 && self.most().saturating_add(more) > most
    }

    fn count(&mut self, counted: u64, taken_then: u64) {
        (self.counted, self.taken_then) = (counted, taken_then);
    }

    fn arrive(&mut self, much: u64, taken: bool) {
        self.coming -= much;
        self.taken += if taken { much } else { 0 };
    }
}

#[derive(Default)]
struct Known {
    messages: Tally,
    bytes: Tally,
    most_bytes: u64,
    buffers: HashMap<Name, InBuffer>,
}

/// What is known of one buffer.
#[derive(Default)]
struct InBuffer {
    messages: Tally,
    /// When this, and with it all, was counted.
    counted: Option<Instant>,
}

/// What waits for its time, as far as this daemon knows.
pub(super) struct Backlog {
    limits: LaterConfig,
    store: Store,
    known: Mutex<Known>,
    /// Whoever has it counts, and the others wait for what comes out.
    counting: tokio::sync::Mutex<()>,
}

/// The place of a message on its way, which is given back unless the message was taken.
pub(super) struct Place<'a> {
    backlog: &'a Backlog,
    buffer: Name,
    bytes: u64,
    taken: bool,
}

impl Place<'_> {
    /// The message waits now.
    pub(super) fn taken(mut self) {
        self.taken = true;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut known = self.backlog.known();
        known.messages.arrive(1, self.taken);
        known.bytes.arrive(self.bytes, self.taken);
        // It stays as long as anything is on its way.
        if let Some(buffer) = known.buffers.get_mut(&self.buffer) {
            buffer.messages.arrive(1, self.taken);
        }
    }
}

impl Backlog {
    pub(super) fn new(limits: LaterConfig, store: Store) -> Self {
        Self {
            limits,
            store,
            known: Mutex::default(),
            counting: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a message of a chat that is to wait, of so many bytes.
    ///
    /// # Errors
    /// When it would be too much, and does not wait already; or the storage cannot be asked.
    pub(super) async fn admit(
        &self,
        chat: &Chat,
        id: &str,
        bytes: usize,
    ) -> std::result::Result<Place<'_>, ApiError> {
        let bytes = u64::try_from(bytes)
            .unwrap_or(u64::MAX)
            .saturating_add(BESIDES);
        if !self.is_fresh(&chat.buffer) {
            let _counting = self.counting.lock().await;
            if !self.is_fresh(&chat.buffer) {
                self.count(&chat.buffer).await?;
            }
        }
        let full = match self.come(&chat.buffer, bytes, false) {
            Ok(place) => return Ok(place),
            Err(full) => full,
        };
        // One that waits is only told so.
        if self.store.is_kept(chat, id).await? {
            return self.come(&chat.buffer, 0, true).map_err(ApiError::from);
        }
        Err(full.into())
    }

    fn is_fresh(&self, buffer: &Name) -> bool {
        let counted = self.known().buffers.get(buffer).and_then(|it| it.counted);
        counted.is_some_and(|at| at.elapsed() < FRESH)
    }

    fn come(
        &self,
        name: &Name,
        bytes: u64,
        anyway: bool,
    ) -> std::result::Result<Place<'_>, Overfull> {
        let limits = &self.limits;
        let mut known = self.known();
        let most_bytes = known.most_bytes;
        let of_buffer = known.buffers.get(name).map(|it| it.messages);
        let full = if known.messages.is_over(1, limits.messages) {
            Some(Overfull::Messages(limits.messages))
        } else if known.bytes.is_over(bytes, most_bytes) {
            Some(Overfull::Bytes(most_bytes))
        } else if of_buffer.is_some_and(|it| it.is_over(1, limits.per_buffer)) {
            Some(Overfull::InBuffer {
                buffer: name.clone(),
                most: limits.per_buffer,
            })
        } else {
            None
        };
        if let Some(full) = full.filter(|_| !anyway) {
            return Err(full);
        }
        known.messages.coming += 1;
        known.bytes.coming += bytes;
        let buffer = known.buffers.entry(name.clone()).or_default();
        buffer.messages.coming += 1;
        Ok(Place {
            backlog: self,
            buffer: name.clone(),
            bytes,
            taken: false,
        })
    }

    async fn count(&self, name: &Name) -> Result<()> {
        // Before the count, so that what is taken meanwhile counts twice rather than not at all.
        let (messages, bytes, in_buffer) = {
            let known = self.known();
            let in_buffer = known.buffers.get(name).map(|it| it.messages.taken);
            (known.messages.taken, known.bytes.taken, in_buffer)
        };
        let held = self.store.held_for_later(name).await?;
        let most_bytes = match self.limits.bytes {
            Some(bytes) => bytes,
            None => {
                let memory = self.store.memory().await?;
                memory.most.map_or(MOST_BYTES, |most| most / PARTS)
            }
        };
        let mut known = self.known();
        known.most_bytes = most_bytes;
        known.messages.count(held.messages, messages);
        let besides = held.messages.saturating_mul(BESIDES);
        known.bytes.count(held.bytes.saturating_add(besides), bytes);
        known.buffers.retain(|_, buffer| {
            buffer.messages.coming > 0 || buffer.counted.is_some_and(|at| at.elapsed() < KNOWN_FOR)
        });
        let buffer = known.buffers.entry(name.clone()).or_default();
        // Where it was forgotten, it begins anew.
        buffer.messages.count(
            held.in_buffer,
            in_buffer.unwrap_or(0).min(buffer.messages.taken),
        );
        buffer.counted = Some(Instant::now());
        Ok(())
    }
}
