//! What works with Redis and with the network: store, registry, delivery, health, the server, and how daemons tell about themselves.

pub use lull_rules::{clock, core, gateway, panics, settings, spec};

pub mod broker;
pub mod delivery;
pub mod health;
pub mod loops;
pub mod memory;
pub mod open_files;
pub mod registry;
pub mod server;
pub mod shutdown;
pub mod store;
pub mod telemetry;
