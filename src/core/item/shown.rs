//! A message whole, as payloads and templates show it.

use std::borrow::Cow;

use serde::Serialize;

use super::{Item, Media, MediaKind};
use crate::core::batch::Millis;
use crate::core::json::RawObject;

/// A message with all its parts; what a message does not have is not there.
#[derive(Debug, Serialize)]
pub struct Shown<'a> {
    /// The gateway's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    /// When it was said, by the gateway's clock, or when it came; ms since 1970.
    time: Millis,
    /// When it came, by Redis's clock; ms since 1970.
    at: Millis,
    /// What it is: `text`, `image`, `audio`, `order`, …
    #[serde(rename = "type")]
    kind: &'a str,
    /// The words in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    media: &'a [Media],
    /// `choice`, `quoted`, `referral`, `order`, `product`, `form`, `poll`, `changed`; in a group `phone` and `alias`.
    #[serde(flatten)]
    parts: &'a RawObject,
    /// The first contact in it, by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<RawObject>,
    /// The place in it, by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<RawObject>,
    /// Who said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sender: Option<&'a str>,
}

impl Item {
    /// The message whole.
    ///
    /// # Errors
    /// None that a stored message can cause.
    pub fn shown(&self) -> serde_json::Result<Shown<'_>> {
        let first = |kind: MediaKind| {
            let mut media = self.media.iter();
            let found = media.find(|medium| medium.kind == kind.as_str());
            found.map(Media::by_itself).transpose()
        };
        Ok(Shown {
            id: self.id.as_deref(),
            time: self.time.unwrap_or(self.at),
            at: self.at,
            kind: self.kind(),
            text: self.text(),
            media: &self.media,
            parts: &self.parts,
            contact: first(MediaKind::Contact)?,
            location: first(MediaKind::Location)?,
            sender: self.sender.as_deref(),
        })
    }
}
