//! Work that must not share a process with what it measures: the bench starts itself again, with a job.
//!
//! A job is told on the command line and answers in lines of JSON on its standard output. Those that serve answer their
//! port first, then one line for each line they are sent, and end with their standard input: so none outlives the bench.

use std::io::{Write, stdin, stdout};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use lull::daemon;
use lull::settings::Vars;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

use crate::console::viewers::Viewers;
use crate::watching::listeners::Listeners;
use crate::{append, bare, calls, canned, load, receiver, strangers};

/// No job takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a helper is started for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Post messages over HTTP.
    Load(load::Load),
    /// Append messages through the store.
    Append(append::Appends),
    /// Call a webhook with a bare HTTP client.
    Calls(calls::Calls),
    /// Serve a bare axum handler.
    Bare,
    /// Serve a fixed answer.
    Canned {
        /// How long each request is.
        request_bytes: usize,
    },
    /// Serve as a webhook that notes what arrives when.
    Receiver,
    /// Keep very many connections that send next to nothing.
    Strangers(strangers::Strangers),
    /// Listen to what happens.
    Listeners(Listeners),
    /// Keep the console open.
    Viewers(Viewers),
}

impl Job {
    /// Does the job, in the helper's process.
    pub(crate) fn work(self) -> Result<()> {
        // Generators and small servers get by with one thread; what stands in for a daemon gets a daemon's runtime.
        match self {
            Self::Load(load) => small()?.block_on(async { answer(&load.run().await?) }),
            Self::Append(appends) => {
                like_a_daemon()?.block_on(async { answer(&appends.run().await?) })
            }
            Self::Calls(calls) => like_a_daemon()?.block_on(async { answer(&calls.run().await?) }),
            Self::Bare => like_a_daemon()?.block_on(bare::serve()),
            Self::Canned { request_bytes } => small()?.block_on(canned::serve(request_bytes)),
            Self::Receiver => small()?.block_on(receiver::serve()),
            Self::Strangers(strangers) => small()?.block_on(strangers.serve()),
            Self::Listeners(listeners) => small()?.block_on(listeners.serve()),
            Self::Viewers(viewers) => small()?.block_on(viewers.serve()),
        }
    }

    /// Starts a helper that does the job, and waits for what it answers at its end.
    pub(crate) async fn done<T: DeserializeOwned>(&self) -> Result<T> {
        Helper::spawn(self)?.answer().await
    }

    /// Starts a helper that serves, and waits until it does.
    pub(crate) async fn serving(&self) -> Result<Server> {
        let mut helper = Helper::spawn(self)?;
        let port = helper.answer().await?;
        Ok(Server { helper, port })
    }
}

fn small() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

fn like_a_daemon() -> Result<Runtime> {
    Ok(daemon::runtime(&Vars::from_env())?)
}

/// Says something to the bench that started this helper.
pub(crate) fn answer(what: &impl Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    Ok(stdout().write_all(&line)?)
}

/// Answers each question of the bench; ends when the bench has no more and dismisses this helper.
pub(crate) async fn answer_questions<T: Serialize>(
    answers: impl Fn(&str) -> Result<T> + Send + 'static,
) -> Result<()> {
    // Standard input blocks, so it gets a thread.
    let asked = spawn_blocking(move || {
        stdin()
            .lines()
            .try_for_each(|line| answer(&answers(&line?)?))
    });
    asked.await?
}

/// Waits until the bench dismisses this helper.
pub(crate) async fn dismissed() -> Result<()> {
    answer_questions(|_| Ok(())).await
}

/// A helper that serves; it ends with this.
pub(crate) struct Server {
    helper: Helper,
    port: u16,
}

impl Server {
    /// Where on this machine.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Result<u32> {
        self.helper.child.id().context("a helper has ended")
    }

    /// Asks something.
    pub(crate) async fn ask<T: DeserializeOwned>(&mut self, question: &str) -> Result<T> {
        let line = format!("{question}\n");
        self.helper.stdin.write_all(line.as_bytes()).await?;
        self.helper.answer().await
    }
}

struct Helper {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Helper {
    fn spawn(job: &Job) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--job")
            .arg(serde_json::to_string(job)?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("starting a helper")?;
        let (stdin, stdout) = child
            .stdin
            .take()
            .zip(child.stdout.take())
            .context("pipes")?;
        let lines = BufReader::new(stdout).lines();
        Ok(Self {
            child,
            stdin,
            lines,
        })
    }

    async fn answer<T: DeserializeOwned>(&mut self) -> Result<T> {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        let line = line.context("a helper takes too long")??;
        let line = line.context("a helper ended without an answer; it says why above")?;
        serde_json::from_str(&line).context("what a helper answered")
    }
}
