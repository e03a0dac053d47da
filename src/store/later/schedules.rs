//! The next runs of schedules, which wait for their time among the rest.

use std::sync::LazyLock;

use redis::Script;

use super::member;
use crate::domain::batch::{BatchId, Millis};
use crate::domain::chat::{Chat, Name};
use crate::store::keys::{self, Due, Place};
use crate::store::windows::millis;
use crate::store::{LONGEST_IDLE, Result, Store, StoreError, reply, script};

static PLAN: LazyLock<Script> = LazyLock::new(|| script(include_str!("../lua/plan.lua")));
static RUN: LazyLock<Script> = LazyLock::new(|| script(include_str!("../lua/run.lua")));

/// Runs of one schedule that may wait at one time.
const MOST_RUNS: u64 = 100;

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    [&PLAN, &RUN].into_iter().map(|script| &**script)
}

/// The next run of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it is due.
    pub at: Millis,
    /// The version of the schedule that it was planned by.
    pub version: u64,
}

/// What became of a run that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It is on its lane.
    Made,
    /// It was left out, as asked.
    LeftOut,
    /// Too many wait already: it was dropped.
    Full,
    /// Another monitor was first, or the schedule has changed.
    Stale,
}

impl Store {
    /// The time by Redis's own clock.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn now(&self) -> Result<Millis> {
        reply::time(Some(self.query(&redis::cmd("TIME")).await?))
    }

    /// Sets when a schedule runs next, unless the same or a newer version of it has been planned; `None` takes back
    /// what this version or an older one has planned. Answers whether anything changed.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn plan(&self, schedule: &Name, version: u64, at: Option<Millis>) -> Result<bool> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let mut plan = PLAN.key(Due::Later.key(place.shard));
        plan.key(keys::later_items(place.shard))
            .arg(member::schedule(schedule))
            .arg(version)
            .arg(at.map(|at| at.to_string()).unwrap_or_default())
            .arg(millis(LONGEST_IDLE));
        self.run(place.shard, &plan).await
    }

    /// The next run of a schedule.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn planned(&self, schedule: &Name) -> Result<Option<Planned>> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let member = member::schedule(schedule);
        let read = redis::Cmd::hget(keys::later_items(place.shard), member);
        let Some(item) = self.query::<Option<String>>(&read).await? else {
            return Ok(None);
        };
        let read = || {
            let (at, version) = item.split_once(' ')?;
            Some(Planned {
                at: at.parse().ok()?,
                version: version.parse().ok()?,
            })
        };
        let planned = read().ok_or(StoreError::Unreadable("the next run of a schedule"))?;
        Ok(Some(planned))
    }

    /// Makes a run that was planned, with this id and message, or leaves it out without; and plans the next.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn run_planned(
        &self,
        schedule: &Name,
        planned: Planned,
        made: Option<(&BatchId, &str)>,
        next: Option<Millis>,
    ) -> Result<Run> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let outlet = schedule.of_its_schedule();
        let (id, item) = made.map_or(("", ""), |(id, item)| (id.as_str(), item));
        let mut run = RUN.key(Due::Later.key(place.shard));
        run.key(keys::later_items(place.shard))
            .key(place.due_lanes(&outlet))
            .key(place.lane(&outlet))
            .arg(member::schedule(schedule))
            .arg(format!("{} {}", planned.at, planned.version))
            .arg(next.map(|next| next.to_string()).unwrap_or_default())
            .arg(id)
            .arg(place.lane_member())
            // The script puts the time in front of the other fields.
            .arg(item.strip_prefix('{').unwrap_or_default())
            .arg(MOST_RUNS);
        let (status,): (String,) = self.run(place.shard, &run).await?;
        Ok(match status.as_str() {
            "run" => Run::Made,
            "left out" => Run::LeftOut,
            "full" => Run::Full,
            _ => Run::Stale,
        })
    }
}
