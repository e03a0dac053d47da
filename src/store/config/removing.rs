//! Carrying out a removal, step by step. Each step may be repeated, by several daemons at once: one of them ends it.

use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::core::life::Asked;
use crate::spec::{BufferSpec, DestinationSpec, ScheduleSpec};
use crate::store::audit::Act;
use crate::store::clearing::Cleared;
use crate::store::config::configurable::Configurable;
use crate::store::config::lives::Living;
use crate::store::config::removals::Removal;
use crate::store::config::{Configured, Kind};
use crate::store::handles::Config;
use crate::store::keys::Shard;
use crate::store::{Result, StoreError};

/// Nothing comes in any more, so one look more than one is only needed where an older Lull is at work, too.
const MOST_ROUNDS: usize = 8;

/// How far a removal came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is gone.
    Gone {
        /// The windows or lanes that were cleared away just now.
        cleared: Cleared,
        /// The messages that waited for a time of their own, likewise.
        later: u64,
    },
    /// It was asked to go only if nothing stands there, and something does: it stays as it was.
    Kept,
    /// So many lanes are still to be delivered; nothing is put onto them any more.
    Draining(u64),
    /// Somebody else has ended it, or has asked otherwise.
    ByAnother,
}

/// What was cleared away.
#[derive(Default)]
struct Done {
    cleared: Cleared,
    later: u64,
}

impl Done {
    fn add(&mut self, cleared: Cleared, later: u64) {
        self.cleared.chats += cleared.chats;
        self.cleared.held += cleared.held;
        self.later += later;
    }
}

impl Config<'_> {
    /// Does what a removal asks for, as far as it goes now; `targets` are where a buffer delivers.
    ///
    /// # Errors
    /// Gone, where such a target is not marked or not there in the life that it has here; full, unavailable or silent.
    /// What was done until then stays done, and the removal stays under way.
    pub async fn carry_out(
        self,
        kind: Kind,
        name: &Name,
        removal: &Removal,
        targets: &[Target],
    ) -> Result<Outcome> {
        let living = removal.living(kind, name);
        // From here on nothing comes in, whoever goes by what was configured before.
        if !self.strike(&living).await? {
            return Ok(Outcome::ByAnother);
        }
        let mut done = Done::default();
        let mut left = 0;
        for _ in 0..MOST_ROUNDS {
            let (cleared, later) = match kind {
                Kind::Buffer => self.clear_buffer(name, removal, targets).await?,
                Kind::Destination if removal.asked == Asked::Discard => (
                    self.store.lanes().discard_all(name, Some(&living)).await?,
                    0,
                ),
                Kind::Destination => Default::default(),
                Kind::Schedule => self.clear_schedule(name, &living).await?,
            };
            done.add(cleared, later);
            left = self.left_in(kind, name).await?;
            let is_final = match (kind, removal.asked) {
                (_, Asked::Empty) | (Kind::Destination, Asked::Drain) => true,
                _ => left == 0,
            };
            if is_final {
                break;
            }
        }
        match removal.asked {
            Asked::Empty if left > 0 => {
                let ended = self.end_removal(kind, name, removal, false, None).await?;
                return Ok(if ended {
                    Outcome::Kept
                } else {
                    Outcome::ByAnother
                });
            }
            Asked::Drain if left > 0 => return Ok(Outcome::Draining(left)),
            Asked::Discard if left > 0 => return Err(StoreError::Contended),
            _ => {}
        }
        if kind == Kind::Buffer {
            self.store.follow_ups().cancel_all(name, &living).await?;
            self.store.chats().forget_pauses(name, &living).await?;
        }
        let act = self.removed(kind, name, removal, &done).await?;
        let ended = self
            .end_removal(kind, name, removal, true, act.as_ref())
            .await?;
        let Done { cleared, later } = done;
        Ok(if ended {
            Outcome::Gone { cleared, later }
        } else {
            Outcome::ByAnother
        })
    }

    async fn clear_buffer(
        self,
        name: &Name,
        removal: &Removal,
        targets: &[Target],
    ) -> Result<(Cleared, u64)> {
        let living = removal.living(Kind::Buffer, name);
        Ok(match removal.asked {
            Asked::Empty => Default::default(),
            // Without a place to go to they stay.
            Asked::Drain if targets.is_empty() => Default::default(),
            Asked::Drain => (
                self.store
                    .windows()
                    .flush_all(name, targets, &living)
                    .await?,
                self.store
                    .scheduled()
                    .send_all(name, targets, Some(&living))
                    .await?,
            ),
            Asked::Discard => (
                self.store.windows().cancel_all(name, &living).await?,
                self.store.scheduled().cancel_all(name, &living).await?,
            ),
        })
    }

    async fn clear_schedule(self, name: &Name, living: &Living) -> Result<(Cleared, u64)> {
        // A newer schedule of this name has planned its runs by a newer version, which this leaves alone.
        let version = living.life().version();
        let newest = self
            .read()
            .await?
            .schedules
            .get(name.as_str())
            .map(|it| it.version);
        self.store
            .schedules()
            .unplan(name, newest.unwrap_or(version).max(version))
            .await?;
        let kept = self
            .store
            .scheduled()
            .cancel_all_of_in(&Chat::of_schedule(name), Some(living))
            .await?;
        let cleared = self
            .store
            .lanes()
            .discard_all(&name.of_its_schedule(), Some(living))
            .await?;
        Ok((cleared, kept))
    }

    /// What stands there that a removal has to do with.
    async fn left_in(self, kind: Kind, name: &Name) -> Result<u64> {
        Ok(match kind {
            Kind::Buffer => {
                self.store.windows().count_in(name).await?
                    + self.store.scheduled().count_in(name).await?
            }
            Kind::Destination => self.store.lanes().count_to(name).await?,
            Kind::Schedule => self.store.lanes().count_to(&name.of_its_schedule()).await?,
        })
    }

    /// What the audit says of a removal; nothing where it came and went with messages.
    async fn removed(
        self,
        kind: Kind,
        name: &Name,
        removal: &Removal,
        done: &Done,
    ) -> Result<Option<Act>> {
        if removal.by == Default::default() {
            return Ok(None);
        }
        let configured = self.read().await?;
        let act = Act::new(kind.remove(), &removal.by).on(name);
        let act = act.times(done.cleared.held);
        let from = match kind {
            Kind::Buffer => from::<BufferSpec>,
            Kind::Destination => from::<DestinationSpec>,
            Kind::Schedule => from::<ScheduleSpec>,
        };
        Ok(Some(from(act, &configured, name)))
    }

    /// Marks in all shards that the destinations of a buffer live, so that what stands in it can go there.
    ///
    /// # Errors
    /// Gone, where one is not there in the life that it has here; unavailable or silent.
    pub async fn vouch_everywhere(self, targets: &[Target]) -> Result<()> {
        let living: Vec<_> = targets.iter().map(Living::target).collect();
        self.vouch_in_all_shards(&living).await
    }

    /// Marks in all shards that these live, so that whoever is held up in the removal of an earlier life touches nothing.
    ///
    /// # Errors
    /// Gone, where one is not there in the life that it has here; unavailable or silent.
    pub async fn vouch_in_all_shards(self, living: &[Living]) -> Result<()> {
        for shard in Shard::all() {
            if !self.vouch(shard, living).await?.is_empty() {
                return Err(StoreError::Gone);
            }
        }
        Ok(())
    }
}

/// What was there before.
fn from<T: Configurable>(act: Act, configured: &Configured, name: &Name) -> Act {
    let before = configured.get::<T>(name.as_str());
    let before = before.map(|written| written.spec.clone().noted());
    act.from_to(before.as_ref(), None::<&()>)
}
