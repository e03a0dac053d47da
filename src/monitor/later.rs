//! What waits for its time: when it has come, it becomes a batch.

use std::sync::Arc;

use tracing::warn;

use super::Monitor;
use crate::domain::batch::BatchId;
use crate::domain::window::CloseReason;
use crate::store::later::Waiting;
use crate::telemetry::metrics::count;

impl Monitor {
    /// Sends what has waited for its time.
    pub(super) async fn send_later(self: &Arc<Self>, waiting: &Waiting) {
        let Waiting::Message { chat, .. } = waiting;
        // One that is gone with messages still waiting: they stay.
        let Some(buffer) = self.buffer(&chat.buffer).await else {
            return;
        };
        let id = BatchId::generate();
        match self
            .store
            .send_kept(waiting, &id, &buffer.destinations)
            .await
        {
            Ok(true) => {
                count(&self.metrics.batches, "reason", CloseReason::Later.as_str());
            }
            Ok(false) => return,
            Err(error) => {
                warn!(chat = %chat.hash(), error = %error, "Could not send what was due, the sweep will: {error}");
                return;
            }
        }
        for destination in buffer.destinations.iter() {
            if let Some(outlet) = self.outlets.get(&destination.name) {
                self.attempt_if_room(&outlet, chat.clone(), None);
            }
        }
    }
}
