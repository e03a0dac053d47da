//! What the daemons tell about themselves: log lines, metrics and spans. Never message text, tokens or phone numbers.

pub mod amqp;
pub mod bursts;
pub mod by_name;
pub mod export;
mod failures;
pub mod histogram;
pub mod labels;
pub mod late;
pub mod lines;
pub mod log;
pub mod metrics;
pub mod posts;
pub mod tally;
pub mod tracer;
