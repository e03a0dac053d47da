//! Lull waits until a person has stopped typing, then hands everything they said to a bot in one call.
//!
//! # Layout
//!
//! ```text
//! bin -> console -> http | amqp | monitor | cli -> admin, health -> ingest -> registry, delivery -> store, broker -> settings -> spec -> gateway -> core
//! ```
//!
//! The rooms are compiled as seven crates, so that the compiler holds who may know whom: `lull_rules`, `lull_engine`,
//! `lull_service`, `lull_api`, `lull_console`, `lull_monitor`, and this one, which names the rooms of all.
//!
//! - [`core`]: the pure rules: chats, windows, retries, the circuit breaker.
//! - [`gateway`]: the posts of gateways, read by their data files, and the language of paths into any body.
//! - [`spec`]: buffers, destinations and schedules as an operator writes them, and checked, as the daemons go by them.
//! - [`store`]: the only room that knows Redis; its scripts keep every promise.
//! - [`registry`]: the buffers and destinations there are, kept fresh.
//! - [`broker`]: the only room that knows AMQP, the language of RabbitMQ.
//! - [`delivery`]: the only room that knows the destination.
//! - [`health`]: how daemons tell that they are at work, and whether anybody is.
//! - [`ingest`]: everything that brings a message in, whoever asks for it.
//! - [`admin`]: what an operator asks and changes, whoever asks on their behalf.
//! - [`amqp`]: what RabbitMQ brings in.
//! - [`http`]: the api daemon's room.
//! - [`console`]: the pages of the api daemon, which ask its API.
//! - [`monitor`]: the monitor daemon's room.
//! - [`server`]: the HTTP server of both, which no client can wear out.
//! - [`cli`]: what an operator runs: the subcommands of `lull`, and `lull up`, both daemons in one process.
//! - [`settings`]: the only reader of the environment.
//! - [`clock`], [`daemon`], [`loops`], [`memory`], [`open_files`], [`panics`], [`shutdown`], [`telemetry`]: how daemons start, go on when a part of them fails,
//!   stop, and tell about themselves.

pub use lull_api::{amqp, http};
pub use lull_console::console;
pub use lull_engine::{
    broker, delivery, health, loops, memory, open_files, registry, server, shutdown, store,
    telemetry,
};
pub use lull_monitor::monitor;
pub use lull_rules::{clock, core, gateway, panics, settings, spec};
pub use lull_service::{admin, ingest};

pub mod cli;
pub mod daemon;
