//! The api while Redis is gone, frozen or full: a quick refusal that says to come again, and then work as before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::refusal::Refusal;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

/// A client gets its answer within this, whatever Redis does.
const AT_MOST: Duration = Duration::from_secs(2);

async fn post(api: &Daemon, user: &str, message: &str, ttl: f64) -> Response {
    let body = json!({"user": user, "message": message, "ttl": ttl});
    let request = api.client().post(api.url("/api/message"));
    let request = request.header("content-type", "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

async fn accepts_again(api: &Daemon) {
    eventually("messages are accepted again", async || {
        post(api, "ana", "de novo", 60.0).await.status() == StatusCode::OK
    })
    .await;
}

fn signal(redis: &TestRedis, signal: Signal) {
    kill(Pid::from_raw(redis.pid().try_into().unwrap()), signal).unwrap();
}

#[tokio::test]
async fn while_redis_is_gone_a_message_is_refused_at_once_with_the_hint_to_come_again() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    redis.kill();

    let began = Instant::now();
    let refusal = Refusal::of(post(&api, "ana", "oi", 60.0).await).await;

    assert!(began.elapsed() < AT_MOST, "{:?}", began.elapsed());
    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.headers["retry-after"], "1");
}

#[tokio::test]
async fn when_redis_is_back_messages_are_accepted_again_and_the_old_ones_are_there() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    api.say("ana", "antes", 60.0).await;
    redis.kill();
    let refused = post(&api, "ana", "durante", 60.0).await.status();

    redis.start_again().await;
    accepts_again(&api).await;

    let (_, chats) = api.get("/api/chats").await;
    assert_eq!(refused, 503);
    assert_eq!(chats["items"][0]["messages"], 2);
}

/// Sends all of them at once; answers how long the slowest took. Every one must be refused.
async fn slowest_of(api: &Arc<Daemon>, requests: &[(Method, &'static str)]) -> Duration {
    let mut answers = JoinSet::new();
    for (method, path) in requests.iter().cloned() {
        let api = api.clone();
        answers.spawn(async move {
            let began = Instant::now();
            let body = (path == "/").then(|| json!({"user": "ana", "message": "oi"}));
            let (status, answer) = api.request(method, path, body).await;
            assert_eq!(status, 503, "{path}: {answer}");
            began.elapsed()
        });
    }
    answers.join_all().await.into_iter().max().unwrap()
}

#[tokio::test]
async fn while_redis_is_frozen_a_message_is_refused_with_the_hint_to_come_again() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    signal(&redis, Signal::SIGSTOP);

    let refusal = Refusal::of(post(&api, "ana", "oi", 60.0).await).await;

    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.headers["retry-after"], "1");
}

#[tokio::test]
async fn every_question_to_a_frozen_redis_is_answered_within_two_seconds() {
    let redis = TestRedis::start().await;
    let api = Arc::new(Daemon::api(&redis).await);
    let mut requests = vec![
        (Method::POST, "/api/chats/ana/flush"),
        (Method::DELETE, "/api/chats/ana"),
        (Method::GET, "/api/chats"),
        (Method::GET, "/api/messages/dead-letter"),
        (Method::GET, "/api/messages/sent"),
        (Method::GET, "/api/dead-letter/revive"),
        (Method::GET, "/api/health"),
    ];
    // And a crowd of messages, of which none may wait for another.
    requests.extend([(); 50].map(|()| (Method::POST, "/")));

    signal(&redis, Signal::SIGSTOP);

    // Asked again, because a busy machine may itself keep one of them for a moment.
    eventually("the slowest takes less than 2 s", async || {
        slowest_of(&api, &requests).await < AT_MOST
    })
    .await;
}

#[tokio::test]
async fn when_redis_thaws_messages_are_accepted_again_and_delivered() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    signal(&redis, Signal::SIGSTOP);
    let refused = post(&api, "eva", "durante", 60.0).await.status();

    signal(&redis, Signal::SIGCONT);
    accepts_again(&api).await;
    api.say("eva", "depois", 0.1).await;

    assert_eq!(refused, 503);
    assert_eq!(receiver.call().await.user(), "eva");
}

#[tokio::test]
async fn while_redis_is_full_a_message_is_refused_and_nothing_of_it_is_stored() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &NO_HISTORY).await;
    fill(&redis, &api).await;

    let refusal = Refusal::of(post(&api, "eva", "oi", 60.0).await).await;

    assert_eq!(refusal.status, 503);
    assert_eq!(refusal.headers["retry-after"], "5");
    let (_, chats) = api.get("/api/chats").await;
    assert_eq!(chats["total"], FILL);
}

#[tokio::test]
async fn a_full_redis_drains_and_takes_messages_again() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &NO_HISTORY).await;
    fill(&redis, &api).await;
    let refused = post(&api, "ana", "oi", 60.0).await.status();

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for _ in 0..FILL {
        receiver.call().await;
    }
    accepts_again(&api).await;
    assert_eq!(refused, 503);
}

#[tokio::test]
async fn a_message_refused_by_a_full_redis_has_not_used_up_its_id() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api_with(&redis, &NO_HISTORY).await;
    fill(&redis, &api).await;
    let message = json!({"user": "eva", "message": "oi", "message_id": "a", "ttl": 60});
    let (refused, _) = api.post("/", message.clone()).await;

    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    accepts_again(&api).await;
    let (_, answer) = api.post("/", message).await;

    assert_eq!(refused, 503);
    assert_eq!(answer["buffered"], 1, "{answer}");
    assert_eq!(answer.get("duplicate"), None, "{answer}");
}

#[tokio::test]
async fn in_a_full_redis_what_is_over_gives_way_and_what_is_to_be_delivered_stays() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    fill(&redis, &api).await;

    accepts_again(&api).await;

    let (_, chats) = api.get("/api/chats").await;
    let (_, received) = api.get("/api/messages/received").await;
    assert_eq!(chats["total"].as_u64().unwrap(), FILL + 1);
    assert!(received.as_array().unwrap().len() < usize::try_from(FILL).unwrap());
    api.logs("Redis is full").await;
}

/// What tells whether Redis takes messages is to say that it does not.
const TELLS_OF_ROOM: &str = "/api/health";

#[tokio::test]
async fn a_full_redis_refuses_no_look() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let message = json!({"phone_number": "+5511988887777", "content": "oi"});
    let (status, queued) = api.post("/api/messages", message).await;
    assert_eq!(status, StatusCode::CREATED, "{queued}");
    api.say("ana", "oi", 600.0).await;
    let (_, document) = api.get("/api/openapi.json").await;
    let paths = document["paths"].as_object().unwrap().iter();
    let looks = paths.filter(|(path, of)| of.get("get").is_some() && *path != TELLS_OF_ROOM);
    let id = queued["id"].as_str().unwrap();
    let looks: Vec<_> = looks
        .map(|(path, _)| {
            path.replace("{id}", id)
                .replace("{user}", "ana")
                .replace("{name}", "default")
                .replace("{buffer}", "default")
        })
        .collect();
    assert!(looks.contains(&format!("/api/messages/{id}")), "{looks:?}");
    let statuses = async || {
        let mut statuses = Vec::new();
        for path in &looks {
            let answer = api.client().get(api.url(path)).send().await.unwrap();
            statuses.push((path.clone(), answer.status()));
        }
        statuses
    };
    let before = statuses().await;

    redis.limit_memory(1).await;

    assert_eq!(statuses().await, before);
    let seen = format!("/api/messages/{id}");
    assert!(before.contains(&(seen, StatusCode::OK)), "{before:?}");
}

/// Nothing but messages, so that nothing gives way.
const NO_HISTORY: [(&str, &str); 1] = [("HISTORY_COUNT", "0")];
/// How many chats fill Redis.
const FILL: u64 = 20;

/// Lets chats say large things, and takes away the room for half of that.
async fn fill(redis: &TestRedis, api: &Daemon) {
    let text = "x".repeat(50_000);
    for chat in 0..FILL {
        api.say(&format!("chat {chat}"), &text, 0.1).await;
    }
    let used = redis.store().await.memory().await.unwrap().used;
    redis.limit_memory(used - 500_000).await;
}

#[tokio::test]
async fn health_and_metrics_of_both_daemons_are_quick_whatever_redis_does() {
    const QUICK: Duration = Duration::from_millis(1500);
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    signal(&redis, Signal::SIGSTOP);

    for daemon in [&api, &monitor] {
        for (path, expected) in [("/api/health", 503), ("/metrics", 200)] {
            let mut ages = Vec::new();
            // Long enough for connections that do not answer to be left; asked again, because a busy machine may itself
            // keep one of them for a moment.
            eventually("three in a row are quick", async || {
                let began = Instant::now();
                let (status, answer) = daemon.get(path).await;
                assert_eq!(status, expected, "{answer}");
                ages.push(began.elapsed());
                ages.iter().rev().take_while(|age| **age < QUICK).count() >= 3
            })
            .await;
        }
        assert_eq!(daemon.metric("lull_redis_up").await, 0.0);
    }
}
