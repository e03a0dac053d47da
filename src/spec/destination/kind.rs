//! The kinds of destinations: which fields each has for itself, and what is said of those of another.

use serde::{Deserialize, Deserializer, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::DestinationSpec;
use crate::core::broker_url::LONGEST_NAME;
use crate::core::destination::{Exchange, Kind, Method, MethodError, Stream};
use crate::core::retry::LONGEST_ASKED;
use crate::spec::SpecError;

/// The method of an `http` where none is named.
pub(super) const METHOD: &str = "POST";
/// About so many entries are kept in a stream where no number is named.
const MAX_LEN: u64 = 10_000;
/// More would fill the memory of any Redis.
const MOST_MAX_LEN: u64 = 1_000_000_000;
/// Most bytes in the name of a stream.
const MOST_OF_A_KEY: usize = 256;
/// Most bytes in the template of a routing key, which makes at most [`LONGEST_NAME`].
const MOST_OF_A_ROUTING_KEY: usize = 4096;
/// How keys begin under which Lull keeps what it works with; the destination may be the same Redis.
const OUR_KEYS: &str = "lull:";

/// How a destination is handed what is said.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum DestinationKind {
    /// By a call of HTTP.
    #[default]
    Http,
    /// As an entry of a stream of Redis.
    RedisStream,
    /// As a message on an exchange of RabbitMQ.
    Amqp,
}

impl DestinationKind {
    /// Whether it is called by HTTP, which goes without saying.
    pub fn is_http(&self) -> bool {
        *self == Self::Http
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A method that is written is not nothing: null is none.
pub(super) fn named<'de, D: Deserializer<'de>>(written: D) -> Result<Option<String>, D::Error> {
    String::deserialize(written).map(Some)
}

impl DestinationSpec {
    /// Fills in what a destination of its kind has by default. Whatever another kind has is left for [`Self::kind`] to refuse;
    /// only the method that nobody has named goes.
    pub(super) fn fill_in(&mut self) {
        match self.kind {
            DestinationKind::Http => {}
            DestinationKind::RedisStream => self.max_len = self.max_len.or(Some(MAX_LEN)),
            DestinationKind::Amqp => {
                self.exchange.get_or_insert_default();
                self.routing_key.get_or_insert_default();
                self.persistent = self.persistent.or(Some(true));
            }
        }
        if !self.kind.is_http() && self.method.as_deref() == Some(METHOD) {
            self.method = None;
        }
    }

    /// Its kind, with what it has for itself.
    pub(super) fn kind(&self) -> Result<Kind, SpecError> {
        for (field, is_there, owner) in self.of_one_kind() {
            if is_there && owner != self.kind {
                let (owner, own) = (owner.as_str(), self.kind.as_str());
                let why =
                    format!("only a destination of the kind {owner} has it, and this is of {own}");
                return Err(SpecError::new(field, why));
            }
        }
        Ok(match self.kind {
            DestinationKind::Http => Kind::Http,
            DestinationKind::RedisStream => Kind::RedisStream(self.as_stream()?),
            DestinationKind::Amqp => Kind::Amqp(self.as_exchange()?),
        })
    }

    /// The fields that only one kind has: whether each says something, and whose it is.
    fn of_one_kind(&self) -> [(&'static str, bool, DestinationKind); 7] {
        let asked = LONGEST_ASKED.as_secs_f64();
        let is_asked = (self.retry.max_retry_after - asked).abs() > f64::EPSILON;
        let has_method = self.method.as_ref().is_some_and(|it| it != METHOD);
        let (http, stream, amqp) = (
            DestinationKind::Http,
            DestinationKind::RedisStream,
            DestinationKind::Amqp,
        );
        [
            ("method", has_method, http),
            ("retry.max_retry_after", is_asked, http),
            ("stream", self.stream.is_some(), stream),
            ("max_len", self.max_len.is_some(), stream),
            ("exchange", self.exchange.is_some(), amqp),
            ("routing_key", self.routing_key.is_some(), amqp),
            ("persistent", self.persistent.is_some(), amqp),
        ]
    }

    /// How it is called, if it is called by HTTP.
    pub(super) fn method(&self) -> Result<Method, SpecError> {
        if !self.kind.is_http() {
            return Ok(Method::default());
        }
        let method = self.method.as_deref().unwrap_or_default().parse();
        method.map_err(|error: MethodError| SpecError::new("method", error.to_string()))
    }

    fn as_exchange(&self) -> Result<Exchange, SpecError> {
        let name = self.exchange.clone().unwrap_or_default();
        let routing_key = self.routing_key.clone().unwrap_or_default();
        let is_long = name.len() > LONGEST_NAME || name.contains(char::is_control);
        if is_long {
            let why = format!("must be at most {LONGEST_NAME} bytes, without line breaks");
            return Err(SpecError::new("exchange", why));
        }
        if name.is_empty() && routing_key.is_empty() {
            let why = "is missing: without an exchange it is the name of a queue";
            return Err(SpecError::new("routing_key", why));
        }
        if routing_key.len() > MOST_OF_A_ROUTING_KEY {
            let why = format!("must be at most {MOST_OF_A_ROUTING_KEY} bytes");
            return Err(SpecError::new("routing_key", why));
        }
        if self.guarded && self.url.is_empty() {
            let why = "is missing: a guarded one does not go where RABBITMQ_URL leads";
            return Err(SpecError::new("url", why));
        }
        Ok(Exchange {
            name,
            routing_key,
            persistent: self.persistent.unwrap_or(true),
        })
    }

    fn as_stream(&self) -> Result<Stream, SpecError> {
        let wrong = |why: &str| SpecError::new("stream", why);
        let key = self.stream.clone().unwrap_or_default();
        if key.is_empty() {
            return Err(wrong("is missing: the key of the stream"));
        }
        if key.len() > MOST_OF_A_KEY {
            return Err(wrong(&format!("must be at most {MOST_OF_A_KEY} bytes")));
        }
        if key.contains(char::is_control) {
            return Err(wrong("holds line breaks or other control characters"));
        }
        if key.starts_with(OUR_KEYS) {
            let why = format!("must not begin with {OUR_KEYS}, where Lull keeps its own");
            return Err(wrong(&why));
        }
        let max_len = self.max_len.unwrap_or(MAX_LEN);
        if !(1..=MOST_MAX_LEN).contains(&max_len) {
            let why = format!("must be from 1 to {MOST_MAX_LEN}");
            return Err(SpecError::new("max_len", why));
        }
        Ok(Stream { key, max_len })
    }
}
