//! The next runs of schedules, which wait for their time among the rest.

use super::member;
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::store::config::lives::Living;
use crate::store::handles::{RedisClock, Schedules};
use crate::store::keys::{self, Due, Place};
use crate::store::scripts;
use crate::store::work::Kind;
use crate::store::{LONGEST_IDLE, Result, StoreError, reply};

/// Runs of one schedule that may wait at one time.
const MOST_RUNS: u64 = 100;

/// The next run of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it is due.
    pub at: Millis,
    /// The newest version of the schedule that has planned it.
    pub version: u64,
    /// The mark of the moments that it was planned by; none in a plan of an older release.
    pub mark: Option<String>,
    /// Whether it was moved because the clock was set back, away from the times of the schedule.
    pub moved: bool,
    /// Whether it fell due while all deliveries were stopped, and waits to be made up for.
    pub missed: bool,
}

impl Planned {
    fn read(item: &str) -> Option<Self> {
        let mut words = item.split(' ');
        let at = words.next()?.parse().ok()?;
        let version = words.next()?.parse().ok()?;
        let mark = words.next().filter(|mark| !mark.is_empty());
        let mark = mark.map(str::to_owned);
        let noted: Vec<_> = words.collect();
        Some(Self {
            at,
            version,
            mark,
            moved: noted.contains(&"moved"),
            missed: noted.contains(&"missed"),
        })
    }
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

impl RedisClock<'_> {
    /// The time by Redis's own clock.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn now(self) -> Result<Millis> {
        reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))
    }
}

impl Schedules<'_> {
    /// Sets when a schedule runs next, unless the same or a newer version of it has been planned, or an older one by
    /// moments with the same mark: then a time that has passed is still to be made. Answers whether anything changed.
    ///
    /// # Errors
    /// Full, or gone, where the schedule is not there in this life: nothing was planned. Else unavailable or silent.
    pub async fn plan(
        self,
        schedule: &Name,
        life: Life,
        version: u64,
        mark: &str,
        at: Millis,
    ) -> Result<bool> {
        self.run_plan(schedule, life, version, mark, &at.to_string())
            .await
    }

    /// Takes back what this version of a schedule or an older one has planned. Answers whether there was anything.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn unplan(self, schedule: &Name, version: u64) -> Result<bool> {
        self.run_plan(schedule, Life::ALWAYS, version, "", "").await
    }

    async fn run_plan(
        self,
        schedule: &Name,
        life: Life,
        version: u64,
        mark: &str,
        at: &str,
    ) -> Result<bool> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let mut plan = scripts::PLAN.key(Due::Later.key(place.shard));
        plan.key(keys::later_items(place.shard))
            .key(keys::alive(place.shard))
            .arg(member::schedule(schedule))
            .arg(version)
            .arg(at)
            .arg(millis(LONGEST_IDLE))
            .arg(mark);
        Living::schedule(schedule, life).must_be_there(&mut plan);
        match self.store.run(place.shard, &plan).await? {
            -1 => Err(StoreError::Gone),
            changed => Ok(changed == 1),
        }
    }

    /// The next run of a schedule.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn planned(self, schedule: &Name) -> Result<Option<Planned>> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let member = member::schedule(schedule);
        let read = redis::Cmd::hget(keys::later_items(place.shard), member);
        let Some(item) = self.store.query::<Option<String>>(&read).await? else {
            return Ok(None);
        };
        let planned = Planned::read(&item);
        let planned = planned.ok_or(StoreError::Unreadable("the next run of a schedule"))?;
        Ok(Some(planned))
    }

    /// Notes that a run fell due while all was stopped: whenever it is made, it is made for all that passed since.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_missed(self, schedule: &Name, planned: &Planned) -> Result<()> {
        let shard = Place::of(&Chat::of_schedule(schedule)).shard;
        let mut miss = scripts::MISS.key(keys::later_items(shard));
        miss.arg(member::schedule(schedule))
            .arg(planned.at)
            .arg(planned.mark.as_deref().unwrap_or_default());
        self.store.run(shard, &miss).await
    }

    /// Makes a run that was planned, with this id and message, or leaves it out without; and plans the next. `life` is
    /// that of the schedule.
    ///
    /// # Errors
    /// Gone, where the schedule is not there in that life; unavailable or silent.
    pub async fn run(
        self,
        schedule: &Name,
        life: Life,
        planned: &Planned,
        made: Option<(&BatchId, &str)>,
        next: Option<Millis>,
    ) -> Result<Run> {
        let place = Place::of(&Chat::of_schedule(schedule));
        let worker = schedule.of_its_schedule();
        let (id, item) = made.map_or(("", ""), |(id, item)| (id.as_str(), item));
        let mut run = scripts::RUN.key(Due::Later.key(place.shard));
        run.key(keys::later_items(place.shard))
            .key(place.due_lanes(&worker))
            .key(place.lane(&worker))
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard))
            .arg(member::schedule(schedule))
            .arg(planned.at)
            .arg(next.map(|next| next.to_string()).unwrap_or_default())
            .arg(id)
            .arg(place.lane_member())
            // The script puts the time in front of the other fields.
            .arg(item.strip_prefix('{').unwrap_or_default())
            .arg(MOST_RUNS)
            .arg(planned.mark.as_deref().unwrap_or_default());
        Living::schedule(schedule, life).must_be_there(&mut run);
        let (status,): (String,) = self.store.run(place.shard, &run).await?;
        Ok(match status.as_str() {
            "run" => Run::Made,
            "left out" => Run::LeftOut,
            "full" => Run::Full,
            "gone" => return Err(StoreError::Gone),
            _ => Run::Stale,
        })
    }
}
