//! Posts for a buffer: each gateway from its own body to the delivered payload, and programs with paths of their own.

use std::time::Duration;

use lull::domain::chat::{Chat, ChatId, Name};
use lull::wire::gateway::Gateway;
use serde_json::{Value, json};

use crate::support::shop::Shop;

/// A buffer for posts of a gateway whose windows are over at once.
fn short(name: &str, source: &str) -> Value {
    json!({"name": name, "source": source, "window": {"wait": 0.2}})
}

/// The same, whose windows stay open as long as the test.
fn long(name: &str, source: &str) -> Value {
    json!({"name": name, "source": source, "window": {"wait": 60}})
}

/// What Evolution posts for a text.
fn evolution(id: &str, text: &str) -> Value {
    json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": id},
            "pushName": "Ana",
            "message": {"conversation": text},
            "messageType": "conversation",
            "messageTimestamp": 1_763_770_000,
        },
    })
}

fn chat(buffer: &str, id: &str) -> Chat {
    Chat {
        buffer: Name::parse(buffer).unwrap(),
        id: ChatId::parse(id).unwrap(),
    }
}

#[tokio::test]
async fn what_each_gateway_posts_arrives_as_the_payload_of_a_message() {
    let buffers: Vec<_> = Gateway::names().map(|name| short(name, name)).collect();
    let mut shop = Shop::with(&buffers).await;
    for gateway in Gateway::names() {
        let path = format!(
            "{}/tests/gateways/{gateway}.json",
            env!("CARGO_MANIFEST_DIR")
        );
        let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let case = &cases[0];
        let said = &case["expect"][0]["said"];
        let path = format!("/api/webhook/{gateway}");

        let (status, answer) = match case["form"].as_str() {
            Some(form) => shop.form(&path, form).await,
            None => shop.api.post(&path, case["body"].clone()).await,
        };

        assert_eq!(status, 200, "{gateway}: {answer}");
        if gateway != "twilio" {
            assert_eq!(
                answer,
                json!({"success": true, "accepted": 1, "duplicates": 0})
            );
        }
        let call = shop.default.call().await.json();
        let party = &said["party"];
        let person = &party["person"];
        let name = person["id"].as_str().or(person["phone"].as_str()).unwrap();
        let user = match party["line"].as_str() {
            Some(line) => format!("{line}:{name}"),
            None => name.to_owned(),
        };
        assert_eq!(call["user"], user, "{call}");
        assert_eq!(call["messages"], json!([said["text"]]), "{call}");
        assert_eq!(
            (&call["gateway"], &call["buffer"]),
            (&json!(gateway), &json!(gateway))
        );
        assert_eq!(call["phone"], person["phone"], "{call}");
        assert_eq!(call["line"], party["line"], "{call}");
        assert_eq!(call["sender_name"], said["sender"], "{call}");
    }
}

#[tokio::test]
async fn several_messages_of_one_post_come_in_the_order_they_were_said() {
    let mut shop = Shop::with(&[short("loja", "evolution")]).await;
    let mut body = evolution("", "");
    let data = [(3, "three"), (1, "one"), (2, "two")].map(|(time, text)| {
        let mut data = evolution(text, text)["data"].clone();
        data["messageTimestamp"] = json!(1_763_770_000 + time);
        data
    });
    body["data"] = json!(data);

    let (_, answer) = shop.api.post("/api/webhook/loja", body).await;

    assert_eq!(answer["accepted"], 3, "{answer}");
    assert_eq!(
        shop.default.call().await.messages(),
        ["one", "two", "three"]
    );
}

#[tokio::test]
async fn a_message_that_a_gateway_posts_again_is_there_once() {
    let shop = Shop::with(&[long("loja", "evolution")]).await;

    shop.api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (status, answer) = shop
        .api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "accepted": 0, "duplicates": 1})
    );
    assert_eq!(shop.windows().await, [("loja:5511988887777".to_owned(), 1)]);
}

#[tokio::test]
async fn one_person_under_number_and_alias_is_one_chat_even_within_one_post() {
    let shop = Shop::with(&[long("loja", "evolution")]).await;
    let under = |id: &str, key: Value| {
        let mut data = evolution(id, id)["data"].clone();
        data["key"] = key;
        data["key"]["id"] = json!(id);
        data
    };
    let mut body = evolution("", "");
    body["data"] = json!([
        under("A1", json!({"remoteJid": "99@lid"})),
        under(
            "A2",
            json!({"remoteJid": "99@lid", "remoteJidAlt": "5511988887777@s.whatsapp.net"})
        ),
    ]);

    shop.api.post("/api/webhook/loja", body).await;
    let mut later = evolution("", "");
    later["data"] = under("A3", json!({"remoteJid": "99@lid"}));
    shop.api.post("/api/webhook/loja", later).await;
    shop.api
        .post("/api/webhook/loja", evolution("A4", "oi"))
        .await;

    assert_eq!(shop.windows().await, [("loja:5511988887777".to_owned(), 4)]);
}

#[tokio::test]
async fn a_medium_is_an_object_with_what_is_written_below_it() {
    let mut shop = Shop::with(&[short("loja", "evolution")]).await;
    let mut body = evolution("A1", "");
    body["data"]["message"] = json!({
        "imageMessage": {"url": "https://m.example/1", "mimetype": "image/jpeg", "caption": "esse"},
    });

    shop.api.post("/api/webhook/loja", body).await;

    let image = json!({
        "type": "image", "url": "https://m.example/1", "caption": "esse", "mime_type": "image/jpeg",
    });
    assert_eq!(shop.default.call().await.json()["messages"], json!([image]));
}

#[tokio::test]
async fn typing_holds_the_window_and_is_let_go_of() {
    let buffer = json!({"name": "loja", "source": "evolution", "window": {"wait": 5}});
    let shop = Shop::with(&[buffer]).await;
    let store = &shop.store;
    let ana = chat("loja", "loja:5511988887777");
    let presence = |state: &str| {
        json!({
            "event": "presence.update", "instance": "loja",
            "data": {
                "id": "5511988887777@s.whatsapp.net",
                "presences": {"5511988887777@s.whatsapp.net": {"lastKnownPresence": state}},
            },
        })
    };
    let left = async || store.open_window(&ana).await.unwrap().unwrap().left;

    shop.api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (_, answer) = shop
        .api
        .post("/api/webhook/loja", presence("composing"))
        .await;
    assert_eq!(answer["held"], 1, "{answer}");
    assert!(left().await > Duration::from_secs(5));

    shop.api.post("/api/webhook/loja", presence("paused")).await;
    assert!(left().await <= Duration::from_secs(5));
}

#[tokio::test]
async fn a_person_of_ours_who_writes_pauses_the_chat_and_an_echo_does_not() {
    let mut buffer = long("loja", "evolution");
    buffer["on_own_message"] = json!("pause");
    let shop = Shop::with(&[buffer, long("other", "evolution")]).await;
    let own = |source: &str| {
        let mut body = evolution("B1", "deixa comigo");
        body["data"]["key"]["fromMe"] = json!(true);
        body["data"]["source"] = json!(source);
        body
    };

    shop.api
        .post("/api/webhook/loja", evolution("A1", "oi"))
        .await;
    let (_, echo) = shop.api.post("/api/webhook/loja", own("web")).await;
    assert!(
        echo["ignored"].as_str().unwrap().contains("our own"),
        "{echo}"
    );
    assert_eq!(shop.windows().await.len(), 1);

    let (_, human) = shop.api.post("/api/webhook/loja", own("android")).await;
    assert_eq!(human["paused"], 1, "{human}");
    assert_eq!(shop.windows().await.len(), 0);
    let (status, said) = shop
        .api
        .post("/api/webhook/loja", evolution("A2", "ok"))
        .await;
    assert_eq!(
        (status.as_u16(), &said["ignored"]),
        (200, &json!("the chat is paused"))
    );

    let (_, ignored) = shop.api.post("/api/webhook/other", own("android")).await;
    assert_eq!(ignored["ignored"], "our own message");
}

#[tokio::test]
async fn an_event_nobody_needs_is_ignored_and_says_why() {
    let shop = Shop::with(&[long("loja", "evolution")]).await;

    let body = json!({"event": "connection.update", "instance": "loja", "data": {}});
    let (status, answer) = shop.api.post("/api/webhook/loja", body).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer["ignored"],
        "event connection.update is not messages.upsert"
    );
    assert_eq!(answer["accepted"], 0);
}

#[tokio::test]
async fn a_post_to_a_buffer_with_a_secret_must_prove_where_it_comes_from() {
    let with_secret = |name: &str, source: &str| {
        let mut buffer = long(name, source);
        buffer["secret"] = json!("s3cret");
        buffer
    };
    let buffers = [
        with_secret("loja", "evolution"),
        with_secret("own", "fields"),
    ];
    let shop = Shop::with(&buffers).await;
    let plain = json!({"user": "ana", "message": "oi"});

    for (path, body) in [("loja", evolution("A1", "oi")), ("own", plain)] {
        let path = format!("/api/webhook/{path}");
        let (without, answer) = shop.api.post(&path, body.clone()).await;
        assert_eq!(without, 401);
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .contains("x-webhook-secret"),
            "{answer}"
        );
        let wrong = ("x-webhook-secret", "guess");
        assert_eq!(shop.post_with(&path, &body, wrong).await.0, 401);
        let right = ("x-webhook-secret", "s3cret");
        assert!(shop.post_with(&path, &body, right).await.0.is_success());
    }
    assert_eq!(shop.windows().await.len(), 2);
}

#[tokio::test]
async fn meta_is_answered_when_it_asks_before_its_first_post() {
    let mut buffer = long("meta", "cloud");
    buffer["secret"] = json!("s3cret");
    let shop = Shop::with(&[buffer, long("loja", "evolution")]).await;
    let ask = |token: &str| {
        format!(
            "/api/webhook/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"
        )
    };

    let (status, challenge) = shop.api.get(&ask("s3cret")).await;
    assert_eq!((status.as_u16(), challenge), (200, json!(1_158_201_444)));
    assert_eq!(shop.api.get(&ask("guess")).await.0, 401);
    assert_eq!(shop.api.get("/api/webhook/meta").await.0, 400);
    assert_eq!(shop.api.get("/api/webhook/loja").await.0, 400);
    assert_eq!(shop.api.get("/api/webhook/nobody").await.0, 404);
}

/// The signature was made with Python's hmac: base64(HMAC-SHA1(t0ken, URL + each name and value in order of the names)).
#[tokio::test]
async fn twilio_is_answered_in_xml_and_signs_the_url_it_called() {
    let mut buffer = long("sms", "twilio");
    buffer["secret"] = json!("t0ken");
    let shop = Shop::with(&[buffer]).await;
    let form = "MessageSid=SM1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000&Body=oi&NumMedia=0";
    let post = async |signature: &str| {
        let request = shop.api.client().post(shop.api.url("/api/webhook/sms"));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-proto", "https")
            .header("x-forwarded-host", "lull.example")
            .header("x-twilio-signature", signature)
            .body(form);
        request.send().await.unwrap()
    };

    assert_eq!(post("AAAA").await.status(), 401);
    let answer = post("bDASeGnilekPcmN0XJIYM9nCVxQ=").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/xml");
    assert_eq!(answer.text().await.unwrap(), "<Response/>");
    assert_eq!(
        shop.windows().await,
        [("551140000000:5511988887777".to_owned(), 1)]
    );
}

#[tokio::test]
async fn a_buffer_with_paths_takes_any_body_and_passes_the_rest_through() {
    let buffer = json!({
        "name": "crm", "key": "contact.id", "text": "said", "id": "event_id", "window": {"wait": 60},
    });
    let mut shop = Shop::with(&[buffer]).await;
    let body = json!({
        "contact": {"id": 77}, "said": "oi", "event_id": "E1", "plan": "gold", "ttl": 0.2,
    });

    let (status, answer) = shop.api.post("/api/webhook/crm", body.clone()).await;

    assert_eq!(status, 201);
    assert_eq!(
        answer,
        json!({
            "status": "buffered", "message_id": "E1", "success": true, "message": "Message buffered",
            "user": "77", "buffered": 1, "expires_in": 0.2,
        })
    );
    let call = shop.default.call().await.json();
    assert_eq!(
        (&call["user"], &call["messages"]),
        (&json!("77"), &json!(["oi"]))
    );
    assert_eq!(
        (&call["plan"], &call["contact"]),
        (&json!("gold"), &json!({"id": 77}))
    );

    let (status, again) = shop.api.post("/api/buffers/crm/messages", body).await;
    assert_eq!((status.as_u16(), &again["duplicate"]), (200, &json!(true)));
    let (status, refusal) = shop
        .api
        .post("/api/webhook/crm", json!({"said": "oi"}))
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        refusal["error"],
        "nothing stands at contact.id, where this buffer looks for the chat"
    );
}

#[tokio::test]
async fn a_buffer_without_a_path_for_the_text_gathers_whole_objects() {
    let buffer = json!({"name": "b", "key": "phone", "text": "", "window": {"wait": 0.2}});
    let mut shop = Shop::with(&[buffer]).await;
    let body = json!({"phone": "5511", "n": 1});

    // The only one there is need not be named.
    let (status, answer) = shop.api.post("/api/webhook", body.clone()).await;

    assert_eq!(status, 201, "{answer}");
    assert!(answer["message_id"].as_str().unwrap().starts_with("msg_"));
    assert_eq!(shop.default.call().await.json()["messages"], json!([body]));
}

#[tokio::test]
async fn a_buffer_that_is_not_there_or_off_takes_nothing() {
    let mut off = long("off", "fields");
    off["active"] = json!(false);
    let shop = Shop::with(&[off]).await;
    let body = json!({"user": "ana", "message": "oi"});

    for path in [
        "/api/webhook/nobody",
        "/api/webhook/off",
        "/api/buffers/Not%20A%20Name/messages",
        "/api/webhook",
    ] {
        let (status, answer) = shop.api.post(path, body.clone()).await;
        assert_eq!(status, 404, "{path}: {answer}");
        assert!(
            answer["error"].as_str().unwrap().contains("buffer"),
            "{answer}"
        );
    }
    assert_eq!(shop.api.post("/api/webhook/default", body).await.0, 201);

    let several = Shop::with(&[long("a", "fields"), long("b", "fields")]).await;
    let (status, answer) = several.api.post("/api/webhook", json!({})).await;
    assert_eq!(status, 404);
    assert!(
        answer["error"].as_str().unwrap().contains("name one"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_json_is_refused_for_every_source() {
    let shop = Shop::with(&[long("loja", "evolution"), long("own", "fields")]).await;

    for buffer in ["loja", "own"] {
        let request = shop
            .api
            .client()
            .post(shop.api.url(&format!("/api/webhook/{buffer}")));
        let request = request
            .header("content-type", "application/json")
            .body("{\"a\":");
        assert_eq!(request.send().await.unwrap().status(), 400, "{buffer}");
    }
}
