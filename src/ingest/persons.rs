//! Whom a post has to do with: the chat of each person, and what the person is known by.

use std::collections::HashMap;

use indexmap::IndexSet;
use tracing::debug;

use super::{Ingest, IngestError};
use crate::core::chat::{Chat, ChatId};
use crate::gateway::{Event, Party, Person};
use crate::spec::Buffer;

/// A chat and what its person is known by.
pub(super) struct Known {
    pub(super) id: ChatId,
    pub(super) person: Person,
    /// The chat goes by the alias, although the number may be known.
    by_alias: bool,
}

impl Known {
    /// The number, where a post tells it of a chat that goes by the alias. A group is nobody's.
    pub(super) fn tells<'a>(&self, party: &'a Party) -> Option<&'a str> {
        let is_theirs = party.group.as_ref().is_none_or(|group| group.by_sender);
        let phone = party.person.phone.as_deref();
        phone.filter(|_| self.by_alias && is_theirs)
    }
}

/// Whoever wrote, where the chat is that of a group.
pub(super) fn among_others<'a>(party: &Party, person: &'a Person) -> Option<&'a Person> {
    let is_shared = party.group.as_ref().is_some_and(|group| !group.by_sender);
    Some(person).filter(|person| is_shared && !person.name().trim().is_empty())
}

impl Ingest {
    /// The chats of all that were heard. Who is told of by number and alias comes first, so that a message under the
    /// alias alone, wherever it stands in the same post, goes to the same chat.
    pub(super) async fn persons(
        &self,
        buffer: &Buffer,
        heard: &[Event],
    ) -> Result<HashMap<Party, Known>, IngestError> {
        let mut parties: IndexSet<&Party> = heard.iter().filter_map(Event::party).collect();
        parties
            .sort_by_key(|party| !(party.person.phone.is_some() && party.person.alias.is_some()));
        let parties: Vec<_> = parties.into_iter().collect();
        let persons = self.0.store.chats().persons(buffer, &parties).await?;
        let mut known = HashMap::new();
        for (party, person) in parties.into_iter().zip(persons) {
            let named = Party {
                line: party.line.clone(),
                person: person.as_named(),
                group: party.group.clone(),
            };
            if let Ok(id) = named.chat_id() {
                let (person, by_alias) = (person.person, person.by_alias);
                known.insert(
                    party.clone(),
                    Known {
                        id,
                        person,
                        by_alias,
                    },
                );
            }
        }
        Ok(known)
    }

    /// Notes who wrote in a group, so that it is found by them. What is only looked for makes no Redis fuller that is about
    /// to be full.
    pub(super) async fn note_writer(&self, group: &Chat, writer: &Person) {
        if self.0.memory_guard.is_full() {
            return;
        }
        let chats = self.0.store.chats();
        if let Err(error) = chats.note_writer(group, writer).await {
            debug!(error = %error, "Could not note who wrote in a group: {error}");
        }
    }
}
