//! A private RabbitMQ on loopback: a node in a folder of its own, with ports of its own, and the epmd that it asks for the
//! ports of nodes. Nothing of the machine's own RabbitMQ, if it has one, is read or written.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::process::{Process, free_port};

/// Debian's wrapper of it in `/usr/sbin` changes the user, and reads the machine's settings.
const PROGRAM: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
/// What its operators tell it what to do with; the same holds.
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";

/// A broker that ends with this, and its files with it.
#[derive(Debug)]
pub struct Rabbit {
    // Dropped in this order: the node first, which asks epmd and writes into the folder.
    node: Process,
    epmd: Process,
    port: u16,
    epmd_port: u16,
    folder: TempDir,
}

impl Rabbit {
    /// Starts one. It does not wait until it takes connections, which is some seconds later.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lull-").tempdir()?;
        // An empty file in the place of each of the machine's.
        File::create(folder.path().join("none"))?;
        std::fs::write(folder.path().join("plugins"), "[].")?;
        let (port, epmd_port) = (free_port()?, free_port()?);
        let mut epmd = Command::new("epmd");
        epmd.args(["-port", &epmd_port.to_string(), "-address", "127.0.0.1"])
            .stdout(File::create(folder.path().join("epmd.log"))?)
            .stderr(File::create(folder.path().join("epmd.err"))?);
        let epmd = Process::start(&mut epmd)?;
        let node = spawn(folder.path(), port, epmd_port)?;
        Ok(Self {
            node,
            epmd,
            port,
            epmd_port,
            folder,
        })
    }

    /// Starts it again on its files and its port, after it was killed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(&mut self) -> Result<()> {
        self.node = spawn(self.folder.path(), self.port, self.epmd_port)?;
        Ok(())
    }

    /// Kills the node with SIGKILL, when what was declared there is on its disk: RabbitMQ itself lets two seconds pass before
    /// it writes that, and a queue that was made since would be forgotten.
    ///
    /// # Panics
    /// When the node does not write it.
    pub fn kill(&mut self) {
        let written = self.control(&["eval", "mnesia:sync_log()."]);
        assert!(written.is_ok(), "{written:?}\n{}", self.last_words());
        self.node.kill();
    }

    /// Has the node do something, as its operators do.
    fn control(&self, what: &[&str]) -> Result<()> {
        let mut command = Command::new(CONTROL);
        surroundings(&mut command, self.folder.path(), self.port, self.epmd_port);
        let done = command.args(what).output().context(CONTROL)?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "{what:?}: {said}");
        Ok(())
    }

    /// Where it listens, with its login, as `RABBITMQ_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}", self.port)
    }

    /// The number of the node's process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.node.id()
    }

    /// The number of the process of its epmd.
    #[must_use]
    pub fn epmd_id(&self) -> u32 {
        self.epmd.id()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let read = |name: PathBuf| std::fs::read_to_string(name).unwrap_or_default();
        let folder = self.folder.path();
        let log = folder.join("log").join(format!("{}.log", node(self.port)));
        let said = read(folder.join("stdout.log")) + &read(log);
        let lines: Vec<_> = said.lines().rev().take(40).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// A name that no other node on this machine has.
fn node(port: u16) -> String {
    format!("lull{port}@localhost")
}

/// What the programs of RabbitMQ go by to find the node.
fn surroundings(command: &mut Command, folder: &Path, port: u16, epmd_port: u16) {
    command
        // The cookie of Erlang is there.
        .env("HOME", folder)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", epmd_port.to_string())
        .env("RABBITMQ_NODENAME", node(port))
        .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"));
}

fn spawn(folder: &Path, port: u16, epmd_port: u16) -> Result<Process> {
    let within = |name: &str| folder.join(name);
    let mut command = Command::new(PROGRAM);
    surroundings(&mut command, folder, port, epmd_port);
    command
        // The script becomes the node, so that whoever kills it kills the node.
        .env("RUNNING_UNDER_SYSTEMD", "1")
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", port.to_string())
        .env("RABBITMQ_DIST_PORT", free_port()?.to_string())
        .env("RABBITMQ_MNESIA_BASE", within("mnesia"))
        .env("RABBITMQ_LOG_BASE", within("log"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", within("plugins"))
        .env("RABBITMQ_CONFIG_FILE", within("none"))
        .env(
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
            "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
        )
        .current_dir(folder)
        .stdout(File::create(within("stdout.log"))?)
        .stderr(File::create(within("stderr.log"))?);
    Process::start(&mut command).context("a RabbitMQ of Debian's package rabbitmq-server")
}
