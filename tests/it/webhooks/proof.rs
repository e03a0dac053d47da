//! Buffers with a secret: who posts must prove where it comes from, in the way of its gateway.

use serde_json::json;

use super::{evolution, long};
use crate::support::system::System;

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
    let system = System::with(&buffers).await;
    let plain = json!({"user": "ana", "message": "oi"});

    for (path, body) in [("loja", evolution("A1", "oi")), ("own", plain)] {
        let path = format!("/api/webhook/{path}");
        let (without, answer) = system.api.post(&path, body.clone()).await;
        assert_eq!(without, 401);
        assert!(
            answer["error"]
                .as_str()
                .unwrap()
                .contains("x-webhook-secret"),
            "{answer}"
        );
        let wrong = ("x-webhook-secret", "guess");
        assert_eq!(system.post_with(&path, &body, wrong).await.0, 401);
        let right = ("x-webhook-secret", "s3cret");
        assert!(system.post_with(&path, &body, right).await.0.is_success());
    }
    assert_eq!(system.windows().await.len(), 2);
}

#[tokio::test]
async fn meta_is_answered_when_it_asks_before_its_first_post() {
    let mut buffer = long("meta", "cloud");
    buffer["secret"] = json!("s3cret");
    buffer["verify_token"] = json!("t0ken");
    let system = System::with(&[buffer, long("loja", "evolution"), long("new", "cloud")]).await;
    let ask = |token: &str| {
        format!(
            "/api/webhook/meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}"
        )
    };

    let (status, challenge) = system.api.get(&ask("t0ken")).await;
    assert_eq!((status.as_u16(), challenge), (200, json!(1_158_201_444)));
    assert_eq!(system.api.get(&ask("guess")).await.0, 401);
    // It would stand in a URL, and who knows it signs posts.
    assert_eq!(system.api.get(&ask("s3cret")).await.0, 401);
    assert_eq!(system.api.get("/api/webhook/meta").await.0, 400);
    assert_eq!(system.api.get("/api/webhook/new").await.0, 409);
    assert_eq!(system.api.get("/api/webhook/loja").await.0, 409);
    assert_eq!(system.api.get("/api/webhook/nobody").await.0, 404);
}

/// The signature was made with Python's hmac: base64(HMAC-SHA1(t0ken, URL + each name and value in order of the names)).
#[tokio::test]
async fn twilio_is_answered_in_xml_and_signs_the_url_it_called() {
    let mut buffer = long("sms", "twilio");
    buffer["secret"] = json!("t0ken");
    let system = System::with(&[buffer]).await;
    let form = "MessageSid=SM1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000&Body=oi&NumMedia=0";
    let post = async |signature: &str| {
        let request = system.api.client().post(system.api.url("/api/webhook/sms"));
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
        system.windows().await,
        [("551140000000:5511988887777".to_owned(), 1)]
    );
}
