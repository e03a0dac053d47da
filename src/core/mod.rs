//! The pure rules: no I/O, no async, no clock. Time and chance come in as arguments.

pub mod action;
pub mod address;
pub mod api_key;
pub mod batch;
pub mod breaker;
pub mod chat;
pub mod code;
pub mod control;
pub mod destination;
pub mod filter;
pub mod follow_up;
pub mod incoming;
pub mod item;
pub mod json;
pub mod life;
pub mod moment;
pub mod payload;
pub mod refused;
pub mod retry;
pub mod revival;
pub mod schedule;
pub mod scopes;
pub mod trace;
pub mod when;
pub mod window;
pub mod words;
