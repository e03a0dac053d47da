//! What was said in one chat, by the person and by our side, and what of it was not taken: each list of one chat alone, the
//! newest first.

use serde::{Deserialize, Serialize};

use crate::core::batch::Millis;
use crate::core::chat::{Chat, ChatId, Name};
use crate::core::filter::Filter;
use crate::core::finding::{as_one_number, number_of};
use crate::gateway::Author;
use crate::store::chats::known::fields_of;
use crate::store::dead_letters::shards_of;
use crate::store::handles::History;
use crate::store::history::posts::{Post, Posted, shard_of};
use crate::store::history::received::Received;
use crate::store::keys::{self, Place};
use crate::store::paging::{EntryId, Look, StreamEntry};
use crate::store::{Result, StoreError, reply, scripts};

/// What our side wrote to a person, as the gateway told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Who of us, as far as that is told.
    pub by: Author,
    /// What was written, where that is kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// The gateway's id of the message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
}

/// Something that was said in a chat.
#[derive(Debug)]
pub enum Told {
    /// By the person; it was taken in.
    Said(Received),
    /// By our side.
    Answered {
        /// When it came.
        at: Millis,
        /// What it was.
        answer: Answer,
    },
}

impl Told {
    fn of(received: Received, answer: Option<Answer>) -> Self {
        match answer {
            Some(answer) => Self::Answered {
                at: received.at,
                answer,
            },
            None => Self::Said(received),
        }
    }

    /// When it came.
    pub fn at(&self) -> Millis {
        match self {
            Self::Said(received) => received.at,
            Self::Answered { at, .. } => *at,
        }
    }
}

impl Answer {
    /// What an entry of the list of received messages tells of our side; none: it is the person's.
    pub(super) fn read(entry: &StreamEntry) -> Result<Option<Self>> {
        let answer = entry.maybe("own")?;
        let read = |text: String| serde_json::from_str(&text);
        let answer = answer.map(read).transpose();
        answer.map_err(|_| StoreError::Unreadable("a message of our own"))
    }
}

impl History<'_> {
    /// Notes what our side wrote to a person of whom something was heard, among at most so many messages of its shard;
    /// answers whether it was noted.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn note_answer(self, chat: &Chat, answer: &Answer, most: u64) -> Result<bool> {
        if most == 0 {
            return Ok(false);
        }
        let place = Place::of(chat);
        let mut note = scripts::NOTE_ANSWER.key(keys::known(place.shard));
        note.key(keys::received(place.shard))
            .arg(&place.member)
            .arg(reply::json(answer)?)
            .arg(most);
        for field in fields_of(chat.hash()) {
            note.arg(field);
        }
        let noted: u8 = self.store.run(place.shard, &note).await?;
        Ok(noted == 1)
    }

    /// What was said in a chat until this moment, as far as it was written within `look`, the newest first, and where the look
    /// ended, if not at its beginning.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn told(
        self,
        chat: &Chat,
        until: Millis,
        look: Look,
    ) -> Result<(Vec<Told>, Option<Millis>)> {
        let shards = shards_of(&Filter::Chat(chat.clone()));
        let of_chat = |entry: &StreamEntry| {
            // Most are of others, and what they said is not worth being read.
            let of = keys::chat_of_member(&entry.field("chat")?);
            let is_its = |of: &Chat| (&of.buffer, &of.id) == (&chat.buffer, &chat.id);
            if !of.as_ref().is_some_and(is_its) {
                return Ok(None);
            }
            let received = Received::read(entry)?;
            if received.at > until {
                return Ok(None);
            }
            Ok(Some(Told::of(received, Answer::read(entry)?)))
        };
        let found = self.store.newest(keys::received, shards, look, of_chat);
        Ok(ended(found.await?))
    }

    /// What was said in the chats of a buffer within `look`, each with its chat, the newest first, and where the look ended, if
    /// there is more.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn told_in(
        self,
        buffer: &Name,
        look: Look,
    ) -> Result<(Vec<(Chat, Told)>, Option<EntryId>)> {
        let filter = Filter::Buffer(buffer.clone());
        let of_buffer = |entry: &StreamEntry| {
            let of = keys::chat_of_member(&entry.field("chat")?);
            let Some(chat) = of.filter(|of| of.buffer == *buffer) else {
                return Ok(None);
            };
            let received = Received::read(entry)?;
            let told = Told::of(received, Answer::read(entry)?);
            Ok(Some((chat, told)))
        };
        let shards = shards_of(&filter);
        let found = self.store.newest(keys::received, shards, look, of_buffer);
        let (told, next) = found.await?;
        Ok((told, next.as_deref().and_then(EntryId::parse)))
    }

    /// What was posted of a chat within `look` and came into no window as a message of its own, likewise; of a chat of which nobody
    /// knows, what was posted in its buffer of a person with this `number`, too.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn untaken(
        self,
        chat: &Chat,
        number: Option<&str>,
        look: Look,
    ) -> Result<(Vec<Posted>, Option<Millis>)> {
        let number = number.map(as_one_number);
        let has_number = |post: &Post| {
            let names = [&post.chat, &post.writer].into_iter().flatten();
            let ids = names.filter_map(|name| ChatId::parse(name).ok());
            let mut numbers = ids.filter_map(|id| number_of(&id));
            number.is_some() && numbers.any(|it| Some(as_one_number(&it)) == number)
        };
        let shard = std::iter::once(shard_of(Some(&chat.buffer)));
        let of_chat = |entry: &StreamEntry| {
            let post = Post::read(entry)?;
            let is_its = post.buffer.as_deref() == Some(chat.buffer.as_str())
                && (post.chat.as_deref() == Some(chat.id.as_str()) || has_number(&post));
            let (id, at) = (entry.id, entry.id.ms);
            Ok(is_its.then_some(Posted { id, at, post }))
        };
        let found = self.store.newest(keys::posts, shard, look, of_chat);
        Ok(ended(found.await?))
    }
}

/// The moment of the last entry that was looked at, where there may be more behind it.
fn ended<T>((found, cursor): (Vec<T>, Option<String>)) -> (Vec<T>, Option<Millis>) {
    let last = cursor.as_deref().and_then(EntryId::parse_of_two);
    (found, last.map(|last| last.ms))
}
