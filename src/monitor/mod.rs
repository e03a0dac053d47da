//! The monitor daemon's room: hears timers expire, sweeps the due indexes, and delivers.
//!
//! The listener hears events and the sweepers look at the indexes; whichever is first closes a window. A worker then
//! attempts the head of each lane that is due. Nothing is kept here that Redis does not have.

mod agenda;
mod closer;
mod gate;
mod health;
mod housekeeper;
mod listener;
mod recent;
mod settling;
mod sweeper;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::config::monitor::MonitorConfig;
use crate::config::retention::RetentionConfig;
use crate::delivery::Sender;
use crate::domain::chat::Name;
use crate::domain::retry::RetryPolicy;
use crate::shutdown::GRACE;
use crate::store::Store;
use crate::store::history::Retention;
use crate::store::lanes::LeaseRules;
use crate::telemetry::metrics::Metrics;
use crate::wire::payload::PayloadRules;
use gate::Gate;
use recent::Recent;
use sweeper::Sweep;

/// Redis may take this long to answer a monitor; unlike a client, it can wait.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How much longer a lease lasts than an attempt can: time to settle it. Were it shorter, a second monitor could begin
/// while the first is still at it.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// Windows that the sweep closes at a time.
const MOST_CLOSING: usize = 512;

/// Leases are given back within this, once the grace is over.
const GIVE_BACK: Duration = Duration::from_secs(2);

/// One monitor.
pub struct Monitor {
    store: Store,
    sender: Sender,
    payload: PayloadRules,
    retry: RetryPolicy,
    lease_rules: LeaseRules,
    retention: Retention,
    destination: Name,
    metrics: Arc<Metrics>,
    gate: Arc<Gate>,
    /// What the sweep has just taken.
    recent: Recent,
    /// Windows being closed for the sweep.
    closing: Arc<Semaphore>,
    /// Look at the windows again: something may fall due sooner than known.
    windows_changed: Notify,
    /// Look at the lanes again.
    lanes_changed: Notify,
    /// Begin nothing new.
    stop: CancellationToken,
    /// Let go of what is in hand.
    abandon: CancellationToken,
    /// Attempts on their way.
    attempts: TaskTracker,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

impl Monitor {
    /// Puts a monitor together; `store` has [`PATIENCE`]. Cancelling `stop` ends it.
    pub fn new(
        config: &MonitorConfig,
        sender: Sender,
        store: Store,
        metrics: Arc<Metrics>,
        stop: CancellationToken,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            sender,
            payload: config.payload.clone(),
            retry: config.retry.clone(),
            lease_rules: LeaseRules {
                length: config.webhook.timeout + LEASE_MARGIN,
                max_messages: config.rules.max_messages,
                max_bytes: config.rules.max_bytes,
            },
            retention: retention(&config.retention),
            destination: Name::default_name(),
            gate: Gate::new(config.webhook.concurrency),
            recent: Recent::default(),
            closing: Arc::new(Semaphore::new(MOST_CLOSING)),
            metrics,
            windows_changed: Notify::new(),
            lanes_changed: Notify::new(),
            stop,
            abandon: CancellationToken::new(),
            attempts: TaskTracker::new(),
        })
    }

    /// Works until told to stop; then finishes what is in hand, at most [`GRACE`] long, and gives its leases back.
    pub async fn run(self: &Arc<Self>) {
        info!(
            webhook = self.sender.place(),
            "Delivering to {}",
            self.sender.place()
        );
        if self.sender.is_test_url() {
            warn!(
                "WEBHOOK_URL holds /webhook-test/: n8n answers there only once after each click on Listen; use the \
                 production URL with /webhook/"
            );
        }
        let loops = TaskTracker::new();
        loops.spawn(listener::run(self.clone()));
        loops.spawn(Sweep::Windows.run(self.clone()));
        loops.spawn(Sweep::Lanes.run(self.clone()));
        loops.spawn(housekeeper::run(self.clone()));
        loops.close();
        self.stop.cancelled().await;
        let deadline = Instant::now() + GRACE;
        // A round that Redis keeps waiting is not waited for any longer than the rest.
        let _ = timeout_at(deadline, loops.wait()).await;
        self.finish(deadline).await;
        info!("No longer delivering");
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

    /// Serves health and metrics on `listener` until told to stop.
    ///
    /// # Errors
    /// When the listener breaks.
    pub async fn serve_health(self: Arc<Self>, listener: TcpListener) -> Result<()> {
        health::serve(listener, self)
            .await
            .context("serving health and metrics")
    }
}

fn retention(config: &RetentionConfig) -> Retention {
    Retention {
        history: config.history_count,
        history_age: config.history_age,
        dead_letters: config.dead_letter_count,
        dead_letter_age: config.dead_letter_age,
    }
}
