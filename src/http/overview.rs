//! `GET /api/overview`: how all of it goes, at a glance.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::endpoint::{Chapter, Endpoint};
use super::error::ApiError;
use crate::admin::overview::{CLOSING, DestinationState, Overview, State as Doing};
use crate::core::moment::{seconds, utc};
use crate::core::samples::shares::{LATENESS, within};
use crate::health::answer::Stopped;
use crate::store::work::{Kind, Work};
use crate::telemetry::late::WITHIN;

/// How all of it goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Overview)]
struct OverviewAnswer {
    /// When this was so, by Redis's clock (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// How much there is.
    counts: OverviewCounts,
    /// How many open windows close how soon.
    closing: Vec<ClosingCount>,
    /// What was due 10 s ago and more while no monitor worked it off: `windows`, `lanes`, `later`.
    standing: Vec<&'static str>,
    /// How long ago the oldest window was due that is not closed, in s; null: none is.
    oldest_overdue_window: Option<f64>,
    /// The oldest batch that waits, as far as lanes were looked at; null: none was seen.
    oldest_batch: Option<OldestBatch>,
    /// How late batches set out for the first time within the last 5 minutes, over all monitors that live; null: none did.
    lateness: Option<LatenessAnswer>,
    /// How destinations do.
    destinations: DestinationsAnswer,
    /// What an operator has stopped.
    stopped: Stopped,
    /// How many daemons are alive.
    daemons: AliveDaemons,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
struct OverviewCounts {
    /// Open windows.
    open_windows: u64,
    /// Batches that wait for a destination.
    waiting_batches: u64,
    /// Messages that wait for a time of their own.
    later: u64,
    /// Dead letters.
    dead_letters: u64,
    /// Chats that are left to a person.
    paused_chats: u64,
}

/// How many open windows close within some time, and not within that of the count before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Closing)]
struct ClosingCount {
    /// Within so many seconds from now; null: later than all others.
    within: Option<u64>,
    /// How many.
    windows: u64,
}

/// The oldest batch that waits.
#[derive(Debug, Serialize, ToSchema)]
struct OldestBatch {
    /// Where it is to go.
    destination: String,
    /// Since when it waits (RFC 3339, UTC).
    #[schema(format = DateTime)]
    since: String,
    /// How long that is, in s.
    waits_for: f64,
}

/// How late batches set out, in s after the deadlines of their windows.
#[derive(Debug, Serialize, ToSchema)]
struct LatenessAnswer {
    /// Within how many seconds until now.
    seconds: u64,
    /// How many batches.
    batches: u64,
    /// Half of them were no later than this; null: later than 600 s.
    p50: Option<f64>,
    /// 95 of 100.
    p95: Option<f64>,
    /// 99 of 100.
    p99: Option<f64>,
}

/// How many destinations do how, and which somebody should look at.
#[derive(Debug, Serialize, ToSchema)]
struct DestinationsAnswer {
    /// How many there are.
    total: usize,
    /// How many a monitor takes for down.
    down: usize,
    /// How many failed at their last call, and are not taken for down.
    failing: usize,
    /// How many are stopped.
    stopped: usize,
    /// How many are switched off.
    off: usize,
    /// Up to 100 of them: those that are down or fail, then those that something waits for, then others.
    items: Vec<DestinationAnswer>,
    /// Whether the lanes of all were looked at. Of more than 64 destinations others are looked at each second.
    all_looked_at: bool,
}

/// A destination, and how it does.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DestinationState)]
struct DestinationAnswer {
    /// Its name.
    name: String,
    /// How it does.
    state: DoingWord,
    /// How many lanes have something for it; null: not looked at yet.
    waiting_lanes: Option<u64>,
    /// Since when the oldest of that waits that was seen (RFC 3339, UTC).
    #[schema(format = DateTime)]
    oldest_since: Option<String>,
    /// When something was last delivered.
    #[schema(format = DateTime)]
    last_success_at: Option<String>,
    /// What last failed; null: nothing is known of any failure.
    last_failure: Option<LastFailure>,
    /// Since when everything fails; null: the last call did not.
    #[schema(format = DateTime)]
    failing_since: Option<String>,
}

/// How a destination does.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = DestinationDoing)]
#[serde(rename_all = "snake_case")]
enum DoingWord {
    /// A monitor takes it for down, and tries single batches.
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

/// A failure.
#[derive(Debug, Serialize, ToSchema)]
struct LastFailure {
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    at: String,
    /// The HTTP status, if there was an answer.
    status: Option<u16>,
    /// What happened, in a few words.
    summary: String,
}

/// How many daemons are alive.
#[derive(Debug, Serialize, ToSchema)]
struct AliveDaemons {
    /// Those that take messages.
    api: usize,
    /// Those that deliver.
    monitor: usize,
}

/// Its endpoints, in the order of the document.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::get(Chapter::Service, "/api/overview", show)
            .says(
                "Show how all of it goes",
                "Counts, lateness, the oldest that waits, how destinations do, what is stopped, and the daemons that are alive; as of a second ago at the most.",
            )
            .answers::<OverviewAnswer>(200, "How all of it goes."),
    ]
}

async fn show(State(api): State<Api>) -> Result<Response, ApiError> {
    let (overview, work) = tokio::join!(api.admin.overview(), api.watch.seen());
    Ok(Json(answer(&*overview?, &work?)).into_response())
}

fn answer(seen: &Overview, work: &Work) -> OverviewAnswer {
    let alive = |role: &str| {
        let daemons = work.daemons.iter().filter(|it| it.about.role == role);
        daemons.filter(|it| work.is_alive(it)).count()
    };
    OverviewAnswer {
        at: utc(seen.now),
        counts: OverviewCounts {
            open_windows: seen.windows,
            waiting_batches: seen.batches,
            later: seen.later,
            dead_letters: seen.dead_letters,
            paused_chats: seen.paused,
        },
        closing: closing(seen),
        standing: work.standing().into_iter().map(Kind::as_str).collect(),
        oldest_overdue_window: work.overdue(Kind::Windows).map(seconds),
        oldest_batch: seen.oldest.as_ref().map(|(name, since)| OldestBatch {
            destination: name.to_string(),
            since: utc(*since),
            waits_for: seconds(Duration::from_millis(seen.now.saturating_sub(*since))),
        }),
        lateness: lateness(work),
        destinations: destinations(seen),
        stopped: Stopped::of(&seen.stops),
        daemons: AliveDaemons {
            api: alive("api"),
            monitor: alive("monitor"),
        },
    }
}

fn closing(seen: &Overview) -> Vec<ClosingCount> {
    let bounds = CLOSING.iter().map(|within| Some(within.as_secs()));
    let counts = bounds.chain([None]).zip(&seen.closing);
    let counts = counts.map(|(within, &windows)| ClosingCount { within, windows });
    counts.collect()
}

/// Over all monitors: their counts are added, and shares taken of the sums.
fn lateness(work: &Work) -> Option<LatenessAnswer> {
    let mut counts = Vec::new();
    for monitor in work.living_monitors() {
        let late = &monitor.about.late;
        counts.resize(late.len().max(counts.len()), 0);
        for (sum, count) in counts.iter_mut().zip(late) {
            *sum += count;
        }
    }
    let batches: u64 = counts.iter().sum();
    (batches > 0).then(|| LatenessAnswer {
        seconds: WITHIN.as_secs(),
        batches,
        p50: within(&LATENESS, &counts, 0.5),
        p95: within(&LATENESS, &counts, 0.95),
        p99: within(&LATENESS, &counts, 0.99),
    })
}

fn destinations(seen: &Overview) -> DestinationsAnswer {
    let count = |state| seen.states.get(&state).copied().unwrap_or_default();
    DestinationsAnswer {
        total: seen.states.values().sum(),
        down: count(Doing::Down),
        failing: count(Doing::Failing),
        stopped: count(Doing::Stopped),
        off: count(Doing::Off),
        items: seen.destinations.iter().map(destination).collect(),
        all_looked_at: seen.whole,
    }
}

fn destination(seen: &DestinationState) -> DestinationAnswer {
    let calls = &seen.calls;
    DestinationAnswer {
        name: seen.name.to_string(),
        state: match seen.state {
            Doing::Down => DoingWord::Down,
            Doing::Failing => DoingWord::Failing,
            Doing::Stopped => DoingWord::Stopped,
            Doing::Off => DoingWord::Off,
            Doing::Works => DoingWord::Works,
            Doing::Unknown => DoingWord::Unknown,
        },
        waiting_lanes: seen.backlog.map(|it| it.lanes),
        oldest_since: seen.backlog.and_then(|it| it.oldest).map(utc),
        last_success_at: calls.success.map(utc),
        last_failure: calls.failure.map(|at| LastFailure {
            at: utc(at),
            status: calls.status,
            summary: calls.summary.clone(),
        }),
        failing_since: calls.failing_since.map(utc),
    }
}
