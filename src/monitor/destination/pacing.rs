//! Keeping the pace of a destination: the sweep asks how many attempts may begin, takes so many lanes, lets their attempts
//! begin, and puts back those that another monitor was faster with.
//!
//! Let begin is only what is in hand: what was let begin for nothing would be missing elsewhere in that interval.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tracing::warn;

use super::limiter::permit::{LetIn, Permit};
use super::worker::DestinationWorker;
use crate::core::chat::{Chat, Lane};
use crate::monitor::Monitor;
use crate::monitor::poll::agenda::SHORTEST_SLEEP;
use crate::store::Result;
use crate::store::lanes::pace::Grant;

/// So often a turn is asked for anew where Redis answers more slowly than the pace allows for the way of a call.
const MOST_ASKED: usize = 5;

/// A turn that is younger was not held up: on a loaded machine a call takes as long to set out by itself.
const NOT_HELD_UP: Duration = Duration::from_millis(100);

/// What the pace of a destination says to lanes in hand.
#[derive(Default)]
pub(in crate::monitor) struct Turn {
    /// When they were let begin; none where there is no pace.
    pub(in crate::monitor) let_in: Option<LetIn>,
    /// Nothing more may begin before then.
    pub(in crate::monitor) not_before: Option<Instant>,
}

/// What the pace of a destination has room for.
pub(in crate::monitor) enum Room {
    /// So many attempts, at least one.
    For(usize),
    /// None before then.
    NotBefore(Instant),
}

fn not_before(grant: &Grant) -> Option<Instant> {
    (grant.left == 0).then(|| Instant::now() + grant.next.max(SHORTEST_SLEEP))
}

impl Monitor {
    /// Leaves in `chats` those whose lanes may be attempted now, and puts the others back.
    pub(in crate::monitor) async fn let_begin(
        &self,
        worker: &DestinationWorker,
        chats: &mut Vec<Chat>,
    ) -> Result<Turn> {
        let Some(pace) = worker.destination.pace else {
            return Ok(Turn::default());
        };
        if chats.is_empty() {
            return Ok(Turn::default());
        }
        let asked = Instant::now();
        let grant = self
            .store
            .lanes()
            .begin_attempts(worker.name(), pace, chats.len())
            .await?;
        let waiting = chats.split_off(grant.count);
        let put_back = waiting.into_iter().map(|chat| async move {
            let destination = worker.name().clone();
            self.store
                .lanes()
                .put_back(&Lane { destination, chat })
                .await
        });
        try_join_all(put_back).await?;
        Ok(Turn {
            let_in: Some(LetIn {
                at: grant.at,
                asked,
            }),
            not_before: not_before(&grant),
        })
    }

    /// How many attempts the pace has room for, or when there will be some; `None` where there is no pace.
    pub(in crate::monitor) async fn room(
        &self,
        worker: &DestinationWorker,
    ) -> Result<Option<Room>> {
        let Some(pace) = worker.destination.pace else {
            return Ok(None);
        };
        let grant = self
            .store
            .lanes()
            .begin_attempts(worker.name(), pace, 0)
            .await?;
        let room = not_before(&grant).map_or(Room::For(grant.left), Room::NotBefore);
        Ok(Some(room))
    }

    /// Whether an attempt may set out now. One that was let begin longer ago than the pace allows for its way, as where
    /// this monitor was held up, gives its turn back and asks for another; false where others have taken the room.
    pub(in crate::monitor) async fn may_set_out(
        &self,
        worker: &DestinationWorker,
        permit: &mut Permit,
    ) -> bool {
        for _ in 0..MOST_ASKED {
            let (Some(pace), Some(let_in)) = (worker.destination.pace, permit.unused()) else {
                return true;
            };
            if let_in.asked.elapsed() <= pace.margin().max(NOT_HELD_UP) {
                return true;
            }
            permit.let_in_at(None);
            let asked = Instant::now();
            let again = self
                .store
                .lanes()
                .begin_again(worker.name(), pace, let_in.at)
                .await;
            match again {
                Ok(Grant { count: 1, at, .. }) => permit.let_in_at(Some(LetIn { at, asked })),
                Ok(_) => return false,
                Err(error) => {
                    let name = worker.name();
                    warn!(destination = %name, error = %error, "Could not ask for a turn anew, the sweep will: {error}");
                    return false;
                }
            }
        }
        // Redis takes longer to answer than that: what it let begin last is the best there is.
        true
    }

    /// Gives a permit back with which no attempt was made, so that another may begin in its place.
    pub(in crate::monitor) async fn give_back(&self, worker: &DestinationWorker, permit: Permit) {
        let (Some(pace), Some(let_in)) = (worker.destination.pace, permit.unused()) else {
            return;
        };
        let given = self
            .store
            .lanes()
            .give_turns_back(worker.name(), pace, let_in.at)
            .await;
        if let Err(error) = given {
            let name = worker.name();
            warn!(destination = %name, error = %error, "One attempt less than the pace allows begins for an interval: {error}");
        }
        worker.given_back.notify_one();
    }
}
