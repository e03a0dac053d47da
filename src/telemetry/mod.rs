//! What the daemons tell about themselves: log lines, metrics and spans. Never message text, tokens or phone numbers.

pub mod bursts;
mod failures;
pub mod labels;
pub mod late;
pub mod lines;
pub mod log;
pub mod metrics;
pub mod posts;
pub mod tally;
pub mod tracer;
mod work;
