//! What was delivered, and is sent once more because somebody wants that.

use std::time::Duration;

use crate::core::batch::{BatchId, Gathering, Millis};
use crate::core::chat::Lane;
use crate::core::moment::millis;
use crate::store::batch::{how_word, whose_word};
use crate::store::handles::Lanes;
use crate::store::keys::{self, Place};
use crate::store::scripts;
use crate::store::work::Kind;
use crate::store::{Result, StoreError};

/// A second wish to send one batch again within this time is the first one: a double click, or a client that did not wait
/// for the answer.
pub const ONCE_WITHIN: Duration = Duration::from_secs(60);

/// A batch that was delivered, as it was.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// Its id.
    pub id: BatchId,
    /// When its first message came.
    pub opened: Millis,
    /// What closed its window.
    pub reason: String,
    /// How its messages were gathered; none: there was no window.
    pub gathered: Option<Gathering>,
    /// How many there are.
    pub count: u64,
    /// They, as Redis holds them.
    pub items: String,
}

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SentAgain {
    /// It is on its lane under this id.
    Now(BatchId),
    /// It was sent again under this id within [`ONCE_WITHIN`]; nothing changed.
    Before(BatchId),
}

impl Lanes<'_> {
    /// Puts what was delivered behind all that waits on its lane, under an id of its own.
    ///
    /// # Errors
    /// Full, or gone, where the destination is not there: nothing was changed. Else unavailable or silent.
    pub async fn send_again(self, lane: &Lane, batch: &Delivered) -> Result<SentAgain> {
        let (chat, destination) = (&lane.chat, &lane.destination);
        let place = Place::of(chat);
        let dead_letters = self.store.dead_letters();
        let way = dead_letters.way_back(place.shard, destination).await?;
        let way = way.ok_or(StoreError::Gone)?;
        let id = batch.id.again();
        let how = how_word(batch.gathered.as_ref(), Some(&batch.id));
        let mut send = scripts::SEND_AGAIN.key(keys::again(place.shard, destination, &batch.id));
        send.key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::lanes(place.shard))
            .key(place.due_lanes(destination))
            .key(place.lane(destination))
            .arg(id.as_str())
            .arg(millis(ONCE_WITHIN))
            .arg(place.lane_member())
            .arg(batch.opened)
            .arg(&batch.reason)
            .arg(batch.count)
            .arg(how)
            .arg(whose_word(chat))
            .arg(&batch.items);
        way.must_be_there(&mut send);
        let (status, id): (String, String) = self.store.run(place.shard, &send).await?;
        let id = BatchId::from_stored(&id);
        match status.as_str() {
            "sent" => Ok(SentAgain::Now(id)),
            "again" => Ok(SentAgain::Before(id)),
            _ => Err(StoreError::Gone),
        }
    }
}
