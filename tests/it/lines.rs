//! `GET /api/lines`: through which lines of gateways something comes, how much is usual, and what was refused.

use std::time::Duration;

use lull::store::lines::{MOST, SeenLine};
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Daemon, TestRedis, eventually};

const LINES: &str = "lull:{config}:lines";

async fn lines(api: &Daemon, query: &str) -> Vec<Value> {
    let (status, answer) = api.get(&format!("/api/lines?{query}")).await;
    assert_eq!(status, 200, "{answer}");
    answer["items"].as_array().unwrap().clone()
}

async fn buffer(api: &Daemon, name: &str, spec: Value) {
    let path = format!("/api/buffers/{name}");
    let (status, answer) = api.request(Method::PUT, &path, Some(spec)).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn every_line_tells_when_something_last_came_and_what_was_refused() {
    let redis = TestRedis::start().await;
    let mut api = Daemon::api(&redis).await;
    buffer(
        &api,
        "loja",
        json!({"source": "evolution", "secret": "s3cret-of-loja"}),
    )
    .await;
    for (instance, id) in [("filial", "1"), ("matriz", "2"), ("filial", "3")] {
        let post = json!({"event": "messages.upsert", "instance": instance, "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": id},
            "message": {"conversation": "oi"},
        }});
        let request = api.client().post(api.url("/api/webhook/loja"));
        let request = request
            .header("content-type", "application/json")
            .header("x-webhook-secret", "s3cret-of-loja");
        let answer = request.body(post.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    let refused = api
        .client()
        .post(api.url("/api/webhook/loja"))
        .header("content-type", "application/json")
        .header("x-webhook-secret", "another-secret-than-that")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 401);
    api.say("ana", "oi", 60.0).await;

    let mut all = Vec::new();
    eventually("it is written down", async || {
        all = lines(&api, "").await;
        all.len() == 4
    })
    .await;

    let names: Vec<_> = all
        .iter()
        .map(|it| (it["buffer"].as_str().unwrap(), it["line"].as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("default", None),
            ("loja", None),
            ("loja", Some("filial")),
            ("loja", Some("matriz"))
        ]
    );
    assert_eq!(all[1]["last_refusal"]["code"], "proof_failed", "{all:?}");
    assert_eq!(all[1]["last_post_at"], Value::Null);
    for line in [&all[0], &all[2], &all[3]] {
        assert!(line["last_post_at"].is_string(), "{line}");
        assert!(line["silent_for"].as_f64().unwrap() >= 0.0);
        assert_eq!(line["last_refusal"], Value::Null);
        assert_eq!(
            line["posts_an_hour"],
            Value::Null,
            "it is not known for long"
        );
    }
    assert_eq!(lines(&api, "buffer=loja").await.len(), 3);
    let refused = api.refused(Method::GET, "/api/lines?buffer=A", None).await;
    assert_eq!(refused.status, 400);

    // What came last is written down before the daemon ends.
    let other = Daemon::api(&redis).await;
    buffer(&api, "late", json!({})).await;
    let said = json!({"user": "ana", "message": "oi"});
    assert_eq!(api.post("/api/buffers/late/messages", said).await.0, 200);
    api.stop().await;
    eventually("the other tells of it", async || {
        lines(&other, "buffer=late").await.len() == 1
    })
    .await;
}

#[tokio::test]
async fn what_several_saw_is_added_and_what_is_old_goes() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let seen = |line: &str, posts: u64, ago: u64| SeenLine {
        buffer: "loja".to_owned(),
        line: line.to_owned(),
        posts,
        last: Some(Duration::from_secs(ago)),
        refused: None,
    };
    let now = store.clock().now().await.unwrap();
    let hour = 3_600_000;
    let raw = &mut redis.raw().await;
    // Known for ten hours, with 600 posts.
    let known = format!("{} {} 600 0 ", now - 10 * hour, now - hour);
    let old = format!("1 {} 5 0 ", now - 31 * 24 * hour);
    let fields = [("loja a", known), ("loja old", old)];
    let _: () = raw.hset_multiple(LINES, &fields).await.unwrap();

    store
        .lines()
        .note(&[seen("a", 30, 0), seen("b", 1, 7)], false)
        .await
        .unwrap();
    store
        .lines()
        .note(&[seen("a", 30, 60)], true)
        .await
        .unwrap();

    let (all, _) = store.lines().all().await.unwrap();
    let names: Vec<_> = all.iter().map(|it| it.line.clone().unwrap()).collect();
    assert_eq!(names, ["a", "b"], "a line of a month ago is forgotten");
    let a = &all[0];
    assert!(
        a.last.unwrap() >= now,
        "the newest counts, whoever tells it first"
    );
    let an_hour = a.an_hour().unwrap();
    assert!((70.0..85.0).contains(&an_hour), "{an_hour}");
    assert_eq!(all[1].an_hour(), None);
}

#[tokio::test]
async fn no_more_lines_are_told_apart_than_may_be() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let seen = |at: usize| SeenLine {
        buffer: "loja".to_owned(),
        line: format!("line-{at}"),
        posts: 1,
        last: Some(Duration::ZERO),
        refused: None,
    };
    let all: Vec<_> = (0..MOST + 50).map(seen).collect();
    store.lines().note(&all, true).await.unwrap();

    let (told, _) = store.lines().all().await.unwrap();

    assert_eq!(told.len(), MOST + 1);
    assert_eq!(told.iter().filter(|it| it.buffer.is_none()).count(), 1);
}
