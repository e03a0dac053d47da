//! What is handed over to a broker: each message is confirmed, and one that no queue is bound for comes back.

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::protocol::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Confirmation};

use super::link::{asked, no_arguments, short};
use super::{BrokerError, Confirmed, HeaderValue, Message};

/// What the protocol calls a message that is not lost with the broker.
const PERSISTENT: u8 = 2;

/// Hands messages over, on a channel of its own. After an error of one message it may be closed: [`Publisher::is_open`].
#[derive(Clone, Debug)]
pub struct Publisher(Channel);

impl Publisher {
    pub(super) async fn begin(channel: Channel) -> Result<Self, BrokerError> {
        asked(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Self(channel))
    }

    /// Whether it can hand over more.
    pub fn is_open(&self) -> bool {
        self.0.status().connected()
    }

    /// Makes a queue of ours that outlives the broker's end, unless it is there.
    ///
    /// # Errors
    /// When it is there and of another kind, or must not be made.
    pub async fn declare_own_queue(&self, name: &str) -> Result<(), BrokerError> {
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let name = short(name, "the name of the queue")?;
        let declared = self.0.queue_declare(name, options, no_arguments());
        asked(declared).await.map(drop)
    }

    /// Hands a message over, and waits until the broker has said what became of it.
    ///
    /// # Errors
    /// When it says no, for instance to an exchange that is not there, or says nothing. Whether it has the message is then
    /// unknown, unless it said no.
    pub async fn publish(&self, message: Message<'_>) -> Result<Confirmed, BrokerError> {
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let exchange = short(message.exchange, "the name of the exchange")?;
        let key = short(message.routing_key, "the routing key")?;
        let (body, properties) = (message.body, properties(&message)?);
        let handed = async {
            let handed = self
                .0
                .basic_publish(exchange, key, options, body, properties);
            handed.await?.await
        };
        Ok(match asked(handed).await? {
            Confirmation::Ack(None) | Confirmation::NotRequested => Confirmed::Taken,
            Confirmation::Ack(Some(returned)) => {
                let (text, code) = (&returned.reply_text, returned.reply_code);
                Confirmed::Unroutable(format!("{text} ({code})"))
            }
            Confirmation::Nack(_) => Confirmed::NotTaken,
        })
    }
}

fn properties(message: &Message<'_>) -> Result<BasicProperties, BrokerError> {
    let mut properties = BasicProperties::default();
    if message.persistent {
        properties = properties.with_delivery_mode(PERSISTENT);
    }
    if let Some(id) = message.message_id {
        properties = properties.with_message_id(short(id, "the id of the message")?);
    }
    if let Some(kind) = message.content_type {
        properties = properties.with_content_type(short(kind, "the content type")?);
    }
    if let Some(at) = message.timestamp {
        properties = properties.with_timestamp(at);
    }
    if message.headers.is_empty() {
        return Ok(properties);
    }
    let mut headers = FieldTable::default();
    for (name, value) in &message.headers {
        let value = match value {
            HeaderValue::Text(text) => AMQPValue::LongString(text.as_str().into()),
            HeaderValue::Number(number) => AMQPValue::LongLongInt(*number),
        };
        headers.insert(short(name, "the name of a header")?, value);
    }
    Ok(properties.with_headers(headers))
}
