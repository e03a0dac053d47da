//! Which queues of RabbitMQ a buffer takes messages from.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SpecError;
use super::scalars::QueueName;
use crate::core::broker_url::LONGEST_NAME;
use crate::core::json::whole_number::whole;

/// Most queues of a buffer.
const MOST_QUEUES: usize = 200;
/// Most messages of a queue that are in hand.
const MOST_IN_HAND: u16 = 1000;

/// Which queues of RabbitMQ messages are taken from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmqpSpec {
    /// Their names, as they are at RabbitMQ. They need not be there yet, and are never made.
    #[schema(min_items = 1, max_items = 200, value_type = Vec<QueueName>)]
    #[serde(default)]
    #[schema(required = true)]
    pub queues: Vec<String>,
    /// How many messages of a queue are in hand at a time.
    #[schema(minimum = 1, maximum = 1000, default = prefetch)]
    #[serde(default = "prefetch", deserialize_with = "whole")]
    pub prefetch: u16,
}

/// The same, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmqpQueues {
    /// Their names, each once.
    pub queues: Vec<String>,
    /// How many messages of each are in hand at a time.
    pub prefetch: u16,
}

fn prefetch() -> u16 {
    64
}

impl AmqpSpec {
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn check(&self) -> Result<AmqpQueues, SpecError> {
        if self.queues.is_empty() || self.queues.len() > MOST_QUEUES {
            let why = format!("must name 1 to {MOST_QUEUES} queues");
            return Err(SpecError::new("amqp.queues", why));
        }
        let mut queues: Vec<String> = Vec::new();
        for name in &self.queues {
            if name.is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
                let why = format!("each must be the name of a queue, of 1 to {LONGEST_NAME} bytes");
                return Err(SpecError::new("amqp.queues", why));
            }
            if !queues.contains(name) {
                queues.push(name.clone());
            }
        }
        if !(1..=MOST_IN_HAND).contains(&self.prefetch) {
            let why = format!("must be a number from 1 to {MOST_IN_HAND}");
            return Err(SpecError::new("amqp.prefetch", why));
        }
        Ok(AmqpQueues {
            queues,
            prefetch: self.prefetch,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(queues: &[&str], prefetch: u16) -> Result<AmqpQueues, String> {
        let queues = queues.iter().map(|&name| name.to_owned()).collect();
        let spec = AmqpSpec { queues, prefetch };
        spec.check().map_err(|error| error.to_string())
    }

    #[test]
    fn a_queue_that_is_named_twice_is_one() {
        let checked = check(&["loja.messages.upsert", "x", "x"], 64).unwrap();
        assert_eq!(checked.queues, ["loja.messages.upsert", "x"]);
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_field() {
        let long = "x".repeat(256);
        for queues in [&[][..], &[""], &["a\nb"], &[&long]] {
            let error = check(queues, 64).unwrap_err();
            assert!(error.starts_with("amqp.queues"), "{error}");
        }
        for prefetch in [0, 1001] {
            let error = check(&["x"], prefetch).unwrap_err();
            assert!(error.starts_with("amqp.prefetch"), "{error}");
        }
    }
}
