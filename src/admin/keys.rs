//! Keys of the API: made, listed and revoked.

use tracing::info;

use super::{Admin, AdminError, Conflict, NoSuch};
use crate::core::chat::Name;
use crate::core::scopes::Scopes;
use crate::store::api_keys::{ApiKey, MOST, Made};
use crate::store::audit::By;

/// A key that was just made: the only time that its text is known.
pub struct NewKey {
    /// Its text.
    pub secret: String,
    /// The rest of it.
    pub key: ApiKey,
}

impl Admin {
    /// The keys that were made, by name; those of the environment are not among them.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, AdminError> {
        Ok(self.store().keys().read().await?.keys)
    }

    /// Makes a key. This api goes by it when this returns, all others within a second.
    ///
    /// # Errors
    /// One of this name is there, or as many as may be; unavailable or silent.
    pub async fn make_key(
        &self,
        name: Name,
        scopes: Scopes,
        by: &By,
    ) -> Result<NewKey, AdminError> {
        let (secret, made_at) = match self.store().keys().make(&name, &scopes, by).await? {
            Made::Key { secret, at } => (secret, at),
            Made::Exists => return Err(Conflict::KeyExists(name).into()),
            Made::TooMany => return Err(Conflict::TooManyKeys(MOST).into()),
        };
        self.key_ring().catch_up().await?;
        info!(key = name.as_str(), "An operator made the key {name}");
        let key = ApiKey {
            name,
            digest: secret.digest(),
            scopes,
            made_at,
            used_at: None,
        };
        Ok(NewKey {
            secret: secret.text().to_owned(),
            key,
        })
    }

    /// Revokes a key. This api refuses it when this returns, all others within a second.
    ///
    /// # Errors
    /// No such key; unavailable or silent.
    pub async fn revoke_key(&self, name: &Name, by: &By) -> Result<(), AdminError> {
        if !self.store().keys().revoke(name, by).await? {
            return Err(NoSuch::Key.into());
        }
        self.key_ring().catch_up().await?;
        info!(key = name.as_str(), "An operator revoked the key {name}");
        Ok(())
    }
}
