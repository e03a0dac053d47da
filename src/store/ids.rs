//! Message ids that count as seen: for how long, and what a Lull needs that notes them in another way.
//!
//! A shard has a few sets of them, which take turns: each takes the ids of one slice of time. So what is too old goes by
//! the set, however many ids there are, and a search looks into each set once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::keys::{self, Shard};
use super::scripts::{self, Call, Script};
use super::{Result, Store};
use crate::core::batch::Millis;
use crate::core::moment::millis;

/// The sets of a shard: `ID_SETS` of the scripts.
pub(super) const SETS: usize = 4;
/// Slices in the time that an id counts as seen: one more set takes what comes meanwhile.
const SLICES: u32 = 3;
/// How long an id counts as seen where nobody says.
const USUAL: Duration = Duration::from_secs(24 * 3600);
/// Ids of an older Lull that are dropped at a time: half a millisecond.
const AT_ONCE: u64 = 500;

/// What an older Lull, which knows no sets of ids, needs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beside {
    /// One lives, or nobody has looked: what is noted here is noted there, too.
    Write = 0,
    /// There was one: what it has noted counts.
    Read = 1,
    /// There is none, and nothing of one.
    Nothing = 2,
}

impl Beside {
    /// The word for it in the scripts.
    fn word(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
            Self::Nothing => "",
        }
    }
}

/// What a process goes by where it has to do with ids.
#[derive(Debug)]
pub(super) struct Ids {
    /// How long an id counts as seen, at least.
    pub(super) window: Duration,
    beside: AtomicU8,
}

impl Default for Ids {
    fn default() -> Self {
        Self::within(USUAL)
    }
}

impl Ids {
    fn within(window: Duration) -> Self {
        Self {
            window,
            beside: AtomicU8::new(Beside::Write as u8),
        }
    }

    fn beside(&self) -> Beside {
        match self.beside.load(Ordering::Relaxed) {
            0 => Beside::Write,
            1 => Beside::Read,
            _ => Beside::Nothing,
        }
    }

    /// For so long a set takes ids.
    fn slice(&self) -> Millis {
        millis(self.window / SLICES) + 1
    }
}

impl Store {
    /// The same store, for which a message id counts as seen for so long.
    #[must_use]
    pub fn with_seen_for(self, window: Duration) -> Self {
        Self {
            ids: Arc::new(Ids::within(window)),
            ..self
        }
    }

    /// Begins a call of a script whose first keys are those of the ids of a shard.
    pub(super) fn script_of_ids(&self, script: &'static Script, shard: Shard) -> Call {
        let mut keys = keys::ids(shard);
        let mut call = script.key(keys.next().unwrap_or_default());
        for key in keys {
            call.key(key);
        }
        call
    }

    /// Hands a script the keys of the ids of a shard.
    pub(super) fn name_ids(&self, call: &mut Call, shard: Shard) {
        for key in keys::ids(shard) {
            call.key(key);
        }
    }

    /// Hands a script the rules by which an id counts as seen.
    pub(super) fn tell_ids(&self, call: &mut Call) {
        call.arg(self.seen_for()).arg(self.ids.slice());
        self.tell_beside(call);
    }

    /// Hands a script what an older Lull needs.
    pub(super) fn tell_beside(&self, call: &mut Call) {
        call.arg(self.ids.beside().word());
    }

    /// Looks whether a Lull lives, or has left ids behind, that knows no sets of ids.
    ///
    /// # Errors
    /// Unavailable or silent: then it goes on as before.
    pub async fn look_for_older_ids(&self) -> Result<()> {
        let work = self.daemons().all().await?;
        let mut daemons = work.daemons.iter();
        let beside = if daemons.any(|it| work.is_alive(it) && !it.about.sets_of_ids) {
            Beside::Write
        } else if self.ids.beside() == Beside::Nothing || !self.has_older_ids().await? {
            Beside::Nothing
        } else {
            Beside::Read
        };
        self.ids.beside.store(beside as u8, Ordering::Relaxed);
        Ok(())
    }

    async fn has_older_ids(&self) -> Result<bool> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.exists(keys::older_ids(shard));
        }
        let there: Vec<bool> = self.pipeline(&reads).await?;
        Ok(there.contains(&true))
    }

    /// Drops the ids that are too old: sets as a whole, what an older Lull has noted in small steps.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub(super) async fn forget_ids(&self) -> Result<()> {
        for shard in Shard::all() {
            let mut forget = self.script_of_ids(&scripts::FORGET_IDS, shard);
            forget.arg(self.seen_for()).arg(AT_ONCE);
            while self.run::<u64>(shard, &forget).await? == AT_ONCE {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scripts_know_how_many_sets_there_are() {
        let (_, include) = scripts::INCLUDES
            .iter()
            .find(|(name, _)| *name == "id_sets")
            .unwrap();
        assert!(include.contains(&format!("local ID_SETS = {SETS}\n")));
    }

    #[test]
    fn while_a_set_takes_ids_the_others_hold_those_of_the_whole_time() {
        let slices = u32::try_from(SETS).unwrap() - 1;
        assert_eq!(slices, SLICES);
        for seconds in [1, 60, 86_400] {
            let ids = Ids::within(Duration::from_secs(seconds));
            assert!(ids.slice() * u64::from(slices) >= millis(ids.window));
        }
    }
}
