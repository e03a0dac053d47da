//! Lives: whether a buffer or destination is there is decided where something is stored for it. So a daemon that was held
//! up stores nothing for what is gone by now, nor for another of its name.

use futures_util::future::join_all;
use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Name};
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
use nix::sys::signal::Signal;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{
    DEADLINE, Daemon, LONG, RULES, Receiver, SHORT, TestRedis, destinations, eventually, item,
};

/// How many clients post to an api that stands still.
const CLIENTS: usize = 20;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn loja(user: &str) -> Chat {
    Chat::new(name("loja"), ChatId::parse(user).unwrap())
}

/// A post that waits for an api that stands still.
type Post = tokio::task::JoinHandle<Response>;

/// Messages that wait for an api that stands still, a chat each, and what they are answered.
fn messages(api: &Daemon, more: &Value) -> Vec<Post> {
    posts(api, |number| {
        let mut body = json!({ "user": format!("chat {number}"), "message": "oi", "ttl": 0.2 });
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        ("/api/webhook/loja".to_owned(), body)
    })
}

/// Posts to these paths with these bodies.
fn posts(api: &Daemon, post: impl Fn(usize) -> (String, Value)) -> Vec<Post> {
    let post = |number: usize| {
        let (path, body) = post(number);
        let request = api.client().post(api.url(&path));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string())
            .timeout(DEADLINE);
        tokio::spawn(async move { request.send().await.unwrap() })
    };
    (0..CLIENTS).map(post).collect()
}

async fn statuses(posts: Vec<Post>) -> Vec<u16> {
    let answers = join_all(posts).await.into_iter();
    answers
        .map(|answer| answer.unwrap().status().as_u16())
        .collect()
}

/// An api that knows the buffer `loja` and then stands still, with messages that wait for it.
async fn held_up(system: &System, more: &Value) -> (Daemon, Vec<Post>) {
    let api = standing_still(system).await;
    let posts = messages(&api, more);
    (api, posts)
}

/// An api that knows the buffer `loja` and then stands still.
async fn standing_still(system: &System) -> Daemon {
    let api = Daemon::api(&system.redis).await;
    system.buffer("loja", &["default"]).await;
    eventually("the other api knows it", async || {
        api.get("/api/buffers/loja").await.0 == 200
    })
    .await;
    api.signal(Signal::SIGSTOP);
    api
}

/// Nothing of the buffer is left anywhere that it could wait for ever.
async fn nothing_is_stranded(system: &System) {
    assert_eq!(
        system
            .store
            .windows()
            .count_in(&name("loja"))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        system
            .store
            .scheduled()
            .count_in(&name("loja"))
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn an_api_that_stood_still_takes_nothing_for_a_buffer_that_is_gone() {
    for more in [json!({}), json!({ "delay": 3600 })] {
        let system = System::open().await;
        let (api, posts) = held_up(&system, &more).await;

        let (status, answer) = system.delete("/api/buffers/loja?drain=true").await;
        assert_eq!(status, 200, "{answer}");
        api.signal(Signal::SIGCONT);

        assert_eq!(statuses(posts).await, [404; CLIENTS], "{more}");
        nothing_is_stranded(&system).await;
    }
}

#[tokio::test]
async fn an_api_that_stood_still_pauses_no_chat_of_a_buffer_that_is_gone() {
    let system = System::open().await;
    let api = standing_still(&system).await;
    let pauses = posts(&api, |number| {
        let path = format!("/api/chats/{number}/pause?buffer=loja");
        (path, json!({}))
    });

    let (status, answer) = system.delete("/api/buffers/loja").await;
    assert_eq!(status, 200, "{answer}");
    api.signal(Signal::SIGCONT);

    assert_eq!(statuses(pauses).await, [404; CLIENTS]);
    assert_eq!(system.store.chats().count_paused().await.unwrap(), 0);
}

#[tokio::test]
async fn an_api_that_stood_still_takes_what_comes_for_another_of_its_name_by_the_rules_of_that() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    let (api, posts) = held_up(&system, &json!({})).await;

    system.delete("/api/buffers/loja?drain=true").await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot"]).await;
    api.signal(Signal::SIGCONT);

    assert_eq!(statuses(posts).await, [201; CLIENTS]);
    bot.calls_of(CLIENTS).await;
    assert!(system.default.calls_so_far().is_empty());
    nothing_is_stranded(&system).await;
}

#[tokio::test]
async fn a_monitor_that_stood_still_puts_nothing_on_lanes_of_a_destination_that_is_gone() {
    let mut system = System::open().await;
    let bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot"]).await;
    for number in 0..CLIENTS {
        system
            .say("loja", &format!("chat {number}"), "oi", SHORT * 500)
            .await;
    }
    // It has known the destination for long, and hears nothing of what happens now.
    system.monitor.signal(Signal::SIGSTOP);
    let spec = json!({ "destinations": ["default"] });
    system.put("/api/buffers/loja", spec).await;
    let (status, answer) = system.delete("/api/destinations/bot").await;
    assert_eq!(status, 200, "{answer}");
    system.monitor.signal(Signal::SIGCONT);

    system.default.calls_of(CLIENTS).await;
    assert!(system.redis.keys("lull:*bot*").await.is_empty());
}

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
