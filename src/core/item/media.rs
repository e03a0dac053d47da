//! Files, contacts and places that come with a message.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use strum::{EnumString, IntoStaticStr};
use utoipa::ToSchema;

use crate::core::json::RawObject;
use crate::core::json::text;

/// The kinds of media; each also by the names that gateways have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MediaKind {
    /// A picture.
    #[serde(
        alias = "photo",
        alias = "ig_post",
        alias = "ig_story",
        alias = "story_mention"
    )]
    Image,
    /// A voice message or a sound.
    #[serde(alias = "ptt", alias = "voice")]
    Audio,
    /// A film, round ones and silent ones included.
    #[serde(alias = "ptv", alias = "ig_reel", alias = "live_photo")]
    Video,
    /// Any other file.
    #[serde(alias = "file")]
    Document,
    /// A sticker.
    Sticker,
    /// One or more contacts.
    #[serde(alias = "vcard", alias = "multi_vcard")]
    Contact,
    /// A place.
    Location,
    /// A link, such as to a post of somebody else, with what is told of it.
    #[serde(alias = "fallback", alias = "share", alias = "embed")]
    Link,
}

impl MediaKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether it is a file, which can be loaded.
    pub fn is_file(self) -> bool {
        !matches!(self, Self::Contact | Self::Location | Self::Link)
    }
}

/// Something attached to a message.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Media {
    /// What it is: `image`, `audio`, `video`, `document`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Where it can be fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What the gateway's call that loads a file asks for: its id of the file, or of the message where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What was written under it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Its MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// What its file was called; of a contact or a place, its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// How large the file is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// The file itself, where the gateway posted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Why the file is not here though the gateway posted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// What a place or a contact consists of.
    #[serde(flatten)]
    #[schema(ignore)]
    pub details: RawObject,
}

impl<'de> Deserialize<'de> for Media {
    /// Through an object, because what is flattened cannot keep its spelling.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = RawObject::deserialize(deserializer)?;
        Self::of_object(object).ok_or_else(|| D::Error::missing_field("type"))
    }
}

impl Media {
    /// Takes an object as a medium; none if it has no type.
    fn of_object(mut object: RawObject) -> Option<Self> {
        let mut take = |name: &str| {
            let raw = object.shift_remove(name)?;
            text::text(raw.get()).map(|text| text.into_owned())
        };
        Some(Self {
            kind: take("type")?,
            url: take("url"),
            id: take("id"),
            caption: take("caption"),
            mime_type: take("mime_type"),
            file_name: take("file_name"),
            base64: take("base64"),
            left_out: take("left_out"),
            file_size: object
                .shift_remove("file_size")
                .and_then(|raw| raw.get().parse().ok()),
            details: object,
        })
    }

    /// The media that a message consists of, as `messages` in a payload show them: an object, or a list of such.
    pub(super) fn of_message(message: &RawValue) -> Vec<Self> {
        let raw = message.get();
        let objects: Vec<RawObject> = if raw.starts_with('[') {
            serde_json::from_str(raw).unwrap_or_default()
        } else {
            serde_json::from_str(raw).into_iter().collect()
        };
        let media = objects.into_iter().filter_map(|mut object| {
            // The words of the message, which stand in the first of its objects.
            object.shift_remove("text");
            Self::of_object(object)
        });
        media
            .filter(|medium| medium.kind.parse::<MediaKind>().is_ok())
            .collect()
    }

    /// Its own name and what it consists of: the place or the contact by itself.
    pub(super) fn by_itself(&self) -> serde_json::Result<RawObject> {
        let mut object = RawObject::new();
        for (name, value) in [("name", &self.file_name), ("url", &self.url)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), to_raw_value(value)?);
            }
        }
        object.extend(self.details.clone());
        Ok(object)
    }
}
