//! The Sentinels that watch the master, and whether another could take its place.

use std::collections::HashMap;

use futures_util::future::join_all;
use redis::{RedisError, RedisResult, Value};

use crate::store::Store;
use crate::store::nodes::Sentinel;

/// How the master is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// What the Sentinels call the master.
    pub master: String,
    /// Where Lull works: host and port.
    pub place: String,
    /// Those that the settings name.
    pub sentinels: Vec<Watcher>,
    /// Where its replicas are, and whether each has all but the newest of what the master has; none: it does not tell.
    pub replicas: Option<Vec<(String, bool)>>,
}

/// A Sentinel.
#[derive(Clone, Debug)]
pub struct Watcher {
    /// Host and port.
    pub place: String,
    /// What it says, or why it says nothing.
    pub told: Result<Told, String>,
}

/// What a Sentinel says.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where the master is to be: host and port.
    pub master: String,
    /// How many Sentinels must take the master for dead, as far as that is told.
    pub quorum: Option<u64>,
    /// Why no other Redis could be put in the place of the master, in its words.
    pub cannot: Option<String>,
}

impl Store {
    /// How Sentinels watch the master; none: Lull does not go by any.
    pub(super) async fn watch(&self) -> Option<Watch> {
        let sentinels = self.nodes.sentinels()?;
        let master = sentinels.master();
        let node = self.nodes.node_of(None);
        let replicas = self.replicas_of(&node).await.ok();
        let replicas = replicas.map(|all| {
            let all = all.into_iter();
            all.map(|(address, in_step)| (address.to_string(), in_step))
                .collect()
        });
        let asked = sentinels.all().iter().map(|it| it.watches(master));
        Some(Watch {
            master: master.to_owned(),
            place: node.place().to_owned(),
            sentinels: join_all(asked).await,
            replicas,
        })
    }
}

impl Sentinel {
    async fn watches(&self, master: &str) -> Watcher {
        let told = self.told(master).await;
        Watcher {
            place: self.place(),
            told: told.map_err(|error| error.to_string()),
        }
    }

    async fn told(&self, master: &str) -> RedisResult<Told> {
        let words = ["GET-MASTER-ADDR-BY-NAME", master];
        let Some((host, port)) = self.ask::<Option<(String, u16)>>(&words).await? else {
            return Err(RedisError::from((
                redis::ErrorKind::Client,
                "it watches no master of that name",
            )));
        };
        let facts: RedisResult<HashMap<String, Value>> = self.ask(&["MASTER", master]).await;
        let quorum = facts.ok().and_then(|facts| {
            let quorum = redis::from_redis_value_ref::<String>(facts.get("quorum")?);
            quorum.ok()?.parse().ok()
        });
        let can: RedisResult<String> = self.ask(&["CKQUORUM", master]).await;
        Ok(Told {
            master: format!("{host}:{port}"),
            quorum,
            cannot: can
                .err()
                .filter(is_no_quorum)
                .map(|error| error.to_string()),
        })
    }
}

/// Whether it says so; a login with least rights may not ask.
fn is_no_quorum(error: &RedisError) -> bool {
    error.code() == Some("NOQUORUM")
}
