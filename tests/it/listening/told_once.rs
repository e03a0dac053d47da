//! An entry of a list has one id, live, on resume and in its list, so that nobody hears of it twice.

use std::collections::BTreeSet;

use lull::store::keys::Shard;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::listening::{Event, Listening};
use crate::support::system::System;
use crate::support::{Daemon, chat};

/// A message of one id, which is a duplicate but for the first time.
async fn say_again(api: &Daemon) {
    let body = json!({"user": "eva", "message": "oi", "message_id": "m1", "ttl": 60});
    api.post("/api/message", body).await;
}

fn id(event: &Event) -> String {
    event.id.clone().unwrap()
}

/// The ids of posts that were not taken, the oldest first.
async fn listed(api: &Daemon) -> Vec<String> {
    let (_, posts) = api.get("/api/posts?result=not_taken").await;
    let items = posts["items"].as_array().unwrap().iter().rev();
    items
        .map(|post| format!("{}-p", post["id"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_post_has_one_id_and_nobody_hears_of_it_twice() {
    let loja = json!({"name": "loja", "source": "evolution", "secret": "s3cret-of-loja", "destinations": ["default"]});
    let system = System::with(&[loja]).await;
    let api = &system.api;
    let group = json!({"event": "messages.upsert", "instance": "loja", "apikey": "s3cret-of-loja", "data": {
        "key": {"remoteJid": "120363000000000000@g.us", "fromMe": false, "id": "A1"},
        "message": {"conversation": "oi"}, "messageType": "conversation", "messageTimestamp": 1_763_770_000,
    }});
    let mut listening = Listening::to(api, "", None).await;
    listening.named("counts").await;
    say_again(api).await;
    say_again(api).await;
    let duplicate = listening.named("post").await;
    api.post("/api/webhook/loja", group).await;
    let ignored = listening.named("post").await;

    assert_eq!(
        (&duplicate.data["result"], &ignored.data["result"]),
        (&json!("duplicate"), &json!("group"))
    );
    assert_eq!(listed(api).await, [id(&duplicate), id(&ignored)]);
    // The body of what was ignored is kept, and tried by the same id.
    let post = id(&ignored);
    let post = post.strip_suffix("-p").unwrap();
    let path = format!("/api/buffers/loja/try?post={post}");
    let (status, tried) = api.request(Method::POST, &path, None).await;
    assert_eq!(status, 200, "{tried}");

    // Somebody comes back while more is posted: some of it is told as missed, some as it comes.
    let last = id(&duplicate);
    let again = async {
        for _ in 0..10 {
            say_again(api).await;
        }
    };
    let (mut resumed, ()) = tokio::join!(Listening::to(api, "", Some(&last)), again);
    let mut heard = BTreeSet::new();
    while heard.len() < 12 {
        let post = resumed.named("post").await;
        assert_ne!(post.data["hash"], Value::Null);
        assert!(heard.insert(id(&post)), "told twice: {post:?}");
    }
    assert_eq!(heard, listed(api).await.into_iter().collect());
}

#[tokio::test]
async fn who_comes_back_after_history_was_cut_short_reads_again() {
    let system = System::open().await;
    let api = &system.api;
    let mut listening = Listening::to(api, "", None).await;
    listening.named("counts").await;
    let mut events = Vec::new();
    for text in ["oi", "ola", "alo"] {
        api.say("eva", text, 0.1).await;
        events.push(listening.named("attempt").await);
    }
    let last = id(&events[0]);
    let mut whole = Listening::to(api, "", Some(&last)).await;
    whole.named("attempt").await;

    let key = format!("lull:{{{:02}}}:history", Shard::of(&chat("eva")).index());
    let mut trim = redis::cmd("XTRIM");
    let trim = trim.arg(key).arg(&["MAXLEN", "1"]);
    let trimmed: u64 = trim
        .query_async(&mut system.redis.raw().await)
        .await
        .unwrap();
    assert_eq!(trimmed, 2);

    Listening::to(api, "", Some(&last))
        .await
        .named("reload")
        .await;
}
