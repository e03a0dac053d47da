//! Memory that a burst took, given back once it is over.

use std::hint::black_box;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Between two times at which the allocator is made to look.
const EVERY: Duration = Duration::from_secs(1);
/// So much comes from where the allocator keeps what it may give back, and not from what a thread has for itself.
const LARGE: usize = 4 * 1024 * 1024;

/// Lets the allocator give back what a burst took, until told to stop: it does so a second after something was freed,
/// but only looks when something large is freed again, which in a daemon at rest is never.
pub async fn give_back(stop: CancellationToken) {
    let giving_back = async {
        loop {
            sleep(EVERY).await;
            drop(black_box(Vec::<u8>::with_capacity(LARGE)));
        }
    };
    stop.run_until_cancelled(giving_back).await;
}
