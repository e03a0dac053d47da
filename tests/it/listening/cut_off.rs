//! Redis goes away and comes back: whoever listens is told to read again, as soon as that can be done and not before.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::listening::Listening;
use crate::support::{Daemon, TestRedis};

/// What an api says that finds Redis away.
const CUT_OFF: &str = "What happens cannot be told";

async fn api(redis: &TestRedis) -> Daemon {
    Daemon::api_with(redis, &[("LOG_LEVEL", "debug")]).await
}

/// Says the same twice, so that there is a post that was not taken.
async fn twice(api: &Daemon, id: &str) {
    for _ in 0..2 {
        let body = json!({"user": "eva", "message": "oi", "message_id": id, "ttl": 60});
        let (status, answer) = api.post("/api/message", body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// Waits until it is told to read again, and does so.
async fn reads_again(api: &Daemon, listening: &mut Listening) -> Value {
    listening.named("reload").await;
    let (status, posts) = api.get("/api/posts?result=not_taken").await;
    assert_eq!(status, 200, "{posts}");
    posts
}

#[tokio::test]
async fn when_redis_is_back_who_listens_is_told_to_read_again_and_not_before() {
    let mut redis = TestRedis::start().await;
    let api = api(&redis).await;
    let mut listening = Listening::to(&api, "", None).await;
    twice(&api, "before").await;
    redis.kill();
    api.logs(CUT_OFF).await;
    let too_soon = timeout(Duration::from_millis(300), listening.named("reload")).await;
    assert!(too_soon.is_err(), "{too_soon:?}");

    redis.start_again().await;

    let posts = reads_again(&api, &mut listening).await;
    assert_eq!(posts["items"][0]["message_id"], "before");
    twice(&api, "after").await;
    let post = listening.named("post").await;
    assert_eq!(post.data["message_id"], "after");
}

#[tokio::test]
async fn when_redis_thaws_who_listens_is_told_to_read_again() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let mut listening = Listening::to(&api, "", None).await;
    listening.named("counts").await;
    redis.signal(Signal::SIGSTOP);
    api.logs(CUT_OFF).await;
    // Who comes meanwhile is told as well.
    let mut later = Listening::to(&api, "", None).await;

    redis.signal(Signal::SIGCONT);

    reads_again(&api, &mut listening).await;
    reads_again(&api, &mut later).await;
    twice(&api, "after").await;
    assert_eq!(listening.named("post").await.data["message_id"], "after");
}
