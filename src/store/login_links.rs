//! Links by which a browser comes in once, without anybody pasting a key: whoever reaches Redis makes one.

use std::time::Duration;

use redis::Cmd;
use serde::{Deserialize, Serialize};

use super::api_keys::random;
use super::handles::LoginLinks;
use super::keys::login_link;
use super::{Result, reply};
use crate::core::api_key::{KeyDigest, Secret, digest};

/// A link that nobody took is over after this.
pub const GOOD_FOR: Duration = Duration::from_secs(300);

/// The key for which a link stands: who takes the link is known as its holder, as long as the key is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedKey {
    /// What it is called.
    pub name: String,
    /// What is known of it.
    pub digest: KeyDigest,
}

/// The same as JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    digest: String,
}

impl LoginLinks<'_> {
    /// Makes a link, which is good once, and for [`GOOD_FOR`]. Only the digest of its text is kept.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make(self, key: &LinkedKey) -> Result<Secret> {
        let secret = Secret::of(random()?);
        let kept = Kept {
            name: key.name.clone(),
            digest: hex::encode(key.digest),
        };
        let set = Cmd::set_ex(
            login_link(&secret.digest()),
            reply::json(&kept)?,
            GOOD_FOR.as_secs(),
        );
        let () = self.store.query(&set).await?;
        Ok(secret)
    }

    /// Takes a link, so that nobody else can. None: there is none with this text, it was taken already, or it is over.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn take(self, text: &str) -> Result<Option<LinkedKey>> {
        let taken = Cmd::get_del(login_link(&digest(text)));
        let taken: Option<String> = self.store.query(&taken).await?;
        Ok(taken.as_deref().and_then(read))
    }
}

fn read(kept: &str) -> Option<LinkedKey> {
    let Kept { name, digest } = serde_json::from_str(kept).ok()?;
    let digest = hex::decode(digest).ok()?.try_into().ok()?;
    Some(LinkedKey { name, digest })
}
