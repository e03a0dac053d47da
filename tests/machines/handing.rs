//! What `lull::broker` promises, against a real RabbitMQ.

use std::time::Duration;

use lull::broker::{BrokerError, Confirmed, Connection, HeaderValue, Message, look_up};
use lull::core::broker_url::BrokerUrl;

use crate::broker::Broker;
use crate::support::eventually;

const QUEUE: &str = "loja.messages.upsert";
/// A queue of the older kind.
const PLAIN: &str = "pedidos";

async fn connected(url: &str) -> Result<Connection, BrokerError> {
    let url: BrokerUrl = url.parse().unwrap();
    let addresses = look_up(&url).await.unwrap();
    Connection::open(&url, &addresses, "lull tests").await
}

fn message<'a>(exchange: &'a str, key: &'a str, body: &'a str) -> Message<'a> {
    Message {
        exchange,
        routing_key: key,
        body: body.as_bytes(),
        persistent: true,
        message_id: Some("1"),
        content_type: Some("application/json"),
        ..Message::default()
    }
}

/// Taken, unroutable, refused, cut: each is told apart; what was not acknowledged comes again, in its order, also after the
/// broker was killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_handed_over_is_confirmed_and_what_is_not_acknowledged_comes_again() {
    let mut broker = Broker::start().await;
    let others = broker.publisher().await;
    let connection = connected(&broker.url()).await.unwrap();

    let missing = connection.consume(QUEUE, 64).await.unwrap_err();
    assert!(
        missing.is_missing() && !missing.is_of_connection(),
        "{missing}"
    );
    assert!(connection.is_open(), "it only cost the channel");
    others.declare(QUEUE).await;

    let publisher = connection.publisher().await.unwrap();
    for body in ["1", "2", "3"] {
        let taken = publisher.publish(message("", QUEUE, body)).await.unwrap();
        assert_eq!(taken, Confirmed::Taken);
    }
    let nowhere = publisher.publish(message("", "nobody", "x")).await.unwrap();
    assert!(matches!(nowhere, Confirmed::Unroutable(why) if why.contains("312")));
    let refused = publisher
        .publish(message("none", QUEUE, "x"))
        .await
        .unwrap_err();
    assert!(refused.is_missing(), "{refused}");
    eventually("the channel is known to be closed", async || {
        !publisher.is_open()
    })
    .await;
    assert!(connection.is_open());

    let mut deliveries = connection.consume(QUEUE, 64).await.unwrap();
    let first = deliveries.next().await.unwrap();
    assert_eq!((first.body(), first.message_id()), (&b"1"[..], Some("1")));
    assert_eq!(first.content_type(), Some("application/json"));
    first.acknowledge().await.unwrap();
    let second = deliveries.next().await.unwrap();
    assert_eq!(second.body(), b"2");
    deliveries.close().await;
    let mut again = connection.consume(QUEUE, 64).await.unwrap();
    let second = again.next().await.unwrap();
    assert!(second.is_redelivered());
    assert_eq!(
        second.header("x-delivery-count"),
        Some(HeaderValue::Number(1))
    );
    assert_eq!(second.body(), b"2");

    others.declare_classic(PLAIN).await;
    let publisher = connection.publisher().await.unwrap();
    for body in ["a", "b"] {
        let taken = publisher.publish(message("", PLAIN, body)).await.unwrap();
        assert_eq!(taken, Confirmed::Taken);
    }
    let mut before = connection.consume(PLAIN, 1).await.unwrap();
    let held = before.next().await.unwrap();
    assert_eq!(held.body(), b"a");
    broker.rabbit.kill();
    assert!(before.next().await.unwrap_err().is_of_connection());
    assert!(held.acknowledge().await.is_err(), "it cannot be told");
    assert!(!connection.is_open());
    let refused = connected(&broker.url()).await.unwrap_err();
    assert!(matches!(refused, BrokerError::NoConnection(_)), "{refused}");

    broker.start_again().await;
    let connection = connected(&broker.url()).await.unwrap();
    let mut after = connection.consume(PLAIN, 64).await.unwrap();
    for body in ["a", "b"] {
        let delivery = tokio::time::timeout(Duration::from_secs(20), after.next()).await;
        let delivery = delivery.unwrap().unwrap();
        assert_eq!(delivery.body(), body.as_bytes());
        delivery.acknowledge().await.unwrap();
    }
    connection.close().await;
}

/// A wrong password and a broker that takes the connection and says nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_refused_is_told_without_its_password() {
    let broker = Broker::start().await;
    let wrong = broker.url().replace("guest:guest", "guest:hunter2");

    let refused = connected(&wrong).await.unwrap_err();

    let told = refused.to_string();
    assert!(told.contains("403") && !told.contains("hunter2"), "{told}");
}
