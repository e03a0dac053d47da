//! The look at all lanes: what no hint told of is found within two seconds, and so is what a Lull put there that does not
//! keep the index which the look goes by.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::Name;
use lull::store::Store;
use lull::store::history::received::Kept;
use lull::store::keys::Shard;
use lull::store::lanes::Verdict;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

use crate::support::{
    Daemon, LEASES, LONG, RETENTION, Receiver, TestRedis, chat, destinations, eventually, item,
    lane,
};

/// Puts a batch onto the lane of a chat.
async fn queue(store: &Store, user: &str) {
    let (id, said, to) = (BatchId::generate(), item("oi"), destinations());
    store
        .lanes()
        .enqueue(&chat(user), &id, &said, false, Kept::default(), &to)
        .await
        .unwrap();
}

fn key(user: &str, rest: &str) -> String {
    let shard = Shard::of(&chat(user)).index();
    format!("lull:{{{shard:02}}}:{rest}")
}

/// The entry of a chat's destination in the index of its shard.
async fn noted(raw: &mut MultiplexedConnection, user: &str) -> Option<f64> {
    raw.zscore(key(user, "lanes"), "default").await.unwrap()
}

/// What an older Lull does not keep.
async fn forget_noted(raw: &mut MultiplexedConnection, user: &str) {
    let _: () = raw.del(key(user, "lanes")).await.unwrap();
}

/// Takes a lane out of everybody's sight, or puts it back, past all scripts.
async fn rename(raw: &mut MultiplexedConnection, user: &str, from: &str, to: &str) {
    let (lane, due) = (
        key(user, &format!("lane:default:default:{user}")),
        key(user, "due:default"),
    );
    let mut moves = redis::pipe();
    moves.atomic();
    for key in [lane, due] {
        moves.rename(format!("{key}{from}"), format!("{key}{to}"));
    }
    moves.exec_async(raw).await.unwrap();
}

#[tokio::test]
async fn a_lane_whose_hint_is_lost_leaves_within_two_seconds() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    monitor.logs("Listening").await;
    let store = redis.store().await;
    let mut mute = redis::cmd("ACL");
    mute.arg("SETUSER").arg("default").arg("-publish");
    mute.exec_async(&mut redis.raw().await).await.unwrap();

    for user in ["ana", "bia"] {
        queue(&store, user).await;
        assert_eq!(receiver.call().await.user(), user);
    }

    let within = r#"lull_lateness_seconds_bucket{le="2.5"}"#;
    assert_eq!(monitor.metric(within).await, 2.0);
}

#[tokio::test]
async fn lanes_that_were_there_before_the_index_was_kept_are_found_and_noted() {
    let redis = TestRedis::start().await;
    let (store, mut raw) = (redis.store().await, redis.raw().await);
    for user in ["ana", "bia"] {
        queue(&store, user).await;
    }
    let lease = store.lanes().lease(&lane("bia"), LEASES).await.unwrap();
    let verdict = Verdict::Retry {
        wait: LONG,
        asked: false,
    };
    store
        .lanes()
        .settle(&lease.unwrap(), &verdict, None, &RETENTION)
        .await
        .unwrap();
    for user in ["ana", "bia"] {
        forget_noted(&mut raw, user).await;
    }

    let mut receiver = Receiver::start().await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    assert_eq!(receiver.call().await.user(), "ana");
    let due: f64 = raw
        .zscore(key("bia", "due:default"), "default:bia")
        .await
        .unwrap();
    // What is noted is when it is due, without what is added for a retry.
    eventually("the retry is noted", async || {
        noted(&mut raw, "bia").await == Some(due - 1e13)
    })
    .await;
    // What has nothing any more goes as soon as somebody looks.
    assert_ne!(Shard::of(&chat("ana")), Shard::of(&chat("bia")));
    eventually("what was delivered is noted no more", async || {
        noted(&mut raw, "ana").await.is_none()
    })
    .await;
}

#[tokio::test]
async fn beside_an_older_lull_nothing_goes_by_what_that_does_not_keep() {
    let redis = TestRedis::start().await;
    let (store, mut raw) = (redis.store().await, redis.raw().await);
    for user in ["ana", "bia"] {
        queue(&store, user).await;
        rename(&mut raw, user, "", ".hidden").await;
        forget_noted(&mut raw, user).await;
    }
    let mut receiver = Receiver::start().await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    monitor.logs("Listening").await;

    // Its hints say nothing.
    rename(&mut raw, "ana", ".hidden", "").await;
    let _: () = raw.publish("lull:wake", "").await.unwrap();
    assert_eq!(receiver.call().await.user(), "ana");

    // Or are lost, and it lives.
    let (now, _): (u64, u64) = redis::cmd("TIME").query_async(&mut raw).await.unwrap();
    let about = r#"{"name": "old", "role": "api", "version": "0.1.0"}"#;
    let sign = format!("{} {} {about}", now * 1000, now * 1000);
    let _: () = raw
        .hset("lull:{config}:daemons", "old", sign)
        .await
        .unwrap();
    rename(&mut raw, "bia", ".hidden", "").await;
    assert_eq!(receiver.call().await.user(), "bia");
}

#[tokio::test]
async fn what_is_noted_is_put_right_where_something_else_is_there() {
    let redis = TestRedis::start().await;
    let (store, mut raw) = (redis.store().await, redis.raw().await);
    queue(&store, "ana").await;
    let due: f64 = raw
        .zscore(key("ana", "due:default"), "default:ana")
        .await
        .unwrap();
    let names = [Name::default_name(), Name::parse("other").unwrap()];
    let stray = key("ana", "lanes");

    for wrong in [None, Some(due + 1e6), Some(1.0)] {
        forget_noted(&mut raw, "ana").await;
        if let Some(wrong) = wrong {
            let entries = [(wrong, "default"), (wrong, "other")];
            let _: () = raw.zadd_multiple(&stray, &entries).await.unwrap();
        }

        store.due().note_all_lanes(&names).await.unwrap();

        let all: Vec<(String, f64)> = raw.zrange_withscores(&stray, 0, -1).await.unwrap();
        assert_eq!(all, [("default".to_owned(), due)], "{wrong:?}");
    }
    let found = store.due().destinations(Duration::ZERO).await.unwrap();
    let of_ana = (
        Shard::of(&chat("ana")),
        vec![(Name::default_name(), Duration::ZERO)],
    );
    assert_eq!(found, [of_ana]);
}
