//! A message as it lies in Redis: in its window, then in its batch.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::RawObject;
use super::incoming::Incoming;
use crate::domain::batch::Millis;

/// One message of a batch.
#[derive(Debug, Deserialize)]
pub struct Item {
    /// When it came, by Redis's clock; the append script writes it in.
    pub at: Millis,
    /// What was said.
    pub message: Box<RawValue>,
    /// The client's id for it.
    #[serde(default)]
    pub id: Option<String>,
    /// What is passed through.
    #[serde(default)]
    pub fields: RawObject,
}

#[derive(Serialize)]
struct StoredItem<'a> {
    message: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    fields: &'a RawObject,
}

/// The JSON of a message for the append script, which adds the time to it.
///
/// # Errors
/// None that a parsed message can cause.
pub fn stored_item(incoming: &Incoming) -> serde_json::Result<String> {
    serde_json::to_string(&StoredItem {
        message: &incoming.message,
        id: incoming.message_id.as_deref(),
        fields: &incoming.fields,
    })
}

/// What lies in Redis is not what [`stored_item`] wrote. Says where and not what, for it may be what was said.
#[derive(Debug, Error)]
#[error("not as Lull writes it at line {line}, column {column}")]
pub struct UnreadableItems {
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for UnreadableItems {
    fn from(error: serde_json::Error) -> Self {
        Self {
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Reads the items of a batch: JSON objects with commas between them.
///
/// # Errors
/// When what lies in Redis is not what [`stored_item`] wrote.
pub fn read_items(items: &str) -> Result<Vec<Item>, UnreadableItems> {
    Ok(serde_json::from_str(&format!("[{items}]"))?)
}
