//! Lanes that an operator lets be tried now.

use std::time::Duration;

use lull::core::chat::Name;
use lull::core::revival::Wanted;
use lull::store::clock::set_back::Waits;
use lull::store::keys::Shard;
use lull::store::lanes::hastening::{Hastened, HastenedMany};
use lull::store::lanes::{LeaseRules, Verdict};
use serde_json::json;

use super::{DONE, RETRY_LATER, batch, buried, due_in, lease, lease_when_due, settle};
use crate::support::queue::Queue;
use crate::support::{Answer, LEASES, LONG, TestRedis, chat, lane, revive_all, texts};

async fn hasten(store: &lull::store::Store, id: &str) -> Hastened {
    let to = lane(id).destination;
    store.lanes().hasten(&to, &chat(id)).await.unwrap()
}

#[tokio::test]
async fn a_retry_begins_at_once_even_where_the_destination_asked_for_the_wait() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for (id, asked) in [("ana", false), ("eva", true)] {
        batch(&store, id, "a").await;
        let first = lease(&store, id).await.unwrap();
        let retry = Verdict::Retry { wait: LONG, asked };
        settle(&store, &first, &retry).await;
        assert!(lease(&store, id).await.is_none());

        assert_eq!(hasten(&store, id).await, Hastened::Moved);
        assert_eq!(
            hasten(&store, id).await,
            Hastened::Due,
            "it changes nothing twice"
        );

        assert_eq!(due_in(&store, id).await, Some(Duration::ZERO));
        let second = lease(&store, id).await.unwrap();
        assert_eq!((second.attempt, &second.batch), (2, &first.batch));
    }
}

#[tokio::test]
async fn what_is_in_hand_is_left_alone_and_what_is_settled_is_not_there() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    assert_eq!(
        hasten(&store, "ana").await,
        Hastened::Due,
        "never attempted"
    );
    let first = lease(&store, "ana").await.unwrap();

    assert_eq!(hasten(&store, "ana").await, Hastened::InHand);

    assert!(lease(&store, "ana").await.is_none(), "one lease at a time");
    assert_eq!(settle(&store, &first, &Verdict::Drop).await, DONE);
    assert_eq!(hasten(&store, "ana").await, Hastened::None);
    assert_eq!(hasten(&store, "eva").await, Hastened::None);
}

#[tokio::test]
async fn a_lease_that_ran_out_holds_nothing() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(1),
        ..LEASES
    };
    let to = lane("ana");
    store.lanes().lease(&to, rules).await.unwrap().unwrap();
    crate::support::eventually("the lease runs out", async || {
        hasten(&store, "ana").await == Hastened::Due
    })
    .await;
    assert_eq!(lease_when_due(&store, "ana").await.attempt, 2);
}

#[tokio::test]
async fn revived_batches_stay_behind_the_first() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    buried(&store, "ana", "old").await;
    batch(&store, "ana", "new").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;
    revive_all(&store, &Wanted::all()).await;

    assert_eq!(hasten(&store, "ana").await, Hastened::Moved);

    for said in ["new", "old"] {
        let leased = lease(&store, "ana").await.unwrap();
        assert_eq!(texts(&leased.batch.items), [said]);
        settle(&store, &leased, &Verdict::Drop).await;
    }
}

#[tokio::test]
async fn on_the_lane_of_an_ordered_buffer_only_whose_turn_it_is_can_be_hastened() {
    let queue = Queue::with(
        json!({"order": "buffer"}),
        json!({}),
        &[],
        Answer::Status(200),
    )
    .await;
    queue.batch("ana", &["a"]).await;
    queue.batch("eva", &["b"]).await;
    let (store, to) = (&queue.store, queue.lane("ana").destination);
    settle(store, &queue.lease("ana").await.unwrap(), &RETRY_LATER).await;
    let lanes = store.lanes();

    let eva = lanes.hasten(&to, &queue.chat("eva")).await.unwrap();
    let ana = lanes.hasten(&to, &queue.chat("ana")).await.unwrap();

    assert_eq!((eva, ana), (Hastened::Other, Hastened::Moved));
    assert_eq!(
        queue.lease("eva").await.unwrap().lane.chat.id,
        queue.chat("ana").id
    );
}

#[tokio::test]
async fn of_many_the_next_ones_are_moved_and_the_bound_holds() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let ids: Vec<_> = (0..30).map(|at| format!("chat-{at}")).collect();
    for id in &ids {
        batch(&store, id, "a").await;
        let leased = lease(&store, id).await.unwrap();
        if id != "chat-0" {
            settle(&store, &leased, &RETRY_LATER).await;
        }
    }
    let to = Name::default_name();
    let other = Name::parse("loja").unwrap();
    let lanes = store.lanes();

    let none = lanes.hasten_many(&to, Some(&other), 100).await.unwrap();
    let some = lanes.hasten_many(&to, None, 20).await.unwrap();
    let rest = lanes.hasten_many(&to, None, 20).await.unwrap();
    let again = lanes.hasten_many(&to, None, 20).await.unwrap();

    assert_eq!(none, HastenedMany::default());
    assert_eq!((some.moved, some.more), (20, true));
    assert_eq!((rest.moved, rest.more), (9, false));
    assert_eq!((again.moved, again.in_hand, again.more), (0, 1, false));
    assert!(lease(&store, "chat-0").await.is_none());
    for id in &ids[1..] {
        assert_eq!(lease(&store, id).await.unwrap().attempt, 2);
    }
}

#[tokio::test]
async fn what_is_hastened_while_the_clock_is_back_is_not_moved_with_it() {
    let mut redis = TestRedis::start_turnable().await;
    let store = redis.store().await;
    store.clock().look(None).await.unwrap();
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;
    let hour = Duration::from_secs(3_600);
    redis.clock().back(hour);

    assert_eq!(hasten(&store, "ana").await, Hastened::Moved);
    let due = due_in(&store, "ana").await;
    let back = 3_600_000;
    let waits = Waits {
        destinations: vec![Name::default_name()],
        lease: hour,
    };
    let shard = Shard::of(&chat("ana"));
    let moved = store.clock().set_back(shard, &waits, back).await.unwrap();

    assert_eq!(due, Some(Duration::ZERO));
    assert_eq!(moved, 0, "it was set by the clock as it is");
    assert_eq!(lease(&store, "ana").await.unwrap().attempt, 2);
}
