//! What comes out of a queue.

use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::AMQPValue;
use lapin::{Channel, Consumer};

use super::link::{asked, header, no_arguments, short, told};
use super::{BrokerError, HeaderValue};

/// What comes out of one queue, on a channel of its own. What of it is not acknowledged when this is closed or lost goes
/// back into the queue, to its old place.
#[derive(Debug)]
pub struct Deliveries {
    channel: Channel,
    consumer: Consumer,
}

/// A message that came out of a queue, and is to be acknowledged.
#[derive(Debug)]
pub struct Delivery(lapin::message::Delivery);

impl Deliveries {
    pub(super) async fn begin(
        channel: Channel,
        queue: &str,
        prefetch: u16,
    ) -> Result<Self, BrokerError> {
        // Of each consumer: that of a whole channel is what quorum queues refuse.
        asked(channel.basic_qos(prefetch, BasicQosOptions { global: false })).await?;
        let consumer = channel.basic_consume(
            short(queue, "the name of the queue")?,
            "".into(),
            BasicConsumeOptions::default(),
            no_arguments(),
        );
        let consumer = asked(consumer).await?;
        Ok(Self { channel, consumer })
    }

    /// The next one, whenever it comes.
    ///
    /// # Errors
    /// When none will come any more.
    pub async fn next(&mut self) -> Result<Delivery, BrokerError> {
        match self.consumer.next().await {
            Some(Ok(delivery)) => Ok(Delivery(delivery)),
            Some(Err(error)) => Err(told(&error)),
            None => Err(BrokerError::CalledOff),
        }
    }

    /// The next one, if it is here already.
    pub fn waiting(&mut self) -> Option<Delivery> {
        let next = self.consumer.next().now_or_never()??;
        next.ok().map(Delivery)
    }

    /// Takes no more, and gives back what is not acknowledged. The consumer is not called off before: what the broker hands
    /// out to it at that moment would go back behind what comes next (seen with RabbitMQ 3.10).
    pub async fn close(self) {
        let _ = asked(self.channel.close(200, "OK".into())).await;
    }
}

impl Delivery {
    /// What is said.
    pub fn body(&self) -> &[u8] {
        &self.0.data
    }

    /// The property `message-id`.
    pub fn message_id(&self) -> Option<&str> {
        self.0
            .properties
            .message_id()
            .as_ref()
            .map(|it| it.as_str())
    }

    /// The property `content-type`.
    pub fn content_type(&self) -> Option<&str> {
        let it = self.0.properties.content_type().as_ref();
        it.map(|it| it.as_str())
    }

    /// The property `content-encoding`.
    pub fn content_encoding(&self) -> Option<&str> {
        let it = self.0.properties.content_encoding().as_ref();
        it.map(|it| it.as_str())
    }

    /// Whether it came out of its queue before, and went back.
    pub fn is_redelivered(&self) -> bool {
        self.0.redelivered
    }

    /// A header that is a text or a whole number.
    pub fn header(&self, name: &str) -> Option<HeaderValue> {
        let number = |number: i64| Some(HeaderValue::Number(number));
        match header(&self.0.properties, name)? {
            AMQPValue::LongString(text) => {
                let text = String::from_utf8_lossy(text.as_bytes());
                Some(HeaderValue::Text(text.into_owned()))
            }
            AMQPValue::ShortString(text) => Some(HeaderValue::Text(text.as_str().to_owned())),
            AMQPValue::ShortShortInt(it) => number((*it).into()),
            AMQPValue::ShortShortUInt(it) => number((*it).into()),
            AMQPValue::ShortInt(it) => number((*it).into()),
            AMQPValue::ShortUInt(it) => number((*it).into()),
            AMQPValue::LongInt(it) => number((*it).into()),
            AMQPValue::LongUInt(it) => number((*it).into()),
            AMQPValue::LongLongInt(it) => number(*it),
            _ => None,
        }
    }

    /// Tells the broker that it need not keep it, to which that answers nothing. What is not waited for may be overtaken by
    /// the close of the channel.
    ///
    /// # Errors
    /// When it cannot be told, so that the message comes again.
    pub async fn acknowledge(&self) -> Result<(), BrokerError> {
        match asked(self.0.acker.ack(BasicAckOptions::default())).await? {
            true => Ok(()),
            false => Err(BrokerError::NoConnection(
                "the channel is closed".to_owned(),
            )),
        }
    }
}
