//! The same bodies as forms, where every value is a text.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// See [`MessageBody`](super::MessageBody).
#[derive(ToSchema)]
#[schema(
    description = "One thing said, as a form. Any field beside these is passed through to the webhook as a text."
)]
pub struct MessageForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    pub user: String,
    /// What was said.
    #[schema(min_length = 1)]
    pub message: String,
    /// The quiet window after this message, in seconds.
    #[schema(pattern = "^[1-9][0-9]{0,3}$")]
    #[serde(default)]
    pub ttl: String,
    /// The client's id for this message.
    #[schema(min_length = 1, max_length = 512)]
    #[serde(default)]
    pub message_id: String,
    /// When it is to leave by itself (RFC 3339).
    #[schema(format = DateTime)]
    #[serde(default)]
    pub send_at: String,
    /// In how many seconds it is to leave by itself.
    #[schema(pattern = "^[0-9]{1,7}$")]
    #[serde(default)]
    pub delay: String,
}

/// See [`CeleryBody`](super::CeleryBody).
#[derive(ToSchema)]
#[schema(
    description = "One thing said, as a form. Any field beside these is passed through to the webhook as a text."
)]
pub struct CeleryForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    pub unique_id: String,
    /// What was said.
    #[schema(min_length = 1)]
    pub message: String,
}

/// See [`TypingBody`](super::TypingBody).
#[derive(ToSchema)]
#[schema(description = "A typing signal, as a form.")]
pub struct TypingForm {
    /// The chat.
    #[schema(min_length = 1, max_length = 512, pattern = r"\S")]
    pub user: String,
    /// `true` or `false`.
    #[schema(pattern = "^(true|false)$")]
    #[serde(default)]
    pub typing: String,
}

/// See [`OutboundBody`](super::OutboundBody).
#[derive(ToSchema)]
#[schema(description = "A message that leaves one by one, as a form.")]
pub struct OutboundForm {
    /// To whom.
    #[schema(pattern = r"^\+[1-9][0-9]{6,14}$")]
    pub phone_number: String,
    /// What is to be sent.
    #[schema(min_length = 1, max_length = 4096, pattern = r"\S")]
    pub content: String,
}

/// See [`PauseBody`](super::PauseBody).
#[derive(ToSchema)]
#[schema(description = "How long a chat is left alone, as a form.")]
pub struct PauseForm {
    /// Seconds from 1 to 31536000.
    #[schema(pattern = "^[1-9][0-9]{0,6}$")]
    #[serde(default)]
    pub r#for: String,
}

/// See [`ControlBody`](super::ControlBody).
#[derive(ToSchema)]
#[schema(description = "What is to be stopped or started, as a form.")]
pub struct ControlForm {
    /// `start` or `stop`.
    #[schema(pattern = "^(start|stop)$")]
    pub action: String,
    /// Only what is in this buffer.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    pub buffer: String,
    /// Only what goes to this destination.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    #[serde(default)]
    pub destination: String,
}

/// A post for a buffer, as a form; read as the buffer says.
#[derive(ToSchema)]
pub struct PostForm(pub BTreeMap<String, String>);

/// See [`TimezoneBody`](super::TimezoneBody).
#[derive(ToSchema)]
#[schema(description = "A time zone, as a form.")]
pub struct TimezoneForm {
    /// A name of the IANA list.
    #[schema(format = "timezone")]
    pub timezone: String,
}
