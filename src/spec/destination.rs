//! A destination: where batches go, how the call looks, and when it is tried again.

mod kind;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::masked::{MASK, NOTHING_BEHIND, has_mask, masked_url, same_place};
use super::masked::{unmasked_of_call, unmasked_url};
use super::pace::PaceSpec;
use super::retry::RetrySpec;
use super::scalars::{Headers, HttpMethod, SigningKey};
use super::{SpecError, name, seconds};
use crate::core::destination::{Body, Destination};
use crate::core::json::whole_number::{whole, whole_or_null};
use crate::core::payload::PayloadRules;

pub use kind::DestinationKind;

/// More attempts in flight than this would only exhaust ports and file handles.
pub const MOST_CONCURRENCY: usize = 10_000;
/// A longer attempt would keep its chat waiting behind a dead connection, s.
pub const LONGEST_TIMEOUT: f64 = 3600.0;

/// A destination as it is written, kept and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationSpec {
    /// What it is called.
    #[schema(pattern = "^[a-z0-9_-]{1,64}$")]
    pub name: String,
    /// For people.
    pub description: String,
    /// How it is handed what is said; what it lacks of another kind is refused.
    #[serde(skip_serializing_if = "DestinationKind::is_http")]
    pub kind: DestinationKind,
    /// Where it is: of an `http` an `http://` or `https://` URL, of a `redis-stream` a `redis://` or `rediss://` one, of an
    /// `amqp` an `amqp://` or `amqps://` one, or nothing: that of `RABBITMQ_URL`.
    pub url: String,
    /// Of an `http`: `POST`, `PUT`, `PATCH`, `DELETE` or `GET`.
    #[serde(
        deserialize_with = "kind::named",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = HttpMethod)]
    pub method: Option<String>,
    /// Of a `redis-stream`: the key of the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256)]
    pub stream: Option<String>,
    /// Of a `redis-stream`: about so many entries are kept in it, and the oldest go.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "whole_or_null"
    )]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_len: Option<u64>,
    /// Of an `amqp`: what the exchange is called; empty: the one that brings everything to the queue that is called as the
    /// routing key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255)]
    pub exchange: Option<String>,
    /// Of an `amqp`: the routing key, as a template.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "routing-key")]
    pub routing_key: Option<String>,
    /// Of an `amqp`: whether messages outlive the end of the broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persistent: Option<bool>,
    /// Headers to send along; of a `redis-stream`: more fields of each entry.
    #[schema(value_type = Headers)]
    pub headers: BTreeMap<String, String>,
    /// Which fields of the payload to send; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// What the payload's list of messages is called.
    #[schema(min_length = 1)]
    pub messages_field: String,
    /// The whole body as a template, instead of the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "template")]
    pub template: Option<String>,
    /// The body of the service Buffer, instead of the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentSpec>,
    /// The newest message with the texts of all at this path, instead of the payload (Buffer Service).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_field: Option<String>,
    /// The longest that an attempt may take, s.
    #[schema(minimum = 0.1, maximum = 3600)]
    pub timeout: f64,
    /// When a batch is tried again.
    pub retry: RetrySpec,
    /// The keys to sign with, in the `whsec_` form.
    #[schema(value_type = Vec<SigningKey>)]
    pub secrets: Vec<String>,
    /// Attempts in flight.
    #[schema(minimum = 1, maximum = 10_000)]
    #[serde(deserialize_with = "whole")]
    pub concurrency: usize,
    /// Each message is a call of its own.
    pub split: bool,
    /// At most so many attempts begin in any interval, over all monitors; absent: no such limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<PaceSpec>,
    /// Off: its lanes wait.
    pub active: bool,
    /// The URL may not lead inside the network.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub guarded: bool,
}

/// The chat, and a list of what each message gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentSpec {
    /// What the chat is called in the body.
    pub key_field: String,
    /// A template for each message; absent: the messages as they came.
    #[schema(format = "template")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Default for DestinationSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            kind: DestinationKind::Http,
            url: String::new(),
            method: Some(kind::METHOD.to_owned()),
            stream: None,
            max_len: None,
            exchange: None,
            routing_key: None,
            persistent: None,
            headers: BTreeMap::new(),
            fields: None,
            messages_field: "messages".to_owned(),
            template: None,
            content: None,
            aggregate_field: None,
            timeout: 30.0,
            retry: RetrySpec::default(),
            secrets: Vec::new(),
            concurrency: 256,
            split: false,
            pace: None,
            active: true,
            guarded: false,
        }
    }
}

impl DestinationSpec {
    /// The same with masks in place of secrets, of the values of headers, and of what its URL holds of them.
    #[must_use]
    pub fn masked(mut self) -> Self {
        self.fill_in();
        // Of one that goes where `RABBITMQ_URL` leads there is none.
        if !self.url.is_empty() {
            self.url = masked_url(&self.url);
        }
        for secret in self.secrets.iter_mut().chain(self.headers.values_mut()) {
            MASK.clone_into(secret);
        }
        self
    }

    /// The same as it is kept: with the secrets and values of `old` where masks were put back, and with what a destination
    /// of its kind has by default.
    ///
    /// # Errors
    /// Names the field with a mask that would be sent to another scheme, host or port than before, or stands in the URL
    /// where nothing was.
    pub fn unmasked(mut self, old: Option<&Self>) -> Result<Self, SpecError> {
        self.fill_in();
        let Some(old) = old else {
            return Ok(self);
        };
        self.url = unmasked_url(&self.url, &old.url)?;
        let moved = !same_place(&self.url, &old.url);
        for (header, value) in &mut self.headers {
            let old = old.headers.get(header).map(String::as_str);
            *value = unmasked_of_call("headers", value, old, moved)?;
        }
        for (place, secret) in self.secrets.iter_mut().enumerate() {
            // It is not sent, but a signature would be, which whoever gets it could use at the old place.
            let old = old.secrets.get(place).map(String::as_str);
            *secret = unmasked_of_call("secrets", secret, old, moved)?;
        }
        Ok(self)
    }

    /// Checks it. What only a call can tell, such as whether a template or a key is sound, its sender checks.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check(&self) -> Result<Destination, SpecError> {
        if self.headers.values().any(|value| value == MASK) {
            return Err(SpecError::new("headers", NOTHING_BEHIND));
        }
        if self.secrets.iter().any(|secret| secret == MASK) {
            return Err(SpecError::new("secrets", NOTHING_BEHIND));
        }
        if has_mask(&self.url) {
            return Err(SpecError::new("url", NOTHING_BEHIND));
        }
        if !(1..=MOST_CONCURRENCY).contains(&self.concurrency) {
            let why = format!("must be from 1 to {MOST_CONCURRENCY}");
            return Err(SpecError::new("concurrency", why));
        }
        let timeout = seconds("timeout", self.timeout, 0.1)?;
        if self.timeout > LONGEST_TIMEOUT {
            let why = format!("must be at most {LONGEST_TIMEOUT} seconds");
            return Err(SpecError::new("timeout", why));
        }
        Ok(Destination {
            name: name(&self.name)?,
            url: self.url.clone(),
            kind: self.kind()?,
            method: self.method()?,
            headers: self.headers.clone(),
            body: self.body()?,
            timeout,
            retry: self.retry.policy()?,
            secrets: self.secrets.clone(),
            concurrency: self.concurrency,
            active: self.active,
            guarded: self.guarded,
            split: self.split,
            pace: self.pace.as_ref().map(PaceSpec::check).transpose()?,
        })
    }

    /// Checks what nothing goes by as it stands: whoever changes that later should not find it wrong. What was written
    /// before is good without this.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn check_idle(&self) -> Result<(), SpecError> {
        if self.messages_field.is_empty() {
            return Err(SpecError::new("messages_field", "must not be empty"));
        }
        self.retry.check_idle()
    }

    fn body(&self) -> Result<Body, SpecError> {
        let ways = [
            self.template.is_some(),
            self.content.is_some(),
            self.aggregate_field.is_some(),
        ];
        if ways.into_iter().filter(|&is_there| is_there).count() > 1 {
            let why = "only one of template, content and aggregate_field can make the body";
            return Err(SpecError::new("template", why));
        }
        if let Some(template) = &self.template {
            return Ok(Body::Template(template.clone()));
        }
        if let Some(content) = &self.content {
            return Ok(Body::Content {
                key_field: content.key_field.clone(),
                template: content.template.clone(),
                fields: self.fields.clone(),
            });
        }
        if let Some(aggregate_field) = &self.aggregate_field {
            return Ok(Body::Newest {
                aggregate_field: aggregate_field.clone(),
            });
        }
        if !PayloadRules::allows_messages_field(&self.messages_field) {
            let why = "is the name of another field of the payload";
            return Err(SpecError::new("messages_field", why));
        }
        Ok(Body::Payload {
            messages_field: self.messages_field.clone(),
            zone: None,
            fields: self.fields.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
