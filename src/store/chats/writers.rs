//! Who wrote in groups that are one chat: the index of people leads from each of them to the group.
//!
//! An entry comes with a message that was taken in. It leaves when the person or the group is erased, or when the person has
//! not written there for as long as history is kept.

use std::time::Duration;

use crate::core::chat::{Chat, ChatId};
use crate::core::finding::{Sought, as_one_number, find_key, find_key_of_number};
use crate::core::finding::{number_of, number_under};
use crate::core::moment::millis;
use crate::gateway::Person;
use crate::store::chats::known::{Known, fields_of};
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, Shard};
use crate::store::{Result, scripts};

/// Before the field of a group: somebody with this number wrote there,
const WITH_NUMBER: char = '@';
/// or somebody who is called so.
const WITHOUT_NUMBER: char = '~';
/// Entries that are looked at, or dropped, in one step: Redis does nothing else meanwhile.
const STEP: u32 = 256;

/// Whoever was looked for, where they wrote in a group among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Their number; none: it is not known.
    pub number: Option<String>,
}

/// Where an entry of the index of people leads to.
pub(super) struct Lead<'a> {
    /// What is found.
    pub(super) key: &'a str,
    /// Under which the chat is known.
    pub(super) field: &'a str,
    /// The chat is not theirs alone.
    pub(super) writer: Option<Writer>,
}

impl<'a> Lead<'a> {
    /// Reads an entry.
    pub(super) fn read(entry: &'a str) -> Option<Self> {
        let (key, lead) = entry.split_once('\n')?;
        let number = match lead.chars().next()? {
            WITH_NUMBER => number_under(key),
            WITHOUT_NUMBER => None,
            _ => {
                return Some(Self {
                    key,
                    field: lead,
                    writer: None,
                });
            }
        };
        Some(Self {
            key,
            field: &lead[1..],
            writer: Some(Writer { number }),
        })
    }

    /// Whether whoever wrote in a group is the person of a chat.
    fn is_of(&self, chat: &ChatId) -> bool {
        let same = |writer: &Writer| {
            let number = writer.number.as_deref().map(as_one_number);
            number.is_some() && number == number_of(chat).map(|it| as_one_number(&it))
        };
        let writer = self.writer.as_ref();
        writer.is_some_and(|writer| self.key == find_key(chat) || same(writer))
    }
}

/// What stands in the index for somebody who wrote in a group, without the field; none: they have no name.
fn entry_of(person: &Person) -> Option<String> {
    if let Some(phone) = &person.phone {
        let key = find_key_of_number(phone);
        return Some(format!("{key}\n{WITH_NUMBER}"));
    }
    let name = ChatId::parse(person.name()).ok()?;
    Some(format!("{}\n{WITHOUT_NUMBER}", find_key(&name)))
}

impl Chats<'_> {
    /// Notes that somebody wrote in a group that is one chat, if anything was taken in there; answers whether it was noted.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn note_writer(self, group: &Chat, person: &Person) -> Result<bool> {
        let Some(entry) = entry_of(person) else {
            return Ok(false);
        };
        let place = Place::of(group);
        let mut note = scripts::NOTE_WRITER.key(keys::known(place.shard));
        note.key(keys::people(place.shard))
            .key(keys::writers(place.shard))
            .arg(&place.member)
            .arg(entry);
        for field in fields_of(group.hash()) {
            note.arg(field);
        }
        let noted: u8 = self.store.run(place.shard, &note).await?;
        Ok(noted == 1)
    }

    /// Takes the person of a chat out of the groups of its buffer; answers in how many they had written.
    pub(super) async fn forget_writer(self, chat: &Chat) -> Result<u64> {
        let Some(sought) = Sought::read(chat.id.as_str()) else {
            return Ok(0);
        };
        let mut forgotten = 0;
        for shard in Shard::all() {
            let entries = self.entries(shard, &sought).await?;
            let read = |entry| Some((entry, Lead::read(entry)?));
            let leads = entries.iter().filter_map(|entry| read(entry));
            for (entry, lead) in leads.filter(|(_, lead)| lead.is_of(&chat.id)) {
                let known = redis::Cmd::hget(keys::known(shard), lead.field);
                let known: Option<String> = self.store.query(&known).await?;
                let group = known.map(|known| Known::read(&known)).transpose()?;
                // What leads to nothing any more is nobody else's.
                if group.is_none_or(|group| group.chat.buffer == chat.buffer) {
                    forgotten += self.drop_writers(shard, &[entry]).await?;
                }
            }
        }
        Ok(forgotten)
    }

    /// Forgets who wrote in a group that is known under this field.
    pub(super) async fn forget_writers_of(self, shard: Shard, field: &str) -> Result<()> {
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("ZSCAN");
            scan.arg(keys::writers(shard)).arg(cursor);
            scan.arg("MATCH")
                .arg(format!("*\n[{WITH_NUMBER}{WITHOUT_NUMBER}]{field}"));
            scan.arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<(String, f64)>) = self.store.query(&scan).await?;
            let found: Vec<_> = found.iter().map(|(entry, _)| entry.as_str()).collect();
            self.drop_writers(shard, &found).await?;
            if next == 0 {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// Forgets who has not written in a group for so long; answers how many.
    pub(super) async fn forget_old_writers(self, shard: Shard, age: Duration) -> Result<u64> {
        let mut forgotten = 0;
        loop {
            let mut forget = scripts::FORGET_WRITERS.key(keys::writers(shard));
            forget.key(keys::people(shard)).arg(millis(age)).arg(STEP);
            let some: u64 = self.store.run(shard, &forget).await?;
            forgotten += some;
            if some < STEP.into() {
                return Ok(forgotten);
            }
        }
    }

    async fn drop_writers(self, shard: Shard, entries: &[&str]) -> Result<u64> {
        if entries.is_empty() {
            return Ok(0);
        }
        let mut drops = redis::pipe();
        drops
            .zrem(keys::writers(shard), entries)
            .ignore()
            .zrem(keys::people(shard), entries);
        let (dropped,): (u64,) = self.store.pipeline(&drops).await?;
        Ok(dropped)
    }
}
