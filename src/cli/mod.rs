//! What an operator runs: one module a subcommand. `send`, `tail` and `dead` speak to api over HTTP, as curl would, so
//! that they work from anywhere; `doctor` looks at what the daemons themselves work with.

mod client;
mod dead;
mod doctor;
mod health;
mod output;
mod send;
mod tail;
pub mod up;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};

use crate::daemon;
use crate::settings::Vars;
use crate::settings::operator::{api_key, api_url};
use client::Api;

/// What the tool does beside running everything.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a deployment and say what to do about each finding; exit 0 if there is no problem
    ///
    /// It goes by the environment that the daemons have, so run it where they run, best with the settings of monitor. It looks
    /// at the settings, at Redis (reachable, version, password, persistence, eviction, memory, notifications, other keys,
    /// clock), at what waits there, and at each destination. Nothing is changed, and nothing is handed over: a destination is
    /// connected to, no more, unless --call is given.
    Doctor(doctor::Arguments),
    /// Say something in a chat, as a gateway would
    Send(send::Arguments),
    /// Follow deliveries and dead letters as they happen, until Ctrl-C
    ///
    /// With --json each line is an object with one field, sent or `dead_letter`, and in it what
    /// GET /api/messages/sent or GET /api/messages/dead-letter has.
    Tail(tail::Arguments),
    /// Look after batches that were given up on
    #[command(subcommand)]
    Dead(dead::Command),
    /// Ask a daemon on this machine how it is; exit 0 if it is well
    Healthcheck(health::Arguments),
}

/// Which api is asked.
#[derive(Debug, Args)]
struct Where {
    /// Where api answers; else `LULL_URL`, else PORT of this machine
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl Where {
    fn api(&self, vars: &Vars) -> Result<Api> {
        let key = api_key(vars)?;
        match &self.url {
            Some(url) => Api::at(url, key).context("--url"),
            None => Api::at(&api_url(vars)?, key).context("LULL_URL"),
        }
    }
}

/// Runs one subcommand to its end. Nothing is logged: what it has to say is its output, or the line of its error.
pub fn run(command: Command) -> ExitCode {
    let vars = Vars::from_env();
    let ended = daemon::runtime(&vars)
        .context("starting the runtime")
        .and_then(|runtime| {
            let ended = runtime.block_on(work(command, &vars));
            // A resolver that still waits for an answer must not keep the process.
            runtime.shutdown_background();
            ended
        });
    match ended {
        Ok(code) => code,
        // `lull tail | head` has seen enough.
        Err(error) if output::is_nobody_reading(&error) => ExitCode::SUCCESS,
        Err(error) => daemon::failed(&error),
    }
}

async fn work(command: Command, vars: &Vars) -> Result<ExitCode> {
    match command {
        Command::Doctor(arguments) => return doctor::examine(&arguments, vars).await,
        Command::Send(arguments) => send::send(arguments, vars).await?,
        Command::Tail(arguments) => tail::tail(&arguments, vars).await?,
        Command::Dead(command) => dead::dead(command, vars).await?,
        Command::Healthcheck(arguments) => health::check(&arguments, vars).await?,
    }
    Ok(ExitCode::SUCCESS)
}
