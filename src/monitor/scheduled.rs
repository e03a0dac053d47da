//! What waits for its time: when it has come, it becomes a batch.

use std::sync::Arc;

use tracing::warn;

use super::Monitor;
use crate::core::chat::{Chat, Name};
use crate::core::destination::Target;
use crate::store::scheduled::{KeptMessage, Waiting};
use crate::store::{Result, StoreError};
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
        let targets = match chat.schedule() {
            Some(schedule) => Some(self.target_of(&schedule)),
            None => {
                let buffer = self.buffer(&chat.buffer).await;
                buffer.map(|buffer| buffer.destinations.clone())
            }
        };
        let Some(mut targets) = targets else {
            // One that is gone with messages still waiting.
            self.belongs_to_nothing.notify_one();
            return Ok(());
        };
        let id = message.batch_id();
        let mut sent = self.store.scheduled().send(message, &id, &targets).await;
        if let Err(StoreError::Gone) = sent {
            let Some(newest) = self.newest_targets(chat).await? else {
                self.belongs_to_nothing.notify_one();
                return Ok(());
            };
            targets = newest;
            sent = self.store.scheduled().send(message, &id, &targets).await;
        }
        if sent? {
            self.attempt_new(chat, &targets, message.reason().as_str());
        }
        Ok(())
    }

    fn target_of(&self, schedule: &Name) -> Arc<[Target]> {
        let target = self.registry.get().target(&schedule.of_its_schedule());
        [target].into()
    }

    /// Where the messages of a chat go by what is configured now; `None`: its buffer or schedule is gone.
    async fn newest_targets(&self, chat: &Chat) -> Result<Option<Arc<[Target]>>> {
        if let Some(schedule) = chat.schedule() {
            let renewed = self.registry.renewed_schedule(&schedule).await?;
            return Ok(renewed.map(|_| self.target_of(&schedule)));
        }
        let renewed = self.registry.renewed(&chat.buffer, chat).await?;
        Ok(renewed.map(|buffer| buffer.destinations.clone()))
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
            if let Some(worker) = self.workers.get(&destination.name) {
                self.attempt_if_room(&worker, chat.clone(), None);
            }
        }
    }
}
