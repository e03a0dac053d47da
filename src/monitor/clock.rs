//! Redis's clock, which every time that is stored comes from. Where it is set back, what waits is moved by as much, once,
//! whichever monitors run; where it jumps ahead, that is said, for what comes due with it.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info};

use super::Monitor;
use super::destination::worker::LEASE_MARGIN;
use crate::core::batch::Millis;
use crate::health::clock::{EVERY, Looks};
use crate::store::Result;
use crate::store::clock::set_back::Waits;
use crate::store::keys::Shard;

/// What this monitor knows of the clock.
#[derive(Default)]
struct Known {
    looks: Looks,
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
        let clock = known.looks.look(&self.store).await?;
        if clock.back <= known.moved && clock.back <= clock.moved {
            return Ok(());
        }
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let longest = snapshot.destinations().map(|it| it.timeout).max();
        let waits = Waits {
            destinations: snapshot.destination_names().into_iter().collect(),
            lease: longest.unwrap_or_default() + LEASE_MARGIN,
        };
        let mut moved = 0;
        for shard in Shard::all() {
            moved += self
                .store
                .clock()
                .set_back(shard, &waits, clock.back)
                .await?;
        }
        if moved > 0 {
            info!(
                moved,
                "Moved {moved} windows, lanes, pauses and other things that wait to the clock as it is now"
            );
        }
        // Whoever moved it may have died before it put right what is noted as due.
        self.look_again();
        self.store.clock().note_moved(clock.back).await?;
        known.moved = clock.back;
        Ok(())
    }
}
