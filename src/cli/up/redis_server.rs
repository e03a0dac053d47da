//! A Redis that `lull up` starts: a child process with the shipped `redis.conf`, a folder of its own, and a socket in it, so
//! that it meets no other Redis.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tracing::{info, warn};

use super::make_folder;
use crate::settings::operator::{SOCKET, socket_url};

const CONFIG: &str = include_str!("../../../redis.conf");
/// What an address of a socket can hold (`sun_path`, 108 bytes with its end).
const LONGEST_SOCKET_PATH: usize = 107;
/// A large append-only file takes a while to be read.
const START_PATIENCE: Duration = Duration::from_secs(60);
const STOP_PATIENCE: Duration = Duration::from_secs(20);

/// A running child.
pub(super) struct RedisServer {
    child: Child,
    socket: PathBuf,
    log: PathBuf,
    /// Held as long as the child runs: two servers on one folder would destroy its files.
    _lock: File,
}

impl RedisServer {
    /// Starts it in a folder, with these lines below the shipped `redis.conf`, and waits until it answers.
    pub(super) async fn start(program: &Path, folder: &Path, more: &str) -> Result<Self> {
        make_folder(folder)?;
        let data = folder
            .canonicalize()
            .context("the data folder (LULL_DATA)")?;
        let socket = data.join(SOCKET);
        ensure!(
            socket.as_os_str().len() <= LONGEST_SOCKET_PATH,
            "the path {} is too long for a socket; choose a shorter LULL_DATA",
            socket.display()
        );
        let lock = lock(&data)?;
        stop_orphan(&socket).await?;
        // It may hold a password.
        std::fs::write(data.join("redis.conf"), format!("{CONFIG}\n{more}"))
            .context("writing redis.conf into the data folder")?;

        let mut command = Command::new(program);
        command
            .arg("redis.conf")
            .args(["--unixsocket", SOCKET, "--unixsocketperm", "700"])
            .args(["--dir", ".", "--logfile", "redis.log", "--daemonize", "no"])
            .current_dir(&data)
            .stdin(Stdio::null())
            // A group of its own: Ctrl-C is for Lull, which stops Redis last.
            .process_group(0)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let mut server = Self {
            child,
            socket,
            log: data.join("redis.log"),
            _lock: lock,
        };
        server.wait_until_up().await?;
        info!(
            "Started {} with its files in {}",
            program.display(),
            data.display()
        );
        Ok(server)
    }

    /// Where it listens, as `REDIS_URL`.
    pub(super) fn url(&self) -> String {
        socket_url(&self.socket)
    }

    /// Waits for it to end, which it should not do by itself.
    pub(super) async fn ended(&mut self) -> Error {
        match self.child.wait().await {
            Ok(status) => anyhow!(
                "redis-server ended ({status}); its last words are in {}",
                self.log.display()
            ),
            Err(error) => Error::new(error).context("waiting for redis-server"),
        }
    }

    /// Asks it to write everything down and stop.
    pub(super) async fn stop(mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        stop_server(&self.socket).await?;
        if tokio::time::timeout(STOP_PATIENCE, self.child.wait())
            .await
            .is_err()
        {
            warn!(
                "redis-server did not stop within {STOP_PATIENCE:?}; killing it. Nothing is lost: its file is written"
            );
            self.child.kill().await.context("killing redis-server")?;
        }
        info!("Redis has stopped");
        Ok(())
    }

    async fn wait_until_up(&mut self) -> Result<()> {
        let up = async {
            while UnixStream::connect(&self.socket).await.is_err() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = up => Ok(()),
            ended = self.child.wait() => {
                bail!("redis-server ended at once ({}); its last words are in {}", ended?, self.log.display())
            }
            () = tokio::time::sleep(START_PATIENCE) => bail!("redis-server does not answer; see {}", self.log.display()),
        }
    }
}

/// The program to start.
pub(super) fn program(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(named) = named {
        ensure!(
            named.is_file(),
            "REDIS_SERVER={} is not a file",
            named.display()
        );
        // Absolute, because the child starts in another folder; but not resolved: on Debian redis-server is a link to
        // a program that knows by its name what to be.
        return Ok(std::path::absolute(named)?);
    }
    let path = crate::settings::search_path();
    let candidates = path
        .iter()
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file()).context(
        "no redis-server or valkey-server on the PATH: install one (apt install redis-server), name it with \
         REDIS_SERVER, or set REDIS_URL to use a Redis that runs",
    )
}

/// Takes a folder for this process; another that has it is an error.
pub(super) fn lock(data: &Path) -> Result<File> {
    let file =
        File::create(data.join("lock")).context("making the lock file in the data folder")?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!(
            "another lull up works in {}; choose another LULL_DATA",
            data.display()
        ),
    }
}

/// Nobody holds the lock, so a Redis that answers here was left behind by a `lull up` that was killed.
async fn stop_orphan(socket: &Path) -> Result<()> {
    if UnixStream::connect(socket).await.is_err() {
        return Ok(());
    }
    warn!("Stopping the Redis that an earlier lull up left behind");
    stop_server(socket).await?;
    let gone = async {
        while UnixStream::connect(socket).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(STOP_PATIENCE, gone)
        .await
        .context("the Redis that an earlier lull up left behind does not stop")
}

/// Asks the server behind a socket to write everything down and stop.
async fn stop_server(socket: &Path) -> Result<()> {
    let asking = async {
        let server = UnixStream::connect(socket).await?.peer_cred()?;
        let pid = server.pid().map(Pid::from_raw);
        Ok::<_, Error>(signal::kill(pid.context("no process")?, Signal::SIGTERM)?)
    };
    asking.await.context("asking redis-server to stop")
}
