//! Carrying revivals on: those that were asked of this daemon, and those of one that has died.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::store::handles::DeadLetters;

/// Between two looks for what another daemon has left behind.
const EVERY: Duration = Duration::from_secs(5);

impl DeadLetters<'_> {
    /// Carries revivals on until told to stop; at once whenever one was `asked` for.
    pub async fn carry_on_revivals_until(self, asked: &Notify, stop: CancellationToken) {
        let carrying_on = async {
            let mut told = false;
            loop {
                match self.carry_on_revivals().await {
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
                let _ = timeout(EVERY, asked.notified()).await;
            }
        };
        stop.run_until_cancelled(carrying_on).await;
    }
}
