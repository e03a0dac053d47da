//! Removals that are called off: a buffer or a destination that is being drained, and is put again, stays.

use tracing::info;

use super::configuring::being_removed;
use super::{Admin, AdminError};
use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::store::StoreError;
use crate::store::audit::{Act, By};
use crate::store::config::Kind;
use crate::store::config::lives::Living;

impl Admin {
    /// Has what is being drained stay, so that it can be written. What was delivered stays delivered; what waits is
    /// still there.
    ///
    /// # Errors
    /// It is being removed in a way that cannot be called off: a part of what stood there may be dropped already.
    pub(super) async fn call_off(
        &self,
        kind: Kind,
        name: &Name,
        by: &By,
    ) -> Result<(), AdminError> {
        self.registry().catch_up().await?;
        let snapshot = self.registry().get();
        let Some(removal) = snapshot.configured.removal(kind, name) else {
            // It is gone, or somebody else has called it off.
            return Ok(());
        };
        let kept = kind.keep().filter(|_| removal.asked == Asked::Drain);
        let Some(kept) = kept else {
            return Err(being_removed(kind, name).into());
        };
        let act = Act::new(kept, by).on(name);
        let stays = self
            .store()
            .config()
            .end_removal(kind, name, removal, false, Some(&act));
        if !stays.await? {
            return Ok(());
        }
        let word = kind.as_str();
        info!(kind = word, name = %name, "The removal of the {word} {name} is called off");
        self.registry().catch_up().await?;
        // Whoever is still at it learns so that it is over.
        let life = self.registry().get().configured.life(kind, name);
        let living = [Living::new(kind, name, life)];
        match self.store().config().vouch_in_all_shards(&living).await {
            // Removed by somebody else since.
            Ok(()) | Err(StoreError::Gone) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
