//! The rules of an open window, script by script: append, hold, take, close and cancel.

mod appending;
mod closing;
mod limits;
mod message_ids;
mod typing;

use std::time::Duration;

use lull::domain::window::CloseReason;
use lull::store::closing::Closing;

const FEW: Duration = Duration::from_secs(5);

fn closed(count: u64, reason: CloseReason) -> Closing {
    Closing::Closed { count, reason }
}
