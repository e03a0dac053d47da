//! `lull up` as a person starts it: no configuration but a data folder of its own and a free port.

use std::path::PathBuf;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::daemon::{LULL, free_port};
use super::redis::server_settings;
use super::{Daemon, eventually};

/// A place where `lull up` can be started, again and again.
pub(crate) struct Place {
    folder: TempDir,
    name: &'static str,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::named("data")
    }

    /// One whose data folder has this name.
    pub(crate) fn named(name: &'static str) -> Self {
        let folder = tempfile::Builder::new().prefix("up-").tempdir().unwrap();
        Self { folder, name }
    }

    /// The data folder, which `lull up` makes.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }

    /// What it has written on stderr; its `log` is stdout.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }

    /// Starts it there, with more settings; it need not come up.
    pub(crate) fn spawn(&self, settings: &[(&str, &str)]) -> Daemon {
        self.spawn_with(&[], settings)
    }

    /// The same with more arguments.
    pub(crate) fn spawn_with(&self, more: &[&str], settings: &[(&str, &str)]) -> Daemon {
        let (port, data, folder) = (free_port(), self.data(), self.folder.path());
        let text = port.to_string();
        let server = server_settings();
        let mut all: Vec<(&str, &str)> = vec![
            ("LULL_DATA", data.to_str().unwrap()),
            ("PORT", &text),
            ("STDERR", folder.to_str().unwrap()),
        ];
        all.extend(server.iter().map(|(name, value)| (*name, value.as_str())));
        all.extend(settings);
        let mut arguments = vec!["-c", r#"exec "$0" up "$@" 2>>"$STDERR/stderr""#, LULL];
        arguments.extend(more);
        Daemon::spawn("/bin/sh", &arguments, &all, port)
    }

    /// Starts it there, and waits until it is up.
    pub(crate) async fn up(&self) -> Daemon {
        self.up_with(&[]).await
    }

    pub(crate) async fn up_with(&self, settings: &[(&str, &str)]) -> Daemon {
        let daemon = self.spawn(settings);
        daemon.wait_until_up().await;
        daemon
    }

    /// The process id of the Redis there; none when none answers.
    pub(crate) async fn redis_pid(&self) -> Option<u32> {
        let socket = self.data().join("redis.sock");
        let address = redis::ConnectionAddr::Unix(socket);
        let info = redis::IntoConnectionInfo::into_connection_info(address).unwrap();
        let client = redis::Client::open(info).unwrap();
        let mut connection: MultiplexedConnection =
            client.get_multiplexed_async_connection().await.ok()?;
        let info: String = redis::cmd("INFO")
            .arg("server")
            .query_async(&mut connection)
            .await
            .ok()?;
        let pid = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"))?;
        pid.parse().ok()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- stderr of lull up ---\n{}", self.stderr());
        }
        // A test that failed, or killed lull, leaves its Redis behind; whatever works in the folder goes with it.
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let at = std::fs::read_link(process.path().join("cwd"));
            if at.is_ok_and(|at| at.starts_with(self.data())) {
                let pid = process.file_name().to_str().unwrap().parse().unwrap();
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
}

/// Waits until a process is gone.
pub(crate) async fn gone(pid: u32) {
    let process = PathBuf::from(format!("/proc/{pid}"));
    eventually("the process is gone", async || !process.exists()).await;
}
