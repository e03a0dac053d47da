//! Bringing scripts to Redis, and calling them.

use futures_util::future::join_all;
use redis::{Cmd, FromRedisValue};

use super::{ALL, Call, Script};
use crate::store::asking::{Question, read, told};
use crate::store::keys::Shard;
use crate::store::nodes::Tag;
use crate::store::{Result, Store, StoreError};

impl Store {
    /// Calls a script on keys of `shard`.
    pub(in crate::store) async fn run<T: FromRedisValue>(
        &self,
        shard: Shard,
        call: &Call,
    ) -> Result<T> {
        let which = shard.index();
        let answer = self.ask(call.tag, which, Question::Script(call));
        read(answer.await.map_err(|error| call.told(error))?)
    }

    /// Brings all scripts to each node, so that no call has to.
    pub(in crate::store) async fn load_scripts(&self) -> Result<()> {
        let mut load = redis::pipe();
        for script in ALL {
            load.cmd("SCRIPT").arg("LOAD").arg(script.text()).ignore();
        }
        let nodes = self.nodes.all();
        let load = Question::All(&load);
        let loading = nodes
            .iter()
            .map(|node| self.ask_while_there(node, 0, self.patience, load));
        let mut loaded = join_all(loading).await.into_iter();
        loaded.try_for_each(|answer| answer.map(drop).map_err(told))
    }
}

impl Call {
    /// The command that does it, where the script is loaded.
    pub(in crate::store) fn command(&self) -> Cmd {
        let mut one = redis::pipe();
        one.invoke_script(&self.invocation);
        one.cmd_iter().next().cloned().unwrap_or_default()
    }

    /// What it calls.
    pub(in crate::store) fn script(&self) -> &'static Script {
        self.script
    }

    /// Where it lies; none: anywhere.
    pub(in crate::store) fn tag(&self) -> Option<Tag> {
        self.tag
    }

    /// An error as whoever asked is told it.
    pub(in crate::store) fn told(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Unavailable(error) if self.script.failed(&error) => StoreError::Script {
                name: self.script.name,
                error,
            },
            error => error,
        }
    }
}

impl Script {
    /// Whether it began and broke off, as where a key holds what Lull did not write: Redis tells its hash then.
    fn failed(&self, error: &redis::RedisError) -> bool {
        error.to_string().contains(self.whole().get_hash())
    }
}
