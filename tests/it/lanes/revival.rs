//! Dead letters put back on their lanes.

use lull::domain::whose::Whose;
use lull::store::lanes::Verdict;

use super::{DONE_AND_MORE, batch, buried, lease, letters, settle};
use crate::support::{TestRedis, chat, texts};

#[tokio::test]
async fn a_revived_batch_comes_first_and_alone_under_its_old_id() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let dead = buried(&store, "ana", "a").await;
    batch(&store, "ana", "b").await;
    let id = letters(&store).await[0].id;

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
    let dead = buried(&store, "ana", "a").await;
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
        buried(&store, id, text).await;
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
