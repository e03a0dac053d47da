//! Whose number is this, and what became of this id: from whatever somebody has in hand to the chats it leads to.

use super::{Admin, AdminError, Conflict, NoSuch};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, ChatHash, ChatId, Name};
use crate::core::finding::{Sought, as_one_number, number_of};
use crate::store::EntryId;
use crate::store::chats::people::{Found, FoundChat};
use crate::store::chats::tokens;

/// Chats that are looked at for one that is meant.
const MOST_MEANT: usize = 100;
/// Chats that are named where several may be meant.
const MOST_NAMED: usize = 10;

/// What it was that was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// A number, or the end of one.
    Number,
    /// How a chat id begins.
    Text,
    /// The `webhook-id` of a call.
    WebhookId,
    /// A `message_id`.
    MessageId,
    /// The id of a dead letter.
    DeadLetter,
    /// What stands for a chat in logs.
    Hash,
    /// The token of a chat.
    Token,
}

/// What was found.
#[derive(Debug)]
pub struct Findings {
    /// By what.
    pub by: FoundBy,
    /// Chats.
    pub found: Found,
    /// Of what came before this moment not everything was looked through.
    pub searched_until: Option<Millis>,
}

impl Admin {
    /// The chats, at most so many, to which a number, the beginning of a chat id, a token, a hash, or the id of a call, of a
    /// dead letter or of a message leads. None: nobody can be found by it.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find(&self, text: &str, most: usize) -> Result<Option<Findings>, AdminError> {
        let text = text.trim();
        if let Some(findings) = self.find_by_id(text).await? {
            return Ok(Some(findings));
        }
        let destinations = |buffer: &Name| self.destinations_of(buffer);
        let sought = Sought::read(text);
        if let Some(sought) = &sought {
            let found = self
                .store()
                .chats()
                .find(sought, most, destinations)
                .await?;
            if !found.chats.is_empty() {
                return Ok(Some(plain(by(sought), found)));
            }
            let chats = self.of_alias(text, None).await?;
            if !chats.is_empty() {
                return Ok(Some(plain(by(sought), self.told(chats).await?)));
            }
        }
        // A message may be called anything, a number as well.
        let (chats, searched_until) = self.store().history().chats_of_message(text).await?;
        if chats.is_empty() {
            return Ok(sought.map(|sought| Findings {
                searched_until,
                ..plain(by(&sought), Found::default())
            }));
        }
        Ok(Some(plain(FoundBy::MessageId, self.told(chats).await?)))
    }

    /// By what can be nothing else; none: it is none of these, or leads to nobody.
    async fn find_by_id(&self, text: &str) -> Result<Option<Findings>, AdminError> {
        let store = self.store();
        if let Some(chat) = self.chat_tokens().open(text) {
            let found = self.told(vec![chat]).await?;
            return Ok(Some(plain(FoundBy::Token, found)));
        }
        if let Some(hash) = ChatHash::parse(text) {
            let destinations = |buffer: &Name| self.destinations_of(buffer);
            let found = store.chats().find_hash(hash, destinations).await?;
            if !found.chats.is_empty() {
                return Ok(Some(plain(FoundBy::Hash, found)));
            }
        }
        if let Some(id) = BatchId::read(text)
            && let Some(chat) = self.chat_of_batch(&id).await?
        {
            let found = self.told(vec![chat]).await?;
            return Ok(Some(plain(FoundBy::WebhookId, found)));
        }
        if let Some(id) = EntryId::parse(text)
            && let Some(letter) = store.dead_letters().find(id).await?
        {
            let chat = Chat::from_stored(&letter.letter.buffer, &letter.letter.chat);
            let found = self.told(chat.into_iter().collect()).await?;
            return Ok(Some(plain(FoundBy::DeadLetter, found)));
        }
        Ok(None)
    }

    /// The chat that is meant by a whole number, in any writing, where there is none of that very name; in a buffer, if one is
    /// named. The end of a number, or how a name begins, leads to people and means none of them: somebody may be erased by it.
    ///
    /// # Errors
    /// There is none, or several; unavailable, silent or unreadable.
    async fn meant(&self, text: &str, buffer: Option<&Name>) -> Result<Chat, AdminError> {
        let mut chats = Vec::new();
        let number = ChatId::parse(text).ok().and_then(|id| number_of(&id));
        if let Some((sought, number)) = Sought::read(text).zip(number) {
            let found = self
                .store()
                .chats()
                .find(&sought, MOST_MEANT, |_| Vec::new());
            let number = as_one_number(&number);
            let has_it = |it: &FoundChat| {
                let its = number_of(&it.chat.id).or_else(|| it.phone.clone());
                its.is_some_and(|its| as_one_number(&its) == number)
            };
            chats = found.await?.chats;
            // A group is nobody's own.
            chats.retain(|it| it.writer.is_none() && has_it(it));
        }
        chats.retain(|it| buffer.is_none_or(|buffer| it.chat.buffer == *buffer));
        // Who was first heard under an alias has a chat of the number since.
        let has_number = |chat: &Chat| number_of(&chat.id).is_some();
        let by_number = chats.iter().map(|it| it.chat.clone());
        let by_number: Vec<_> = by_number.filter(has_number).collect();
        let is_past = |chat: &Chat| by_number.iter().any(|it| it.is_of_one_line_with(chat));
        chats.retain(|it| has_number(&it.chat) || !is_past(&it.chat));
        if chats.len() > 1 {
            let names = chats.iter().take(MOST_NAMED).map(|it| it.chat.to_string());
            let several = Conflict::SeveralPeople {
                sought: text.to_owned(),
                chats: names.collect(),
            };
            return Err(several.into());
        }
        let found = chats.pop().ok_or_else(|| NoSuch::chat(text, buffer))?;
        Ok(found.chat)
    }

    /// A chat that is known or paused, or the one that is meant by what somebody wrote for it; where there is none, the
    /// chat of that very name.
    ///
    /// # Errors
    /// Several may be meant; it is a token that no chat has; unavailable, silent or unreadable.
    pub async fn known_or_meant(
        &self,
        chat: Chat,
        asked: &str,
        buffer: Option<&Name>,
    ) -> Result<Chat, AdminError> {
        let known = self.store().chats().look_at(&chat, Vec::new()).await?;
        if known.last_heard.is_some() || known.paused_for.is_some() {
            return Ok(chat);
        }
        match self.meant(asked, buffer).await {
            // Of another Lull, or a part of one: a chat is hardly called so.
            Err(AdminError::NoSuch(_)) if tokens::is_like_one(asked) => {
                Err(NoSuch::chat(asked, buffer).into())
            }
            Err(AdminError::NoSuch(_)) => {
                let mut of_alias = self.of_alias(asked, buffer).await?;
                Ok(match of_alias.pop() {
                    // Of several none is meant more than another.
                    Some(meant) if of_alias.is_empty() => meant,
                    _ => chat,
                })
            }
            meant => meant,
        }
    }

    async fn told(&self, chats: Vec<Chat>) -> Result<Found, AdminError> {
        let mut found = Found::default();
        for chat in chats {
            let chat = self.chat(chat.buffer, chat.id);
            let destinations = self.destinations_of(&chat.buffer);
            let told = self.store().chats().look_at(&chat, destinations).await?;
            found.chats.push(told);
        }
        Ok(found)
    }

    pub(super) fn destinations_of(&self, buffer: &Name) -> Vec<Name> {
        let snapshot = self.registry().get();
        let destinations = snapshot.buffer(buffer).map(|it| &it.destinations);
        let all = destinations.into_iter().flat_map(|all| all.iter());
        all.map(|it| it.name.clone()).collect()
    }
}

fn by(sought: &Sought) -> FoundBy {
    match sought {
        Sought::Number(_) => FoundBy::Number,
        Sought::Text(_) => FoundBy::Text,
    }
}

fn plain(by: FoundBy, found: Found) -> Findings {
    Findings {
        by,
        found,
        searched_until: None,
    }
}
