//! The Redis of a `lull up` to which none was named: one server, or the six nodes of a cluster, for trying what becomes of
//! one.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, ensure};
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, future};
use tokio::time::timeout;
use tracing::{info, warn};

use super::make_folder;
use super::redis_server::{RedisServer, lock, program};
use crate::settings::operator::CLUSTER;
use crate::settings::up::UpConfig;
use crate::store::forming::{Member, form, password};

/// Three masters, each with a replica.
const NODES: u16 = 6;
const MASTERS: usize = 3;
/// They meet and agree within seconds.
const FORMING: Duration = Duration::from_secs(60);

/// What was started.
pub(super) struct OwnRedis {
    servers: Vec<RedisServer>,
    url: String,
    /// The data folder of a cluster, which is this process's as long as it runs.
    cluster: Option<File>,
}

impl OwnRedis {
    /// Starts one server in the data folder.
    pub(super) async fn one(config: &UpConfig) -> Result<Self> {
        let program = program(config.redis_server.as_deref())?;
        let server = RedisServer::start(&program, &config.data, "port 0\n").await?;
        forget(&config.data.join(CLUSTER))?;
        Ok(Self {
            url: server.url(),
            servers: vec![server],
            cluster: None,
        })
    }

    /// Starts the nodes of a cluster, each in a folder of its own below the data folder, on ports from this one on: the first
    /// half for clients, the others for nodes among themselves.
    pub(super) async fn cluster(config: &UpConfig, port: u16) -> Result<Self> {
        ensure!(
            port.checked_add(2 * NODES).is_some(),
            "--cluster-port {port} leaves no room for {} ports",
            2 * NODES
        );
        let program = program(config.redis_server.as_deref())?;
        make_folder(&config.data)?;
        let locked = lock(&config.data)?;
        let file = config.data.join(CLUSTER);
        // A new one each time: whoever may read the data folder finds it there.
        let password = password().context("making a password")?;
        let (mut servers, mut members) = (Vec::new(), Vec::new());
        for port in port..port + NODES {
            let ports = (port, port + NODES);
            let folder = config.data.join("cluster").join(port.to_string());
            servers.push(RedisServer::start(&program, &folder, &settings(ports, &password)).await?);
            let url = format!("redis://:{password}@127.0.0.1:{port}");
            members.push(Member { url, ports });
        }
        let forming = timeout(FORMING, form(&members, MASTERS)).await;
        forming
            .with_context(|| format!("the nodes at 127.0.0.1:{port} and the next do not become a cluster; their last words are below {}", config.data.display()))?
            .context("making a cluster")?;
        // Any of them leads to the others, whichever is there.
        let nodes = (port..port + NODES).map(|port| format!("127.0.0.1:{port}"));
        let nodes: Vec<_> = nodes.collect();
        let url = format!("redis+cluster://:{password}@{}", nodes.join(","));
        fs::write(&file, format!("{url}\n"))
            .with_context(|| format!("writing {}", file.display()))?;
        info!(
            "Started a Redis Cluster: 3 masters and 3 replicas on 127.0.0.1:{port} to {}",
            port + NODES - 1
        );
        Ok(Self {
            servers,
            url,
            cluster: Some(locked),
        })
    }

    /// What it is, for people.
    pub(super) fn described(&self) -> &'static str {
        match self.cluster {
            Some(_) => "a Redis Cluster of its own",
            None => "its own Redis",
        }
    }

    /// Where it is, as `REDIS_URL`.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits for all servers to end, which they should not do by themselves. Of a cluster one that ends is told of, and missed by
    /// nobody for long.
    pub(super) async fn ended(&mut self) -> Error {
        let is_cluster = self.cluster.is_some();
        let mut ends: FuturesUnordered<_> =
            self.servers.iter_mut().map(RedisServer::ended).collect();
        let mut last = anyhow!("no Redis was started");
        while let Some(ended) = ends.next().await {
            if is_cluster {
                warn!("A node of the cluster ended: {ended:#}");
            }
            last = ended;
        }
        last
    }

    /// Asks all to write everything down and stop.
    pub(super) async fn stop(self) -> Result<()> {
        let stops = self.servers.into_iter().map(RedisServer::stop);
        let stopped: Result<Vec<()>> = future::join_all(stops).await.into_iter().collect();
        stopped.map(drop)
    }
}

/// What a node has beyond the shipped `redis.conf`.
fn settings((port, bus): (u16, u16), password: &str) -> String {
    format!(
        "port {port}\nbind 127.0.0.1\nrequirepass {password}\nmasterauth {password}\ncluster-enabled yes\ncluster-port {bus}\n\
         cluster-node-timeout 2000\ncluster-require-full-coverage no\n"
    )
}

fn forget(file: &Path) -> Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", file.display()))
        }
        _ => Ok(()),
    }
}
