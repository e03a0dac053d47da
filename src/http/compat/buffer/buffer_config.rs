//! A buffer of the service Buffer.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::names::{description, id_of, put, renamed, shown_name};
use crate::core::json::whole_number::whole_or_null;
use crate::spec::scalars::Words;
use crate::spec::window::WindowSpec;
use crate::spec::{BufferSpec, SpecError};

/// Read by [`BufferConfig`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBufferConfig, description = "A new buffer as the service Buffer writes it. An unknown field is refused.")]
pub(super) struct NewBufferConfigBody {
    /// What it is called.
    name: Words,
    /// The path of the field of a message that tells the chats apart; also `key_field` and `key`.
    #[schema(format = "path")]
    filter_field: String,
    /// With so many messages a window closes at once; 0: no limit. Without it 10.
    #[schema(maximum = 1_000_000)]
    max_size: Option<u64>,
    /// How long a window is open, in seconds. Without it 60.
    #[schema(minimum = 0.1)]
    max_time: Option<f64>,
    /// Each message starts the time anew.
    reset_timer_on_message: Option<bool>,
    /// False: messages for it are refused; also `is_active` and `enabled`.
    active: Option<bool>,
}

/// Read by [`BufferConfig`].
#[expect(dead_code, reason = "only the document is made of it")]
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BufferConfig, description = "A change of a buffer as the service Buffer writes it: what is absent or null stays as it was. `name` may be repeated, with any words that make the same id. An unknown field is refused.")]
pub(super) struct BufferConfigBody {
    /// The path of the field of a message that tells the chats apart; also `key_field` and `key`.
    #[schema(format = "path")]
    filter_field: Option<String>,
    /// With so many messages a window closes at once; 0: no limit.
    #[schema(maximum = 1_000_000)]
    max_size: Option<u64>,
    /// How long a window is open, in seconds.
    #[schema(minimum = 0.1)]
    max_time: Option<f64>,
    /// Each message starts the time anew.
    reset_timer_on_message: Option<bool>,
    /// False: messages for it are refused; also `is_active` and `enabled`.
    active: Option<bool>,
}

/// A buffer as the service Buffer writes it; what is absent stays as it was.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BufferConfig {
    name: Option<String>,
    #[serde(alias = "key_field", alias = "key")]
    filter_field: Option<String>,
    #[serde(deserialize_with = "whole_or_null")]
    max_size: Option<u64>,
    max_time: Option<f64>,
    reset_timer_on_message: Option<bool>,
    #[serde(alias = "is_active", alias = "enabled")]
    active: Option<bool>,
}

/// A buffer as the service Buffer shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BufferConfigAnswer {
    id: String,
    name: String,
    filter_field: String,
    max_size: u64,
    max_time: f64,
    reset_timer_on_message: bool,
    active: bool,
}

impl BufferConfig {
    /// A new buffer of this description, which writes its moments in `timezone`.
    ///
    /// # Errors
    /// When it has no name or no key.
    pub(super) fn into_new(self, timezone: &str) -> Result<BufferSpec, SpecError> {
        let words = self.name.clone().unwrap_or_default();
        let name = id_of(&words)?;
        if self.filter_field.is_none() {
            let why = "is missing: it names the field of a message that tells the chats apart";
            return Err(SpecError::new("filter_field", why));
        }
        let spec = BufferSpec {
            name: name.to_string(),
            description: description(&words, &name),
            // The whole body is the message.
            text: String::new(),
            timezone: timezone.to_owned(),
            window: WindowSpec {
                wait: 60.0,
                max_wait: 0.0,
                max_messages: 10,
                reset_on_message: false,
                ..WindowSpec::default()
            },
            ..BufferSpec::default()
        };
        self.onto(spec)
    }

    /// The buffer with what is described changed.
    ///
    /// # Errors
    /// When it names another.
    pub(super) fn onto(self, mut spec: BufferSpec) -> Result<BufferSpec, SpecError> {
        if let Some(words) = self.name {
            spec.description = renamed(&words, &spec.name)?;
        }
        let window = &mut spec.window;
        put(&mut spec.key, self.filter_field);
        put(&mut window.max_messages, self.max_size);
        put(&mut window.wait, self.max_time);
        put(&mut window.reset_on_message, self.reset_timer_on_message);
        put(&mut spec.active, self.active);
        Ok(spec)
    }

    /// The error with the name that the service Buffer has for the field.
    pub(super) fn in_its_words(error: SpecError) -> SpecError {
        let field = match error.field.as_str() {
            "key" => "filter_field",
            "window.wait" => "max_time",
            "window.max_messages" => "max_size",
            _ => return error,
        };
        error.about(field)
    }
}

impl From<BufferSpec> for BufferConfigAnswer {
    fn from(spec: BufferSpec) -> Self {
        Self {
            name: shown_name(&spec.name, &spec.description),
            id: spec.name,
            filter_field: spec.key,
            max_size: spec.window.max_messages,
            max_time: spec.window.wait,
            reset_timer_on_message: spec.window.reset_on_message,
            active: spec.active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::read;

    #[test]
    fn their_defaults_hold() {
        let config: BufferConfig = read(br#"{"name":"Loja SP","filter_field":"phone"}"#).unwrap();

        let spec = config.into_new("America/Sao_Paulo").unwrap();

        assert_eq!((spec.name.as_str(), spec.text.as_str()), ("loja-sp", ""));
        assert_eq!((spec.window.max_messages, spec.window.wait), (10, 60.0));
        assert!(!spec.window.reset_on_message && spec.active);
        let shown = BufferConfigAnswer::from(spec);
        assert_eq!(
            (shown.id.as_str(), shown.name.as_str()),
            ("loja-sp", "Loja SP")
        );
    }

    #[test]
    fn nothing_is_renamed() {
        let config: BufferConfig = read(br#"{"name":"other"}"#).unwrap();
        let spec = BufferSpec {
            name: "loja".to_owned(),
            ..BufferSpec::default()
        };

        assert_eq!(config.onto(spec).unwrap_err().field, "name");
    }
}
