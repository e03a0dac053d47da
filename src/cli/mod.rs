//! The program: `lull` with its subcommands, one module each, and the two daemons, which are subcommands as well. `api`,
//! `monitor` and `up` run daemons; `send`, `tail` and `dead` speak to api over HTTP, as curl would, so that they work from
//! anywhere; `doctor` looks at what the daemons themselves work with.
//!
//! The daemons also have programs of their own names, and `lull` under the name of one is that daemon. So an image holds
//! one program and two links, and a build makes one.

mod api;
mod client;
mod console;
mod dead;
mod doctor;
mod health;
mod key;
mod monitor;
mod output;
mod send;
mod tail;
mod up;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::daemon;
use crate::settings::Vars;
use crate::settings::operator::{api_key, api_url, in_folder, key_of_folder};
use client::Api;

/// Waits until a person has stopped typing, then hands everything they said to a bot in one call.
#[derive(Parser)]
#[command(name = "lull", version)]
struct Program {
    #[command(subcommand)]
    command: Run,
}

/// A daemon of Lull. Settings come from the environment; see .env.example.
#[derive(Parser)]
#[command(version)]
struct Daemon {
    #[command(flatten)]
    arguments: daemon::Arguments,
}

#[derive(Subcommand)]
enum Run {
    /// Run everything in one process: api, monitor and, where none is named, a Redis and a receiver of its own
    ///
    /// Without settings it starts a Redis with its files in ./data and prints each payload as it arrives. Set `REDIS_URL`
    /// or `REDIS_HOST` to use your Redis, and `WEBHOOK_URL` to deliver to your bot; every setting of api and
    /// monitor counts. Ctrl-C stops all of it.
    Up(up::Arguments),
    /// Run the api daemon: take messages over HTTP and keep them in Redis
    Api(daemon::Arguments),
    /// Run the monitor daemon: close each chat that has fallen quiet, and deliver what was said
    Monitor(daemon::Arguments),
    #[command(flatten)]
    Operator(Command),
}

/// What an operator does beside running daemons.
#[derive(Debug, Subcommand)]
enum Command {
    /// Check a deployment and say what to do about each finding; exit 0 if there is no problem
    ///
    /// It goes by the environment that the daemons have, so run it where they run, best with the settings of monitor. It looks
    /// at the settings, at Redis (reachable, version, password, persistence, eviction, memory, notifications, other keys,
    /// clock), at what waits there, and at each destination. Nothing is changed, and nothing is handed over: a destination is
    /// connected to, no more, unless --call is given. Where no Redis is named, that of the lull up of this folder is looked at.
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
    /// Make, list and revoke keys of the API, straight in Redis
    #[command(subcommand)]
    Key(key::Command),
    /// Print a link by which a browser comes into the console, once and within five minutes
    ///
    /// It works straight in Redis, so nobody has to paste a key: docker compose exec api lull console. The browser comes in as
    /// a key that is there, of `API_KEYS` or in Redis, and is out when that key is gone.
    Console(console::Arguments),
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
        let api = match &self.url {
            Some(url) => Api::at(url, key).context("--url")?,
            None => Api::at(&api_url(vars)?, key).context("LULL_URL")?,
        };
        Ok(api.or_key(key_of_folder(vars)?))
    }
}

/// Runs what the command line asks for; under the name `api` or `monitor` that daemon.
pub fn main() -> ExitCode {
    let name = std::env::args_os().next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("api") => return api(),
        Some("monitor") => return monitor(),
        _ => {}
    }
    match Program::parse().command {
        Run::Up(arguments) => daemon::run(async |vars| up::up(&arguments, vars).await),
        Run::Api(arguments) => api::run(&arguments),
        Run::Monitor(arguments) => monitor::run(&arguments),
        Run::Operator(command) => run(command),
    }
}

/// Runs the api daemon, whatever the program is called.
pub fn api() -> ExitCode {
    api::run(&Daemon::parse().arguments)
}

/// Runs the monitor daemon, whatever the program is called.
pub fn monitor() -> ExitCode {
    monitor::run(&Daemon::parse().arguments)
}

/// Runs one subcommand to its end. Nothing is logged: what it has to say is its output, or the line of its error.
fn run(command: Command) -> ExitCode {
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
    let vars = &in_folder(vars.clone())?;
    match command {
        Command::Doctor(arguments) => return doctor::examine(&arguments, vars).await,
        Command::Send(arguments) => send::send(arguments, vars).await?,
        Command::Tail(arguments) => tail::tail(&arguments, vars).await?,
        Command::Dead(command) => dead::dead(command, vars).await?,
        Command::Key(command) => key::key(command, vars).await?,
        Command::Console(arguments) => console::link(&arguments, vars).await?,
        Command::Healthcheck(arguments) => health::check(&arguments, vars).await?,
    }
    Ok(ExitCode::SUCCESS)
}
