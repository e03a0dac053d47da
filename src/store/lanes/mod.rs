//! Lanes: the queues of batches from one chat to one destination.

pub mod backlog;
pub mod calls;
pub mod finding;
pub mod giving_up;
pub mod hastening;
pub mod listing;
pub mod pace;
pub(in crate::store) mod promoting;
pub mod queue;
pub mod queue_list;
pub mod recalling;
pub mod sending_again;
pub mod standing;
pub mod waiting;

use std::time::Duration;

use uuid::Uuid;

use super::batch::{is_revived, read_batch};
use super::dead_letters::Letter;
use super::handles::Lanes;
use super::history::{BURIED, DELIVERED, FAILED, Record, Retention, Told};
use super::keys::{self, Place};
use super::scheduled::FollowUpPlan;
use super::scripts;
use super::work::Kind;
use super::{Result, reply};
use crate::core::batch::{Batch, Millis};
use crate::core::chat::Lane;
use crate::core::moment::millis;

/// How leases are taken.
#[derive(Clone, Copy, Debug)]
pub struct LeaseRules {
    /// How long a lease lasts; longer than an attempt can.
    pub length: Duration,
    /// Batches are joined up to so many messages; 0 = no limit.
    pub max_messages: u64,
    /// Batches are joined up to so many bytes; 0 = no limit.
    pub max_bytes: u64,
}

/// The right to attempt the head of a lane for a while.
#[derive(Debug)]
pub struct Lease {
    /// The lane; its chat is the one whose batch the head is.
    pub lane: Lane,
    /// The head.
    pub batch: Batch,
    /// The number of this attempt; 1 is the first.
    pub attempt: u32,
    /// How long after the batch's deadline the lease was taken.
    pub late: Duration,
    /// When the first attempt was.
    pub first_attempt: Millis,
    /// How long before this lease was taken that was, by Redis's clock.
    pub age: Duration,
    /// How many leases before this one, in a row, ran out without having been settled.
    pub cut_off: u32,
    /// The batch was given up on before, and an operator has put it back.
    pub revived: bool,
    token: String,
}

impl Lease {
    /// The lease that the close script took at `at`.
    pub(super) fn at_close(
        lane: Lane,
        batch: &str,
        late: Duration,
        at: Millis,
        token: String,
    ) -> Result<Self> {
        let (batch, _) = read_batch(batch)?;
        Ok(Self {
            lane,
            batch,
            attempt: 1,
            late,
            first_attempt: at,
            age: Duration::ZERO,
            cut_off: 0,
            revived: false,
            token,
        })
    }

    /// Nobody has tried this batch before: how it ends tells about the destination.
    pub fn is_fresh(&self) -> bool {
        self.attempt == 1 && !self.revived
    }
}

/// Names a lease, like no other.
pub(super) fn token() -> String {
    Uuid::now_v7().simple().to_string()
}

/// How an attempt is settled.
#[derive(Debug)]
pub enum Verdict {
    /// Delivered: the batch is over.
    Drop,
    /// Delivered, and followed up if nothing more is said.
    DropAndFollowUp {
        /// How.
        plan: FollowUpPlan,
    },
    /// Not yet: again after `wait`; `asked` says that the destination asked for that wait itself.
    Retry {
        /// From now.
        wait: Duration,
        /// Whether a recovered destination must not cut it short.
        asked: bool,
    },
    /// Given up.
    Bury {
        /// What is kept with the batch.
        letter: Letter,
    },
    /// Not attempted after all.
    Release,
}

impl Verdict {
    /// The word for it in history.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Drop | Self::DropAndFollowUp { .. } => DELIVERED,
            Self::Retry { .. } => FAILED,
            Self::Bury { .. } => BURIED,
            Self::Release => "released",
        }
    }
}

/// What settling did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Recorded.
    Done {
        /// More batches wait on the lane.
        more: bool,
        /// Old dead letters that had to go to make room.
        dropped: u64,
    },
    /// The lease had run out and another monitor has the head; nothing changed.
    Stale,
}

impl Lanes<'_> {
    /// Takes the head of a lane, if one is due.
    ///
    /// # Errors
    /// Unavailable, silent, or a batch that is not as Lull wrote it.
    pub async fn lease(self, lane: &Lane, rules: LeaseRules) -> Result<Option<Lease>> {
        let place = Place::of(&lane.chat);
        let token = token();
        let answer: Vec<redis::Value> = self
            .store
            .run(
                place.shard,
                scripts::LEASE
                    .key(place.due_lanes(&lane.destination))
                    .key(place.lane(&lane.destination))
                    .key(place.head(&lane.destination))
                    .key(keys::held(place.shard, Kind::Lanes))
                    .key(keys::lanes(place.shard))
                    .arg(place.lane_member())
                    .arg(&token)
                    .arg(millis(rules.length))
                    .arg(rules.max_messages)
                    .arg(rules.max_bytes)
                    .arg(keys::RETRIES),
            )
            .await?;
        let mut answer = answer.into_iter();
        if reply::value::<String>(answer.next())? != "leased" {
            return Ok(None);
        }
        let text: String = reply::value(answer.next())?;
        let (batch, filter) = read_batch(&text)?;
        let attempt = reply::value(answer.next())?;
        let late: i64 = reply::value(answer.next())?;
        let first_attempt = reply::value(answer.next())?;
        let age: i64 = reply::value(answer.next())?;
        let cut_off = reply::value(answer.next())?;
        let [late, age] =
            [late, age].map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or_default()));
        let mut lane = lane.clone();
        if let Some(id) = filter {
            lane.chat.id = id;
        }
        Ok(Some(Lease {
            lane,
            batch,
            attempt,
            late,
            first_attempt,
            age,
            cut_off,
            revived: is_revived(&text),
            token,
        }))
    }

    /// Records how the attempt ended; `record` goes into history.
    ///
    /// # Errors
    /// Unavailable or silent: then it may be recorded or not. The lease runs out, and the batch is attempted again
    /// under the same id.
    pub async fn settle(
        self,
        lease: &Lease,
        verdict: &Verdict,
        record: Option<&Record>,
        retention: &Retention,
    ) -> Result<Settled> {
        let settled = self.settle_and_tell(lease, verdict, record, retention);
        Ok(settled.await?.0)
    }

    /// The same, and what history is told beside the record.
    ///
    /// # Errors
    /// As [`Lanes::settle`].
    pub async fn settle_and_tell(
        self,
        lease: &Lease,
        verdict: &Verdict,
        record: Option<&Record>,
        retention: &Retention,
    ) -> Result<(Settled, Told)> {
        let lane = &lease.lane;
        let place = Place::of(&lane.chat);
        let (word, wait, asked, letter) = match verdict {
            Verdict::Drop | Verdict::DropAndFollowUp { .. } => {
                ("drop", Duration::ZERO, false, String::new())
            }
            Verdict::Retry { wait, asked } => ("retry", *wait, *asked, String::new()),
            Verdict::Bury { letter } => ("bury", Duration::ZERO, false, reply::json(letter)?),
            Verdict::Release => ("release", Duration::ZERO, false, String::new()),
        };
        let record = record.filter(|_| retention.history > 0);
        let request = record.and_then(|record| record.request.as_ref());
        let body = request.and_then(|request| request.body.as_deref());
        let made = match verdict {
            Verdict::Retry { .. } => record.and_then(|record| record.last.as_ref()),
            _ => None,
        };
        let mut settle = scripts::SETTLE.key(place.due_lanes(&lane.destination));
        settle
            .key(place.lane(&lane.destination))
            .key(place.head(&lane.destination))
            .key(keys::history(place.shard))
            .key(keys::dead(place.shard))
            .key(place.revived(&lane.destination))
            .key(keys::held(place.shard, Kind::Lanes))
            .arg(place.lane_member())
            .arg(&lease.token)
            .arg(word)
            .arg(millis(wait))
            .arg(u8::from(asked))
            .arg(record.map(reply::json).transpose()?.unwrap_or_default())
            .arg(retention.in_shard(retention.history))
            .arg(letter)
            .arg(retention.in_shard(retention.dead_letters))
            .arg(body.unwrap_or_default())
            .arg(made.map(reply::json).transpose()?.unwrap_or_default())
            .arg(keys::RETRIES);
        self.store.tell_time(&mut settle, place.shard);
        settle.key(keys::lanes(place.shard));
        if let Verdict::DropAndFollowUp { plan } = verdict {
            // What is sent again was said before it was closed for the first time.
            let closed = match lease.batch.repeats {
                Some(_) => plan.came,
                None => lease.batch.closed,
            };
            let step = self.store.last_step();
            plan.put_into(&mut settle, &lane.chat.buffer, &place, closed, step);
        }
        let (status, left, dropped, entry, earlier): (String, u64, u64, String, String) =
            self.store.run(place.shard, &settle).await?;
        let told = Told::of(&entry, &earlier);
        let settled = match status.as_str() {
            "settled" => Settled::Done {
                more: left > 0,
                dropped,
            },
            _ => Settled::Stale,
        };
        Ok((settled, told))
    }
}
