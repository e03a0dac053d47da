//! The closer: turns a window whose deadline has passed into a batch, and begins to deliver it if there is room.

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::Monitor;
use super::worker::InHand;
use crate::domain::batch::BatchId;
use crate::domain::chat::{Chat, Lane};
use crate::store::closing::Closing;
use crate::telemetry::metrics::count;

/// How long a closing waits for room to deliver, which spares Redis a script; a window must not stay open for longer.
const PATIENCE: Duration = Duration::from_millis(25);

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
        let id = BatchId::generate();
        let destinations = slice::from_ref(&self.destination);
        // With a pass in hand the lease comes in the same step. An event mostly comes after the sweep, when there is
        // nothing left to do.
        let pass = match found {
            Found::BySweep => self.gate.enter_within(PATIENCE).await,
            Found::ByEvent => None,
        };
        let length = self.lease_rules.length;
        let closed = match &pass {
            Some(_) => {
                self.store
                    .close_and_lease(&chat, &id, destinations, length)
                    .await
            }
            None => self
                .store
                .close(&chat, &id, destinations)
                .await
                .map(|closing| (closing, None)),
        };
        let lease = match closed {
            Ok((Closing::Closed { reason, .. }, lease)) => {
                count(&self.metrics.batches, "reason", reason.as_str());
                count(&self.metrics.found, "by", found.as_str());
                lease
            }
            Ok((Closing::Open | Closing::NoWindow, _)) => return,
            Err(error) => {
                warn!(chat = %chat.hash(), error = %error, "Could not close a window, the sweep will: {error}");
                return;
            }
        };
        match (lease, pass.or_else(|| self.gate.try_enter())) {
            (Some(lease), Some(pass)) => self.begin(InHand::new(lease), pass),
            (None, Some(pass)) => {
                let destination = self.destination.clone();
                self.attempt(Lane { destination, chat }, pass);
            }
            (_, None) => self.lanes_changed.notify_one(),
        }
    }
}
