//! The key of `lull up`: where the environment names nobody, a file in the data folder holds an admin key, readable by its
//! owner alone, so that the commands of this folder need nothing to paste.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::make_folder;
use crate::core::api_key::digest;
use crate::settings::operator::{ADMIN_KEY, key_in};
use crate::settings::up::UpConfig;
use crate::store::Store;
use crate::store::api_keys::MOST;
use crate::store::audit::By;

/// The key that the commands of this folder use.
pub(super) struct AdminKey {
    /// The file that holds it.
    pub(super) file: PathBuf,
    /// Its text, where it was made just now.
    pub(super) new: Option<String>,
}

/// Sees to it that the file holds a key that is taken. None: it cannot, because the Redis is somebody else's and has keys
/// already.
///
/// # Errors
/// When Redis does not answer, or the file cannot be written.
pub(super) async fn see_to(up: &UpConfig, store: &Store) -> Result<Option<AdminKey>> {
    let file = up.data.join(ADMIN_KEY);
    if let Some(key) = key_in(&up.data)
        && is_taken(store, &key).await?
    {
        return Ok(Some(AdminKey { file, new: None }));
    }
    let secret = match store.keys().make_first().await? {
        Some(secret) => secret,
        // The file of an earlier one is gone.
        None if up.own_redis => {
            let made = store.keys().make_admin(&By::default()).await?;
            let (_, secret) = made.with_context(|| {
                format!("there are {MOST} keys, and that is the most: revoke one with lull key revoke <name>")
            })?;
            secret
        }
        None => return Ok(None),
    };
    make_folder(&up.data)?;
    write(&file, secret.text()).with_context(|| format!("writing {}", file.display()))?;
    Ok(Some(AdminKey {
        file,
        new: Some(secret.text().to_owned()),
    }))
}

async fn is_taken(store: &Store, key: &str) -> Result<bool> {
    let digest = digest(key);
    let all = store.keys().read().await?;
    let mut keys = all.keys.iter();
    Ok(keys.any(|key| key.digest == digest && key.scopes.changes()))
}

/// Writes a file that nobody else can read, and puts it in the place of the one before.
fn write(file: &Path, key: &str) -> Result<()> {
    let new = file.with_extension("new");
    if new.exists() {
        std::fs::remove_file(&new)?;
    }
    let mut options = OpenOptions::new();
    let mut written: File = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    writeln!(written, "{key}")?;
    written.sync_all()?;
    Ok(std::fs::rename(&new, file)?)
}
