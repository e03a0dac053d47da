//! How all of it goes, at a glance: counts, the oldest that waits, and how each destination does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::core::moment::millis;
use crate::registry::Snapshot;
use crate::store::lanes::backlog::{Backlog, Backlogs};
use crate::store::lanes::calls::Calls;
use crate::store::work::Kind;

/// What was seen is told for so long: it is asked for by many.
const FRESH: Duration = Duration::from_secs(1);
/// Open windows are counted by how soon they close: within each of these, and not within the one before.
pub const CLOSING: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(3600),
];
/// Destinations that are told, those first that somebody should look at.
const MOST_TOLD: usize = 100;

/// How a destination does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// A monitor takes it for down.
    Down,
    /// The last call failed.
    Failing,
    /// Somebody has stopped it, or everything.
    Stopped,
    /// It is switched off.
    Off,
    /// The last call was delivered.
    Works,
    /// Nothing is known of any call.
    Unknown,
}

/// A destination, and how it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationState {
    /// Its name.
    pub name: Name,
    /// How it does.
    pub state: State,
    /// How calls to it went.
    pub calls: Calls,
    /// What waits for it; none: it was not looked at yet.
    pub backlog: Option<Backlog>,
}

/// How all of it goes.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When this was so, by Redis's clock.
    pub now: Millis,
    /// Open windows.
    pub windows: u64,
    /// Those that close within each length of [`CLOSING`], and not within the one before; at last all others.
    pub closing: Vec<u64>,
    /// Batches on lanes.
    pub batches: u64,
    /// Messages that wait for a time of their own.
    pub later: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Chats that are left to a person.
    pub paused: u64,
    /// Where the oldest batch waits that was seen, and since when.
    pub oldest: Option<(Name, Millis)>,
    /// The lanes to all destinations were looked at.
    pub whole: bool,
    /// How many destinations do so.
    pub states: BTreeMap<State, usize>,
    /// Those that somebody should look at, and others, up to a bound.
    pub destinations: Vec<DestinationState>,
    /// What is stopped.
    pub stops: Stops,
}

/// What was last seen.
#[derive(Default)]
pub(super) struct Seen {
    overview: Option<(Instant, Arc<Overview>)>,
    backlogs: Backlogs,
}

impl Admin {
    /// How all of it goes, as it was a moment ago.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn overview(&self) -> Result<Arc<Overview>, AdminError> {
        let mut seen = self.0.overview.lock().await;
        if let Some((at, overview)) = &seen.overview
            && at.elapsed() < FRESH
            // Who has just stopped or started something is not told what was before.
            && overview.stops == *self.registry().get().stops()
        {
            return Ok(overview.clone());
        }
        let overview = Arc::new(self.look(&mut seen).await?);
        seen.overview = Some((Instant::now(), overview.clone()));
        Ok(overview)
    }

    async fn look(&self, seen: &mut Seen) -> Result<Overview, AdminError> {
        let (store, snapshot) = (self.store(), self.registry().get());
        let mut names: Vec<_> = snapshot.destination_names().into_iter().collect();
        names.sort();
        let (lanes, held) = (store.lanes(), store.held());
        let (now, counts, batches, later, paused, calls, ()) = tokio::try_join!(
            store.clock().now(),
            store.counts([]),
            held.sum(Kind::Lanes, &[]),
            held.sum(Kind::Later, &[]),
            store.chats().count_paused(),
            lanes.calls(),
            seen.backlogs.look(lanes, &names),
        )?;
        let until = CLOSING.map(|within| now + millis(within));
        let closing = store.windows().due_until(&until).await?;
        let oldest = seen.backlogs.oldest();
        let states = names.into_iter().map(|name| {
            let calls = calls.get(&name).cloned().unwrap_or_default();
            DestinationState {
                state: state_of(&name, &calls, &snapshot),
                backlog: seen.backlogs.get(&name),
                calls,
                name,
            }
        });
        let mut destinations: Vec<_> = states.collect();
        let mut counted = BTreeMap::new();
        for it in &destinations {
            *counted.entry(it.state).or_default() += 1;
        }
        let whole = destinations.iter().all(|it| it.backlog.is_some());
        destinations.sort_by_key(|it| {
            let waits = it.backlog.is_some_and(|it| it.lanes > 0);
            let in_trouble = matches!(it.state, State::Down | State::Failing);
            (!in_trouble, !waits, it.state, it.name.clone())
        });
        destinations.truncate(MOST_TOLD);
        Ok(Overview {
            now,
            windows: counts.windows,
            closing: each_apart(&closing, counts.windows),
            batches: batches.count,
            later: later.count,
            dead_letters: counts.dead_letters,
            paused,
            oldest: oldest.map(|(name, since)| (name.clone(), since)),
            whole,
            states: counted,
            destinations,
            stops: snapshot.stops().clone(),
        })
    }
}

/// How many there are between one bound and the next, and behind the last, of how many there are until each.
fn each_apart(until: &[u64], all: u64) -> Vec<u64> {
    let mut before = 0;
    let mut apart = Vec::with_capacity(until.len() + 1);
    for count in until.iter().copied().chain([all]) {
        // They were counted one after the other.
        apart.push(count.saturating_sub(before));
        before = before.max(count);
    }
    apart
}

fn state_of(name: &Name, calls: &Calls, snapshot: &Snapshot) -> State {
    let known = snapshot.destination(name);
    match () {
        () if known.is_some_and(|known| !known.active) => State::Off,
        () if snapshot.stops().holds_to(name) => State::Stopped,
        () if calls.down => State::Down,
        () if calls.failing_since.is_some() => State::Failing,
        () if calls.success.is_some() => State::Works,
        () => State::Unknown,
    }
}
