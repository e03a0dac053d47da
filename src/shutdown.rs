//! Being told to stop.

use std::time::Duration;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::telemetry::log;

/// Work in hand may take this long after the signal; panels kill after 30 s.
pub const GRACE: Duration = Duration::from_secs(25);

/// A token that SIGTERM or SIGINT cancels. A second signal ends the process at once.
///
/// # Errors
/// When the handlers cannot be installed.
pub fn on_signal() -> Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let name = next().await;
        info!(
            signal = name,
            "{name}: finishing what is in hand, at most {} s",
            GRACE.as_secs()
        );
        stopping.cancel();
        let name = next().await;
        warn!(signal = name, "{name} again: stopping at once");
        log::flush();
        #[expect(
            clippy::exit,
            reason = "whoever sends a second signal does not want to wait for anything"
        )]
        std::process::exit(1);
    });
    Ok(stop)
}
