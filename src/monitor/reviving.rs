//! Carrying on the revivals of dead letters that an api has begun and left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

use super::Monitor;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);

/// Carries on until told to stop.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let carrying_on = async {
        loop {
            match monitor.store.carry_on_revivals().await {
                Ok(0) => {}
                Ok(count) => info!(count, "{count} dead letters are back on their lanes"),
                Err(error) => {
                    warn!(error = %error, "A revival stands still, again in {EVERY:?}: {error}");
                }
            }
            sleep(EVERY).await;
        }
    };
    monitor.stop.run_until_cancelled(carrying_on).await;
}
