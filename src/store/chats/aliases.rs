//! One person under two names: gateways name people by number, by an alias, or by both.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::gateway::{Party, Person};
use crate::spec::Buffer;
use crate::store::Result;
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, SHARDS, Shard};
use crate::store::scripts;
use crate::store::windows::millis;

/// An alias is forgotten when nobody has used it for so long.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// Aliases looked at in one step: Redis does nothing else meanwhile.
const STEP: u32 = 256;
/// The same of those that a post is asked about, each with its window.
const ASKED_AT_ONCE: usize = 64;

/// A person whose name Redis knows.
struct Asked {
    /// Where in the post.
    number: usize,
    place: Place,
    by_alias: Person,
}

/// The chat that a person would have under the alias, if Redis may know another name.
fn under_alias(buffer: &Buffer, party: &Party) -> Option<(Place, Person)> {
    let (None, Some(alias)) = (&party.person.id, &party.person.alias) else {
        return None;
    };
    let by_alias = Person {
        alias: Some(alias.clone()),
        ..Person::default()
    };
    let under_alias = Party {
        line: party.line.clone(),
        person: by_alias.clone(),
    };
    // What cannot be a chat is nothing to remember either: the caller will find out by itself.
    party.chat_id().ok()?;
    let id = under_alias.chat_id().ok()?;
    Some((Place::of(&buffer.chat(id)), by_alias))
}

impl Chats<'_> {
    /// The persons of a post to `buffer` by the one name that the chat of each goes by: [`Person::name`] of the answer,
    /// which has the order of `parties`.
    ///
    /// Whom the post tells by number and alias is remembered, for this line of this buffer, and who is told by the alias
    /// alone is answered with the number then, also by what stands before it in the same post. The alias stays the name as
    /// long as a window is open, or a pause lasts, that began under it. Redis is asked only about persons with an alias
    /// and without a conversation of their own: about those of a shard in one step, and all shards at the same time.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn persons(self, buffer: &Buffer, parties: &[&Party]) -> Result<Vec<Person>> {
        let mut persons: Vec<_> = parties.iter().map(|party| party.person.clone()).collect();
        let mut asked: BTreeMap<Shard, Vec<Asked>> = BTreeMap::new();
        for (number, party) in parties.iter().enumerate() {
            if let Some((place, by_alias)) = under_alias(buffer, party) {
                asked.entry(place.shard).or_default().push(Asked {
                    number,
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

    /// Asks about those of one shard, and answers with the place of each in the post.
    async fn ask(
        self,
        shard: Shard,
        asked: Vec<Asked>,
        parties: &[&Party],
    ) -> Result<Vec<(usize, Person)>> {
        let mut answers = Vec::with_capacity(asked.len());
        let mut asked = asked.into_iter().peekable();
        while asked.peek().is_some() {
            let some: Vec<_> = asked.by_ref().take(ASKED_AT_ONCE).collect();
            let mut call = scripts::ALIAS.key(keys::aliases(shard));
            call.key(keys::paused(shard));
            for asked in &some {
                let phone = parties[asked.number].person.phone.as_deref();
                call.key(asked.place.window())
                    .arg(&asked.place.member)
                    .arg(phone.unwrap_or_default());
            }
            let phones: Vec<String> = self.store.run(shard, &call).await?;
            for (asked, phone) in some.into_iter().zip(phones) {
                let phone = (!phone.is_empty()).then_some(phone);
                let person = Person {
                    phone,
                    ..asked.by_alias
                };
                answers.push((asked.number, person));
            }
        }
        Ok(answers)
    }

    /// Forgets the aliases that nobody has used for [`REMEMBERED_FOR`]; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn forget_aliases(self) -> Result<u64> {
        let mut forgotten = 0;
        for shard in Shard::all() {
            let mut cursor = "0".to_owned();
            loop {
                let step: (String, u64) = self
                    .store
                    .run(
                        shard,
                        scripts::FORGET
                            .key(keys::aliases(shard))
                            .arg(&cursor)
                            .arg(millis(REMEMBERED_FOR))
                            .arg(STEP),
                    )
                    .await?;
                cursor = step.0;
                forgotten += step.1;
                if cursor == "0" {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}
