//! The closer: turns a window whose deadline has passed into a batch, and begins to deliver it if there is room.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use super::delivering::InHand;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::monitor::Monitor;
use crate::monitor::destination::limiter::permit::Permit;
use crate::monitor::destination::worker::DestinationWorker;
use crate::panics;
use crate::spec::Buffer;
use crate::store::keys::Shard;
use crate::store::lanes::Lease;
use crate::store::windows::closing::Closing;
use crate::store::{Result, StoreError};
use crate::telemetry::labels::FoundBy;
use crate::telemetry::metrics::count;

/// How long a closing waits for room to deliver, which spares Redis a script; a window must not stay open for longer.
const PATIENCE: Duration = Duration::from_millis(25);

/// What a close came to.
type Closed = Result<(Closing, Option<Lease>)>;

/// A batch that was leased as it was made.
pub(in crate::monitor) struct Begun {
    pub(in crate::monitor) worker: Arc<DestinationWorker>,
    pub(in crate::monitor) in_hand: InHand,
    pub(in crate::monitor) permit: Permit,
}

impl Monitor {
    /// Closes the window of a chat, if it is time; answers what to begin with at once. The rest of what it has put on
    /// lanes is begun, or left to the sweeps.
    pub(in crate::monitor) async fn close(
        self: &Arc<Self>,
        chat: Chat,
        found: FoundBy,
    ) -> Option<Begun> {
        panics::provoke("closing");
        let Some(mut buffer) = self.buffer(&chat.buffer).await else {
            // One that is gone with windows still open.
            self.belongs_to_nothing.notify_one();
            return None;
        };
        let id = self.store.windows().new_id(&chat);
        let stopped = self.registry.get().stops().holds_from(&chat.buffer);
        let worker = |name: &Name| self.workers.get(name).filter(|_| !stopped);
        let mut first = worker(&buffer.destinations[0].name);
        // With a permit in hand the lease comes in the same step. An event mostly comes after the sweep, when there is
        // nothing left to do.
        let mut permit = match (&first, found) {
            (Some(first), FoundBy::Sweep) => first.limiter.enter_within(PATIENCE).await,
            _ => None,
        };
        let mut closed = match (&first, &permit) {
            (Some(first), Some(_)) => {
                let length = self.lease_rules(first).length;
                self.store
                    .windows()
                    .close_and_lease(&chat, &id, &buffer.destinations, length)
                    .await
            }
            _ => self
                .store
                .windows()
                .close(&chat, &id, &buffer.destinations)
                .await
                .map(|closing| (closing, None)),
        };
        if let Err(StoreError::Gone) = closed {
            // This monitor goes by what was configured before, or nothing was ever delivered there out of this shard.
            (buffer, closed) = self.close_anew(&chat, &id).await?;
            (first, permit) = (worker(&buffer.destinations[0].name), None);
        }
        let lease = match closed {
            Ok((Closing::Closed { reason, .. }, lease)) => {
                count(&self.metrics.batches, "reason", reason.as_str());
                count(&self.metrics.found, "by", found);
                lease
            }
            Ok((Closing::Open | Closing::NoWindow, _)) => return None,
            Err(error) => {
                warn!(chat = %chat.hash(), error = %error, "Could not close a window, the sweep will: {error}");
                return None;
            }
        };
        for other in &buffer.destinations[1..] {
            if let Some(worker) = worker(&other.name) {
                self.attempt_if_room(&worker, chat.clone(), None);
            }
        }
        match (first?, lease, permit) {
            (worker, Some(lease), Some(permit)) => Some(Begun {
                worker,
                in_hand: InHand::new(lease),
                permit,
            }),
            (worker, _, permit) => {
                self.attempt_if_room(&worker, chat, permit);
                None
            }
        }
    }

    /// The same by what is configured now.
    async fn close_anew(&self, chat: &Chat, id: &BatchId) -> Option<(Arc<Buffer>, Closed)> {
        let renewed = self.registry.renewed(&chat.buffer, chat).await;
        let buffer = match renewed {
            Ok(buffer) => buffer,
            Err(error) => {
                warn!(chat = %chat.hash(), error = %error, "Could not close a window, the sweep will: {error}");
                return None;
            }
        };
        let Some(buffer) = buffer else {
            self.belongs_to_nothing.notify_one();
            return None;
        };
        let closing = self
            .store
            .windows()
            .close(chat, id, &buffer.destinations)
            .await;
        Some((buffer, closing.map(|closing| (closing, None))))
    }

    /// The buffer of this name, also one so new that this monitor has not heard of it: a sweep comes back only in
    /// seconds.
    pub(in crate::monitor) async fn buffer(&self, name: &Name) -> Option<Arc<Buffer>> {
        if let Some(known) = self.registry.get().buffer(name) {
            return Some(known.clone());
        }
        let _ = self.registry.catch_up().await;
        self.registry.get().buffer(name).cloned()
    }

    /// Attempts a lane, or leaves it to the sweep.
    pub(in crate::monitor) fn attempt_if_room(
        self: &Arc<Self>,
        worker: &Arc<DestinationWorker>,
        chat: Chat,
        permit: Option<Permit>,
    ) {
        match permit.or_else(|| worker.limiter.try_enter()) {
            Some(permit) => self.attempt(worker.clone(), chat, permit),
            None => worker.hints.look_at(Shard::of(&chat)),
        }
    }
}
