//! Whose chats there are: an index by what people are found by, beside when each was last heard from.
//!
//! A chat comes into it with the step that takes its first message in, and leaves it when it is erased, or when it was
//! not heard from for as long as history is kept. A number that an alias stands for leads to the chat under the alias, too.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::core::batch::Millis;
use crate::core::chat::{Chat, ChatHash, Name};
use crate::core::finding::{Sought, find_key, find_key_of_number};
use crate::store::chats::known::{Known, fields_of};
use crate::store::chats::writers::{Lead, Writer};
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, Shard};
use crate::store::{Result, StoreError, reply};

/// Entries that are read of a shard for one look: where more begin so, nobody finds anybody among them.
const MOST_OF_A_SHARD: usize = 200;
/// Shards that are asked at the same time.
const SHARDS_AT_ONCE: usize = 8;

/// A chat that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundChat {
    /// The chat.
    pub chat: Chat,
    /// How whoever writes there calls themself, as far as it was told.
    pub name: Option<String>,
    /// The number that its alias stands for.
    pub phone: Option<String>,
    /// About when it was last heard from: when its newest window was opened. If it never was, when it was first written
    /// to. In a group, when the writer last wrote there. None: it is not known any more.
    pub last_heard: Option<Millis>,
    /// It is a group that is one chat, and whoever was looked for wrote there.
    pub writer: Option<Writer>,
    /// A window is open.
    pub open: bool,
    /// Until the end of its pause; none: it is not paused.
    pub paused_for: Option<Duration>,
    /// Batches wait for a destination.
    pub waiting: bool,
}

/// Which chats were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those that were heard from last come first.
    pub chats: Vec<FoundChat>,
    /// There may be more.
    pub more: bool,
}

/// What stands in the index for a chat: what it is found by, and in the next line the field under which it is known.
pub(super) fn entry(chat: &Chat, field: &str) -> String {
    format!("{}\n{field}", find_key(&chat.id))
}

/// What stands there for a chat under an alias, by the number that the alias, kept as `<when> <number>`, stands for.
pub(super) fn entry_of_alias(chat: &Chat, known: &str) -> String {
    let number = known.split_once(' ').map_or("", |(_, number)| number);
    format!("{}\n{}", find_key_of_number(number), chat.hash().packed())
}

impl Chats<'_> {
    /// The chats of whom somebody looks for, at most so many; `destinations` are those of a buffer.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find(
        self,
        sought: &Sought,
        most: usize,
        destinations: impl Fn(&Name) -> Vec<Name>,
    ) -> Result<Found> {
        let (mut more, mut found) = (false, Vec::new());
        let asking = Shard::all().map(|shard| self.find_in(shard, sought));
        let mut answers = stream::iter(asking).buffer_unordered(SHARDS_AT_ONCE);
        while let Some((chats, is_cut)) = answers.try_next().await? {
            more |= is_cut;
            found.extend(chats);
        }
        self.told(found, most, more, destinations).await
    }

    /// The chats with this hash, which stands for them in logs.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find_hash(
        self,
        hash: ChatHash,
        destinations: impl Fn(&Name) -> Vec<Name>,
    ) -> Result<Found> {
        let mut read = redis::pipe();
        let fields = fields_of(hash);
        for shard in Shard::all() {
            read.cmd("HMGET").arg(keys::known(shard)).arg(&fields);
        }
        let known: Vec<Vec<Option<String>>> = self.store.pipeline(&read).await?;
        let known = known.iter().flatten().flatten();
        let found = known.map(|text| Known::read(text)).collect::<Result<_>>()?;
        self.told(found, usize::MAX, false, destinations).await
    }

    /// A chat as it would be found; one that is not known is told with nothing.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn look_at(self, chat: &Chat, destinations: Vec<Name>) -> Result<FoundChat> {
        let known = self.known(chat).await?.map(|(_, known)| known);
        let known = known.unwrap_or_else(|| Known {
            last_heard: None,
            name: None,
            chat: chat.clone(),
            writer: None,
        });
        let mut seen = self.see(vec![known]).await?;
        let mut seen = seen.pop().ok_or(StoreError::Unreadable("a chat"))?;
        seen.waiting = self.waits(chat, destinations).await?;
        Ok(seen)
    }

    /// Under which field a chat is known, and what is kept of it.
    pub(super) async fn known(self, chat: &Chat) -> Result<Option<(String, Known)>> {
        let fields = fields_of(chat.hash());
        let mut read = redis::cmd("HMGET");
        read.arg(keys::known(Place::of(chat).shard)).arg(&fields);
        let known: Vec<Option<String>> = self.store.query(&read).await?;
        for (field, text) in fields.into_iter().zip(known) {
            let known = text.map(|text| Known::read(&text)).transpose()?;
            if let Some(known) = known.filter(|known| known.chat == *chat) {
                return Ok(Some((field, known)));
            }
        }
        Ok(None)
    }

    /// What is told of chats that were found: each once, those heard from last first.
    async fn told(
        self,
        mut found: Vec<Known>,
        most: usize,
        more: bool,
        destinations: impl Fn(&Name) -> Vec<Name>,
    ) -> Result<Found> {
        // Schedules are no people.
        found.retain(|it| !it.chat.buffer.is_own());
        found.sort_by(|a, b| {
            let newest = b.last_heard.cmp(&a.last_heard);
            newest.then_with(|| a.chat.cmp(&b.chat))
        });
        let mut told = HashSet::new();
        // Its buffer may have gone by another order.
        found.retain(|it| {
            let number = it.writer.as_ref().map(|writer| writer.number.clone());
            told.insert((it.chat.buffer.clone(), it.chat.id.clone(), number))
        });
        let more = more || found.len() > most;
        found.truncate(most);
        let mut chats = self.see(found).await?;
        for it in &mut chats {
            it.waiting = self.waits(&it.chat, destinations(&it.chat.buffer)).await?;
        }
        Ok(Found { chats, more })
    }

    /// What stands in the index of a shard for those who may be meant.
    pub(super) async fn entries(self, shard: Shard, sought: &Sought) -> Result<Vec<String>> {
        let prefix = sought.prefix();
        let mut read = redis::cmd("ZRANGEBYLEX");
        read.arg(keys::people(shard))
            .arg(format!("[{prefix}"))
            .arg([b"(", prefix.as_bytes(), &[0xff]].concat())
            .arg("LIMIT")
            .arg(0)
            .arg(MOST_OF_A_SHARD);
        self.store.query(&read).await
    }

    /// The chats of a shard that are meant, and whether not all of them were read.
    async fn find_in(self, shard: Shard, sought: &Sought) -> Result<(Vec<Known>, bool)> {
        let entries = self.entries(shard, sought).await?;
        let is_cut = entries.len() == MOST_OF_A_SHARD;
        let meant = entries.iter().filter_map(|entry| {
            let lead = Lead::read(entry).filter(|lead| sought.is(lead.key))?;
            Some((entry, lead))
        });
        let (entries, leads): (Vec<_>, Vec<_>) = meant.unzip();
        if leads.is_empty() {
            return Ok((Vec::new(), is_cut));
        }
        let mut read = redis::pipe();
        let fields: Vec<_> = leads.iter().map(|lead| lead.field).collect();
        read.cmd("HMGET").arg(keys::known(shard)).arg(fields);
        read.cmd("ZMSCORE").arg(keys::writers(shard)).arg(entries);
        let (known, wrote): (Vec<Option<String>>, Vec<Option<f64>>) =
            self.store.pipeline(&read).await?;
        let mut found = Vec::new();
        for ((lead, known), wrote) in leads.into_iter().zip(known).zip(wrote) {
            let Some(mut known) = known.map(|text| Known::read(&text)).transpose()? else {
                continue;
            };
            if lead.writer.is_some() {
                known.last_heard = wrote.map(reply::score);
                known.writer = lead.writer;
            }
            found.push(known);
        }
        Ok((found, is_cut))
    }

    /// What there is of chats at this moment, in their order.
    async fn see(self, chats: Vec<Known>) -> Result<Vec<FoundChat>> {
        type Seen = (Option<String>, bool, Option<Millis>);
        if chats.is_empty() {
            return Ok(Vec::new());
        }
        let mut read = redis::pipe();
        read.cmd("TIME");
        for Known { chat, .. } in &chats {
            let place = Place::of(chat);
            read.hget(keys::aliases(place.shard), &place.member)
                .exists(place.window())
                .zscore(keys::paused(place.shard), &place.member);
        }
        let values: Vec<redis::Value> = self.store.pipeline(&read).await?;
        let now = reply::time(values.first().cloned())?;
        let seen = chats.into_iter().zip(values[1..].chunks(3));
        let seen = seen.map(|(known, values)| {
            let values = redis::Value::Array(values.to_vec());
            let (alias, open, paused): Seen = reply::value(Some(values))?;
            let phone = alias.and_then(|alias| Some(alias.split_once(' ')?.1.to_owned()));
            Ok(FoundChat {
                chat: known.chat,
                name: known.name,
                phone,
                last_heard: known.last_heard,
                writer: known.writer,
                open,
                paused_for: paused
                    .and_then(|until| until.checked_sub(now))
                    .filter(|left| *left > 0)
                    .map(Duration::from_millis),
                waiting: false,
            })
        });
        seen.collect()
    }

    async fn waits(self, chat: &Chat, destinations: Vec<Name>) -> Result<bool> {
        if destinations.is_empty() {
            return Ok(false);
        }
        let place = Place::of(chat);
        let mut read = redis::pipe();
        for destination in &destinations {
            read.zscore(place.due_lanes(destination), place.lane_member());
        }
        let times: Vec<Option<f64>> = self.store.pipeline(&read).await?;
        Ok(times.iter().any(Option::is_some))
    }
}
