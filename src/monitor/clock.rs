//! Redis's clock, which every time that is stored comes from. Where it is set back, what waits is moved by as much, once,
//! whichever monitors run; where it jumps ahead, that is said, for what comes due with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use super::Monitor;
use super::outlet::LEASE_MARGIN;
use crate::domain::batch::Millis;
use crate::store::Result;
use crate::store::keys::Shard;
use crate::store::set_back::{Clock, Waits};

/// Between two looks; what is stored by the clock as it is now, before a look has found it set back, is taken for older
/// than it is.
const EVERY: Duration = Duration::from_millis(500);
/// A clock that goes ahead by more than this between two looks has jumped.
const JUMP: Duration = Duration::from_secs(10);

/// What this monitor knows of the clock.
#[derive(Default)]
struct Known {
    last: Option<(Clock, Instant)>,
    /// How far back everything is moved, in ms.
    moved: Millis,
}

/// Looks until told to stop.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let looking = async {
        let mut known = Known::default();
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = monitor.look_at_clock(&mut known).await {
                // That Redis is away is said by whoever works with it.
                debug!(error = %error, "Could not look at the clock: {error}");
            }
        }
    };
    monitor.stop.run_until_cancelled(looking).await;
}

impl Monitor {
    async fn look_at_clock(&self, known: &mut Known) -> Result<()> {
        let last = known.last.map(|(clock, _)| clock);
        let clock = self.store.clock(last).await?;
        say(clock, known.last.replace((clock, Instant::now())));
        if clock.back <= known.moved {
            return Ok(());
        }
        self.catalogs.catch_up().await?;
        let catalog = self.catalogs.get();
        let longest = catalog.destinations().map(|it| it.timeout).max();
        let waits = Waits {
            destinations: catalog.destination_names().into_iter().collect(),
            lease: longest.unwrap_or_default() + LEASE_MARGIN,
        };
        let mut moved = 0;
        for shard in Shard::all() {
            moved += self.store.set_back(shard, &waits, clock.back).await?;
        }
        if moved > 0 {
            info!(
                moved,
                "Moved {moved} windows, lanes, pauses and other things that wait to the clock as it is now"
            );
            self.look_again();
        }
        known.moved = clock.back;
        Ok(())
    }
}

fn say(clock: Clock, last: Option<(Clock, Instant)>) {
    if clock.step > 0 {
        let step = Duration::from_millis(clock.step);
        warn!(
            step_ms = clock.step,
            "Redis's clock was set back by {step:?}: what waits is moved by as much"
        );
        return;
    }
    let Some((then, seen)) = last else { return };
    if let Some(jump) = ahead(then.now, clock.now, seen.elapsed()) {
        let jump_ms = u64::try_from(jump.as_millis()).unwrap_or(u64::MAX);
        warn!(
            jump_ms,
            "Redis's clock went ahead by {jump:?} at once: windows, retries and pauses that are over by it end now, and ids count as seen for that much less"
        );
    }
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
