//! The monitor daemon: closing windows and delivering.

pub use lull_engine::{
    delivery, health, loops, memory, open_files, registry, server, shutdown, store, telemetry,
};
pub use lull_rules::{clock, core, gateway, panics, settings, spec};

pub mod monitor;
