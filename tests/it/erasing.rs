//! A person's right: of an erased chat nothing is left in Redis, and nobody else's is touched.

use lull::store::chats::pausing::Pauser;
use std::time::Duration;

use lull::core::life::Life;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::undeliverable::Undeliverable;
use crate::support::{Answer, TestRedis, eventually};

const ID: &str = "5511988887777";

/// All that lies in Redis, keys and values, as text.
async fn everything(redis: &TestRedis) -> String {
    let mut all = String::new();
    let mut raw = redis.raw().await;
    for key in redis.keys("*").await {
        let kind: String = redis::cmd("TYPE")
            .arg(&key)
            .query_async(&mut raw)
            .await
            .unwrap();
        let read = match kind.as_str() {
            "string" => vec!["GET", &key],
            "list" => vec!["LRANGE", &key, "0", "-1"],
            "set" => vec!["SMEMBERS", &key],
            "zset" => vec!["ZRANGE", &key, "0", "-1"],
            "hash" => vec!["HGETALL", &key],
            "stream" => vec!["XRANGE", &key, "-", "+"],
            other => panic!("{key} is a {other}"),
        };
        let mut command = redis::cmd(read[0]);
        command.arg(&read[1..]);
        let value: redis::Value = command.query_async(&mut raw).await.unwrap();
        all.push_str(&format!("{key} {value:?}\n"));
    }
    all
}

async fn erase(system: &Undeliverable, query: &str) -> Value {
    let path = format!("/api/chats/{ID}?everything=true{query}");
    let (status, answer) = system.api.request(Method::DELETE, &path, None).await;
    assert_eq!(status, 200, "{answer}");
    answer["erased"].clone()
}

#[tokio::test]
async fn of_an_erased_chat_nothing_is_left_anywhere() {
    let mut system = Undeliverable::start_with(&[("RETRY_FIRST", "60"), ("RETRY_CAP", "60")]).await;
    system.bury(ID, "segredo um").await;
    system.bury("5599", "outra").await;
    system
        .receiver
        .answer(Answer::Full(503, "", "busy with segredo"));
    system.api.say(ID, "segredo dois", 0.1).await;
    system.receiver.call().await;
    eventually("its failure is settled", async || {
        let path = "/api/history?status=failed";
        system.api.get(path).await.1["items"][0].is_object()
    })
    .await;
    let later = json!({"user": ID, "message": "segredo tarde", "delay": 600});
    system.api.post("/api/message", later).await;
    system.api.say(ID, "segredo três", 30.0).await;
    let before = everything(&system.redis).await;

    let erased = erase(&system, "").await;

    for kind in ["window:", "timer:", "lane:", "head:", "tries", "later"] {
        assert!(before.contains(kind), "{kind} was never there: {before}");
    }
    assert_eq!(
        erased,
        json!({
            "messages": 1, "later": 1, "batches": 1, "dead_letters": 1, "history": 2, "received": 3, "posts": 0,
            "aliases": 0, "states": 1,
        })
    );
    let left = everything(&system.redis).await;
    assert!(!left.contains(ID) && !left.contains("segredo"), "{left}");
    assert!(left.contains("outra") && left.contains("5599"));
    let again = format!("/api/chats/{ID}?everything=true");
    assert_eq!(
        system.api.request(Method::DELETE, &again, None).await.0,
        404
    );
    let (_, audit) = system.api.get("/api/audit?action=chat.erase").await;
    assert_eq!(audit["items"][0]["count"], 10);
}

#[tokio::test]
async fn an_attempt_on_its_way_settles_nothing_any_more() {
    let mut system = Undeliverable::start_with(&[("WEBHOOK_TIMEOUT", "1")]).await;
    system.receiver.answer(Answer::Silence);
    system.api.say(ID, "segredo", 0.1).await;
    system.receiver.call().await;

    erase(&system, "").await;
    system
        .monitor
        .logs("The lease ran out before the attempt was settled")
        .await;

    let left = everything(&system.redis).await;
    assert!(!left.contains(ID) && !left.contains("segredo"), "{left}");
}

#[tokio::test]
async fn of_a_shared_lane_only_the_batches_of_the_chat_go() {
    let mut system =
        Undeliverable::start_with(&[("RETRY_FIRST", "0.2"), ("RETRY_CAP", "0.2")]).await;
    let spec = json!({"order": "buffer", "destinations": ["default"]});
    system
        .api
        .request(Method::PUT, "/api/buffers/fila", Some(spec))
        .await;
    tokio::time::timeout(Duration::from_secs(30), async {
        system.receiver.answer(Answer::Status(503));
        for (user, text) in [(ID, "segredo"), ("5599", "outra"), (ID, "segredo dois")] {
            let body = json!({"user": user, "message": text, "ttl": 0.1});
            let path = "/api/buffers/fila/messages";
            let (status, answer) = system.api.post(path, body).await;
            assert_eq!(status, 200, "{answer}");
            let path = format!("/api/chats/{user}/flush?buffer=fila");
            system.api.post(&path, json!({})).await;
        }
    })
    .await
    .unwrap();
    system.receiver.call().await;

    let erased = erase(&system, "&buffer=fila").await;
    system.accept();

    assert_eq!(erased["batches"], 2);
    loop {
        let call = system.receiver.call().await;
        if call.user() == "5599" {
            break;
        }
    }
    eventually("only the other is delivered", async || {
        let (_, sent) = system.api.get("/api/messages/sent?buffer=fila").await;
        sent["items"][0]["user"] == "5599"
    })
    .await;
    let left = everything(&system.redis).await;
    assert!(!left.contains(ID) && !left.contains("segredo"), "{left}");
}

#[tokio::test]
async fn aliases_that_stand_for_the_chat_go_with_it() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let mut raw = redis.raw().await;
    for (field, number) in [("loja:l:99@lid", ID), ("loja:l:98@lid", "5599")] {
        redis::cmd("HSET")
            .arg("lull:{07}:aliases")
            .arg(field)
            .arg(format!("1 {number}"))
            .query_async::<()>(&mut raw)
            .await
            .unwrap();
    }
    let name = lull::core::chat::Name::parse("loja").unwrap();
    let id = lull::core::chat::ChatId::parse(&format!("l:{ID}")).unwrap();
    let chat = lull::core::chat::Chat::new(name, id);
    let minute = Duration::from_secs(60);
    store
        .chats()
        .pause(&chat, Life::ALWAYS, minute, &Pauser::OwnMessage)
        .await
        .unwrap();

    let erased = store.chats().erase(&chat).await.unwrap();

    assert_eq!((erased.aliases, erased.states), (1, 1));
    let left = everything(&redis).await;
    assert!(!left.contains(ID) && left.contains("5599"), "{left}");
}

#[tokio::test]
async fn what_its_person_said_under_an_alias_goes_with_it() {
    let loja = json!({
        "name": "loja", "source": "evolution", "window": {"wait": 0.1}, "destinations": ["default"],
        "secret": "s3cret-s3cret",
    });
    let mut system = System::with(&[loja]).await;
    let says = async |id: &str, number: Option<&str>| {
        let mut key = json!({"remoteJid": "99887766554433@lid", "fromMe": false, "id": id});
        if let Some(number) = number {
            key["remoteJidAlt"] = json!(format!("{number}@s.whatsapp.net"));
        }
        let data = json!({
            "key": key, "pushName": "Ana", "message": {"conversation": "segredo"},
            "messageType": "conversation", "messageTimestamp": 1_763_770_000,
        });
        let body = json!({"event": "messages.upsert", "instance": "l", "data": data});
        let path = "/api/webhook/loja?secret=s3cret-s3cret";
        let (status, answer) = system.api.post(path, body).await;
        assert_eq!(status, 200, "{answer}");
    };
    says("A1", None).await;
    let under_alias = system.default.call().await.user();
    says("A2", Some(ID)).await;
    let by_number = system.default.call().await.user();
    assert_eq!(
        [under_alias.as_str(), by_number.as_str()],
        ["l:99887766554433@lid", &format!("l:{ID}")]
    );
    eventually("both are settled", async || {
        let settled = system.api.get("/api/history?status=delivered").await.1;
        settled["items"].as_array().unwrap().len() == 2
    })
    .await;

    let story = format!("/api/chats/{ID}/story?buffer=loja");
    let (status, told) = system.api.get(&story).await;
    assert_eq!((status.as_u16(), &told["user"]), (200, &json!(by_number)));
    assert_eq!(told["verdict"]["twice"]["code"], "once", "{told}");

    let path = format!("/api/chats/l:{ID}?everything=true&buffer=loja");
    let (status, answer) = system.delete(&path).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["erased"]["history"], 2, "{answer}");
    let left = everything(&system.redis).await;
    for trace in [ID, "99887766554433", "segredo"] {
        assert!(!left.contains(trace), "{trace}: {left}");
    }
}
