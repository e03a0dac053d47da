//! JSON and forms, read so that no value in them changes its spelling.

pub mod depth;
pub mod dotted;
pub mod fields;
pub mod halves;
pub mod node;
pub mod text;
pub mod whole_number;

use indexmap::IndexMap;
use serde_json::value::RawValue;

/// A JSON object whose values are kept to the letter: big integers, key order and unknown fields pass untouched.
pub type RawObject = IndexMap<String, Box<RawValue>>;
