//! `lull console`: a link by which a browser comes in, for whoever reaches the machine and has no key at hand.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;

use super::Where;
use super::output::{line, note};
use crate::core::api_key::digest;
use crate::settings::Vars;
use crate::settings::auth::AuthConfig;
use crate::settings::redis::RedisConfig;
use crate::store::Store;
use crate::store::login_links::{GOOD_FOR, LinkedKey};

/// A Redis that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// For which key.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The key that the browser comes in with, by its name; else the first that reaches everything
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    #[command(flatten)]
    at: Where,
}

/// Prints the link.
pub(super) async fn link(arguments: &Arguments, vars: &Vars) -> Result<()> {
    let api = arguments.at.api(vars)?;
    let config = RedisConfig::from_vars(vars)?;
    let store = Store::connect_once(&config, PATIENCE).await;
    let store = store.context("links lie in Redis")?;
    let auth = AuthConfig::from_vars(vars)?;
    let key = key_of(&auth, &store, arguments.key.as_deref()).await?;
    let secret = store.login_links().make(&key).await?;
    let minutes = GOOD_FOR.as_secs() / 60;
    note(&format!(
        "Open it in a browser: it is good once, for {minutes} minutes, as the key {}:",
        key.name
    ));
    line(&api.login_by(&secret)?)
}

/// The key of a name, or else the first that reaches everything: those of the environment come first, as the operator put
/// them there.
pub(super) async fn key_of(
    auth: &AuthConfig,
    store: &Store,
    name: Option<&str>,
) -> Result<LinkedKey> {
    let of_environment = auth.keys.iter().map(|key| {
        let linked = LinkedKey {
            name: key.name.clone(),
            digest: digest(&key.secret),
        };
        (linked, &key.scopes)
    });
    let in_redis = store.keys().read().await?.keys;
    let in_redis = in_redis.iter().map(|key| {
        let linked = LinkedKey {
            name: key.name.to_string(),
            digest: key.digest,
        };
        (linked, &key.scopes)
    });
    let mut keys = of_environment.chain(in_redis);
    let Some(name) = name else {
        let found = keys.find(|(_, scopes)| scopes.changes());
        let found = found.map(|(key, _)| key);
        return found.context("no key reaches everything: make one with lull key new");
    };
    match keys.find(|(key, _)| key.name == name) {
        Some((key, scopes)) if scopes.reads() => Ok(key),
        Some(_) => {
            bail!("the key {name} only brings messages: name one that reaches read or admin")
        }
        None => bail!(
            "there is no key {name}, neither in API_KEYS here nor in Redis: see lull key list"
        ),
    }
}
