//! A buffer: where key and text are found, how long to wait, where to deliver.

mod choices;
mod masking;
pub mod people;
mod ready;
mod verify_token;

use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use choices::{OnEdit, OnOwnMessage, Order};
pub use ready::Buffer;

use self::people::People;
use super::amqp::AmqpSpec;
use super::follow_up::FollowUpSpec;
use super::masked::MASK;
use super::scalars::{DestinationName, ListedNumber, UserId};
use super::source::{FIELDS, Source, SourceName};
use super::window::WindowSpec;
use super::{SpecError, name, seconds};
use crate::core::chat::Name;
use crate::core::destination::Target;
use crate::core::json::whole_number::{whole, whole_or_null, wholes_or_null};
use crate::core::language::Language;
use crate::core::life::Life;
use crate::core::window::WindowRules;
use crate::gateway::Groups;

/// Most destinations of a buffer.
const MOST_DESTINATIONS: usize = 16;

/// How many bytes a buffer may let posts have.
const BODY_BYTES: RangeInclusive<usize> = 1024..=64 * 1024 * 1024;

/// Most bytes of a file that a buffer may take: payloads hold it as text, twice.
const MOST_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A buffer as it is written, kept and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BufferSpec {
    /// What it is called.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    pub name: String,
    /// For people.
    pub description: String,
    /// `fields`, or the name of the gateway that posts to it.
    #[schema(value_type = SourceName)]
    pub source: String,
    /// For `fields`: the path of the chat.
    #[schema(format = "path")]
    pub key: String,
    /// For `fields`: the path of what was said; empty: the whole body is the message.
    #[schema(format = "path")]
    pub text: String,
    /// For `fields`: the path of the message's id.
    #[schema(format = "path")]
    pub id: String,
    /// When its windows close.
    pub window: WindowSpec,
    /// The zone that moments in payloads are written in (IANA).
    #[schema(format = "timezone")]
    pub timezone: String,
    /// For gateways: the language of `text` in payloads, which names what has no words, such as `[áudio]`.
    pub language: Language,
    /// Most bytes of a post; absent: `MAX_BODY_BYTES`, and for gateways at least 16 MiB, because they post files.
    #[schema(minimum = 1024, maximum = 67_108_864)]
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_or_null"
    )]
    pub max_body_bytes: Option<u64>,
    /// For gateways: most bytes of a file that was posted with its message; a larger one is left out, and the message
    /// tells its name and size.
    #[schema(maximum = 67_108_864)]
    #[serde(deserialize_with = "whole")]
    pub max_file_bytes: u64,
    /// For gateways: what becomes of what is written in groups.
    pub groups: Groups,
    /// For gateways: the numbers of those who are heard; empty: everybody is.
    #[schema(max_items = 1000, value_type = Vec<ListedNumber>)]
    pub allow: Vec<String>,
    /// For gateways: the numbers of those who are not.
    #[schema(max_items = 1000, value_type = Vec<ListedNumber>)]
    pub block: Vec<String>,
    /// For gateways: what to do when a person changes a message or takes it back.
    pub on_edit: OnEdit,
    /// What to do when one of our own people writes in the chat: `ignore`, or `pause`.
    pub on_own_message: OnOwnMessage,
    /// For gateways with users of their own (`chatwoot`): the ids of those in whose name the bot answers. All others are
    /// people. Absent: it is not known of any user, and none of them pauses a chat.
    #[schema(max_items = 100, value_type = Option<Vec<UserId>>)]
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "wholes_or_null"
    )]
    pub bots: Option<Vec<u64>>,
    /// How long such a pause lasts, s.
    #[schema(minimum = 1, maximum = 315_360_000)]
    pub pause_for: f64,
    /// What posts must prove to know, by the gateway's own way.
    #[schema(min_length = 1, pattern = r"\S")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// For gateways that ask before their first post (`cloud`): what they must know then. It stands in a URL, so it is
    /// never the secret.
    #[schema(min_length = 1, pattern = r"\S")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_token: Option<String>,
    /// Where its batches go: each gets every batch.
    #[schema(min_items = 1, max_items = 16, value_type = Vec<DestinationName>)]
    pub destinations: Vec<String>,
    /// What its batches are kept in order within: each `chat`, or the whole `buffer`.
    pub order: Order,
    /// What is asked of a chat that has fallen silent; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUpSpec>,
    /// Queues of RabbitMQ that messages are taken from as well; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amqp: Option<AmqpSpec>,
    /// Off: messages for it are refused.
    pub active: bool,
}

impl Default for BufferSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            source: FIELDS.to_owned(),
            key: "user".to_owned(),
            text: "message".to_owned(),
            id: "message_id".to_owned(),
            window: WindowSpec::default(),
            timezone: "UTC".to_owned(),
            language: Language::default(),
            max_body_bytes: None,
            max_file_bytes: 8 * 1024 * 1024,
            groups: Groups::Ignore,
            allow: Vec::new(),
            block: Vec::new(),
            on_edit: OnEdit::Apply,
            on_own_message: OnOwnMessage::Ignore,
            bots: None,
            pause_for: 3600.0,
            secret: None,
            verify_token: None,
            destinations: vec!["default".to_owned()],
            order: Order::Chat,
            follow_up: None,
            amqp: None,
            active: true,
        }
    }
}

impl BufferSpec {
    /// All destinations that it names.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let follow_up = self.follow_up.iter().map(|spec| &spec.destination);
        let named = self.destinations.iter().chain(follow_up);
        named.map(String::as_str)
    }

    /// Checks it and makes it ready; `limits` are the environment's, which hold for every buffer.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self, limits: &WindowRules) -> Result<Buffer, SpecError> {
        let zone = self.timezone.parse().map_err(|_| {
            SpecError::new(
                "timezone",
                "is not a zone of the IANA list, such as America/Sao_Paulo",
            )
        })?;
        // Also while nothing is paused: who switches that on later should not find it wrong.
        let pause_for = seconds("pause_for", self.pause_for, 1.0)?;
        if self
            .secret
            .as_deref()
            .is_some_and(|secret| secret.is_empty() || secret == MASK)
        {
            return Err(SpecError::new(
                "secret",
                "must not be empty, nor the mask it is shown as",
            ));
        }
        let source = Source::of(self)?;
        verify_token::check(self, &source)?;
        let people = People::of(self, &source)?;
        Ok(Buffer {
            name: name(&self.name)?,
            language: match source {
                Source::Gateway(_) => Some(self.language),
                Source::Fields { .. } => None,
            },
            source,
            max_body_bytes: self.body_bytes()?,
            max_file_bytes: self.file_bytes()?,
            on_edit: self.on_edit,
            window: WindowRules {
                followed_up: self.follow_up.is_some(),
                ..self.window.rules(limits)?
            },
            words: self.window.words()?,
            zone,
            pause: match self.on_own_message {
                OnOwnMessage::Ignore => None,
                OnOwnMessage::Pause => Some(pause_for),
            },
            people,
            secret: self.secret.clone(),
            verify_token: self.verify_token.clone(),
            destinations: self.destinations()?,
            ordered: self.order == Order::Buffer,
            follow_up: self
                .follow_up
                .as_ref()
                .map(|spec| spec.check(zone))
                .transpose()?,
            amqp: self.amqp.as_ref().map(AmqpSpec::check).transpose()?,
            active: self.active,
            // What is written has none yet; the snapshot knows it.
            life: Life::ALWAYS,
        })
    }

    /// Checks what is no longer written, though it was once: posts to a buffer with a secret of blanks are refused, and
    /// it is there all the same.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check_idle(&self) -> Result<(), SpecError> {
        let secret = self.secret.as_deref();
        if secret.is_some_and(|secret| secret.trim().is_empty()) {
            return Err(SpecError::new("secret", "must be more than blanks"));
        }
        Ok(())
    }

    fn body_bytes(&self) -> Result<Option<usize>, SpecError> {
        let Some(bytes) = self.max_body_bytes else {
            return Ok(None);
        };
        let bytes = usize::try_from(bytes).ok();
        let bytes = bytes.filter(|bytes| BODY_BYTES.contains(bytes));
        let (least, most) = (BODY_BYTES.start(), BODY_BYTES.end());
        let why = || SpecError::new("max_body_bytes", format!("must be {least} to {most}"));
        bytes.map(Some).ok_or_else(why)
    }

    fn file_bytes(&self) -> Result<u64, SpecError> {
        if self.max_file_bytes > MOST_FILE_BYTES {
            let why = format!("must be 0 to {MOST_FILE_BYTES}");
            return Err(SpecError::new("max_file_bytes", why));
        }
        Ok(self.max_file_bytes)
    }

    fn destinations(&self) -> Result<Arc<[Target]>, SpecError> {
        let mut names = Vec::new();
        for text in &self.destinations {
            let name = Name::parse(text)
                .map_err(|error| SpecError::new("destinations", error.to_string()))?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() || names.len() > MOST_DESTINATIONS {
            let why = format!("must name 1 to {MOST_DESTINATIONS} destinations");
            return Err(SpecError::new("destinations", why));
        }
        Ok(names.into_iter().map(Target::whole).collect())
    }
}

#[cfg(test)]
mod tests;
