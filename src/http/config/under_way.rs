//! Removals that are under way: how they are shown, and how one is called off: a buffer or a destination that is being
//! drained, and is put again, stays.

use chrono_tz::Tz;
use tracing::info;

use super::super::Api;
use super::super::error::ApiError;
use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::core::moment::rfc3339;
use crate::registry::Snapshot;
use crate::spec::shown::Removing;
use crate::store::StoreError;
use crate::store::audit::{Act, By};
use crate::store::config::Kind;
use crate::store::lives::Living;

impl Api {
    /// Has what is being drained stay, so that it can be written. What was delivered stays delivered; what waits is
    /// still there.
    ///
    /// # Errors
    /// It is being removed in a way that cannot be called off: a part of what stood there may be dropped already.
    pub(super) async fn call_off(&self, kind: Kind, name: &Name, by: &By) -> Result<(), ApiError> {
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let Some(removal) = snapshot.configured.removal(kind, name) else {
            // It is gone, or somebody else has called it off.
            return Ok(());
        };
        let kept = kind.keep().filter(|_| removal.asked == Asked::Drain);
        let Some(kept) = kept else {
            return Err(being_removed(kind, name));
        };
        let word = kind.as_str();
        let act = Act::new(kept, by).on(name);
        let stays = self
            .store
            .end_removal(kind, name, removal, false, Some(&act));
        if !stays.await? {
            return Ok(());
        }
        info!(kind = word, name = %name, "The removal of the {word} {name} is called off");
        self.registry.catch_up().await?;
        // Whoever is still at it learns so that it is over.
        let life = self.registry.get().configured.life(kind, name);
        match self
            .store
            .vouch_in_all_shards(&[Living::new(kind, name, life)])
            .await
        {
            // Removed by somebody else since.
            Ok(()) | Err(StoreError::Gone) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is being removed cannot be written.
pub(super) fn being_removed(kind: Kind, name: &Name) -> ApiError {
    let kind = kind.as_str();
    ApiError::Conflict(format!(
        "the {kind} {name} is being removed: wait until it is gone; a PUT calls a drain off"
    ))
}

/// What was removed meanwhile, for whoever asked for it, is there.
pub(super) fn written_anew(name: &Name) -> ApiError {
    ApiError::Conflict(format!(
        "{name} was written anew while it was to be removed, and is there"
    ))
}

/// How something is being removed, as it is shown.
pub(in super::super) fn removing_of(
    snapshot: &Snapshot,
    kind: Kind,
    name: &str,
) -> Option<Removing> {
    let name = Name::parse(name).ok()?;
    let removal = snapshot.configured.removal(kind, &name)?;
    Some(Removing {
        asked: removal.asked.as_str(),
        since: rfc3339(removal.since, Tz::UTC),
    })
}
