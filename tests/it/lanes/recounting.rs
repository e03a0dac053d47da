//! What waits is counted anew while more comes and goes: no count stays behind.

use std::time::Duration;

use futures_util::future::join_all;
use lull::core::life::Life;
use lull::core::when::When;
use lull::store::Store;
use lull::store::lanes::Verdict;
use lull::store::windows::NewMessage;
use lull::store::work::Kind;

use super::{batch, lease, settle};
use crate::support::{LONG, RULES, TestRedis, chat, destinations, item};

const ROUNDS: usize = 200;

/// A window that opens and is dropped, a batch that is made and delivered, a message that is kept and taken back.
async fn come_and_go(store: &Store) {
    let (ana, said, to) = (chat("ana"), item("oi"), destinations());
    for _ in 0..ROUNDS {
        let message = NewMessage::plain(&said, LONG);
        let appended = store.windows().append(&ana, message, &RULES, &to);
        appended.await.unwrap();
        store.windows().cancel(&ana).await.unwrap();
        batch(store, "eva", "a").await;
        let leased = lease(store, "eva").await.unwrap();
        settle(store, &leased, &Verdict::Drop).await;
        let when = When::In(Duration::from_secs(60));
        let kept = store.scheduled().keep(&ana, Life::ALWAYS, "1", &said, when);
        kept.await.unwrap();
        assert!(store.scheduled().cancel(&ana, "1").await.unwrap());
    }
}

#[tokio::test]
async fn no_count_of_what_is_gone_is_left_however_often_it_is_counted_anew() {
    let redis = TestRedis::start().await;
    let (store, other) = (redis.store().await, redis.store().await);

    // Several, so that some look at the very moment.
    let counting = (0..4).map(|_| async {
        loop {
            other.held().recount().await.unwrap();
        }
    });
    tokio::select! {
        () = come_and_go(&store) => {}
        _ = join_all(counting) => {}
    }

    for kind in Kind::ALL {
        let held = store.held().sum(kind, &[]).await.unwrap();
        assert_eq!((held.count, held.bytes), (0, 0), "{kind:?}");
    }
}
