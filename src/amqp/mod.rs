//! What RabbitMQ brings in: messages out of the queues that buffers name, by the same intake as HTTP. One consumer for each
//! queue, each on a channel of its own; nothing is declared but our own queue for what can never be taken.
//!
//! A message is acknowledged only after Redis has it, and until then held. While Redis is away nothing more is taken, what
//! is held is tried again in its place, and after a while it goes back into its queue. It is never sent back and taken
//! again in a loop: brokers count that, and some then drop the message.

mod dead;
mod grouping;
mod once;
mod queue;
mod reading;
mod round;
mod wanted;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::broker::{self, BrokerError, Connection};
use crate::ingest::Ingest;
use crate::loops::{Loop, Loops};
use crate::registry::{Registry, Snapshot};
use crate::settings::api::ApiConfig;
use crate::settings::rabbit::RabbitConfig;
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use dead::DeadLetters;
use once::Once;
use wanted::Wanted;

/// Between two tries to reach RabbitMQ, at first; twice as long after each that fails …
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// … and no longer than this: as long as a queue that is not there is looked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Takes messages out of the queues that buffers name. Clones are one.
#[derive(Clone)]
pub struct Source(Arc<Parts>);

struct Parts {
    /// None: `RABBITMQ_URL` is not set.
    config: Option<RabbitConfig>,
    limits: Limits,
    registry: Registry,
    ingest: Ingest,
    store: Store,
    metrics: Arc<Metrics>,
    /// What the log says.
    once: Once,
}

/// How large a body may be.
#[derive(Clone, Copy, Debug)]
struct Limits {
    usual: usize,
    all: usize,
}

impl Source {
    /// Puts it together; until [`Source::beside`] it does nothing.
    pub fn new(
        config: &ApiConfig,
        registry: Registry,
        ingest: Ingest,
        store: Store,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self(Arc::new(Parts {
            config: config.rabbit.clone(),
            limits: Limits {
                usual: config.max_body_bytes,
                all: config.max_bodies_bytes,
            },
            registry,
            ingest,
            store,
            metrics,
            once: Once::default(),
        }))
    }

    /// Takes messages beside `serving`, as long as that lasts or until told to stop, and then finishes what it has in hand:
    /// that is acknowledged, or back in its queue.
    pub async fn beside<T>(
        &self,
        loops: &Loops,
        stop: &CancellationToken,
        serving: impl Future<Output = T>,
    ) -> T {
        let serving = async {
            let served = serving.await;
            stop.cancel();
            served
        };
        let take = || self.clone().run(stop.clone());
        let taking = loops.hold(Loop::Amqp, None, stop, take);
        tokio::join!(serving, taking).0
    }

    fn run(self, stop: CancellationToken) -> BoxFuture<'static, ()> {
        async move {
            let mut news = self.0.registry.subscribe();
            let mut pause = FIRST_PAUSE;
            while !stop.is_cancelled() {
                news.mark_unchanged();
                let wanted = self.wanted();
                let Some(config) = self.0.config.clone().filter(|_| !wanted.is_empty()) else {
                    self.say_what_waits(&wanted);
                    let _ = stop.run_until_cancelled(news.changed()).await;
                    continue;
                };
                let opened = stop.run_until_cancelled(connected(&config)).await;
                match opened {
                    None => break,
                    Some(Ok(connection)) => {
                        let began = Instant::now();
                        self.said_connected(&config);
                        self.serve(&config, &connection, &mut news, &stop).await;
                        self.0.metrics.amqp.connected.set(0);
                        connection.close().await;
                        if began.elapsed() > LONGEST_PAUSE {
                            pause = FIRST_PAUSE;
                        }
                    }
                    Some(Err(error)) => self.say_away(&config, &error),
                }
                let _ = stop.run_until_cancelled(sleep(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        .boxed()
    }

    fn wanted(&self) -> Vec<Wanted> {
        let (wanted, twice) = wanted::of(&self.0.registry.get());
        for (queue, buffer) in &twice {
            let about = format!("{queue} {buffer}");
            if self.0.once.is_news("two buffers", &about) {
                warn!(
                    %buffer,
                    queue,
                    "Buffer {buffer} takes nothing out of queue {queue}: another buffer names it, too, and each message can only go to one of them"
                );
            }
        }
        wanted
    }

    fn say_what_waits(&self, wanted: &[Wanted]) {
        for Wanted { buffer, queue, .. } in wanted {
            if self.0.once.is_news("no url", buffer.name.as_str()) {
                let buffer = &buffer.name;
                warn!(
                    %buffer,
                    queue,
                    "Buffer {buffer} takes nothing out of its queues: RABBITMQ_URL is not set"
                );
            }
        }
    }

    fn said_connected(&self, config: &RabbitConfig) {
        self.0.metrics.amqp.connected.set(1);
        self.0.once.forget("away");
        let at = &config.url;
        info!(address = %at, "Connected to RabbitMQ at {at}");
    }

    fn say_away(&self, config: &RabbitConfig, error: &BrokerError) {
        let (at, error) = (&config.url, error.to_string());
        if self.0.once.is_news("away", &error) {
            warn!(
                address = %at,
                error,
                "Cannot take messages from RabbitMQ at {at}, trying again: {error}"
            );
        }
    }

    /// Takes from all queues that are wanted, as they come and go, until the connection is lost or told to stop.
    async fn serve(
        &self,
        config: &RabbitConfig,
        connection: &Connection,
        news: &mut watch::Receiver<Arc<Snapshot>>,
        stop: &CancellationToken,
    ) {
        let dead = DeadLetters::new(connection.clone(), config.dead_exchange.clone());
        let mut taking = FuturesUnordered::new();
        let mut begun: Vec<(Wanted, CancellationToken)> = Vec::new();
        // Not before its queue has been let go of by whoever took from it: else two would.
        let mut ended: Vec<Wanted> = Vec::new();
        loop {
            let wanted = match stop.is_cancelled() || !connection.is_open() {
                true => Vec::new(),
                false => self.wanted(),
            };
            begun.retain(|(it, _)| !ended.contains(it));
            ended.clear();
            for (it, token) in &begun {
                if !wanted.contains(it) {
                    token.cancel();
                }
            }
            for it in wanted {
                if begun.iter().all(|(other, _)| other.queue != it.queue) {
                    let token = CancellationToken::new();
                    begun.push((it.clone(), token.clone()));
                    let queue = queue::Queue {
                        source: self,
                        connection,
                        dead: &dead,
                        give_back_after: config.give_back_after,
                        stop: token,
                    };
                    taking.push(async move {
                        queue.keep_taking(&it).await;
                        it
                    });
                }
            }
            if begun.is_empty() {
                return;
            }
            tokio::select! {
                Some(over) = taking.next(), if !taking.is_empty() => ended.push(over),
                _ = news.changed(), if !stop.is_cancelled() => {}
                () = stop.cancelled(), if begun.iter().any(|(_, token)| !token.is_cancelled()) => {}
            }
        }
    }
}

async fn connected(config: &RabbitConfig) -> Result<Connection, BrokerError> {
    let addresses = tokio::time::timeout(broker::PATIENCE, broker::look_up(&config.url)).await;
    let addresses = addresses.map_err(|_| BrokerError::Silent(broker::PATIENCE))?;
    let addresses = addresses.map_err(|error| BrokerError::NoConnection(error.to_string()))?;
    Connection::open(&config.url, &addresses, "lull").await
}
