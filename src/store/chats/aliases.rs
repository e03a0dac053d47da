//! One person under two names: gateways name people by number, by an alias, or by both.

use std::time::Duration;

use crate::gateway::{Party, Person};
use crate::spec::Buffer;
use crate::store::Result;
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, Shard};
use crate::store::scripts;
use crate::store::windows::millis;

/// An alias is forgotten when nobody has used it for so long.
pub const REMEMBERED_FOR: Duration = Duration::from_secs(90 * 24 * 3600);
/// Aliases looked at in one step: Redis does nothing else meanwhile.
const STEP: u32 = 256;

impl Chats<'_> {
    /// The person of a post to `buffer` by the one name that their chat goes by: [`Person::name`] of the answer.
    ///
    /// A post that tells number and alias is remembered, for this line of this buffer, and one that tells the alias
    /// alone is answered with the number then. The alias stays the name as long as a window is open, or a pause lasts,
    /// that began under it. Redis is asked only about a person with an alias and without a conversation of its own.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn person(self, buffer: &Buffer, party: &Party) -> Result<Person> {
        let person = &party.person;
        let (None, Some(alias)) = (&person.id, &person.alias) else {
            return Ok(person.clone());
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
        let (Ok(_), Ok(id)) = (party.chat_id(), under_alias.chat_id()) else {
            return Ok(person.clone());
        };
        let place = Place::of(&buffer.chat(id));
        let phone: String = self
            .store
            .run(
                place.shard,
                scripts::ALIAS
                    .key(keys::aliases(place.shard))
                    .key(place.window())
                    .key(keys::paused(place.shard))
                    .arg(&place.member)
                    .arg(person.phone.as_deref().unwrap_or_default()),
            )
            .await?;
        if phone.is_empty() {
            return Ok(by_alias);
        }
        Ok(Person {
            phone: Some(phone),
            ..by_alias
        })
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
