//! What `POST /api/message` takes and answers, and what of it reaches the webhook.

use serde_json::{Value, json};

use crate::support::daemon::read;
use crate::support::{Daemon, Receiver, TestRedis};

async fn post_form(api: &Daemon, body: &str) -> (reqwest::StatusCode, Value) {
    let request = api
        .client()
        .post(api.url("/api/message"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.to_owned());
    read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_message_is_answered_with_what_its_window_holds() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let (first, _) = api
        .post("/api/message", json!({"user": "55119", "message": "oi"}))
        .await;
    let (second, answer) = api
        .post(
            "/api/message",
            json!({"user": "55119", "message": "tudo bem?", "ttl": 20}),
        )
        .await;

    assert_eq!((first.as_u16(), second.as_u16()), (200, 200));
    assert_eq!(
        answer,
        json!({
            "success": true,
            "message": "Message buffered",
            "user": "55119",
            "buffered": 2,
            "expires_in": 20.0,
        })
    );
}

#[tokio::test]
async fn the_three_paths_of_the_old_services_lead_to_one_window() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let body = json!({"user": "55119", "message": "oi"});

    api.post("/api/message", body.clone()).await;
    api.post("/message", body.clone()).await;
    let (_, answer) = api.post("/", body).await;

    assert_eq!(answer["buffered"], 3);
}

#[tokio::test]
async fn a_form_is_taken_like_json() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let form = "user=55119&message=oi%2C+tudo+bem%3F+%C3%A9&ttl=0.2&foto=a%26b";
    let (_, answer) = post_form(&api, form).await;

    assert_eq!(answer["expires_in"], 0.2);
    let call = receiver.call().await.json();
    assert_eq!(call["messages"], json!(["oi, tudo bem? é"]));
    assert_eq!(call["foto"], "a&b");
}

#[tokio::test]
async fn a_content_type_may_carry_a_charset_and_any_case() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for kind in [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/cloudevents+json",
    ] {
        let request = api
            .client()
            .post(api.url("/api/message"))
            .header("content-type", kind)
            .body(r#"{"user": "55119", "message": "oi"}"#);
        let (status, answer) = read(request.send().await.unwrap()).await;

        assert_eq!(status, 200, "{kind}: {answer}");
    }
}

#[tokio::test]
async fn an_integer_as_user_is_the_chat_of_that_text() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    api.post("/", json!({"user": "5511988887777", "message": "oi"}))
        .await;
    let (_, answer) = api
        .post("/", json!({"user": 5_511_988_887_777_u64, "message": "oi"}))
        .await;

    assert_eq!(
        (&answer["user"], &answer["buffered"]),
        (&json!("5511988887777"), &json!(2))
    );
}

#[tokio::test]
async fn what_lull_does_not_know_reaches_the_webhook_to_the_letter() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let request = api
        .client()
        .post(api.url("/api/message"))
        .header("content-type", "application/json")
        .body(concat!(
            r#"{"zeta": 12345678901234567890123, "user": "55119", "alfa": {"k": [1.50, "\u00e9"]},"#,
            r#" "message": {"id": 98765432109876543210, "b": 1, "a": 1.0}, "ttl": 0.2, "mid": 1e2}"#,
        ));
    request.send().await.unwrap();

    let body = receiver.call().await.body;
    let sent = body.split(r#","processed_at""#).next().unwrap();
    assert_eq!(
        sent,
        concat!(
            r#"{"zeta":12345678901234567890123,"alfa":{"k": [1.50, "\u00e9"]},"mid":1e2,"user":"55119","user_id":"55119","#,
            r#""messages":[{"id": 98765432109876543210, "b": 1, "a": 1.0}]"#,
        )
    );
}

#[tokio::test]
async fn a_message_may_be_any_value_but_null_and_the_empty_string() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let said = json!([0, false, [], {}, " ", "a\u{0}b\nc", {"text": {"body": "oi"}}]);

    for message in said.as_array().unwrap() {
        let body = json!({"user": "55119", "message": message, "ttl": 1});
        assert_eq!(api.post("/", body).await.0, 200, "{message}");
    }

    assert_eq!(receiver.call().await.json()["messages"], said);
}

#[tokio::test]
async fn a_ttl_may_be_fractional_and_may_be_text() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for (ttl, expected) in [
        (json!(2), 2.0),
        (json!(0.1), 0.1),
        (json!(1.5), 1.5),
        (json!("20"), 20.0),
        (json!(" 0.25 "), 0.25),
        (json!(86_400), 86_400.0),
    ] {
        let body = json!({"user": ttl.to_string(), "message": "oi", "ttl": ttl});
        let (_, answer) = api.post("/api/message", body).await;

        assert_eq!(answer["expires_in"], expected, "{ttl}: {answer}");
    }
}

#[tokio::test]
async fn without_a_ttl_the_default_counts() {
    let redis = TestRedis::start().await;
    let plain = Daemon::api(&redis).await;
    let patient = Daemon::api_with(&redis, &[("DEFAULT_TTL", "42.5")]).await;

    let (_, usual) = plain.post("/", json!({"user": "a", "message": 1})).await;
    let (_, null) = plain
        .post("/", json!({"user": "b", "message": 1, "ttl": null}))
        .await;
    let (_, chosen) = patient.post("/", json!({"user": "c", "message": 1})).await;

    let expires = [usual, null, chosen].map(|answer| answer["expires_in"].as_f64().unwrap());
    assert_eq!(expires, [15.0, 15.0, 42.5]);
}
