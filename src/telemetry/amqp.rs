//! What is counted of RabbitMQ.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use strum::{IntoStaticStr, VariantArray};

use super::by_name::{ByName, MOST_FROM_START};
use super::labels::words;
use super::metrics::GaugeBy;
use crate::core::chat::Name;

/// What became of a message that came out of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Given {
    /// It was taken in, or ignored as a post would have been.
    Taken,
    /// It can never be taken, and was put away.
    Dead,
    /// It went back into its queue, with all others that were held, because it could not be stored.
    Back,
}

/// How a queue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum QueueState {
    /// It is taken from.
    Consuming,
    /// It is not there, or must not be read.
    Missing,
    /// It is not taken from, because Redis takes nothing.
    Waiting,
}

/// The metrics of RabbitMQ. Clones count together.
#[derive(Clone, Debug)]
pub struct AmqpMetrics {
    /// 1 while there is a connection.
    pub connected: Gauge,
    queues: GaugeBy,
    messages: ByName<Counter, 1>,
}

impl Default for AmqpMetrics {
    fn default() -> Self {
        Self {
            connected: Gauge::default(),
            queues: GaugeBy::default(),
            messages: ByName::new("buffer", ["result"], Counter::default),
        }
    }
}

impl AmqpMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        for state in words::<QueueState>() {
            drop(self.queues.get_or_create(&[("state", state)]));
        }
        registry.register(
            "amqp_messages",
            "Messages that came out of queues of RabbitMQ, by buffer and what became of them",
            self.messages.clone(),
        );
        registry.register(
            "amqp_queues",
            "Queues of RabbitMQ that messages are to be taken from, by how they are",
            self.queues.clone(),
        );
        registry.register(
            "amqp_connected",
            "1 while messages can be taken from RabbitMQ",
            self.connected.clone(),
        );
    }

    /// Has metrics of these buffers from their start, and of others none any more.
    pub(super) fn keep(&self, names: &[&str]) {
        let results: Vec<_> = words::<Given>().map(|word| [word]).collect();
        self.messages.keep(names.iter().copied());
        let shown = names.iter().copied().take(MOST_FROM_START);
        self.messages.show(shown, &results);
    }

    /// Counts a message of a buffer.
    pub fn count(&self, buffer: &Name, given: Given) {
        self.messages.count(Some(buffer), &[given.into()]);
    }

    /// Counts a queue as one in this state, until what it answers is dropped.
    pub fn in_state(&self, state: QueueState) -> Held {
        let gauge = self.queues.get_or_create(&[("state", state.into())]);
        gauge.inc();
        Held(gauge.clone())
    }
}

/// A queue in a state.
#[derive(Debug)]
pub struct Held(Gauge);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.dec();
    }
}
