//! What is asked of Lull, whoever asks: bringing messages in, and administration. It knows nothing of HTTP.

pub use lull_engine::{
    broker, delivery, health, loops, memory, registry, server, shutdown, store, telemetry,
};
pub use lull_rules::{clock, core, gateway, panics, settings, spec};

pub mod admin;
pub mod ingest;
