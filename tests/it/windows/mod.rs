//! Open windows, script by script: append, hold, take, close and cancel, and the rules that a buffer may have.

mod appending;
mod closing;
mod extending;
mod first_wait;
mod fixed;
mod flush_words;
mod limits;
mod media;
mod message_ids;
mod repeats;
mod typing;

use std::time::Duration;

use lull::core::window::{CloseReason, FirstWait, WindowRules};
use lull::store::windows::closing::Closing;

use crate::support::RULES;

const FIXED: WindowRules = WindowRules {
    restarts: false,
    ..RULES
};
const MEDIA: WindowRules = WindowRules {
    media_waits: true,
    ..RULES
};
const NO_REPEATS: WindowRules = WindowRules {
    drops_repeats: true,
    ..RULES
};
const HOUR: Duration = Duration::from_secs(3600);
const FEW: Duration = Duration::from_secs(5);

const fn first(wait: Duration) -> WindowRules {
    WindowRules {
        first: Some(FirstWait { wait, after: HOUR }),
        ..RULES
    }
}

fn closed(count: u64, reason: CloseReason) -> Closing {
    Closing::Closed { count, reason }
}
