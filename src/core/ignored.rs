//! Why something that was posted is nothing for a bot, in words for programs, each with a text for people.

use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// Why something that was posted is nothing for a bot.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Ignored {
    /// It was said in a group.
    Group,
    /// The person is not among those whom the buffer hears.
    NotAllowed,
    /// The person is among those whom the buffer does not hear.
    Blocked,
    /// It was posted in a channel.
    Channel,
    /// It was sent to a broadcast list.
    Broadcast,
    /// It is a status that a person shows to everybody.
    StatusBroadcast,
    /// What became of one of our own messages: sent, delivered, read.
    DeliveryStatus,
    /// An emoji on a message.
    Reaction,
    /// A message was changed.
    Edit,
    /// A message was taken back.
    Deletion,
    /// A vote in a poll.
    Vote,
    /// Something that the service tells, and nobody said.
    Notice,
    /// A note among our own people.
    PrivateNote,
    /// Our own side wrote or types.
    Own,
    /// Another bot wrote it.
    Bot,
    /// A presence that tells of no typing.
    Presence,
    /// It came already, in another form.
    Double,
    /// The gateway could not read it yet, and may post it again.
    Undecrypted,
    /// An event of the gateway that is no message.
    NotAMessage,
    /// A message of a type that Lull does not know.
    UnknownType,
    /// A message with nothing in it.
    Empty,
    /// It does not tell who wrote it, or no chat can be called so.
    Unnamed,
    /// It stands behind more messages than are read of one post.
    TooMany,
}

/// Why nothing else comes of a message of one of our people that leaves its chat to them.
pub const OWN_PAUSES: &str = "our own message, and it pauses the chat";

impl Ignored {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The reason for people, where nothing more is to be told.
    pub fn text(self) -> &'static str {
        match self {
            Self::Group => "a group",
            Self::NotAllowed => "a person who is not in \"allow\"",
            Self::Blocked => "a person who is in \"block\"",
            Self::Channel => "a channel",
            Self::Broadcast => "a broadcast list",
            Self::StatusBroadcast => "a status broadcast",
            Self::DeliveryStatus => "a delivery status",
            Self::Reaction => "a reaction",
            Self::Edit => "an edit",
            Self::Deletion => "a deletion",
            Self::Vote => "a vote in a poll",
            Self::Notice => "a notice",
            Self::PrivateNote => "a private note",
            Self::Own => "our own message",
            Self::Bot => "written by a bot",
            Self::Presence => "a presence",
            Self::Double => "it came already",
            Self::Undecrypted => "a message that WhatsApp has not decrypted yet",
            Self::NotAMessage => "no message in it",
            Self::UnknownType => "a message of an unknown type",
            Self::Empty => "a message without text or media",
            Self::Unnamed => "it does not tell who wrote it",
            Self::TooMany => "the rest of a post of too many messages",
        }
    }
}
