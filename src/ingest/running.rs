//! Runs of schedules that an operator asks for.

use super::{Ingest, IngestError};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::{Chat, Name};
use crate::core::when::When;
use crate::store::StoreError;
use crate::store::config::Kind;

impl Ingest {
    /// Has the schedule of this name run at the moment `due`, beside its times, with `item` as its message. False: there
    /// is no such schedule, or it is being removed.
    ///
    /// # Errors
    /// When there is no room for it, or the storage does not take it.
    pub async fn run(&self, name: &Name, item: &str, due: Millis) -> Result<bool, IngestError> {
        let (chat, id) = (Chat::of_schedule(name), BatchId::generate().to_string());
        let mut life = self.0.registry.get().configured.life(Kind::Schedule, name);
        self.0.memory_guard.admit()?;
        let place = self.0.bounds.admit_later(&chat, &id, item.len()).await?;
        loop {
            match self
                .0
                .store
                .scheduled()
                .keep(&chat, life, &id, item, When::At(due))
                .await
            {
                Err(StoreError::Gone) => match self.0.registry.renewed_schedule(name).await? {
                    Some((_, renewed)) => life = renewed,
                    None => return Ok(false),
                },
                kept => {
                    kept?;
                    place.taken();
                    return Ok(true);
                }
            }
        }
    }
}
