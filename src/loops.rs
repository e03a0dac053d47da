//! What has to run for as long as a daemon lives, and who sees to it.
//!
//! A loop that ends before it was told to, or panics, is said, counted, begun anew, and named in health until it has
//! proved itself. Nothing that runs so long is started in another way; `tests/it/tidy.rs` looks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::error;
use utoipa::ToSchema;

use crate::panics;
use crate::telemetry::metrics::{Metrics, Role, count, show_zeros};

/// Before a loop that has failed begins anew; twice as long after each failure that follows …
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// … and no longer than this: each of them is part of what Lull promises.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A loop that has run for so long is well again.
const PROVEN: Duration = Duration::from_secs(60);

/// Makes the names of loops, so that none is without its word, its daemon and its place in the list of all.
macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal of $roles:expr,)*) => {
        /// What a loop is called.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Loop {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Loop {
            /// Every loop there is, with the daemons that have it.
            pub const ALL: &[(Self, &[Role])] = &[$((Self::$name, $roles)),*];

            /// Its name in log lines, metrics and health.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

names! {
    /// Keeps buffers, destinations and schedules fresh.
    Registry = "registry" of &[Role::Api, Role::Monitor],
    /// Takes connections of clients, and in a monitor those that ask for health and metrics.
    Connections = "connections" of &[Role::Api, Role::Monitor],
    /// Keeps keys and the keys of tokens fresh, and forgets callers that are gone.
    Auth = "auth" of &[Role::Api],
    /// Agrees with the other daemons on the key of the tokens that stand for chats.
    ChatTokens = "chat_tokens" of &[Role::Api],
    /// Tells those who listen what happens.
    Events = "events" of &[Role::Api],
    /// Looks how much memory Redis has left.
    MemoryGuard = "memory_guard" of &[Role::Api],
    /// Counts what waits.
    Bounds = "bounds" of &[Role::Api],
    /// Gives back memory that a burst took.
    Memory = "memory" of &[Role::Api, Role::Monitor],
    /// Closes windows at their deadlines.
    Windows = "windows" of &[Role::Monitor],
    /// Sends what has waited for its time.
    Later = "later" of &[Role::Monitor],
    /// Attempts the lanes of one destination; each destination has its own.
    Lanes = "lanes" of &[Role::Monitor],
    /// Says to the workers of destinations where a lane is due.
    AllLanes = "all_lanes" of &[Role::Monitor],
    /// Opens and closes workers as destinations come, change and go.
    DestinationWorkers = "destination_workers" of &[Role::Monitor],
    /// Plans schedules.
    Schedules = "schedules" of &[Role::Monitor],
    /// Looks whether Redis's clock has jumped.
    Clock = "clock" of &[Role::Api, Role::Monitor],
    /// Hears timers expire.
    Listener = "listener" of &[Role::Monitor],
    /// Revives dead letters that are to be revived.
    Reviving = "reviving" of &[Role::Api, Role::Monitor],
    /// Finishes removals that whoever began them has left behind.
    Removals = "removals" of &[Role::Api, Role::Monitor],
    /// Gives signs of life.
    Heart = "heart" of &[Role::Api, Role::Monitor],
    /// Tells what was counted.
    Samples = "samples" of &[Role::Api, Role::Monitor],
    /// Tells how calls to destinations go.
    Calls = "calls" of &[Role::Monitor],
    /// Tells through which lines posts come.
    Lines = "lines" of &[Role::Api],
    /// Takes messages from RabbitMQ.
    Amqp = "amqp" of &[Role::Api],
    /// Drops what is too old.
    Housekeeper = "housekeeper" of &[Role::Monitor],
}

/// All loops of a process. Clones are one.
#[derive(Clone, Debug)]
pub struct Loops(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    metrics: Arc<Metrics>,
    running: TaskTracker,
    begun: AtomicU64,
    failed: Mutex<BTreeMap<u64, Failed>>,
}

/// A loop that has failed, and has not proved itself since.
#[derive(Debug)]
struct Failed {
    name: Loop,
    of: Option<String>,
    restarts: u64,
    why: String,
    /// When it began anew; none while it waits to.
    runs_since: Option<Instant>,
}

impl Loops {
    /// None yet, in a process that plays `roles`.
    pub fn new(metrics: Arc<Metrics>, roles: &[Role]) -> Self {
        let names = Loop::ALL.iter();
        let names = names.filter(|(_, of)| of.iter().any(|role| roles.contains(role)));
        let names: Vec<_> = names.map(|(name, _)| name.as_str()).collect();
        show_zeros(&metrics.loop_restarts, "loop", names);
        Self(Arc::new(Shared {
            metrics,
            running: TaskTracker::new(),
            begun: AtomicU64::new(0),
            failed: Mutex::default(),
        }))
    }

    /// Starts a loop, in a task of its own. `make` makes it anew each time, and it ends when `stop` says so.
    pub fn start<F>(
        &self,
        name: Loop,
        of: Option<String>,
        stop: CancellationToken,
        make: impl FnMut() -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let loops = self.clone();
        let held = async move { loops.hold(name, of, &stop, make).await };
        self.0.running.spawn(held);
    }

    /// The same in the task of the caller, until `stop`. `of` tells loops of one name apart.
    pub async fn hold<F: Future<Output = ()>>(
        &self,
        name: Loop,
        of: Option<String>,
        stop: &CancellationToken,
        mut make: impl FnMut() -> F,
    ) {
        let number = self.0.begun.fetch_add(1, Ordering::Relaxed);
        let (mut pause, mut restarts) = (FIRST_PAUSE, 0);
        loop {
            let began = Instant::now();
            let ended = panics::caught(async {
                panics::provoke(name.as_str());
                make().await;
            })
            .await;
            let why = match ended {
                Ok(()) if stop.is_cancelled() => break,
                Ok(()) => "it ended by itself".to_owned(),
                Err(panic) => panic.to_string(),
            };
            if began.elapsed() >= PROVEN {
                (pause, restarts) = (FIRST_PAUSE, 0);
            }
            restarts += 1;
            say(name, of.as_deref(), &why, pause);
            count(&self.0.metrics.loop_restarts, "loop", name.as_str());
            let failed = Failed {
                name,
                of: of.clone(),
                restarts,
                why,
                runs_since: None,
            };
            self.failed().insert(number, failed);
            if stop.run_until_cancelled(sleep(pause)).await.is_none() {
                break;
            }
            if let Some(failed) = self.failed().get_mut(&number) {
                failed.runs_since = Some(Instant::now());
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.failed().remove(&number);
    }

    /// The loops that have failed and have not proved themselves since, for health.
    pub fn failed_ones(&self) -> Vec<FailedLoop> {
        self.failed_at(Instant::now())
    }

    fn failed_at(&self, now: Instant) -> Vec<FailedLoop> {
        let failed = self.failed();
        let failed = failed.values().filter(|failed| {
            let runs = failed.runs_since.map(|since| now.duration_since(since));
            runs.is_none_or(|runs| runs < PROVEN)
        });
        failed.map(Failed::shown).collect()
    }

    /// What they are counted in.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// Waits until all that were started have ended, and all that are started until then.
    pub async fn ended(&self) {
        self.0.running.close();
        self.0.running.wait().await;
    }

    fn failed(&self) -> MutexGuard<'_, BTreeMap<u64, Failed>> {
        let failed = self.0.failed.lock();
        failed.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A part of a daemon that runs for as long as it lives, and has failed.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailedLoop {
    /// What it is called.
    pub name: &'static str,
    /// Whose it is, where there are several of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Whether it runs again.
    pub runs: bool,
    /// How often it was begun anew.
    pub restarts: u64,
    /// Why it failed last.
    pub why: String,
}

impl Failed {
    fn shown(&self) -> FailedLoop {
        FailedLoop {
            name: self.name.as_str(),
            of: self.of.clone(),
            runs: self.runs_since.is_some(),
            restarts: self.restarts,
            why: self.why.clone(),
        }
    }
}

fn say(name: Loop, of: Option<&str>, why: &str, pause: Duration) {
    let name = name.as_str();
    let whose = of.map(|of| format!(" of {of}")).unwrap_or_default();
    error!(
        r#loop = name,
        of,
        why,
        "The loop {name}{whose} has failed and begins anew in {pause:?}, please report it: {why}"
    );
}

#[cfg(test)]
mod tests;
