//! A queue: an ordered buffer whose messages go straight onto its lane, each as a batch that has the message's id, by
//! which it is found again wherever it is.

use crate::core::batch::{Batch, BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::core::finding::find_key;
use crate::core::window::CloseReason;
use crate::store::batch::{read_batch, revived_batch, whose_word};
use crate::store::config::lives::must_all_be_there;
use crate::store::dead_letters::DeadLetter;
use crate::store::handles::Lanes;
use crate::store::history::Settlement;
use crate::store::history::received::Kept;
use crate::store::keys::{self, Place};
use crate::store::scheduled;
use crate::store::scripts;
use crate::store::windows::digests::seen_digest;
use crate::store::work::Kind;
use crate::store::{Result, StoreError};

/// Batches read at a time where one is looked for.
const PAGE: isize = 256;
/// The clock of the daemon that made an id may be ahead of Redis's by so much, ms.
const SKEW: Millis = 600_000;

/// No trace of a message is older.
pub(in crate::store) fn since(id: &BatchId) -> Millis {
    id.made_at().map_or(0, |made| made.saturating_sub(SKEW))
}

/// What became of a message for a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is on its way since this moment.
    Queued(Millis),
    /// Its id was seen before; nothing was changed.
    Duplicate,
}

/// Where a message of a queue is.
#[derive(Debug)]
pub enum Found {
    /// It waits for its time.
    Later(scheduled::Kept),
    /// It waits on its lane, or is being tried.
    Waiting(Waiting),
    /// It was given up on.
    Dead(DeadLetter),
    /// It is over: delivered, or given up on and dropped.
    Over(Settlement),
}

/// A message on its lane.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Whose it is.
    pub user: String,
    /// The message.
    pub batch: Batch,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was first tried.
    pub first_attempt: Option<Millis>,
    /// It is the first of its lane.
    pub first: bool,
}

impl Waiting {
    pub(super) fn read(text: &str) -> Result<Self> {
        let (batch, filter) = read_batch(text)?;
        Ok(Self {
            user: filter.map_or_else(String::new, |id| id.as_str().to_owned()),
            batch,
            attempts: 0,
            first_attempt: None,
            first: false,
        })
    }
}

impl Lanes<'_> {
    /// Puts a message onto the lanes of its buffer; `once`: a second one whose id counts as seen is dropped.
    /// Redis has it then, in the way its `appendfsync` says, when this returns.
    ///
    /// # Errors
    /// Full, or gone, where a destination is not there in the life that it has here: nothing was stored. Not on enough
    /// replicas: it is stored. Else unavailable or silent.
    pub async fn enqueue(
        self,
        chat: &Chat,
        id: &BatchId,
        item: &str,
        once: bool,
        kept: Kept,
        destinations: &[Target],
    ) -> Result<Enqueued> {
        let place = Place::of(chat);
        let mut enqueue = self.store.script_of_ids(&scripts::ENQUEUE, place.shard);
        enqueue
            .key(keys::received(place.shard))
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::known(place.shard))
            .key(keys::people(place.shard))
            .key(keys::lanes(place.shard));
        for destination in destinations {
            enqueue
                .key(place.due_lanes(&destination.name))
                .key(place.lane(&destination.name));
        }
        let seen = once.then(|| seen_digest(&place, id.as_str()));
        enqueue
            .arg(id.as_str())
            // The script puts the time in front of the other fields.
            .arg(item.strip_prefix('{').unwrap_or_default())
            .arg(CloseReason::Queued.as_str())
            .arg(place.lane_member())
            .arg(whose_word(chat))
            .arg(seen.unwrap_or_default());
        self.store.tell_ids(&mut enqueue);
        enqueue
            .arg(&place.member)
            .arg(kept.most)
            .arg(u8::from(kept.payload))
            .arg(chat.hash().packed())
            .arg(find_key(&chat.id));
        must_all_be_there(&mut enqueue, destinations);
        let ((status, came), on): ((String, Millis), _) =
            self.store.run_onto_replicas(place.shard, &enqueue).await?;
        match status.as_str() {
            "queued" => {
                on.enough(true)?;
                Ok(Enqueued::Queued(came))
            }
            "gone" => Err(StoreError::Gone),
            _ => {
                self.store.be_on_replicas(place.shard, on).await?;
                Ok(Enqueued::Duplicate)
            }
        }
    }

    /// Finds a message of a queue that delivers to `destination`. What moves on while it is looked for moves to where it
    /// is looked for next.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn find(
        self,
        buffer: &Name,
        destination: &Name,
        id: &BatchId,
    ) -> Result<Option<Found>> {
        if let Some(kept) = self
            .store
            .scheduled()
            .find_in_order(buffer, id.as_str())
            .await?
        {
            return Ok(Some(Found::Later(kept)));
        }
        let place = Place::of_ordered(buffer);
        if let Some(waiting) = self.on_lane(&place, destination, id).await? {
            return Ok(Some(Found::Waiting(waiting)));
        }
        if let Some(dead) = self.store.dead_letters().find_of(buffer, id).await? {
            return Ok(Some(Found::Dead(dead)));
        }
        let over = self
            .store
            .history()
            .outcome_of(id, place.shard, since(id))
            .await?;
        let over = over.filter(|over| over.record.buffer == buffer.as_str());
        Ok(over.map(Found::Over))
    }

    pub(super) async fn on_lane(
        self,
        place: &Place,
        destination: &Name,
        id: &BatchId,
    ) -> Result<Option<Waiting>> {
        if let Some(head) = self.head_of_lane(place, destination).await?
            && head.batch.id == *id
        {
            return Ok(Some(head));
        }
        let text = self.text_on_lane(place, destination, id).await?;
        text.map(|text| Waiting::read(&text)).transpose()
    }

    /// A batch of a queue, as it stands on the lane or among those that were revived.
    pub(super) async fn text_on_lane(
        self,
        place: &Place,
        destination: &Name,
        id: &BatchId,
    ) -> Result<Option<String>> {
        let lane = place.lane(destination);
        // Before what stands behind it, as it moves from here onto the lane.
        if let Some(text) = self.among_revived(place, destination, id).await? {
            return Ok(Some(text));
        }
        // From the end, because what leaves at the front would move everything else while it is looked at.
        let mut end = -1;
        loop {
            let read = redis::Cmd::lrange(&lane, end - PAGE + 1, end);
            let page: Vec<String> = self.store.query(&read).await?;
            let Some(oldest) = page.first() else {
                return Ok(None);
            };
            // What stands in front of it came onto the lane before it, and for the first time what was revived, too.
            let is_last = Waiting::read(oldest)?.batch.closed < since(id);
            let mut texts = page.into_iter().rev();
            let named = texts.find(|text| text.split(' ').nth(1) == Some(id.as_str()));
            if named.is_some() || is_last {
                return Ok(named);
            }
            end -= PAGE;
        }
    }

    async fn among_revived(
        self,
        place: &Place,
        destination: &Name,
        id: &BatchId,
    ) -> Result<Option<String>> {
        let revived = place.revived(destination);
        let mut behind = 0;
        loop {
            // From the end, because they leave at the front.
            let since = since(id);
            let read = redis::Cmd::zrevrangebyscore_limit(&revived, "+inf", since, behind, PAGE);
            let page: Vec<String> = self.store.query(&read).await?;
            let mut batches = page.iter().map(|member| revived_batch(member));
            let named = batches.find(|text| text.split(' ').nth(1) == Some(id.as_str()));
            if page.is_empty() || named.is_some() {
                return Ok(named.map(str::to_owned));
            }
            behind += PAGE;
        }
    }

    pub(super) async fn head_of_lane(
        self,
        place: &Place,
        destination: &Name,
    ) -> Result<Option<Waiting>> {
        let mut read = scripts::HEAD.key(place.lane(destination));
        read.key(place.head(destination));
        let (head, attempts, first_attempt): (Option<String>, Option<u32>, Option<Millis>) =
            self.store.run(place.shard, &read).await?;
        let head = head.map(|text| Waiting::read(&text)).transpose()?;
        Ok(head.map(|head| Waiting {
            attempts: attempts.unwrap_or_default(),
            first_attempt,
            first: true,
            ..head
        }))
    }
}
