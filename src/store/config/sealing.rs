//! What is configured lies sealed in Redis, where there is a key for that: whoever reads Redis or its backups learns
//! nothing of it, and whoever writes there cannot put together what was not written together.
//!
//! Whole specifications are sealed, and not the fields that are known to be secret: a header that was sealed alone could
//! be put beside the URL of somebody else. What is sealed is bound to the name that it was written under, and opens under
//! no other.

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::settings::secrets::{SecretsConfig, SecretsKey};
use crate::store::config::lives;
use crate::store::handles::Config;
use crate::store::keys::{self, Shard};
use crate::store::{Result, StoreError, reply, scripts};

/// In front of what is sealed, where JSON has a brace.
const SEALED: &str = "sealed:";
/// How it is sealed: ChaCha20-Poly1305; a nonce, then text and tag, in base64.
const WAY: &str = "1";
/// Hex digits of the digest of a key by which it is found again.
const DIGITS: usize = 8;
/// What is digested before a key, so that its digest is of use for nothing else.
const PURPOSE: &[u8] = b"lull: the id of a key of SECRETS_KEY\0";

/// What seals and opens.
pub(in crate::store) struct Sealing {
    keys: Vec<SealingKey>,
    /// Whether the first of them seals what is written.
    seals: bool,
}

/// What came of opening what lies in Redis.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Opened<'a> {
    /// What was written.
    Text(Cow<'a, str>),
    /// It is sealed with a key of this id, which is not here.
    Locked(String),
    /// It was sealed under another field, or changed since, or sealed in a way that this version does not know.
    Broken,
}

struct SealingKey {
    id: String,
    key: SecretsKey,
}

impl Sealing {
    pub(in crate::store) fn of(config: &SecretsConfig) -> Self {
        let keys = config.all.iter().map(|key| SealingKey {
            id: id_of(key),
            key: *key,
        });
        Self {
            keys: keys.collect(),
            seals: config.first.is_some(),
        }
    }

    fn first(&self) -> Option<&SealingKey> {
        self.keys.first().filter(|_| self.seals)
    }

    /// What is to lie in Redis under this field.
    ///
    /// # Errors
    /// Where it cannot be sealed; it must not be written then.
    fn seal(&self, field: &str, spec: String) -> Result<String> {
        let Some(first) = self.first() else {
            return Ok(spec);
        };
        let failed = || StoreError::Unreadable("what is to be encrypted");
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| failed())?;
        let mut sealed = spec.into_bytes();
        let key = first.ready().ok_or_else(failed)?;
        let under = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(under, bound_to(field), &mut sealed)
            .map_err(|_| failed())?;
        let bytes = [&nonce[..], &sealed].concat();
        let (id, text) = (&first.id, STANDARD_NO_PAD.encode(bytes));
        Ok(format!("{SEALED}{WAY}:{id}:{text}"))
    }

    /// What was written under this field.
    pub(in crate::store) fn open<'a>(&self, field: &str, text: &'a str) -> Opened<'a> {
        let Some(sealed) = text.strip_prefix(SEALED) else {
            return Opened::Text(text.into());
        };
        let mut parts = sealed.splitn(3, ':');
        let (Some(WAY), Some(id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Opened::Broken;
        };
        let mut keys = self.keys.iter().filter(|key| key.id == id).peekable();
        if keys.peek().is_none() {
            return Opened::Locked(id.chars().take(DIGITS).collect());
        }
        let bytes = STANDARD_NO_PAD.decode(text).unwrap_or_default();
        let opened = keys.find_map(|key| key.open(field, &bytes));
        opened.map_or(Opened::Broken, |text| Opened::Text(text.into()))
    }

    /// Whether it lies there as it would be written now.
    fn is_current(&self, text: &str) -> bool {
        match self.first() {
            Some(first) => text.starts_with(&format!("{SEALED}{WAY}:{}:", first.id)),
            None => !text.starts_with(SEALED),
        }
    }
}

impl SealingKey {
    /// None: it has another length than its kind, which the type rules out.
    fn ready(&self) -> Option<LessSafeKey> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &self.key).ok();
        key.map(LessSafeKey::new)
    }

    fn open(&self, field: &str, bytes: &[u8]) -> Option<String> {
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self
            .ready()?
            .open_in_place(nonce, bound_to(field), &mut sealed);
        String::from_utf8(opened.ok()?.to_vec()).ok()
    }
}

fn id_of(key: &SecretsKey) -> String {
    let digest = Sha256::new().chain_update(PURPOSE).chain_update(key);
    let mut id = hex::encode(digest.finalize());
    id.truncate(DIGITS);
    id
}

fn bound_to(field: &str) -> Aad<String> {
    Aad::from(format!("{SEALED}{WAY}:{field}"))
}

impl Config<'_> {
    /// A specification as it is to lie in Redis under this field. Nothing of one is put there that has not come through
    /// here.
    ///
    /// # Errors
    /// It cannot be sealed.
    pub(in crate::store) fn sealed(self, field: &str, spec: &impl Serialize) -> Result<String> {
        self.store.sealing.seal(field, reply::json(spec)?)
    }

    /// Writes anew what lies there otherwise than it would be written now: in clear, or sealed with a key that is not the
    /// first any more. What cannot be opened stays as it is. Answers how many it was.
    ///
    /// # Errors
    /// It cannot be sealed; full, unavailable or silent. What was written until then stays so.
    pub async fn seal_anew(self) -> Result<u64> {
        let sealing = &self.store.sealing;
        if sealing.keys.is_empty() {
            return Ok(0);
        }
        let values: HashMap<String, String> =
            self.store.query(&redis::Cmd::hgetall(keys::CONFIG)).await?;
        let mut written = 0;
        for (field, value) in values.iter().filter(|(field, _)| lives(field)) {
            let Some((version, spec)) = value.split_once(' ') else {
                continue;
            };
            if sealing.is_current(spec) {
                continue;
            }
            let Opened::Text(spec) = sealing.open(field, spec) else {
                continue;
            };
            let sealed = sealing.seal(field, spec.into_owned())?;
            let mut seal = scripts::SEAL.key(keys::CONFIG);
            seal.arg(field)
                .arg(value)
                .arg(format!("{version} {sealed}"));
            written += self.store.run::<u64>(Shard::FIRST, &seal).await?;
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests;
