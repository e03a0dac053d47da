//! History: settled attempts, trimmed by age and count.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::audit;
use super::dead::shards_of;
use super::keys::{self, Shard};
use super::paging::Look;
use super::windows::{SEEN_FOR, millis};
use super::{Result, Store, StoreError, reply};
use crate::domain::batch::Millis;
use crate::domain::whose::Whose;
use crate::domain::window::MAX_FIRST_AFTER;

/// How much is kept of what is over. Limits are for all of Lull; each shard keeps its part, but for those in which all
/// of a buffer lies.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Settled attempts.
    pub history: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// The oldest settled attempt.
    pub history_age: Duration,
    /// The oldest dead letter.
    pub dead_letter_age: Duration,
    /// An ordered buffer lies in this shard, which therefore keeps up to the whole of each limit.
    pub whole: bool,
}

impl Retention {
    /// What a shard keeps of a limit: its part, rounded up.
    pub(super) fn in_shard(&self, limit: u64) -> u64 {
        if self.whole {
            limit
        } else {
            limit.div_ceil(u64::from(keys::SHARDS))
        }
    }
}

/// What is written about a settled attempt.
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
    /// `delivered`, `retry`, `rejected` or `exhausted`.
    pub outcome: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The number of the attempt.
    pub attempt: u32,
    /// How long it took.
    pub ms: u64,
    /// How many messages the batch holds.
    pub messages: u64,
    /// What closed its window.
    pub reason: String,
    /// When its first message came.
    pub opened: Millis,
    /// When its window was closed.
    pub closed: Millis,
}

/// A settled attempt.
#[derive(Debug)]
pub struct Settlement {
    /// When it was settled.
    pub at: Millis,
    /// What was written about it.
    pub record: Record,
}

/// The outcome of a delivered batch in its [`Record`].
pub const DELIVERED: &str = "delivered";

/// What trimming by age took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Settled attempts.
    pub history: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

impl Store {
    /// A page of delivered batches, newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn sent(
        &self,
        whose: &Whose,
        look: Look,
    ) -> Result<(Vec<Settlement>, Option<String>)> {
        let wanted = |record: &Record| {
            record.outcome == DELIVERED && whose.includes(&record.buffer, &record.chat)
        };
        self.settlements(whose, wanted, look).await
    }

    /// A page of the settled attempts that are `wanted`, newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn settlements(
        &self,
        whose: &Whose,
        wanted: impl Fn(&Record) -> bool,
        look: Look,
    ) -> Result<(Vec<Settlement>, Option<String>)> {
        self.newest(keys::history, shards_of(whose), look, |entry| {
            let record: Record = serde_json::from_str(&entry.field("record")?)
                .map_err(|_| StoreError::Unreadable("an entry of the history"))?;
            let at = entry.id.ms;
            Ok(wanted(&record).then_some(Settlement { at, record }))
        })
        .await
    }

    /// Drops what is too old in every shard; settling keeps the counts, but a quiet shard settles nothing.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn trim(&self, retention: &Retention) -> Result<Trimmed> {
        let now = reply::time(Some(self.query(&redis::cmd("TIME")).await?))?;
        let before = |age: Duration| now.saturating_sub(millis(age)).to_string();
        let mut trims = redis::pipe();
        for shard in Shard::all() {
            trims
                .cmd("XTRIM")
                .arg(keys::history(shard))
                .arg("MINID")
                .arg(before(retention.history_age));
            trims
                .cmd("XTRIM")
                .arg(keys::dead(shard))
                .arg("MINID")
                .arg(before(retention.dead_letter_age));
            trims
                .zrembyscore(keys::seen(shard), "-inf", before(SEEN_FOR))
                .ignore();
            trims
                .zrembyscore(keys::heard(shard), "-inf", before(MAX_FIRST_AFTER))
                .ignore();
            trims.zrembyscore(keys::paused(shard), "-inf", now).ignore();
        }
        trims
            .cmd("XTRIM")
            .arg(keys::AUDIT)
            .arg("MINID")
            .arg(before(audit::KEPT_FOR))
            .ignore();
        let counts: Vec<(u64, u64)> = self.pipeline(&trims).await?;
        Ok(counts
            .iter()
            .fold(Trimmed::default(), |sum, (history, dead)| Trimmed {
                history: sum.history + history,
                dead_letters: sum.dead_letters + dead,
            }))
    }
}
