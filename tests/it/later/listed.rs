//! What waits is listed, and taken back by its id.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{LATER, listed, now, post};
use crate::support::system::System;
use crate::support::{Daemon, Receiver, TestRedis};

fn ids(items: &[Value]) -> Vec<&str> {
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn an_id_that_was_seen_changes_nothing_while_it_waits_and_after() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let body =
        |delay: f64| json!({"user": "ana", "message": "oi", "delay": delay, "message_id": "a"});
    let first = post(&api, body(0.5)).await;

    let repeat = post(&api, body(60.0)).await;
    assert_eq!(
        (&repeat["duplicate"], &repeat["send_at"]),
        (&json!(true), &first["send_at"])
    );
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    assert_eq!(receiver.call().await.messages(), ["oi"]);

    let after = post(&api, body(0.0)).await;
    let said = post(
        &api,
        json!({"user": "ana", "message": "oi", "message_id": "a"}),
    )
    .await;
    assert_eq!(
        (&after["duplicate"], after.get("send_at")),
        (&json!(true), None)
    );
    assert_eq!(said["duplicate"], true);
    assert!(listed(&api, "").await.is_empty());
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn what_waits_is_listed_by_its_time_page_by_page() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let at = now() + 60_000;
    for number in 0..30 {
        // Many at one moment: a page may end among them.
        let body = json!({
            "user": format!("user {}", number % 3),
            "message": {"n": number},
            "send_at": at + 1000 * (number / 10),
            "message_id": format!("{number:02}"),
        });
        post(&api, body).await;
    }

    let (mut seen, mut query) = (Vec::new(), "?limit=7".to_owned());
    loop {
        let (_, page) = api.get(&format!("{LATER}{query}")).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        query = format!("?limit=7&cursor={cursor}");
    }

    let times: Vec<_> = seen.iter().map(|item| item["send_at"].clone()).collect();
    assert!(times.is_sorted_by_key(|time| time.as_str().unwrap().to_owned()));
    let mut all = ids(&seen);
    all.sort_unstable();
    let expected: Vec<_> = (0..30).map(|number| format!("{number:02}")).collect();
    assert_eq!(all, expected);
    let one = listed(&api, "?user=user%202").await;
    assert_eq!(one.len(), 10);
    assert!(one.iter().all(|item| item["user"] == "user 2"));
    assert_eq!(listed(&api, "?buffer=default").await.len(), 30);
    assert!(listed(&api, "?buffer=other").await.is_empty());
    assert_eq!(api.metric("lull_later_waiting").await, 30.0);
}

#[tokio::test]
async fn what_is_taken_back_does_not_leave_and_may_be_posted_anew() {
    let mut system = System::open().await;
    let body =
        |delay: f64| json!({"user": "ana", "message": "oi", "delay": delay, "message_id": "a/b"});
    post(&system.api, body(3600.0)).await;

    let path = format!("{LATER}/a%2Fb");
    let (status, answer) = system.api.request(Method::DELETE, &path, None).await;
    let (gone, _) = system.api.request(Method::DELETE, &path, None).await;

    assert_eq!((status, &answer["user"]), (StatusCode::OK, &json!("ana")));
    assert_eq!(gone, StatusCode::NOT_FOUND);
    assert!(listed(&system.api, "").await.is_empty());
    assert!(
        post(&system.api, body(0.0))
            .await
            .get("duplicate")
            .is_none()
    );
    assert_eq!(system.default.call().await.messages(), ["oi"]);
}

#[tokio::test]
async fn one_id_in_several_chats_has_to_be_told_apart() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    for user in ["ana", "eva"] {
        post(
            &api,
            json!({"user": user, "message": "oi", "delay": 60, "message_id": "a"}),
        )
        .await;
    }

    let delete = async |query: &str| {
        let path = format!("{LATER}/a{query}");
        api.request(Method::DELETE, &path, None).await.0
    };

    assert_eq!(delete("").await, StatusCode::CONFLICT);
    assert_eq!(delete("?user=eva").await, StatusCode::OK);
    assert_eq!(listed(&api, "").await[0]["user"], "ana");
    assert_eq!(delete("").await, StatusCode::OK);
}
