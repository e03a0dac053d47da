//! What one listener hears, event by event, for as long as they may.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use futures_util::{Stream, stream};
use serde_json::json;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::budget::Budget;
use super::{event, shown};
use crate::admin::live::{Heard, Listener};
use crate::core::filter::Filter;
use crate::http::Api;
use crate::http::auth::Stay;

/// How often it is looked at whether whoever listens still may, where nothing is told: what is told every second is looked at
/// before it is told.
const LOOKED_EVERY: Duration = Duration::from_millis(1_100);
/// As often where more is told.
const AT_MOST_EVERY: Duration = Duration::from_millis(500);

/// What is told to whoever listens.
pub(super) struct Telling {
    pub(super) api: Api,
    pub(super) filter: Filter,
    /// What they are yet to hear first.
    pub(super) first: VecDeque<Event>,
    /// What was told before it came.
    pub(super) told: HashSet<String>,
    pub(super) listener: Listener,
    pub(super) budget: Budget,
}

/// Whoever listens.
struct Following {
    telling: Telling,
    stay: Stay,
    looks: Interval,
    looked: Instant,
}

/// Tells it until the daemon ends, or until whoever listens may not any more.
pub(super) fn follow(
    telling: Telling,
    stay: Stay,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let looked = Instant::now();
    let mut looks = interval_at(looked + LOOKED_EVERY, LOOKED_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following = Following {
        telling,
        stay,
        looks,
        looked,
    };
    stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok(event), following))
    })
}

impl Following {
    async fn next(&mut self) -> Option<Event> {
        loop {
            tokio::select! {
                // A look comes first, however much there is to tell.
                biased;
                _ = self.looks.tick() => {
                    if !self.may_go_on() {
                        return None;
                    }
                }
                event = self.telling.next() => {
                    if self.looked.elapsed() >= AT_MOST_EVERY && !self.may_go_on() {
                        return None;
                    }
                    return event;
                }
            }
        }
    }

    fn may_go_on(&mut self) -> bool {
        self.looked = Instant::now();
        self.looks.reset();
        self.stay.may_go_on()
    }
}

impl Telling {
    async fn next(&mut self) -> Option<Event> {
        if let Some(event) = self.first.pop_front() {
            return Some(event);
        }
        loop {
            if let Some(skipped) = self.budget.skipped() {
                return Some(left_out(skipped));
            }
            let happening = match self.listener.next().await {
                Heard::Happening(happening) => happening,
                Heard::Skipped(skipped) => return Some(left_out(skipped)),
                Heard::End => return None,
            };
            let is_told = happening.event_id().is_some_and(|id| self.told.remove(&id));
            if is_told || !happening.is_of(&self.filter) || !self.budget.may_tell(&happening.what) {
                continue;
            }
            if let Some(event) = shown(&self.api, &happening) {
                return Some(event);
            }
        }
    }
}

fn left_out(events: u64) -> Event {
    event("skipped", &json!({ "n": events }))
}
