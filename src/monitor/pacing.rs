//! Keeping the pace of a destination: the sweep takes lanes, asks how many attempts may begin, and puts the rest back.
//!
//! Asked for is only what is in hand: what was let begin for nothing would be missing elsewhere in that interval.

use std::time::Instant;

use futures_util::future::try_join_all;
use tracing::warn;

use super::Monitor;
use super::gate::Pass;
use super::outlet::Outlet;
use crate::domain::batch::Millis;
use crate::domain::chat::{Chat, Lane};
use crate::store::Result;

/// What the pace of a destination says to lanes in hand.
#[derive(Default)]
pub(super) struct Turn {
    /// The interval that lets them begin; none where there is no pace.
    pub(super) interval: Option<Millis>,
    /// Nothing more may begin before then.
    pub(super) not_before: Option<Instant>,
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
            interval: Some(grant.interval),
            not_before: (grant.left == 0).then(|| Instant::now() + grant.next),
        })
    }

    /// Gives a pass back with which no attempt was made, so that another may begin in the same interval.
    pub(super) async fn give_back(&self, outlet: &Outlet, pass: Pass) {
        let (Some(pace), Some(interval)) = (outlet.destination.pace, pass.unused()) else {
            return;
        };
        let given = self.store.give_back(outlet.name(), pace, interval).await;
        if let Err(error) = given {
            let name = outlet.name();
            warn!(destination = %name, error = %error, "One attempt less than the pace allows begins in this interval: {error}");
        }
        outlet.given_back.notify_one();
    }
}
