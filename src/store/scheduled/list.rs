//! Messages that wait for their time, as an operator sees them: the next to leave first, a page at a time.

use serde_json::value::RawValue;

use super::member::{KeptMessage, messages_like, messages_with};
use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::item::{Item, read_items};
use crate::store::dead_letters::shards_of;
use crate::store::due_list::{DueCursor, first_page};
use crate::store::handles::Scheduled;
use crate::store::keys::{self, Due, Shard};
use crate::store::work::Kind;
use crate::store::{Result, StoreError};

/// Looks for one page at the most, where other things wait between the messages.
const MOST_ROUNDS: usize = 20;

/// A message that waits for its time.
#[derive(Debug)]
pub struct Kept {
    /// The client's id for it, or the one made for it.
    pub id: String,
    /// Its chat.
    pub chat: Chat,
    /// When it is to leave.
    pub at: Millis,
    /// When it came.
    pub came: Millis,
    /// What was said.
    pub message: Box<RawValue>,
}

impl Kept {
    /// Reads what the later script wrote: the time, when it came, and the message.
    fn read(chat: Chat, text: &str) -> Result<Self> {
        let unreadable = || StoreError::Unreadable("a message for later");
        let (at, rest) = text.split_once(' ').ok_or_else(unreadable)?;
        let (_, item) = rest.split_once(' ').ok_or_else(unreadable)?;
        let item: Item = read_items(item)
            .ok()
            .and_then(|mut items| items.pop())
            .ok_or_else(unreadable)?;
        Ok(Self {
            id: item.id.unwrap_or_default(),
            chat,
            at: at.trim_end_matches('@').parse().map_err(|_| unreadable())?,
            came: item.at,
            message: item.message,
        })
    }
}

impl Scheduled<'_> {
    /// A page of the messages that wait for their time; fewer than asked for where
    /// they have more bytes than `bytes`. While the first of them
    /// leave, one may show twice.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list(
        self,
        filter: &Filter,
        after: Option<DueCursor>,
        limit: usize,
        bytes: usize,
    ) -> Result<(Vec<Kept>, Option<String>)> {
        match filter {
            Filter::Everybody => self.read_all(after, limit, bytes).await,
            Filter::Buffer(buffer) => {
                let (shards, _) = self.store.shards_with(Kind::Later, buffer).await?;
                let wanted = |member: &str| message(member).is_some_and(|it| it.buffer == *buffer);
                // Behind the digest of its id, and the mark of an order.
                let words = format!("{buffer}:");
                let sifted = self
                    .store
                    .sifted(&Due::Later, shards, &words, wanted, after, limit);
                let (mut found, mut next) = sifted.await?;
                let mut left = bytes;
                if self.cut(&mut found, &mut left).await? {
                    next = found.last().map(DueCursor::text);
                }
                Ok((self.read(&found).await?, next))
            }
            Filter::Chat(Chat { buffer, .. }) => {
                let shards = shards_of(filter);
                let mut found = self.waiting(shards, &messages_like(buffer)).await?;
                found.retain(|cursor| {
                    let chat = message(&cursor.member);
                    chat.is_some_and(|chat| filter.includes(chat.buffer.as_str(), chat.id.as_str()))
                });
                self.page(found, after, limit, bytes).await
            }
        }
    }

    /// The chats that have a message with this id waiting; looks through the whole index.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn chats_with(self, id: &str) -> Result<Vec<Chat>> {
        let found = self.waiting(Shard::all(), &messages_with(id)).await?;
        let chats = found.iter().filter_map(|cursor| message(&cursor.member));
        Ok(chats.collect())
    }

    /// The message of an ordered buffer with this id, if it waits; looks through the whole index of its shard.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find_in_order(self, buffer: &Name, id: &str) -> Result<Option<Kept>> {
        let shard = std::iter::once(Shard::of_ordered(buffer));
        let found = self.waiting(shard, &messages_with(id)).await?;
        let mut kept = self.read(&found).await?.into_iter();
        Ok(kept.find(|kept| kept.chat.buffer == *buffer))
    }

    /// How many messages of a buffer wait for their time.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_in(self, buffer: &Name) -> Result<u64> {
        let found = self.waiting_in(buffer).await?;
        Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
    }

    /// All messages of a buffer that wait for their time.
    pub(super) async fn waiting_in(self, buffer: &Name) -> Result<Vec<KeptMessage>> {
        let found = self.waiting(Shard::all(), &messages_like(buffer)).await?;
        let waiting = found
            .iter()
            .filter_map(|cursor| KeptMessage::parse(&cursor.member));
        let of_buffer = |waiting: &KeptMessage| waiting.chat.buffer == *buffer;
        Ok(waiting.filter(of_buffer).collect())
    }

    async fn waiting(
        self,
        shards: impl Iterator<Item = Shard>,
        pattern: &str,
    ) -> Result<Vec<DueCursor>> {
        let mut found = Vec::new();
        for shard in shards {
            let members = self.store.matching(&Due::Later, shard, pattern).await?;
            found.extend(
                members
                    .into_iter()
                    .map(|(member, score)| DueCursor::new(score, shard, member)),
            );
        }
        Ok(found)
    }

    async fn page(
        self,
        mut found: Vec<DueCursor>,
        after: Option<DueCursor>,
        limit: usize,
        bytes: usize,
    ) -> Result<(Vec<Kept>, Option<String>)> {
        found.retain(|entry| after.as_ref().is_none_or(|after| entry > after));
        let mut next = first_page(&mut found, limit);
        let mut left = bytes;
        if self.cut(&mut found, &mut left).await? {
            next = found.last().map(DueCursor::text);
        }
        Ok((self.read(&found).await?, next))
    }

    async fn read_all(
        self,
        mut after: Option<DueCursor>,
        limit: usize,
        bytes: usize,
    ) -> Result<(Vec<Kept>, Option<String>)> {
        let mut kept = Vec::new();
        let mut left = bytes;
        for _ in 0..MOST_ROUNDS {
            let (mut found, next) = self
                .store
                .earliest(&Due::Later, after.clone(), limit - kept.len())
                .await?;
            let was_cut = self.cut(&mut found, &mut left).await?;
            kept.extend(self.read(&found).await?);
            if !was_cut && (next.is_none() || kept.len() >= limit) {
                return Ok((kept, next));
            }
            // Where the bytes were used up exactly, none of these was read.
            after = found.into_iter().next_back().or(after);
            if was_cut {
                break;
            }
        }
        Ok((kept, after.map(|cursor| cursor.text())))
    }

    /// Keeps as many of these, from the first on, as begin within so many bytes, of which it takes what they have; answers
    /// whether any had to go.
    async fn cut(self, found: &mut Vec<DueCursor>, left: &mut usize) -> Result<bool> {
        if found.is_empty() {
            return Ok(false);
        }
        let mut reads = redis::pipe();
        for cursor in &*found {
            let items = keys::later_items(cursor.shard);
            reads.cmd("HSTRLEN").arg(items).arg(&cursor.member);
        }
        let sizes: Vec<usize> = self.store.pipeline(&reads).await?;
        let fitting = sizes.iter().take_while(|size| {
            let fits = *left > 0;
            *left = left.saturating_sub(**size);
            fits
        });
        let fitting = fitting.count();
        let was_cut = fitting < found.len();
        found.truncate(fitting);
        Ok(was_cut)
    }

    /// The messages among these that have not left or been taken back meanwhile.
    async fn read(self, found: &[DueCursor]) -> Result<Vec<Kept>> {
        let messages: Vec<_> = found
            .iter()
            .filter_map(|cursor| Some((cursor, message(&cursor.member)?)))
            .collect();
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let mut reads = redis::pipe();
        for (cursor, _) in &messages {
            reads.hget(keys::later_items(cursor.shard), &cursor.member);
        }
        let texts: Vec<Option<String>> = self.store.pipeline(&reads).await?;
        let there = messages.into_iter().zip(texts);
        there
            .filter_map(|((_, chat), text)| Some(Kept::read(chat, &text?)))
            .collect()
    }
}

/// The chat of a message; what makes a schedule run now is none.
fn message(member: &str) -> Option<Chat> {
    let chat = KeptMessage::parse(member)?.chat;
    chat.schedule().is_none().then_some(chat)
}
