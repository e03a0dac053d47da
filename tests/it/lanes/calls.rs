//! How calls to destinations go, as several monitors note it.

use std::time::Duration;

use lull::core::chat::Name;
use lull::store::Store;
use lull::store::lanes::calls::{Calls, Seen};

use crate::support::TestRedis;

fn bot() -> Name {
    Name::parse("bot").unwrap()
}

fn success(secs: u64) -> Seen {
    Seen {
        success: Some(Duration::from_secs(secs)),
        ..Seen::default()
    }
}

fn failure(secs: u64, first: u64, summary: &str) -> Seen {
    Seen {
        failure: Some(Duration::from_secs(secs)),
        first_failure: Some(Duration::from_secs(first)),
        status: Some(503),
        summary: summary.to_owned(),
        ..Seen::default()
    }
}

/// What is known after several have noted something.
async fn noted(store: &Store, seen: &[Seen]) -> Calls {
    for seen in seen {
        let lanes = store.lanes();
        lanes.note_calls(&[(bot(), seen.clone())]).await.unwrap();
    }
    store.lanes().calls().await.unwrap()[&bot()].clone()
}

#[tokio::test]
async fn of_what_several_saw_the_newest_counts_whoever_tells_it_first() {
    for turned in [false, true] {
        let redis = TestRedis::start().await;
        let store = redis.store().await;
        let mut seen = [
            success(50),
            failure(20, 40, "HTTP 503"),
            failure(30, 30, "x"),
        ];
        if turned {
            seen.reverse();
        }

        let calls = noted(&store, &seen).await;

        assert_eq!(calls.summary, "HTTP 503");
        let (failed, worked) = (calls.failure.unwrap(), calls.success.unwrap());
        assert!((29_000..31_000).contains(&(failed - worked)), "{calls:?}");
        let since = calls.failing_since.unwrap();
        assert!(since > worked && since <= failed, "{calls:?}");

        let calls = noted(&store, &[success(10)]).await;
        assert_eq!(calls.failing_since, None);
        assert_eq!(calls.failure, Some(failed), "it is still told");

        // Whatever is told late changes nothing.
        let late = noted(&store, &[success(15), failure(25, 25, "late")]).await;
        assert_eq!((late.failing_since, &*late.summary), (None, "HTTP 503"));
    }
}

#[tokio::test]
async fn one_is_down_as_long_as_some_monitor_says_so() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let says = |down| Seen {
        down,
        ..failure(1, 1, "no answer")
    };

    assert!(noted(&store, &[says(Some(true))]).await.down);
    assert!(noted(&store, &[says(None)]).await.down, "nothing new");
    assert!(!noted(&store, &[says(Some(false))]).await.down);
}

#[tokio::test]
async fn what_is_gone_is_forgotten() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let gone = Name::parse("gone").unwrap();
    let both = [(bot(), success(1)), (gone, success(1))];
    store.lanes().note_calls(&both).await.unwrap();

    let bot = bot();
    store
        .lanes()
        .forget_calls(|name| *name == bot)
        .await
        .unwrap();

    let known: Vec<_> = store.lanes().calls().await.unwrap().into_keys().collect();
    assert_eq!(known, [bot]);
}
