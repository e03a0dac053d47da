//! Dead letters: kept whole, bounded in number and age, listed and discarded.

use std::time::Duration;

use lull::core::filter::Filter;
use lull::store::EntryId;
use lull::store::Look;
use lull::store::history::{Record, Retention};
use lull::store::lanes::{Lease, Settled};

use super::{batch, buried, bury, lease, letters, settle};
use crate::support::{RETENTION, TestRedis, eventually, texts};

fn record(lease: &Lease) -> Record {
    Record {
        id: lease.batch.id.to_string(),
        buffer: "default".to_owned(),
        chat: lease.lane.chat.id.as_str().to_owned(),
        destination: "default".to_owned(),
        outcome: "buried".to_owned(),
        messages: lease.batch.count,
        reason: lease.batch.reason.to_string(),
        opened: lease.batch.opened,
        closed: lease.batch.closed,
        due: None,
        repeats: None,
        digest: None,
        gathered: None,
        stamps: Vec::new(),
        last: None,
        why: None,
        request: None,
    }
}

#[tokio::test]
async fn what_is_given_up_on_is_kept_whole() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    batch(&store, "ana", "b").await;
    let leased = lease(&store, "ana").await.unwrap();

    settle(&store, &leased, &bury(&leased)).await;

    let (letters, next) = store
        .dead_letters()
        .list(&Filter::Everybody, Look::first(10))
        .await
        .unwrap();
    assert_eq!((letters.len(), next), (1, None));
    assert_eq!(letters[0].batch, leased.batch);
    assert_eq!(letters[0].letter.reason, "HTTP 410");
    assert!(lease(&store, "ana").await.is_none());
}

#[tokio::test]
async fn beyond_the_limit_the_oldest_dead_letters_go_and_it_is_told() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let two_a_shard = Retention {
        dead_letters: 128,
        ..RETENTION
    };
    let mut dropped = Vec::new();

    for text in ["a", "b", "c"] {
        batch(&store, "ana", text).await;
        let leased = lease(&store, "ana").await.unwrap();
        let settled = store
            .lanes()
            .settle(&leased, &bury(&leased), None, &two_a_shard)
            .await
            .unwrap();
        let Settled::Done { dropped: old, .. } = settled else {
            panic!("{settled:?}")
        };
        dropped.push(old);
    }

    let kept: Vec<_> = letters(&store)
        .await
        .iter()
        .flat_map(|dead| texts(&dead.batch.items))
        .collect();
    assert_eq!(dropped, [0, 0, 1]);
    assert_eq!(kept, ["c", "b"]);
}

#[tokio::test]
async fn what_is_too_old_is_trimmed() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let leased = lease(&store, "ana").await.unwrap();
    store
        .lanes()
        .settle(&leased, &bury(&leased), Some(&record(&leased)), &RETENTION)
        .await
        .unwrap();
    let young = store.history().trim(&RETENTION).await.unwrap();
    let instant = Duration::ZERO;

    let mut trimmed = young;
    eventually("a millisecond has passed", async || {
        trimmed = store
            .history()
            .trim(&Retention {
                history_age: instant,
                dead_letter_age: instant,
                ..RETENTION
            })
            .await
            .unwrap();
        trimmed.dead_letters > 0
    })
    .await;

    assert_eq!((young.history, young.dead_letters), (0, 0));
    assert_eq!((trimmed.history, trimmed.dead_letters), (1, 1));
    assert!(letters(&store).await.is_empty());
}

#[tokio::test]
async fn a_discarded_dead_letter_is_gone() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    buried(&store, "ana", "a").await;
    let id = letters(&store).await[0].id;

    assert!(store.dead_letters().discard(id).await.unwrap());

    assert!(!store.dead_letters().discard(id).await.unwrap());
    assert!(!store.dead_letters().revive(id).await.unwrap());
    assert!(lease(&store, "ana").await.is_none());
}

#[tokio::test]
async fn dead_letters_are_paged_newest_first_over_all_shards() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for n in 0..90 {
        let id = n.to_string();
        buried(&store, &id, &id).await;
    }

    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let (letters, next) = store
            .dead_letters()
            .list(
                &Filter::Everybody,
                Look {
                    after,
                    ..Look::first(20)
                },
            )
            .await
            .unwrap();
        assert!(letters.len() <= 20);
        pages.extend(letters.into_iter().map(|dead| (dead.id, dead.letter.chat)));
        let Some(next) = next else { break };
        after = EntryId::parse(&next);
    }

    let mut sorted = pages.clone();
    sorted.sort_by(|one, other| other.cmp(one));
    assert_eq!(pages, sorted);
    assert_eq!(pages.len(), 90);
}
