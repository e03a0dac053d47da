//! Every JSON shape that comes in, goes out or lies in Redis.

pub mod anonymous;
pub mod answer;
pub mod buffer_compat;
pub mod chat_detail;
pub mod control;
pub mod error;
pub mod history;
pub mod ingest_answers;
pub mod outbound;
pub mod pause;
pub mod request_bodies;
pub mod revive;
pub mod schedule;
pub mod trial;
pub mod typing;
