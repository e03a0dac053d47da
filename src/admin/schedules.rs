//! Schedules, as far as they are not written and removed as all that is configured is: when they run next, switching one,
//! having one run now, and what became of its runs.

use chrono_tz::Tz;
use tracing::{info, warn};

use super::Shown;
use super::configuring::Managed;
use super::{Admin, AdminError, NoSuch, Page};
use crate::core::action::Action;
use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::schedule::Times;
use crate::delivery::Sender;
use crate::registry::Snapshot;
use crate::spec::ScheduleSpec;
use crate::spec::schedule::times_of;
use crate::store::Look;
use crate::store::audit::{Act, By};
use crate::store::config::{Kind, Versioned};
use crate::store::history::Settlement;

/// Upcoming times that are told of each.
const UPCOMING: usize = 5;

impl Managed for ScheduleSpec {
    const OF_ENVIRONMENT: bool = false;
    const IS_NAMED: bool = false;

    /// Its body is tried on a sample.
    fn check_in(&self, admin: &Admin, snapshot: &Snapshot) -> Result<Name, AdminError> {
        let schedule = self.check(snapshot.configured.version)?;
        self.check_idle()?;
        Sender::new(&schedule.destination, admin.clients()).map_err(Self::in_its_words)?;
        Ok(schedule.name)
    }

    async fn is_written(&self, old: Option<&Self>, version: u64, admin: &Admin) {
        let was = old.and_then(|old| old.check(version).ok());
        let (Some(was), Ok(schedule)) = (was, self.check(version)) else {
            return;
        };
        if schedule.keeps_the_plan_of(&was) {
            return;
        }
        // A monitor sees only what is newest: not that it was off, or had other times, in between.
        if let Err(error) = admin
            .store()
            .schedules()
            .unplan(&schedule.name, version - 1)
            .await
        {
            // Those that run do the same by themselves.
            warn!(error = %error, "Could not drop a plan: {error}");
        }
    }
}

/// A schedule as it is shown, and when it runs next by its times, whether or not it is active.
#[derive(Debug)]
pub struct ScheduleDetail {
    /// What was written, masked.
    pub shown: Shown<ScheduleSpec>,
    /// Its next times; none of one that cannot be used.
    pub upcoming: Vec<Millis>,
    /// The zone that it goes by.
    pub zone: Tz,
}

/// A run that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunDue {
    /// When it is due.
    pub due: Millis,
    /// The zone of its schedule.
    pub zone: Tz,
}

impl Admin {
    /// All schedules with their next times.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn schedules(&self) -> Result<Vec<ScheduleDetail>, AdminError> {
        let now = self.store().clock().now().await?;
        let written = self.all_written::<ScheduleSpec>().into_iter();
        Ok(written.map(|written| self.detailed(written, now)).collect())
    }

    /// The schedule of this name.
    ///
    /// # Errors
    /// No such; unavailable or silent.
    pub async fn schedule(&self, name: &Name) -> Result<ScheduleDetail, AdminError> {
        self.with_times(self.written(name).await?).await
    }

    /// A schedule that was written just now, as it is shown.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn with_times(
        &self,
        written: Versioned<ScheduleSpec>,
    ) -> Result<ScheduleDetail, AdminError> {
        let now = self.store().clock().now().await?;
        Ok(self.detailed(written, now))
    }

    /// The next times of an expression from `now` on, which no schedule need have. Redis is not asked.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn preview(
        cron: &str,
        timezone: &str,
        now: Millis,
        count: usize,
    ) -> Result<(Vec<Millis>, Tz), AdminError> {
        let times = times_of(cron, timezone)?;
        let upcoming = times.upcoming(now).take(count).collect();
        Ok((upcoming, times.zone()))
    }

    fn detailed(&self, written: Versioned<ScheduleSpec>, now: Millis) -> ScheduleDetail {
        let times = written.spec.check(written.version).ok();
        let times = times.map(|schedule| schedule.times);
        let upcoming = times
            .iter()
            .flat_map(|times| times.upcoming(now).take(UPCOMING));
        ScheduleDetail {
            upcoming: upcoming.collect(),
            zone: times.as_ref().map_or(Tz::UTC, Times::zone),
            shown: self.shown(written),
        }
    }

    /// Switches a schedule off where it is on, and on where it is off.
    ///
    /// # Errors
    /// No such; being removed; full, unavailable or silent.
    pub async fn toggle(
        &self,
        name: &Name,
        by: &By,
    ) -> Result<Versioned<ScheduleSpec>, AdminError> {
        let switched = |old: ScheduleSpec| {
            Ok::<_, AdminError>(ScheduleSpec {
                active: !old.active,
                ..old
            })
        };
        self.change(name.as_str(), switched, by).await
    }

    /// Has a schedule run now, beside its times, whether or not it is active.
    ///
    /// # Errors
    /// No such; no room for it; unavailable or silent.
    pub async fn run_now(&self, name: &Name, by: &By) -> Result<RunDue, AdminError> {
        let written = self.written::<ScheduleSpec>(name).await?;
        let schedule = written.spec.check(written.version)?;
        let due = self.store().clock().now().await?;
        let item = schedule.message(due);
        if !self.0.ingest.run(name, &item, due).await? {
            return Err(NoSuch::Kind(Kind::Schedule).into());
        }
        self.note(Act::new(Action::ScheduleRun, by).on(name)).await;
        info!(schedule = %name, "An operator had schedule {name} run");
        let zone = schedule.times.zone();
        Ok(RunDue { due, zone })
    }

    /// A page of the runs of a schedule, the newest first.
    ///
    /// # Errors
    /// No such; unavailable, silent or unreadable.
    pub async fn runs(&self, name: &Name, look: Look) -> Result<Page<Settlement>, AdminError> {
        self.written::<ScheduleSpec>(name).await?;
        let filter = Filter::Chat(Chat::of_schedule(name));
        self.history(&filter, |_| true, look).await
    }
}
