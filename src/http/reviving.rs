//! Carrying on the revivals of dead letters, those that were asked of this daemon and those of one that has died.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Api;

/// Between two looks for what another daemon has left behind.
const EVERY: Duration = Duration::from_secs(5);

/// Carries on until told to stop.
pub(super) async fn run(api: Api, stop: CancellationToken) {
    let carrying_on = async {
        loop {
            match api.store.carry_on_revivals().await {
                Ok(0) => {}
                Ok(count) => info!(count, "{count} dead letters are back on their lanes"),
                Err(error) => {
                    warn!(error = %error, "A revival stands still, again in {EVERY:?}: {error}");
                }
            }
            let _ = timeout(EVERY, api.reviving.notified()).await;
        }
    };
    stop.run_until_cancelled(carrying_on).await;
}
