//! One person under two names: gateways name people by number, by an alias, or by both.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::core::chat::Chat;
use crate::gateway::{Party, Person};
use crate::spec::Buffer;
use crate::store::Result;
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, SHARDS, Shard};
use crate::store::scripts;

/// An alias is forgotten when nobody has used it for so long.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// The same of those that a post is asked about, each with its window.
const ASKED_AT_ONCE: usize = 64;

/// A person by all that is known of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Their names: those of the post, and the number that was told before.
    pub person: Person,
    /// Their chat goes by the alias, although the number may be known.
    pub by_alias: bool,
}

impl Known {
    /// The person by the one name that the chat goes by.
    pub fn as_named(&self) -> Person {
        if !self.by_alias {
            return self.person.clone();
        }
        Person {
            alias: self.person.alias.clone(),
            ..Person::default()
        }
    }
}

/// A person whose name Redis knows.
struct Asked {
    /// Where in the post.
    number: usize,
    chat: Chat,
    place: Place,
    by_alias: Person,
}

/// The chat that a person would have under the alias, if Redis may know another name.
fn under_alias(buffer: &Buffer, party: &Party) -> Option<(Chat, Person)> {
    let (None, Some(alias)) = (&party.person.id, &party.person.alias) else {
        return None;
    };
    let by_alias = Person {
        alias: Some(alias.clone()),
        ..Person::default()
    };
    // Who writes in a group that is one chat is the person of the private chat.
    let group = party.group.clone().filter(|group| group.by_sender);
    let under_alias = Party {
        line: party.line.clone(),
        person: by_alias.clone(),
        group,
    };
    // What cannot be a chat is nothing to remember either: the caller will find out by itself.
    party.chat_id().ok()?;
    let id = under_alias.chat_id().ok()?;
    Some((buffer.chat(id), by_alias))
}

impl Chats<'_> {
    /// The persons of a post to `buffer`, and by which name the chat of each goes, in the order of `parties`.
    ///
    /// Whom the post tells by number and alias is remembered, for this line of this buffer, and who is told by the alias
    /// alone is answered with the number then, also by what stands before it in the same post. The alias stays the name
    /// of the chat as long as a window is open, or a pause lasts, that began under it. Redis is asked only about persons with an alias
    /// and without a conversation of their own: about those of a shard in one step, and all shards at the same time.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn persons(self, buffer: &Buffer, parties: &[&Party]) -> Result<Vec<Known>> {
        let as_told = |party: &&Party| Known {
            person: party.person.clone(),
            by_alias: false,
        };
        let mut persons: Vec<_> = parties.iter().map(as_told).collect();
        let mut asked: BTreeMap<Shard, Vec<Asked>> = BTreeMap::new();
        for (number, party) in parties.iter().enumerate() {
            if let Some((chat, by_alias)) = under_alias(buffer, party) {
                let place = Place::of(&chat);
                asked.entry(place.shard).or_default().push(Asked {
                    number,
                    chat,
                    place,
                    by_alias,
                });
            }
        }
        let asking = asked
            .into_iter()
            .map(|(shard, asked)| self.ask(shard, asked, parties));
        let answers: Vec<_> = stream::iter(asking)
            .buffer_unordered(SHARDS.into())
            .try_collect()
            .await?;
        for (number, person) in answers.into_iter().flatten() {
            persons[number] = person;
        }
        Ok(persons)
    }

    /// The number that is known of the person of a chat that is called by an alias; none: nobody has told it.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn number_behind(self, under_alias: &Chat) -> Result<Option<String>> {
        let place = Place::of(under_alias);
        let known = redis::Cmd::hget(keys::aliases(place.shard), &place.member);
        let known: Option<String> = self.store.query(&known).await?;
        // When it was last used stands before it.
        let known = known.as_deref().and_then(|known| known.split_once(' '));
        Ok(known.map(|(_, number)| number.to_owned()))
    }

    /// Asks about those of one shard, and answers with the place of each in the post.
    async fn ask(
        self,
        shard: Shard,
        asked: Vec<Asked>,
        parties: &[&Party],
    ) -> Result<Vec<(usize, Known)>> {
        let mut answers = Vec::with_capacity(asked.len());
        let mut asked = asked.into_iter().peekable();
        while asked.peek().is_some() {
            let some: Vec<_> = asked.by_ref().take(ASKED_AT_ONCE).collect();
            let mut call = scripts::ALIAS.key(keys::aliases(shard));
            call.key(keys::paused(shard)).key(keys::people(shard));
            for asked in &some {
                let phone = parties[asked.number].person.phone.as_deref();
                call.key(asked.place.window())
                    .arg(&asked.place.member)
                    .arg(phone.unwrap_or_default())
                    .arg(asked.chat.hash().packed());
            }
            let known: Vec<(String, u8)> = self.store.run(shard, &call).await?;
            for (asked, (phone, by_alias)) in some.into_iter().zip(known) {
                let person = Person {
                    phone: (!phone.is_empty()).then_some(phone),
                    ..asked.by_alias
                };
                let by_alias = by_alias == 1;
                answers.push((asked.number, Known { person, by_alias }));
            }
        }
        Ok(answers)
    }
}
