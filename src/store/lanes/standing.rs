//! How a lane stands: its first batch, how far that has come, and how many wait behind it.

use std::time::Duration;

use redis::Value;

use crate::core::batch::{Batch, Millis};
use crate::core::chat::{Chat, Lane, Name};
use crate::store::Result;
use crate::store::batch::read_batch;
use crate::store::handles::Lanes;
use crate::store::history::Try;
use crate::store::keys::Place;
use crate::store::reply;
use crate::store::scripts;

/// A lane on which something waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The lane; its chat is the one whose batch is the first.
    pub lane: Lane,
    /// Its first batch, without what was said in it.
    pub batch: Batch,
    /// The line about that, as it lies on the lane.
    pub(super) line: String,
    /// How many batches wait, the first included; of an ordered buffer those of all its chats.
    pub batches: u64,
    /// How often the first was attempted, an attempt on its way included.
    pub attempts: u32,
    /// When it was first attempted.
    pub first_attempt: Option<Millis>,
    /// Until the next attempt; zero: it is due. While one is on its way, until its lease ends.
    pub left: Duration,
    /// An attempt is on its way.
    pub in_hand: bool,
    /// The destination asked for the wait until the next attempt.
    pub asked: bool,
    /// The last attempt that was settled, and when that was; as far as history is kept.
    pub last: Option<(Millis, Try)>,
    /// Where history tells of it.
    pub(super) entry: Option<String>,
    /// When this was so, by Redis's clock.
    pub now: Millis,
}

impl Lanes<'_> {
    /// How the lane stands from a chat, or from all chats of its buffer if that is ordered; none: nothing is on it.
    ///
    /// # Errors
    /// Unavailable, silent, or a batch that is not as Lull wrote it.
    pub async fn standing(self, destination: &Name, chat: &Chat) -> Result<Option<Standing>> {
        let place = Place::of(chat);
        let mut read = scripts::LANE.key(place.lane(destination));
        read.key(place.head(destination))
            .key(place.revived(destination));
        let answer: Vec<Value> = self.store.run(place.shard, &read).await?;
        let mut answer = answer.into_iter();
        let now: Millis = reply::value(answer.next())?;
        let Some(line) = answer.next() else {
            return Ok(None);
        };
        let line: String = reply::value(Some(line))?;
        let (batch, whose) = read_batch(&format!("{line}\n"))?;
        let batches = reply::value(answer.next())?;
        let attempts: Option<u32> = reply::value(answer.next())?;
        let due: Option<Millis> = reply::value(answer.next())?;
        let first_attempt = reply::value(answer.next())?;
        let token: Option<String> = reply::value(answer.next())?;
        let asked: Option<String> = reply::value(answer.next())?;
        let entry = reply::value(answer.next())?;
        let last: Option<String> = reply::value(answer.next())?;
        let left = Duration::from_millis(due.unwrap_or_default().saturating_sub(now));
        let mut chat = chat.clone();
        if let Some(id) = whose {
            chat.id = id;
        }
        Ok(Some(Standing {
            lane: Lane {
                destination: destination.clone(),
                chat,
            },
            batch,
            line,
            batches,
            attempts: attempts.unwrap_or_default(),
            first_attempt,
            // A lease that ran out holds nothing.
            in_hand: token.is_some() && !left.is_zero(),
            asked: asked.as_deref() == Some("1") && !left.is_zero(),
            left,
            last: last.as_deref().and_then(attempt),
            entry,
            now,
        }))
    }
}

/// An attempt as a head keeps it: "when JSON".
fn attempt(text: &str) -> Option<(Millis, Try)> {
    let (at, made) = text.split_once(' ')?;
    Some((at.parse().ok()?, serde_json::from_str(made).ok()?))
}
