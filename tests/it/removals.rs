//! Removals: a state that ends as it was asked for, whoever dies on the way.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Lane, Name};
use lull::core::life::{Asked, Life};
use lull::core::window::WindowRules;
use lull::store::audit::By;
use lull::store::config::Kind;
use lull::store::config::removals::{Begun, Removal};
use lull::store::config::removing::Outcome;
use lull::store::lanes::{Settled, Verdict};
use lull::store::scheduled::FollowUpPlan;
use lull::store::windows::NewMessage;
use lull::store::{Store, StoreError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{
    Answer, Daemon, LEASES, LONG, RETENTION, RULES, Receiver, SHORT, destinations, eventually, item,
};

/// More windows than an api closes before it can be killed.
const MANY: usize = 400;

fn loja() -> Name {
    Name::parse("loja").unwrap()
}

/// The first step of a removal, after which whoever was asked has died.
async fn begin(store: &Store, kind: Kind, name: &str, asked: Asked) -> Removal {
    let name = Name::parse(name).unwrap();
    let by = By {
        actor: Some("ops".to_owned()),
        address: None,
    };
    let begun = store
        .config()
        .begin_removal(kind, &name, asked, &by, None, None);
    match begun.await.unwrap() {
        Begun::Removal(removal) => removal,
        other => panic!("{other:?}"),
    }
}

/// A buffer that follows up, with a description, so that it can be told whether it is what it was.
async fn followed_up(system: &System) -> Value {
    let spec = json!({
        "description": "as it was",
        "follow_up": { "after": 3600, "destination": "default" },
    });
    system.buffer_of("loja", spec).await;
    system.api.get("/api/buffers/loja").await.1
}

/// Kills the api that was asked to remove, as soon as that is under way.
async fn killed_on_the_way(system: &System, path: &str) {
    let mut api = Daemon::api(&system.redis).await;
    let request = api.client().delete(api.url(path));
    let asked = tokio::spawn(async move { request.send().await.map(drop) });
    eventually("the removal is under way", async || {
        let state: Option<String> = redis::cmd("HGET")
            .arg("lull:{config}:lives")
            .arg("buffer:loja")
            .query_async(&mut system.redis.raw().await)
            .await
            .unwrap();
        state.is_none_or(|state| state.contains("removing"))
    })
    .await;
    api.kill();
    let _ = asked.await.unwrap();
}

#[tokio::test]
async fn a_drain_whose_api_is_killed_is_finished_by_others() {
    let mut system = System::open().await;
    followed_up(&system).await;
    for number in 0..MANY {
        system
            .say("loja", &format!("chat {number}"), "oi", LONG * 10)
            .await;
    }

    killed_on_the_way(&system, "/api/buffers/loja?drain=true").await;

    eventually("it is gone", async || {
        system.api.get("/api/buffers/loja").await.0 == 404
    })
    .await;
    assert_eq!(system.store.windows().count_in(&loja()).await.unwrap(), 0);
    let calls = system.default.calls_of(MANY).await;
    assert!(calls.values().all(|calls| calls.len() == 1), "{calls:?}");
}

#[tokio::test]
async fn a_discard_whose_api_is_killed_is_finished_by_others() {
    let mut system = System::open().await;
    followed_up(&system).await;
    for number in 0..MANY {
        system
            .say("loja", &format!("chat {number}"), "oi", LONG * 10)
            .await;
    }

    killed_on_the_way(&system, "/api/buffers/loja?discard=true").await;

    eventually("it is gone", async || {
        system.api.get("/api/buffers/loja").await.0 == 404
    })
    .await;
    assert_eq!(system.store.windows().count_in(&loja()).await.unwrap(), 0);
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_buffer_that_was_to_go_only_if_it_is_empty_stays_as_it_was() {
    let mut system = System::open().await;
    let before = followed_up(&system).await;
    system.say("loja", "ana", "oi", LONG).await;

    begin(&system.store, Kind::Buffer, "loja", Asked::Empty).await;

    eventually("it is being removed", async || {
        let (_, shown) = system.api.get("/api/buffers/loja").await;
        shown["removing"]["asked"] == "empty"
    })
    .await;
    eventually("it stays", async || {
        system.api.get("/api/buffers/loja").await.1 == before
    })
    .await;
    let body = json!({ "user": "bia", "message": "oi", "ttl": 0.1 });
    let (status, answer) = system.api.post("/api/webhook/loja", body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(system.default.call().await.user(), "bia");
}

#[tokio::test]
async fn while_a_buffer_is_being_removed_it_says_so_and_takes_nothing() {
    let system = System::open().await;
    system.buffer("loja", &["default"]).await;

    begin(&system.store, Kind::Buffer, "loja", Asked::Empty).await;

    eventually("it says so in the list", async || {
        let (_, all) = system.api.get("/api/buffers").await;
        let all = all["items"].as_array().unwrap();
        let shown = all.iter().find(|shown| shown["name"] == "loja");
        shown.is_some_and(|shown| shown["removing"]["since"].is_string())
    })
    .await;
    let said = json!({ "user": "ana", "message": "oi" });
    let post = system
        .api
        .refused(Method::POST, "/api/webhook/loja", Some(said))
        .await;
    assert_eq!((post.status.as_u16(), &*post.code), (404, "no_such_buffer"));
    assert!(post.error.contains("is being removed"), "{post:?}");
    let put = system
        .api
        .refused(Method::PUT, "/api/buffers/loja", Some(json!({})))
        .await;
    assert_eq!(put.status, 409);
    assert!(put.error.contains("is being removed"), "{put:?}");
    eventually("it is gone", async || {
        system.api.get("/api/buffers/loja").await.0 == 404
    })
    .await;
    let (_, audit) = system.api.get("/api/audit").await;
    let act = &audit["items"][0];
    assert_eq!(
        (&act["action"], &act["actor"]),
        (&json!("buffer.remove"), &json!("ops"))
    );
}

/// A destination with a batch that it does not take, which nobody delivers to any more.
async fn refusing(system: &System) -> Receiver {
    let mut bot = Receiver::answering(&[], Answer::Full(503, "retry-after: 1\r\n", "")).await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot"]).await;
    system.say("loja", "ana", "oi", SHORT).await;
    bot.call().await;
    system.buffer("loja", &["default"]).await;
    bot
}

#[tokio::test]
async fn a_destination_that_drains_goes_by_itself_when_its_last_batch_is_delivered() {
    let system = System::open().await;
    let mut bot = refusing(&system).await;
    let mut api = Daemon::api(&system.redis).await;
    let drain = api
        .client()
        .delete(api.url("/api/destinations/bot?drain=true"));
    let asked = tokio::spawn(async move { drain.send().await.map(drop) });

    eventually("it says that it is being drained", async || {
        let (_, shown) = system.api.get("/api/destinations/bot").await;
        shown["removing"]["asked"] == "drain"
    })
    .await;
    api.kill();
    let _ = asked.await.unwrap();
    let named = system
        .api
        .refused(
            Method::PUT,
            "/api/buffers/other",
            Some(json!({ "destinations": ["bot"] })),
        )
        .await;
    assert_eq!(named.status, 400);
    assert!(named.error.contains("being removed"), "{named:?}");
    bot.answer(Answer::Status(200));

    eventually("it is gone", async || {
        system.api.get("/api/destinations/bot").await.0 == 404
    })
    .await;
    assert_eq!(bot.call().await.messages(), ["oi"]);
    assert!(system.redis.keys("lull:*bot*").await.is_empty());
}

#[tokio::test]
async fn a_drain_that_cannot_end_can_be_made_a_discard() {
    let system = System::open().await;
    let _bot = refusing(&system).await;
    begin(&system.store, Kind::Destination, "bot", Asked::Drain).await;

    let (status, answer) = system.delete("/api/destinations/bot?discard=true").await;

    assert_eq!(
        (status.as_u16(), &answer["batches"]),
        (200, &json!(1)),
        "{answer}"
    );
    assert_eq!(system.api.get("/api/destinations/bot").await.0, 404);
}

#[tokio::test]
async fn a_destination_that_drains_stays_with_what_waits_for_it_when_it_is_put_again() {
    let system = System::open().await;
    let mut bot = refusing(&system).await;
    let drain = system.api.client();
    let drain = drain.delete(system.api.url("/api/destinations/bot?drain=true"));
    let asked = tokio::spawn(async move { drain.send().await.unwrap() });
    let shown = async || system.api.get("/api/destinations/bot").await.1;
    eventually("it is being drained", async || {
        shown().await["removing"]["asked"] == "drain"
    })
    .await;

    // As it is shown; what it is not part of is passed over.
    let (status, answer) = system.put("/api/destinations/bot", shown().await).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer.get("removing"), None);
    assert_eq!(asked.await.unwrap().status(), 409);
    bot.answer(Answer::Status(200));
    assert_eq!(bot.call().await.messages(), ["oi"]);
    // It can be delivered to again.
    system.buffer("loja", &["bot"]).await;
    system.say("loja", "bia", "oi", SHORT).await;
    assert_eq!(bot.call().await.user(), "bia");
    assert_eq!(shown().await["name"], "bot");
    let (_, audit) = system.api.get("/api/audit?action=destination.keep").await;
    assert_eq!(audit["items"][0]["subject"], "bot");
    let (_, audit) = system.api.get("/api/audit?action=destination.remove").await;
    assert_eq!(audit["items"], json!([]));
}

#[tokio::test]
async fn a_buffer_that_drains_takes_messages_again_when_it_is_put_again() {
    let mut system = System::open().await;
    let before = followed_up(&system).await;
    system.say("loja", "ana", "oi", LONG).await;
    let removal = begin(&system.store, Kind::Buffer, "loja", Asked::Drain).await;

    let (status, after) = system.put("/api/buffers/loja", before.clone()).await;

    assert_eq!(status, 200, "{after}");
    for field in ["description", "follow_up", "destinations"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    // Whoever was held up in the removal ends nothing.
    let to = destinations();
    let name = loja();
    let late = system
        .store
        .config()
        .carry_out(Kind::Buffer, &name, &removal, &to)
        .await;
    assert_eq!(late.unwrap(), Outcome::ByAnother);
    let body = json!({ "user": "bia", "message": "oi", "ttl": 0.1 });
    let (status, answer) = system.api.post("/api/webhook/loja", body).await;
    assert_eq!(status, 201, "{answer}");
    let call = system.default.call().await;
    assert_eq!(call.user(), "bia", "that of ana is still open");
    assert_eq!(system.api.get("/api/buffers/loja").await.0, 200);
}

#[tokio::test]
async fn what_is_being_dropped_cannot_be_called_off() {
    let system = System::open().await;
    let _bot = refusing(&system).await;
    begin(&system.store, Kind::Destination, "bot", Asked::Discard).await;

    let spec = json!({ "url": "http://127.0.0.1:9/" });
    let put = system
        .api
        .refused(Method::PUT, "/api/destinations/bot", Some(spec))
        .await;

    assert_eq!(put.status, 409);
    assert!(put.error.contains("is being removed"), "{put:?}");
}

#[tokio::test]
async fn a_schedule_says_that_it_is_being_removed() {
    let system = System::open().await;
    let spec = json!({ "cron": "0 5 * * *", "url": "http://127.0.0.1:9/" });
    let (status, answer) = system.put("/api/schedules/report", spec).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer.get("removing"), None);

    begin(&system.store, Kind::Schedule, "report", Asked::Discard).await;

    let (status, shown) = system.api.get("/api/schedules/report").await;
    assert_eq!(
        (status.as_u16(), &shown["removing"]["asked"]),
        (200, &json!("discard")),
        "{shown}"
    );
    let (_, all) = system.api.get("/api/schedules").await;
    assert!(all[0]["removing"]["since"].is_string(), "{all}");
}

#[tokio::test]
async fn a_schedule_whose_removal_is_killed_goes_all_the_same() {
    let system = System::open().await;
    let spec = json!({ "cron": "0 5 * * *", "url": "http://127.0.0.1:9/" });
    let (status, answer) = system.put("/api/schedules/report", spec).await;
    assert_eq!(status, 200, "{answer}");

    begin(&system.store, Kind::Schedule, "report", Asked::Discard).await;

    eventually("it is gone", async || {
        system.api.get("/api/schedules/report").await.0 == 404
    })
    .await;
    let planned = system
        .store
        .schedules()
        .planned(&Name::parse("report").unwrap())
        .await;
    assert_eq!(planned.unwrap(), None);
}

#[tokio::test]
async fn of_several_that_finish_a_removal_one_ends_it() {
    let redis = crate::support::TestRedis::start().await;
    let store = redis.store().await;
    let spec = lull::spec::BufferSpec::default();
    let made = lull::store::config::Mode::New;
    store
        .config()
        .write(Kind::Buffer, &loja(), &spec, made, None, None)
        .await
        .unwrap();
    let removal = begin(&store, Kind::Buffer, "loja", Asked::Drain).await;

    let to = destinations();
    let name = loja();
    let finish = || store.config().carry_out(Kind::Buffer, &name, &removal, &to);
    let ended = tokio::join!(finish(), finish(), finish());

    let ended = [ended.0, ended.1, ended.2].map(Result::unwrap);
    let gone = |outcome: &&Outcome| matches!(outcome, Outcome::Gone { .. });
    assert_eq!(ended.iter().filter(gone).count(), 1, "{ended:?}");
}

#[tokio::test]
async fn who_was_held_up_in_a_removal_touches_nothing_of_another_of_its_name() {
    for asked in [Asked::Discard, Asked::Drain] {
        let mut system = System::open().await;
        system.buffer("loja", &["default"]).await;
        let removal = begin(&system.store, Kind::Buffer, "loja", asked).await;
        let to = destinations();
        let name = loja();
        let store = system.redis.store().await;
        let finish = || store.config().carry_out(Kind::Buffer, &name, &removal, &to);
        finish().await.unwrap();
        eventually("it can be made anew", async || {
            system.put("/api/buffers/loja", json!({})).await.0 == 200
        })
        .await;
        let body = json!({ "user": "ana", "message": "oi", "ttl": 30 });
        let (status, answer) = system.api.post("/api/webhook/loja", body).await;
        assert_eq!(status, 201, "{answer}");

        let late = finish().await.unwrap();

        assert_eq!(late, Outcome::ByAnother);
        assert_eq!(system.store.windows().count_in(&loja()).await.unwrap(), 1);
        tokio::time::timeout(Duration::from_millis(1), system.default.call())
            .await
            .unwrap_err();
        let closed: Result<_, StoreError> = system
            .store
            .windows()
            .cancel_all(&loja(), &removal.living(Kind::Buffer, &loja()))
            .await;
        assert_eq!(closed.unwrap().held, 0);
        assert_eq!(system.store.windows().count_in(&loja()).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn another_buffer_of_its_name_begins_with_no_paused_chat() {
    let mut system = System::open().await;
    system.buffer("loja", &["default"]).await;
    let (status, answer) = system
        .api
        .post("/api/chats/ana/pause?buffer=loja", json!({ "for": 3600 }))
        .await;
    assert_eq!(status, 200, "{answer}");

    for asked in ["", "?drain=true", "?discard=true"] {
        let (status, answer) = system.delete(&format!("/api/buffers/loja{asked}")).await;
        assert_eq!(status, 200, "{answer}");
        assert!(
            system.redis.keys("lull:*:paused").await.is_empty(),
            "{asked}"
        );
        system.buffer("loja", &["default"]).await;
        let body = json!({ "user": "ana", "message": "oi", "ttl": 0.1 });
        let (status, answer) = system.api.post("/api/webhook/loja", body).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(system.default.call().await.messages(), ["oi"]);
        system
            .api
            .post("/api/chats/ana/pause?buffer=loja", json!({ "for": 3600 }))
            .await;
    }
}

#[tokio::test]
async fn who_spoke_again_before_a_removal_is_not_followed_up_by_another_of_its_name() {
    let redis = crate::support::TestRedis::start().await;
    let store = redis.store().await;
    let name = loja();
    let spec = lull::spec::BufferSpec::default();
    let made = lull::store::config::Mode::New;
    let written = store
        .config()
        .write(Kind::Buffer, &name, &spec, made, None, None);
    written.await.unwrap();
    let ana = Chat::new(name.clone(), ChatId::parse("ana").unwrap());
    let rules = WindowRules {
        followed_up: true,
        ..RULES
    };
    let to = destinations();
    let say = async || {
        let said = item("oi");
        let message = NewMessage::plain(&said, LONG);
        store
            .windows()
            .append(&ana, message, &rules, &to)
            .await
            .unwrap();
    };
    say().await;
    store
        .windows()
        .flush(&ana, &BatchId::generate(), &to)
        .await
        .unwrap();
    let lane = Lane {
        destination: to[0].name.clone(),
        chat: ana.clone(),
    };
    let lease = store.lanes().lease(&lane, LEASES).await.unwrap().unwrap();
    say().await;
    let removal = begin(&store, Kind::Buffer, "loja", Asked::Discard).await;
    let gone = store
        .config()
        .carry_out(Kind::Buffer, &name, &removal, &to)
        .await;
    assert!(matches!(gone, Ok(Outcome::Gone { .. })), "{gone:?}");

    let plan = FollowUpPlan {
        after: LONG,
        number: 1,
        came: lease.batch.closed,
        item: item("oi"),
        life: Life::ALWAYS,
    };
    let verdict = Verdict::DropAndFollowUp { plan };
    let settled = store
        .lanes()
        .settle(&lease, &verdict, None, &RETENTION)
        .await;

    assert!(matches!(settled, Ok(Settled::Done { .. })), "{settled:?}");
    assert_eq!(store.follow_ups().find(&ana).await.unwrap(), None);
}
