//! What Lull reaches on this machine, by the binaries and the `redis.conf` that are shipped, measured against what bare
//! parts reach in the same run. `make bench` runs it; with arguments, `cargo bench --bench lull -- ingest --quick`.
//!
//! - [`ingest`], [`lateness`], [`drain`], [`refusals`], [`strangers`], [`memory`], [`people`], [`watching`],
//!   [`wakes`], [`console`], [`replicas`]: the measurements; [`beside`]: what watching costs those who post.
//! - [`daemon`], [`redis_server`]: the processes under test.
//! - [`helper`]: the processes beside them, each the bench itself with a job: [`load`], [`append`], [`calls`],
//!   [`bare`], [`canned`], [`receiver`], [`watching::listeners`], [`console::viewers`].
//! - [`asking`]: what asks api with a key; [`destinations`]: those that nobody calls.
//! - [`report`], [`machine`], [`stats`]: numbers and how they are told.
#![expect(clippy::print_stdout, reason = "this is what the command is run for")]

mod append;
mod asking;
mod bare;
mod beside;
mod calls;
mod canned;
mod console;
mod course;
mod daemon;
mod destinations;
mod drain;
mod helper;
mod http1;
mod ingest;
mod lateness;
mod load;
mod machine;
mod memory;
mod message;
mod metrics;
mod people;
mod receiver;
mod redis_server;
mod refusals;
mod replicas;
mod report;
mod stats;
mod strangers;
mod wakes;
mod watching;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use lull::shutdown;
use lull_kit::proc;
use tokio::runtime::Builder;

use helper::Job;
use machine::Machine;

/// As in the daemons: what stands in for them here must not differ in this.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures what Lull reaches on this machine.
#[derive(Parser)]
struct Arguments {
    /// What to measure; everything, if nothing is named
    parts: Vec<Part>,
    /// Measure so little that the numbers mean nothing: to see that the bench works
    #[arg(long)]
    quick: bool,
    /// Where to write the numbers as JSON
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
    /// Work as a helper
    #[arg(long, hide = true)]
    job: Option<String>,
    /// Cargo says so
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Messages taken in a second
    Ingest,
    /// How long after its deadline a batch arrives
    Lateness,
    /// Batches delivered in a second
    Drain,
    /// How late others are beside chats that are refused, and after an outage
    Refusals,
    /// How long others wait beside thousands of connections that send next to nothing
    Strangers,
    /// Bytes
    Memory,
    /// How long a search for a person takes
    People,
    /// What hints to sleeping sweeps cost, with few destinations and with many
    Wakes,
    /// What watching costs: nothing to do, listeners, the story of a chat
    Watching,
    /// What the console weighs, and what those who keep it open cost
    Console,
    /// What it costs that a replica must have a message before its sender is answered
    Replicas,
}

fn main() -> Result<()> {
    // HTTP clients are built with TLS, which wants a provider even for plain HTTP; also those of helpers.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    if let Some(job) = &arguments.job {
        return serde_json::from_str::<Job>(job)
            .context("reading a job")?
            .work();
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = shutdown::on_signal()?;
        // Dropped half-way, a measurement ends all its processes.
        match stop.run_until_cancelled(measure(&arguments)).await {
            Some(measured) => measured,
            None => bail!("stopped half-way"),
        }
    })
}

async fn measure(arguments: &Arguments) -> Result<()> {
    let quick = arguments.quick;
    let machine = Machine::look()?;
    println!("{machine}");
    if quick {
        println!("Quick: the numbers mean nothing.");
    }
    let mut parts = arguments.parts.as_slice();
    if parts.is_empty() {
        parts = Part::value_variants();
    }
    let mut sections = Vec::new();
    for part in parts {
        let (began, busy, family) = (
            Instant::now(),
            proc::busy_seconds()?,
            proc::family_seconds()?,
        );
        let mut section = match part {
            Part::Ingest => ingest::measure(quick).await,
            Part::Lateness => lateness::measure(quick).await,
            Part::Drain => drain::measure(quick).await,
            Part::Refusals => refusals::measure(quick).await,
            Part::Strangers => strangers::measure(quick).await,
            Part::Memory => memory::measure(quick).await,
            Part::People => people::measure(quick).await,
            Part::Wakes => wakes::measure(quick).await,
            Part::Watching => watching::measure(quick).await,
            Part::Console => console::measure(quick).await,
            Part::Replicas => replicas::measure(quick).await,
        }?;
        let others = proc::busy_seconds()? - busy - (proc::family_seconds()? - family);
        section.disturbed_by(others.max(0.0) / began.elapsed().as_secs_f64());
        section.print();
        sections.push(section);
    }
    report::write(&arguments.json, &machine, quick, &sections)?;
    println!("\nThe numbers are in {}", arguments.json.display());
    Ok(())
}
