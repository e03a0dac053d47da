//! How much of one kind waits, as far as this daemon knows: windows, batches on lanes, or messages for later.
//!
//! The scripts count what they keep, each in its shard, and none can count over all. So each api goes by a sum that is a
//! second old at most, and by what it has taken since.

use std::collections::HashMap;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::core::chat::Name;
use crate::store::work::Kind;
use crate::store::{Result, Store};

/// A sum that is older is made anew.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Buffers that nobody has asked about for so long are not counted any more.
const ASKED_FOR: Duration = Duration::from_secs(10);

/// How much of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Load {
    /// How many.
    pub(super) count: u64,
    /// Their bytes.
    pub(super) bytes: u64,
}

impl Add for Load {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            count: self.count.saturating_add(more.count),
            bytes: self.bytes.saturating_add(more.bytes),
        }
    }
}

impl Sub for Load {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            count: self.count.saturating_sub(less.count),
            bytes: self.bytes.saturating_sub(less.bytes),
        }
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

impl SubAssign for Load {
    fn sub_assign(&mut self, less: Self) {
        *self = *self - less;
    }
}

/// One sum.
#[derive(Clone, Copy, Default)]
struct Tally {
    counted: Load,
    /// Taken by this daemon in its life, and when it counted.
    taken: Load,
    taken_then: Load,
    /// On its way.
    coming: Load,
    /// When the last count began, and when it had ended.
    begun: Option<Instant>,
    ended: Option<Instant>,
}

impl Tally {
    /// What there may be at the most.
    fn most(&self) -> Load {
        self.counted + (self.taken - self.taken_then) + self.coming
    }

    /// When it was counted, if that was a moment ago, and `after` then.
    fn fresh(&self, after: Option<Instant>) -> Option<Instant> {
        let ended = self.ended.filter(|ended| ended.elapsed() < FRESH);
        ended.filter(|_| !self.is_before(after))
    }

    /// Whether it was counted before this moment.
    fn is_before(&self, after: Option<Instant>) -> bool {
        self.begun < after
    }

    fn count(&mut self, counted: Load, taken_then: Load, begun: Instant) -> Instant {
        let ended = Instant::now();
        (self.counted, self.taken_then) = (counted, taken_then);
        (self.begun, self.ended) = (Some(begun), Some(ended));
        ended
    }

    fn arrive(&mut self, coming: Load, taken: Load) {
        self.coming -= coming;
        self.taken += taken;
    }
}

#[derive(Default)]
struct Known {
    all: Tally,
    buffers: HashMap<Name, InBuffer>,
}

#[derive(Default)]
struct InBuffer {
    tally: Tally,
    /// When somebody wanted to know how much this holds.
    asked: Option<Instant>,
}

impl InBuffer {
    fn is_wanted(&self) -> bool {
        self.asked.is_some_and(|at| at.elapsed() < ASKED_FOR)
    }
}

/// How much of one kind waits.
pub(super) struct Backlog {
    kind: Kind,
    /// What Redis needs for each beside what it holds, in bytes.
    besides: u64,
    store: Store,
    known: Mutex<Known>,
    /// Whoever has it counts, and the others wait for what comes out.
    counting: tokio::sync::Mutex<()>,
}

/// The place of a message on its way, which is given back unless something was taken.
pub(in crate::ingest) struct Place<'a> {
    backlog: &'a Backlog,
    buffer: Name,
    coming: Load,
    taken: Load,
}

impl Place<'_> {
    /// All of it waits now.
    pub(in crate::ingest) fn taken(mut self) {
        self.taken = self.coming;
    }

    /// It went to where something waits already.
    pub(in crate::ingest) fn joined(mut self) {
        self.taken.bytes = self.coming.bytes;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut known = self.backlog.known();
        known.all.arrive(self.coming, self.taken);
        // It stays as long as anything is on its way.
        if let Some(buffer) = known.buffers.get_mut(&self.buffer) {
            buffer.tally.arrive(self.coming, self.taken);
        }
    }
}

impl Backlog {
    pub(super) fn new(kind: Kind, besides: u64, store: Store) -> Self {
        Self {
            kind,
            besides,
            store,
            known: Mutex::default(),
            counting: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many, of so many bytes in what they hold.
    pub(super) fn load(&self, count: u64, bytes: u64) -> Load {
        let besides = count.saturating_mul(self.besides);
        Load {
            count,
            bytes: bytes.saturating_add(besides),
        }
    }

    /// What there may be at the most.
    pub(super) fn most(&self) -> Load {
        self.known().all.most()
    }

    /// The same of one buffer, where somebody wanted to know it.
    pub(super) fn most_of(&self, buffer: &Name) -> u64 {
        let known = self.known();
        let buffer = known.buffers.get(buffer);
        buffer.map_or(0, |it| it.tally.most().count)
    }

    /// Takes a place for something on its way, whether or not there is room.
    pub(super) fn come(&self, buffer: &Name, load: Load) -> Place<'_> {
        let mut known = self.known();
        known.all.coming += load;
        let in_buffer = known.buffers.entry(buffer.clone()).or_default();
        in_buffer.tally.coming += load;
        Place {
            backlog: self,
            buffer: buffer.clone(),
            coming: load,
            taken: Load::default(),
        }
    }

    /// Counts, unless all, and this buffer, were counted a moment ago, and `after` then; answers when they were counted.
    ///
    /// # Errors
    /// When the storage cannot be asked.
    pub(super) async fn refresh(
        &self,
        buffer: Option<&Name>,
        after: Option<Instant>,
    ) -> Result<Instant> {
        if let Some(counted) = self.fresh(buffer, after) {
            return Ok(counted);
        }
        let _counting = self.counting.lock().await;
        match self.fresh(buffer, after) {
            Some(counted) => Ok(counted),
            None => self.count().await,
        }
    }

    /// When it was counted, if it need not be counted anew; notes that somebody wants to know of this buffer.
    fn fresh(&self, buffer: Option<&Name>, after: Option<Instant>) -> Option<Instant> {
        let mut known = self.known();
        let all = known.all.fresh(after);
        let Some(buffer) = buffer else {
            return all;
        };
        let in_buffer = known.buffers.entry(buffer.clone()).or_default();
        in_buffer.asked = Some(Instant::now());
        all.filter(|_| in_buffer.tally.fresh(after).is_some())
    }

    async fn count(&self) -> Result<Instant> {
        // Before the count, so that what is taken meanwhile counts twice rather than not at all.
        let (taken, wanted) = {
            let known = self.known();
            let wanted = known.buffers.iter().filter(|(_, it)| it.is_wanted());
            let wanted = wanted.map(|(name, it)| (name.clone(), it.tally.taken));
            (known.all.taken, wanted.collect::<Vec<_>>())
        };
        let names: Vec<_> = wanted.iter().map(|(name, _)| name.clone()).collect();
        let begun = Instant::now();
        let held = self.store.held().sum(self.kind, &names).await?;
        let mut known = self.known();
        let counted = self.load(held.count, held.bytes);
        let ended = known.all.count(counted, taken, begun);
        known
            .buffers
            .retain(|_, it| it.tally.coming != Load::default() || it.is_wanted());
        for ((name, taken), count) in wanted.into_iter().zip(held.of_buffers) {
            let tally = &mut known.buffers.entry(name).or_default().tally;
            tally.count(Load { count, bytes: 0 }, taken, begun);
        }
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_counted_anew_once_the_windows_were_counted_after_them() {
        let (mut windows, mut lanes) = (Tally::default(), Tally::default());
        let begun = Instant::now();
        assert!(!lanes.is_before(windows.ended), "nobody has counted");

        windows.count(Load::default(), Load::default(), begun);
        assert!(lanes.is_before(windows.ended));

        lanes.count(Load::default(), Load::default(), Instant::now());
        assert!(!lanes.is_before(windows.ended));

        let after = lanes.begun.map(|begun| begun + Duration::from_millis(1));
        assert!(lanes.is_before(after), "the windows were counted once more");
    }
}
