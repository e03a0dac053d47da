//! A private Redis with the shipped `redis.conf`, on a socket that nobody else knows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::Process;

const SHIPPED: &str = include_str!("../../../redis.conf");

/// A Redis that ends with this, and its files with it.
#[derive(Debug)]
pub struct RedisServer {
    // Dropped first: it writes into the folder.
    process: Process,
    files: Files,
}

/// Where a Redis works.
#[derive(Debug)]
pub struct Files {
    folder: TempDir,
    /// The path of a socket must be short, so it has a folder of its own.
    socket: TempDir,
}

impl Files {
    /// New ones, in the system's folder for temporary files.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn temporary() -> Result<Self> {
        Self::of(folder()?)
    }

    /// New ones in `parent`: where writing to a disk counts, since the folder for temporary files may be in memory.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn within(parent: &Path) -> Result<Self> {
        Self::of(tempfile::tempdir_in(parent)?)
    }

    fn of(folder: TempDir) -> Result<Self> {
        // A copy: CONFIG REWRITE changes the file that a server was started with.
        std::fs::write(folder.path().join("redis.conf"), SHIPPED)?;
        let socket = self::folder()?;
        Ok(Self { folder, socket })
    }

    /// The folder that it writes into.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The socket that it listens on.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.socket.path().join("redis.sock")
    }
}

impl RedisServer {
    /// Starts one; `arguments` come after those of the shipped configuration, and `environment` is added to ours. It does
    /// not wait until the server answers.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(
        files: Files,
        arguments: &[String],
        environment: &[(&str, PathBuf)],
    ) -> Result<Self> {
        let process = spawn(&files, arguments, environment)?;
        Ok(Self { process, files })
    }

    /// Starts it again on its files, after it was killed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_again(
        &mut self,
        arguments: &[String],
        environment: &[(&str, PathBuf)],
    ) -> Result<()> {
        self.process = spawn(&self.files, arguments, environment)?;
        Ok(())
    }

    /// Where it listens, as `REDIS_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("unix://{}", self.files.socket().display())
    }

    /// Its files.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let folder = self.files.folder();
        let read = |name| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let said = read("redis.log") + &read("stderr.log");
        let lines: Vec<_> = said.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

fn folder() -> Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("lull-").tempdir()?)
}

fn spawn(files: &Files, arguments: &[String], environment: &[(&str, PathBuf)]) -> Result<Process> {
    let errors = File::create(files.folder().join("stderr.log"))?;
    let mut command = Command::new(program());
    command
        .args(["redis.conf", "--port", "0", "--dir", "."])
        .args(["--logfile", "redis.log", "--unixsocket"])
        .arg(files.socket())
        .args(arguments)
        .envs(environment.iter().cloned())
        .current_dir(files.folder())
        .stderr(errors);
    Process::start(&mut command)
}

/// The program: `make test` and `make bench` name the one that they found or installed.
#[must_use]
pub fn program() -> PathBuf {
    std::env::var_os("REDIS_SERVER").map_or_else(|| "redis-server".into(), PathBuf::from)
}

/// What the program calls itself, with its version.
///
/// # Errors
/// When it cannot be started.
pub fn version() -> Result<String> {
    let said = Command::new(program())
        .arg("--version")
        .output()
        .with_context(|| format!("starting {}", program().display()))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let words: Vec<_> = said
        .split_whitespace()
        .take_while(|word| !word.starts_with("sha="))
        .collect();
    Ok(words.join(" "))
}
