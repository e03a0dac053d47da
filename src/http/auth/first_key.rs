//! The first key: where neither the environment nor Redis has any, an api makes one when it starts, and shows it in its
//! log, because nobody could come in to make it. The same if Redis loses its keys.

use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use super::Auth;
use crate::core::api_key::Secret;
use crate::telemetry::log;

/// Between tries while Redis is away.
const PAUSE: Duration = Duration::from_secs(1);

impl Auth {
    /// Sees to it for ever that there is a key. Of several api that find none at once, one makes it.
    pub(super) async fn see_to_first_key(&self) {
        if !self.0.names_nobody {
            return;
        }
        loop {
            self.make_first_key().await;
            self.0.key_ring.emptied().await;
        }
    }

    /// Makes the first key where there is none anywhere, and shows it once.
    async fn make_first_key(&self) {
        let mut told = false;
        loop {
            match self.0.key_ring.make_first().await {
                Ok(Some(secret)) => return show(&secret),
                Ok(None) => return,
                Err(error) if !told => {
                    told = true;
                    warn!(error = %error, "Could not look whether there is a key, and try again: {error}");
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }
}

/// No line of a log has a key but this one, which its operator waits for.
fn show(secret: &Secret) {
    let key = secret.text();
    log::show(&format!(
        "The first admin key, shown this once:\n\n  {key}\n\nSend it as Authorization: Bearer <key>. lull key new makes others, and lull key revoke admin revokes this one."
    ));
}
