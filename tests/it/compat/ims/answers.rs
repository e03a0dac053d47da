//! What its client is answered: to a message, about a message, and by its lists.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ANA, FAST, Ims, id_of};
use crate::support::Answer;
use crate::support::daemon::read;

#[tokio::test]
async fn a_message_is_answered_as_pending_called_under_its_id_and_then_sent() {
    let mut ims = Ims::open(&[]).await;
    let settings = [FAST[0], FAST[1], ("WEBHOOK_AUTH_KEY", "INS.k")];
    let body = json!({"phone_number": ANA, "content": "olá", "sender": "x"});

    let (status, answer) = ims.post(body).await;
    let id = id_of(&answer);
    let expected = json!({
        "id": id, "phone_number": ANA, "content": "olá", "status": "pending", "created_at": answer["created_at"],
    });
    assert_eq!((status.as_u16(), &answer), (201, &expected));
    assert_eq!(ims.message(&id).await, answer);

    let _monitor = ims.monitor(&settings).await;
    let call = ims.receiver.call().await;
    let said = json!({"id": id, "to": ANA, "phone_number": ANA, "content": "olá"});
    assert_eq!(call.json(), said);
    assert_eq!(call.headers["x-ins-auth-key"], "INS.k");
    assert_eq!(call.id(), id);
    let sent = ims.becomes(&id, "sent").await;
    assert_eq!(sent["content"], "olá");
    assert_eq!(sent["created_at"], answer["created_at"]);
    assert_eq!(sent["retry_count"], 0);
    assert!(sent["sent_at"].is_string());
}

#[tokio::test]
async fn both_lists_show_messages_in_its_words() {
    let mut ims = Ims::answering(&FAST, &[Answer::Status(200), Answer::Status(410)]).await;
    let sent = ims.send(ANA, "um").await;
    let dead = ims.send("+1234567", "dois").await;
    let _monitor = ims.monitor(&FAST).await;
    ims.receiver.call().await;
    ims.receiver.call().await;
    ims.becomes(&dead, "dead").await;

    let listed = ims.items("/api/messages/sent").await;
    let letters = ims.items("/api/messages/dead-letter").await;

    let told =
        |item: &Value| ["id", "phone_number", "content", "status"].map(|field| item[field].clone());
    assert_eq!(listed.len(), 1);
    assert_eq!(json!(told(&listed[0])), json!([sent, ANA, "um", "sent"]));
    assert_eq!(listed[0]["http_status"], 200);
    assert_eq!(
        json!(told(&letters[0])),
        json!([dead, "+1234567", "dois", "dead"])
    );
    assert_eq!(letters[0]["retry_count"], 0);
    assert_eq!(letters[0]["reason"], "HTTP 410");
}

#[tokio::test]
async fn what_is_tried_again_says_how_often_and_a_dead_letter_is_revived_by_the_messages_id() {
    let refusals = [
        Answer::Status(503),
        Answer::Status(503),
        Answer::Status(503),
    ];
    let mut ims = Ims::answering(&FAST, &refusals).await;
    let id = ims.send(ANA, "oi").await;
    let _monitor = ims.monitor(&FAST).await;

    let dead = ims.becomes(&id, "dead").await;
    assert_eq!(
        (&dead["retry_count"], &dead["content"]),
        (&json!(2), &json!("oi"))
    );
    assert_eq!(dead["reason"], "HTTP 503");
    assert!(dead["first_attempt_at"].is_string() && dead["buried_at"].is_string());
    for _ in 0..3 {
        ims.receiver.call().await;
    }

    let path = format!("/api/dead-letter/{id}");
    let (status, shown) = ims.api.get(&path).await;
    assert_eq!((status.as_u16(), id_of(&shown)), (200, id.clone()));
    let revive = format!("{path}/revive");
    assert_eq!(ims.api.request(Method::POST, &revive, None).await.0, 200);
    assert_eq!(ims.receiver.call().await.id(), id);
    ims.becomes(&id, "sent").await;
    assert_eq!(ims.api.get(&path).await.0, 404);
}

#[tokio::test]
async fn while_it_is_being_tried_it_is_pending_with_its_retries() {
    let slow = [
        ("RETRY_FIRST", "100"),
        ("RETRY_CAP", "100"),
        FAST[0],
        FAST[1],
    ];
    let asks = Answer::Full(503, "retry-after: 100\r\n", "");
    let mut ims = Ims::answering(&[], &[asks]).await;
    let first = ims.send(ANA, "um").await;
    let second = ims.send(ANA, "dois").await;
    let _monitor = ims.monitor(&slow).await;
    ims.receiver.call().await;

    crate::support::eventually("the attempt is over", async || {
        ims.message(&first).await["first_attempt_at"].is_string()
    })
    .await;
    let (first, second) = (ims.message(&first).await, ims.message(&second).await);

    assert_eq!(
        (&first["status"], &first["retry_count"]),
        (&json!("pending"), &json!(0))
    );
    assert_eq!(
        (&second["status"], &second["retry_count"]),
        (&json!("pending"), &Value::Null)
    );
}

#[tokio::test]
async fn the_same_id_twice_is_one_message_and_answered_as_it_stands() {
    let mut ims = Ims::open(&[]).await;
    let body = json!({"phone_number": ANA, "content": "oi", "message_id": "pedido 7"});
    let (_, first) = ims.post(body.clone()).await;

    let (status, again) = ims.post(body.clone()).await;
    let request = ims.api.client().post(ims.api.url("/api/messages"));
    let plain = json!({"phone_number": ANA, "content": "oi"});
    let request = request
        .header("idempotency-key", "pedido 7")
        .header("content-type", "application/json")
        .body(plain.to_string());
    let (_, by_header) = read(request.send().await.unwrap()).await;
    let (_, other) = ims
        .post(json!({"phone_number": "+1234567", "content": "oi", "message_id": "pedido 7"}))
        .await;

    let mut expected = first.clone();
    expected["duplicate"] = true.into();
    assert_eq!((status.as_u16(), &again), (200, &expected));
    assert_eq!(by_header, expected);
    assert_ne!(id_of(&other), id_of(&first));
    let _monitor = ims.monitor(&FAST).await;
    ims.becomes(&id_of(&first), "sent").await;
    assert_eq!(ims.post(body).await.1["status"], "sent");
    ims.becomes(&id_of(&other), "sent").await;
    ims.receiver.call().await;
    ims.receiver.call().await;
    assert!(ims.receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_message_for_later_is_scheduled_until_its_time_or_until_it_is_taken_back() {
    let mut ims = Ims::open(&[]).await;
    let later = |delay: f64| json!({"phone_number": ANA, "content": "oi", "delay": delay});
    let (status, kept) = ims.post(later(3600.0)).await;
    assert_eq!(
        (status.as_u16(), &kept["status"]),
        (201, &json!("scheduled"))
    );
    assert!(kept["send_at"].is_string());
    let id = id_of(&kept);
    assert_eq!(ims.message(&id).await, kept);

    let path = format!("/api/messages/later/{id}");
    assert_eq!(ims.api.request(Method::DELETE, &path, None).await.0, 200);
    assert!(ims.is_gone(&id).await);

    let (_, soon) = ims.post(later(0.2)).await;
    let _monitor = ims.monitor(&FAST).await;
    let call = ims.receiver.call().await;
    assert_eq!((call.id(), &call.json()["id"]), (id_of(&soon), &soon["id"]));
    ims.becomes(&id_of(&soon), "sent").await;
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_the_field_and_why() {
    let ims = Ims::open(&[("MESSAGE_MAX_LENGTH", "4")]).await;

    for (body, why) in [
        (json!({"content": "oi"}), "phone_number is missing"),
        (
            json!({"phone_number": "5511988887777", "content": "oi"}),
            "phone_number must be + and",
        ),
        (json!({"phone_number": ANA}), "content is missing"),
        (
            json!({"phone_number": ANA, "content": ""}),
            "content must not be empty",
        ),
        (
            json!({"phone_number": ANA, "content": "ações"}),
            "content must have at most 4 characters, this one has 5",
        ),
        (
            json!({"phone_number": ANA, "content": "oi", "delay": -1}),
            "delay must be",
        ),
    ] {
        let refusal = ims
            .api
            .refused(Method::POST, "/api/messages", Some(body))
            .await;
        assert_eq!(refusal.status, 400);
        assert!(refusal.error.starts_with(why), "{}", refusal.error);
    }
    ims.send(ANA, "ação").await;
    for id in ["x", "msg_1", "msg_00000000000000000000000000000000"] {
        assert!(ims.is_gone(id).await);
    }
    let post = ims
        .api
        .refused(Method::POST, "/api/webhook/messages", Some(json!({})))
        .await;
    assert!(post.error.contains("POST /api/messages"), "{}", post.error);
}

#[tokio::test]
async fn where_nothing_is_kept_of_what_was_said_a_message_is_still_shown_as_sent() {
    let quiet = [FAST[0], FAST[1], ("HISTORY_PAYLOADS", "none")];
    let ims = Ims::open(&quiet).await;
    let id = ims.send(ANA, "oi").await;
    let _monitor = ims.monitor(&quiet).await;

    let sent = ims.becomes(&id, "sent").await;

    assert_eq!(
        (&sent["phone_number"], &sent["content"]),
        (&json!(ANA), &Value::Null)
    );
}

#[tokio::test]
async fn the_audit_tells_of_deliveries_too_where_they_are_asked_for() {
    let ims = Ims::answering(&FAST, &[Answer::Status(200), Answer::Status(410)]).await;
    let start = json!({"action": "start"});
    ims.api.post("/api/control", start).await;
    let (sent, dead) = (ims.send(ANA, "um").await, ims.send(ANA, "dois").await);
    let _monitor = ims.monitor(&FAST).await;
    ims.becomes(&dead, "dead").await;

    let mut noted = Vec::new();
    let mut path = "/api/audit?deliveries=true&limit=1".to_owned();
    loop {
        let (_, page) = ims.api.get(&path).await;
        let items = page["items"].as_array().unwrap().clone();
        noted.extend(items.iter().map(|act| {
            let told = [&act["action"], &act["subject"]];
            told.map(|told| told.as_str().unwrap().to_owned())
        }));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/audit?deliveries=true&limit=1&cursor={cursor}");
    }

    let told = |action: &str, subject: &str| [action.to_owned(), subject.to_owned()];
    let expected = [
        told("message.failed", &dead),
        told("message.sent", &sent),
        told("daemon.start", "monitor"),
        told("control.start", "everything"),
        told("daemon.start", "api"),
    ];
    assert_eq!(noted, expected);
    let failed = ims.items("/api/audit?action=message.failed").await;
    assert_eq!((failed.len(), &failed[0]["subject"]), (1, &json!(dead)));
    assert_eq!(ims.items("/api/audit").await.len(), 3);
}
