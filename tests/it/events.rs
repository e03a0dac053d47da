//! Expired events: switched on where they are off, done without where nobody may, and listened to again after a cut.

use crate::support::{Daemon, Receiver, TestRedis, eventually};

async fn wait_for_subscriber(redis: &TestRedis) {
    eventually("a monitor listens", async || {
        let numsub = redis::cmd("PUBSUB")
            .arg("NUMSUB")
            .arg("lull:wake")
            .to_owned();
        let (_, count): (String, u64) = numsub.query_async(&mut redis.raw().await).await.unwrap();
        count == 1
    })
    .await;
}

/// Cuts off whoever listens.
async fn cut_off(redis: &TestRedis) {
    let kill = redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("pubsub")
        .to_owned();
    kill.exec_async(&mut redis.raw().await).await.unwrap();
}

#[tokio::test]
async fn with_events_off_and_locked_windows_close_as_punctually() {
    let redis = TestRedis::start_locked().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for user in 0..20 {
        api.say(&user.to_string(), "oi", 0.2).await;
    }

    receiver.calls_of(20).await;
    assert_eq!(
        monitor
            .metric(r#"lull_windows_found_total{by="sweep"}"#)
            .await,
        20.0
    );
    assert_eq!(monitor.metric("lull_events_received_total").await, 0.0);
    // A sweep that nobody wakes sleeps for 250 ms, and two seconds where it takes nothing to be there.
    assert_eq!(
        monitor
            .metric(r#"lull_lateness_seconds_bucket{le="1.0"}"#)
            .await,
        20.0
    );
}

#[tokio::test]
async fn events_that_are_off_are_switched_on_and_nothing_else_is_changed() {
    let redis = TestRedis::start_with(&["--notify-keyspace-events", "Kg"]).await;
    let receiver = Receiver::start().await;

    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    monitor.logs("Listening to expired events").await;
    let get = redis::cmd("CONFIG")
        .arg("GET")
        .arg("notify-keyspace-events")
        .to_owned();
    let (_, flags): (String, String) = get.query_async(&mut redis.raw().await).await.unwrap();
    let mut flags: Vec<_> = flags.chars().collect();
    flags.sort_unstable();
    assert_eq!(flags, ['E', 'K', 'g', 'x']);
}

#[tokio::test]
async fn that_events_are_off_is_said_once() {
    let redis = TestRedis::start_locked().await;
    let receiver = Receiver::start().await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    monitor
        .logs("does not tell whether expired events are on")
        .await;

    cut_off(&redis).await;
    monitor.logs("Cut off from expired events").await;
    wait_for_subscriber(&redis).await;

    assert_eq!(monitor.log().matches("does not tell whether").count(), 1);
}

#[tokio::test]
async fn a_subscriber_that_was_cut_off_listens_again() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    wait_for_subscriber(&redis).await;

    cut_off(&redis).await;
    api.say("during", "oi", 0.1).await;
    assert_eq!(receiver.call().await.user(), "during");
    wait_for_subscriber(&redis).await;
    let before = monitor.metric("lull_events_received_total").await;
    api.say("after", "oi", 0.1).await;

    assert_eq!(receiver.call().await.user(), "after");
    eventually("it hears again", async || {
        monitor.metric("lull_events_received_total").await > before
    })
    .await;
}

#[tokio::test]
async fn foreign_keys_that_expire_by_the_thousands_delay_nobody() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let mut raw = redis.raw().await;
    // A busy machine answers all 20,000 in one go later than the client waits.
    for thousand in 0..20 {
        let mut keys = redis::pipe();
        for key in 0..1000 {
            keys.cmd("SET")
                .arg(format!("session:{thousand}:{key}"))
                .arg("x")
                .arg("PX")
                .arg(100 + key % 400)
                .ignore();
        }
        keys.exec_async(&mut raw).await.unwrap();
    }

    for user in 0..20 {
        api.say(&user.to_string(), "oi", 0.3).await;
    }

    receiver.calls_of(20).await;
    assert_eq!(
        monitor
            .metric(r#"lull_lateness_seconds_bucket{le="1.0"}"#)
            .await,
        20.0
    );
}
