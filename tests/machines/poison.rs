//! Messages that can never be taken, and those that say who they are by their properties alone.

use lapin::BasicProperties;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::FieldTable;
use serde_json::{Value, json};

use crate::queues::Bed;
use crate::support::eventually;

const QUEUE: &str = "pedidos";

fn buffer() -> Value {
    json!({
        "name": "pedidos", "window": { "wait": 0.3 }, "max_body_bytes": 2048,
        "amqp": { "queues": [QUEUE], "prefetch": 8 },
    })
}

async fn started(settings: &[(&str, &str)]) -> Bed {
    let bed = Bed::without_queue(settings).await;
    bed.publisher.declare(QUEUE).await;
    bed.buffer(&buffer()).await;
    bed
}

fn plain() -> BasicProperties {
    BasicProperties::default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_never_be_taken_is_put_away_with_why_and_keeps_nobody_waiting() {
    let mut bed = started(&[]).await;
    let large = json!({ "user": "ana", "message": "x".repeat(3000) }).to_string();
    let good = json!({ "user": "ana", "message": "oi" }).to_string();
    let poison = [
        ("no json".to_owned(), plain(), "invalid_json", None),
        (large, plain(), "too_large", None),
        (json!({ "message": "oi" }).to_string(), plain(), "", None),
        (
            good.clone(),
            plain().with_content_type("text/plain".into()),
            "wrong_content_type",
            None,
        ),
        (
            good.clone(),
            plain().with_content_encoding("gzip".into()),
            "wrong_content_encoding",
            None,
        ),
        (
            json!({ "user": "ana", "message": "oi", "message_id": "x".repeat(513) }).to_string(),
            plain(),
            "",
            Some("message_id"),
        ),
    ];
    for (body, properties, ..) in &poison {
        bed.publisher.publish(QUEUE, body, properties.clone()).await;
    }
    // The same twice, by its property alone.
    let named = plain().with_message_id("m-1".into());
    for _ in 0..2 {
        bed.publisher.publish(QUEUE, &good, named.clone()).await;
    }
    // As Celery has its charset.
    let celery = plain()
        .with_content_type("application/json".into())
        .with_content_encoding("utf-8".into());
    let other = json!({ "user": "ana", "message": "tudo bem?" }).to_string();
    bed.publisher.publish(QUEUE, &other, celery).await;

    let call = bed.receiver.call().await;
    assert_eq!(call.messages(), ["oi", "tudo bem?"]);
    for (body, _, code, field) in poison {
        let mut dead = None;
        eventually("it is put away", async || {
            dead = bed.publisher.take("lull.dead").await;
            dead.is_some()
        })
        .await;
        let dead = dead.unwrap();
        assert_eq!(dead.body, body);
        assert_eq!(dead.header("lull-queue").as_deref(), Some(QUEUE));
        assert!(!dead.header("lull-reason").unwrap().is_empty());
        let told = dead.header("lull-code").unwrap();
        assert!(code.is_empty() || told == code, "{told} for {body}");
        if let Some(field) = field {
            assert_eq!(dead.header("lull-field").as_deref(), Some(field));
        }
        assert_eq!(*dead.properties.delivery_mode(), Some(2));
    }
    eventually("nothing is left", async || bed.waiting(QUEUE).await == 0).await;
    let posts = bed.api.get("/api/posts?buffer=pedidos").await.1;
    assert!(posts.to_string().contains("too_large"), "{posts}");
    let metrics = bed.api.metrics().await;
    let dead = r#"lull_amqp_messages_total{buffer="pedidos",result="dead"} 6"#;
    assert!(metrics.contains(dead), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_put_away_stays_and_others_go_on() {
    let mut bed = started(&[("RABBITMQ_DEAD_EXCHANGE", "poison")]).await;

    bed.publisher.publish(QUEUE, "no json", plain()).await;
    let good = json!({ "user": "ana", "message": "oi" }).to_string();
    bed.publisher.publish(QUEUE, &good, plain()).await;

    assert_eq!(bed.receiver.call().await.messages(), ["oi"]);
    bed.api.logs("cannot be put away either").await;
    let channel = &bed.publisher.channel;
    let exchange = channel.exchange_declare(
        "poison".into(),
        lapin::ExchangeKind::Topic,
        ExchangeDeclareOptions::default(),
        FieldTable::default(),
    );
    exchange.await.unwrap();
    bed.publisher.declare("shelf").await;
    let bound = channel.queue_bind(
        "shelf".into(),
        "poison".into(),
        QUEUE.into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    bound.await.unwrap();
    let mut dead = None;
    eventually("it is put away", async || {
        dead = bed.publisher.take("shelf").await;
        dead.is_some()
    })
    .await;
    assert_eq!(dead.unwrap().body, "no json");
    assert!(
        bed.publisher.waiting("lull.dead").await.is_none(),
        "nobody made it"
    );
}
