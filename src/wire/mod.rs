//! Every JSON shape that comes in, goes out or lies in Redis.

pub mod anonymous;
pub mod answer;
pub mod buffer_compat;
pub mod history;
pub mod ingest_answers;
pub mod outbound;
pub mod request_bodies;
pub mod revive;
pub mod schedule;
