//! Lull waits until a person has stopped typing, then hands everything they said to a bot in one call.
//!
//! # Layout
//!
//! ```text
//! bin -> http | monitor | cli -> admin, health -> ingest -> registry, delivery -> store -> settings -> spec -> gateway -> core
//! ```
//!
//! - [`core`]: the pure rules: chats, windows, retries, the circuit breaker.
//! - [`gateway`]: the posts of gateways, read by their data files, and the language of paths into any body.
//! - [`spec`]: buffers, destinations and schedules as an operator writes them, and checked, as the daemons go by them.
//! - [`store`]: the only room that knows Redis; its scripts keep every promise.
//! - [`registry`]: the buffers and destinations there are, kept fresh.
//! - [`delivery`]: the only room that knows the destination.
//! - [`health`]: how daemons tell that they are at work, and whether anybody is.
//! - [`ingest`]: everything that brings a message in, whoever asks for it.
//! - [`admin`]: what an operator asks and changes, whoever asks on their behalf.
//! - [`http`]: the api daemon's room.
//! - [`monitor`]: the monitor daemon's room.
//! - [`server`]: the HTTP server of both, which no client can wear out.
//! - [`cli`]: what an operator runs: the subcommands of `lull`, and `lull up`, both daemons in one process.
//! - [`settings`]: the only reader of the environment.
//! - [`daemon`], [`loops`], [`memory`], [`panics`], [`shutdown`], [`telemetry`]: how daemons start, go on when a part of them fails,
//!   stop, and tell about themselves.

pub mod admin;
pub mod cli;
pub mod core;
pub mod daemon;
pub mod delivery;
pub mod gateway;
pub mod health;
pub mod http;
pub mod ingest;
pub mod loops;
pub mod memory;
pub mod monitor;
pub mod panics;
pub mod registry;
pub mod server;
pub mod settings;
pub mod shutdown;
pub mod spec;
pub mod store;
pub mod telemetry;
