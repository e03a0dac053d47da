//! The buffers and forwardings of the service Buffer: another way of writing buffers and destinations.
//!
//! What they call a name may be any words; the name made of it ([`Name::slug`]) is the id, and the words are kept as
//! the description.

mod buffer;
mod forwarding;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub use buffer::{BufferConfig, BufferConfigAnswer};
pub use forwarding::{ForwardingConfig, ForwardingConfigAnswer};

use crate::core::chat::Name;
use crate::core::item::Media;
use crate::core::json::RawObject;
use crate::spec::SpecError;

/// A message that was taken in, as the service Buffer lists it. Where payloads are not kept all but the first three is empty.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ReceivedAnswer {
    /// The buffer.
    pub buffer: String,
    /// The value of the key field.
    pub key: String,
    /// When it came (RFC 3339).
    #[schema(format = DateTime)]
    pub received_at: String,
    /// The client's id for it.
    pub id: Option<String>,
    /// What it is: `text`, `image`, `audio`, …
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What was said.
    #[schema(value_type = Option<Value>)]
    pub message: Option<Box<RawValue>>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Who said it, where that is not the chat itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// What is passed through.
    #[schema(value_type = Option<Object>)]
    pub fields: Option<RawObject>,
}

/// A call as the service Buffer lists it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForwardedAnswer {
    /// The `webhook-id`.
    pub id: String,
    /// The buffer.
    pub buffer: String,
    /// The id of the forwarding.
    pub forwarding: String,
    /// The value of the key field.
    pub key: String,
    /// `delivered`, `failed` or `buried`.
    pub status: String,
    /// The HTTP status, if there was an answer.
    pub status_code: Option<u16>,
    /// The number of the attempt.
    pub attempt: u32,
    /// How long it took.
    pub duration_ms: u64,
    /// How many messages it held.
    pub messages: u64,
    /// When it had ended (RFC 3339).
    #[schema(format = DateTime)]
    pub forwarded_at: String,
    /// Where the newest call for a batch went; null for the ones before it, and where payloads are not kept.
    pub url: Option<String>,
    /// What it said; likewise, and null above 64 KiB.
    pub payload: Option<String>,
    /// The beginning of the answer, where payloads are kept.
    pub response: Option<String>,
}

/// Makes a name of any words, which are kept as the description where there is none.
///
/// # Errors
/// When no name can be made of them.
pub fn schedule_name(name: &mut String, about: &mut String) -> Result<(), SpecError> {
    let id = id_of(name)?;
    if about.is_empty() {
        *about = description(name, &id);
    }
    *name = id.to_string();
    Ok(())
}

fn put<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn id_of(words: &str) -> Result<Name, SpecError> {
    Name::slug(words).map_err(|error| SpecError::new("name", error.to_string()))
}

fn description(words: &str, name: &Name) -> String {
    if words == name.as_str() {
        String::new()
    } else {
        words.to_owned()
    }
}

/// The description under other words, which must make the same name.
fn renamed(words: &str, name: &str) -> Result<String, SpecError> {
    let id = id_of(words)?;
    if id.as_str() == name {
        return Ok(description(words, &id));
    }
    let why = format!("would be the id {id}, and nothing can be renamed: make a new one");
    Err(SpecError::new("name", why))
}

fn shown_name(name: &str, description: &str) -> String {
    let words = Name::slug(description).is_ok_and(|slug| slug.as_str() == name);
    if words { description } else { name }.to_owned()
}
