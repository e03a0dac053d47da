//! Messages that can never be taken: handed over to where somebody can look at them, with why, before they are
//! acknowledged.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use super::reading::Poison;
use crate::broker::{
    BrokerError, Confirmed, Connection, Delivery, HeaderValue, Message, Publisher,
};

/// The queue where they lie unless an exchange is named. It is the one thing that Lull makes at a broker.
pub(super) const OWN_QUEUE: &str = "lull.dead";

/// How often a broker has handed a message out, as its quorum queues tell.
const DELIVERY_COUNT: &str = "x-delivery-count";

/// Hands such messages over, on a channel of its own, which it opens when there is one.
pub(super) struct DeadLetters {
    connection: Connection,
    exchange: Option<String>,
    publisher: Mutex<Option<Publisher>>,
}

impl DeadLetters {
    pub(super) fn new(connection: Connection, exchange: Option<String>) -> Self {
        Self {
            connection,
            exchange,
            publisher: Mutex::new(None),
        }
    }

    /// Hands it over, and waits until the broker has it.
    ///
    /// # Errors
    /// Why it stays where it is.
    pub(super) async fn take(
        &self,
        delivery: &Delivery,
        queue: &str,
        why: &Poison,
    ) -> Result<(), String> {
        let publisher = self.publisher().await.map_err(|error| error.to_string())?;
        let message = Message {
            exchange: self.exchange.as_deref().unwrap_or_default(),
            routing_key: if self.exchange.is_some() {
                queue
            } else {
                OWN_QUEUE
            },
            body: delivery.body(),
            persistent: true,
            message_id: delivery.message_id(),
            content_type: delivery.content_type(),
            timestamp: None,
            headers: headers(delivery, queue, why),
        };
        match publisher.publish(message).await {
            Ok(Confirmed::Taken) => Ok(()),
            Ok(Confirmed::Unroutable(text)) => Err(text),
            Ok(Confirmed::NotTaken) => Err("it was not taken there".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn publisher(&self) -> Result<Publisher, BrokerError> {
        let mut kept = self.publisher.lock().await;
        if let Some(open) = kept.as_ref().filter(|publisher| publisher.is_open()) {
            return Ok(open.clone());
        }
        let publisher = self.connection.publisher().await?;
        if self.exchange.is_none() {
            publisher.declare_own_queue(OWN_QUEUE).await?;
        }
        Ok(kept.insert(publisher).clone())
    }
}

fn headers(delivery: &Delivery, queue: &str, why: &Poison) -> BTreeMap<String, HeaderValue> {
    let text = |name: &str, text: String| (name.to_owned(), HeaderValue::Text(text));
    let mut headers = BTreeMap::from([
        text("lull-code", why.code().word().to_owned()),
        text("lull-reason", why.to_string()),
        text("lull-queue", queue.to_owned()),
    ]);
    headers.extend(
        why.field()
            .map(|field| text("lull-field", field.to_owned())),
    );
    let count = delivery.header(DELIVERY_COUNT);
    headers.extend(count.map(|count| (DELIVERY_COUNT.to_owned(), count)));
    headers
}
