//! Keys of the API that an operator makes: they lie beside the configuration, as digests, and every api goes by them
//! within a second. Those of the environment are known to each daemon alone.

use std::collections::BTreeMap;

use redis::Cmd;
use serde::{Deserialize, Serialize};

use super::audit::{self, Act, By};
use super::handles::ApiKeys;
use super::keys::{API_KEYS, AUDIT, Shard};
use super::{Result, StoreError, reply, scripts};
use crate::core::action::Action;
use crate::core::api_key::{KeyDigest, Secret};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::scopes::Scopes;

/// Most keys: each api holds all of them.
pub const MOST: usize = 1_000;

/// What the first key is called.
const FIRST: &str = "admin";

const VERSION: &str = "version";

/// A key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// What it is called.
    pub name: Name,
    /// What is kept of it.
    pub digest: KeyDigest,
    /// What it reaches.
    pub scopes: Scopes,
    /// When it was made.
    pub made_at: Millis,
    /// When it was last used, within a minute; none: never.
    pub used_at: Option<Millis>,
}

/// All keys there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllKeys {
    /// Another at each change; none: there has never been a key.
    pub version: Option<String>,
    /// The keys, by name.
    pub keys: Vec<ApiKey>,
    /// The names of those that another version of Lull has written and this one cannot read: they open nothing.
    pub unreadable: Vec<String>,
}

/// What became of making a key.
#[derive(Clone)]
pub enum Made {
    /// It is there.
    Key {
        /// Its text, which nobody is shown again.
        secret: Secret,
        /// When it was made.
        at: Millis,
    },
    /// There is one of this name already.
    Exists,
    /// There are [`MOST`] of them.
    TooMany,
}

/// A key as JSON.
#[derive(Serialize, Deserialize)]
struct Kept {
    digest: String,
    scopes: Vec<String>,
}

/// What the audit says of a key.
#[derive(Serialize)]
struct Noted {
    scopes: Vec<String>,
}

impl ApiKeys<'_> {
    /// Which version of the keys there is; none: there has never been a key.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn version(self) -> Result<Option<String>> {
        self.store.query(&Cmd::hget(API_KEYS, VERSION)).await
    }

    /// All keys.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn read(self) -> Result<AllKeys> {
        let mut fields: BTreeMap<String, String> =
            self.store.query(&Cmd::hgetall(API_KEYS)).await?;
        let mut all = AllKeys {
            version: fields.remove(VERSION),
            ..AllKeys::default()
        };
        for (field, value) in &fields {
            let Some(name) = field.strip_prefix("key:") else {
                continue;
            };
            let used = fields.get(&format!("used:{name}"));
            match read(name, value, used.map(String::as_str)) {
                Some(key) => all.keys.push(key),
                None => all.unreadable.push(name.to_owned()),
            }
        }
        Ok(all)
    }

    /// Makes a key, which is noted in the same step.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make(self, name: &Name, scopes: &Scopes, by: &By) -> Result<Made> {
        let (secret, made) = self.run_make(name, scopes, by, "any").await?;
        Ok(match u64::try_from(made) {
            Ok(0) => Made::Exists,
            Ok(at) => Made::Key { secret, at },
            Err(_) => Made::TooMany,
        })
    }

    /// Makes a key for everything where there is no key at all; of several that ask at once, one gets it.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make_first(self) -> Result<Option<Secret>> {
        let name = Name::parse(FIRST).map_err(|_| StoreError::Unreadable("a name"))?;
        let by = By::default();
        let (secret, made) = self
            .run_make(&name, &Scopes::everything(), &by, "first")
            .await?;
        Ok((made > 0).then_some(secret))
    }

    /// Makes one more key for everything, under the first name that is free: `admin`, `admin-2` and so on. None: there are
    /// [`MOST`] of them.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn make_admin(self, by: &By) -> Result<Option<(Name, Secret)>> {
        for number in 1..=MOST {
            let name = match number {
                1 => FIRST.to_owned(),
                number => format!("{FIRST}-{number}"),
            };
            let name = Name::parse(&name).map_err(|_| StoreError::Unreadable("a name"))?;
            match self.make(&name, &Scopes::everything(), by).await? {
                Made::Key { secret, .. } => return Ok(Some((name, secret))),
                Made::Exists => {}
                Made::TooMany => break,
            }
        }
        Ok(None)
    }

    /// Revokes a key, which is noted in the same step. Every api stops taking it within a second. Answers whether there
    /// was one of this name.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn revoke(self, name: &Name, by: &By) -> Result<bool> {
        let act = Act::new(Action::KeyRevoke, by).on(name);
        let mut revoke = scripts::REVOKE_KEY.key(API_KEYS);
        revoke
            .key(AUDIT)
            .arg(name.as_str())
            .arg(hex::encode(random()?))
            .arg(reply::json(&act)?)
            .arg(audit::MOST);
        let revoked: u8 = self.store.run(Shard::FIRST, &revoke).await?;
        Ok(revoked == 1)
    }

    /// Notes that a key was used just now.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_use(self, name: &str) -> Result<()> {
        let mut note = scripts::NOTE_KEY_USE.key(API_KEYS);
        note.arg(name);
        self.store.run::<u8>(Shard::FIRST, &note).await.map(drop)
    }

    async fn run_make(
        self,
        name: &Name,
        scopes: &Scopes,
        by: &By,
        which: &str,
    ) -> Result<(Secret, i64)> {
        let secret = Secret::of(random()?);
        let kept = Kept {
            digest: hex::encode(secret.digest()),
            scopes: scopes.words(),
        };
        let noted = Noted {
            scopes: scopes.words(),
        };
        let act = Act::new(Action::KeyMake, by).on(name);
        let act = act.from_to(None::<&Noted>, Some(&noted));
        let mut make = scripts::MAKE_KEY.key(API_KEYS);
        make.key(AUDIT)
            .arg(name.as_str())
            .arg(reply::json(&kept)?)
            .arg(hex::encode(random()?))
            .arg(which)
            .arg(MOST)
            .arg(reply::json(&act)?)
            .arg(audit::MOST);
        let made = self.store.run(Shard::FIRST, &make).await?;
        Ok((secret, made))
    }
}

/// 256 bits that nobody can foresee.
pub(super) fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    match getrandom::fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(StoreError::Unreadable("the system's source of randomness")),
    }
}

fn read(name: &str, value: &str, used: Option<&str>) -> Option<ApiKey> {
    let (made_at, kept) = value.split_once(' ')?;
    let kept: Kept = serde_json::from_str(kept).ok()?;
    Some(ApiKey {
        name: Name::parse(name).ok()?,
        digest: hex::decode(kept.digest).ok()?.try_into().ok()?,
        scopes: Scopes::of_words(kept.scopes.iter().map(String::as_str)).ok()?,
        made_at: made_at.parse().ok()?,
        used_at: used.and_then(|used| used.parse().ok()),
    })
}
