//! The monitor daemon's room: hears timers expire, sweeps the due indexes, and delivers.
//!
//! The listener hears events and the sweepers look at the indexes; whichever is first closes a window. The
//! head of each lane that is due is then attempted. Nothing is kept here that Redis does not have.

mod attempt;
mod clock;
mod destination;
mod health;
mod housekeeper;
mod poll;
mod scheduled;
mod schedules;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::core::chat::Name;
use crate::delivery::{Clients, Sender};
use crate::health::Watch;
use crate::loops::{Loop, Loops};
use crate::memory;
use crate::open_files;
use crate::registry::Registry;
use crate::settings::monitor::MonitorConfig;
use crate::settings::webhook;
use crate::shutdown::GRACE;
use crate::store::Store;
use crate::store::history::Retention;
use crate::telemetry::late::Late;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::tracer::Tracer;
use destination::calls;
use destination::shared_room::{SharedRoom, most_attempts};
use destination::worker::{self, DestinationWorkers};
use poll::all_lanes::{self, AllLanes};
use poll::hints::Hints;
use poll::listener;
use poll::mark::Mark;
use poll::recent::Recent;
use poll::sweeper::Sweep;

/// Redis may take this long to answer a monitor; unlike a client, it can wait.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Windows that the sweep closes at a time.
const MOST_CLOSING: usize = 512;

/// Sweeps that look at all shards at a time: each holds some KiB meanwhile, and at the start those of all destinations
/// look at once.
const MOST_LOOKING: usize = 32;

/// Leases are given back within this, once the grace is over.
const GIVE_BACK: Duration = Duration::from_secs(2);

/// Checks what only a sender can tell about the destinations of the environment.
///
/// # Errors
/// Names the variable that is wrong.
pub fn check(config: &MonitorConfig) -> Result<()> {
    let clients = clients(config);
    if let Err(error) = Sender::new(&config.destination, &clients) {
        bail!("{}: {}", webhook::variable_of(&error.field), error.why);
    }
    // Beside what has just been checked it has only the header of its own.
    let messages = config.messages.destination.as_ref();
    if let Some(Err(error)) = messages.map(|messages| Sender::new(messages, &clients)) {
        bail!("WEBHOOK_AUTH_KEY: {}", error.why);
    }
    Ok(())
}

fn clients(config: &MonitorConfig) -> Clients {
    Clients::new(config.guard.clone()).with_broker(config.broker.clone())
}

/// One monitor.
pub struct Monitor {
    store: Store,
    registry: Registry,
    clients: Clients,
    workers: DestinationWorkers,
    /// What all destinations share of the sockets that there may be.
    room: Arc<SharedRoom>,
    retention: Retention,
    /// Whether what was sent and answered is kept in history.
    payloads: bool,
    metrics: Arc<Metrics>,
    tracer: Tracer,
    /// What the sweep has just taken.
    recent: Recent,
    /// Windows being closed for the sweep, and what is sent at its time.
    closing: Arc<Semaphore>,
    /// Sweeps that look at all shards.
    looking: Semaphore,
    /// How the sweeps of windows and of what waits for its time go round.
    windows_mark: Mark,
    later_mark: Mark,
    /// How the look at the lanes to all destinations goes round, and what calls for more.
    lanes_mark: Mark,
    all_lanes: AllLanes,
    /// Since when destinations that should have a worker have none.
    closed: Mutex<HashMap<Name, std::time::Instant>>,
    /// When it was last said that no socket was to be had.
    out_of_sockets: Mutex<Option<std::time::Instant>>,
    /// How late batches set out lately.
    late: Late,
    /// What is seen of the work of all.
    watch: Watch,
    /// Windows that may fall due sooner than known.
    windows_hints: Hints,
    /// The same of what waits for its time.
    later_hints: Hints,
    /// Something belongs to no buffer or destination that is there.
    belongs_to_nothing: Notify,
    /// Begin nothing new.
    stop: CancellationToken,
    /// Let go of what is in hand.
    abandon: CancellationToken,
    /// What runs until told to stop.
    loops: Loops,
    /// Attempts on their way.
    attempts: TaskTracker,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}

impl Monitor {
    /// Puts a monitor together; `store` has [`PATIENCE`]. Cancelling `stop` ends it.
    pub fn new(
        config: &MonitorConfig,
        registry: Registry,
        store: Store,
        metrics: Arc<Metrics>,
        tracer: Tracer,
        loops: Loops,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let watch = Watch::new(&store, registry.clone());
        let most = most_attempts(open_files::limit(), config.max_attempts);
        let monitor = Arc::new(Self {
            store,
            registry,
            clients: clients(config),
            workers: DestinationWorkers::default(),
            room: SharedRoom::new(most),
            retention: Retention::of(&config.retention),
            payloads: config.retention.history_payloads,
            recent: Recent::default(),
            closing: Arc::new(Semaphore::new(MOST_CLOSING)),
            looking: Semaphore::new(MOST_LOOKING),
            metrics,
            tracer,
            windows_mark: Mark::default(),
            later_mark: Mark::default(),
            lanes_mark: Mark::default(),
            all_lanes: AllLanes::default(),
            closed: Mutex::default(),
            out_of_sockets: Mutex::default(),
            late: Late::default(),
            watch,
            windows_hints: Hints::default(),
            later_hints: Hints::default(),
            belongs_to_nothing: Notify::new(),
            stop,
            abandon: CancellationToken::new(),
            loops,
            attempts: TaskTracker::new(),
        });
        monitor.show_destinations();
        monitor
    }

    /// Works until told to stop; then finishes what is in hand, at most [`GRACE`] long, and gives its leases back.
    ///
    /// Boxed, so that all of it is compiled in this crate, and not in each that runs it.
    pub fn run(self: &Arc<Self>) -> BoxFuture<'_, ()> {
        self.run_until_stopped().boxed()
    }

    async fn run_until_stopped(self: &Arc<Self>) {
        // Before the first window is closed, so that its batch is not left to a sweep.
        self.open_workers();
        self.start(Loop::Registry, |monitor| {
            let stop = monitor.stop.clone();
            monitor.registry.clone().keep_fresh(stop)
        });
        self.start(Loop::Schedules, schedules::run);
        self.start(Loop::DestinationWorkers, worker::run);
        self.start(Loop::Clock, clock::run);
        self.start(Loop::Listener, listener::run);
        self.start(Loop::Windows, |monitor| Sweep::Windows.run(monitor));
        self.start(Loop::Later, |monitor| Sweep::Later.run(monitor));
        self.start(Loop::AllLanes, all_lanes::run);
        self.start(Loop::Memory, |monitor| {
            memory::give_back(monitor.stop.clone())
        });
        self.start(Loop::Calls, calls::run);
        self.start(Loop::Housekeeper, housekeeper::run);
        self.start(Loop::Reviving, |monitor| async move {
            // Nobody asks a monitor for a revival.
            let asked = Notify::new();
            let stop = monitor.stop.clone();
            monitor
                .store
                .dead_letters()
                .carry_on_revivals_until(&asked, stop)
                .await;
        });
        self.start(Loop::Removals, |monitor| {
            let stop = monitor.stop.clone();
            monitor.registry.clone().finish_removals(stop)
        });
        self.stop.cancelled().await;
        let deadline = Instant::now() + GRACE;
        // A round that Redis keeps waiting is not waited for any longer than the rest.
        let _ = timeout_at(deadline, self.loops.ended()).await;
        self.finish(deadline).await;
        info!("No longer delivering");
    }

    fn start<F>(self: &Arc<Self>, name: Loop, make: impl Fn(Arc<Self>) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let monitor = self.clone();
        let made = move || make(monitor.clone());
        self.loops.start(name, None, self.stop.clone(), made);
    }

    async fn finish(&self, deadline: Instant) {
        self.attempts.close();
        if timeout_at(deadline, self.attempts.wait()).await.is_err() {
            let left = self.attempts.len();
            warn!(
                attempts = left,
                "{left} attempts did not finish within {} s; giving them back",
                GRACE.as_secs()
            );
            self.abandon.cancel();
            // What cannot be given back in time is taken up when its lease runs out.
            let _ = timeout_at(Instant::now() + GIVE_BACK, self.attempts.wait()).await;
        }
    }

    /// Serves health and metrics on `listener` until `work` is done.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve_health_during<T>(
        self: Arc<Self>,
        listener: TcpListener,
        work: impl Future<Output = T>,
    ) -> Result<T> {
        let serving = async {
            let served = health::serve(listener, self).await;
            served.context("serving health and metrics")?;
            // It ends when it is told to stop, and the work goes on for a while then.
            std::future::pending().await
        };
        tokio::select! {
            done = work => Ok(done),
            failed = serving => failed,
        }
    }
}
