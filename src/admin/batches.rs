//! One batch whole: what became of it at each destination, where it waits, and what was said in it.

use std::collections::BTreeMap;

use super::{Admin, AdminError, NoSuch};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::item::{Item, read_items};
use crate::store::dead_letters::DeadLetter;
use crate::store::history::{DELIVERED, Record, Settlement, WRITTEN_WITHIN};
use crate::store::lanes::finding::OnLane;
use crate::store::lanes::queue::Found;
use crate::store::{Look, StoreError};

/// Messages of it that are looked for among those that were received.
pub(super) const MOST_SAID: usize = 500;

/// A batch.
#[derive(Debug)]
pub struct WholeBatch {
    /// Whose it is.
    pub chat: Chat,
    /// What became of it at each destination.
    pub destinations: Vec<Destined>,
    /// What was said, in order; none: nothing of it is kept.
    pub said: Option<Saying>,
    /// Of what was tried after this moment not everything was looked through.
    pub searched_until: Option<Millis>,
}

/// Whose a batch is, as far as somebody says so.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    /// Its chat; none: it is looked for everywhere.
    pub chat: Option<Chat>,
    /// Its buffer: that of another is not meant.
    pub buffer: Option<Name>,
}

/// A batch at one destination.
#[derive(Debug)]
pub struct Destined {
    /// Where it goes, or went.
    pub destination: Name,
    /// What became of its newest attempt, if history tells.
    pub settled: Option<Settlement>,
    /// Where it waits.
    pub waits: Option<OnLane>,
    /// It was given up on.
    pub dead: Option<DeadLetter>,
}

/// What was said in a batch.
#[derive(Debug)]
pub struct Saying {
    /// The messages, in order.
    pub items: Vec<Item>,
    /// They are what is left in the list of received ones, and others may be missing.
    pub received: bool,
}

impl Destined {
    fn new(destination: Name) -> Self {
        Self {
            destination,
            settled: None,
            waits: None,
            dead: None,
        }
    }

    /// It was delivered, and nothing of it waits or is dead.
    pub(super) fn is_delivered(&self) -> bool {
        let settled = self.settled.as_ref();
        let delivered = settled.is_some_and(|it| it.record.outcome == DELIVERED);
        delivered && self.waits.is_none() && self.dead.is_none()
    }

    fn is_empty(&self) -> bool {
        self.settled.is_none() && self.waits.is_none() && self.dead.is_none()
    }

    /// What was said, as it lies there.
    pub(super) fn items(&self) -> Option<&str> {
        let waits = self.waits.as_ref().map(|it| &it.waiting.batch);
        let dead = self.dead.as_ref().map(|it| &it.batch);
        Some(&waits.or(dead)?.items)
    }
}

impl Admin {
    /// A batch with all that is known of it, at all destinations it went to.
    ///
    /// # Errors
    /// No such; unavailable, silent or unreadable.
    pub async fn batch(&self, id: &BatchId, whose: Whose) -> Result<WholeBatch, AdminError> {
        let no_such = || NoSuch::Batch(id.clone());
        let chat = match whose.chat {
            Some(chat) => chat,
            None => self.chat_of_batch(id).await?.ok_or_else(no_such)?,
        };
        if whose.buffer.is_some_and(|buffer| buffer != chat.buffer) {
            return Err(no_such().into());
        }
        let store = self.store();
        let mut found: BTreeMap<Name, Destined> = BTreeMap::new();
        for name in self.destinations_of(&chat.buffer) {
            found.insert(name.clone(), Destined::new(name));
        }
        for dead in store.dead_letters().of_batch(id, Some(&chat)).await? {
            if let Ok(name) = Name::from_stored(&dead.letter.destination) {
                let destined = found.entry(name.clone());
                let destined = destined.or_insert_with(|| Destined::new(name));
                destined.dead = Some(dead);
            }
        }
        let most = found.len().max(1);
        let (settled, searched_until) = store.history().of_batch(id, &chat, most).await?;
        for settlement in settled {
            if let Ok(name) = Name::from_stored(&settlement.record.destination) {
                let destined = found.entry(name.clone());
                let destined = destined.or_insert_with(|| Destined::new(name));
                destined.settled = Some(settlement);
            }
        }
        for destined in found.values_mut() {
            let lanes = store.lanes();
            destined.waits = lanes.batch_on(&chat, &destined.destination, id).await?;
        }
        let destinations = found.into_values().filter(|it| !it.is_empty());
        let destinations: Vec<_> = destinations.collect();
        if destinations.is_empty() {
            return Err(no_such().into());
        }
        Ok(WholeBatch {
            said: self.said_in(&chat, &destinations).await?,
            chat,
            destinations,
            searched_until,
        })
    }

    /// Whose batch it is: by the history, the dead letters, and the lanes on which it may be.
    pub(super) async fn chat_of_batch(&self, id: &BatchId) -> Result<Option<Chat>, AdminError> {
        let store = self.store();
        let in_its_order = |chat: Chat| self.chat(chat.buffer, chat.id);
        // What its client named leaves one by one, and would be looked for in all that is kept.
        if id.made_at().is_none() {
            return self.chat_of_queued(id).await;
        }
        if let Some(Settlement { record, .. }) = store.history().of_window(id).await? {
            return Ok(Chat::from_stored(&record.buffer, &record.chat).map(in_its_order));
        }
        let dead = store.dead_letters().of_batch(id, None).await?;
        if let Some(letter) = dead.first().map(|dead| &dead.letter) {
            return Ok(Chat::from_stored(&letter.buffer, &letter.chat).map(in_its_order));
        }
        let names = self.registry().get().destination_names();
        let names: Vec<_> = names.into_iter().collect();
        match store.lanes().chat_of_waiting(id, &names).await? {
            Some(chat) => Ok(Some(chat)),
            // It waits behind others, and its id leads nowhere: it was made before anybody knew where it would lie.
            None => self.chat_of_queued(id).await,
        }
    }

    /// Whose message of the queue it is.
    async fn chat_of_queued(&self, id: &BatchId) -> Result<Option<Chat>, AdminError> {
        let user = match self.queued_message(id).await? {
            Some(Found::Later(kept)) => kept.chat.id.as_str().to_owned(),
            Some(Found::Waiting(waiting)) => waiting.user,
            Some(Found::Dead(dead)) => dead.letter.chat,
            Some(Found::Over(over)) => over.record.chat,
            None => return Ok(None),
        };
        let chat = Chat::from_stored(Name::messages_name().as_str(), &user);
        Ok(chat.map(|chat| self.chat(chat.buffer, chat.id)))
    }

    /// What was said in a batch: as it lies on a lane or among the dead letters, else as it was received.
    async fn said_in(
        &self,
        chat: &Chat,
        destinations: &[Destined],
    ) -> Result<Option<Saying>, StoreError> {
        let whole = destinations.iter().find_map(Destined::items);
        if let Some(items) = whole.and_then(|items| read_items(items).ok()) {
            let received = false;
            return Ok(Some(Saying { items, received }));
        }
        let settled = destinations.iter().find_map(|it| it.settled.as_ref());
        let Some(Settlement { record, .. }) = settled else {
            return Ok(None);
        };
        self.received_in(chat, record).await
    }

    async fn received_in(
        &self,
        chat: &Chat,
        record: &Record,
    ) -> Result<Option<Saying>, StoreError> {
        let times = record.stamps.iter().map(|stamp| stamp.at);
        // What is sent again was closed long after it was said.
        let said = times.max().filter(|_| record.repeats.is_some());
        let look = Look {
            from: record.opened,
            to: said.map_or(record.closed, |said| said.saturating_add(WRITTEN_WITHIN)),
            ..Look::first(MOST_SAID)
        };
        let filter = Filter::Chat(chat.clone());
        let received = self.store().history().received(&filter, |_| true, look);
        let items = received.await?.0.into_iter().filter_map(|it| it.item);
        let items = items.filter_map(|item| read_items(&item).ok()?.pop());
        let is_in = |item: &Item| {
            let mut stamps = record.stamps.iter();
            stamps.any(|stamp| stamp.at == item.at && stamp.id == item.id)
        };
        let mut items: Vec<_> = items.filter(is_in).collect();
        items.reverse();
        let received = true;
        Ok((!items.is_empty()).then_some(Saying { items, received }))
    }
}
