//! Batches that an operator gives up on.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use lull::core::batch::BatchId;
use lull::core::filter::Filter;
use lull::core::revival::Wanted;
use lull::store::history::{Record, Request, Retention, Settlement, Try};
use lull::store::lanes::giving_up::GivenUp;
use lull::store::lanes::{LeaseRules, Settled, Verdict};
use lull::store::work::Kind;
use lull::store::{Look, Store};
use serde_json::json;

use super::{DONE, RETRY_LATER, batch, buried, lease, lease_when_due, letters, settle};
use crate::support::queue::Queue;
use crate::support::{
    Answer, LEASES, RETENTION, TestRedis, chat, eventually, lane, revive_all, texts,
};

async fn give_up(store: &Store, id: &str, named: Option<&BatchId>) -> GivenUp {
    let to = lane(id).destination;
    let lanes = store.lanes();
    let became = lanes.give_up(&to, &chat(id), named, &RETENTION).await;
    became.unwrap()
}

async fn history(store: &Store) -> Vec<Settlement> {
    let listed = store
        .history()
        .list(&Filter::Everybody, |_| true, Look::first(10));
    listed.await.unwrap().0
}

async fn waiting(store: &Store) -> u64 {
    store.held().sum(Kind::Lanes, &[]).await.unwrap().count
}

#[tokio::test]
async fn the_first_batch_becomes_a_dead_letter_and_the_next_is_due() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    let failed = Try {
        number: 1,
        status: Some(503),
        ms: 7,
        summary: "HTTP 503".to_owned(),
        answer: None,
    };
    let record = Record {
        id: first.batch.id.to_string(),
        buffer: "default".to_owned(),
        chat: "ana".to_owned(),
        destination: "default".to_owned(),
        outcome: "failed".to_owned(),
        messages: 1,
        reason: "flush".to_owned(),
        opened: first.batch.opened,
        closed: first.batch.closed,
        due: None,
        repeats: None,
        digest: None,
        gathered: first.batch.gathered,
        stamps: Vec::new(),
        last: Some(failed.clone()),
        why: None,
        request: Some(Request {
            method: "POST".to_owned(),
            url: "http://bot/".to_owned(),
            bytes: 2,
            body: Some("{}".to_owned()),
        }),
    };
    let lanes = store.lanes();
    let settled = lanes.settle(&first, &RETRY_LATER, Some(&record), &RETENTION);
    assert!(matches!(settled.await.unwrap(), Settled::Done { .. }));
    batch(&store, "ana", "b").await;
    let id = first.batch.id.clone();

    let done = give_up(&store, "ana", Some(&id)).await;

    let (attempts, left) = (1, 1);
    assert_eq!(done, GivenUp::Done { id, attempts, left });
    let [letter] = &letters(&store).await[..] else {
        panic!("one dead letter");
    };
    assert_eq!(letter.batch, first.batch);
    assert_eq!(letter.letter.reason, "given up on by hand");
    assert_eq!(letter.letter.attempts, 1);
    assert_eq!(letter.letter.first_attempt, first.first_attempt);
    let [told] = &history(&store).await[..] else {
        panic!("the batch stands in history once");
    };
    assert_eq!(told.record.outcome, "buried");
    assert_eq!(told.record.why.as_deref(), Some("given up on by hand"));
    assert_eq!(told.record.last, Some(failed));
    assert_eq!(
        told.record.request, record.request,
        "what was sent is still told"
    );
    assert_eq!(waiting(&store).await, 1);
    let second = lease(&store, "ana").await.unwrap();
    assert_eq!(
        (texts(&second.batch.items), second.attempt),
        (vec!["b".to_owned()], 1)
    );
}

#[tokio::test]
async fn what_is_named_twice_is_given_up_on_once() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    settle(&store, &first, &RETRY_LATER).await;
    batch(&store, "ana", "b").await;
    let id = &first.batch.id;

    assert!(matches!(
        give_up(&store, "ana", Some(id)).await,
        GivenUp::Done { .. }
    ));
    assert_eq!(give_up(&store, "ana", Some(id)).await, GivenUp::None);

    assert_eq!(letters(&store).await.len(), 1);
    assert_eq!(
        texts(&lease(&store, "ana").await.unwrap().batch.items),
        ["b"]
    );
    assert_eq!(give_up(&store, "eva", None).await, GivenUp::None);
}

#[tokio::test]
async fn what_is_in_hand_is_not_given_up_on_until_its_lease_has_run_out() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();

    assert_eq!(give_up(&store, "ana", None).await, GivenUp::InHand);

    assert_eq!(settle(&store, &first, &Verdict::Drop).await, DONE);
    assert!(letters(&store).await.is_empty());

    batch(&store, "eva", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(1),
        ..LEASES
    };
    let lanes = store.lanes();
    let lost = lanes.lease(&lane("eva"), rules).await.unwrap().unwrap();
    eventually("the lease runs out", async || {
        give_up(&store, "eva", None).await != GivenUp::InHand
    })
    .await;
    assert_eq!(settle(&store, &lost, &Verdict::Drop).await, Settled::Stale);
    assert_eq!(letters(&store).await.len(), 1);
    assert_eq!(waiting(&store).await, 0);
}

#[tokio::test]
async fn revived_batches_behind_the_first_take_its_place() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    buried(&store, "ana", "old").await;
    batch(&store, "ana", "new").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;
    batch(&store, "ana", "newest").await;
    revive_all(&store, &Wanted::all()).await;

    let done = give_up(&store, "ana", None).await;

    assert!(matches!(done, GivenUp::Done { left: 2, .. }), "{done:?}");
    for said in ["old", "newest"] {
        let leased = lease_when_due(&store, "ana").await;
        assert_eq!(texts(&leased.batch.items), [said]);
        settle(&store, &leased, &Verdict::Drop).await;
    }
    assert_eq!(waiting(&store).await, 0);
}

#[tokio::test]
async fn in_an_ordered_buffer_nobody_gives_up_on_the_batch_of_another() {
    let queue = Queue::with(
        json!({"order": "buffer"}),
        json!({}),
        &[],
        Answer::Status(200),
    )
    .await;
    let hers = queue.batch("ana", &["a"]).await;
    queue.batch("eva", &["b"]).await;
    let (store, to) = (&queue.store, queue.lane("ana").destination);
    let lanes = store.lanes();
    let give_up = async |user: &str| {
        let chat = queue.chat(user);
        lanes.give_up(&to, &chat, None, &RETENTION).await.unwrap()
    };

    assert_eq!(give_up("eva").await, GivenUp::Other);
    let done = give_up("ana").await;

    let (attempts, left) = (0, 1);
    let id = hers;
    assert_eq!(done, GivenUp::Done { id, attempts, left });
    assert_eq!(letters(store).await[0].letter.chat, "ana");
    assert_eq!(
        queue.lease("eva").await.unwrap().lane.chat.id,
        queue.chat("eva").id
    );
}

#[tokio::test]
async fn without_history_a_dead_letter_is_all_that_is_kept() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let none = Retention {
        history: 0,
        ..RETENTION
    };
    let (lanes, to) = (store.lanes(), lane("ana"));

    let done = lanes.give_up(&to.destination, &to.chat, None, &none).await;

    assert!(matches!(done.unwrap(), GivenUp::Done { .. }));
    assert!(history(&store).await.is_empty());
    assert_eq!(letters(&store).await.len(), 1);
}

#[tokio::test]
async fn whoever_is_first_a_batch_is_delivered_or_given_up_on_and_never_both() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let ids: Vec<_> = (0..40).map(|at| format!("chat-{at}")).collect();
    for id in &ids {
        batch(&store, id, "a").await;
    }
    let work = ids.iter().map(|id| async {
        let mut delivered = Vec::new();
        for _ in 0..3 {
            if let Some(leased) = lease(&store, id).await {
                let retry = fastrand::bool();
                let verdict = match retry {
                    true => Verdict::Retry {
                        wait: Duration::ZERO,
                        asked: false,
                    },
                    false => Verdict::Drop,
                };
                let settled = settle(&store, &leased, &verdict).await;
                if !retry && settled != Settled::Stale {
                    delivered.push(leased.batch.id.to_string());
                }
            }
        }
        delivered
    });
    let giving = ids
        .iter()
        .map(|id| async { give_up(&store, id, None).await });

    let (delivered, given_up) = tokio::join!(join_all(work), join_all(giving));

    let mut over: Vec<_> = delivered.into_iter().flatten().collect();
    let given_up = given_up.into_iter().filter_map(|it| match it {
        GivenUp::Done { id, .. } => Some(id.to_string()),
        _ => None,
    });
    over.extend(given_up);
    let once: BTreeSet<_> = over.iter().collect();
    assert_eq!(once.len(), over.len(), "a batch is over twice");
    let left = u64::try_from(ids.len() - over.len()).unwrap();
    assert_eq!(waiting(&store).await, left, "what is not over waits");
    for id in &ids {
        while let Some(leased) = lease(&store, id).await {
            settle(&store, &leased, &Verdict::Drop).await;
        }
    }
    assert_eq!(waiting(&store).await, 0);
}
