//! A post for a buffer: proved, and read as the buffer says.

use crate::core::batch::Millis;
use crate::core::incoming::Incoming;
use crate::core::json::fields::BadInput;
use crate::core::json::node::Node;
use crate::gateway::by_paths::Paths;
use crate::gateway::forwarded::only_body;
use crate::gateway::proof::{Post, Proof, ProofError};
use crate::gateway::{Event, Gateway, read};
use crate::spec::Buffer;
use crate::spec::source::Source;

/// What a post says.
#[derive(Debug)]
pub enum Said {
    /// One message, found by paths.
    Message(Box<Incoming>),
    /// What was heard through a gateway.
    Events(Gateway, Vec<Event>),
}

impl Said {
    /// What this body says to a buffer.
    ///
    /// # Errors
    /// When nothing stands where the buffer looks, or what stands there cannot be; or the post is none of the gateway.
    pub fn read(buffer: &Buffer, body: &Node<'_>) -> Result<Self, BadInput> {
        match &buffer.source {
            Source::Gateway(gateway) => {
                let events = read(*gateway, body, buffer.people.groups);
                let events = events.map_err(|error| BadInput::NotOfGateway(error.to_string()))?;
                Ok(Self::Events(*gateway, events))
            }
            Source::Fields { key, text, id } => {
                let text = text.as_ref();
                // What n8n passes on is read as it came to n8n, unless the paths lead into it as it is.
                let body = match key.first(body) {
                    None => only_body(body).unwrap_or(body),
                    Some(_) => body,
                };
                let incoming = Paths { key, text, id }.incoming(body)?;
                Ok(Self::Message(Box::new(incoming)))
            }
        }
    }
}

/// Checks that a post comes from where its buffer expects it, if that has a secret; `now` is by any clock, as it was
/// signed by another anyway.
///
/// # Errors
/// Why it does not prove it.
pub fn prove(buffer: &Buffer, post: Post<'_, '_>, now: Millis) -> Result<(), ProofError> {
    let Some(secret) = &buffer.secret else {
        return Ok(());
    };
    match &buffer.source {
        Source::Gateway(gateway) => gateway.proof().check(secret, post, now),
        Source::Fields { .. } => Proof::plain().check(secret, post, now),
    }
}
