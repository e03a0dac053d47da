//! Messages that leave one by one: each is a batch of its own, in one order, and found again by its id.

use super::accepting::{Later, arrived};
use super::posts::Untaken;
use super::{Ingest, IngestError};
use crate::core::batch::{BatchId, Millis};
use crate::core::incoming::Incoming;
use crate::core::post::PostResult;
use crate::core::window::CloseReason;
use crate::spec::Buffer;
use crate::store::lanes::queue::Enqueued;
use crate::telemetry::log::note_chat;
use crate::telemetry::metrics::count;

/// A message of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its id, and that of its batch: made of the client's id for it, if it has one.
    pub id: BatchId,
    /// What became of it.
    pub state: QueueState,
}

/// What became of a message for the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// It is on its way since this moment.
    Leaving(Millis),
    /// It waits for its time.
    Waiting,
    /// Its id was seen before, and nothing was changed.
    Duplicate,
}

impl Ingest {
    /// Puts a message onto the lane of the queue, or keeps it until its time. Its id becomes that of the answer.
    ///
    /// # Errors
    /// When it cannot be taken as it is; there is no room for it; or the storage does not take it.
    pub async fn enqueue(&self, incoming: &mut Incoming) -> Result<Queued, IngestError> {
        let buffer = &self.0.registry.defaults().messages.buffer;
        note_chat(&buffer.chat(incoming.user.clone()));
        let own = incoming.message_id.take();
        let id = own.as_ref().map_or_else(BatchId::generate, |own| {
            BatchId::of_client(&buffer.chat(incoming.user.clone()), own)
        });
        incoming.message_id = Some(id.to_string());
        let state = match incoming.when {
            None => {
                self.enqueue_now(buffer, incoming, &id, own.is_some())
                    .await?
            }
            Some(when) => match self.keep(buffer, incoming, when).await? {
                Later {
                    duplicate: true, ..
                } => QueueState::Duplicate,
                Later { .. } => QueueState::Waiting,
            },
        };
        if state == QueueState::Duplicate {
            let untaken = vec![Untaken::message(PostResult::Duplicate, incoming)];
            self.note_untaken(&buffer.name, untaken, None).await;
        }
        Ok(Queued { id, state })
    }

    async fn enqueue_now(
        &self,
        buffer: &Buffer,
        incoming: &Incoming,
        id: &BatchId,
        once: bool,
    ) -> Result<QueueState, IngestError> {
        let (chat, item) = arrived(buffer, incoming)?;
        let kept = self.kept(&chat);
        self.0.memory_guard.admit()?;
        let (bounds, lanes) = (&self.0.bounds, buffer.destinations.len());
        let place = bounds.admit_queued(&chat, item.len(), lanes).await?;
        let enqueued = self
            .0
            .store
            .lanes()
            .enqueue(&chat, id, &item, once, kept, &buffer.destinations)
            .await
            .inspect_err(|error| self.note_failed(buffer, error))?;
        let metrics = &self.0.metrics;
        Ok(match enqueued {
            Enqueued::Queued(at) => {
                place.taken();
                self.count_post(Some(&buffer.name), PostResult::Taken);
                metrics.accepted.count(Some(&buffer.name), &[]);
                count(&metrics.batches, "reason", CloseReason::Queued.as_str());
                QueueState::Leaving(at)
            }
            Enqueued::Duplicate => {
                self.count_post(Some(&buffer.name), PostResult::Duplicate);
                metrics.duplicates.count(Some(&buffer.name), &[]);
                QueueState::Duplicate
            }
        })
    }
}
