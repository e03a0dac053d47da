//! More happens than anybody reads: who listens is told a part of it and how much was left out, never nothing.

use redis::AsyncCommands;
use redis::streams::StreamRangeReply;
use serde_json::json;
use tokio::time::timeout;

use crate::support::listening::Listening;
use crate::support::{DEADLINE, Daemon, TestRedis};

/// What one listener is told of in a second.
const MOST: u64 = 200;
/// More than is read at once of the posts of one buffer.
const OF_ONE_BUFFER: u64 = 60;
const BUFFERS: u64 = 20;

/// Posts of one moment that were not taken, of several buffers, made from one that is there.
async fn flood(redis: &TestRedis) -> u64 {
    let raw = &mut redis.raw().await;
    let list = redis.keys("lull:*:posts").await.remove(0);
    let posts: StreamRangeReply = raw.xrange_all(&list).await.unwrap();
    let entry = [("post", posts.ids[0].get::<String>("post").unwrap())];
    let mut at_once = redis::pipe();
    at_once.atomic();
    for shard in 0..BUFFERS {
        let (before, _) = list.split_once('{').unwrap();
        let of_shard = format!("{before}{{{shard:02}}}:posts");
        for _ in 0..OF_ONE_BUFFER {
            at_once.xadd(&of_shard, "*", &entry).ignore();
        }
    }
    let () = at_once.exec_async(raw).await.unwrap();
    OF_ONE_BUFFER * BUFFERS
}

/// How many posts were told, and how many left out, when all are accounted for and it was said that some may be missing.
async fn heard(listening: &mut Listening, posted: u64) -> (u64, u64) {
    let (mut told, mut left_out, mut reloads) = (0, 0, 0);
    while told + left_out < posted || reloads == 0 {
        let event = listening.next().await.unwrap();
        match event.name.as_str() {
            "post" => told += 1,
            "skipped" => left_out += event.data["n"].as_u64().unwrap(),
            "reload" => reloads += 1,
            _ => {}
        }
    }
    (told, left_out)
}

#[tokio::test]
async fn of_a_flood_of_posts_a_part_is_told_and_how_many_were_left_out() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let mut all = Listening::to(&api, "", None).await;
    let mut of_another = Listening::to(&api, "?buffer=default&chat=zoe", None).await;
    all.named("counts").await;
    of_another.named("counts").await;
    for _ in 0..2 {
        let body = json!({"user": "eva", "message": "oi", "message_id": "m1", "ttl": 60});
        api.post("/api/message", body).await;
    }
    all.named("post").await;

    let posted = flood(&redis).await;

    let heard = timeout(DEADLINE, heard(&mut all, posted)).await;
    let (told, left_out) = heard.expect("all is told or counted");
    assert_eq!(told + left_out, posted, "each is told or counted");
    assert!(left_out >= MOST, "{told} were told");
    // Who listens to one chat misses nothing of it, but hears that more was posted than could be read.
    of_another.named("reload").await;
}
