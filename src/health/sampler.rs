//! What a daemon counts, told to Redis every 10 s: it is added to what all daemons counted in that time, for whoever asks
//! how it went lately.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tracing::debug;

use crate::core::batch::Millis;
use crate::core::samples::{Counted, Step};
use crate::store::samples::Told;
use crate::store::{Result, Store};

/// What is told belongs to the step that goes on. So it is told shortly before that is over, and early enough that a busy
/// machine does not tell it in the next.
const AT: Duration = Duration::from_secs(8);
/// Not all daemons tell at the same moment: this one as much later.
const SPREAD: Duration = Duration::from_secs(1);
/// So soon nothing is told again.
const SOON: Duration = Duration::from_secs(1);
/// What Redis keeps waiting is told with the next.
const PATIENCE: Duration = Duration::from_secs(1);

/// What tells for one daemon.
pub struct Sampler<T> {
    store: Store,
    /// Takes what was counted since this was last done.
    take: T,
    /// Its own, for as long as it runs: what the one before it told last means nothing for it.
    id: String,
    at: Duration,
    untold: Mutex<Untold>,
}

/// What is to be told.
#[derive(Default)]
struct Untold {
    /// Of what was told last.
    number: u64,
    /// What that was, as long as nobody knows whether it came.
    counted: Option<Counted>,
}

impl<T: Fn() -> Counted> Sampler<T> {
    /// That of a daemon which begins now. `take` takes what was counted since it was last called.
    pub fn new(store: &Store, take: T) -> Self {
        let spread = u64::try_from(SPREAD.as_millis()).unwrap_or_default();
        Self {
            store: store.within(PATIENCE),
            take,
            id: format!("{:016x}", fastrand::u64(..)),
            at: AT + Duration::from_millis(fastrand::u64(..spread)),
            untold: Mutex::default(),
        }
    }

    /// Tells without end.
    pub async fn keep_telling(&self) -> Infallible {
        loop {
            let wait = match self.tell().await {
                Ok(now) => until(self.at, now),
                Err(error) => {
                    // Whoever works with Redis says what is wrong with it, and what was counted is told with the next.
                    debug!(error = %error, "Could not note what was counted: {error}");
                    Duration::from_secs(Step::TenSeconds.seconds())
                }
            };
            sleep(wait).await;
        }
    }

    /// Tells what was counted at last: the daemon ends.
    pub async fn stop(&self) {
        match timeout(PATIENCE, self.tell_counts()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => debug!(error = %error, "Could not note what was counted: {error}"),
            Err(_) => debug!("Could not note what was counted: Redis is silent"),
        }
    }

    /// Tells what was counted, and how much there is if nobody else did; Redis's time.
    ///
    /// # Errors
    /// Unavailable or silent: then it is told with the next.
    pub async fn tell(&self) -> Result<Millis> {
        let told = self.tell_counts().await?;
        if !told.looked {
            let mut counted = Counted::default();
            counted.set_state(self.store.samples().look().await?);
            let mut untold = self.untold.lock().await;
            untold.tell(&self.store, &self.id, counted).await?;
        }
        Ok(told.now)
    }

    async fn tell_counts(&self) -> Result<Told> {
        let mut untold = self.untold.lock().await;
        untold.tell_again(&self.store, &self.id).await?;
        untold.tell(&self.store, &self.id, (self.take)()).await
    }
}

impl Untold {
    /// Whether the answer is lost or never comes, it is kept until it is known that it was added.
    async fn tell(&mut self, store: &Store, id: &str, counted: Counted) -> Result<Told> {
        self.number += 1;
        let counted = self.counted.insert(counted);
        let told = store.samples().add(id, self.number, counted).await?;
        self.counted = None;
        Ok(told)
    }

    async fn tell_again(&mut self, store: &Store, id: &str) -> Result<()> {
        if let Some(counted) = &self.counted {
            store.samples().add(id, self.number, counted).await?;
            self.counted = None;
        }
        Ok(())
    }
}

/// How long until it is to be told again, so far into a step.
fn until(at: Duration, now: Millis) -> Duration {
    let step = Duration::from_secs(Step::TenSeconds.seconds());
    let into = Duration::from_millis(now % Step::TenSeconds.millis());
    let wait = (at + step).saturating_sub(into);
    if wait >= step + SOON {
        wait.saturating_sub(step)
    } else {
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_in_each_step() {
        let at = Duration::from_millis(8_300);
        let after = |into: Millis| until(at, 1_795_000_000_000 + into).as_millis();
        assert_eq!(after(0), 8_300);
        assert_eq!(after(7_000), 1_300);
        assert_eq!(after(8_299), 10_001, "it woke a little early");
        assert_eq!(after(8_300), 10_000);
        assert_eq!(after(9_900), 8_400, "it was late");
    }
}
