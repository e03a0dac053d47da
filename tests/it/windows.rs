//! The rules of append, hold, take, close and cancel, script by script.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use lull::domain::batch::BatchId;
use lull::domain::window::{CloseReason, WindowRules};
use lull::store::Store;
use lull::store::closing::Closing;
use lull::store::keys::{Due, Shard};
use lull::store::windows::{NewMessage, Taken};

use crate::support::{
    LEASES, LONG, RULES, SHORT, TestRedis, chat, destinations, eventually, item, lane, say, texts,
};

async fn close(store: &Store, id: &str) -> Closing {
    store
        .close(&chat(id), &BatchId::generate(), &destinations())
        .await
        .unwrap()
}

/// Closes as soon as the deadline has passed.
async fn close_when_due(store: &Store, id: &str) -> Closing {
    let mut closing = Closing::Open;
    eventually("the window closes", async || {
        closing = close(store, id).await;
        closing != Closing::Open
    })
    .await;
    closing
}

async fn batch_texts(store: &Store, id: &str) -> Vec<String> {
    texts(
        &store
            .lease(&lane(id), LEASES)
            .await
            .unwrap()
            .unwrap()
            .batch
            .items,
    )
}

/// What is left of the only open window.
async fn left(store: &Store) -> Duration {
    store.open_windows(None, 10).await.unwrap().0[0].left
}

#[tokio::test]
async fn messages_leave_in_the_order_they_came() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;

    for text in ["a", "b", "c"] {
        say(&store, "ana", text, SHORT).await;
    }

    assert_eq!(
        close_when_due(&store, "ana").await,
        Closing::Closed {
            count: 3,
            reason: CloseReason::Quiet
        }
    );
    assert_eq!(batch_texts(&store, "ana").await, ["a", "b", "c"]);
}

#[tokio::test]
async fn each_message_restarts_the_quiet_window() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", Duration::from_secs(2)).await;

    say(&store, "ana", "b", LONG).await;

    assert!(left(&store).await > Duration::from_secs(20));
    assert_eq!(close(&store, "ana").await, Closing::Open);
}

#[tokio::test]
async fn a_window_closes_at_its_cap_however_much_is_said() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_wait: Duration::from_millis(50),
        ..RULES
    };
    let said = item("a");
    let message = NewMessage::plain(&said, Duration::from_millis(20));
    store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();

    let mut closing = Closing::Open;
    eventually("the cap closes it", async || {
        store
            .append(&chat("ana"), message, &rules, &destinations())
            .await
            .unwrap();
        closing = close(&store, "ana").await;
        closing != Closing::Open
    })
    .await;

    assert!(
        matches!(
            closing,
            Closing::Closed {
                reason: CloseReason::Cap,
                ..
            }
        ),
        "{closing:?}"
    );
}

#[tokio::test]
async fn a_larger_ttl_raises_the_cap() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_wait: Duration::from_secs(5),
        ..RULES
    };
    let with = |ttl| NewMessage::plain(r#"{"message":1}"#, ttl);
    store
        .append(
            &chat("ana"),
            with(Duration::from_secs(1)),
            &rules,
            &destinations(),
        )
        .await
        .unwrap();

    let appended = store
        .append(&chat("ana"), with(LONG), &rules, &destinations())
        .await
        .unwrap();

    assert!(appended.left > Duration::from_secs(25), "{appended:?}");
}

#[tokio::test]
async fn a_full_window_is_due_at_once_and_the_next_message_opens_another() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_messages: 2,
        ..RULES
    };
    let mut states = Vec::new();

    for text in ["a", "b", "c"] {
        let said = item(text);
        let message = NewMessage::plain(&said, LONG);
        states.push(
            store
                .append(&chat("ana"), message, &rules, &destinations())
                .await
                .unwrap(),
        );
    }

    assert_eq!((states[1].count, states[1].left), (2, Duration::ZERO));
    assert_eq!(
        (states[2].count, states[2].closed),
        (1, Some(CloseReason::Messages))
    );
    assert_eq!(batch_texts(&store, "ana").await, ["a", "b"]);
}

#[tokio::test]
async fn nothing_moves_the_deadline_of_a_full_window() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_messages: 1,
        ..RULES
    };
    let said = item("a");
    let message = NewMessage::plain(&said, LONG);
    store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();

    let held = store.hold(&chat("ana"), Some(LONG)).await.unwrap();

    assert_eq!(held, Some(Duration::ZERO));
    assert_eq!(
        close(&store, "ana").await,
        Closing::Closed {
            count: 1,
            reason: CloseReason::Messages
        }
    );
}

#[tokio::test]
async fn a_message_that_would_burst_the_window_goes_into_the_next() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_bytes: 100,
        ..RULES
    };
    let large = item(&"x".repeat(60));
    let message = NewMessage::plain(&large, LONG);

    let first = store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();
    let second = store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();

    assert_eq!((first.count, first.closed), (1, None));
    assert_eq!((second.count, second.closed), (1, Some(CloseReason::Bytes)));
}

#[tokio::test]
async fn a_message_larger_than_a_window_is_one_by_itself() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_bytes: 10,
        ..RULES
    };
    let said = item("far more than ten bytes");
    let message = NewMessage::plain(&said, LONG);

    let appended = store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();

    assert_eq!((appended.count, appended.left), (1, Duration::ZERO));
    assert_eq!(
        close(&store, "ana").await,
        Closing::Closed {
            count: 1,
            reason: CloseReason::Bytes
        }
    );
}

#[tokio::test]
async fn many_writers_of_one_chat_lose_nothing_and_overfill_nothing() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_messages: 7,
        ..RULES
    };
    let items: Vec<_> = (0..300).map(|n| item(&n.to_string())).collect();

    let appends = items.iter().map(|item| {
        let message = NewMessage::plain(item, LONG);
        let store = &store;
        async move {
            store
                .append(&chat("ana"), message, &rules, &destinations())
                .await
                .unwrap()
        }
    });
    join_all(appends).await;
    store
        .flush(&chat("ana"), &BatchId::generate(), &destinations())
        .await
        .unwrap();

    let mut lane_of_ana: Vec<String> = Vec::new();
    let key = &redis.keys("lull:*:lane:*").await[0];
    let batches: Vec<String> = redis::cmd("LRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    for batch in batches {
        let said = texts(batch.split_once('\n').unwrap().1);
        assert!(said.len() <= 7);
        lane_of_ana.extend(said);
    }
    assert_eq!(lane_of_ana.len(), 300);
    assert_eq!(lane_of_ana.iter().collect::<HashSet<_>>().len(), 300);
}

#[tokio::test]
async fn a_message_id_counts_once_per_chat() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let said = item("a");
    let message = NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(&said, LONG)
    };
    store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();

    let again = store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();
    let other = store
        .append(&chat("eva"), message, &RULES, &destinations())
        .await
        .unwrap();

    assert_eq!((again.taken, again.count), (Taken::Duplicate, 1));
    assert_eq!((other.taken, other.count), (Taken::Appended, 1));
}

#[tokio::test]
async fn a_message_id_is_remembered_after_its_window_has_closed() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let said = item("a");
    let message = NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(&said, SHORT)
    };
    store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();
    close_when_due(&store, "ana").await;

    let again = store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();

    assert_eq!(again.taken, Taken::Duplicate);
    assert_eq!(close(&store, "ana").await, Closing::NoWindow);
}

#[tokio::test]
async fn a_message_id_older_than_a_day_is_forgotten() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let said = item("a");
    let message = NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(&said, LONG)
    };
    store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();
    let key = &redis.keys("lull:*:seen").await[0];
    let back: i64 = -86_400_001;
    let ids: Vec<Vec<u8>> = redis::cmd("ZRANGE")
        .arg(key)
        .arg(0)
        .arg(-1)
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    redis::cmd("ZINCRBY")
        .arg(key)
        .arg(back)
        .arg(&ids[0])
        .exec_async(&mut redis.raw().await)
        .await
        .unwrap();

    let again = store
        .append(&chat("ana"), message, &RULES, &destinations())
        .await
        .unwrap();

    assert_eq!(again.taken, Taken::Appended);
}

#[tokio::test]
async fn the_timer_expires_at_the_very_score_of_the_due_index() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let mut raw = redis.raw().await;

    say(&store, "ana", "a", LONG).await;
    store
        .hold(&chat("ana"), Some(Duration::from_secs(45)))
        .await
        .unwrap();

    let timer = &redis.keys("lull:*:timer:*").await[0];
    let expires: f64 = redis::cmd("PEXPIRETIME")
        .arg(timer)
        .query_async(&mut raw)
        .await
        .unwrap();
    let due = &redis.keys("lull:*:due").await[0];
    let score: f64 = redis::cmd("ZSCORE")
        .arg(due)
        .arg("default:ana")
        .query_async(&mut raw)
        .await
        .unwrap();
    assert!((expires - score).abs() < 0.5, "{expires} {score}");
}

#[tokio::test]
async fn a_window_whose_timer_was_deleted_still_closes_at_its_deadline() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", Duration::from_millis(300)).await;

    let timer = &redis.keys("lull:*:timer:*").await[0];
    redis::cmd("DEL")
        .arg(timer)
        .exec_async(&mut redis.raw().await)
        .await
        .unwrap();

    assert_eq!(close(&store, "ana").await, Closing::Open);
    assert_eq!(
        close_when_due(&store, "ana").await,
        Closing::Closed {
            count: 1,
            reason: CloseReason::Quiet
        }
    );
}

#[tokio::test]
async fn a_typing_signal_moves_the_deadline_but_never_nearer() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", Duration::from_secs(5)).await;

    let longer = store
        .hold(&chat("ana"), Some(Duration::from_secs(10)))
        .await
        .unwrap()
        .unwrap();
    let not_shorter = store
        .hold(&chat("ana"), Some(Duration::from_secs(1)))
        .await
        .unwrap()
        .unwrap();

    assert!(
        longer > Duration::from_secs(9) && longer <= Duration::from_secs(10),
        "{longer:?}"
    );
    assert!(not_shorter > Duration::from_secs(8), "{not_shorter:?}");
}

#[tokio::test]
async fn who_stops_typing_gets_the_quiet_window_again() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", Duration::from_secs(5)).await;
    store
        .hold(&chat("ana"), Some(Duration::from_secs(30)))
        .await
        .unwrap();

    let left = store.hold(&chat("ana"), None).await.unwrap().unwrap();

    assert!(
        left > Duration::from_secs(4) && left <= Duration::from_secs(5),
        "{left:?}"
    );
}

#[tokio::test]
async fn typing_never_passes_the_cap() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let rules = WindowRules {
        max_wait: Duration::from_secs(3),
        ..RULES
    };
    let said = item("a");
    let message = NewMessage::plain(&said, Duration::from_secs(1));
    store
        .append(&chat("ana"), message, &rules, &destinations())
        .await
        .unwrap();

    let left = store
        .hold(&chat("ana"), Some(Duration::from_secs(10)))
        .await
        .unwrap()
        .unwrap();

    assert!(left <= Duration::from_secs(3), "{left:?}");
}

#[tokio::test]
async fn typing_in_a_chat_without_a_window_leaves_no_trace() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;

    assert_eq!(store.hold(&chat("ana"), Some(LONG)).await.unwrap(), None);

    assert!(redis.keys("*").await.is_empty());
}

#[tokio::test]
async fn a_late_message_that_crosses_the_deadline_keeps_the_window_whole() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", SHORT).await;
    let due = Due::Windows;
    eventually("it is taken", async || {
        !store
            .take(&due, Shard::of(&chat("ana")), 64)
            .await
            .unwrap()
            .0
            .is_empty()
    })
    .await;

    say(&store, "ana", "b", Duration::from_millis(100)).await;
    let between = close(&store, "ana").await;

    assert_eq!(between, Closing::Open);
    assert_eq!(
        close_when_due(&store, "ana").await,
        Closing::Closed {
            count: 2,
            reason: CloseReason::Quiet
        }
    );
}

#[tokio::test]
async fn a_refused_close_puts_the_due_score_back_to_the_deadline() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", SHORT).await;
    let shard = Shard::of(&chat("ana"));
    eventually("it is taken", async || {
        !store
            .take(&Due::Windows, shard, 64)
            .await
            .unwrap()
            .0
            .is_empty()
    })
    .await;
    say(&store, "ana", "b", Duration::from_millis(800)).await;

    close(&store, "ana").await;

    let next = store.look(&Due::Windows).await.unwrap()[shard.index()].unwrap();
    assert!(next <= Duration::from_millis(800), "{next:?}");
}

#[tokio::test]
async fn two_who_take_get_different_windows() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let ids: Vec<_> = (0..2000)
        .map(|n| n.to_string())
        .filter(|id| Shard::of(&chat(id)).index() == 0)
        .collect();
    for id in &ids {
        say(&store, id, "a", SHORT).await;
    }
    let shard = Shard::of(&chat(&ids[0]));
    eventually("all are due", async || {
        store.look(&Due::Windows).await.unwrap()[0] == Some(Duration::ZERO)
    })
    .await;

    let half = ids.len() / 2;
    let (first, second) = tokio::join!(
        store.take(&Due::Windows, shard, half),
        store.take(&Due::Windows, shard, ids.len())
    );

    let mut taken: Vec<_> = first
        .unwrap()
        .0
        .into_iter()
        .chain(second.unwrap().0)
        .collect();
    let all = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken.len(), all);
    assert!(all > half);
}

#[tokio::test]
async fn what_was_taken_and_not_closed_comes_up_again() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", SHORT).await;
    let shard = Shard::of(&chat("ana"));
    eventually("it is taken", async || {
        !store
            .take(&Due::Windows, shard, 64)
            .await
            .unwrap()
            .0
            .is_empty()
    })
    .await;

    let next = store.look(&Due::Windows).await.unwrap()[shard.index()].unwrap();

    assert!(
        next > Duration::from_secs(3) && next <= Duration::from_secs(5),
        "{next:?}"
    );
}

#[tokio::test]
async fn a_flush_closes_at_once() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", LONG).await;

    let closing = store
        .flush(&chat("ana"), &BatchId::generate(), &destinations())
        .await
        .unwrap();

    assert_eq!(
        closing,
        Closing::Closed {
            count: 1,
            reason: CloseReason::Flush
        }
    );
    assert_eq!(batch_texts(&store, "ana").await, ["a"]);
}

#[tokio::test]
async fn a_cancel_drops_the_window_and_nothing_else() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", LONG).await;
    store
        .flush(&chat("ana"), &BatchId::generate(), &destinations())
        .await
        .unwrap();
    say(&store, "ana", "b", LONG).await;
    say(&store, "ana", "c", LONG).await;

    assert_eq!(store.cancel(&chat("ana")).await.unwrap(), 2);

    assert_eq!(store.cancel(&chat("ana")).await.unwrap(), 0);
    assert_eq!(batch_texts(&store, "ana").await, ["a"]);
    assert!(redis.keys("lull:*:timer:*").await.is_empty());
    assert!(redis.keys("lull:*:window:*").await.is_empty());
}

#[tokio::test]
async fn a_closed_window_leaves_only_its_batch() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    say(&store, "ana", "a", SHORT).await;

    close_when_due(&store, "ana").await;

    let mut keys = redis.keys("*").await;
    keys.sort();
    let shard = Shard::of(&chat("ana")).index();
    assert_eq!(
        keys,
        [
            format!("lull:{{{shard:02}}}:due:default"),
            format!("lull:{{{shard:02}}}:lane:default:default:ana")
        ]
    );
}

#[tokio::test]
async fn scripts_survive_a_script_flush() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    redis::cmd("SCRIPT")
        .arg("FLUSH")
        .exec_async(&mut redis.raw().await)
        .await
        .unwrap();

    assert_eq!(say(&store, "ana", "a", LONG).await, 1);
}
