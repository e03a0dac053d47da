//! Erasing a chat: a person's right to have every trace of them removed.
//!
//! What new kinds of things are kept of a chat has to be erased here too.

use std::ops::AddAssign;

use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::store::Result;
use crate::store::batch::whose_word;
use crate::store::chats::people;
use crate::store::dead_letters::{Letter, shards_of};
use crate::store::handles::Chats;
use crate::store::history::Record;
use crate::store::keys::{self, Place, Shard};
use crate::store::nodes::Tag;
use crate::store::paging::{EntryId, Look, StreamEntry};
use crate::store::scripts;
use crate::store::work::Kind;

/// Keys and fields that Redis looks at in one step of a scan.
const STEP: u32 = 1000;
/// Entries of a list that are looked at before those found are dropped.
const PAGE: usize = 500;

/// What was erased of a chat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Messages in its open window.
    pub messages: u64,
    /// Messages that waited for a time of their own.
    pub later: u64,
    /// Batches on lanes.
    pub batches: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Entries of the history.
    pub history: u64,
    /// Messages in the list of what was received.
    pub received: u64,
    /// Posts that were not taken.
    pub posts: u64,
    /// Aliases that stood for it.
    pub aliases: u64,
    /// When it was last heard from, a pause, and groups in which its person wrote.
    pub states: u64,
}

impl Erased {
    /// All of it.
    pub fn total(&self) -> u64 {
        let Self {
            messages,
            later,
            batches,
            dead_letters,
            history,
            received,
            posts,
            aliases,
            states,
        } = self;
        let over = dead_letters + history + received + posts;
        messages + later + batches + over + aliases + states
    }
}

impl AddAssign for Erased {
    fn add_assign(&mut self, more: Self) {
        self.messages += more.messages;
        self.later += more.later;
        self.batches += more.batches;
        self.dead_letters += more.dead_letters;
        self.history += more.history;
        self.received += more.received;
        self.posts += more.posts;
        self.aliases += more.aliases;
        self.states += more.states;
    }
}

impl Chats<'_> {
    /// Erases all that is kept of a chat, in whichever order its buffer went, and of the chats that its person had under an
    /// alias: nothing would lead to those any more. What is on its way to a destination may still arrive there, and leaves
    /// nothing behind here. Ids of messages stay for a day, as digests that lead nobody back.
    ///
    /// # Errors
    /// Unavailable or silent: then part of it may be left, and the same again erases the rest.
    pub async fn erase(self, chat: &Chat) -> Result<Erased> {
        let mut erased = self.erase_one(chat).await?;
        let aliases = self.aliases_of(chat).await?;
        for alias in aliases.iter().filter(|it| it.chat.id != chat.id) {
            erased += self.erase_one(&alias.chat).await?;
        }
        // At last, as they lead to what was to be erased.
        for alias in &aliases {
            erased.aliases += self.drop_alias(alias).await?;
        }
        Ok(erased)
    }

    /// Erases a chat, and leaves the aliases that stand for it.
    async fn erase_one(self, chat: &Chat) -> Result<Erased> {
        let mut erased = Erased::default();
        // In the order in which things move on, so that nothing slips past.
        for chat in [chat, &chat.in_other_order()] {
            erased.later += self.store.scheduled().cancel_all_of(chat).await?;
            erased.states += u64::from(self.store.follow_ups().cancel(chat).await?);
            erased.messages += self.store.windows().cancel(chat).await?;
            erased.batches += self.erase_lanes(chat).await?;
            // One more may have been planned until then.
            erased.states += u64::from(self.store.follow_ups().cancel(chat).await?);
            erased.states += self.erase_states(chat).await?;
        }
        let (buffer, id) = (chat.buffer.as_str(), chat.id.as_str());
        let letters = |entry: &StreamEntry| {
            let letter: Option<Letter> = read(entry, "letter");
            letter.is_some_and(|letter| letter.buffer == buffer && letter.chat == id)
        };
        let filter = Filter::Chat(chat.clone());
        let shards = || shards_of(&filter);
        erased.dead_letters = self.erase_entries(keys::dead, shards, letters).await?;
        let records = |entry: &StreamEntry| {
            let record: Option<Record> = read(entry, "record");
            record.is_some_and(|record| record.buffer == buffer && record.chat == id)
        };
        erased.history = self.erase_entries(keys::history, shards, records).await?;
        let received = |entry: &StreamEntry| {
            let member = entry.field("chat").ok();
            let of = member.and_then(|member| keys::chat_of_member(&member));
            of.is_some_and(|of| of.buffer == chat.buffer && of.id == chat.id)
        };
        erased.received = self.erase_entries(keys::received, shards, received).await?;
        erased.posts = self.store.history().erase_posts(chat).await?;
        erased.states += self.forget_writer(chat).await?;
        Ok(erased)
    }

    /// To every destination, also one that is configured no more: what was revived may wait for it.
    async fn erase_lanes(self, chat: &Chat) -> Result<u64> {
        let place = Place::of(chat);
        let mut erased = 0;
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(keys::lanes_like(place.shard))
                .arg("COUNT")
                .arg(STEP);
            let tag = Some(Tag::of_shard(place.shard));
            let (next, found): (u64, Vec<Vec<u8>>) = self.store.query_at(tag, &scan).await?;
            let found = found.iter().filter_map(|key| std::str::from_utf8(key).ok());
            for destination in found.filter_map(|key| place.destination_of(key)) {
                erased += self
                    .store
                    .run::<u64>(
                        place.shard,
                        scripts::ERASE
                            .key(place.due_lanes(&destination))
                            .key(place.lane(&destination))
                            .key(place.head(&destination))
                            .key(place.revived(&destination))
                            .key(keys::held(place.shard, Kind::Lanes))
                            .key(keys::lanes(place.shard))
                            .arg(place.lane_member())
                            .arg(whose_word(chat).trim_start()),
                    )
                    .await?;
            }
            if next == 0 {
                return Ok(erased);
            }
            cursor = next;
        }
    }

    async fn erase_states(self, chat: &Chat) -> Result<u64> {
        let place = Place::of(chat);
        let mut drops = redis::pipe();
        drops
            .zrem(keys::heard(place.shard), &place.member)
            .zrem(keys::paused(place.shard), &place.member)
            .hdel(keys::pausers(place.shard), &place.member)
            .ignore();
        let (heard, paused): (u64, u64) = self.store.pipeline(&drops).await?;
        let known = self.forget_chat(chat).await?;
        // The same moment, kept twice.
        Ok(heard.max(known) + paused)
    }

    /// Erases the entries of a list that are of the chat, and what is left of any that were dropped before.
    pub(in crate::store) async fn erase_entries<S: Iterator<Item = Shard>>(
        self,
        key: fn(Shard) -> String,
        shards: impl Fn() -> S,
        is_of_chat: impl Fn(&StreamEntry) -> bool,
    ) -> Result<u64> {
        let mut erased = 0;
        let mut look = Look::first(PAGE);
        loop {
            let keep = |entry: &StreamEntry| Ok(is_of_chat(entry).then_some(entry.id));
            let (found, next) = self.store.newest(key, shards(), look, keep).await?;
            for id in found {
                let drop = redis::Cmd::xdel(key(id.shard), &[id.in_stream()]);
                erased += self.store.query::<u64>(&drop).await?;
            }
            match next.and_then(|cursor| EntryId::parse(&cursor)) {
                Some(after) => look.after = Some(after),
                None => break,
            }
        }
        for shard in shards() {
            let mut rewrite = scripts::REWRITE.key(key(shard));
            rewrite.key(keys::copy(shard));
            let _entries: u64 = self.store.run(shard, &rewrite).await?;
        }
        Ok(erased)
    }

    /// Those under which the chat was known, and the chat's own if it goes by an alias.
    async fn aliases_of(self, chat: &Chat) -> Result<Vec<Alias>> {
        let mut aliases = Vec::new();
        for shard in Shard::all() {
            let mut cursor = 0;
            loop {
                let mut scan = redis::cmd("HSCAN");
                scan.arg(keys::aliases(shard)).arg(cursor);
                scan.arg("COUNT").arg(STEP);
                let (next, found): (u64, Vec<(String, String)>) = self.store.query(&scan).await?;
                aliases.extend(found.into_iter().filter_map(|(field, known)| {
                    let alias = keys::chat_of_member(&field)?;
                    stands_for(&alias, &known, chat).then_some(Alias {
                        shard,
                        field,
                        chat: alias,
                        known,
                    })
                }));
                if next == 0 {
                    break;
                }
                cursor = next;
            }
        }
        Ok(aliases)
    }

    async fn drop_alias(self, alias: &Alias) -> Result<u64> {
        let entry = people::entry_of_alias(&alias.chat, &alias.known);
        let mut drop = redis::pipe();
        drop.hdel(keys::aliases(alias.shard), &alias.field)
            .zrem(keys::people(alias.shard), entry)
            .ignore();
        let (dropped,): (u64,) = self.store.pipeline(&drop).await?;
        Ok(dropped)
    }
}

/// An alias, and where it is kept.
struct Alias {
    shard: Shard,
    field: String,
    /// The chat that it is when nobody knows better.
    chat: Chat,
    /// `<when> <number>`.
    known: String,
}

/// Whether an alias, kept as `<when> <number>`, stands for the chat: on the same line, by that number.
fn stands_for(alias: &Chat, known: &str, chat: &Chat) -> bool {
    if alias.buffer != chat.buffer {
        return false;
    }
    let number = known.split_once(' ').map_or("", |(_, number)| number);
    let line = chat.id.as_str().strip_suffix(number);
    let line = line.filter(|line| line.is_empty() || line.ends_with(':'));
    alias.id == chat.id
        || (!number.is_empty() && line.is_some_and(|line| alias.id.as_str().starts_with(line)))
}

/// A field of an entry as what it was written as; what cannot be read is nobody's.
fn read<T: serde::de::DeserializeOwned>(entry: &StreamEntry, field: &str) -> Option<T> {
    serde_json::from_str(&entry.field(field).ok()?).ok()
}
