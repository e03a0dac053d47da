//! History: batches that were tried, and what was posted; trimmed by age and count.

pub mod following;
pub mod posts;
pub mod received;
mod record;
pub(super) mod searching;
pub mod told;

use std::time::Duration;

use super::audit;
use super::dead_letters::shards_of;
use super::handles::History;
use super::keys::{self, Shard};
use super::paging::{EntryId, Look, StreamEntry};
use super::{Result, StoreError, reply};
use crate::core::batch::Millis;
use crate::core::filter::Filter;
use crate::core::moment::millis;
use crate::core::window::MAX_FIRST_AFTER;
use crate::settings::retention::RetentionConfig;
pub use record::{Record, Request, Try};

/// How much is kept of what is over. Limits are for all of Lull; each shard keeps its part, but for those in which all
/// of a buffer lies.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Batches that were tried, and messages that were taken in; 0 = none.
    pub history: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// The oldest of them.
    pub history_age: Duration,
    /// The oldest dead letter.
    pub dead_letter_age: Duration,
    /// An ordered buffer lies in this shard, which therefore keeps up to the whole of each limit.
    pub whole: bool,
}

impl Retention {
    /// The limits that were set.
    pub fn of(config: &RetentionConfig) -> Self {
        Self {
            history: config.history_count,
            history_age: config.history_age,
            dead_letters: config.dead_letter_count,
            dead_letter_age: config.dead_letter_age,
            whole: false,
        }
    }

    /// What a shard keeps of a limit: its part, rounded up.
    pub(super) fn in_shard(&self, limit: u64) -> u64 {
        if self.whole {
            limit
        } else {
            limit.div_ceil(u64::from(keys::SHARDS))
        }
    }
}

/// A batch that was tried.
#[derive(Debug)]
pub struct Settlement {
    /// Its place in the list.
    pub id: EntryId,
    /// When its newest attempt was settled.
    pub at: Millis,
    /// What was written about it.
    pub record: Record,
    /// Its attempts before the newest, and when each was settled, the oldest first.
    pub earlier: Vec<(Millis, Try)>,
}

impl Settlement {
    pub(super) fn read(entry: &StreamEntry) -> Result<Self> {
        let unreadable = || StoreError::Unreadable("an entry of the history");
        let text = entry.field("record")?;
        let mut record: Record = serde_json::from_str(&text).map_err(|_| unreadable())?;
        if let Some(request) = &mut record.request {
            request.body = entry.maybe("body")?;
        }
        let tries = entry.maybe("tries")?.unwrap_or_default();
        Ok(Self {
            id: entry.id,
            at: entry.id.ms,
            earlier: earlier_of(&tries)?,
            record,
        })
    }
}

/// What Redis tells of a settlement beside its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// When that was; none: history keeps nothing.
    pub at: Option<Millis>,
    /// The attempts before, and when each was settled, the oldest first.
    pub earlier: Vec<(Millis, Try)>,
}

impl Told {
    /// Where the entry stands, and the attempts as the head of a lane keeps them. It is settled: what cannot be read is
    /// only not told.
    pub(super) fn of(entry: &str, earlier: &str) -> Self {
        let moment = entry.split('-').next().unwrap_or_default();
        Self {
            at: moment.parse().ok(),
            earlier: earlier_of(earlier).unwrap_or_default(),
        }
    }
}

/// Attempts, as the head of a lane keeps them.
fn earlier_of(tries: &str) -> Result<Vec<(Millis, Try)>> {
    let unreadable = || StoreError::Unreadable("an entry of the history");
    let earlier = tries.lines().map(|line| {
        let (at, made) = line.split_once(' ').ok_or_else(unreadable)?;
        let made = serde_json::from_str(made).map_err(|_| unreadable())?;
        Ok((at.parse().map_err(|_| unreadable())?, made))
    });
    earlier.collect()
}

/// What is stamped at one moment may be written into a list so much later, ms: by the adjustment of a clock.
pub const WRITTEN_WITHIN: Millis = 60_000;

/// The outcome of a delivered batch in its [`Record`].
pub const DELIVERED: &str = "delivered";
/// That of one that is tried again.
pub const FAILED: &str = "failed";
/// That of one that was given up on.
pub const BURIED: &str = "buried";

/// Lists of a shard that are trimmed, first that of batches and that of dead letters.
const OF_A_SHARD: usize = 5;

/// What trimming by age took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Batches that were tried.
    pub history: u64,
    /// Dead letters.
    pub dead_letters: u64,
}

impl History<'_> {
    /// A page of the batches that were tried within `look` and are `wanted`, the newest first. Each is there once, at the
    /// time of its newest attempt.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list(
        self,
        filter: &Filter,
        wanted: impl Fn(&Settlement) -> bool,
        look: Look,
    ) -> Result<(Vec<Settlement>, Option<String>)> {
        let named = filter.chat_in_json();
        self.store
            .newest(keys::history, shards_of(filter), look, |entry| {
                if !entry.may_hold("record", named.as_deref()) {
                    return Ok(None);
                }
                let settlement = Settlement::read(entry)?;
                let record = &settlement.record;
                let asked = filter.includes(&record.buffer, &record.chat) && wanted(&settlement);
                Ok(asked.then_some(settlement))
            })
            .await
    }

    /// Drops what is too old in every shard; settling keeps the counts, but a quiet shard settles nothing.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn trim(self, retention: &Retention) -> Result<Trimmed> {
        // Ids are dropped by what is known of the clock.
        if !self.store.knows_clock() {
            self.store.clock().look(None).await?;
        }
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
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
            trims.zrembyscore(keys::heard(shard), "-inf", before(MAX_FIRST_AFTER));
            trims
                .cmd("XTRIM")
                .arg(keys::received(shard))
                .arg("MINID")
                .arg(before(retention.history_age));
            trims
                .cmd("XTRIM")
                .arg(keys::posts(shard))
                .arg("MINID")
                .arg(before(retention.history_age));
        }
        let counts: Vec<u64> = self.store.pipeline(&trims).await?;
        let mut audit = redis::cmd("XTRIM");
        audit.arg(keys::AUDIT).arg("MINID");
        let trim = audit.arg(before(audit::KEPT_FOR));
        self.store.query::<u64>(trim).await?;
        self.store.forget_ids().await?;
        self.store.chats().forget_ended_pauses(now).await?;
        Ok(counts
            .chunks(OF_A_SHARD)
            .fold(Trimmed::default(), |sum, counts| Trimmed {
                history: sum.history + counts[0],
                dead_letters: sum.dead_letters + counts[1],
            }))
    }
}
