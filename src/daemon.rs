//! What the daemons have in common: the command line, how they start, and how they end when a setting is wrong.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::core::action::Action;
use crate::delivery::collector::Collector;
use crate::health::{Heart, Sampler, Says};
use crate::loops::{Loop, Loops};
use crate::open_files;
use crate::panics;
use crate::settings::Vars;
use crate::settings::log::LogConfig;
use crate::settings::otlp::OtlpConfig;
use crate::store::Store;
use crate::store::audit::{Act, By};
use crate::telemetry::export::Export;
use crate::telemetry::log;
use crate::telemetry::metrics::{Metrics, Role};
use crate::telemetry::tracer::Tracer;

/// An end waits no longer for Redis than this to have it noted.
const PATIENCE: Duration = Duration::from_secs(1);

/// So many connections may wait to be taken, unless the system allows fewer: a burst of new ones would otherwise have to
/// try again a second later.
const BACKLOG: u32 = 4096;

/// The command line of a daemon; its settings come from the environment.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Without one, the daemon runs.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What else a daemon can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask the daemon that runs on this machine how it is; exit 0 if it is well
    Healthcheck,
}

/// Starts logging as the environment says, and runs `work` until it ends.
pub fn run(work: impl AsyncFnOnce(&Vars) -> Result<()>) -> ExitCode {
    let vars = Vars::from_env();
    let ended = LogConfig::from_vars(&vars).and_then(|config| {
        log::init(config);
        panics::say_in_log();
        let _last_lines = LastLines;
        open_files::raise();
        #[cfg(debug_assertions)]
        panics::provoked::ask_for(vars.get("LULL_TEST_PANICS").unwrap_or_default());
        let runtime = runtime(&vars).context("starting the runtime")?;
        let ended = runtime.block_on(work(&vars));
        // A resolver that still waits for an answer must not keep the process.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

/// Has the last lines written, however a daemon ends.
struct LastLines;

impl Drop for LastLines {
    fn drop(&mut self) {
        log::flush();
    }
}

/// Says on stderr why a program ends, in one line. It ends whether or not anybody reads that.
pub fn failed(error: &anyhow::Error) -> ExitCode {
    log::say(&format!("error: {error:#}"));
    ExitCode::FAILURE
}

/// What makes spans for the daemon `service`, if the environment names a collector. Whoever has it finishes it.
///
/// # Errors
/// Names the variable that is wrong.
pub fn tracer(vars: &Vars, service: &'static str) -> Result<Tracer> {
    let Some(config) = OtlpConfig::from_vars(vars)? else {
        return Ok(Tracer::default());
    };
    let collector = Collector::new(&config.endpoint, config.timeout);
    let collector = collector.context(config.variable)?;
    Tracer::exporting(&config, service, collector)
}

/// Has what is settled told in the file at `path`, if there is one.
///
/// # Errors
/// It cannot be written.
pub async fn export(path: Option<&Path>, store: &Store, metrics: &Metrics) -> Result<()> {
    if let Some(path) = path {
        let counts = metrics.exported.clone();
        metrics.export_to(Export::open(path, store, counts).await?);
    }
    Ok(())
}

/// Has the last lines there written.
pub fn end_export(metrics: &Metrics) {
    if let Some(export) = metrics.export() {
        export.finish();
    }
}

/// Runs `work`, the whole life of the daemon of this role, writes into the audit when it began and ended, and meanwhile
/// gives signs of life, with what it `says`, and tells what it counted.
pub async fn noted<T, S: Into<Says>>(
    store: &Store,
    loops: &Loops,
    role: Role,
    says: impl Fn() -> S,
    work: impl Future<Output = T>,
) -> T {
    let service = role.as_str();
    let heart = Heart::new(store, service);
    let sampler = Sampler::new(store, || {
        let mut counted = loops.metrics().tally.take();
        match role {
            Role::Api => counted.by_api(),
            Role::Monitor => counted.by_monitor(),
        }
        counted
    });
    // Nobody cancels them: signs are given until the work is over, also while a stop is waited for.
    let never = CancellationToken::new();
    let beating = async {
        let beat = || heart.beat(&says).map(|never| match never {});
        let tell = || sampler.keep_telling().map(|never| match never {});
        tokio::join!(
            Box::pin(loops.hold(Loop::Heart, None, &never, beat)),
            Box::pin(loops.hold(Loop::Samples, None, &never, tell)),
        );
        std::future::pending().await
    };
    let living = async {
        tokio::select! {
            ended = work => ended,
            never = beating => never,
        }
    };
    let ((), ended) = tokio::join!(note(store, Action::DaemonStart, service), living);
    tokio::join!(
        note(store, Action::DaemonStop, service),
        heart.stop(),
        sampler.stop()
    );
    ended
}

async fn note(store: &Store, action: Action, service: &'static str) {
    let act = Act::new(action, &By::default()).on(&service);
    let action = action.word();
    match tokio::time::timeout(PATIENCE, store.audit().note(&act)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            warn!(action, error = %error, "Could not write {action} into the audit: {error}");
        }
        Err(_) => warn!(
            action,
            "Could not write {action} into the audit: Redis is silent"
        ),
    }
}

/// The runtime of a daemon. It has half of the cores, because Redis and the other daemon need theirs: on two cores one
/// thread delivered as much as two, with a sixth less memory (`make bench`). `TOKIO_WORKER_THREADS` chooses another number.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime(vars: &Vars) -> io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    // Tokio's own setting wins.
    if vars.get("TOKIO_WORKER_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        builder.worker_threads(cores.div_ceil(2));
    }
    builder.enable_all().build()
}

/// Listens on `host:port`.
///
/// # Errors
/// Names the address and the variables that chose it.
pub async fn listen(address: &str, variables: &str) -> Result<TcpListener> {
    bound(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({variables})"))
}

async fn bound(address: &str) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for at in lookup_host(address).await? {
        let socket = match at {
            SocketAddr::V4(_) => TcpSocket::new_v4()?,
            SocketAddr::V6(_) => TcpSocket::new_v6()?,
        };
        // A daemon that is started again need not wait for the connections of the one before.
        socket.set_reuseaddr(true)?;
        match socket.bind(at).and_then(|()| socket.listen(BACKLOG)) {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn many_may_connect_before_the_first_is_taken() {
        let listener = listen("127.0.0.1:0", "HOST, PORT").await.unwrap();
        let at = listener.local_addr().unwrap();

        let connecting = (0..400).map(|_| TcpStream::connect(at));
        let all = futures_util::future::try_join_all(connecting);

        let connected = tokio::time::timeout(Duration::from_secs(60), all).await;
        assert_eq!(connected.unwrap().unwrap().len(), 400);
    }
}
