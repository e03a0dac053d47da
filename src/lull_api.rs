//! The api daemon: HTTP in front of what can be asked of Lull, and what RabbitMQ brings in.

pub use lull_engine::{
    broker, delivery, health, loops, memory, registry, server, shutdown, store, telemetry,
};
pub use lull_rules::{clock, core, gateway, panics, settings, spec};
pub use lull_service::{admin, ingest};

pub mod amqp;
pub mod http;
