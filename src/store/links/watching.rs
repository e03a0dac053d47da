//! Looking after connections that nobody uses: one whose peer is gone is renewed before anybody asks on it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::sleep;

use super::{Links, Live};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(200);

/// Looks at the connections as long as anybody has them.
pub(super) async fn watched(links: Weak<Links>) {
    loop {
        sleep(EVERY).await;
        let Some(links) = links.upgrade() else {
            return;
        };
        links.look();
    }
}

impl Links {
    /// Renews the connections whose reading side has met their end.
    fn look(self: &Arc<Self>) {
        for link in &self.links {
            let live = link.borrow().live.clone();
            if let Some(live) = live {
                self.look_at(&live);
            }
        }
    }

    /// Where the reading side has ended, a question fails at once. Else it is dropped before it is sent, so a look costs
    /// Redis nothing; one that was faster is a `PING` whose answer nobody reads.
    fn look_at(self: &Arc<Self>, live: &Live) {
        let mut connection = live.connection.clone();
        let ping = redis::cmd("PING");
        let asked = ping.query_async::<()>(&mut connection).now_or_never();
        if let Some(Err(error)) = asked {
            self.failed(live, &error);
        }
    }
}
