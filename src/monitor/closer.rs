//! The closer: turns a window whose deadline has passed into a batch, and begins to deliver it if there is room.

use std::slice;
use std::sync::Arc;

use tracing::warn;

use super::Monitor;
use crate::domain::batch::BatchId;
use crate::domain::chat::{Chat, Lane};
use crate::store;
use crate::store::windows::Closing;
use crate::telemetry::metrics::count;

/// What announced that a window may have to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// An expired event.
    ByEvent,
    /// The sweep.
    BySweep,
}

impl Found {
    fn as_str(self) -> &'static str {
        match self {
            Self::ByEvent => "event",
            Self::BySweep => "sweep",
        }
    }
}

impl Monitor {
    /// Closes the window of a chat, if it is time, and begins to deliver if there is room.
    pub(super) async fn close(self: &Arc<Self>, chat: Chat, found: Found) {
        let lane = Lane {
            destination: self.destination.clone(),
            chat,
        };
        let id = BatchId::generate();
        let closing = self
            .store
            .close(&lane.chat, &id, slice::from_ref(&lane.destination));
        // The sweep is nearly always right, so the lease is asked for in the same breath. An event mostly comes after
        // the sweep, when there is nothing left to do.
        let pass = if found == Found::BySweep {
            self.gate.try_enter()
        } else {
            None
        };
        let Some(pass) = pass else {
            if self.has_closed(&lane.chat, found, closing.await) {
                match self.gate.try_enter() {
                    Some(pass) => self.attempt(lane, pass),
                    None => self.lanes_changed.notify_one(),
                }
            }
            return;
        };
        let (closed, lease) = tokio::join!(closing, self.lease(&lane));
        let has_closed = self.has_closed(&lane.chat, found, closed);
        match lease {
            Some(lease) => self.begin(lease, pass),
            None if has_closed => self.lanes_changed.notify_one(),
            None => {}
        }
    }

    fn has_closed(&self, chat: &Chat, found: Found, closed: store::Result<Closing>) -> bool {
        match closed {
            Ok(Closing::Closed { reason, .. }) => {
                count(&self.metrics.batches, "reason", reason.as_str());
                count(&self.metrics.found, "by", found.as_str());
                true
            }
            Ok(Closing::Open | Closing::NoWindow) => false,
            Err(error) => {
                warn!(chat = %chat.hash(), error = %error, "Could not close a window, the sweep will: {error}");
                false
            }
        }
    }
}
