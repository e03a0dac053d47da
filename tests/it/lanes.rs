//! The rules of lease, settle, hasten, revive and discard, script by script.

use std::time::Duration;

use lull::domain::batch::BatchId;
use lull::domain::whose::Whose;
use lull::store::Store;
use lull::store::dead::Letter;
use lull::store::history::{Record, Retention};
use lull::store::keys::{Due, Shard};
use lull::store::lanes::{Lease, LeaseRules, Settled, Verdict};

use crate::support::{
    LEASES, LONG, RETENTION, TestRedis, chat, destinations, eventually, lane, say, texts,
};

const RETRY_LATER: Verdict = Verdict::Retry {
    wait: LONG,
    asked: false,
};
const RETRY_NOW: Verdict = Verdict::Retry {
    wait: Duration::ZERO,
    asked: false,
};
const DONE: Settled = Settled::Done {
    more: false,
    dropped: 0,
};
const DONE_AND_MORE: Settled = Settled::Done {
    more: true,
    dropped: 0,
};

/// Puts a batch that says `text` on the lane of a chat.
async fn batch(store: &Store, id: &str, text: &str) {
    say(store, id, text, LONG).await;
    store
        .flush(&chat(id), &BatchId::generate(), &destinations())
        .await
        .unwrap();
}

async fn lease(store: &Store, id: &str) -> Option<Lease> {
    store.lease(&lane(id), LEASES).await.unwrap()
}

async fn settle(store: &Store, lease: &Lease, verdict: &Verdict) -> Settled {
    store
        .settle(lease, verdict, None, &RETENTION)
        .await
        .unwrap()
}

fn bury(lease: &Lease) -> Verdict {
    Verdict::Bury {
        letter: Letter {
            buffer: "default".to_owned(),
            chat: lease.lane.chat.id.as_str().to_owned(),
            destination: "default".to_owned(),
            reason: "HTTP 410".to_owned(),
            attempts: lease.attempt,
            first_attempt: lease.first_attempt,
        },
    }
}

fn record(lease: &Lease) -> Record {
    Record {
        id: lease.batch.id.to_string(),
        buffer: "default".to_owned(),
        chat: lease.lane.chat.id.as_str().to_owned(),
        destination: "default".to_owned(),
        outcome: "retry".to_owned(),
        status: Some(500),
        attempt: lease.attempt,
        ms: 1,
        messages: lease.batch.count,
        reason: lease.batch.reason.to_string(),
        opened: lease.batch.opened,
        closed: lease.batch.closed,
    }
}

/// When the lane of a chat is due.
async fn due_in(store: &Store, id: &str) -> Option<Duration> {
    store.look(&Due::Lanes(lane(id).destination)).await.unwrap()[Shard::of(&chat(id)).index()]
}

#[tokio::test]
async fn a_head_has_one_lease_at_a_time() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;

    let (first, second) = tokio::join!(lease(&store, "ana"), lease(&store, "ana"));

    assert_eq!(
        usize::from(first.is_some()) + usize::from(second.is_some()),
        1
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_can_be_taken_again_and_counts() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(20),
        ..LEASES
    };
    let first = store.lease(&lane("ana"), rules).await.unwrap().unwrap();

    let mut second = None;
    eventually("the lease runs out", async || {
        second = lease(&store, "ana").await;
        second.is_some()
    })
    .await;

    let second = second.unwrap();
    assert_eq!(second.attempt, 2);
    assert_eq!(second.batch, first.batch);
}

#[tokio::test]
async fn a_stale_token_changes_nothing() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let rules = LeaseRules {
        length: Duration::from_millis(1),
        ..LEASES
    };
    let first = store.lease(&lane("ana"), rules).await.unwrap().unwrap();
    let mut second = None;
    eventually("the lease runs out", async || {
        second = lease(&store, "ana").await;
        second.is_some()
    })
    .await;

    for verdict in [Verdict::Drop, RETRY_NOW, bury(&first), Verdict::Release] {
        assert_eq!(settle(&store, &first, &verdict).await, Settled::Stale);
    }

    assert!(lease(&store, "ana").await.is_none());
    assert_eq!(settle(&store, &second.unwrap(), &Verdict::Drop).await, DONE);
}

#[tokio::test]
async fn delivered_means_gone_without_a_trace() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let leased = lease(&store, "ana").await.unwrap();

    assert_eq!(settle(&store, &leased, &Verdict::Drop).await, DONE);

    assert!(redis.keys("*").await.is_empty());
}

#[tokio::test]
async fn a_retry_waits_for_its_time_under_the_same_id() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    let wait = Verdict::Retry {
        wait: Duration::from_millis(150),
        asked: false,
    };

    settle(&store, &first, &wait).await;

    assert!(lease(&store, "ana").await.is_none());
    let mut second = None;
    eventually("it is time again", async || {
        second = lease(&store, "ana").await;
        second.is_some()
    })
    .await;
    let second = second.unwrap();
    assert_eq!((second.attempt, &second.batch), (2, &first.batch));
    assert_eq!(second.first_attempt, first.first_attempt);
}

#[tokio::test]
async fn a_new_batch_does_not_cut_the_wait_of_the_head_short() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;

    batch(&store, "ana", "b").await;

    assert!(due_in(&store, "ana").await.unwrap() > Duration::from_secs(20));
    assert!(lease(&store, "ana").await.is_none());
}

#[tokio::test]
async fn batches_that_were_never_attempted_become_one_delivery_in_order() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b", "c"] {
        batch(&store, "ana", text).await;
    }

    let leased = lease(&store, "ana").await.unwrap();

    assert_eq!(texts(&leased.batch.items), ["a", "b", "c"]);
    assert_eq!(leased.batch.count, 3);
    assert_eq!(settle(&store, &leased, &Verdict::Drop).await, DONE);
}

#[tokio::test]
async fn a_batch_that_was_attempted_stays_what_it_was() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();
    settle(&store, &first, &RETRY_NOW).await;
    batch(&store, "ana", "b").await;
    batch(&store, "ana", "c").await;

    let again = lease(&store, "ana").await.unwrap();
    let after = settle(&store, &again, &Verdict::Drop).await;
    let rest = lease(&store, "ana").await.unwrap();

    assert_eq!(again.batch, first.batch);
    assert_eq!(after, DONE_AND_MORE);
    assert_eq!(texts(&rest.batch.items), ["b", "c"]);
    assert_ne!(rest.batch.id, first.batch.id);
}

#[tokio::test]
async fn batches_are_joined_up_to_the_limits_of_a_window() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for text in ["a", "b", "c"] {
        batch(&store, "ana", text).await;
    }

    let by_count = LeaseRules {
        max_messages: 2,
        ..LEASES
    };
    let leased = store.lease(&lane("ana"), by_count).await.unwrap().unwrap();
    assert_eq!(texts(&leased.batch.items), ["a", "b"]);
    settle(&store, &leased, &Verdict::Release).await;

    let by_bytes = LeaseRules {
        max_bytes: 10,
        ..LEASES
    };
    let leased = store.lease(&lane("ana"), by_bytes).await.unwrap().unwrap();
    assert_eq!(texts(&leased.batch.items), ["a", "b"]);
}

#[tokio::test]
async fn a_lease_given_back_was_no_attempt() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let first = lease(&store, "ana").await.unwrap();

    assert_eq!(
        settle(&store, &first, &Verdict::Release).await,
        DONE_AND_MORE
    );

    assert_eq!(due_in(&store, "ana").await, Some(Duration::ZERO));
    assert_eq!(lease(&store, "ana").await.unwrap().attempt, 1);
}

#[tokio::test]
async fn a_retry_given_back_keeps_its_count() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_NOW).await;
    let second = lease(&store, "ana").await.unwrap();

    settle(&store, &second, &Verdict::Release).await;

    assert_eq!(lease(&store, "ana").await.unwrap().attempt, 2);
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
        .dead_letters(&Whose::Everybody, None, 10)
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
            .settle(&leased, &bury(&leased), None, &two_a_shard)
            .await
            .unwrap();
        let Settled::Done { dropped: old, .. } = settled else {
            panic!("{settled:?}")
        };
        dropped.push(old);
    }

    let (letters, _) = store
        .dead_letters(&Whose::Everybody, None, 10)
        .await
        .unwrap();
    let kept: Vec<_> = letters
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
        .settle(&leased, &bury(&leased), Some(&record(&leased)), &RETENTION)
        .await
        .unwrap();
    let young = store.trim(&RETENTION).await.unwrap();
    let instant = Duration::ZERO;

    let mut trimmed = young;
    eventually("a millisecond has passed", async || {
        trimmed = store
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
    assert!(
        store
            .dead_letters(&Whose::Everybody, None, 10)
            .await
            .unwrap()
            .0
            .is_empty()
    );
}

#[tokio::test]
async fn a_revived_batch_comes_first_and_alone_under_its_old_id() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let dead = lease(&store, "ana").await.unwrap();
    settle(&store, &dead, &bury(&dead)).await;
    batch(&store, "ana", "b").await;
    let id = store
        .dead_letters(&Whose::Everybody, None, 10)
        .await
        .unwrap()
        .0[0]
        .id;

    assert!(store.revive(id).await.unwrap());

    let leased = lease(&store, "ana").await.unwrap();
    assert_eq!(leased.batch, dead.batch);
    assert_eq!(leased.attempt, 1);
    assert!(!store.revive(id).await.unwrap());
}

#[tokio::test]
async fn a_revived_batch_lets_an_attempt_in_hand_finish() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let dead = lease(&store, "ana").await.unwrap();
    settle(&store, &dead, &bury(&dead)).await;
    batch(&store, "ana", "b").await;
    let in_hand = lease(&store, "ana").await.unwrap();
    batch(&store, "ana", "c").await;

    store.revive_all(&Whose::Everybody).await.unwrap();

    assert_eq!(
        settle(&store, &in_hand, &Verdict::Drop).await,
        DONE_AND_MORE
    );
    let second = lease(&store, "ana").await.unwrap();
    assert_eq!(second.batch, dead.batch);
    settle(&store, &second, &Verdict::Drop).await;
    assert_eq!(
        texts(&lease(&store, "ana").await.unwrap().batch.items),
        ["c"]
    );
}

#[tokio::test]
async fn all_dead_letters_of_a_chat_come_back_oldest_first() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for (id, text) in [("ana", "a"), ("eva", "x"), ("ana", "b"), ("ana", "c")] {
        batch(&store, id, text).await;
        let leased = lease(&store, id).await.unwrap();
        settle(&store, &leased, &bury(&leased)).await;
    }

    assert_eq!(
        store.revive_all(&Whose::Chat(chat("ana"))).await.unwrap(),
        3
    );

    let mut said = Vec::new();
    while let Some(leased) = lease(&store, "ana").await {
        said.extend(texts(&leased.batch.items));
        settle(&store, &leased, &Verdict::Drop).await;
    }
    assert_eq!(said, ["a", "b", "c"]);
    assert!(lease(&store, "eva").await.is_none());
    assert_eq!(store.revive_all(&Whose::Everybody).await.unwrap(), 1);
}

#[tokio::test]
async fn a_discarded_dead_letter_is_gone() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    let leased = lease(&store, "ana").await.unwrap();
    settle(&store, &leased, &bury(&leased)).await;
    let id = store
        .dead_letters(&Whose::Everybody, None, 10)
        .await
        .unwrap()
        .0[0]
        .id;

    assert!(store.discard(id).await.unwrap());

    assert!(!store.discard(id).await.unwrap());
    assert!(!store.revive(id).await.unwrap());
    assert!(lease(&store, "ana").await.is_none());
}

#[tokio::test]
async fn dead_letters_are_paged_newest_first_over_all_shards() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    for n in 0..90 {
        let id = n.to_string();
        batch(&store, &id, &id).await;
        let leased = lease(&store, &id).await.unwrap();
        settle(&store, &leased, &bury(&leased)).await;
    }

    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let (letters, next) = store
            .dead_letters(&Whose::Everybody, after, 20)
            .await
            .unwrap();
        assert!(letters.len() <= 20);
        pages.extend(letters.into_iter().map(|dead| (dead.id, dead.letter.chat)));
        let Some(next) = next else { break };
        after = lull::store::EntryId::parse(&next);
    }

    let mut sorted = pages.clone();
    sorted.sort_by(|one, other| other.cmp(one));
    assert_eq!(pages, sorted);
    assert_eq!(pages.len(), 90);
}

#[tokio::test]
async fn retries_come_forward_when_the_destination_is_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    settle(&store, &lease(&store, "ana").await.unwrap(), &RETRY_LATER).await;

    let hastened = store
        .hasten(&lane("ana").destination, Duration::from_millis(1))
        .await
        .unwrap();

    assert_eq!(hastened, 1);
    eventually("it can be leased", async || {
        lease(&store, "ana").await.is_some()
    })
    .await;
}

#[tokio::test]
async fn attempts_on_their_way_and_waits_that_were_asked_for_are_not_hastened() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    batch(&store, "ana", "a").await;
    batch(&store, "eva", "a").await;
    let _on_its_way = lease(&store, "ana").await.unwrap();
    let asked = Verdict::Retry {
        wait: LONG,
        asked: true,
    };
    settle(&store, &lease(&store, "eva").await.unwrap(), &asked).await;

    assert_eq!(
        store
            .hasten(&lane("ana").destination, Duration::from_millis(1))
            .await
            .unwrap(),
        0
    );

    assert!(lease(&store, "ana").await.is_none());
    assert!(lease(&store, "eva").await.is_none());
}

#[tokio::test]
async fn a_full_redis_still_drains() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", Duration::from_millis(1)).await;
    let mut raw = redis.raw().await;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("maxmemory")
        .arg(1)
        .exec_async(&mut raw)
        .await
        .unwrap();

    let refused = store.hold(&chat("ana"), None).await;
    eventually("the window closes", async || {
        let closing = store
            .close(&chat("ana"), &BatchId::generate(), &destinations())
            .await
            .unwrap();
        closing != lull::store::closing::Closing::Open
    })
    .await;
    let leased = lease(&store, "ana").await.unwrap();

    assert!(
        matches!(refused, Err(lull::store::StoreError::Full(_))),
        "{refused:?}"
    );
    assert_eq!(settle(&store, &leased, &Verdict::Drop).await, DONE);
}
