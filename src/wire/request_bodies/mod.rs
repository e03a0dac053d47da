//! Bodies as the OpenAPI document describes them, where api reads them field by field and not by `serde`. Nothing is
//! read with these: each stands for the parser that its description names.

mod forms;
mod revive;

use serde_json::Value;
use utoipa::ToSchema;

use crate::core::scalars::{
    ChatKey, Delay, Headers, HttpMethod, MessageId, Moment, NameOf, PhoneNumber, Words, YesOrNo,
};
pub use forms::{OutboundForm, TimezoneForm};
pub use revive::{ReviveBody, ReviveForm};

/// Read by [`read`](super::outbound::read).
#[derive(ToSchema)]
#[schema(as = QueuedMessage, description = "A message that leaves one by one. Fields beside these are left out. `send_at` and `delay` exclude each other.")]
pub struct OutboundBody {
    /// To whom.
    pub phone_number: PhoneNumber,
    /// What is to be sent: text that is not blank, of at most `MESSAGE_MAX_LENGTH` characters.
    #[schema(min_length = 1, max_length = 4096, pattern = r"\S")]
    pub content: String,
    /// The client's id for this message: a second one with the same id within 24 hours changes nothing.
    #[schema(required = false)]
    pub message_id: MessageId,
    /// When it is to leave; without, in its turn.
    #[schema(required = false)]
    pub send_at: Moment,
    /// In how many seconds it is to leave.
    #[schema(required = false)]
    pub delay: Delay,
}

/// Read by [`Anonymous::read`](super::anonymous::Anonymous::read).
#[derive(ToSchema)]
#[schema(as = AnonymousMessage, description = "A message that brings its webhook and its buffer along. An unknown field is refused.")]
pub struct AnonymousBody {
    /// Where the batch goes.
    pub webhook: AnonymousWebhook,
    /// How it is gathered.
    pub buffer: AnonymousBuffer,
    /// What was said: JSON with a text at `buffer.aggregate_field`. The webhook gets the newest payload of the window, with the
    /// texts of all joined there.
    pub payload: Value,
}

/// Where the batch goes.
#[derive(ToSchema)]
pub struct AnonymousWebhook {
    /// `http` or `https`. Addresses inside the network are refused unless they are allowed.
    #[schema(format = "public-url")]
    pub url: String,
    /// `POST`, `PUT`, `PATCH`, `DELETE` or `GET`, in capitals or not; without it `POST`.
    pub method: Option<HttpMethod>,
    /// Headers to send along.
    pub headers: Option<Headers>,
}

/// How it is gathered: the same webhook and buffer mean the same window of a chat.
#[derive(ToSchema)]
pub struct AnonymousBuffer {
    /// The chat.
    pub key: ChatKey,
    /// The window, in seconds from its first message; without it `DEFAULT_TTL`.
    #[schema(minimum = 0.1, maximum = 86400)]
    pub wait_time: Option<f64>,
    /// The dotted path of the text in `payload`, such as `json.input.data.query`.
    pub aggregate_field: String,
    /// With so many messages the window closes at once; 0: with any number.
    #[schema(maximum = 1_000_000)]
    pub max_size: Option<u64>,
}

/// Read by [`BufferConfig`](super::buffer_compat::BufferConfig).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBufferConfig, description = "A new buffer as the service Buffer writes it. An unknown field is refused.")]
pub struct NewBufferConfigBody {
    /// What it is called.
    pub name: Words,
    /// The path of the field of a message that tells the chats apart; also `key_field` and `key`.
    #[schema(format = "path")]
    pub filter_field: String,
    /// With so many messages a window closes at once; 0: no limit. Without it 10.
    #[schema(maximum = 1_000_000)]
    pub max_size: Option<u64>,
    /// How long a window is open, in seconds. Without it 60.
    #[schema(minimum = 0.1, maximum = 86400)]
    pub max_time: Option<f64>,
    /// Each message starts the time anew.
    pub reset_timer_on_message: Option<bool>,
    /// False: messages for it are refused; also `is_active` and `enabled`.
    pub active: Option<bool>,
}

/// Read by [`BufferConfig`](super::buffer_compat::BufferConfig).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BufferConfig, description = "A change of a buffer as the service Buffer writes it: what is absent or null stays as it was. `name` may be repeated, with any words that make the same id. An unknown field is refused.")]
pub struct BufferConfigBody {
    /// The path of the field of a message that tells the chats apart; also `key_field` and `key`.
    #[schema(format = "path")]
    pub filter_field: Option<String>,
    /// With so many messages a window closes at once; 0: no limit.
    #[schema(maximum = 1_000_000)]
    pub max_size: Option<u64>,
    /// How long a window is open, in seconds.
    #[schema(minimum = 0.1, maximum = 86400)]
    pub max_time: Option<f64>,
    /// Each message starts the time anew.
    pub reset_timer_on_message: Option<bool>,
    /// False: messages for it are refused; also `is_active` and `enabled`.
    pub active: Option<bool>,
}

/// Read by [`ForwardingConfig`](super::buffer_compat::ForwardingConfig).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewForwardingConfig, description = "A new forwarding as the service Buffer writes it. An unknown field is refused.")]
pub struct NewForwardingConfigBody {
    /// What it is called.
    pub name: Words,
    /// The buffer whose batches are forwarded, by name or id; also `buffer_name`, `buffer_id` and `buffer_config_id`.
    #[schema(format = "buffer")]
    pub buffer: String,
    /// Where they go: `http` or `https`.
    #[schema(format = "http-url")]
    pub url: String,
    /// Without it `POST`.
    pub method: Option<HttpMethod>,
    /// Headers to send along.
    pub headers: Option<Headers>,
    /// Which fields of each message to send; null or empty: all.
    pub fields: Option<Vec<String>>,
    /// What each message becomes, such as `{{text}}`; null or empty: the messages as they came.
    #[schema(format = "template")]
    pub template: Option<String>,
    /// False: batches wait; also `is_active` and `enabled`.
    pub active: Option<bool>,
}

/// Read by [`ForwardingConfig`](super::buffer_compat::ForwardingConfig).
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ForwardingConfig, description = "A change of a forwarding as the service Buffer writes it: what is absent stays as it was. `name` may be repeated, with any words that make the same id. An unknown field is refused.")]
pub struct ForwardingConfigBody {
    /// The buffer whose batches are forwarded, by name or id; also `buffer_name`, `buffer_id` and `buffer_config_id`.
    #[schema(format = "buffer")]
    pub buffer: Option<String>,
    /// Where they go: `http` or `https`.
    #[schema(format = "http-url")]
    pub url: Option<String>,
    /// How they are sent.
    pub method: Option<HttpMethod>,
    /// Headers to send along.
    pub headers: Option<Headers>,
    /// Which fields of each message to send; null or empty: all.
    pub fields: Option<Vec<String>>,
    /// What each message becomes, such as `{{text}}`; null or empty: the messages as they came.
    #[schema(format = "template")]
    pub template: Option<String>,
    /// False: batches wait; also `is_active` and `enabled`.
    pub active: Option<bool>,
}

/// The zone that new buffers of the service Buffer write their moments in.
#[derive(ToSchema)]
#[schema(as = Timezone)]
pub struct TimezoneBody {
    /// A name of the IANA list, such as `America/Sao_Paulo`.
    #[schema(format = "timezone")]
    pub timezone: String,
}

/// A post for a buffer, read as that says.
#[derive(ToSchema)]
#[schema(as = Post, value_type = Value)]
pub struct PostBody(pub Value);
