//! Bringing scripts to Redis, and calling them.

use futures_util::future::join_all;
use redis::FromRedisValue;

use super::{ALL, Call, Script};
use crate::store::asking::told;
use crate::store::keys::Shard;
use crate::store::{Result, Store, StoreError};

impl Store {
    /// Calls a script on keys of `shard`.
    pub(in crate::store) async fn run<T: FromRedisValue>(
        &self,
        shard: Shard,
        call: &Call,
    ) -> Result<T> {
        let which = shard.index();
        let answer = self.ask(call.tag, which, 1, |mut connection| async move {
            call.on(&mut connection).await
        });
        answer.await.map_err(|error| match error {
            StoreError::Unavailable(error) if call.script.failed(&error) => StoreError::Script {
                name: call.script.name,
                error,
            },
            error => error,
        })
    }

    /// Brings all scripts to each node, so that no call has to.
    pub(in crate::store) async fn load_scripts(&self) -> Result<()> {
        let mut load = redis::pipe();
        for script in ALL {
            load.cmd("SCRIPT").arg("LOAD").arg(script.text()).ignore();
        }
        let load = &load;
        let nodes = self.nodes.all();
        let loading = nodes.iter().map(|node| {
            self.ask_node(node, 0, self.patience, |mut connection| async move {
                load.query_async(&mut connection).await
            })
        });
        let mut loaded = join_all(loading).await.into_iter();
        loaded.try_for_each(|answer| answer.map_err(told))
    }
}

impl Script {
    /// Whether it began and broke off, as where a key holds what Lull did not write: Redis tells its hash then.
    fn failed(&self, error: &redis::RedisError) -> bool {
        error.to_string().contains(self.whole().get_hash())
    }
}
