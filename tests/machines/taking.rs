//! Messages out of queues of a real RabbitMQ, while it, Redis or api dies: nothing is lost, doubled or out of order.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::queues::{Bed, QUEUE, evolution, talk};
use crate::support::eventually;

/// What Evolution publishes to its own queue when somebody types.
const PRESENCE: &str = "loja.presence.update";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_says_a_thousand_things_is_heard_in_order_from_a_queue_that_came_later() {
    let mut bed = Bed::without_queue(&[]).await;
    bed.buffer(&evolution(&[QUEUE, PRESENCE])).await;
    bed.api
        .logs(&format!("Queue {QUEUE} for loja is not there yet"))
        .await;
    bed.api
        .logs(&format!("Queue {PRESENCE} for loja is not there yet"))
        .await;
    let mut other = evolution(&[QUEUE]);
    other["name"] = json!("outra");
    bed.buffer(&other).await;
    bed.api
        .logs(&format!(
            "Buffer outra takes nothing out of queue {QUEUE}: another"
        ))
        .await;
    let gone = bed.api.request(Method::DELETE, "/api/buffers/outra", None);
    assert_eq!(gone.await.0, 200);
    bed.publisher.declare(QUEUE).await;
    let said = talk(1, 1_000);

    bed.publish(QUEUE, &said).await;

    bed.arrives_once_and_in_order(&said).await;
    let history = bed
        .api
        .get("/api/chats/loja%3A5511980000000?buffer=loja")
        .await
        .1;
    assert!(!history.to_string().contains("apikey"), "{history}");
    let log = bed.api.log();
    let once = log
        .matches(&format!("Queue {PRESENCE} for loja is not there"))
        .count();
    assert_eq!(once, 1, "it is said once");
    let metrics = bed.api.metrics().await;
    for line in [
        r#"lull_amqp_queues{state="consuming"} 1"#,
        r#"lull_amqp_queues{state="missing"} 1"#,
        "lull_amqp_connected 1",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    // A buffer that names its queues no longer leaves them alone.
    let mut without = evolution(&[QUEUE]);
    without.as_object_mut().unwrap().remove("amqp");
    bed.buffer(&without).await;
    eventually("the queue is left alone", async || {
        let metrics = bed.api.metrics().await;
        metrics.contains(r#"lull_amqp_queues{state="consuming"} 0"#)
    })
    .await;
    bed.publish(QUEUE, &talk(1, 1)).await;
    assert_eq!(bed.waiting(QUEUE).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_and_comes_back_costs_nothing() {
    let mut bed = Bed::without_queue(&[]).await;
    bed.publisher.declare_classic(QUEUE).await;
    bed.buffer(&evolution(&[QUEUE])).await;
    let said = talk(50, 60);
    bed.publish(QUEUE, &said[..2_000]).await;
    eventually("some are taken", async || bed.taken().await > 200.0).await;

    bed.broker.rabbit.kill();
    bed.broker.start_again().await;
    bed.publisher = bed.broker.publisher().await;
    bed.publish(QUEUE, &said[2_000..]).await;

    bed.arrives_once_and_in_order(&said).await;
    eventually("nothing is left", async || bed.waiting(QUEUE).await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_redis_is_away_messages_are_held_and_then_go_back_into_their_queue() {
    let mut bed = Bed::start(&[("RABBITMQ_GIVE_BACK_AFTER", "3")]).await;
    let said = talk(40, 100);
    bed.publish(QUEUE, &said[..400]).await;
    eventually("some are taken", async || bed.taken().await > 50.0).await;

    bed.redis.kill();
    bed.publish(QUEUE, &said[400..]).await;
    bed.api
        .logs(&format!("Messages of queue {QUEUE} wait"))
        .await;
    bed.api
        .logs(&format!(
            "Messages of queue {QUEUE} could not be stored for 3 s"
        ))
        .await;
    eventually("all are back", async || bed.waiting(QUEUE).await >= 3_600).await;
    bed.redis.start_again().await;

    bed.arrives_once_and_in_order(&said).await;
    eventually("nothing is left", async || bed.waiting(QUEUE).await == 0).await;
    let log = bed.api.log();
    let back = log.matches("and went back").count();
    assert!(back <= 2, "it is no loop: {back}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_api_had_in_hand_when_it_was_killed_is_taken_by_the_next_once() {
    let mut bed = Bed::start(&[]).await;
    let said = talk(50, 80);
    bed.publish(QUEUE, &said).await;
    eventually("some are taken", async || bed.taken().await > 300.0).await;

    bed.api.kill();
    bed.another_api().await;

    bed.arrives_once_and_in_order(&said).await;
    eventually("nothing is left", async || bed.waiting(QUEUE).await == 0).await;

    // Told to stop, it ends at once, and what it has in hand is in Redis or in the queue.
    let more: Vec<_> = talk(50, 160)
        .into_iter()
        .filter(|(_, number)| *number >= 80)
        .collect();
    bed.publish(QUEUE, &more).await;
    assert!(bed.api.stop().await.success());
    bed.another_api().await;
    bed.arrives_once_and_in_order(&more).await;
}

/// How fast messages come out of a queue and into Redis, beside the client alone, which does nothing with them. It is
/// printed, not asserted: the machine has other work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_fast_a_queue_is_worked_off_is_told() {
    let bed = Bed::without_queue(&[]).await;
    let said = talk(500, 20);
    bed.publisher.declare(QUEUE).await;
    bed.publish(QUEUE, &said).await;
    let began = Instant::now();
    bed.broker.drained_by_the_client(QUEUE, said.len()).await;
    let alone = began.elapsed();

    bed.publish(QUEUE, &said).await;
    let began = Instant::now();
    let mut buffer = evolution(&[QUEUE]);
    buffer["window"] = json!({ "wait": 600 });
    bed.buffer(&buffer).await;
    let all = said.len() as f64;
    eventually("all are taken", async || bed.taken().await >= all).await;
    let taken = began.elapsed();

    let rate = |took: Duration| all / took.as_secs_f64();
    eprintln!(
        "out of the queue: {:.0} messages/s by the client alone, {:.0} messages/s into Redis ({:.2})",
        rate(alone),
        rate(taken),
        rate(taken) / rate(alone)
    );
}
