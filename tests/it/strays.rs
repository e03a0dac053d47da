//! Strays: what belongs to no buffer or destination that is there is found, told, and can be delivered all the same.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Name};
use lull::core::destination::Target;
use lull::core::life::Life;
use lull::core::when::When;
use lull::store::Store;
use lull::store::windows::NewMessage;
use lull::store::work::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::tool::lull;
use crate::support::undeliverable::LIST;
use crate::support::{
    Daemon, LONG, RETENTION, RULES, Receiver, TestRedis, chat, destinations, eventually, item, say,
};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Two messages in a window of the buffer `loja`, one that waits for its time, and two batches for the destination `bot`:
/// neither is configured. One thing is where it belongs.
async fn strays(store: &Store) {
    let ana = Chat::new(name("loja"), ChatId::parse("ana").unwrap());
    for text in ["um", "dois"] {
        let said = item(text);
        let message = NewMessage::plain(&said, LONG * 10);
        store
            .windows()
            .append(&ana, message, &RULES, &destinations())
            .await
            .unwrap();
    }
    let later = When::In(Duration::from_secs(3600));
    store
        .scheduled()
        .keep(&ana, Life::ALWAYS, "1", &item("depois"), later)
        .await
        .unwrap();
    let bot = [Target::whole(name("bot"))];
    for text in ["três", "quatro"] {
        say(store, "bia", text, LONG).await;
        store
            .windows()
            .flush(&chat("bia"), &BatchId::generate(), &bot)
            .await
            .unwrap();
    }
    say(store, "eva", "mine", LONG * 10).await;
}

async fn letters(api: &Daemon) -> Vec<Value> {
    let (_, page) = api.get(LIST).await;
    page["items"].as_array().unwrap().clone()
}

async fn finding(redis: &TestRedis) -> Value {
    let url = redis.url();
    let ran = lull(&["doctor", "--json"], &[("REDIS_URL", &url)]).await;
    let findings = ran.json()["findings"].as_array().unwrap().clone();
    let found = findings.iter().find(|found| found["check"] == "strays");
    found.unwrap().clone()
}

#[tokio::test]
async fn what_belongs_to_nothing_becomes_dead_letters_that_go_where_their_names_are_again() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    strays(&store).await;
    let ill = finding(&redis).await;
    assert_eq!(ill["level"], "problem");
    let told = ill["found"].as_str().unwrap();
    assert!(
        told.contains("1 windows, 1 messages for later and 1 lanes"),
        "{ill}"
    );
    assert!(told.contains("bot, loja"), "{ill}");
    assert_eq!(
        store
            .held()
            .sum(Kind::Later, &[name("loja")])
            .await
            .unwrap()
            .of_buffers,
        [1]
    );

    let mut default = Receiver::start().await;
    let mut bot = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &default.url()).await;
    eventually("all are dead letters", async || {
        letters(&api).await.len() == 4
    })
    .await;
    monitor
        .logs("belong to buffers, destinations or schedules that are gone (bot, loja)")
        .await;
    assert_eq!(finding(&redis).await["level"], "ok");
    for kind in Kind::ALL {
        let held = store
            .held()
            .sum(kind, &[name("loja"), Name::default_name()])
            .await
            .unwrap();
        let stays = u64::from(kind == Kind::Windows);
        assert_eq!((held.count, held.of_buffers), (stays, vec![0, stays]));
    }
    assert_eq!(
        store
            .windows()
            .count_in(&Name::default_name())
            .await
            .unwrap(),
        1
    );

    // Nothing goes anywhere but where it belongs.
    for letter in letters(&api).await {
        let path = format!("/api/dead-letter/{}/revive", letter["id"].as_str().unwrap());
        let refused = api.refused(Method::POST, &path, None).await;
        assert_eq!(refused.status, 409);
        let missing = if letter["user"] == "ana" {
            "buffer loja"
        } else {
            "destination bot"
        };
        assert!(refused.error.contains(missing), "{refused:?}");
    }
    let (status, _) = api
        .post("/api/dead-letter/revive", json!({ "all": true }))
        .await;
    assert_eq!(status, 200);
    eventually("it is over", async || {
        api.get("/api/dead-letter/revive").await.1["items"] == json!([])
    })
    .await;
    assert_eq!(letters(&api).await.len(), 4);

    let spec = json!({ "url": bot.url(), "split": true });
    api.request(Method::PUT, "/api/destinations/bot", Some(spec))
        .await;
    let spec = json!({ "destinations": ["default", "bot"] });
    api.request(Method::PUT, "/api/buffers/loja", Some(spec))
        .await;
    api.post("/api/dead-letter/revive", json!({ "all": true }))
        .await;

    let mut whole = Vec::new();
    for _ in 0..2 {
        whole.push(default.call().await.messages());
    }
    whole.sort();
    assert_eq!(whole, [vec!["depois"], vec!["um", "dois"]]);
    let mut single = Vec::new();
    for _ in 0..5 {
        single.push(bot.call().await.messages());
    }
    single.sort();
    assert_eq!(single, [["depois"], ["dois"], ["quatro"], ["três"], ["um"]]);
    eventually("no letter is left", async || letters(&api).await.is_empty()).await;
}

#[tokio::test]
async fn what_is_made_meanwhile_keeps_what_is_its_own() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    strays(&store).await;
    let found = store.strays().find().await.unwrap();
    let api = Daemon::api(&redis).await;
    let bot = json!({ "url": "http://127.0.0.1:9/" });
    api.request(Method::PUT, "/api/destinations/bot", Some(bot))
        .await;
    api.request(Method::PUT, "/api/buffers/loja", Some(json!({})))
        .await;
    let more = json!({ "user": "ana", "message": "three", "ttl": 30 });
    let (status, answer) = api.post("/api/webhook/loja", more).await;
    assert_eq!((status.as_u16(), &answer["buffered"]), (201, &json!(3)));

    // Whoever looked before goes on only now.
    store.strays().bury(&found, &RETENTION).await.unwrap();

    assert_eq!(store.windows().count_in(&name("loja")).await.unwrap(), 1);
    assert!(store.strays().find().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_window_that_comes_due_without_its_buffer_does_not_wait_for_the_housekeeper() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    // Its first look is over.
    monitor.logs("Listening to expired events").await;
    say(&store, "eva", "mine", LONG * 10).await;

    let said = item("oi");
    let ana = Chat::new(name("loja"), ChatId::parse("ana").unwrap());
    let message = NewMessage::plain(&said, Duration::from_secs(1));
    store
        .windows()
        .append(&ana, message, &RULES, &destinations())
        .await
        .unwrap();

    eventually("it is a dead letter", async || {
        let letters = letters(&api).await;
        letters.len() == 1 && letters[0]["reason"] == "its buffer loja is gone"
    })
    .await;
}
