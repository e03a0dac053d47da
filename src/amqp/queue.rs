//! One queue: taken from as long as it is wanted, is there, and Redis takes what comes out of it.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Source;
use super::dead::DeadLetters;
use super::reading::Poison;
use super::round::Worked;
use super::wanted::Wanted;
use crate::broker::{BrokerError, Connection, Deliveries, Delivery};
use crate::telemetry::amqp::{Given, Held, QueueState};

/// A queue that is not there, or that must not be read, is looked for this often; a message that could not be put away is
/// tried again as often.
const AGAIN: Duration = Duration::from_secs(5);
/// Between two looks whether Redis takes messages again.
const LOOK: Duration = Duration::from_secs(1);

/// Takes from one queue.
pub(super) struct Queue<'a> {
    pub(super) source: &'a Source,
    pub(super) connection: &'a Connection,
    pub(super) dead: &'a DeadLetters,
    /// How long deliveries are held while they cannot be taken in.
    pub(super) give_back_after: Duration,
    /// It is wanted no longer.
    pub(super) stop: CancellationToken,
}

/// Why taking came to an end.
enum End {
    /// It is wanted no longer.
    Stopped,
    /// The broker ended it.
    Lost(BrokerError),
    /// What was held went back: nothing can be taken in.
    GivenBack,
}

impl Queue<'_> {
    /// Takes until it is wanted no longer, or the connection is lost.
    pub(super) async fn keep_taking(&self, wanted: &Wanted) {
        let (queue, buffer) = (&wanted.queue, &wanted.buffer.name);
        let mut last_said = None;
        while !self.stop.is_cancelled() {
            let consuming = self.connection.consume(queue, wanted.prefetch);
            let lost = match self.stop.run_until_cancelled(consuming).await {
                None => return,
                Some(Ok(deliveries)) => {
                    last_said = None;
                    info!(%buffer, queue, "Taking messages out of queue {queue} for {buffer}");
                    let state = self.in_state(QueueState::Consuming);
                    let end = self.take(wanted, deliveries).await;
                    drop(state);
                    match end {
                        End::Stopped => return,
                        End::GivenBack => {
                            self.until_taking_again(wanted).await;
                            continue;
                        }
                        End::Lost(error) => error,
                    }
                }
                Some(Err(error)) => error,
            };
            let is_silent = matches!(lost, BrokerError::Silent(_));
            if lost.is_of_connection() && !is_silent || !self.connection.is_open() {
                warn!(%buffer, queue, error = %lost, "Lost queue {queue}: {lost}");
                return;
            }
            if last_said.as_ref() != Some(&lost) {
                say(wanted, &lost);
                last_said = Some(lost);
            }
            let _state = self.in_state(QueueState::Missing);
            self.pause(AGAIN).await;
        }
    }

    async fn take(&self, wanted: &Wanted, mut deliveries: Deliveries) -> End {
        let mut aside = Vec::new();
        let mut again = interval(AGAIN);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = loop {
            let next = tokio::select! {
                biased;
                () = self.stop.cancelled() => break End::Stopped,
                next = deliveries.next() => next,
                _ = again.tick(), if !aside.is_empty() => {
                    aside = self.put_away_again(wanted, aside).await;
                    continue;
                }
            };
            let first = match next {
                Ok(first) => first,
                Err(error) => break End::Lost(error),
            };
            let mut round = vec![first];
            while round.len() < usize::from(wanted.prefetch) {
                let Some(next) = deliveries.waiting() else {
                    break;
                };
                round.push(next);
            }
            match self.work(wanted, round).await {
                Worked::All(poison) => aside.extend(poison),
                Worked::GivenBack => {
                    self.count(wanted, Given::Back);
                    break End::GivenBack;
                }
                Worked::Stopped => {
                    // Whoever sees to the queues will find that the buffer takes nothing any more.
                    self.stop.cancelled().await;
                    break End::Stopped;
                }
            }
        };
        if !matches!(end, End::Lost(_)) {
            // What was not acknowledged goes back into the queue, to its old place.
            deliveries.close().await;
        }
        end
    }

    /// Tries to put these away again; answers those that still cannot be.
    async fn put_away_again(
        &self,
        wanted: &Wanted,
        aside: Vec<(Delivery, Poison)>,
    ) -> Vec<(Delivery, Poison)> {
        let mut left = Vec::new();
        for (delivery, why) in aside {
            match self.put_away(wanted, &delivery, &why).await {
                true => {}
                false => left.push((delivery, why)),
            }
        }
        left
    }

    /// Waits until Redis takes messages, or the queue is wanted no longer.
    async fn until_taking_again(&self, wanted: &Wanted) {
        let _state = self.in_state(QueueState::Waiting);
        let parts = &self.source.0;
        let (queue, held) = (&wanted.queue, self.give_back_after.as_secs_f64());
        warn!(
            queue,
            "Messages of queue {queue} could not be stored for {held} s and went back: it is taken from again when they can"
        );
        while !self.stop.is_cancelled() {
            self.pause(LOOK).await;
            if parts.store.probe().await.is_ok() && parts.ingest.refusing().is_none() {
                return;
            }
        }
    }

    pub(super) async fn pause(&self, pause: Duration) {
        let _ = self.stop.run_until_cancelled(sleep(pause)).await;
    }

    pub(super) fn count(&self, wanted: &Wanted, given: Given) {
        let metrics = &self.source.0.metrics.amqp;
        metrics.count(&wanted.buffer.name, given);
    }

    fn in_state(&self, state: QueueState) -> Held {
        self.source.0.metrics.amqp.in_state(state)
    }
}

fn say(wanted: &Wanted, error: &BrokerError) {
    let (queue, buffer) = (&wanted.queue, &wanted.buffer.name);
    let again = AGAIN.as_secs();
    if error.is_missing() {
        info!(
            %buffer,
            queue,
            "Queue {queue} for {buffer} is not there yet: it is looked for every {again} s"
        );
    } else {
        warn!(
            %buffer,
            queue,
            error = %error,
            "Cannot take from queue {queue} for {buffer}, trying again every {again} s: {error}"
        );
    }
}
