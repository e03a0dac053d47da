//! The marks of lives in the shards: whoever stores something without the right one stores nothing, and lost marks come back.

use lull::core::batch::BatchId;
use lull::core::destination::Target;
use lull::core::life::Life;
use lull::core::when::When;
use lull::spec::BufferSpec;
use lull::store::chats::pausing::Pauser;
use lull::store::config::lives::Living;
use lull::store::config::{Kind, Mode, Written};
use lull::store::keys::Shard;
use lull::store::windows::NewMessage;
use lull::store::windows::closing::Closing;
use lull::store::{Store, StoreError};
use reqwest::Method;
use serde_json::json;

use super::{CLIENTS, loja, name};
use crate::support::system::System;
use crate::support::{LONG, RULES, TestRedis, destinations, eventually, item};

/// A store with the buffer `loja` in its first life, and the destination `bot` in its own.
async fn lives() -> (TestRedis, Store, Life, Target) {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let life = make(&store, Kind::Buffer, "loja").await;
    let bot = Target {
        life: make(&store, Kind::Destination, "bot").await,
        ..Target::whole(name("bot"))
    };
    (redis, store, life, bot)
}

async fn make(store: &Store, kind: Kind, text: &str) -> Life {
    let spec = BufferSpec {
        name: text.to_owned(),
        ..BufferSpec::default()
    };
    let name = name(text);
    let written = store
        .config()
        .write(kind, &name, &spec, Mode::New, None, None);
    match written.await.unwrap() {
        Written::As(version) => Life::since(version),
        other => panic!("{other:?}"),
    }
}

async fn append(store: &Store, life: Life) -> Result<(), StoreError> {
    let said = item("oi");
    let message = NewMessage {
        life,
        ..NewMessage::plain(&said, LONG)
    };
    store
        .windows()
        .append(&loja("ana"), message, &RULES, &destinations())
        .await
        .map(drop)
}

#[tokio::test]
async fn nothing_is_stored_for_what_is_not_alive_by_whichever_way() {
    let (redis, store, life, bot) = lives().await;
    store
        .config()
        .strike(&Living::buffer(&name("loja"), life))
        .await
        .unwrap();
    store.config().strike(&Living::target(&bot)).await.unwrap();
    let (ana, said) = (loja("ana"), item("oi"));
    let targets = [bot.clone()];
    // What was taken in before, and has to go somewhere.
    append(&store, Life::ALWAYS).await.unwrap();
    let keep = async |life| {
        let when = When::In(std::time::Duration::ZERO);
        store.scheduled().keep(&ana, life, "1", &said, when).await
    };
    keep(Life::ALWAYS).await.unwrap();
    let mut before = redis.keys("*").await;
    before.sort();

    let is_gone = |what: &str, answer: Result<(), StoreError>| {
        assert!(
            matches!(answer, Err(StoreError::Gone)),
            "{what}: {answer:?}"
        );
    };
    is_gone("append", append(&store, life).await);
    is_gone("keep", keep(life).await.map(drop));
    let id = BatchId::generate();
    is_gone(
        "flush",
        store.windows().flush(&ana, &id, &targets).await.map(drop),
    );
    let waiting = store
        .scheduled()
        .take_due(Shard::of(&ana), 64)
        .await
        .unwrap()
        .0;
    let [lull::store::scheduled::Waiting::Message(waiting)] = &waiting[..] else {
        panic!("{waiting:?}");
    };
    is_gone(
        "send",
        store
            .scheduled()
            .send(waiting, &id, &targets)
            .await
            .map(drop),
    );
    let kept = lull::store::history::received::Kept::default();
    let queued = store
        .lanes()
        .enqueue(&ana, &id, &said, false, kept, &targets);
    is_gone("enqueue", queued.await.map(drop));
    is_gone(
        "pause",
        store
            .chats()
            .pause(&ana, life, LONG, &Pauser::OwnMessage)
            .await
            .map(drop),
    );

    let mut after = redis.keys("*").await;
    after.sort();
    assert_eq!(after, before);
    // Where it can go it goes.
    let flushed = store
        .windows()
        .flush(&ana, &id, &destinations())
        .await
        .unwrap();
    assert!(matches!(flushed, Closing::Closed { count: 1, .. }));
}

#[tokio::test]
async fn whoever_was_held_up_cannot_bring_back_what_is_over() {
    let (_redis, store, life, _) = lives().await;
    let (first, second) = (
        Living::buffer(&name("loja"), life),
        Living::buffer(&name("loja"), Life::since(life.version() + 9)),
    );
    let shard = Shard::of(&loja("ana"));
    assert!(append(&store, life).await.is_err(), "nobody vouched for it");
    assert_eq!(
        store
            .config()
            .vouch(shard, std::slice::from_ref(&first))
            .await
            .unwrap(),
        []
    );
    append(&store, life).await.unwrap();

    assert!(store.config().strike(&first).await.unwrap());
    let late = store
        .config()
        .vouch(shard, std::slice::from_ref(&first))
        .await
        .unwrap();
    assert_eq!(late, [(first.clone(), life.version())]);
    assert!(append(&store, life).await.is_err());

    assert_eq!(
        store
            .config()
            .vouch(shard, std::slice::from_ref(&second))
            .await
            .unwrap(),
        []
    );
    // Neither the end of the first life nor its beginning changes the second.
    assert!(!store.config().strike(&first).await.unwrap());
    assert!(
        !store
            .config()
            .vouch(shard, &[first])
            .await
            .unwrap()
            .is_empty()
    );
    append(&store, second.life()).await.unwrap();
}

async fn takes_and_delivers(system: &mut System, text: &str) {
    for number in 0..CLIENTS {
        let body = json!({ "user": format!("chat {number}"), "message": text, "ttl": 0.1 });
        let (status, answer) = system.api.post("/api/webhook/loja", body).await;
        assert_eq!(status, 201, "{text}: {answer}");
    }
    let calls = system.default.calls_of(CLIENTS).await;
    assert!(
        calls.values().all(|calls| calls[0].1 == [text]),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_redis_of_which_a_part_or_all_is_lost_heals() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    takes_and_delivers(&mut system, "before").await;

    let mut redis = system.redis.raw().await;
    for key in system.redis.keys("lull:*:alive").await {
        redis::cmd("DEL")
            .arg(key)
            .exec_async(&mut redis)
            .await
            .unwrap();
    }
    takes_and_delivers(&mut system, "marks lost").await;

    // As a copy that is older than its shards leaves it.
    for key in system.redis.keys("lull:*:alive").await {
        let mut ahead = redis::cmd("HSET");
        ahead.arg(key).arg("buffer:loja").arg("-70");
        ahead.exec_async(&mut redis).await.unwrap();
    }
    takes_and_delivers(&mut system, "marks ahead").await;

    redis::cmd("DEL")
        .arg("lull:{config}:lives")
        .exec_async(&mut redis)
        .await
        .unwrap();
    // As an older Lull writes: its buffers have no lives.
    let (status, _) = system
        .put(
            "/api/destinations/other",
            json!({ "url": "http://127.0.0.1:9/" }),
        )
        .await;
    assert_eq!(status, 200);
    takes_and_delivers(&mut system, "lives lost").await;

    redis::cmd("FLUSHALL").exec_async(&mut redis).await.unwrap();
    eventually("the buffer is gone", async || {
        let body = json!({ "user": "ana", "message": "oi" });
        system.api.post("/api/webhook/loja", body).await.0 == 404
    })
    .await;
    system.put("/api/buffers/loja", json!({})).await;
    takes_and_delivers(&mut system, "all lost").await;
    assert_eq!(
        system
            .api
            .request(Method::GET, "/api/buffers/loja", None)
            .await
            .0,
        200
    );
}
