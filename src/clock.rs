//! The clock of this machine. What Redis keeps goes by Redis's clock; this one tells how old something is that came with a time
//! of its own, and what a trial shows.

use std::time::SystemTime;

use crate::core::batch::Millis;

/// Now, by this machine.
pub fn now() -> Millis {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
