//! Revivals: many dead letters put back on their lanes. A revival stands in Redis until it is over, with what was asked
//! and how far it is, so that any daemon carries on what another has begun. Each of its steps is short: Redis has others
//! to serve in between.

mod carrying;
mod finding;
mod preview;

use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::store::handles::DeadLetters;

pub use self::finding::Counted;
use self::finding::{Found, Head, first_of};
pub use self::preview::Preview;
use super::dead_letters::lane_of;
use super::due::take_from;
use super::keys::{self, Due, Place, Shard};
use super::paging::EntryId;
use super::work::Kind;
use super::{Result, StoreError, reply};
use crate::core::batch::Millis;
use crate::core::chat::Lane;
use crate::core::moment::millis;
use crate::core::revival::Wanted;
use crate::store::scripts;

/// Dead letters that are put back in one step, and bytes of them.
const PUT_BACK: usize = 32;
const PUT_BACK_BYTES: u64 = 128 * 1024;
/// Who carries a revival on and is not heard from for so long has died.
pub(super) const LEFT_FOR: Duration = Duration::from_secs(10);
/// Most revivals that may be under way.
const MOST: u64 = 100;

/// What was asked of a revival, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revival {
    /// Which dead letters.
    pub wanted: Wanted,
    /// How many there were when it was asked for.
    pub count: u64,
    /// How many are back; a few more may be, where a daemon died.
    pub back: u64,
    /// When it was asked for.
    pub asked: Millis,
    /// Where it has still to go.
    left: Vec<Part>,
}

/// A part of the dead letters of a shard: what is buried meanwhile lies behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    shard: u8,
    from: String,
    last: String,
}

impl Revival {
    fn of(wanted: &Wanted, asked: Millis) -> Self {
        Self {
            wanted: wanted.clone(),
            count: 0,
            back: 0,
            asked,
            left: Vec::new(),
        }
    }

    fn add(&mut self, shard: Shard, count: u64, last: String) {
        self.count += count;
        self.left.push(Part {
            shard: u8::try_from(shard.index()).unwrap_or_default(),
            from: first_of(&self.wanted),
            last,
        });
    }
}

impl DeadLetters<'_> {
    /// Begins to put back the dead letters that are wanted now and not asked for already, the oldest `limit` of them;
    /// answers how many. [`DeadLetters::carry_on_revivals`] does it. `None`: so many revivals are under way that no other can
    /// begin.
    ///
    /// # Errors
    /// Full, unavailable, silent or unreadable.
    pub async fn begin_revival(
        self,
        wanted: &Wanted,
        limit: Option<u64>,
    ) -> Result<Option<Counted>> {
        let under_way: u64 = self.store.query(&redis::Cmd::hlen(keys::REVIVALS)).await?;
        if under_way >= MOST {
            return Ok(None);
        }
        let Found {
            revival, counted, ..
        } = self.found(wanted, limit).await?;
        if counted.count > 0 {
            let id = Uuid::now_v7().simple().to_string();
            let mut begin = redis::pipe();
            begin
                .atomic()
                .hset(keys::REVIVALS, &id, reply::json(&revival)?)
                .zadd(keys::REVIVING, &id, 0);
            self.store.pipeline::<()>(&begin).await?;
        }
        Ok(Some(counted))
    }

    /// The revivals that are under way, the oldest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn revivals(self) -> Result<Vec<(String, Revival)>> {
        let all = redis::Cmd::hgetall(keys::REVIVALS);
        let all: Vec<(String, String)> = self.store.query(&all).await?;
        let mut revivals = all
            .into_iter()
            .map(|(id, text)| Ok((id, read(&text)?)))
            .collect::<Result<Vec<_>>>()?;
        revivals.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(revivals)
    }

    /// Carries on the revivals that nobody has in hand until they are over; answers how many letters went back.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable: another time, or another daemon, goes on from there.
    pub async fn carry_on_revivals(self) -> Result<u64> {
        let mut back = 0;
        loop {
            let (taken, _) = self
                .store
                .due()
                .take_by(
                    take_from(keys::REVIVING, 1, LEFT_FOR, Due::Later.band()),
                    Shard::FIRST,
                )
                .await?;
            let Some(id) = taken.into_iter().next() else {
                return Ok(back);
            };
            back += self.carry_on(&id).await?;
        }
    }

    async fn carry_on(self, id: &str) -> Result<u64> {
        let far: Option<String> = self
            .store
            .query(&redis::Cmd::hget(keys::REVIVALS, id))
            .await?;
        let Some(far) = far else {
            self.note(id, None).await?;
            return Ok(0);
        };
        let mut revival = read(&far)?;
        // What others were asked for before is theirs, so that each counts what it puts back.
        let mut older = self.revivals().await?;
        older.retain(|(other, _)| other.as_str() < id);
        let before = revival.back;
        while let Some(part) = revival.left.first_mut() {
            let shard = Shard::from_index(part.shard).unwrap_or(Shard::FIRST);
            let (heads, last) = self.heads(shard, &part.from, &part.last).await?;
            match last {
                Some(last) => part.from = format!("({}", last.in_stream()),
                None => drop(revival.left.remove(0)),
            }
            let own = heads.into_iter().filter(|head| {
                let is_theirs = |(_, other): &(String, Revival)| other.has_asked_for(head);
                head.is_wanted(&revival.wanted) && !older.iter().any(is_theirs)
            });
            revival.back += self.bring_back(&own.collect::<Vec<_>>()).await?;
            if !self.note(id, Some(&revival)).await? {
                break;
            }
        }
        self.note(id, None).await?;
        Ok(revival.back - before)
    }

    /// Notes how far a revival is, or that it is over; answers whether it was not over before.
    async fn note(self, id: &str, far: Option<&Revival>) -> Result<bool> {
        let far = far.map(reply::json).transpose()?;
        self.store
            .run(
                Shard::FIRST,
                scripts::REVIVAL
                    .key(keys::REVIVING)
                    .key(keys::REVIVALS)
                    .arg(id)
                    .arg(far.unwrap_or_default())
                    .arg(millis(LEFT_FOR)),
            )
            .await
    }

    /// Puts these back on their lanes, in the order in which they were given up on.
    async fn bring_back(self, heads: &[Head]) -> Result<u64> {
        let mut lanes: IndexMap<String, (Lane, Vec<&Head>)> = IndexMap::new();
        let mut back = 0;
        for head in heads {
            if head.letter.destination.is_empty() {
                back += u64::from(unless_gone(self.revive(head.id).await)?);
                continue;
            }
            let Ok(lane) = lane_of(&head.letter, head.ordered) else {
                continue;
            };
            let key = Place::of(&lane.chat).lane(&lane.destination);
            lanes.entry(key).or_insert((lane, Vec::new())).1.push(head);
        }
        for (lane, heads) in lanes.values() {
            let mut bytes = 0;
            let mut step = Vec::new();
            for head in heads {
                if !step.is_empty()
                    && (step.len() == PUT_BACK || bytes + head.bytes > PUT_BACK_BYTES)
                {
                    back += unless_gone(self.revive_to(&step, lane).await)?;
                    (bytes, step) = (0, Vec::new());
                }
                bytes += head.bytes;
                step.push(head.id);
            }
            back += unless_gone(self.revive_to(&step, lane).await)?;
        }
        Ok(back)
    }

    /// Puts dead letters of one lane, which lie in one shard, back onto it; answers how many.
    ///
    /// # Errors
    /// Gone, where its destination is not there; unavailable or silent.
    pub(super) async fn revive_to(self, ids: &[EntryId], lane: &Lane) -> Result<u64> {
        let Some(first) = ids.first() else {
            return Ok(0);
        };
        let place = Place::of(&lane.chat);
        let way_back = self.way_back(place.shard, &lane.destination).await?;
        let way_back = way_back.ok_or(StoreError::Gone)?;
        let mut revive = scripts::REVIVE.key(place.due_lanes(&lane.destination));
        revive
            .key(place.lane(&lane.destination))
            .key(place.head(&lane.destination))
            .key(place.revived(&lane.destination))
            .key(keys::dead(first.shard))
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard))
            .arg(place.lane_member())
            .arg(keys::RETRIES);
        way_back.must_be_there(&mut revive);
        for id in ids {
            revive.arg(id.in_stream());
        }
        let back: i64 = self.store.run(place.shard, &revive).await?;
        u64::try_from(back).map_err(|_| StoreError::Gone)
    }
}

/// What cannot go back, because there is nothing of that name, stays where it is.
fn unless_gone<T: Default>(back: Result<T>) -> Result<T> {
    match back {
        Err(StoreError::Gone) => Ok(T::default()),
        back => back,
    }
}

fn read(text: &str) -> Result<Revival> {
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable("a revival"))
}
