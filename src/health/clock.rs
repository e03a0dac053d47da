//! Looking at Redis's clock, and saying where it jumps. Every daemon does, so that what it sets just after a jump is known for
//! that.

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::core::batch::Millis;
use crate::store::clock::JUMP;
use crate::store::clock::set_back::Clock;
use crate::store::{Result, Store};

/// Between two looks.
pub const EVERY: Duration = Duration::from_millis(500);

/// What a daemon saw at its last look.
#[derive(Debug, Default)]
pub struct Looks(Option<(Clock, Instant)>);

impl Looks {
    /// Looks once, and says what has happened since the last time.
    ///
    /// # Errors
    /// When Redis is away, which whoever works with it says.
    pub async fn look(&mut self, store: &Store) -> Result<Clock> {
        let last = self.0.map(|(clock, _)| clock);
        let clock = store.clock().look(last).await?;
        let last = self.0.replace((clock, Instant::now()));
        if !is_set_back(clock, last)
            && let Some((then, seen)) = last
            && let Some(jump) = ahead(then.now, clock.now, seen.elapsed())
        {
            let by = u64::try_from(jump.as_millis()).unwrap_or(u64::MAX);
            let since = clock.now.saturating_sub(by);
            say_ahead(
                jump,
                by,
                store
                    .chats()
                    .count_pauses_that_end(since, clock.now)
                    .await?,
            );
        }
        Ok(clock)
    }
}

/// Looks until told to stop; for daemons that only need to know.
pub async fn keep_looking(store: Store, stop: CancellationToken) {
    let looking = async {
        let mut looks = Looks::default();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = looks.look(&store).await {
                debug!(error = %error, "Could not look at the clock: {error}");
            }
        }
    };
    stop.run_until_cancelled(looking).await;
}

/// Whether the clock was set back since the last look, which is said.
fn is_set_back(clock: Clock, last: Option<(Clock, Instant)>) -> bool {
    let known = last.map_or(clock.moved, |(last, _)| last.back);
    let step_ms = clock.back.saturating_sub(known);
    if step_ms > 0 {
        let step = Duration::from_millis(step_ms);
        warn!(
            step_ms,
            "Redis's clock was set back by {step:?}: what waits is moved by as much"
        );
    }
    step_ms > 0
}

fn say_ahead(jump: Duration, jump_ms: u64, pauses: u64) {
    warn!(
        jump_ms,
        pauses,
        "Redis's clock went ahead by {jump:?} at once: windows and retries that are over by it end now, and so do {pauses} pauses; ids count as seen for as long as ever"
    );
}

/// How far the clock went ahead at once, if it did, between two looks that lie so far apart.
fn ahead(then: Millis, now: Millis, apart: Duration) -> Option<Duration> {
    let gone = Duration::from_millis(now.saturating_sub(then));
    Some(gone.saturating_sub(apart)).filter(|jump| *jump > JUMP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_jumps_ahead_when_it_goes_further_than_time_does() {
        let apart = Duration::from_millis;
        let hour = Duration::from_secs(3_600);
        assert_eq!(ahead(1_000, 3_601_500, apart(500)), Some(hour));
        // A monitor that stood still for an hour.
        assert_eq!(ahead(1_000, 3_601_500, apart(3_600_500)), None);
        assert_eq!(ahead(1_000, 11_500, apart(500)), None);
        assert_eq!(ahead(9_000, 1_000, apart(500)), None);
    }
}
