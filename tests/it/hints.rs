//! Hints for sweeps that sleep: whatever falls due sooner than a sweep would look wakes it, and nothing else does. How
//! long sweeps sleep is said in one place, and the scripts go by it.

use std::time::Duration;

use futures_util::StreamExt;
use lull::core::batch::BatchId;
use lull::core::chat::Name;
use lull::core::life::Life;
use lull::core::when::When;
use lull::store::keys::Shard;
use lull::store::lanes::Verdict;
use lull::store::scheduled::FollowUpPlan;
use lull::store::windows::NewMessage;
use lull::store::{LONGEST_IDLE, LONGEST_SLEEP, Store};
use redis::aio::PubSub;

use crate::support::{
    DEADLINE, LEASES, LONG, RETENTION, RULES, TestRedis, chat, destinations, item, lane, say,
};

/// More than any test takes between two of its steps, and less than any sweep sleeps in vain.
const A_LITTLE: Duration = Duration::from_millis(100);
/// Far enough ahead that a slow machine does not get there.
const FAR: Duration = Duration::from_secs(60);

/// A sweep's ear.
struct Ear {
    hints: PubSub,
    redis: TestRedis,
}

impl Ear {
    async fn on(redis: TestRedis) -> Self {
        let client = redis::Client::open(redis.url()).unwrap();
        let mut hints = client.get_async_pubsub().await.unwrap();
        hints.subscribe("lull:wake").await.unwrap();
        Self { hints, redis }
    }

    /// Whether a hint was given since the last question.
    async fn was_woken(&mut self) -> bool {
        !self.hints().await.is_empty()
    }

    /// What the hints since the last question were about.
    async fn hints(&mut self) -> Vec<String> {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg("lull:wake").arg("that is all");
        publish
            .exec_async(&mut self.redis.raw().await)
            .await
            .unwrap();
        let mut given = Vec::new();
        loop {
            let hint = tokio::time::timeout(DEADLINE, self.hints.on_message().next()).await;
            let hint: String = hint.unwrap().unwrap().get_payload().unwrap();
            if hint == "that is all" {
                return given;
            }
            given.push(hint);
        }
    }
}

async fn start() -> (Store, Ear) {
    let redis = TestRedis::start().await;
    (redis.store().await, Ear::on(redis).await)
}

#[tokio::test]
async fn a_window_wakes_the_sweep_only_if_it_closes_before_the_sweep_looks_again() {
    let (store, mut ear) = start().await;
    let said = item("oi");
    let say = async |user: &str, ttl| {
        let message = NewMessage::plain(&said, ttl);
        store
            .windows()
            .append(&chat(user), message, &RULES, &destinations())
            .await
            .unwrap();
    };

    say("ana", LONGEST_SLEEP - A_LITTLE).await;
    assert!(ear.was_woken().await);
    say("bia", LONGEST_SLEEP + FAR).await;
    assert!(!ear.was_woken().await);

    // Typing may bring a deadline near, too.
    store
        .windows()
        .hold(&chat("bia"), Some(FAR * 2))
        .await
        .unwrap();
    assert!(!ear.was_woken().await);
    say("eva", A_LITTLE).await;
    assert!(ear.was_woken().await);
    store.windows().hold(&chat("eva"), Some(FAR)).await.unwrap();
    store.windows().hold(&chat("eva"), None).await.unwrap();
    assert!(ear.was_woken().await);
}

#[tokio::test]
async fn a_hint_names_the_one_index_that_is_to_be_looked_at() {
    let (store, mut ear) = start().await;
    let shard = Shard::of(&chat("ana")).index();
    let key = |index: &str| format!("lull:{{{shard:02}}}:{index}");

    say(&store, "ana", "oi", Duration::ZERO).await;
    assert_eq!(ear.hints().await, [key("due")]);
    let id = BatchId::generate();
    let windows = store.windows();
    windows
        .flush(&chat("ana"), &id, &destinations())
        .await
        .unwrap();
    assert_eq!(ear.hints().await, [key("due:default")]);
    let soon = When::In(Duration::ZERO);
    store
        .scheduled()
        .keep(&chat("ana"), Life::ALWAYS, "1", &item("oi"), soon)
        .await
        .unwrap();
    assert_eq!(ear.hints().await, [key("later")]);
}

#[tokio::test]
async fn what_waits_for_its_time_wakes_a_sweep_that_knows_of_nothing() {
    let (store, mut ear) = start().await;
    let keep = async |id: &str, delay| {
        let when = When::In(delay);
        store
            .scheduled()
            .keep(&chat("ana"), Life::ALWAYS, id, &item("oi"), when)
            .await
    };

    keep("soon", LONGEST_IDLE - A_LITTLE).await.unwrap();
    assert!(ear.was_woken().await);
    keep("one day", LONGEST_IDLE + FAR).await.unwrap();
    assert!(!ear.was_woken().await);
}

#[tokio::test]
async fn the_next_run_of_a_schedule_wakes_a_sweep_that_knows_of_nothing() {
    let (store, mut ear) = start().await;
    let plan = async |name: &str, wait: Duration| {
        let at = store.clock().now().await.unwrap() + u64::try_from(wait.as_millis()).unwrap();
        let name = Name::parse(name).unwrap();
        store
            .schedules()
            .plan(&name, Life::ALWAYS, 1, "hourly", at)
            .await
            .unwrap();
    };

    plan("soon", LONGEST_IDLE - A_LITTLE).await;
    assert!(ear.was_woken().await);
    plan("one-day", LONGEST_IDLE + FAR).await;
    assert!(!ear.was_woken().await);
}

#[tokio::test]
async fn a_follow_up_wakes_a_sweep_that_knows_of_nothing() {
    let (store, mut ear) = start().await;
    let mut deliver = async |user: &str, after| {
        say(&store, user, "oi", LONG).await;
        let id = BatchId::generate();
        store
            .windows()
            .flush(&chat(user), &id, &destinations())
            .await
            .unwrap();
        let lease = store
            .lanes()
            .lease(&lane(user), LEASES)
            .await
            .unwrap()
            .unwrap();
        let plan = FollowUpPlan {
            after,
            number: 1,
            came: lease.batch.closed,
            item: lease.batch.items.clone(),
            life: Life::ALWAYS,
        };
        let verdict = Verdict::DropAndFollowUp { plan };
        // The flush has woken somebody already.
        ear.was_woken().await;
        let settled = store.lanes().settle(&lease, &verdict, None, &RETENTION);
        settled.await.unwrap();
        ear.was_woken().await
    };

    assert!(deliver("ana", LONGEST_IDLE - A_LITTLE).await);
    assert!(!deliver("bia", LONGEST_IDLE + FAR).await);
}
