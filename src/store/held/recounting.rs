//! Putting right what is counted of what waits, where that is not what is there: after an older Lull, which counts
//! nothing, or a hand in Redis.

use std::collections::{BTreeMap, HashSet};

use crate::core::chat::Name;
use crate::store::Result;
use crate::store::handles::HeldCounts;
use crate::store::keys::{self, Due, Shard};
use crate::store::scripts;
use crate::store::windows::open::bytes_behind;
use crate::store::work::Kind;

/// Batches whose sizes are read in one step: they can be large.
const BATCHES: u64 = 16;
/// Commands in one pipeline.
const AT_A_TIME: usize = 256;
/// In front of the members of messages for later.
const MESSAGES: &str = "m:";
/// Behind that, hex digits of their ids and a colon.
const DIGITS: usize = 33;

/// What is counted of one kind in one shard.
type Counts = BTreeMap<String, u64>;

/// What was counted there until now, as it stands.
type Known = BTreeMap<String, String>;

/// What waits somewhere, of one buffer.
struct Lot {
    buffer: String,
    /// A chat in an index, or a key that holds batches.
    which: String,
    count: u64,
}

impl HeldCounts<'_> {
    /// Counts anew what waits, wherever the number is not what is known; answers how many shards were wrong. What comes
    /// and goes meanwhile is left to the next time.
    ///
    /// # Errors
    /// Unavailable or silent; what was put right until then stays so.
    pub async fn recount(self) -> Result<u64> {
        let all = Shard::all().flat_map(|shard| Kind::ALL.map(|kind| (shard, kind)));
        let all: Vec<_> = all.collect();
        let mut reads = redis::pipe();
        for (shard, kind) in &all {
            reads.hgetall(keys::held(*shard, *kind));
        }
        // Before anything that is there, so that whatever comes or goes meanwhile shows.
        let known: Vec<Known> = self.store.pipeline(&reads).await?;
        let indexes = self.store.strays().lane_indexes().await?;
        let mut wrong = 0;
        for ((shard, kind), known) in all.into_iter().zip(known) {
            wrong += u64::from(self.recount_in(shard, kind, known, &indexes).await?);
        }
        Ok(wrong)
    }

    async fn recount_in(
        self,
        shard: Shard,
        kind: Kind,
        known: Known,
        indexes: &HashSet<(Shard, Name)>,
    ) -> Result<bool> {
        let lots = match kind {
            Kind::Windows => self.lots(&Due::Windows, shard, "").await?,
            Kind::Later => self.lots(&Due::Later, shard, MESSAGES).await?,
            Kind::Lanes => self.lots_on_lanes(shard, indexes).await?,
        };
        let count: u64 = lots.iter().map(|lot| lot.count).sum();
        let said = known.get(":count").and_then(|count| count.parse().ok());
        if count == said.unwrap_or(0) {
            return Ok(false);
        }
        let mut counted = Counts::new();
        if count > 0 {
            counted.insert(":count".to_owned(), count);
            let bytes = self.bytes_of(shard, kind, &lots).await?;
            counted.insert(":bytes".to_owned(), bytes);
        }
        for lot in &lots {
            *counted.entry(lot.buffer.clone()).or_default() += lot.count;
        }
        let mut recount = scripts::RECOUNT.key(keys::held(shard, kind));
        let index = match kind {
            Kind::Windows => Some(Due::Windows),
            Kind::Later => Some(Due::Later),
            Kind::Lanes => None,
        };
        let of = if let Some(index) = &index {
            recount.key(index.key(shard));
            "index"
        } else {
            for lot in &lots {
                recount.key(&lot.which);
            }
            "lanes"
        };
        recount.arg(known.len()).arg(counted.len()).arg(of);
        for (field, number) in known {
            recount.arg(field).arg(number);
        }
        for (field, number) in counted {
            recount.arg(field).arg(number);
        }
        for lot in &lots {
            match index {
                Some(_) => recount.arg(&lot.which),
                None => recount.arg(lot.count),
            };
        }
        self.store.run(shard, &recount).await
    }

    /// What stands in an index under names that begin so.
    async fn lots(self, due: &Due, shard: Shard, begins: &str) -> Result<Vec<Lot>> {
        let members = self
            .store
            .matching(due, shard, &format!("{begins}*"))
            .await?;
        let members = members.into_keys().filter_map(|which| {
            let chat = match begins {
                "" => which.as_str(),
                begins => which.strip_prefix(begins)?.get(DIGITS..)?,
            };
            let buffer = keys::chat_of_member(chat)?.buffer.to_string();
            let count = 1;
            Some(Lot {
                buffer,
                which,
                count,
            })
        });
        Ok(members.collect())
    }

    async fn lots_on_lanes(
        self,
        shard: Shard,
        indexes: &HashSet<(Shard, Name)>,
    ) -> Result<Vec<Lot>> {
        let mut lots = Vec::new();
        for (_, destination) in indexes.iter().filter(|(of, _)| *of == shard) {
            let lanes = self
                .lots(&Due::Lanes(destination.clone()), shard, "")
                .await?;
            for some in lanes.chunks(AT_A_TIME) {
                let mut reads = redis::pipe();
                let mut keys_of = Vec::new();
                for lane in some {
                    let behind = |what| keys::behind(shard, what, destination, &lane.which);
                    let (batches, revived) = (behind("lane"), behind("revived"));
                    reads.llen(&batches).zcard(&revived);
                    keys_of.extend([(batches, &lane.buffer), (revived, &lane.buffer)]);
                }
                let counts: Vec<u64> = self.store.pipeline(&reads).await?;
                let there = keys_of.into_iter().zip(counts);
                lots.extend(there.map(|((which, buffer), count)| Lot {
                    buffer: buffer.clone(),
                    which,
                    count,
                }));
            }
        }
        lots.retain(|lot| lot.count > 0);
        Ok(lots)
    }

    async fn bytes_of(self, shard: Shard, kind: Kind, lots: &[Lot]) -> Result<u64> {
        let mut bytes = 0;
        for some in lots.chunks(AT_A_TIME) {
            let mut reads = redis::pipe();
            match kind {
                Kind::Windows => {
                    for lot in some {
                        reads.lindex(keys::window_behind(shard, &lot.which).1, 0);
                    }
                    let heads: Vec<Option<Vec<u8>>> = self.store.pipeline(&reads).await?;
                    bytes += heads
                        .iter()
                        .flatten()
                        .map(|head| bytes_behind(head))
                        .sum::<u64>();
                }
                Kind::Later => {
                    for lot in some {
                        reads
                            .cmd("HSTRLEN")
                            .arg(keys::later_items(shard))
                            .arg(&lot.which);
                    }
                    bytes += self
                        .store
                        .pipeline::<Vec<u64>>(&reads)
                        .await?
                        .iter()
                        .sum::<u64>();
                }
                Kind::Lanes => {
                    for lot in some {
                        bytes += self.bytes_on(shard, lot).await?;
                    }
                }
            }
        }
        Ok(bytes)
    }

    async fn bytes_on(self, shard: Shard, lot: &Lot) -> Result<u64> {
        let (mut from, mut bytes) = (0, 0);
        loop {
            let mut sizes = scripts::SIZES.key(&lot.which);
            let (count, more): (u64, u64) =
                self.store.run(shard, sizes.arg(from).arg(BATCHES)).await?;
            (from, bytes) = (from + count, bytes + more);
            if count < BATCHES {
                return Ok(bytes);
            }
        }
    }
}
