//! A Sentinel: what it says about the master that it watches.

use std::collections::HashMap;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, RedisResult, Value};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::{Address, TELLING};
use crate::store::dialling::{briefly, silent};

/// One of them, and the connection on which it is asked.
pub(in crate::store) struct Sentinel {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// Who is the master, as one of them says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) address: Address,
    /// Of the change that made it the master.
    pub(super) epoch: u64,
}

impl Sentinel {
    /// One that connections of this client lead to.
    pub(in crate::store) fn at(client: Client) -> Self {
        Self {
            client,
            connection: Mutex::default(),
        }
    }

    /// Host and port.
    pub(in crate::store) fn place(&self) -> String {
        self.client.get_connection_info().addr().to_string()
    }

    /// For connections beside the one on which it is asked.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks it something, within half a second.
    ///
    /// # Errors
    /// It is away or silent, or refuses.
    pub(in crate::store) async fn ask<T: redis::FromRedisValue>(
        &self,
        words: &[&str],
    ) -> RedisResult<T> {
        let mut ask = redis::cmd("SENTINEL");
        ask.arg(words);
        let asking = async {
            let mut connection = self.connection().await?;
            ask.query_async(&mut connection).await
        };
        let answer = timeout(TELLING, asking).await;
        let answer = answer.unwrap_or_else(|_| Err(silent(TELLING)));
        if answer
            .as_ref()
            .is_err_and(|it: &RedisError| it.is_io_error())
        {
            *self.connection.lock().await = None;
        }
        answer
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let connection = briefly(&self.client, TELLING).await?;
        Ok(kept.insert(connection).clone())
    }

    /// Who it says is the master; none: it knows none of that name.
    pub(super) async fn names(&self, master: &str) -> RedisResult<Option<Named>> {
        // The epoch first: with an address that is newer it only counts less.
        let facts: RedisResult<HashMap<String, Value>> = self.ask(&["MASTER", master]).await;
        let epoch = facts.ok().and_then(|facts| {
            let epoch = redis::from_redis_value_ref::<String>(facts.get("config-epoch")?).ok()?;
            epoch.parse().ok()
        });
        let words = ["GET-MASTER-ADDR-BY-NAME", master];
        let address: Option<(String, u16)> = self.ask(&words).await?;
        Ok(address.map(|(host, port)| Named {
            address: Address { host, port },
            epoch: epoch.unwrap_or_default(),
        }))
    }

    /// What it calls the masters that it watches.
    ///
    /// # Errors
    /// See [`Sentinel::ask`].
    pub(in crate::store) async fn watched(&self) -> RedisResult<Vec<String>> {
        let masters: Vec<HashMap<String, Value>> = self.ask(&["MASTERS"]).await?;
        let names = masters.iter().filter_map(|it| it.get("name"));
        let names = names.filter_map(|name| redis::from_redis_value_ref(name).ok());
        Ok(names.collect())
    }
}
