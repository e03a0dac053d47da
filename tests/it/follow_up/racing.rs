//! What is said, taken back and settled at one moment: a follow-up goes out to nobody who has written.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::Name;
use lull::core::life::Life;
use lull::core::when::When;
use lull::core::window::WindowRules;
use lull::store::Store;
use lull::store::chats::pausing::Pauser;
use lull::store::lanes::{Lease, Settled, Verdict};
use lull::store::scheduled::FollowUpPlan;
use lull::store::windows::NewMessage;

use crate::support::{LEASES, LONG, RETENTION, RULES, TestRedis, destinations, item, lane};

/// The lane of a chat, one batch of which is leased, under rules of a buffer with follow-ups.
async fn leased(store: &Store) -> Lease {
    append(store).await;
    let chat = &lane("ana").chat;
    store
        .windows()
        .flush(chat, &BatchId::generate(), &destinations())
        .await
        .unwrap();
    store
        .lanes()
        .lease(&lane("ana"), LEASES)
        .await
        .unwrap()
        .unwrap()
}

async fn append(store: &Store) {
    let rules = WindowRules {
        followed_up: true,
        ..RULES
    };
    let said = item("oi");
    let message = NewMessage::plain(&said, LONG);
    store
        .windows()
        .append(&lane("ana").chat, message, &rules, &destinations())
        .await
        .unwrap();
}

async fn settle(store: &Store, lease: &Lease) -> Settled {
    let plan = FollowUpPlan {
        after: LONG,
        number: 1,
        came: 1,
        item: item("oi"),
        life: Life::ALWAYS,
    };
    let verdict = Verdict::DropAndFollowUp { plan };
    store
        .lanes()
        .settle(lease, &verdict, None, &RETENTION)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_said_while_a_batch_is_on_its_way_leaves_nothing_to_follow_up() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let first = leased(&store).await;
    append(&store).await;

    settle(&store, &first).await;
    assert_eq!(store.follow_ups().find(chat).await.unwrap(), None);

    let second = leased(&store).await;
    settle(&store, &second).await;
    assert!(store.follow_ups().find(chat).await.unwrap().is_some());

    let third = leased(&store).await;
    store
        .chats()
        .pause(chat, Life::ALWAYS, LONG, &Pauser::OwnMessage)
        .await
        .unwrap();
    settle(&store, &third).await;
    assert_eq!(store.follow_ups().find(chat).await.unwrap(), None);
}

#[tokio::test]
async fn only_one_monitor_sends_it_and_none_what_was_taken_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let [to] = destinations();
    settle(&store, &leased(&store).await).await;
    let waiting = store.follow_ups().find(chat).await.unwrap().unwrap();
    let send = async |waiting| {
        let sent = store.follow_ups().send(chat, Life::ALWAYS, waiting, &to);
        sent.await.unwrap()
    };

    assert!(
        store
            .follow_ups()
            .put_off(chat, Life::ALWAYS, waiting, &to, 7)
            .await
            .unwrap()
    );
    assert!(!send(waiting).await);
    let moved = store.follow_ups().find(chat).await.unwrap().unwrap();
    assert!(send(moved).await);
    assert!(!send(moved).await);
    assert_eq!(store.lanes().count_to(&to.name).await.unwrap(), 1);

    let sent = store
        .lanes()
        .lease(&lane("ana"), LEASES)
        .await
        .unwrap()
        .unwrap();
    settle(&store, &sent).await;
    let waiting = store.follow_ups().find(chat).await.unwrap().unwrap();
    append(&store).await;
    assert!(!send(waiting).await);
    assert_eq!(store.lanes().count_to(&to.name).await.unwrap(), 0);
}

/// So many that some of them happen within one millisecond.
const ROUNDS: usize = 200;

#[tokio::test]
async fn what_is_said_is_told_from_what_was_said_before_within_one_millisecond() {
    let redis = TestRedis::start_with(&["--appendonly", "no"]).await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let close = async || {
        let to = destinations();
        let closing = store.windows().flush(chat, &BatchId::generate(), &to).await;
        closing.unwrap();
    };
    let deliver = async || {
        let lease = store
            .lanes()
            .lease(&lane("ana"), LEASES)
            .await
            .unwrap()
            .unwrap();
        settle(&store, &lease).await;
        store.follow_ups().find(chat).await.unwrap()
    };
    for _ in 0..ROUNDS {
        append(&store).await;
        close().await;
        append(&store).await;
        let lease = store
            .lanes()
            .lease(&lane("ana"), LEASES)
            .await
            .unwrap()
            .unwrap();
        settle(&store, &lease).await;
        assert_eq!(
            store.follow_ups().find(chat).await.unwrap(),
            None,
            "it was answered"
        );
        append(&store).await;
        close().await;
        let waiting = deliver().await.unwrap();

        let [to] = destinations();
        let sent = store.follow_ups().send(chat, Life::ALWAYS, waiting, &to);
        assert!(sent.await.unwrap());
        append(&store).await;
        assert_eq!(deliver().await, None, "the follow-up was answered");
        store.windows().cancel(chat).await.unwrap();
        let now = When::In(Duration::ZERO);
        let (id, said) = (BatchId::generate(), item("oi"));
        let kept = store
            .scheduled()
            .keep(chat, Life::ALWAYS, id.as_str(), &said, now);
        kept.await.unwrap();
        let name = Name::default_name();
        store
            .scheduled()
            .send_all(&name, &destinations(), None)
            .await
            .unwrap();
        append(&store).await;
        assert_eq!(deliver().await, None, "a message for later was answered");
        store.windows().cancel(chat).await.unwrap();
    }
}
