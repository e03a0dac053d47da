//! Tokens that a gateway makes of a buffer's secret, beside those that api itself takes.

use serde_json::{Value, json};

use super::issuer::{Issuer, from_now};
use crate::support::system::System;

const OWN: &str = "the-secret-of-api-with-32-characters";

/// What Evolution puts into its token.
fn claims(ends: i64) -> Value {
    json!({"iat": from_now(0), "exp": from_now(ends), "app": "evolution", "action": "webhook"})
}

#[tokio::test]
async fn a_token_that_evolution_signs_with_the_secret_of_the_buffer_proves_its_post() {
    let buffer =
        |name: &str, source: &str| json!({"name": name, "source": source, "secret": "s3cret"});
    let buffers = [buffer("loja", "evolution"), buffer("zapi", "zapi")];
    let settings = [("SECRET_KEY", OWN), ("OPEN_INGEST", "false")];
    let system = System::with_settings(&buffers, &settings).await;
    let body = json!({
        "event": "messages.upsert", "instance": "loja", "apikey": null,
        "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "A1"},
            "message": {"conversation": "oi"},
        },
    });
    let post = async |buffer: &str, token: String| {
        let bearer = format!("Bearer {token}");
        let path = format!("/api/webhook/{buffer}");
        system
            .post_with(&path, &body, ("authorization", &bearer))
            .await
    };
    let (evolution, own) = (Issuer::secret("s3cret"), Issuer::secret(OWN));

    let (status, answer) = post("loja", evolution.token(&claims(600))).await;
    assert_eq!(
        (status.as_u16(), &answer["accepted"]),
        (200, &json!(1)),
        "{answer}"
    );

    let (status, answer) = post("loja", evolution.token(&claims(-600))).await;
    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (401, &json!("proof_failed")),
        "{answer}"
    );
    assert!(
        answer["error"].as_str().unwrap().contains("expired"),
        "{answer}"
    );
    // Whoever may come in has not the secret of this buffer, and this is no way of another gateway.
    assert_eq!(post("loja", own.token(&claims(600))).await.0, 401);
    assert_eq!(post("zapi", evolution.token(&claims(600))).await.0, 401);
}
