//! What the daemons tell about themselves: log lines and metrics. Never message text, tokens or phone numbers.

pub mod log;
pub mod metrics;
