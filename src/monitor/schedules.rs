//! Schedules: their next runs are planned by what is configured, and made when they are due.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::Monitor;
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::core::window::CloseReason;
use crate::registry::Snapshot;
use crate::spec::Schedule;
use crate::spec::schedule::CatchUp;
use crate::store::config::Kind;
use crate::store::keys::Shard;
use crate::store::scheduled::{Planned, Run};
use crate::store::{Result, StoreError};

/// A run that is later than this was missed.
const MISSED_AFTER: Millis = 60_000;
/// Between tries to plan while Redis is away.
const PAUSE: Duration = Duration::from_secs(1);

/// Plans the schedules as they come, change and go, until told to stop.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let mut registry = monitor.registry.subscribe();
    let mut planned = HashMap::new();
    // Nobody may have seen the start while this monitor was away.
    let mut was_stopped = true;
    loop {
        let snapshot = registry.borrow_and_update().clone();
        let is_stopped = snapshot.stops().all();
        if std::mem::replace(&mut was_stopped, is_stopped) && !is_stopped {
            monitor.make_up(&snapshot).await;
        }
        let wait = match monitor.plan(&snapshot, &mut planned).await {
            Ok(()) => Duration::MAX,
            Err(error) => {
                warn!(error = %error, "Could not plan schedules, again in {PAUSE:?}: {error}");
                PAUSE
            }
        };
        tokio::select! {
            () = monitor.stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
            changed = registry.changed() => if changed.is_err() { return },
        }
    }
}

impl Monitor {
    /// Brings the plans in line with the snapshot; `planned` holds the versions that this monitor has planned.
    async fn plan(&self, snapshot: &Snapshot, planned: &mut HashMap<Name, u64>) -> Result<()> {
        let gone: Vec<_> = planned
            .keys()
            .filter(|name| snapshot.schedule(name).is_none())
            .cloned()
            .collect();
        for name in gone {
            let version = snapshot.configured.version;
            self.store.schedules().unplan(&name, version).await?;
            planned.remove(&name);
        }
        for schedule in snapshot.schedules() {
            if planned.get(&schedule.name) == Some(&schedule.version) {
                continue;
            }
            let now = self.store.clock().now().await?;
            let next = schedule.times.after(now).filter(|_| schedule.active);
            let (name, version) = (&schedule.name, schedule.version);
            match next {
                // Whatever it is now, the snapshot that comes next tells.
                Some(at) if !self.plan_next(schedule, at).await? => continue,
                Some(_) => {}
                None => {
                    self.store.schedules().unplan(name, version).await?;
                }
            }
            planned.insert(name.clone(), version);
        }
        Ok(())
    }

    /// Makes the runs that were missed while all was stopped, without waiting until the sweep comes by.
    async fn make_up(self: &Arc<Self>, snapshot: &Snapshot) {
        let made_up =
            |schedule: &&Arc<Schedule>| schedule.active && schedule.catch_up == CatchUp::Once;
        for schedule in snapshot.schedules().filter(made_up) {
            if let Err(error) = self.run_schedule(&schedule.name).await {
                warn!(error = %error, "Could not make up for missed runs at once, the sweep will: {error}");
                return;
            }
        }
    }

    /// Plans the next run of a schedule; answers whether it is there in the version that is known here.
    async fn plan_next(&self, schedule: &Schedule, at: Millis) -> Result<bool> {
        let (name, version, mark) = (&schedule.name, schedule.version, schedule.times.mark());
        let life = self.registry.get().configured.life(Kind::Schedule, name);
        match self
            .store
            .schedules()
            .plan(name, life, version, mark, at)
            .await
        {
            Err(StoreError::Gone) => {}
            planned => return planned.map(|_| true),
        }
        let Some((newest, life)) = self.registry.renewed_schedule(name).await? else {
            return Ok(false);
        };
        if newest.version != version {
            return Ok(false);
        }
        let planned = self
            .store
            .schedules()
            .plan(name, life, version, mark, at)
            .await;
        planned.map(|_| true)
    }

    /// Makes the run of a schedule that is due.
    pub(super) async fn run_schedule(self: &Arc<Self>, name: &Name) -> Result<()> {
        let Some(planned) = self.store.schedules().planned(name).await? else {
            return Ok(());
        };
        let known = |snapshot: &Snapshot| {
            let schedule = snapshot.schedule(name).cloned();
            schedule.filter(|schedule| planned_by(schedule, &planned))
        };
        let mut schedule = known(&self.registry.get());
        if schedule.is_none() {
            // It may be so new that this monitor has not heard of it.
            self.registry.catch_up().await?;
            schedule = known(&self.registry.get());
        }
        match schedule {
            Some(schedule) => self.run_due(&schedule, &planned).await,
            None if self.registry.get().schedule(name).is_none() => self
                .store
                .schedules()
                .unplan(name, planned.version)
                .await
                .map(drop),
            // Whoever has heard of its newest moments plans it anew.
            None => Ok(()),
        }
    }

    async fn run_due(self: &Arc<Self>, schedule: &Schedule, planned: &Planned) -> Result<()> {
        let now = self.store.clock().now().await?;
        if planned.at > now {
            return Ok(());
        }
        let stopped = self.registry.get().stops().all();
        let late = now - planned.at > MISSED_AFTER;
        let missed = stopped || planned.missed || late;
        let name = &schedule.name;
        // What is not later than this is still made.
        let in_time = now.saturating_sub(MISSED_AFTER).saturating_sub(1);
        let (is_made, after) = match (missed, schedule.catch_up) {
            // None of the schedule's times: the next of them is to come.
            _ if planned.moved && !planned.missed => {
                (false, in_time.max(planned.at.saturating_sub(1)))
            }
            (false, _) => (true, planned.at),
            // It stays due until all is started again, and is then made for all that passed.
            (true, CatchUp::Once) if stopped && planned.missed => return Ok(()),
            (true, CatchUp::Once) if stopped => {
                return self.store.schedules().note_missed(name, planned).await;
            }
            (true, CatchUp::Once) => (true, now),
            (true, CatchUp::Skip) if stopped || planned.missed => (false, now),
            (true, CatchUp::Skip) => (false, in_time),
        };
        let (id, item) = (BatchId::generate(), schedule.message(planned.at));
        let made = is_made.then_some((&id, item.as_str()));
        let next = schedule.times.after(after);
        let life = self.registry.get().configured.life(Kind::Schedule, name);
        let mut run = self
            .store
            .schedules()
            .run(name, life, planned, made, next)
            .await;
        if let Err(StoreError::Gone) = run {
            let Some((_, life)) = self.registry.renewed_schedule(name).await? else {
                return Ok(());
            };
            run = self
                .store
                .schedules()
                .run(name, life, planned, made, next)
                .await;
        }
        match run? {
            Run::Made => {
                let called = [Target::whole(name.of_its_schedule())];
                let chat = Chat::of_schedule(name);
                self.attempt_new(&chat, &called, CloseReason::Schedule.as_str());
            }
            Run::LeftOut if planned.moved => {}
            Run::LeftOut => info!(schedule = %name, "Schedule {name} missed a run, it is left out"),
            Run::Full => {
                warn!(schedule = %name, "Too many runs of schedule {name} wait, this one is dropped");
            }
            Run::Stale => {}
        }
        // The next may be due sooner than the sweep looks again.
        self.later_hints
            .look_at(Shard::of(&Chat::of_schedule(name)));
        Ok(())
    }
}

/// Whether a plan goes by what this monitor knows of a schedule. Another version may have made it, by the same moments.
fn planned_by(schedule: &Schedule, planned: &Planned) -> bool {
    let same = match &planned.mark {
        Some(mark) => mark == schedule.times.mark(),
        None => planned.version == schedule.version,
    };
    schedule.active && same
}
