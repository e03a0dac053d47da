//! What a post says, whichever gateway it came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::party::{Party, Person};
use crate::core::batch::Millis;
use crate::core::ignored::Ignored;
use crate::core::item::MediaKind;
use crate::core::json::RawObject;

/// One thing out of a post.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A person said something.
    Said(Said),
    /// We said something to a person.
    Own(Own),
    /// A person began or ceased to type or to record.
    Typing {
        /// Who, and to which of our lines.
        party: Party,
        /// Whether they do now.
        typing: bool,
    },
    /// A person changed a message, or took it back.
    Changed(Changed),
    /// Nothing for a bot to answer.
    Ignored {
        /// Why, for programs.
        #[serde(skip)]
        why: Ignored,
        /// Why, for people. It quotes names of events and types, never what was said or by whom.
        reason: String,
        /// With whom it has to do, as far as it tells.
        #[serde(skip)]
        party: Option<Party>,
        /// Who wrote it, in a group that is ignored.
        #[serde(skip)]
        writer: Option<Person>,
    },
}

impl Event {
    /// Nothing for a bot, with nobody named.
    pub(super) fn ignored(why: Ignored, reason: String) -> Self {
        Self::ignored_of(why, reason, None)
    }

    /// Nothing for a bot, and with whom it has to do.
    pub(super) fn ignored_of(why: Ignored, reason: String, party: Option<Party>) -> Self {
        Self::Ignored {
            why,
            reason,
            party,
            writer: None,
        }
    }

    /// With whom it has to do, where it is heard.
    pub fn party(&self) -> Option<&Party> {
        match self {
            Self::Said(said) => Some(&said.party),
            Self::Own(own) => Some(&own.party),
            Self::Typing { party, .. } => Some(party),
            Self::Changed(changed) => Some(&changed.party),
            Self::Ignored { .. } => None,
        }
    }

    /// Whether it counts as a message: something has to be looked up or stored for it.
    pub fn is_heard(&self) -> bool {
        !matches!(self, Self::Ignored { .. })
    }
}

/// What a person said.
#[derive(Debug, Serialize)]
pub struct Said {
    /// Who, and to which of our lines.
    pub party: Party,
    /// What was written, or written below the first medium; a medium alone has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The gateway's id of the message: the same when it posts the message again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How the person calls themself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// When it was said, by the gateway's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
    /// What came with it, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<Media>,
    /// Its typed parts: one of each kind at most.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<Part, RawObject>,
    /// What a bot needs to answer beside it, passed through as it stands.
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    pub pass: RawObject,
}

impl Said {
    /// Whether nothing was said after all.
    pub fn is_empty(&self) -> bool {
        let mut parts = self.parts.keys();
        self.text.is_none() && self.media.is_empty() && !parts.any(|part| part.is_content())
    }
}

/// Why nothing comes of what may be an edit, or something else that a gateway tells in the same way.
pub const PERHAPS_EDIT: &str = "an edit or a delivery status";

/// What a person changed.
#[derive(Debug, Serialize)]
pub struct Changed {
    /// Who, and to which of our lines.
    pub party: Party,
    /// The gateway's id of the message that was changed.
    pub id: String,
    /// Its words now, empty for a caption that was removed; none: it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The post does not tell who changed it: `party` is us. The message alone tells the chat.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub anywhere: bool,
    /// The gateway tells of other changes in the same way, so only words that differ make it an edit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub perhaps: bool,
    /// What a bot needs to answer beside it, passed through as it stands.
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    pub pass: RawObject,
    /// How the person calls themself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// When, by the gateway's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Millis>,
}

impl Changed {
    /// What it is where nothing comes of it.
    pub fn ignored(&self) -> Ignored {
        if self.text.is_some() {
            Ignored::Edit
        } else {
            Ignored::Deletion
        }
    }
}

/// What we said.
#[derive(Debug, Serialize)]
pub struct Own {
    /// To whom, and from which of our lines.
    pub party: Party,
    /// Who of us said it, as far as the post alone tells.
    pub by: Author,
    /// The gateway's id of the user of ours in whose name it was written; perhaps by a program that has their token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The gateway's id of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Who wrote one of our own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// One of our people, in the app or the inbox: they have taken over.
    Human,
    /// A program, through the gateway's API.
    Bot,
    /// The gateway does not tell. It may be the echo of the bot's own answer.
    Unknown,
}

/// Something other than text.
#[derive(Debug, Serialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Where to load it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The gateway's id of the file, where it is loaded by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is written below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime: Option<String>,
    /// Its file name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How large it is, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// The file itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// What a place or a contact consists of, as the gateway spells it.
    #[serde(skip_serializing_if = "RawObject::is_empty")]
    pub details: RawObject,
}

/// The typed parts of a message beside its text and its media.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Part {
    /// What was tapped: `id` and `title` of a button or of a row of a list.
    Choice,
    /// The message that it answers.
    Quoted,
    /// The advertisement that it came from.
    Referral,
    /// An order or a cart, with its products.
    Order,
    /// A product of a catalogue.
    Product,
    /// What was filled in: a flow, a form, data of a web app.
    Form,
    /// A vote, or a poll.
    Poll,
}

impl Part {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether it is what was said, and not something about it.
    pub fn is_content(self) -> bool {
        match self {
            Self::Choice | Self::Quoted | Self::Referral => false,
            Self::Order | Self::Product | Self::Form | Self::Poll => true,
        }
    }
}
