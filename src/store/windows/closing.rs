//! Closing windows: by their deadline, or by an operator's hand.

use std::time::Duration;

use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Lane};
use crate::core::destination::Target;
use crate::core::moment::millis;
use crate::core::window::CloseReason;
use crate::store::batch::whose_word;
use crate::store::config::lives::{Living, must_all_be_there};
use crate::store::handles::Windows;
use crate::store::keys::{self, Place, Shard};
use crate::store::lanes::{self, Lease};
use crate::store::scripts;
use crate::store::work::Kind;
use crate::store::{Result, StoreError};

/// What became of a close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The messages are a batch on each lane now.
    Closed {
        /// How many.
        count: u64,
        /// What closed the window.
        reason: CloseReason,
    },
    /// Its deadline lies ahead.
    Open,
    /// There is none.
    NoWindow,
}

/// How a window is closed.
#[derive(Clone, Copy, Default)]
struct How<'a> {
    /// The reason to close it before its deadline; empty: there is none.
    forced: &'static str,
    /// Whether a monitor has to be woken.
    wake: bool,
    /// Token and length of a lease to take.
    lease: Option<(&'a str, Duration)>,
    /// The buffer that is being removed; nothing is closed when that is not under way any more.
    removed: Option<&'a Living>,
}

/// What the close script answered.
struct Closed {
    closing: Closing,
    late: Duration,
    at: Millis,
    batch: String,
}

impl Windows<'_> {
    /// A new id for what a chat has said, which leads to where it is.
    pub fn new_id(self, chat: &Chat) -> BatchId {
        Shard::of(chat).new_id()
    }

    /// Turns the window into a batch on each lane, if its deadline has passed.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when a destination is not there in the life that it has here: the window stays as it is. Else
    /// unavailable or silent.
    pub async fn close(
        self,
        chat: &Chat,
        id: &BatchId,
        destinations: &[Target],
    ) -> Result<Closing> {
        let how = How::default();
        Ok(self.close_as(chat, id, destinations, how).await?.closing)
    }

    /// The same, and, if a batch is the only one on the lane to the first destination, takes a lease on it in the same
    /// step: that is what mostly comes next.
    ///
    /// # Errors
    /// As [`Windows::close`]; unavailable or silent: then there may be a lease that nobody has; it runs out.
    pub async fn close_and_lease(
        self,
        chat: &Chat,
        id: &BatchId,
        destinations: &[Target],
        length: Duration,
    ) -> Result<(Closing, Option<Lease>)> {
        let token = lanes::token();
        let how = How {
            lease: Some((&token, length)),
            ..How::default()
        };
        let closed = self.close_as(chat, id, destinations, how).await?;
        if closed.batch.is_empty() {
            return Ok((closed.closing, None));
        }
        let lane = Lane {
            destination: destinations[0].name.clone(),
            chat: chat.clone(),
        };
        let lease = Lease::at_close(lane, &closed.batch, closed.late, closed.at, token)?;
        Ok((closed.closing, Some(lease)))
    }

    /// Closes the window at once.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when a destination is not there in the life that it has here: the window stays as it is. Else
    /// unavailable or silent.
    pub async fn flush(
        self,
        chat: &Chat,
        id: &BatchId,
        destinations: &[Target],
    ) -> Result<Closing> {
        let how = How {
            forced: CloseReason::Flush.as_str(),
            wake: true,
            ..How::default()
        };
        Ok(self.close_as(chat, id, destinations, how).await?.closing)
    }

    /// The same, in the removal of a buffer, while that is under way.
    pub(in crate::store) async fn flush_in(
        self,
        chat: &Chat,
        destinations: &[Target],
        removed: &Living,
    ) -> Result<Closing> {
        let how = How {
            forced: CloseReason::Flush.as_str(),
            wake: true,
            removed: Some(removed),
            ..How::default()
        };
        let id = self.new_id(chat);
        Ok(self.close_as(chat, &id, destinations, how).await?.closing)
    }

    /// Closes a window that the append script has found full and made due; the caller is no monitor.
    pub(in crate::store) async fn close_full(
        self,
        chat: &Chat,
        id: &BatchId,
        destinations: &[Target],
    ) -> Result<Closing> {
        let how = How {
            wake: true,
            ..How::default()
        };
        Ok(self.close_as(chat, id, destinations, how).await?.closing)
    }

    async fn close_as(
        self,
        chat: &Chat,
        id: &BatchId,
        destinations: &[Target],
        how: How<'_>,
    ) -> Result<Closed> {
        let place = Place::of(chat);
        let mut close = scripts::CLOSE.key(place.timer());
        close
            .key(place.window())
            .key(place.due())
            .key(keys::alive(place.shard))
            .key(keys::heard(place.shard))
            .key(keys::held(place.shard, Kind::Lanes))
            .key(keys::held(place.shard, Kind::Windows))
            .key(keys::lanes(place.shard));
        for destination in destinations {
            close
                .key(place.due_lanes(&destination.name))
                .key(place.lane(&destination.name))
                .key(place.head(&destination.name));
        }
        let (token, length) = how.lease.unwrap_or_default();
        let split = destinations
            .iter()
            .map(|destination| if destination.split { '1' } else { '0' });
        close
            .arg(&place.member)
            .arg(id.as_str())
            .arg(how.forced)
            .arg(u8::from(how.wake))
            .arg(token)
            .arg(millis(length))
            .arg(split.collect::<String>())
            .arg(place.lane_member())
            .arg(whose_word(chat))
            .arg(keys::RETRIES);
        must_all_be_there(&mut close, destinations);
        if let Some(removed) = how.removed {
            removed.must_be_over(&mut close);
        }
        let answer: (String, u64, String, i64, Millis, String) =
            self.store.run(place.shard, &close).await?;
        let (status, count, reason, late, at, batch) = answer;
        let closing = match status.as_str() {
            "closed" => {
                let reason = CloseReason::parse(&reason)
                    .ok_or_else(|| StoreError::Unreadable("why a window closed"))?;
                Closing::Closed { count, reason }
            }
            "open" => Closing::Open,
            "gone" => return Err(StoreError::Gone),
            _ => Closing::NoWindow,
        };
        let late = Duration::from_millis(u64::try_from(late).unwrap_or_default());
        Ok(Closed {
            closing,
            late,
            at,
            batch,
        })
    }
}
