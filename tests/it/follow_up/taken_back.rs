//! What takes a follow-up back, or keeps it waiting.

use serde_json::json;

use super::{BUFFER, HOUR, all_over, ana, buffer, followed_up, now, planned, say, system};
use crate::support::eventually;

#[tokio::test]
async fn whatever_is_new_takes_it_back_and_what_was_said_before_does_not() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;
    let mut slow = buffer(json!({"after": HOUR}));
    slow["window"]["wait"] = json!(60);
    system.buffer_of("loja", slow).await;

    say(&system.api, "ana", "oi", "1").await;
    let after_duplicate = system.store.follow_ups().find(&ana()).await.unwrap();
    let (_, later) = system.api.get("/api/messages/later?buffer=loja").await;
    let (_, whole) = system.api.get("/api/chats/ana?buffer=loja").await;
    say(&system.api, "ana", "ainda?", "2").await;
    let after_message = system.store.follow_ups().find(&ana()).await.unwrap();

    assert_eq!(after_duplicate.map(|waiting| waiting.number), Some(1));
    assert_eq!(later["items"], json!([]));
    assert_eq!(whole["follow_up"]["number"], 1, "{whole}");
    assert_eq!(after_message, None);
    // An operator who drops the window plans nothing.
    system.delete("/api/chats/ana?buffer=loja").await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn whoever_takes_over_takes_it_back() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;

    let path = "/api/chats/ana/pause?buffer=loja";
    let (status, answer) = system.api.post(path, json!({})).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(system.store.follow_ups().find(&ana()).await.unwrap(), None);
    // Who is left alone and writes all the same is heard, too.
    say(&system.api, "ana", "oi?", "2").await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn outside_its_hours_it_waits_for_the_next_opening() {
    let hour = now() / 1000 / HOUR % 24;
    let between = format!("{:02}:00-{:02}:30", (hour + 2) % 24, (hour + 2) % 24);
    let (mut system, mut ask) =
        system(json!({"after": 1, "between": between, "timezone": "UTC"})).await;

    followed_up(&mut system).await;

    let opening =
        |at: u64| (at / 1000) % (24 * HOUR) == (hour + 2) % 24 * HOUR && at.is_multiple_of(1000);
    eventually("it is put off", async || {
        let waiting = system.store.follow_ups().find(&ana()).await.unwrap();
        waiting.is_some_and(|waiting| opening(waiting.at))
    })
    .await;
    assert_eq!(ask.calls_so_far().len(), 0);
}

#[tokio::test]
async fn while_its_buffer_is_stopped_it_waits_and_can_still_be_taken_back() {
    let (mut system, mut ask) = system(json!({"after": 2})).await;
    followed_up(&mut system).await;
    let order = |action: &str| json!({"action": action, "buffer": "loja"});
    let stopped = async |action: &str, count: usize| {
        let (status, answer) = system.api.post("/api/control", order(action)).await;
        assert_eq!(status, 200, "{answer}");
        eventually("the monitor goes by it", async || {
            let (_, health) = system.monitor.get("/api/health").await;
            health["stopped"]["buffers"].as_array().unwrap().len() == count
        })
        .await;
    };

    stopped("stop", 1).await;
    let waiting = system
        .store
        .follow_ups()
        .find(&ana())
        .await
        .unwrap()
        .unwrap();
    eventually("it has been due for a while", async || {
        system.store.clock().now().await.unwrap() > waiting.at + 1000
    })
    .await;
    assert_eq!(ask.calls_so_far().len(), 0);
    assert_eq!(
        system.store.follow_ups().find(&ana()).await.unwrap(),
        Some(waiting)
    );

    stopped("start", 0).await;
    assert_eq!(ask.call().await.user(), "ana");
}

#[tokio::test]
async fn it_is_dropped_when_its_buffer_wants_none_any_more_or_goes() {
    let (mut system, mut ask) = system(json!({"after": 1})).await;
    followed_up(&mut system).await;
    system
        .buffer_of("loja", json!({"window": {"wait": 0.1}}))
        .await;
    all_over(&system.store).await;
    assert!(ask.calls_so_far().len() <= 1);

    system
        .buffer_of("loja", buffer(json!({"after": HOUR})))
        .await;
    say(&system.api, "ana", "oi", "2").await;
    planned(&system.store, &ana(), true).await;
    let (status, answer) = system.delete(BUFFER).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(system.store.follow_ups().find(&ana()).await.unwrap(), None);
}

#[tokio::test]
async fn erasing_its_chat_erases_it() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;

    let path = "/api/chats/ana?buffer=loja&everything=true";
    let (status, answer) = system.delete(path).await;

    assert_eq!(status, 200, "{answer}");
    all_over(&system.store).await;
    let items = system.redis.keys("lull:*later*").await;
    assert_eq!(items, Vec::<String>::new());
}
