//! `GET /api/messages`: the message queue, by where its messages are.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

async fn page(api: &Daemon, query: &str) -> Value {
    let (status, page) = api.get(&format!("/api/messages?{query}")).await;
    assert_eq!(status, 200, "{query}: {page}");
    page
}

fn contents(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|it| it["content"].as_str().unwrap()).collect()
}

async fn queue(api: &Daemon, content: &str, more: Value) {
    let mut body = json!({"phone_number": "+5511988887777", "content": content});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let (status, answer) = api.post("/api/messages", body).await;
    assert_eq!(status, 201, "{answer}");
}

/// The contents of all pages of so many.
async fn all_pages(api: &Daemon, status: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(api, &format!("status={status}&limit={limit}{cursor}")).await;
        let items = contents(&page);
        assert!(items.len() <= limit);
        found.extend(items.into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else {
            return found;
        };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn what_waits_is_listed_in_the_order_in_which_it_leaves() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let all: Vec<_> = (0..9).map(|at| format!("message {at}")).collect();
    for content in &all {
        queue(&api, content, json!({})).await;
    }
    queue(&api, "later", json!({"delay": 600})).await;

    let pending = page(&api, "").await;
    assert_eq!(contents(&pending), all);
    assert_eq!(
        (&pending["total"], &pending["next_cursor"]),
        (&json!(9), &Value::Null)
    );
    assert_eq!(pending["items"][0]["status"], "pending");
    for limit in 1..=9 {
        assert_eq!(all_pages(&api, "pending", limit).await, all, "{limit}");
    }
    for word in ["scheduled", "later"] {
        let later = page(&api, &format!("status={word}")).await;
        assert_eq!(contents(&later), ["later"]);
        assert_eq!(later["items"][0]["status"], "scheduled");
        assert!(later["items"][0]["send_at"].is_string());
    }
    for word in ["sent", "dead"] {
        assert!(contents(&page(&api, &format!("status={word}")).await).is_empty());
    }
    for bad in [
        "status=x",
        "limit=0",
        "cursor=x",
        "user=a",
        "status=sent&cursor=q1.a",
    ] {
        let path = format!("/api/messages?{bad}");
        assert_eq!(
            api.refused(Method::GET, &path, None).await.status,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn what_was_sent_or_given_up_on_is_listed_and_what_was_revived_comes_first() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::RefuseWith("never")).await;
    let gone = Answer::Full(410, "", "");
    let api = Daemon::api(&redis).await;
    let settings = [("SCHEDULER_INTERVAL", "1"), ("SCHEDULER_BATCH_SIZE", "10")];
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;
    queue(&api, "first", json!({})).await;
    receiver.call().await;
    eventually("it is sent", async || {
        contents(&page(&api, "status=sent").await) == ["first"]
    })
    .await;
    receiver.answer(gone);
    for content in ["second", "third"] {
        queue(&api, content, json!({})).await;
        receiver.call().await;
    }
    eventually("both are dead", async || {
        contents(&page(&api, "status=dead").await) == ["third", "second"]
    })
    .await;
    assert_eq!(all_pages(&api, "dead", 1).await, ["third", "second"]);
    let sent = page(&api, "status=sent").await;
    assert_eq!(sent["items"][0]["status"], "sent");

    monitor.stop().await;
    for content in ["fourth", "fifth"] {
        queue(&api, content, json!({})).await;
    }
    let revive = json!({"all": true});
    assert_eq!(api.post("/api/dead-letter/revive", revive).await.0, 200);
    let expected = ["second", "third", "fourth", "fifth"];
    eventually("both wait again", async || {
        page(&api, "").await["total"] == 4
    })
    .await;
    for limit in 1..=4 {
        assert_eq!(all_pages(&api, "pending", limit).await, expected, "{limit}");
    }
}

#[tokio::test]
async fn a_message_is_taken_back_before_its_first_attempt_and_may_come_again() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let id_of = async |content: &str, more: Value| {
        let mut body =
            json!({"phone_number": "+5511988887777", "content": content, "message_id": content});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let (status, answer) = api.post("/api/messages", body).await;
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    };
    let take_back = async |id: &str| {
        let path = format!("/api/messages/{id}");
        api.request(Method::DELETE, &path, None).await
    };
    let now = json!({});
    let (first, second, third) = (
        id_of("first", now.clone()).await,
        id_of("second", now.clone()).await,
        id_of("third", now.clone()).await,
    );
    let later = id_of("later", json!({"delay": 600})).await;

    let (status, answer) = take_back(&second).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["id"], &answer["buffer"]),
        (&json!(second), &json!("messages"))
    );
    assert_eq!(contents(&page(&api, "").await), ["first", "third"]);
    assert_eq!(take_back(&second).await.0, 404);
    for id in [&first, &third, &later] {
        assert_eq!(take_back(id).await.0, 200);
    }
    assert_eq!(page(&api, "").await["total"], 0);
    assert!(contents(&page(&api, "status=scheduled").await).is_empty());
    let (_, lanes) = api.get("/api/lanes").await;
    assert_eq!(lanes["items"], json!([]));
    let (_, noted) = api.get("/api/audit?action=message.recall").await;
    assert_eq!(noted["items"].as_array().unwrap().len(), 4);

    assert_eq!(id_of("second", now).await, second, "under the same id");
    let receiver = Receiver::answering(&[], Answer::Full(503, "Retry-After: 600\r\n", "")).await;
    let _monitor = Daemon::monitor_with(&redis, &receiver.url(), &[]).await;
    eventually("it was tried", async || {
        api.get(&format!("/api/messages/{second}")).await.1["retry_count"] == 0
    })
    .await;
    let (status, refused) = take_back(&second).await;
    assert_eq!(
        (status.as_u16(), &refused["code"]),
        (409, &json!("conflict"))
    );
}
