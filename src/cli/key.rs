//! `lull key`: keys of the API, made, listed and revoked straight in Redis: whoever has lost every key has no other way.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output::{aligned, line, note};
use crate::core::api_key::Secret;
use crate::core::chat::Name;
use crate::core::moment::utc;
use crate::core::scopes::Scopes;
use crate::settings::Vars;
use crate::settings::redis::RedisConfig;
use crate::store::Store;
use crate::store::api_keys::{ApiKey, MOST, Made};
use crate::store::audit::By;

/// A Redis that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the audit calls whoever uses this.
const ACTOR: &str = "lull key";

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key and print it, once: only its digest is kept
    ///
    /// Each api takes it within a second. It is made straight in Redis, with the settings of the daemons (`REDIS_URL`, or
    /// `REDIS_HOST` and its companions), so it works without any other key: docker compose exec api lull key new panel
    New(New),
    /// List the keys in Redis; those of the environment (`API_KEYS`) are not among them
    List(List),
    /// Revoke a key: no api takes it any more within a second
    Revoke(Revoke),
}

/// Which key is made.
#[derive(Debug, Args)]
pub(super) struct New {
    /// What it is called: 1 to 64 characters out of a-z, 0-9, _ and -; else admin, admin-2 and so on
    name: Option<String>,
    /// What it reaches, with + between: ingest, ingest@ and a buffer, read, or admin, which is everything
    #[arg(long, default_value = "admin", requires = "name")]
    scopes: String,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

/// How keys are listed.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

/// Which key is revoked.
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// What it is called
    name: String,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) async fn key(command: Command, vars: &Vars) -> Result<()> {
    let config = RedisConfig::from_vars(vars)?;
    let store = Store::connect_once(&config, PATIENCE).await;
    let store = store.context("keys lie in Redis")?;
    match command {
        Command::New(arguments) => new(&store, &arguments).await,
        Command::List(arguments) => list(&store, &arguments).await,
        Command::Revoke(arguments) => revoke(&store, &arguments).await,
    }
}

async fn new(store: &Store, arguments: &New) -> Result<()> {
    let scopes = Scopes::of_words(arguments.scopes.split('+')).context("--scopes")?;
    let (name, secret) = match &arguments.name {
        Some(name) => named(store, Name::parse(name)?, &scopes).await?,
        None => {
            let made = store.keys().make_admin(&by()).await?;
            let (name, secret) = made.with_context(too_many)?;
            note(&format!("The key {name}, for everything:"));
            (name, secret)
        }
    };
    if arguments.json {
        let made = json!({ "name": name.as_str(), "scopes": scopes.words(), "key": secret.text() });
        return line(&made.to_string());
    }
    line(secret.text())
}

async fn named(store: &Store, name: Name, scopes: &Scopes) -> Result<(Name, Secret)> {
    match store.keys().make(&name, scopes, &by()).await? {
        Made::Key { secret, .. } => Ok((name, secret)),
        Made::Exists => {
            bail!("there is a key {name} already: choose another name, or revoke it first")
        }
        Made::TooMany => bail!(too_many()),
    }
}

fn too_many() -> String {
    format!("there are {MOST} keys, and that is the most: revoke one first")
}

async fn list(store: &Store, arguments: &List) -> Result<()> {
    let all = store.keys().read().await?;
    if arguments.json {
        let items: Vec<_> = all.keys.iter().map(as_json).collect();
        return line(&json!({ "items": items }).to_string());
    }
    let heading = ["NAME", "SCOPES", "MADE", "LAST USED"].map(str::to_owned);
    let rows = all.keys.iter().map(|key| {
        [
            key.name.to_string(),
            key.scopes.words().join("+"),
            utc(key.made_at),
            used(key).unwrap_or_else(|| "never".to_owned()),
        ]
    });
    let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
    aligned(&rows).iter().try_for_each(|row| line(row))
}

async fn revoke(store: &Store, arguments: &Revoke) -> Result<()> {
    let name = Name::parse(&arguments.name)?;
    let revoked = store.keys().revoke(&name, &by()).await?;
    ensure!(
        revoked,
        "there is no key {name} in Redis: lull key list shows those that there are; those of the environment go with API_KEYS"
    );
    if arguments.json {
        return line(&json!({ "revoked": name.as_str() }).to_string());
    }
    line(&format!(
        "Revoked {name}: no api takes it any more within a second"
    ))
}

fn by() -> By {
    By {
        actor: Some(ACTOR.to_owned()),
        address: None,
    }
}

fn used(key: &ApiKey) -> Option<String> {
    key.used_at.map(utc)
}

fn as_json(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name.as_str(),
        "scopes": key.scopes.words(),
        "made_at": utc(key.made_at),
        "last_used_at": used(key),
    })
}
