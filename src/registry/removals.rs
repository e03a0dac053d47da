//! Removals that are under way: carried out by whoever was asked, and finished by any daemon if that one dies.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Registry;
use crate::core::chat::Name;
use crate::store::config::Kind;
use crate::store::config::removals::Removal;
use crate::store::config::removing::Outcome;
use crate::store::{Result, StoreError};

/// Between looks at what is being removed.
const PERIOD: Duration = Duration::from_secs(1);
/// A removal that is under way for longer is taken over: whoever was asked has died, or waits for a drain.
const LEFT_FOR: Duration = Duration::from_secs(5);

impl Registry {
    /// Does what a removal asks for, as far as it goes now.
    ///
    /// # Errors
    /// Full, unavailable or silent; the removal stays under way.
    pub async fn carry_out(&self, kind: Kind, name: &Name, removal: &Removal) -> Result<Outcome> {
        let outcome = match self.carry_out_once(kind, name, removal).await {
            Err(StoreError::Gone) => {
                // A destination was made anew meanwhile.
                self.catch_up().await?;
                self.carry_out_once(kind, name, removal).await
            }
            outcome => outcome,
        }?;
        self.catch_up().await?;
        if let Outcome::Gone { .. } = outcome {
            let kind = kind.as_str();
            info!(kind, name = %name, "The {kind} {name} is removed");
        }
        Ok(outcome)
    }

    async fn carry_out_once(&self, kind: Kind, name: &Name, removal: &Removal) -> Result<Outcome> {
        let buffer = match kind {
            Kind::Buffer => self.get().buffer(name).cloned(),
            _ => None,
        };
        let targets = buffer
            .as_ref()
            .map_or(&[][..], |buffer| &buffer.destinations);
        self.store.config().vouch_everywhere(targets).await?;
        self.store
            .config()
            .carry_out(kind, name, removal, targets)
            .await
    }

    /// Finishes removals that nobody else finishes, until told to stop.
    pub async fn finish_removals(self, stop: CancellationToken) {
        let mut seen: HashMap<(Kind, Name), (Removal, Instant)> = HashMap::new();
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let snapshot = self.get();
            let under_way: HashMap<_, _> = snapshot
                .configured
                .removals()
                .map(|(kind, name, removal)| ((kind, name), removal.clone()))
                .collect();
            seen.retain(|what, (removal, _)| under_way.get(what) == Some(removal));
            for (what, removal) in under_way {
                let now = Instant::now();
                let (_, since) = seen.entry(what.clone()).or_insert((removal.clone(), now));
                if since.elapsed() < LEFT_FOR {
                    continue;
                }
                let (kind, name) = what;
                if let Err(error) = self.carry_out(kind, &name, &removal).await {
                    let kind = kind.as_str();
                    warn!(kind, name = %name, error = %error, "Could not finish the removal of the {kind} {name}, again in {PERIOD:?}: {error}");
                }
            }
        }
    }
}
