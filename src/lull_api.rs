//! The api daemon: HTTP in front of what can be asked of Lull.

pub use lull_engine::{
    delivery, health, loops, memory, registry, server, shutdown, store, telemetry,
};
pub use lull_rules::{clock, core, gateway, panics, settings, spec};
pub use lull_service::{admin, ingest};

pub mod http;
