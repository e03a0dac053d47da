//! The processes under test: the real api and monitor, as they are shipped.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use lull::settings::Vars;

use crate::http1::Connection;
use crate::proc;

/// Each is up within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of the settings of whoever runs the bench only this counts: it lets numbers of threads be compared.
const INHERITED: &str = "TOKIO_WORKER_THREADS";

/// A process that is killed with this.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program; its standard error goes to `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?)
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    /// Starts api on a free port, and waits until it serves.
    pub(crate) async fn api(redis_url: &str, folder: &Path) -> Result<(Self, u16)> {
        let vars = [("REDIS_URL", redis_url)];
        Self::serving(
            env!("CARGO_BIN_EXE_api"),
            "PORT",
            &vars,
            &folder.join("api.log"),
        )
        .await
    }

    /// Starts monitor, which delivers to a port of this machine; answers the port of its metrics.
    pub(crate) async fn monitor(
        redis_url: &str,
        webhook: u16,
        folder: &Path,
    ) -> Result<(Self, u16)> {
        let webhook = format!("http://127.0.0.1:{webhook}/");
        let vars = [("REDIS_URL", redis_url), ("WEBHOOK_URL", &webhook)];
        let log = folder.join("monitor.log");
        Self::serving(env!("CARGO_BIN_EXE_monitor"), "MONITOR_PORT", &vars, &log).await
    }

    async fn serving(
        program: &str,
        port_variable: &str,
        vars: &[(&str, &str)],
        log: &Path,
    ) -> Result<(Self, u16)> {
        let port = free_port()?;
        let inherited = Vars::from_env();
        let inherited = inherited.get(INHERITED).map(|value| (INHERITED, value));
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(inherited)
            .envs(vars.iter().copied())
            .env("HOST", "127.0.0.1")
            .env(port_variable, port.to_string());
        let mut daemon = Self::start(&mut command, log)?;
        daemon
            .wait_until(async || Connection::open(port).await.is_ok())
            .await?;
        Ok((daemon, port))
    }

    /// Waits until it is up, as `is_up` finds.
    pub(crate) async fn wait_until(&mut self, is_up: impl AsyncFn() -> bool) -> Result<()> {
        let began = Instant::now();
        while !is_up().await {
            if let Some(status) = self.child.try_wait()? {
                bail!("a daemon ended ({status}): {}", self.last_words());
            }
            if began.elapsed() > PATIENCE {
                bail!("a daemon does not come up: {}", self.last_words());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// CPU time it has spent so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        proc::cpu_seconds(self.child.id())
    }

    /// What memory it has.
    pub(crate) fn memory(&self) -> Result<proc::Memory> {
        proc::memory(self.child.id())
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody has at this moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
