//! The lanes on which something waits, by destination, a page at a time. Within a destination they come in the order of
//! its due index: those that were never tried by since when they wait, then the others by their next attempt.
//!
//! Nothing looks through all lanes: shards that hold nothing are left out by what is counted of them, and a page ends after
//! so many looks, wherever it is.

mod cursor;

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::standing::Standing;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::store::Result;
use crate::store::due::shards_of;
use crate::store::due_list::DueCursor;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::work::Kind;
pub use cursor::LaneCursor;

/// Indexes that are counted in one pipeline.
const AT_A_TIME: usize = 1_024;
/// Indexes that a page looks at: about 5 ms of Redis.
const MOST_INDEXES: usize = 16_384;
/// Entries of indexes that a page looks through for those of one buffer.
const MOST_ENTRIES: usize = 10_000;
/// The same at a time.
const ENTRIES: usize = 500;
/// Lanes that are looked at together.
const AT_ONCE: usize = 32;
/// Bytes of batches that are looked through on the lane of an ordered buffer for those of one chat.
const ROOM: usize = 1 << 20;

/// A lane as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// How it stands.
    pub standing: Standing,
    /// The chat that was asked for has its batch behind that of another chat of its ordered buffer; then the batch, and
    /// how many wait, are those of this chat.
    pub behind: bool,
}

impl Lanes<'_> {
    /// A page of the lanes to these destinations on which something of `filter` waits, by destination, and where the next
    /// page goes on. It may hold fewer than `limit`, also none, where looking further would take too long.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list(
        self,
        destinations: BTreeSet<Name>,
        filter: &Filter,
        after: Option<LaneCursor>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<String>)> {
        let destinations: Vec<_> = match &after {
            Some(after) => destinations.range(&after.destination..).cloned().collect(),
            None => destinations.into_iter().collect(),
        };
        let (found, next) = match filter {
            Filter::Chat(chat) => self.of_chat(chat, &destinations, after, limit).await?,
            _ => self.of_many(&destinations, filter, after, limit).await?,
        };
        let told = found.into_iter().map(|place| self.listed(place, filter));
        let told = stream::iter(told).buffered(AT_ONCE);
        let listed: Vec<_> = told.try_filter_map(async |it| Ok(it)).try_collect().await?;
        Ok((listed, next.map(|next| next.text())))
    }

    async fn listed(self, place: LaneCursor, filter: &Filter) -> Result<Option<Listed>> {
        let destination = &place.destination;
        let member = place.entry.map(|entry| entry.member);
        let Some(chat) = member.and_then(|member| keys::chat_of_member(&member)) else {
            return Ok(None);
        };
        let Some(mut standing) = self.standing(destination, &chat).await? else {
            return Ok(None);
        };
        let asked = match filter {
            Filter::Chat(asked) if asked.id != standing.lane.chat.id => asked,
            _ => {
                let behind = false;
                return Ok(Some(Listed { standing, behind }));
            }
        };
        // All chats of an ordered buffer share one lane.
        let ordered = Chat {
            ordered: true,
            ..asked.clone()
        };
        let chats = self.store.chats();
        let (lanes, _) = chats
            .lanes(&ordered, [destination.clone()], &mut { ROOM })
            .await?;
        let lane = lanes.into_iter().find(|lane| !lane.batches.is_empty());
        Ok(lane.and_then(|lane| {
            standing.lane.chat = ordered;
            standing.batches = u64::try_from(lane.batches.len()).unwrap_or(u64::MAX);
            standing.batch = lane.batches.into_iter().next()?;
            standing.batch.items.clear();
            (standing.attempts, standing.first_attempt) = (0, None);
            (standing.in_hand, standing.asked, standing.last) = (false, false, None);
            let behind = true;
            Some(Listed { standing, behind })
        }))
    }

    /// Where the lanes of one chat are, in whichever order its buffer went.
    async fn of_chat(
        self,
        chat: &Chat,
        destinations: &[Name],
        after: Option<LaneCursor>,
        limit: usize,
    ) -> Result<(Vec<LaneCursor>, Option<LaneCursor>)> {
        let places = [Place::of(chat), Place::of(&chat.in_other_order())];
        let mut found = Vec::new();
        for some in destinations.chunks(AT_A_TIME / places.len()) {
            let mut reads = redis::pipe();
            for destination in some {
                for place in &places {
                    reads.zscore(place.due_lanes(destination), place.lane_member());
                }
            }
            let scores: Vec<Option<f64>> = self.store.pipeline(&reads).await?;
            let all = some
                .iter()
                .flat_map(|destination| places.iter().map(move |place| (destination, place)));
            found.extend(all.zip(scores).filter_map(|((destination, place), score)| {
                let member = place.lane_member().to_owned();
                Some(LaneCursor {
                    destination: destination.clone(),
                    entry: Some(DueCursor::new(score?, place.shard, member)),
                })
            }));
        }
        if let Some(after) = &after {
            found.retain(|it| it.destination != after.destination || it.entry > after.entry);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).cloned();
        Ok((found, next))
    }

    async fn of_many(
        self,
        destinations: &[Name],
        filter: &Filter,
        after: Option<LaneCursor>,
        limit: usize,
    ) -> Result<(Vec<LaneCursor>, Option<LaneCursor>)> {
        let shards = self.shards_with(filter).await?;
        let mut after = after.and_then(|after| Some((after.destination, after.entry?)));
        let (mut found, mut looked, mut entries) = (Vec::new(), 0, 0);
        for some in destinations.chunks(AT_A_TIME.div_ceil(shards.len().max(1))) {
            let indexes: Vec<_> = some
                .iter()
                .map(|name| self.indexes_of(name, &shards))
                .collect();
            looked += indexes.iter().map(Vec::len).sum::<usize>();
            for (destination, full) in some.iter().zip(self.full_of(some, &indexes).await?) {
                let begins = || LaneCursor {
                    destination: destination.clone(),
                    entry: None,
                };
                if found.len() == limit || entries >= MOST_ENTRIES {
                    return Ok((found, Some(begins())));
                }
                let mut from = match &after {
                    Some((name, _)) if name == destination => after.take().map(|(_, it)| it),
                    _ => None,
                };
                let due = Due::Lanes(destination.clone());
                let mut more = !full.is_empty();
                while more && found.len() < limit && entries < MOST_ENTRIES {
                    let most = match filter {
                        Filter::Everybody => limit - found.len(),
                        _ => ENTRIES,
                    };
                    let read =
                        self.store
                            .earliest_in(|shard| due.key(shard), &full, from.as_ref(), most);
                    let mut page = read.await?;
                    page.sort_unstable();
                    more = page.len() > most;
                    page.truncate(most);
                    for entry in page {
                        from = Some(entry.clone());
                        entries += 1;
                        if includes(filter, &entry.member) {
                            let entry = Some(entry);
                            let destination = destination.clone();
                            found.push(LaneCursor { destination, entry });
                        }
                        if found.len() == limit {
                            break;
                        }
                    }
                }
                // It broke off within a page, or there is another.
                if let Some(entry) = from
                    && (more || found.len() == limit)
                    && self.has_more(&due, &full, &entry).await?
                {
                    let entry = Some(entry);
                    let destination = destination.clone();
                    return Ok((found, Some(LaneCursor { destination, entry })));
                }
            }
            let last = some.last();
            let rest = destinations
                .iter()
                .skip_while(|it| Some(*it) != last)
                .nth(1);
            if let Some(rest) = rest
                && (looked >= MOST_INDEXES || found.len() == limit)
            {
                let next = LaneCursor {
                    destination: rest.clone(),
                    entry: None,
                };
                return Ok((found, Some(next)));
            }
        }
        Ok((found, None))
    }

    async fn has_more(self, due: &Due, shards: &[Shard], after: &DueCursor) -> Result<bool> {
        let behind = self
            .store
            .earliest_in(|shard| due.key(shard), shards, Some(after), 0)
            .await?;
        Ok(!behind.is_empty())
    }

    /// The shards in which batches of anybody, or of a buffer, wait.
    pub(super) async fn shards_with(self, filter: &Filter) -> Result<Vec<Shard>> {
        let field = match filter {
            Filter::Buffer(buffer) => buffer.as_str(),
            _ => ":count",
        };
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.hexists(keys::held(shard, Kind::Lanes), field);
        }
        let there: Vec<bool> = self.store.pipeline(&reads).await?;
        let shards = Shard::all().zip(there);
        Ok(shards.filter(|(_, it)| *it).map(|(it, _)| it).collect())
    }

    pub(super) fn indexes_of(self, destination: &Name, shards: &[Shard]) -> Vec<Shard> {
        let possible = shards_of(&Due::Lanes(destination.clone()));
        let shards = shards.iter().copied();
        shards.filter(|shard| possible.contains(shard)).collect()
    }

    /// Of the indexes of each destination those that hold something.
    async fn full_of(
        self,
        destinations: &[Name],
        indexes: &[Vec<Shard>],
    ) -> Result<Vec<Vec<Shard>>> {
        let mut reads = redis::pipe();
        for (name, shards) in destinations.iter().zip(indexes) {
            for shard in shards {
                reads.exists(Due::Lanes(name.clone()).key(*shard));
            }
        }
        let there: Vec<bool> = match reads.is_empty() {
            true => Vec::new(),
            false => self.store.pipeline(&reads).await?,
        };
        let mut there = there.into_iter();
        let full = indexes.iter().map(|shards| {
            let full = shards.iter().copied();
            full.filter(|_| there.next().unwrap_or_default()).collect()
        });
        Ok(full.collect())
    }
}

fn includes(filter: &Filter, member: &str) -> bool {
    match filter {
        Filter::Buffer(buffer) => {
            keys::chat_of_member(member).is_some_and(|chat| chat.buffer == *buffer)
        }
        Filter::Everybody | Filter::Chat(_) => true,
    }
}
