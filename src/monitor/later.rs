//! What waits for its time: when it has come, it becomes a batch.

use std::sync::Arc;

use tracing::warn;

use super::Monitor;
use crate::domain::chat::Chat;
use crate::domain::destination::Target;
use crate::store::Result;
use crate::store::later::{KeptMessage, Waiting};
use crate::telemetry::metrics::count;

impl Monitor {
    /// Sends what has waited for its time.
    pub(super) async fn send_later(self: &Arc<Self>, waiting: &Waiting) {
        let sent = match waiting {
            Waiting::Message(message) => self.send_message(message).await,
            Waiting::Schedule(name) => self.run_schedule(name).await,
            Waiting::FollowUp(chat) => self.follow_up(chat).await,
        };
        if let Err(error) = sent {
            warn!(error = %error, "Could not send what was due, the sweep will: {error}");
        }
    }

    async fn send_message(self: &Arc<Self>, message: &KeptMessage) -> Result<()> {
        let chat = &message.chat;
        let destinations = match chat.schedule() {
            Some(schedule) => [Target::whole(schedule.of_its_schedule())].into(),
            // One that is gone with messages still waiting: they stay.
            None => match self.buffer(&chat.buffer).await {
                Some(buffer) => buffer.destinations.clone(),
                None => return Ok(()),
            },
        };
        let id = message.batch_id();
        if self.store.send_kept(message, &id, &destinations).await? {
            self.attempt_new(chat, &destinations, message.reason().as_str());
        }
        Ok(())
    }

    /// Attempts a batch that was just made, or leaves it to the sweeps.
    pub(super) fn attempt_new(
        self: &Arc<Self>,
        chat: &Chat,
        destinations: &[Target],
        reason: &'static str,
    ) {
        count(&self.metrics.batches, "reason", reason);
        for destination in destinations {
            if let Some(outlet) = self.outlets.get(&destination.name) {
                self.attempt_if_room(&outlet, chat.clone(), None);
            }
        }
    }
}
