//! Carrying on the revivals of dead letters that an api has begun and left behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::Monitor;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(5);

/// Carries on until told to stop.
pub(super) async fn run(monitor: Arc<Monitor>) {
    let carrying_on = async {
        let mut told = false;
        loop {
            match monitor.store.carry_on_revivals().await {
                Ok(0) => told = false,
                Ok(count) => {
                    told = false;
                    info!(count, "{count} dead letters are back on their lanes");
                }
                // Whether any is under way is not known then: it is said once.
                Err(error) if told => {
                    debug!(error = %error, "Still cannot carry on revivals: {error}");
                }
                Err(error) => {
                    told = true;
                    warn!(error = %error, "Cannot carry on revivals of dead letters, if there are any; tried again every {EVERY:?}: {error}");
                }
            }
            sleep(EVERY).await;
        }
    };
    monitor.stop.run_until_cancelled(carrying_on).await;
}
