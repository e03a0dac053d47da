//! Open windows: append, hold, close, and what an operator does to them.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;
use sha2::{Digest, Sha256};

use super::closing::Closing;
use super::keys::{self, Place};
use super::{Result, Store, StoreError, script};
use crate::domain::batch::BatchId;
use crate::domain::chat::{Chat, Name};
use crate::domain::window::{CloseReason, WindowRules};

static APPEND: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/append.lua")));
static HOLD: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/hold.lua")));
static CANCEL: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/cancel.lua")));

/// How long a message id counts as seen.
pub const SEEN_FOR: Duration = Duration::from_secs(24 * 3600);
/// A full window is closed and the message tried again; each round another client may have filled it meanwhile.
const MOST_ROUNDS: usize = 64;

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    [&APPEND, &HOLD, &CANCEL]
        .into_iter()
        .map(|script| &**script)
}

/// A message on its way into its window.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// The JSON object that [`crate::wire::item::stored_item`] made.
    pub item: &'a str,
    /// The quiet window after it.
    pub ttl: Duration,
    /// The client's id for it.
    pub id: Option<&'a str>,
}

/// The state of a window after an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The message's id was seen before; nothing was changed.
    pub duplicate: bool,
    /// Messages in the window.
    pub count: u64,
    /// Until its deadline.
    pub left: Duration,
    /// A window had to be closed first, because it was full.
    pub closed: Option<CloseReason>,
}

impl Store {
    /// Puts a message into its chat's window. Redis has it, in the way its `appendfsync` says, when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room: nothing was stored. Else unavailable or silent.
    pub async fn append(
        &self,
        chat: &Chat,
        message: NewMessage<'_>,
        rules: &WindowRules,
        destinations: &[Name],
    ) -> Result<Appended> {
        let place = Place::of(chat);
        let mut closed = None;
        for _ in 0..MOST_ROUNDS {
            let (status, count, left): (String, u64, u64) = self
                .run(
                    place.shard,
                    APPEND
                        .key(place.timer())
                        .key(place.window())
                        .key(place.due())
                        .key(keys::seen(place.shard))
                        .arg(&place.member)
                        // The script puts the time in front of the other fields.
                        .arg(message.item.strip_prefix('{').unwrap_or_default())
                        .arg(millis(message.ttl))
                        .arg(millis(rules.max_wait))
                        .arg(rules.max_messages)
                        .arg(rules.max_bytes)
                        .arg(
                            message
                                .id
                                .map(|id| seen_digest(&place, id))
                                .unwrap_or_default(),
                        )
                        .arg(millis(SEEN_FOR)),
                )
                .await?;
            if status != "full" {
                let left = Duration::from_millis(left);
                return Ok(Appended {
                    duplicate: status == "duplicate",
                    count,
                    left,
                    closed,
                });
            }
            if let Closing::Closed { reason, .. } = self
                .close_full(chat, &BatchId::generate(), destinations)
                .await?
            {
                closed = Some(reason);
            }
        }
        Err(StoreError::Contended)
    }

    /// Moves the deadline of an open window: for `hold` from now while the person types, or, without, by the window's
    /// own quiet time. Never past its cap. Answers what is left, or `None` without a window.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn hold(&self, chat: &Chat, hold: Option<Duration>) -> Result<Option<Duration>> {
        let place = Place::of(chat);
        let left: i64 = self
            .run(
                place.shard,
                HOLD.key(place.timer())
                    .key(place.window())
                    .key(place.due())
                    .arg(&place.member)
                    .arg(
                        hold.map(|hold| millis(hold).to_string())
                            .unwrap_or_default(),
                    ),
            )
            .await?;
        Ok(u64::try_from(left).ok().map(Duration::from_millis))
    }

    /// Drops the window with its messages; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn cancel(&self, chat: &Chat) -> Result<u64> {
        let place = Place::of(chat);
        self.run(
            place.shard,
            CANCEL
                .key(place.timer())
                .key(place.window())
                .key(place.due())
                .arg(&place.member),
        )
        .await
    }
}

/// Ids are kept as 16 bytes of digest: short whatever the client sends, and no phone number stays behind for a day.
fn seen_digest(place: &Place, id: &str) -> Vec<u8> {
    let digest = Sha256::new()
        // The length keeps chat and id apart: no two pairs run together.
        .chain_update(place.member.len().to_be_bytes())
        .chain_update(&place.member)
        .chain_update(id)
        .finalize();
    digest[..16].to_vec()
}

/// A duration as the scripts count.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
