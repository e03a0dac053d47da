//! What stands for something in the index of what waits for its time.

use sha2::{Digest, Sha256};

use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::window::CloseReason;
use crate::store::keys::{self, Place};

/// Hex digits of a message's id.
const DIGITS: usize = 32;

/// Something that waits for its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A message.
    Message(KeptMessage),
    /// The next run of a schedule.
    Schedule(Name),
    /// What is asked of a chat that stays silent.
    FollowUp(Chat),
}

/// A message that waits, told from others of its chat by a digest of its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptMessage {
    digest: String,
    /// Its chat.
    pub chat: Chat,
}

impl KeptMessage {
    /// The message of a chat with this id.
    pub(in crate::store) fn new(chat: &Chat, id: &str) -> Self {
        Self {
            digest: digest(id),
            chat: chat.clone(),
        }
    }

    /// What its batch is made for.
    pub fn reason(&self) -> CloseReason {
        if self.chat.schedule().is_some() {
            CloseReason::Run
        } else {
            CloseReason::Later
        }
    }

    pub(super) fn parse(member: &str) -> Option<Self> {
        let (digest, chat) = member.strip_prefix("m:")?.split_at_checked(DIGITS)?;
        Some(Self {
            digest: digest.to_owned(),
            chat: keys::chat_of_member(chat.strip_prefix(':')?)?,
        })
    }

    /// The id of the batch that it becomes: in the queue `messages` that of the message, by which it can be found again.
    pub fn batch_id(&self) -> BatchId {
        if self.chat.buffer == Name::messages_name() {
            BatchId::of_digits(&self.digest)
        } else {
            BatchId::generate()
        }
    }

    pub(in crate::store) fn member(&self) -> String {
        format!("m:{}:{}", self.digest, Place::of(&self.chat).member)
    }
}

impl Waiting {
    pub(in crate::store) fn parse(member: &str) -> Option<Self> {
        match member.split_once(':')? {
            ("s", name) => Name::parse(name).ok().map(Self::Schedule),
            ("f", chat) => keys::chat_of_member(chat).map(Self::FollowUp),
            _ => KeptMessage::parse(member).map(Self::Message),
        }
    }
}

/// What stands for the next run of a schedule.
pub(super) fn schedule(name: &Name) -> String {
    format!("s:{name}")
}

/// What stands for the follow-up of a chat.
pub(in crate::store) fn follow_up(place: &Place) -> String {
    format!("f:{}", place.member)
}

/// Matches the follow-ups of a buffer's chats, and some others.
pub(super) fn follow_ups_like(buffer: &Name) -> String {
    format!("f:{}", keys::members_like(buffer))
}

/// Matches the messages of a buffer's chats, and some others.
pub(super) fn messages_like(buffer: &Name) -> String {
    format!("m:{}:{}", "?".repeat(DIGITS), keys::members_like(buffer))
}

/// Matches the messages with this id, whoever's they are.
pub(super) fn messages_with(id: &str) -> String {
    format!("m:{}:*", digest(id))
}

/// Whatever an id holds, it can stand in a member and in a pattern. One that Lull has made is in it as it is.
fn digest(id: &str) -> String {
    if let Some(id) = BatchId::parse(id) {
        return id.digits().to_owned();
    }
    hex::encode(&Sha256::digest(id)[..DIGITS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::chat::ChatId;

    #[test]
    fn a_message_is_read_back_whatever_its_chat_and_id() {
        for id in ["55119", "a:b", "m:x:*[é", ":"] {
            let chat = Chat::of_default(ChatId::parse(id).unwrap());
            let waiting = KeptMessage::new(&chat, id);

            assert_eq!(
                Waiting::parse(&waiting.member()),
                Some(Waiting::Message(waiting))
            );
        }
    }

    #[test]
    fn a_schedule_is_read_back() {
        let name = Name::parse("backup").unwrap();

        assert_eq!(
            Waiting::parse(&schedule(&name)),
            Some(Waiting::Schedule(name))
        );
    }

    #[test]
    fn a_follow_up_is_read_back_whatever_its_chat() {
        for id in ["55119", "m:x", ":", "*[é"] {
            let plain = Chat::of_default(ChatId::parse(id).unwrap());
            for chat in [plain.in_other_order(), plain] {
                let member = follow_up(&Place::of(&chat));
                assert_eq!(Waiting::parse(&member), Some(Waiting::FollowUp(chat)));
            }
        }
    }

    #[test]
    fn anything_else_waits_for_nothing() {
        for bad in [
            "",
            "m:",
            "m:1:default:a",
            "x:y",
            "s:.x",
            "s:",
            "f:",
            "f:default",
            &format!("m:{}é", "0".repeat(31)),
        ] {
            assert_eq!(Waiting::parse(bad), None, "{bad}");
        }
    }
}
