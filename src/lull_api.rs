//! The api daemon: bringing messages in, administration, and HTTP.

pub use lull_engine::{
    delivery, health, loops, memory, registry, server, shutdown, store, telemetry,
};
pub use lull_rules::{core, gateway, panics, settings, spec};

pub mod admin;
pub mod http;
pub mod ingest;
