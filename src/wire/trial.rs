//! What a buffer would make of a body.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::core::item::Media;
use crate::gateway::Author;

/// What one thing in a body would be.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct WouldBe {
    /// The chat it belongs to; an alias that was once told with a number would be exchanged for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// What would be in the list of messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub message: Option<Box<RawValue>>,
    /// The words in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The id by which a repetition would be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// A typing signal: whether the person types now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typing: Option<bool>,
    /// One of our own messages: by whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own: Option<Author>,
    /// Why nothing would come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
    /// Seconds after which a window that it opened would close, or after which it would leave by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_in: Option<f64>,
    /// The calls for a window that holds nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<WouldSend>,
}

/// A call that would be made.
#[derive(Debug, Serialize, ToSchema)]
pub struct WouldSend {
    /// The name of the destination.
    pub destination: String,
    /// The HTTP method.
    pub method: &'static str,
    /// Where it is, without path and query, which may hold tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The body: JSON, or any other as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub body: Option<Box<RawValue>>,
    /// Why there would be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
