//! Making a connection until one works.

use std::sync::Weak;
use std::time::Duration;

use redis::RedisError;
use tokio::time::sleep;
use tracing::{error, info};

use super::{LONGEST_PAUSE, Links};
use crate::panics;

/// Between the first two attempts; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The same as [`mend`], whatever fails in it: nobody else would begin where it ended.
pub(super) async fn mended(
    links: Weak<Links>,
    which: usize,
    cause: RedisError,
    mut first: Option<Duration>,
) {
    while let Err(panic) = panics::caught(mend(&links, which, &cause, first)).await {
        error!(
            "Connecting to Redis has failed within Lull and begins anew, please report it: {panic}"
        );
        first = Some(LONGEST_PAUSE);
    }
}

/// Makes a connection until one works, or nobody needs it any more.
async fn mend(links: &Weak<Links>, which: usize, cause: &RedisError, first: Option<Duration>) {
    if let Some(first) = first {
        sleep(first).await;
    }
    panics::provoke("mending");
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(links) = links.upgrade() else {
            return;
        };
        if links.left.is_cancelled() {
            return;
        }
        match links.attempt(which).await {
            Some(why) => links.trouble.begins(which, &why),
            None if links.trouble.ends(which) => return,
            None => {
                let place = links.trouble.place();
                info!(redis = %place, "Connected anew to Redis at {place}: {cause}");
                return;
            }
        }
        drop(links);
        // Not all daemons at once.
        sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
