//! Where RabbitMQ is, for buffers that take messages out of its queues.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Vars, positive_seconds};
use crate::core::broker_url::{BrokerUrl, LONGEST_NAME};

/// Where RabbitMQ is, and what becomes of what cannot be taken.
#[derive(Clone, Debug)]
pub struct RabbitConfig {
    /// `RABBITMQ_URL`.
    pub url: BrokerUrl,
    /// `RABBITMQ_DEAD_EXCHANGE`: where messages go that can never be taken; none: into a queue of our own.
    pub dead_exchange: Option<String>,
    /// `RABBITMQ_GIVE_BACK_AFTER`: how long messages are held while Redis does not take them.
    pub give_back_after: Duration,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub(super) struct RawRabbit {
    rabbitmq_url: Option<String>,
    rabbitmq_dead_exchange: Option<String>,
    #[serde(default = "give_back_after")]
    rabbitmq_give_back_after: f64,
}

fn give_back_after() -> f64 {
    60.0
}

impl RabbitConfig {
    /// Reads them; none: no RabbitMQ is named.
    ///
    /// # Errors
    /// Names the variable that is wrong, and repeats nothing of the URL.
    pub fn from_vars(vars: &Vars) -> Result<Option<Self>> {
        let raw: RawRabbit = vars.read()?;
        let held = positive_seconds("RABBITMQ_GIVE_BACK_AFTER", raw.rabbitmq_give_back_after)?;
        let exchange = raw.rabbitmq_dead_exchange;
        ensure!(
            exchange
                .as_ref()
                .is_none_or(|name| name.len() <= LONGEST_NAME),
            "RABBITMQ_DEAD_EXCHANGE must have at most {LONGEST_NAME} bytes"
        );
        let Some(url) = raw.rabbitmq_url else {
            return Ok(None);
        };
        Ok(Some(Self {
            url: url.trim().parse().context("RABBITMQ_URL")?,
            dead_exchange: exchange,
            give_back_after: held,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::vars;
    use super::*;

    #[test]
    fn without_a_url_there_is_none() {
        assert!(RabbitConfig::from_vars(&vars(&[])).unwrap().is_none());
        let url = ("RABBITMQ_URL", "amqp://evo:secret@mq/loja");
        let config = RabbitConfig::from_vars(&vars(&[url])).unwrap().unwrap();
        assert_eq!(config.url.vhost, "loja");
        assert_eq!(config.give_back_after, Duration::from_secs(60));
    }

    #[test]
    fn what_is_wrong_is_named_without_the_password() {
        for wrong in [
            ("RABBITMQ_URL", "http://evo:secret@mq"),
            ("RABBITMQ_URL", "amqp://evo:secret@mq?heartbeat=1"),
            ("RABBITMQ_GIVE_BACK_AFTER", "0"),
        ] {
            let error = RabbitConfig::from_vars(&vars(&[wrong])).unwrap_err();
            let told = format!("{error:#}");
            assert!(told.contains(wrong.0) && !told.contains("secret"), "{told}");
        }
    }
}
