//! A message that brings its webhook and its buffer along (Buffer Service). Both are kept as an anonymous destination and an
//! anonymous buffer, named by what they say: the same words always lead to the same window.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::headers::{CallerHeaders, check_headers};
use crate::core::chat::ChatId;
use crate::core::destination::Destination;
use crate::core::incoming::Incoming;
use crate::core::item::Details;
use crate::core::json::RawObject;
use crate::core::json::dotted::text_at;
use crate::core::json::fields::text_or_integer;
use crate::core::json::whole_number::whole_or_null;
use crate::http::scalars::ChatKey;
use crate::spec::retry::RetrySpec;
use crate::spec::scalars::HttpMethod;
use crate::spec::window::WindowSpec;
use crate::spec::{BufferSpec, Defaults, DestinationSpec, SpecError, read};

/// What the names of anonymous buffers and destinations begin with, and the hex digits that follow: see
/// [`Name::is_anonymous`](crate::core::chat::Name::is_anonymous).
const PREFIX: &str = "c-";
const DIGITS: usize = 16;

/// Most attempts at a time to a webhook that a caller names.
const CONCURRENCY: usize = 4;
/// Read by [`Anonymous::read`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[schema(as = AnonymousMessage, description = "A message that brings its webhook and its buffer along. An unknown field is refused.")]
pub(super) struct AnonymousBody {
    /// Where the batch goes.
    webhook: AnonymousWebhook,
    /// How it is gathered.
    buffer: AnonymousBuffer,
    /// What was said: JSON with a text at `buffer.aggregate_field`. The webhook gets the newest payload of the window, with the
    /// texts of all joined there.
    payload: Value,
}

/// Where the batch goes.
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
struct AnonymousWebhook {
    /// `http` or `https`. Addresses inside the network are refused unless they are allowed.
    #[schema(format = "public-url")]
    url: String,
    /// `POST`, `PUT`, `PATCH`, `DELETE` or `GET`, in capitals or not; without it `POST`.
    method: Option<HttpMethod>,
    /// Headers to send along.
    headers: Option<CallerHeaders>,
}

/// How it is gathered: the same webhook and buffer mean the same window of a chat.
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
struct AnonymousBuffer {
    /// The chat.
    key: ChatKey,
    /// The window, in seconds from its first message; without it `DEFAULT_TTL`.
    #[schema(minimum = 0.1)]
    wait_time: Option<f64>,
    /// The dotted path of the text in `payload`, such as `json.input.data.query`.
    aggregate_field: String,
    /// With so many messages the window closes at once; 0: with any number.
    #[schema(maximum = 1_000_000)]
    max_size: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    webhook: Webhook,
    buffer: Gathering,
    payload: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Gathering {
    key: Box<RawValue>,
    wait_time: Option<f64>,
    aggregate_field: String,
    #[serde(default, deserialize_with = "whole_or_null")]
    max_size: Option<u64>,
}

/// A message with the buffer and the destination that it brought.
#[derive(Debug)]
pub(super) struct Anonymous {
    /// How it is gathered.
    pub(super) buffer: BufferSpec,
    /// Where it goes.
    pub(super) destination: DestinationSpec,
    /// What was said: the whole payload, with the text at the aggregate field as its words.
    pub(super) incoming: Incoming,
}

impl Anonymous {
    /// Takes a body. What it does not say is as the environment says for all.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn read(body: &[u8], defaults: &Defaults) -> Result<Self, SpecError> {
        let Request {
            webhook,
            buffer,
            payload,
        } = read(body)?;
        let incoming = incoming(&buffer, payload)?;
        let destination = destination_of(webhook, &buffer, defaults.destination.as_ref())?;
        let buffer = buffer_of(&buffer, &destination, defaults)?;
        Ok(Self {
            buffer,
            destination,
            incoming,
        })
    }
}

fn incoming(buffer: &Gathering, payload: Box<RawValue>) -> Result<Incoming, SpecError> {
    let key = text_or_integer(&buffer.key)
        .ok_or_else(|| SpecError::new("buffer.key", "must be text or an integer"))?;
    let user =
        ChatId::parse(&key).map_err(|error| SpecError::new("buffer.key", error.to_string()))?;
    let text = text_at(&payload, &buffer.aggregate_field)
        .map_err(|error| SpecError::new("buffer.aggregate_field", error.to_string()))?;
    Ok(Incoming {
        user,
        message: payload,
        ttl: None,
        message_id: None,
        when: None,
        details: Details {
            text: Some(text),
            ..Details::default()
        },
        trace: None,
        fields: RawObject::new(),
    })
}

fn destination_of(
    webhook: Webhook,
    buffer: &Gathering,
    default: Option<&Destination>,
) -> Result<DestinationSpec, SpecError> {
    check_headers(&webhook.headers)?;
    let mut spec = DestinationSpec {
        url: webhook.url,
        headers: webhook.headers,
        aggregate_field: Some(buffer.aggregate_field.clone()),
        guarded: true,
        ..DestinationSpec::default()
    };
    if let Some(method) = webhook.method {
        spec.method = Some(method.to_ascii_uppercase());
    }
    if let Some(default) = default {
        spec.timeout = default.timeout.as_secs_f64();
        spec.retry = RetrySpec::from(&default.retry);
    }
    let json = serde_json::to_string(&spec)
        .map_err(|error| SpecError::new("webhook", error.to_string()))?;
    spec.name = name_of(&json);
    // After the name, which would else be another than that of a window that is open.
    spec.concurrency = CONCURRENCY;
    Ok(spec)
}

fn buffer_of(
    gathering: &Gathering,
    destination: &DestinationSpec,
    defaults: &Defaults,
) -> Result<BufferSpec, SpecError> {
    let limits = &defaults.buffer.window;
    let mut spec = BufferSpec {
        window: WindowSpec {
            wait: gathering
                .wait_time
                .unwrap_or(limits.default_ttl.as_secs_f64()),
            max_wait: limits.max_wait.as_secs_f64(),
            max_messages: gathering.max_size.unwrap_or(limits.max_messages),
            // Its answers count the time down from the first message.
            reset_on_message: false,
            ..WindowSpec::default()
        },
        timezone: defaults.buffer.zone.to_string(),
        destinations: vec![destination.name.clone()],
        ..BufferSpec::default()
    };
    let json = serde_json::to_string(&spec)
        .map_err(|error| SpecError::new("buffer", error.to_string()))?;
    spec.name = name_of(&json);
    Ok(spec)
}

fn name_of(spec: &str) -> String {
    let digest = hex::encode(Sha256::digest(spec));
    format!("{PREFIX}{}", &digest[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::chat::Name;
    use crate::spec::{Buffer, Messages};

    fn request(changes: &str) -> Result<Anonymous, String> {
        let buffer: Buffer = BufferSpec {
            name: "default".to_owned(),
            ..BufferSpec::default()
        }
        .check(&crate::core::window::WindowRules::default())
        .unwrap();
        let defaults = Defaults {
            buffer: buffer.clone(),
            destination: None,
            messages: Messages {
                buffer,
                destination: None,
                starts_by_itself: true,
            },
        };
        let mut body = serde_json::json!({
            "webhook": {"url": "https://api.example.com/webhook", "headers": {"a": "b"}},
            "buffer": {"key": "ana", "wait_time": 20, "aggregate_field": "q.0", "max_size": 5},
            "payload": {"q": ["oi"]},
        });
        let changes: Value = serde_json::from_str(changes).unwrap();
        for (pointer, value) in changes.as_object().unwrap() {
            *body.pointer_mut(pointer).unwrap() = value.clone();
        }
        Anonymous::read(body.to_string().as_bytes(), &defaults).map_err(|error| error.to_string())
    }

    #[test]
    fn the_same_webhook_and_buffer_have_the_same_names_whoever_speaks() {
        let one = request("{}").unwrap();
        let other = request(r#"{"/buffer/key":7,"/payload/q":["tudo"]}"#).unwrap();
        let longer = request(r#"{"/buffer/wait_time":21}"#).unwrap();
        let elsewhere = request(r#"{"/webhook/url":"https://b.example"}"#).unwrap();

        assert!(Name::is_anonymous(&one.buffer.name) && Name::is_anonymous(&one.destination.name));
        assert_eq!(one.buffer.name, other.buffer.name);
        assert_ne!(one.buffer.name, longer.buffer.name);
        assert_eq!(one.destination.name, longer.destination.name);
        assert_ne!(one.buffer.name, elsewhere.buffer.name);
        assert_eq!(other.incoming.user.as_str(), "7");
        assert_eq!(other.incoming.text().as_deref(), Some("tudo"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |changes: &str| request(changes).unwrap_err();

        assert!(error(r#"{"/buffer/key":" "}"#).starts_with("buffer.key: must not be empty"));
        assert!(error(r#"{"/buffer/key":[]}"#).starts_with("buffer.key: must be text"));
        assert!(error(r#"{"/payload":{}}"#).starts_with("buffer.aggregate_field: "));
        assert!(
            error(r#"{"/buffer/wait_time":"tok3n"}"#).starts_with("buffer.wait_time: is wrong")
        );
    }

    #[test]
    fn a_name_that_somebody_chose_is_not_anonymous() {
        for name in ["default", "c-", "c-0123", "c-0123456789abcdeg"] {
            assert!(!Name::is_anonymous(name), "{name}");
        }
    }
}
