//! Removing what can be configured, whichever kind it is: nothing that stands there is lost unless the operator says so.
//!
//! A removal is a state: it is written down before its first step, and whoever dies in the middle of it is replaced.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::configuring::{Drained, MOST_TRIES, Managed, not_of_the_environment};
use super::{Admin, AdminError, Conflict, NoSuch};
use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::spec::ScheduleSpec;
use crate::store::audit::By;
use crate::store::clearing::Cleared;
use crate::store::config::removals::{Begun, Removal};
use crate::store::config::removing::Outcome;

/// How long a removal waits for lanes to empty before it answers that they have not.
const DRAIN_FOR: Duration = Duration::from_secs(8);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How a removal ended for whoever asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is gone.
    Gone {
        /// Of a buffer the windows that were closed or dropped, else the lanes that were dropped, and what they held.
        cleared: Cleared,
        /// The messages, or runs, that waited for a time of their own.
        later: u64,
    },
    /// So much of what stands there is not delivered yet; it goes when that is.
    Draining(u64),
}

/// How a removal that was carried out has ended.
enum Carried {
    Out(Ended),
    /// Something stands there, and it was to go only if nothing does.
    Kept,
}

impl Admin {
    /// Removes the one of this name, what stands there cleared away as told. Waits some seconds for what has to be
    /// delivered first; a removal that takes longer goes on by itself.
    ///
    /// # Errors
    /// No such; of the environment; something stands there, and nothing was to; something relies on it, or what stands
    /// there cannot be delivered; full, unavailable or silent: then the removal may be under way.
    pub async fn remove<T: Drained>(
        &self,
        name: &Name,
        asked: Asked,
        by: &By,
    ) -> Result<Ended, AdminError> {
        not_of_the_environment::<T>(name)?;
        self.written::<T>(name).await?;
        let snapshot = self.registry().get();
        T::is_free(&snapshot, name)?;
        match asked {
            Asked::Empty => T::is_empty(self, name).await?,
            Asked::Drain => T::can_drain(&snapshot, name)?,
            Asked::Discard => {}
        }
        let base = T::IS_NAMED.then_some(snapshot.configured.version);
        let removal = self.begin_removal::<T>(name, asked, by, base).await?;
        match self.carry_out::<T>(name, &removal).await? {
            Carried::Out(ended) => Ok(ended),
            Carried::Kept => {
                T::is_empty(self, name).await?;
                Err(Conflict::InUse(name.clone()).into())
            }
        }
    }

    /// Removes a schedule with the runs that wait; answers how many.
    ///
    /// # Errors
    /// No such; unavailable or silent: then the removal may be under way.
    pub async fn remove_schedule(&self, name: &Name, by: &By) -> Result<u64, AdminError> {
        let removal = self.begin_removal::<ScheduleSpec>(name, Asked::Discard, by, None);
        match self
            .carry_out::<ScheduleSpec>(name, &removal.await?)
            .await?
        {
            Carried::Out(Ended::Gone { cleared, later }) => Ok(later + cleared.held),
            Carried::Out(Ended::Draining(_)) | Carried::Kept => Err(Conflict::Busy.into()),
        }
    }

    /// Writes down that this is to go; `base` is the version that was looked at, where that matters.
    async fn begin_removal<T: Managed>(
        &self,
        name: &Name,
        asked: Asked,
        by: &By,
        mut base: Option<u64>,
    ) -> Result<Removal, AdminError> {
        for _ in 0..MOST_TRIES {
            let store = self.store();
            let begun = store
                .config()
                .begin_removal(T::KIND, name, asked, by, base, None);
            match begun.await? {
                Begun::Removal(removal) => {
                    self.registry().catch_up().await?;
                    return Ok(removal);
                }
                Begun::Nothing => return Err(NoSuch::Kind(T::KIND).into()),
                Begun::Stale => {
                    self.registry().catch_up().await?;
                    let snapshot = self.registry().get();
                    T::is_free(&snapshot, name)?;
                    base = Some(snapshot.configured.version);
                }
            }
        }
        Err(Conflict::Busy.into())
    }

    /// Carries a removal out, and waits a while for what has to be delivered first.
    async fn carry_out<T: Managed>(
        &self,
        name: &Name,
        removal: &Removal,
    ) -> Result<Carried, AdminError> {
        let deadline = Instant::now() + DRAIN_FOR;
        loop {
            match self.registry().carry_out(T::KIND, name, removal).await? {
                Outcome::Gone { cleared, later } => {
                    return Ok(Carried::Out(Ended::Gone { cleared, later }));
                }
                Outcome::Kept => return Ok(Carried::Kept),
                Outcome::Draining(left) if Instant::now() >= deadline => {
                    return Ok(Carried::Out(Ended::Draining(left)));
                }
                Outcome::Draining(_) => sleep(LOOK_AGAIN).await,
                Outcome::ByAnother => return self.ended_by_another::<T>(name, removal),
            }
        }
    }

    /// What became of a removal that somebody else has ended, or has asked for otherwise.
    fn ended_by_another<T: Managed>(
        &self,
        name: &Name,
        removal: &Removal,
    ) -> Result<Carried, AdminError> {
        let snapshot = self.registry().get();
        let configured = &snapshot.configured;
        if configured.removal(T::KIND, name).is_some() {
            // Asked for otherwise since.
            return Err(Conflict::Busy.into());
        }
        if configured.life(T::KIND, name) <= removal.life {
            return Ok(Carried::Out(Ended::Gone {
                cleared: Cleared::default(),
                later: 0,
            }));
        }
        match removal.asked {
            Asked::Empty => Ok(Carried::Kept),
            Asked::Drain | Asked::Discard => Err(Conflict::WrittenAnew(name.clone()).into()),
        }
    }
}
