//! Taking a message of a queue back, as long as it waits for its first attempt.

use super::queue::Waiting;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, ChatId, Name};
use crate::store::batch::is_revived;
use crate::store::handles::Lanes;
use crate::store::keys::{self, Place};
use crate::store::windows::digests::seen_digest;
use crate::store::work::Kind;
use crate::store::{Result, StoreError, scripts};

/// What became of a message that was to be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// It will not leave. Whose it was.
    Done(Chat),
    /// It is being tried, or was tried before.
    Tried,
    /// It does not wait (any more).
    None,
}

impl Lanes<'_> {
    /// Takes a message of a queue back that delivers to `destination`.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn recall(self, buffer: &Name, destination: &Name, id: &BatchId) -> Result<Recalled> {
        let place = Place::of_ordered(buffer);
        let Some(text) = self.text_on_lane(&place, destination, id).await? else {
            return Ok(Recalled::None);
        };
        if is_revived(&text) {
            return Ok(Recalled::Tried);
        }
        let user = Waiting::read(&text)?.user;
        let id_of_chat = ChatId::parse(&user)
            .map_err(|_| StoreError::Unreadable("whose a message of a queue is"))?;
        let chat = Chat {
            ordered: true,
            ..Chat::new(buffer.clone(), id_of_chat)
        };
        let mut recall = scripts::RECALL.key(place.due_lanes(destination));
        recall
            .key(place.lane(destination))
            .key(place.head(destination))
            .key(place.revived(destination))
            .key(keys::held(place.shard, Kind::Lanes));
        self.store.name_ids(&mut recall, place.shard);
        recall
            .key(keys::lanes(place.shard))
            .arg(place.lane_member())
            .arg(&text)
            .arg(seen_digest(&Place::of(&chat), id.as_str()))
            .arg(keys::RETRIES);
        self.store.tell_beside(&mut recall);
        let became: String = self.store.run(place.shard, &recall).await?;
        Ok(match became.as_str() {
            "recalled" => Recalled::Done(chat),
            "tried" => Recalled::Tried,
            _ => Recalled::None,
        })
    }
}
