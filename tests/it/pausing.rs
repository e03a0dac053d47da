//! Chats that are left alone while one of our own people talks there.

use lull::store::chats::pausing::Pauser;
use std::time::Duration;

use lull::core::chat::{Chat, Name};
use lull::core::life::Life;
use lull::core::window::{FirstWait, WindowRules};
use lull::store::windows::closing::Closing;
use lull::store::windows::{NewMessage, Taken};
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::window_store::WindowStore;
use crate::support::{
    Daemon, LONG, RETENTION, RULES, SHORT, TestRedis, chat, eventually, item, say,
};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_pause_drops_the_open_window_and_nothing_that_is_on_its_way() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", LONG).await;
    buffer.close_now().await;
    buffer.say("b", LONG).await;
    buffer.say("c", LONG).await;

    assert_eq!(
        buffer
            .store
            .chats()
            .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
            .await
            .unwrap(),
        2
    );

    assert_eq!(buffer.close().await, Closing::NoWindow);
    assert_eq!(buffer.batch().await, ["a"]);
    assert!(buffer.redis.keys("lull:*:timer:*").await.is_empty());
    assert!(buffer.redis.keys("lull:*:due").await.is_empty());
}

#[tokio::test]
async fn what_is_said_during_a_pause_is_not_stored_and_the_answer_says_so() {
    let buffer = WindowStore::with(RULES).await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    let appended = buffer.say("a", LONG).await;

    assert_eq!((appended.taken, appended.count), (Taken::Paused, 0));
    assert!(appended.left > LONG && appended.left <= HOUR);
    assert!(buffer.redis.keys("lull:*:window:*").await.is_empty());
    assert!(buffer.redis.keys("lull:*:due").await.is_empty());
}

#[tokio::test]
async fn a_typing_signal_during_a_pause_opens_nothing() {
    let buffer = WindowStore::with(RULES).await;
    buffer.say("a", LONG).await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    let held = buffer
        .store
        .windows()
        .hold(&chat("ana"), Some(LONG))
        .await
        .unwrap();

    assert_eq!(held, None);
}

#[tokio::test]
async fn a_message_of_a_pause_does_not_come_back_when_it_is_posted_again_later() {
    let buffer = WindowStore::with(RULES).await;
    let said = item("a");
    let message = NewMessage {
        id: Some("3EB0"),
        ..NewMessage::plain(&said, LONG)
    };
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();
    buffer.append(message).await;
    buffer.store.chats().resume(&chat("ana")).await.unwrap();

    let again = buffer.append(message).await;

    assert_eq!(again.taken, Taken::Duplicate);
}

#[tokio::test]
async fn who_spoke_during_a_pause_has_not_just_turned_up_after_it() {
    let buffer = WindowStore::with(WindowRules {
        first: Some(FirstWait {
            wait: Duration::ZERO,
            after: HOUR,
        }),
        ..RULES
    })
    .await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();
    buffer.say("thank you", LONG).await;
    buffer.store.chats().resume(&chat("ana")).await.unwrap();

    let next = buffer.say("one more thing", LONG).await;

    assert!(next.left > Duration::from_secs(5), "{next:?}");
}

#[tokio::test]
async fn a_resumed_chat_is_gathered_again() {
    let buffer = WindowStore::with(RULES).await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    assert!(buffer.store.chats().resume(&chat("ana")).await.unwrap());

    assert!(!buffer.store.chats().resume(&chat("ana")).await.unwrap());
    assert_eq!(buffer.say("a", LONG).await.taken, Taken::Appended);
}

#[tokio::test]
async fn a_pause_ends_by_itself() {
    let buffer = WindowStore::with(RULES).await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, SHORT, &Pauser::OwnMessage)
        .await
        .unwrap();

    eventually("the pause is over", async || {
        buffer
            .store
            .chats()
            .paused(&chat("ana"))
            .await
            .unwrap()
            .is_none()
    })
    .await;

    assert_eq!(buffer.say("a", LONG).await.taken, Taken::Appended);
    assert!(!buffer.store.chats().resume(&chat("ana")).await.unwrap());
}

#[tokio::test]
async fn a_pause_that_is_over_is_tidied_away_even_if_nothing_is_said() {
    let buffer = WindowStore::with(RULES).await;
    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();
    buffer
        .store
        .chats()
        .pause(&chat("eva"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();
    buffer.store.history().trim(&RETENTION).await.unwrap();
    assert_eq!(buffer.redis.keys("lull:*:paused").await.len(), 2);

    for id in ["ana", "eva"] {
        buffer.store.chats().resume(&chat(id)).await.unwrap();
        buffer
            .store
            .chats()
            .pause(&chat(id), Life::ALWAYS, SHORT, &Pauser::OwnMessage)
            .await
            .unwrap();
    }

    eventually("they are gone", async || {
        buffer.store.history().trim(&RETENTION).await.unwrap();
        buffer.redis.keys("lull:*:paused").await.is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_pause_may_be_renewed_and_is_never_shortened() {
    let buffer = WindowStore::with(RULES).await;
    let ana = chat("ana");
    buffer
        .store
        .chats()
        .pause(&ana, Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    buffer
        .store
        .chats()
        .pause(&ana, Life::ALWAYS, LONG, &Pauser::OwnMessage)
        .await
        .unwrap();
    let kept = buffer.store.chats().paused(&ana).await.unwrap().unwrap();
    buffer
        .store
        .chats()
        .pause(&ana, Life::ALWAYS, 2 * HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();
    let renewed = buffer.store.chats().paused(&ana).await.unwrap().unwrap();

    assert!(kept > LONG && kept <= HOUR, "{kept:?}");
    assert!(renewed > HOUR, "{renewed:?}");
}

#[tokio::test]
async fn a_pause_leaves_every_other_chat_as_it_is() {
    let buffer = WindowStore::with(RULES).await;
    let same_id = Chat {
        buffer: Name::parse("other").unwrap(),
        ..chat("ana")
    };
    say(&buffer.store, "eva", "a", LONG).await;

    buffer
        .store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    assert_eq!(say(&buffer.store, "eva", "b", LONG).await, 2);
    assert_eq!(
        buffer.store.chats().paused(&chat("eva")).await.unwrap(),
        None
    );
    assert_eq!(buffer.store.chats().paused(&same_id).await.unwrap(), None);
}

#[tokio::test]
async fn the_api_tells_that_a_chat_is_paused_and_counts_what_it_drops() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let store = redis.store().await;
    store
        .chats()
        .pause(&chat("ana"), Life::ALWAYS, HOUR, &Pauser::OwnMessage)
        .await
        .unwrap();

    let (status, mut answer) = api
        .post("/api/message", json!({"user": "ana", "message": "oi"}))
        .await;

    let left = answer["expires_in"].take().as_f64().unwrap();
    assert!(left > 3500.0 && left <= 3600.0, "{left}");
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "The chat is paused, dropped",
            "user": "ana",
            "buffered": 0,
            "expires_in": null,
            "paused": true,
        })
    );
    let dropped = r#"lull_messages_dropped_total{reason="paused"}"#;
    assert_eq!(api.metric(dropped).await, 1.0);
}

#[tokio::test]
async fn an_operator_pauses_a_chat_of_any_buffer_and_resumes_it() {
    let buffer = json!({"name": "loja", "window": {"wait": 60}});
    let system = System::with(&[buffer]).await;
    let say = async || {
        let body = json!({"user": "ana", "message": "oi"});
        system.api.post("/api/buffers/loja/messages", body).await.1
    };
    say().await;

    let (status, paused) = system
        .api
        .post("/api/chats/ana/pause?buffer=loja", json!({"for": 60}))
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        paused,
        json!({
            "success": true, "message": "Chat paused, its window is dropped", "user": "ana", "buffer": "loja",
            "messages": 1, "paused_for": 60.0,
        })
    );
    assert_eq!(say().await["paused"], true);
    let resume = "/api/chats/ana/resume?buffer=loja";
    assert_eq!(
        system.api.post(resume, json!({})).await.1["message"],
        "Chat resumed"
    );
    let (_, again) = system.api.post(resume, json!({})).await;
    assert_eq!(again["message"], "The chat was not paused");
    assert_eq!(say().await["buffered"], 1);
}

#[tokio::test]
async fn a_pause_lasts_an_hour_unless_told_and_at_most_a_year() {
    let system = System::with(&[]).await;
    let pause = async |path: &str, body: Value| system.api.post(path, body).await;

    let (_, hour) = pause("/api/chats/ana/pause", json!({})).await;
    assert_eq!(hour["paused_for"], 3600.0);
    let (status, _) = pause("/api/chats/ana/pause", json!({"for": 31_536_001})).await;
    assert_eq!(status, 400);
    let (status, _) = pause("/api/chats/ana/pause?buffer=nobody", json!({})).await;
    assert_eq!(status, 404);
}
