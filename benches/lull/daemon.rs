//! The processes under test: the real api and monitor, as they are shipped.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use lull::settings::Vars;
use lull_kit::proc;
use lull_kit::process::{Process, free_port};

use crate::http1::Connection;

/// Each is up within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(20);
/// Of the settings of whoever runs the bench only this counts: it lets numbers of threads be compared.
const INHERITED: &str = "TOKIO_WORKER_THREADS";

/// Resident memory of a daemon, in MiB.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub(crate) struct Memory {
    /// Now.
    pub(crate) rss_mib: f64,
    /// The most it ever had.
    pub(crate) peak_mib: f64,
}

/// A process that is killed with this.
pub(crate) struct Daemon {
    process: Process,
    log: PathBuf,
}

impl Daemon {
    /// Starts a program; its standard error goes to `log`.
    fn start(command: &mut Command, log: &Path) -> Result<Self> {
        command.stdout(Stdio::null()).stderr(File::create(log)?);
        Ok(Self {
            process: Process::start(command)?,
            log: log.to_owned(),
        })
    }

    /// Starts api on a free port, with these settings beside its Redis, and waits until it serves.
    pub(crate) async fn api(
        redis_url: &str,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Result<(Self, u16)> {
        let vars = [settings, &[("REDIS_URL", redis_url)]].concat();
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
        let serves = async || Connection::open(port).await.is_ok();
        let up = up_within_patience(&mut daemon.process, serves).await;
        up.with_context(|| daemon.last_words())?;
        Ok((daemon, port))
    }

    /// CPU time it has spent so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        proc::cpu_seconds(self.process.id())
    }

    /// What memory it has.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let memory = proc::memory(self.process.id())?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "a machine has not so much memory"
        )]
        let mib = |kib: u64| kib as f64 / 1024.0;
        Ok(Memory {
            rss_mib: mib(memory.now),
            peak_mib: mib(memory.peak),
        })
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// Waits until a process is up, as `is_up` finds.
pub(crate) async fn up_within_patience(
    process: &mut Process,
    is_up: impl AsyncFn() -> bool,
) -> Result<()> {
    let began = Instant::now();
    while !is_up().await {
        if let Some(status) = process.ended()? {
            bail!("it ended at once ({status})");
        }
        if began.elapsed() > PATIENCE {
            bail!("it does not come up");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
