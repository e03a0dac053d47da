//! Keeping the pace of a destination: the sweep asks how many attempts may begin, takes so many lanes, lets their attempts
//! begin, and puts back those that another monitor was faster with.
//!
//! Let begin is only what is in hand: what was let begin for nothing would be missing elsewhere in that interval.

use std::time::Instant;

use futures_util::future::try_join_all;
use tracing::warn;

use super::Monitor;
use super::agenda::SHORTEST_SLEEP;
use super::gate::Pass;
use super::outlet::Outlet;
use crate::domain::batch::Millis;
use crate::domain::chat::{Chat, Lane};
use crate::store::Result;
use crate::store::pace::Grant;

/// What the pace of a destination says to lanes in hand.
#[derive(Default)]
pub(super) struct Turn {
    /// When they were let begin; none where there is no pace.
    pub(super) let_in: Option<Millis>,
    /// Nothing more may begin before then.
    pub(super) not_before: Option<Instant>,
}

/// What the pace of a destination has room for.
pub(super) enum Room {
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
    pub(super) async fn let_begin(&self, outlet: &Outlet, chats: &mut Vec<Chat>) -> Result<Turn> {
        let Some(pace) = outlet.destination.pace else {
            return Ok(Turn::default());
        };
        if chats.is_empty() {
            return Ok(Turn::default());
        }
        let grant = self.store.pace(outlet.name(), pace, chats.len()).await?;
        let waiting = chats.split_off(grant.count);
        let put_back = waiting.into_iter().map(|chat| async move {
            let destination = outlet.name().clone();
            self.store.put_back(&Lane { destination, chat }).await
        });
        try_join_all(put_back).await?;
        Ok(Turn {
            let_in: Some(grant.at),
            not_before: not_before(&grant),
        })
    }

    /// How many attempts the pace has room for, or when there will be some; `None` where there is no pace.
    pub(super) async fn room(&self, outlet: &Outlet) -> Result<Option<Room>> {
        let Some(pace) = outlet.destination.pace else {
            return Ok(None);
        };
        let grant = self.store.pace(outlet.name(), pace, 0).await?;
        let room = not_before(&grant).map_or(Room::For(grant.left), Room::NotBefore);
        Ok(Some(room))
    }

    /// Gives a pass back with which no attempt was made, so that another may begin in its place.
    pub(super) async fn give_back(&self, outlet: &Outlet, pass: Pass) {
        let (Some(pace), Some(at)) = (outlet.destination.pace, pass.unused()) else {
            return;
        };
        let given = self.store.give_back(outlet.name(), pace, at).await;
        if let Err(error) = given {
            let name = outlet.name();
            warn!(destination = %name, error = %error, "One attempt less than the pace allows begins for an interval: {error}");
        }
        outlet.given_back.notify_one();
    }
}
