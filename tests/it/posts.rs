//! What became of what was posted: listed, counted by buffer, and told in a line.

mod kept;

use lull::core::filter::Filter;
use lull::store::Look;
use lull::store::history::posts::Results;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, eventually};

const ANA: &str = "5511988887777";

fn loja() -> Value {
    json!({"name": "loja", "source": "evolution", "window": {"wait": 60}})
}

/// What Evolution posts for a message of this kind.
fn posted(id: &str, from: &str, message: &Value) -> Value {
    json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": format!("{from}@s.whatsapp.net"), "fromMe": false, "id": id},
            "pushName": "Ana", "message": message, "messageTimestamp": 1_763_770_000,
        },
    })
}

fn text(id: &str, text: &str) -> Value {
    posted(id, ANA, &json!({ "conversation": text }))
}

fn in_a_group(id: &str) -> Value {
    let mut body = text(id, "oi a todos");
    body["data"]["key"]["remoteJid"] = json!("120363000000000000@g.us");
    body["data"]["key"]["participant"] = json!(format!("{ANA}@s.whatsapp.net"));
    body
}

async fn list(api: &Daemon, query: &str) -> Vec<Value> {
    let (status, page) = api.get(&format!("/api/posts{query}")).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// The results of a list, the oldest first.
async fn results(api: &Daemon, query: &str) -> Vec<String> {
    let list = list(api, query).await.into_iter().rev();
    list.map(|entry| entry["result"].as_str().unwrap().to_owned())
        .collect()
}

async fn post(system: &System, body: Value) -> u16 {
    system.api.post("/api/webhook/loja", body).await.0.as_u16()
}

#[tokio::test]
async fn every_post_is_listed_and_counted_with_what_became_of_it() {
    let system = System::with(&[loja(), json!({"name": "other", "source": "waha"})]).await;

    assert_eq!(post(&system, text("A1", "um")).await, 200);
    assert_eq!(post(&system, text("A1", "um")).await, 200);
    post(&system, in_a_group("A2")).await;
    post(
        &system,
        posted("A3", ANA, &json!({"reactionMessage": {"text": "x"}})),
    )
    .await;
    let mut own = text("A4", "nossa");
    own["data"]["key"]["fromMe"] = json!(true);
    post(&system, own).await;
    post(
        &system,
        json!({"event": "connection.update", "instance": "loja", "data": {}}),
    )
    .await;
    assert_eq!(post(&system, json!({"hello": "world"})).await, 422);
    let pause = format!("/api/chats/loja:{ANA}/pause?buffer=loja");
    system.api.post(&pause, json!({"for": 60})).await;
    post(&system, text("A5", "dois")).await;
    system
        .api
        .post("/api/webhook/other", text("A6", "oi"))
        .await;

    let expected = [
        "taken",
        "duplicate",
        "group",
        "reaction",
        "own",
        "not_a_message",
        "refused",
        "paused",
    ];
    assert_eq!(results(&system.api, "?buffer=loja").await, expected);
    assert_eq!(results(&system.api, "?buffer=other").await, ["refused"]);
    assert_eq!(list(&system.api, "").await.len(), 9);
    for result in expected {
        let query = format!("?buffer=loja&result={result}");
        assert_eq!(results(&system.api, &query).await, [result]);
        let code = if result == "refused" {
            "not_of_gateway"
        } else {
            ""
        };
        let name = format!(r#"lull_posts_total{{buffer="loja",result="{result}",code="{code}"}}"#);
        assert_eq!(system.api.metric(&name).await, 1.0, "{name}");
    }
    assert_eq!(results(&system.api, "?result=not_taken").await.len(), 8);
    let of_chat = format!("?buffer=loja&user=loja:{ANA}");
    assert_eq!(
        results(&system.api, &of_chat).await,
        ["taken", "duplicate", "reaction", "own", "paused"]
    );
}

#[tokio::test]
async fn an_entry_tells_what_it_was_and_why() {
    let system = System::with(&[loja()]).await;
    post(&system, text("A1", "um")).await;
    post(&system, text("A1", "um")).await;
    let group = in_a_group("A2");
    post(&system, group.clone()).await;
    post(&system, json!({"hello": "world"})).await;

    let mut entries = list(&system.api, "").await;
    for entry in &mut entries {
        let at = entry.as_object_mut().unwrap().remove("at").unwrap();
        assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
        let id = entry.as_object_mut().unwrap().remove("id").unwrap();
        assert!(id.as_str().unwrap().contains('-'), "{id}");
        let token = entry.as_object_mut().unwrap().remove("token").unwrap();
        assert_eq!(token.is_null(), entry["user"].is_null(), "{token}");
        if entry["message_id"] == "A1" {
            let chat = format!("/api/chats/{}", token.as_str().unwrap());
            assert_eq!(system.api.get(&chat).await.1["user"], entry["user"]);
        }
    }
    let chat = format!("loja:{ANA}");
    assert_eq!(
        entries[0],
        json!({
            "buffer": "loja", "user": null, "result": "refused", "code": "not_of_gateway",
            "reason": "the body is not a post as evolution sends it: let the gateway post here as it is, or set `source` of the buffer to what posts here",
            "message_id": null, "message": null, "body": {"hello": "world"},
        })
    );
    assert_eq!(
        entries[1],
        json!({
            "buffer": "loja", "user": "loja:120363000000000000@g.us", "writer": "5511988887777", "result": "group", "reason": "a group",
            "message_id": null, "message": null, "body": group,
        })
    );
    assert_eq!(
        entries[2],
        json!({
            "buffer": "loja", "user": chat, "result": "duplicate", "reason": "its id was seen before",
            "message_id": "A1", "message": "um", "body": null,
        })
    );
    assert_eq!(
        entries[3],
        json!({
            "buffer": "loja", "user": chat, "result": "taken", "reason": null,
            "message_id": "A1", "message": "um", "body": null,
        })
    );
}

#[tokio::test]
async fn messages_of_every_way_in_leave_the_same_trace() {
    let fields =
        json!({"name": "crm", "key": "who", "text": "said", "id": "id", "window": {"wait": 60}});
    let system = System::with(&[fields]).await;
    let later = json!({"user": "ana", "message": "oi", "message_id": "L1", "delay": 600});
    for (path, body) in [
        (
            "/api/webhook/crm",
            json!({"who": "ana", "said": "oi", "id": "C1"}),
        ),
        (
            "/api/message",
            json!({"user": "ana", "message": "oi", "message_id": "D1"}),
        ),
        ("/api/message", later),
        (
            "/api/messages",
            json!({"phone_number": "+5511988887777", "content": "oi", "message_id": "Q1"}),
        ),
    ] {
        for _ in 0..2 {
            let (status, answer) = system.api.post(path, body.clone()).await;
            assert!(status.is_success(), "{path}: {answer}");
        }
    }
    system
        .api
        .post("/api/message", json!({"user": "ana"}))
        .await;
    system
        .api
        .post("/api/webhook/crm", json!({"said": "oi"}))
        .await;
    system
        .api
        .post("/api/webhook/nowhere", json!({"said": "oi"}))
        .await;

    for (buffer, count) in [("crm", 1), ("default", 2), ("messages", 1)] {
        let query = format!("?buffer={buffer}&result=duplicate");
        assert_eq!(list(&system.api, &query).await.len(), count, "{buffer}");
        let name = format!(r#"lull_posts_total{{buffer="{buffer}",result="taken",code=""}}"#);
        assert_eq!(
            system.api.metric(&name).await,
            f64::from(u8::try_from(count).unwrap())
        );
    }
    let refused = list(&system.api, "?result=refused").await;
    let told: Vec<_> = refused
        .iter()
        .map(|entry| (entry["buffer"].clone(), entry["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (Value::Null, "no_such_buffer"),
            (json!("crm"), "missing_field"),
            (json!("default"), "missing_field"),
        ]
    );
    assert_eq!(refused[1]["body"], json!({"said": "oi"}));
    // What was posted to nowhere belongs to nobody who could have it erased.
    assert_eq!(refused[0]["body"], Value::Null);
}

#[tokio::test]
async fn pages_of_what_was_taken_and_what_was_not_hold_each_once_in_order() {
    let system = System::with(&[loja()]).await;
    for number in 0..12 {
        post(&system, text(&format!("T{number}"), "oi")).await;
        post(&system, text(&format!("T{number}"), "oi")).await;
        let mut other = text(&format!("B{number}"), "oi");
        other["data"]["key"]["remoteJid"] = json!(format!("55119000000{number:02}@s.whatsapp.net"));
        post(&system, other).await;
    }
    let whole = list(&system.api, "?limit=500").await;
    assert_eq!(whole.len(), 36);

    for query in ["?limit=1", "?limit=5", "?limit=5&buffer=loja"] {
        let mut pages = Vec::new();
        let mut cursor = String::new();
        loop {
            let (_, page) = system.api.get(&format!("/api/posts{query}{cursor}")).await;
            pages.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(pages, whole, "{query}");
    }
    let at = |entry: &Value| entry["at"].as_str().unwrap().to_owned();
    assert!(whole.is_sorted_by(|newer, older| at(newer) >= at(older)));
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let system = System::open().await;
    for query in ["?result=gone", "?cursor=1-2-128", "?status=200", "?limit=0"] {
        let (status, refusal) = system.api.get(&format!("/api/posts{query}")).await;
        assert_eq!(status, 400, "{query}: {refusal}");
    }
    let (status, _) = system.api.get("/api/messages/sent?result=taken").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn who_has_no_key_for_a_buffer_is_told_of_too() {
    let off = json!({
        "name": "off", "source": "evolution", "destinations": ["default"], "secret": "s3cret-s3cret",
        "active": false,
    });
    let system = System::with_settings(&[loja(), off], &[("OPEN_INGEST", "false")]).await;
    for path in ["/api/webhook/loja", "/api/webhook/nowhere"] {
        let (status, _) = system.api.post(path, text("A1", "segredo")).await;
        assert_eq!(status, 401);
    }
    // One with a secret asks for no key, also while it is off.
    let unproven = text("A1", "segredo");
    let (status, answer) = system.api.post("/api/webhook/off", unproven).await;
    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (404, &json!("no_such_buffer")),
        "{answer}"
    );

    let listed = system.store.history();
    let listed = listed.posts(
        &Filter::Everybody,
        &Results::NotTaken,
        |_| true,
        Look::first(10),
    );
    let told = listed.await.unwrap().0.into_iter().map(|it| it.post);
    let told: Vec<_> = told.map(|it| (it.buffer, it.code, it.body)).collect();
    let missing = || Some("key_missing".to_owned());
    assert_eq!(
        told,
        [
            (
                Some("off".to_owned()),
                Some("no_such_buffer".to_owned()),
                None
            ),
            (None, missing(), None),
            (Some("loja".to_owned()), missing(), None),
        ]
    );
}

#[tokio::test]
async fn a_buffer_has_its_counts_before_anything_is_posted() {
    let system = System::with(&[loja()]).await;
    let request = system.api.client().get(system.api.url("/metrics"));
    let metrics = request.send().await.unwrap().text().await.unwrap();

    for (result, code) in [
        ("taken", ""),
        ("group", ""),
        ("refused", "proof_failed"),
        ("refused", "not_of_gateway"),
    ] {
        let line =
            format!(r#"lull_posts_total{{buffer="loja",result="{result}",code="{code}"}} 0"#);
        assert!(metrics.lines().any(|it| it == line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn a_post_that_was_not_taken_has_a_line_with_buffer_and_reason_and_many_have_few() {
    let system = System::with_settings(&[loja()], &[("LOG_LEVEL", "info")]).await;
    post(&system, in_a_group("A1")).await;
    system
        .api
        .logs("A post for loja was not taken: group")
        .await;
    post(&system, json!({"hello": "segredo"})).await;
    system
        .api
        .logs("A post for loja was refused: not_of_gateway")
        .await;
    for number in 0..100 {
        post(&system, in_a_group(&format!("B{number}"))).await;
    }
    system
        .api
        .logs("more posts were not taken within the second")
        .await;

    eventually("all are told of", async || {
        let log = system.api.log();
        let own = log.matches("A post for loja was not taken: group").count();
        let more = log
            .lines()
            .filter(|line| line.contains("more posts were not taken"));
        let counts = more.map(|line| {
            let count = line.split("posts=").nth(1).unwrap();
            count
                .split_whitespace()
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap()
        });
        own + counts.sum::<usize>() == 101
    })
    .await;
    let log = system.api.log();
    assert!(!log.contains(ANA) && !log.contains("segredo") && !log.contains("oi a todos"));
}

#[tokio::test]
async fn a_redis_that_is_away_keeps_no_answer_from_going_out() {
    let mut system = System::with(&[loja()]).await;
    system.redis.kill();

    assert_eq!(post(&system, in_a_group("A1")).await, 200);
    assert_eq!(post(&system, json!({"hello": "world"})).await, 422);
}
