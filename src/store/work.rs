//! Whether what is due is worked off: the signs of life of the daemons, and how long the oldest of each kind waits.

mod signs;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Value;
use serde::{Deserialize, Serialize};

use super::due::shards_of;
use super::handles::Daemons;
use super::keys::{DAEMONS, Due, RETRIES, Shard};
use super::{Result, reply};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::moment::millis;

/// A daemon without a sign for so long is taken for gone, and what is due for so long and taken by nobody stands still.
pub const TOO_LONG: Duration = Duration::from_secs(10);
/// Destinations whose lanes are looked at in one pipeline: it holds Redis for less than a millisecond or two.
const AT_A_TIME: usize = 16;

/// A kind of work, each with its own indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Closing windows.
    Windows,
    /// Attempting the heads of lanes.
    Lanes,
    /// Sending what has waited for its time.
    Later,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Windows, Self::Lanes, Self::Later];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Lanes => "lanes",
            Self::Later => "later",
        }
    }

    /// The word for the lanes to one destination.
    pub fn lanes_to(destination: &Name) -> String {
        format!("lanes:{destination}")
    }
}

/// What a daemon says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Where it runs: the name of its host or container.
    pub name: String,
    /// `api` or `monitor`.
    pub role: String,
    /// Its version of Lull.
    pub version: String,
    /// What it does not work off, though it should: a [`Kind`], or the lanes to one destination.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stands: Vec<String>,
    /// It notes where it puts lanes into Redis, for the look at all of them. An older Lull does not.
    #[serde(default)]
    pub notes_lanes: bool,
    /// It notes message ids in sets. An older Lull does not, and finds none there.
    #[serde(default)]
    pub sets_of_ids: bool,
    /// How many batches set out within each bound of lateness lately, and beyond all; empty: none did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<u64>,
}

/// A daemon that gave a sign of life within the last hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daemon {
    /// Its own, for as long as it runs.
    pub id: String,
    /// Its last sign.
    pub last_sign: Millis,
    /// When it began.
    pub since: Millis,
    /// What it says.
    pub about: About,
}

impl Daemon {
    fn read(id: String, text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        Some(Self {
            id,
            last_sign: parts.next()?.parse().ok()?,
            since: parts.next()?.parse().ok()?,
            about: serde_json::from_str(parts.next()?).ok()?,
        })
    }
}

/// What is due and who works it off, by Redis's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// When this was seen.
    pub now: Millis,
    /// The daemons, the newest first.
    pub daemons: Vec<Daemon>,
    /// How long ago the window that is due first was due; `None`: none is.
    pub windows: Option<Duration>,
    /// The same of what waits for its time.
    pub later: Option<Duration>,
    /// The same of the lanes to each destination that was asked about and has one that is due.
    pub lanes: Vec<(Name, Duration)>,
}

impl Work {
    /// Whether a daemon gave a sign lately. One of the future was given before the clock was put back.
    pub fn is_alive(&self, daemon: &Daemon) -> bool {
        self.now.abs_diff(daemon.last_sign) <= millis(TOO_LONG)
    }

    /// The monitors, the living and those that were seen within the last hour.
    pub fn monitors(&self) -> impl Iterator<Item = &Daemon> {
        let daemons = self.daemons.iter();
        daemons.filter(|daemon| daemon.about.role == "monitor")
    }

    /// The monitors that gave a sign lately.
    pub fn living_monitors(&self) -> impl Iterator<Item = &Daemon> {
        self.monitors().filter(|monitor| self.is_alive(monitor))
    }

    /// How long ago the oldest of a kind was due; `None`: none is.
    pub fn overdue(&self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::Windows => self.windows,
            Kind::Later => self.later,
            Kind::Lanes => self.lanes.iter().map(|(_, overdue)| *overdue).max(),
        }
    }

    /// What has been due for too long while no monitor works it off. One that goes round and finds no room, or that
    /// probes a destination which is down, is at work.
    pub fn standing(&self) -> Vec<Kind> {
        let kinds = Kind::ALL.into_iter();
        kinds.filter(|kind| self.stands(*kind)).collect()
    }

    fn stands(&self, kind: Kind) -> bool {
        let alone = |overdue: Duration, word: &str| {
            let mut monitors = self.living_monitors();
            overdue >= TOO_LONG
                && !monitors.any(|it| {
                    let stands = &it.about.stands;
                    !stands.iter().any(|it| it == word || it == kind.as_str())
                })
        };
        match kind {
            Kind::Lanes => {
                let mut lanes = self.lanes.iter();
                lanes.any(|(name, overdue)| alone(*overdue, &Kind::lanes_to(name)))
            }
            Kind::Windows | Kind::Later => {
                let overdue = self.overdue(kind);
                overdue.is_some_and(|overdue| alone(overdue, kind.as_str()))
            }
        }
    }
}

impl Daemons<'_> {
    /// What is due, of lanes those to these destinations, and who works it off. Each index costs one look.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn work(self, destinations: &[Name]) -> Result<Work> {
        let mut reads = redis::pipe();
        reads.cmd("TIME").cmd("HGETALL").arg(DAEMONS);
        for shard in Shard::all() {
            reads.zrange_withscores(Due::Windows.key(shard), 0, 0);
            reads.zrange_withscores(Due::Later.key(shard), 0, 0);
        }
        let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
        let now = reply::time(values.next())?;
        let mut work = Work::of_daemons(now, values.next())?;
        while let (Some(window), Some(later)) = (values.next(), values.next()) {
            work.windows = work.windows.max(overdue(window, now)?);
            work.later = work.later.max(overdue(later, now)?);
        }
        for some in destinations.chunks(AT_A_TIME) {
            work.lanes.extend(self.overdue_lanes(some, now).await?);
        }
        Ok(work)
    }

    async fn overdue_lanes(
        self,
        destinations: &[Name],
        now: Millis,
    ) -> Result<Vec<(Name, Duration)>> {
        let all = destinations.iter().flat_map(|name| {
            let due = Due::Lanes(name.clone());
            let shards = shards_of(&due).into_iter();
            shards.map(move |shard| (name, due.key(shard)))
        });
        let all: Vec<_> = all.collect();
        let mut reads = redis::pipe();
        for (_, key) in &all {
            reads.zrange_withscores(key, 0, 0);
        }
        let firsts: Vec<Vec<(Value, f64)>> = self.store.pipeline(&reads).await?;
        let firsts = firsts
            .iter()
            .map(|it| it.first().map(|(_, at)| reply::score(*at)));
        let mut dues: Vec<_> = all.iter().zip(firsts).collect();
        // Retries come after what was never tried, however long they have been due.
        let hiding: Vec<_> = dues
            .iter()
            .filter(|(_, first)| first.is_some_and(|first| first < RETRIES))
            .map(|(lane, _)| *lane)
            .collect();
        if !hiding.is_empty() {
            let mut reads = redis::pipe();
            for (_, key) in &hiding {
                reads.zrangebyscore_limit_withscores(key, RETRIES, "+inf", 0, 1);
            }
            let firsts: Vec<Vec<(Value, f64)>> = self.store.pipeline(&reads).await?;
            let firsts = firsts
                .iter()
                .map(|it| it.first().map(|(_, at)| reply::score(*at)));
            dues.extend(hiding.into_iter().zip(firsts));
        }
        let mut longest = BTreeMap::<&Name, Duration>::new();
        for ((name, _), first) in dues {
            if let Some(overdue) = first.and_then(|first| since(first, now)) {
                let longest = longest.entry(name).or_default();
                *longest = overdue.max(*longest);
            }
        }
        let longest = longest.into_iter();
        Ok(longest
            .map(|(name, overdue)| (name.clone(), overdue))
            .collect())
    }
}

/// How long ago the first of an index was due.
fn overdue(first: Value, now: Millis) -> Result<Option<Duration>> {
    let first: Vec<(Value, f64)> = reply::value(Some(first))?;
    let at = first.first().map(|(_, score)| reply::score(*score));
    Ok(at.and_then(|at| since(at, now)))
}

/// How long ago something with this score was due; `None`: it is not yet.
fn since(score: Millis, now: Millis) -> Option<Duration> {
    match score.checked_sub(RETRIES).unwrap_or(score) {
        // What is to be tried at once has no time of its own, so nothing is known but that it is due.
        0 => Some(TOO_LONG),
        at => now.checked_sub(at).map(Duration::from_millis),
    }
}
