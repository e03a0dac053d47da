//! The order and the pace of messages, over several monitors.

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Name};
use lull::core::destination::Target;
use lull::store::history::received::Kept;
use lull::store::lanes::queue::{Enqueued, Found};
use reqwest::Method;
use serde_json::json;

use super::{ANA, FAST, Ims, id_of};
use crate::support::pace::Begun;
use crate::support::{Receiver, TestRedis, item};

const PACED: [(&str, &str); 3] = [
    ("SCHEDULER_INTERVAL", "300ms"),
    ("SCHEDULER_BATCH_SIZE", "2"),
    ("WEBHOOK_TIMEOUT", "0.5"),
];

#[tokio::test]
async fn messages_leave_two_at_a_time_in_the_order_they_came_though_a_monitor_is_killed() {
    let mut ims = Ims::open(&[]).await;
    let mut expected = Vec::new();
    for number in 0..12 {
        expected.push(ims.send(&format!("+55119000000{}", number % 5), "oi").await);
    }

    let (mut first, _second) = tokio::join!(ims.monitor(&PACED), ims.monitor(&PACED));

    let mut came = vec![ims.receiver.call().await.id()];
    let (mut calls, mut begun) = (1, Begun::default());
    while came.len() < 12 {
        begun.look(&ims.redis, "messages").await;
        assert!(begun.most_within(300) <= 2, "{begun:?}");
        let id = ims.receiver.call().await.id();
        calls += 1;
        // What the killed one had in hand may come twice.
        if came.last() != Some(&id) {
            came.push(id);
        }
        if calls == 5 {
            first.kill();
        }
    }
    assert_eq!(came, expected);
}

#[tokio::test]
async fn a_message_is_found_however_long_its_lane_is_and_wherever_it_stands() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let name = Name::messages_name();
    let mut chat = Chat::new(name.clone(), ChatId::parse(ANA).unwrap());
    chat.ordered = true;
    let targets = [Target {
        split: true,
        ..Target::whole(name.clone())
    }];
    let kept = Kept::default();
    let own = BatchId::of_client(&chat, "own");
    let mut ids = vec![own.clone()];
    ids.extend((0..600).map(|_| BatchId::generate()));

    let said = item("oi");

    for id in &ids {
        let once = *id == own;
        let enqueued = store
            .lanes()
            .enqueue(&chat, id, &said, once, kept, &targets)
            .await;
        assert!(matches!(enqueued.unwrap(), Enqueued::Queued(_)));
    }
    let again = store
        .lanes()
        .enqueue(&chat, &own, &said, true, kept, &targets);

    assert_eq!(again.await.unwrap(), Enqueued::Duplicate);
    for at in [0, 1, 255, 256, 257, 344, 345, 600] {
        let found = store.lanes().find(&name, &name, &ids[at]).await.unwrap();
        let Some(Found::Waiting(waiting)) = found else {
            panic!("{at}: {found:?}");
        };
        assert_eq!(
            (waiting.batch.id, waiting.user.as_str()),
            (ids[at].clone(), ANA)
        );
    }
    for gone in [BatchId::generate(), BatchId::of_client(&chat, "other")] {
        assert!(
            store
                .lanes()
                .find(&name, &name, &gone)
                .await
                .unwrap()
                .is_none()
        );
    }
}

#[tokio::test]
async fn the_buffer_and_the_destination_are_shown_and_cannot_be_written() {
    let mut receiver = Receiver::start().await;
    let url = receiver.url();
    let ims = Ims::open(&[("WEBHOOK_URL", &url), ("WEBHOOK_AUTH_KEY", "k")]).await;

    let (_, buffer) = ims.api.get("/api/buffers/messages").await;
    let (_, destination) = ims.api.get("/api/destinations/messages").await;

    assert_eq!(
        (&buffer["order"], &buffer["from"]),
        (&json!("buffer"), &json!("environment"))
    );
    assert_eq!(buffer["destinations"], json!(["messages"]));
    assert_eq!(destination["pace"], json!({"every": 120.0, "batch": 2}));
    assert_eq!(destination["split"], true);
    assert_eq!(
        destination["headers"],
        json!({"x-ins-auth-key": "********"})
    );
    for path in ["/api/buffers/messages", "/api/destinations/messages"] {
        let put = ims.api.refused(Method::PUT, path, Some(json!({}))).await;
        assert_eq!(put.status, 409);
        assert!(
            put.error.contains("messages is described by the settings"),
            "{}",
            put.error
        );
    }
    let test = "/api/destinations/messages/test";
    let (status, tried) = ims.api.request(Method::POST, test, None).await;
    assert_eq!((status.as_u16(), &tried["success"]), (200, &json!(true)));
    assert_eq!(receiver.call().await.headers["x-ins-auth-key"], "k");
}

#[tokio::test]
async fn a_message_that_waits_behind_others_is_found_by_its_id_alone() {
    let ims = Ims::open(&FAST).await;
    for number in 0..20 {
        ims.send(&format!("+551198888{number:04}"), "oi").await;
    }
    let plain = ims.send(ANA, "o que espera").await;
    let named = json!({"phone_number": ANA, "content": "o outro", "message_id": "pedido 7"});
    let named = id_of(&ims.post(named).await.1);

    for id in [plain, named] {
        let (status, whole) = ims.api.get(&format!("/api/history/{id}")).await;
        assert_eq!(status, 200, "{whole}");
        let waits = &whole["destinations"][0];
        assert_eq!(
            (&whole["user"], &waits["state"], &waits["lane"]["first"]),
            (&json!(ANA), &json!("waiting"), &json!(false))
        );
        let (_, found) = ims.api.get(&format!("/api/find?q={id}")).await;
        assert_eq!(found["found_by"], "webhook_id", "{found}");
    }
}
