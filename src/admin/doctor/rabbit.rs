//! What is to be said of RabbitMQ, where buffers take messages out of its queues.

use crate::broker::{BrokerError, Connection, PATIENCE, look_up};
use crate::core::broker_url::BrokerUrl;
use crate::registry::Snapshot;

use super::Finding;

const CHECK: &str = "rabbitmq";

/// Looks whether the RabbitMQ at `url` takes connections, and whether there is one to look at.
pub(super) async fn finding(url: Option<&BrokerUrl>, snapshot: &Snapshot) -> Option<Finding> {
    let buffers = snapshot.buffers().filter(|buffer| buffer.amqp.is_some());
    let mut names: Vec<_> = buffers.map(|buffer| buffer.name.to_string()).collect();
    if names.is_empty() {
        return None;
    }
    names.sort();
    let names = names.join(", ");
    let Some(url) = url else {
        let found =
            format!("RABBITMQ_URL is not set, so nothing is taken out of the queues of {names}");
        let advice = "set it at api, or take amqp out of these buffers";
        return Some(Finding::problem(CHECK, found, advice));
    };
    Some(match reach(url).await {
        Ok(()) => Finding::ok(CHECK, format!("{url} takes connections, for {names}")),
        Err(error) => {
            let found = format!("{url}, whose queues {names} need: {error}");
            let advice = "see that RABBITMQ_URL is right, and that RabbitMQ runs";
            Finding::problem(CHECK, found, advice)
        }
    })
}

async fn reach(url: &BrokerUrl) -> Result<(), BrokerError> {
    let addresses = tokio::time::timeout(PATIENCE, look_up(url)).await;
    let addresses = addresses.map_err(|_| BrokerError::Silent(PATIENCE))?;
    let addresses = addresses.map_err(|error| BrokerError::NoConnection(error.to_string()))?;
    let connection = Connection::open(url, &addresses, "lull doctor").await?;
    connection.close().await;
    Ok(())
}
