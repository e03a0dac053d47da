//! Every JSON shape that comes in, goes out or lies in Redis.

pub mod aggregate;
pub mod anonymous;
pub mod answer;
pub mod config;
pub mod contract_b;
pub mod control;
pub mod depth;
pub mod error;
pub mod fields;
pub mod health;
pub mod history;
pub mod incoming;
pub mod item;
pub mod node;
pub mod outbound;
pub mod pause;
pub mod payload;
pub mod posted;
pub mod query_pairs;
pub mod revive;
pub mod schedule;
pub mod text;
pub mod trial;
pub mod typing;
pub mod ways_in;
pub mod when;
pub mod whole;
mod whole_number;

use indexmap::IndexMap;
use serde_json::value::RawValue;

/// A JSON object whose values are kept to the letter: big integers, key order and unknown fields pass untouched.
pub type RawObject = IndexMap<String, Box<RawValue>>;
