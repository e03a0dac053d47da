//! From whatever somebody has in hand to the people and their chats, and from a number or a token to one chat.

use std::time::Duration;

use lull::core::chat::ChatHash;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Daemon, eventually};

const ANA: &str = "5511988887777";

/// A buffer that stays open, fed by plain posts.
fn open(name: &str) -> Value {
    json!({"name": name, "window": {"wait": 600, "max_wait": 600}, "destinations": ["default"]})
}

async fn say(api: &Daemon, buffer: &str, body: Value) {
    let path = format!("/api/buffers/{buffer}/messages");
    let (status, answer) = api.post(&path, body).await;
    assert!(status.is_success(), "{answer}");
}

async fn find(api: &Daemon, q: &str) -> Value {
    let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
    let (status, answer) = api.get(&format!("/api/find?q={q}")).await;
    assert_eq!(status, 200, "{q}: {answer}");
    answer
}

/// The chats of an answer, each as buffer and user.
fn chats(found: &Value) -> Vec<String> {
    let people = found["people"].as_array().unwrap().iter();
    let chats = people.flat_map(|person| person["chats"].as_array().unwrap());
    let name = |chat: &Value| {
        format!(
            "{}/{}",
            chat["buffer"].as_str().unwrap(),
            chat["user"].as_str().unwrap()
        )
    };
    let mut names: Vec<_> = chats.map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_person_is_found_over_all_buffers_and_lines_by_any_writing_of_their_number() {
    let system = System::with(&[open("loja"), open("clinica")]).await;
    let api = &system.api;
    say(
        api,
        "loja",
        json!({"user": format!("loja:{ANA}"), "message": "oi", "sender_name": "Ana"}),
    )
    .await;
    say(
        api,
        "loja",
        json!({"user": "filial:551188887777", "message": "oi"}),
    )
    .await;
    say(api, "clinica", json!({"user": ANA, "message": "oi"})).await;
    say(
        api,
        "clinica",
        json!({"user": "5511988887778", "message": "oi", "sender_name": "Eva"}),
    )
    .await;
    say(
        api,
        "clinica",
        json!({"user": "site:ana@example.com", "message": "oi"}),
    )
    .await;

    let hers = [
        format!("clinica/{ANA}"),
        "loja/filial:551188887777".to_owned(),
        format!("loja/loja:{ANA}"),
    ];
    for q in [
        ANA,
        "+55 11 98888-7777",
        "+55 (11) 98888-7777",
        "11988887777",
        "(11) 8888-7777",
        "551188887777",
        "00 55 11 98888 7777",
        "011 98888-7777",
        "98888-7777",
        "88887777",
        "whatsapp:+5511988887777",
        "5511988887777@s.whatsapp.net",
    ] {
        let found = find(api, q).await;
        assert_eq!(chats(&found), hers, "{q}");
        assert_eq!(found["people"].as_array().unwrap().len(), 1, "{q}: {found}");
        assert_eq!(found["found_by"], "number", "{q}");
        assert_eq!(found["people"][0]["name"], "Ana", "{q}");
        assert_eq!(found["people"][0]["chats"][0]["state"], "open", "{q}");
    }
    for bad in ["", "%20", "ana&limit=0", "ana&user=b"] {
        let refused = api
            .refused(Method::GET, &format!("/api/find?q={bad}"), None)
            .await;
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
    }
}

#[tokio::test]
async fn what_is_no_number_is_found_by_how_it_begins() {
    let system = System::with(&[open("loja")]).await;
    let api = &system.api;
    say(
        api,
        "loja",
        json!({"user": "site:ana@example.com", "message": "oi"}),
    )
    .await;
    say(api, "loja", json!({"user": "Anabel", "message": "oi"})).await;
    say(api, "loja", json!({"user": "eva", "message": "oi"})).await;

    assert_eq!(
        chats(&find(api, "ANA").await),
        ["loja/Anabel", "loja/site:ana@example.com"]
    );
    assert_eq!(
        chats(&find(api, "ana@").await),
        ["loja/site:ana@example.com"]
    );
    let nobody = find(api, "zoe").await;
    assert_eq!(
        (&nobody["people"], &nobody["searched_until"]),
        (&json!([]), &Value::Null)
    );
}

#[tokio::test]
async fn every_id_leads_to_its_chat() {
    let mut system = System::with(&[]).await;
    system.default.answer(Answer::Status(410));
    let api = &system.api;
    let said = json!({"user": ANA, "message": "oi", "message_id": "3EB0AA01", "ttl": 0.2});
    let (_, answer) = api.post("/api/message", said).await;
    assert_eq!(answer["success"], true, "{answer}");
    let webhook_id = system.default.call().await.id();
    let letters = async || api.get("/api/messages/dead-letter").await.1["items"].clone();
    eventually("it is given up on", async || letters().await[0].is_object()).await;
    let letter = letters().await[0]["id"].as_str().unwrap().to_owned();

    let by_number = find(api, ANA).await;
    let chat = &by_number["people"][0]["chats"][0];
    let (hash, token) = (
        chat["hash"].as_str().unwrap(),
        chat["token"].as_str().unwrap(),
    );
    for (q, by) in [
        (webhook_id.as_str(), "webhook_id"),
        ("3EB0AA01", "message_id"),
        (letter.as_str(), "dead_letter"),
        (hash, "hash"),
        (token, "token"),
    ] {
        let found = find(api, q).await;
        assert_eq!(found["found_by"], by, "{q}: {found}");
        assert_eq!(chats(&found), [format!("default/{ANA}")], "{q}");
        assert_eq!(found["people"][0]["number"], ANA, "{q}");
    }
}

#[tokio::test]
async fn a_number_that_is_known_by_an_alias_leads_to_both_chats() {
    let system = System::with(&[json!({
        "name": "loja", "source": "evolution", "window": {"wait": 600, "max_wait": 600},
        "destinations": ["default"],
    })])
    .await;
    let api = &system.api;
    let post = |id: &str, jid: &str, alt: Option<&str>| {
        let mut key = json!({"remoteJid": jid, "fromMe": false, "id": id});
        if let Some(alt) = alt {
            key["remoteJidAlt"] = json!(alt);
        }
        json!({"event": "messages.upsert", "instance": "loja", "data": {
            "key": key, "pushName": "Ana", "message": {"conversation": "oi"},
            "messageType": "conversation", "messageTimestamp": 1_763_770_000,
        }})
    };
    let lid = "99887766554433@lid";
    api.post("/api/webhook/loja", post("A1", lid, None)).await;
    let number = format!("{ANA}@s.whatsapp.net");
    api.post("/api/webhook/loja", post("A2", lid, Some(&number)))
        .await;

    for q in [ANA, "99887766554433", lid] {
        let found = find(api, q).await;
        assert_eq!(chats(&found), [format!("loja/loja:{lid}")], "{q}: {found}");
        assert_eq!(found["people"][0]["number"], ANA, "{q}: {found}");
        assert_eq!(found["people"][0]["name"], "Ana", "{q}: {found}");
    }
}

#[tokio::test]
async fn who_was_only_written_to_or_waits_for_later_is_found_too() {
    let system = System::with(&[open("loja")]).await;
    let api = &system.api;
    let queued = json!({"phone_number": "+5511977776666", "content": "oi"});
    api.post("/api/messages", queued).await;
    say(
        api,
        "loja",
        json!({"user": "5511966665555", "message": "oi", "delay": 3600}),
    )
    .await;

    assert_eq!(
        chats(&find(api, "977776666").await),
        ["messages/+5511977776666"]
    );
    assert_eq!(chats(&find(api, "966665555").await), ["loja/5511966665555"]);
}

#[tokio::test]
async fn a_chat_is_shown_by_a_bare_number_where_only_one_has_it() {
    let system = System::with(&[open("loja"), open("clinica")]).await;
    let api = &system.api;
    say(
        api,
        "loja",
        json!({"user": format!("loja:{ANA}"), "message": "oi"}),
    )
    .await;

    let (status, shown) = api.get("/api/chats/11988887777").await;
    assert_eq!(
        (status, &shown["buffer"]),
        (StatusCode::OK, &json!("loja")),
        "{shown}"
    );
    assert_eq!(shown["user"], format!("loja:{ANA}"));

    say(api, "clinica", json!({"user": ANA, "message": "oi"})).await;
    let several = api
        .refused(Method::GET, "/api/chats/11988887777", None)
        .await;
    assert_eq!(several.status, 409, "{several:?}");
    assert!(
        several.error.contains("loja:5511988887777 in loja"),
        "{several:?}"
    );
    let (status, shown) = api.get("/api/chats/11988887777?buffer=clinica").await;
    assert_eq!(
        (status, &shown["user"]),
        (StatusCode::OK, &json!(ANA)),
        "{shown}"
    );

    let nobody = api
        .refused(Method::GET, "/api/chats/5521999990000?buffer=loja", None)
        .await;
    assert_eq!(
        (nobody.status, nobody.code.as_str()),
        (404.try_into().unwrap(), "not_found")
    );
    assert!(
        nobody.error.contains("5521999990000") && nobody.error.contains("buffer loja"),
        "{nobody:?}"
    );
}

#[tokio::test]
async fn a_token_stands_for_its_chat_wherever_a_path_names_one() {
    let system = System::with(&[open("loja")]).await;
    let api = &system.api;
    say(
        api,
        "loja",
        json!({"user": format!("loja:{ANA}"), "message": "oi"}),
    )
    .await;
    let found = find(api, ANA).await;
    let token = found["people"][0]["chats"][0]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!token.contains("5511"), "{token}");
    let path = format!("/api/chats/{token}");

    let (_, shown) = api.get(&path).await;
    assert_eq!(
        (&shown["user"], &shown["token"]),
        (&json!(format!("loja:{ANA}")), &json!(token))
    );
    let wrong = api
        .refused(Method::GET, &format!("{path}?buffer=default"), None)
        .await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let (_, paused) = api.post(&format!("{path}/pause"), json!({"for": 60})).await;
    assert_eq!(
        (&paused["user"], &paused["messages"]),
        (&json!(format!("loja:{ANA}")), &json!(1))
    );
    assert_eq!(
        find(api, ANA).await["people"][0]["chats"][0]["state"],
        "paused"
    );
    let (_, resumed) = api.post(&format!("{path}/resume"), json!({})).await;
    assert_eq!(resumed["message"], "Chat resumed");
    say(
        api,
        "loja",
        json!({"user": format!("loja:{ANA}"), "message": "oi"}),
    )
    .await;
    let (_, flushed) = api.post(&format!("{path}/flush"), json!({})).await;
    assert_eq!(flushed["messages"], 1, "{flushed}");
    let (_, erased) = system.delete(&format!("{path}?everything=true")).await;
    assert_eq!(erased["user"], format!("loja:{ANA}"), "{erased}");
    assert_eq!(chats(&find(api, ANA).await), Vec::<String>::new());
    let gone = api.refused(Method::GET, &path, None).await;
    assert_eq!(gone.status, 404, "{gone:?}");
}

#[tokio::test]
async fn all_daemons_know_a_token_and_one_that_redis_has_lost_goes_on() {
    let system = System::with(&[]).await;
    let other = Daemon::api(&system.redis).await;
    system.api.say(ANA, "oi", 60.0).await;
    let token = find(&system.api, ANA).await["people"][0]["chats"][0]["token"].clone();
    let path = format!("/api/chats/{}", token.as_str().unwrap());
    assert_eq!(other.get(&path).await.1["user"], ANA);

    redis::cmd("DEL")
        .arg("lull:{config}:tokens")
        .exec_async(&mut system.redis.raw().await)
        .await
        .unwrap();
    eventually("the key is put back", async || {
        !system.redis.keys("lull:{config}:tokens").await.is_empty()
    })
    .await;
    assert_eq!(system.api.get(&path).await.1["user"], ANA);
}

#[tokio::test]
async fn who_was_not_heard_from_for_long_is_forgotten() {
    let system = System::with(&[]).await;
    system.api.say(ANA, "oi", 0.1).await;
    eventually("it is known", async || {
        !chats(&find(&system.api, ANA).await).is_empty()
    })
    .await;

    let day = Duration::from_secs(24 * 3600);
    assert_eq!(system.store.chats().forget_people(day).await.unwrap(), 0);
    assert_eq!(
        system
            .store
            .chats()
            .forget_people(Duration::ZERO)
            .await
            .unwrap(),
        1
    );

    assert_eq!(chats(&find(&system.api, ANA).await), Vec::<String>::new());
    assert!(system.redis.keys("lull:*:people").await.is_empty());
    assert!(system.redis.keys("lull:*:known").await.is_empty());
}

#[tokio::test]
async fn two_chats_of_one_hash_are_told_apart() {
    let system = System::with(&[]).await;
    let api = &system.api;
    api.say(ANA, "oi", 60.0).await;
    let hash = find(api, ANA).await["people"][0]["chats"][0]["hash"].clone();
    let packed = ChatHash::parse(hash.as_str().unwrap()).unwrap().packed();
    // Somebody else stood where her hash leads to before her.
    let key = system.redis.keys("lull:*:known").await.remove(0);
    let mut raw = system.redis.raw().await;
    system
        .delete(&format!("/api/chats/{ANA}?everything=true"))
        .await;
    let whole = redis::cmd("HSET")
        .arg(&key)
        .arg(packed)
        .arg("9999999999 Eva\ndefault:eva")
        .to_owned();
    whole.exec_async(&mut raw).await.unwrap();
    api.say(ANA, "oi de novo", 60.0).await;

    let found = find(api, hash.as_str().unwrap()).await;
    assert_eq!(
        chats(&found),
        [format!("default/{ANA}"), "default/eva".to_owned()],
        "{found}"
    );
    assert_eq!(chats(&find(api, ANA).await), [format!("default/{ANA}")]);
    system
        .delete(&format!("/api/chats/{ANA}?everything=true"))
        .await;
    let found = find(api, hash.as_str().unwrap()).await;
    assert_eq!(chats(&found), ["default/eva"], "{found}");
}
