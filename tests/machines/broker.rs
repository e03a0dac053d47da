//! A RabbitMQ of the test's own, and what a publisher does with it by a client that is not Lull's.

use std::time::Duration;

use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use lull_kit::rabbit::Rabbit;
use tokio::time::timeout;

use crate::support::eventually;

/// A broker that takes connections.
pub(crate) struct Broker {
    pub(crate) rabbit: Rabbit,
}

/// A publisher, such as Evolution.
pub(crate) struct Publisher {
    connection: Connection,
    pub(crate) channel: Channel,
}

/// A message that was taken out of a queue.
pub(crate) struct Taken {
    pub(crate) body: String,
    pub(crate) properties: BasicProperties,
}

impl Broker {
    /// Starts one, and waits until it takes connections.
    pub(crate) async fn start() -> Self {
        let broker = Self {
            rabbit: Rabbit::start().unwrap(),
        };
        broker.is_up().await;
        broker
    }

    async fn is_up(&self) {
        eventually("RabbitMQ takes connections", async || {
            // The client may wait for ever for a broker that refused it at once.
            let connected = timeout(Duration::from_secs(5), self.connected());
            connected.await.is_ok_and(|connected| connected.is_ok())
        })
        .await;
    }

    /// Starts it again, after it was killed.
    pub(crate) async fn start_again(&mut self) {
        self.rabbit.start_again().unwrap();
        self.is_up().await;
    }

    /// `RABBITMQ_URL`.
    pub(crate) fn url(&self) -> String {
        self.rabbit.url()
    }

    async fn connected(&self) -> lapin::Result<Connection> {
        Connection::connect(&self.url(), ConnectionProperties::default()).await
    }

    /// Takes so many messages out of a queue as Lull does, and does nothing with them.
    pub(crate) async fn drained_by_the_client(&self, queue: &str, count: usize) {
        let connection = self.connected().await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let prefetch = channel.basic_qos(64, BasicQosOptions::default());
        prefetch.await.unwrap();
        let consumer = channel.basic_consume(
            queue.into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let mut consumer = consumer.await.unwrap().take(count);
        while let Some(delivery) = consumer.next().await {
            let delivery = delivery.unwrap();
            delivery.ack(BasicAckOptions::default()).await.unwrap();
        }
        connection.close(200, "OK".into()).await.unwrap();
    }

    /// Somebody who publishes, with confirms.
    pub(crate) async fn publisher(&self) -> Publisher {
        let connection = self.connected().await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        let confirms = channel.confirm_select(ConfirmSelectOptions::default());
        confirms.await.unwrap();
        Publisher {
            connection,
            channel,
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of RabbitMQ ---\n{}", self.rabbit.last_words());
        }
    }
}

impl Publisher {
    /// Declares a queue as Evolution declares its own: durable, and a quorum queue.
    pub(crate) async fn declare(&self, queue: &str) {
        self.declare_of("quorum", queue).await;
    }

    /// Declares a durable queue of the older kind, which is there again as soon as its broker is. Of a quorum queue
    /// RabbitMQ 3.10 often finds no leader any more if it was killed within a second of the queue's beginning.
    pub(crate) async fn declare_classic(&self, queue: &str) {
        self.declare_of("classic", queue).await;
    }

    async fn declare_of(&self, kind: &str, queue: &str) {
        let mut arguments = FieldTable::default();
        let kind = AMQPValue::LongString(kind.into());
        arguments.insert("x-queue-type".into(), kind);
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let declared = self.channel.queue_declare(queue.into(), options, arguments);
        declared.await.unwrap();
    }

    /// Publishes to a queue, and waits until the broker has it.
    pub(crate) async fn publish(&self, queue: &str, body: &str, properties: BasicProperties) {
        self.publish_all(queue, [(body.to_owned(), properties)])
            .await;
    }

    /// Publishes these one after the other, and waits until the broker has all of them.
    pub(crate) async fn publish_all(
        &self,
        queue: &str,
        all: impl IntoIterator<Item = (String, BasicProperties)>,
    ) {
        let mut confirms = Vec::new();
        for (body, properties) in all {
            let options = BasicPublishOptions {
                mandatory: true,
                ..BasicPublishOptions::default()
            };
            let properties = properties.with_delivery_mode(2);
            let published = self.channel.basic_publish(
                "".into(),
                queue.into(),
                options,
                body.as_bytes(),
                properties,
            );
            confirms.push(published.await.unwrap());
        }
        for confirm in confirms {
            let confirmed = confirm.await.unwrap();
            assert!(confirmed.is_ack(), "{confirmed:?}");
            assert!(confirmed.take_message().is_none(), "no queue {queue}");
        }
    }

    /// Takes the first message out of a queue.
    pub(crate) async fn take(&self, queue: &str) -> Option<Taken> {
        let options = BasicGetOptions { no_ack: true };
        let got = self.channel.basic_get(queue.into(), options).await.unwrap();
        got.map(|got| Taken {
            body: String::from_utf8(got.delivery.data).unwrap(),
            properties: got.delivery.properties,
        })
    }

    /// How many messages wait in a queue, not counting those that somebody has in hand.
    pub(crate) async fn waiting(&self, queue: &str) -> Option<u32> {
        let channel = self.connection.create_channel().await.unwrap();
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let declared = channel.queue_declare(queue.into(), options, FieldTable::default());
        declared.await.ok().map(|queue| queue.message_count())
    }
}

impl Taken {
    /// A header that is a text.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        match self.properties.headers().as_ref()?.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            _ => None,
        }
    }
}
