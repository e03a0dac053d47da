//! The operator's tool.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use lull::cli::{self, up};
use lull::daemon;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Waits until a person has stopped typing, then hands everything they said to a bot in one call.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything in one process: api, monitor and, where none is named, a Redis and a receiver of its own
    ///
    /// Without settings it starts a Redis with its files in ./data and prints each payload as it arrives. Set `REDIS_URL`
    /// or `REDIS_HOST` to use your Redis, and `WEBHOOK_URL` to deliver to your bot; every setting of api and
    /// monitor counts. Ctrl-C stops all of it.
    Up,
    #[command(flatten)]
    Operator(cli::Command),
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Up => daemon::run(up::up),
        Command::Operator(command) => cli::run(command),
    }
}
