//! How a Redis is set up: what an operator wants to know before entrusting messages to it.

pub mod cluster;
pub mod sentinels;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Client, ConnectionAddr, IntoConnectionInfo};

use super::clock::SetBack;
use super::events::EventMode;
use super::links::Links;
use super::nodes::Address;
use super::refusal::is_denied;
use super::{Result, Store, StoreError, reply};
use crate::clock::now;
use crate::core::batch::Millis;

/// What a Redis says about itself; `None` is what it does not tell.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// Where it is: host and port.
    pub place: String,
    /// Its name and version.
    pub server: String,
    /// How long it takes to answer.
    pub ping: Duration,
    /// Whether it is reached over a socket or an address of this machine.
    pub is_local: bool,
    /// Whether it copies another one, and takes no writes.
    pub is_replica: bool,
    /// Replicas that have all but the newest of what it has.
    pub replicas: u64,
    /// Whether it lets in who has no password.
    pub is_open: Option<bool>,
    /// Whether it takes connections from elsewhere only with a password.
    pub is_protected: Option<bool>,
    /// Whether this login may read its configuration.
    pub tells_config: bool,
    /// Whether each write goes into the append-only file.
    pub appends: Option<bool>,
    /// When that file is synced to disk: `always`, `everysec` or `no`.
    pub sync: Option<String>,
    /// Whether it makes snapshots by itself.
    pub snapshots: Option<bool>,
    /// Whether its last write to disk failed.
    pub failed_to_write: bool,
    /// What it drops when it is full.
    pub eviction: Option<String>,
    /// Bytes in use.
    pub memory: Option<u64>,
    /// Bytes it may use; 0 is without limit.
    pub max_memory: Option<u64>,
    /// Whether it tells of expired keys.
    pub events: EventMode,
    /// Keys with a TTL in this database that are not Lull's; of a cluster those of all its nodes.
    pub foreign_timers: Option<u64>,
    /// Milliseconds by which its clock is ahead of this machine's; below 0: behind.
    pub clock_ahead: i64,
    /// Whether that clock was set back; of a cluster it is told of the node that has what is configured.
    pub set_back: Option<SetBack>,
}

/// The lines of `INFO`, or the pairs of `CONFIG GET`.
pub(super) struct Facts(HashMap<String, String>);

impl Facts {
    pub(super) fn of_info(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once(':'));
        Self(
            pairs
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
        )
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    pub(super) fn is(&self, name: &str, expected: &str) -> Option<bool> {
        self.text(name).map(|value| value == expected)
    }

    fn server(&self) -> String {
        let name = self.text("server_name").unwrap_or("redis");
        let version = self
            .text(&format!("{name}_version"))
            .or(self.text("redis_version"));
        let name = if name == "valkey" { "Valkey" } else { "Redis" };
        format!("{name} {}", version.unwrap_or("of unknown version"))
    }

    fn failed_to_write(&self) -> bool {
        ["aof_last_write_status", "rdb_last_bgsave_status"]
            .into_iter()
            .any(|name| self.is(name, "err") == Some(true))
    }

    /// The keys with a TTL in a database; one without keys has no line.
    fn timers(&self, db: i64) -> Option<u64> {
        self.text("used_memory")?;
        let Some(line) = self.text(&format!("db{db}")) else {
            return Some(0);
        };
        let expires = line.split(',').find_map(|it| it.strip_prefix("expires="))?;
        expires.parse().ok()
    }
}

impl Store {
    /// Looks at how a node is set up. Changes nothing.
    ///
    /// # Errors
    /// Unavailable or silent.
    async fn inspect_node(&self, node: &Arc<Links>) -> Result<Inspection> {
        let info: String = self.query_node(node, &redis::cmd("INFO")).await?;
        let in_step = info
            .lines()
            .filter_map(replica)
            .filter(|(_, in_step)| *in_step);
        let replicas = in_step.count() as u64;
        let info = Facts::of_info(&info);
        let config = self.settings(node).await?;
        let setting = |name: &str| config.as_ref().and_then(|config| config.text(name));
        let connection = node.client().get_connection_info();
        let timers = info.timers(connection.redis_settings().db());
        let began = Instant::now();
        let () = self.query_node(node, &redis::cmd("PING")).await?;
        Ok(Inspection {
            place: node.place().to_owned(),
            server: info.server(),
            ping: began.elapsed(),
            is_local: is_local(connection.addr()),
            is_replica: info.is("role", "slave") == Some(true),
            replicas,
            is_open: self.lets_anyone_in(node).await,
            is_protected: setting("protected-mode").map(|value| value == "yes"),
            tells_config: config.is_some(),
            appends: info.is("aof_enabled", "1"),
            sync: setting("appendfsync").map(str::to_owned),
            snapshots: setting("save").map(|value| !value.is_empty()),
            failed_to_write: info.failed_to_write(),
            eviction: info.text("maxmemory_policy").map(str::to_owned),
            memory: info.number("used_memory"),
            max_memory: info.number("maxmemory"),
            events: self.event_mode_of(node).await?,
            // Windows are among them, of which a node tells nothing.
            foreign_timers: timers,
            clock_ahead: self.clock_ahead(node).await?,
            set_back: None,
        })
    }

    /// What it is set to; `None` where this login may not read that.
    async fn settings(&self, node: &Arc<Links>) -> Result<Option<Facts>> {
        self.configured(node, &["protected-mode", "appendfsync", "save"])
            .await
    }

    /// The same of these settings.
    async fn configured(&self, node: &Arc<Links>, names: &[&str]) -> Result<Option<Facts>> {
        let get = redis::cmd("CONFIG").arg("GET").arg(names).to_owned();
        let told = self.query_node::<HashMap<String, String>>(node, &get);
        match told.await {
            Ok(pairs) => Ok(Some(Facts(pairs))),
            Err(error) if is_denied(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tries a connection without a login; `None` if that tells nothing.
    async fn lets_anyone_in(&self, node: &Links) -> Option<bool> {
        let address = node.client().get_connection_info().addr().clone();
        let client = Client::open(address.into_connection_info().ok()?).ok()?;
        let ask = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<()>(&mut connection).await
        };
        match self.patiently(ask).await {
            Ok(()) => Some(true),
            Err(StoreError::Unavailable(error)) if error.code() == Some("NOAUTH") => Some(false),
            Err(_) => None,
        }
    }

    async fn clock_ahead(&self, node: &Arc<Links>) -> Result<i64> {
        let before = now();
        let time = self.query_node(node, &redis::cmd("TIME")).await?;
        ahead(before, time)
    }

    /// The replicas that a node tells of: where each is, and whether it is in step.
    async fn replicas_of(&self, node: &Arc<Links>) -> Result<Vec<(Address, bool)>> {
        let mut ask = redis::cmd("INFO");
        let told: String = self.query_node(node, ask.arg("replication")).await?;
        Ok(told.lines().filter_map(replica).collect())
    }
}

/// By how many ms the clock of a Redis is ahead of this machine's, that was asked for its time at `before`.
fn ahead(before: Millis, time: redis::Value) -> Result<i64> {
    let theirs = reply::time(Some(time))?;
    // Theirs was read about halfway.
    let ours = before.midpoint(now());
    Ok(theirs.cast_signed().saturating_sub(ours.cast_signed()))
}

/// Where a replica is of which `INFO replication` tells in this line, and whether it is in step.
fn replica(line: &str) -> Option<(Address, bool)> {
    let (name, facts) = line.strip_prefix("slave")?.split_once(':')?;
    name.parse::<u32>().ok()?;
    let fact = |name: &str| {
        let mut facts = facts.trim().split(',');
        facts.find_map(|fact| fact.strip_prefix(name)?.strip_prefix('='))
    };
    let address = Address {
        host: fact("ip")?.to_owned(),
        port: fact("port")?.parse().ok()?,
    };
    Some((address, fact("state")? == "online"))
}

fn is_local(address: &ConnectionAddr) -> bool {
    match address {
        ConnectionAddr::Unix(_) => true,
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => {
            let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_are_read_from_what_their_master_tells() {
        let (address, is_in_step) =
            replica("slave0:ip=10.0.0.2,port=6379,state=online,offset=12,lag=0\r").unwrap();

        assert_eq!((address.host.as_str(), address.port), ("10.0.0.2", 6379));
        assert!(is_in_step);
        let copying = replica("slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0");
        assert!(!copying.unwrap().1);
        for other in ["connected_slaves:1", "slave_repl_offset:9", "role:master"] {
            assert!(replica(other).is_none(), "{other}");
        }
    }

    #[test]
    fn info_is_read() {
        let info = Facts::of_info(
            "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n\
             used_memory:5\r\nrdb_last_bgsave_status:err\r\ndb3:keys=9,expires=4,avg_ttl=0\r\n",
        );

        assert_eq!(info.server(), "Valkey 9.1.2");
        assert_eq!((info.timers(3), info.timers(0)), (Some(4), Some(0)));
        assert!(info.failed_to_write());
    }

    #[test]
    fn what_a_redis_hides_is_not_guessed() {
        let info = Facts::of_info("# Server\r\n");

        assert_eq!(info.server(), "Redis of unknown version");
        assert_eq!(info.timers(0), None);
    }

    #[test]
    fn only_addresses_of_this_machine_are_local() {
        let local = |url: &str| is_local(Client::open(url).unwrap().get_connection_info().addr());

        for here in [
            "redis://127.0.0.1",
            "redis://[::1]:1",
            "redis://localhost",
            "unix:///x",
        ] {
            assert!(local(here), "{here}");
        }
        for there in ["redis://10.0.0.1", "redis://lull-redis:6379"] {
            assert!(!local(there), "{there}");
        }
    }
}
