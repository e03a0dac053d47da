//! The packages with which programs sign as Twilio does, and verify what Lull delivers.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::program;
use crate::support::{Daemon, Receiver, TestRedis};

/// What a program of Python prints for what it reads.
fn python(program_text: &str, read: &Value) -> Value {
    let mut child = Command::new(program("CLIENTS_PYTHON"))
        .args(["-c", program_text])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(read.to_string().as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

const SIGN: &str = "
import json, sys
from twilio.request_validator import RequestValidator
post = json.load(sys.stdin)
validator = RequestValidator(post['token'])
signature = validator.compute_signature(post['url'], post['form'])
assert validator.validate(post['url'], post['form'], signature)
print(json.dumps(signature))
";

#[tokio::test]
async fn what_the_package_of_twilio_signs_is_taken_with_the_right_token_alone() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let buffer =
        json!({"name": "sms", "source": "twilio", "secret": "t0ken", "window": {"wait": 60}});
    assert_eq!(api.post("/api/buffers", buffer).await.0, 201);
    let form = |id: &str, text: &str| {
        json!({
            "MessageSid": id, "AccountSid": "AC1", "From": "whatsapp:+5511988887777", "NumMedia": "0",
            "To": "whatsapp:+551140000000", "ProfileName": "Ana & Bia", "WaId": "5511988887777", "Body": text,
        })
    };
    // A URL with a query, and texts of all kinds, are signed as they are.
    for (number, path) in ["/api/webhook/sms", "/api/webhook/sms?line=a%20b&x="]
        .into_iter()
        .enumerate()
    {
        let url = api.url(path);
        for (text, token, expected) in [
            ("bom dia, ação às 9h: 100% + R$ 5", "t0ken", 200),
            ("duas\nlinhas 😀", "t0ken", 200),
            ("oi", "another", 401),
        ] {
            let form = form(&format!("SM{number}{token}{}", text.len()), text);
            let signature = python(SIGN, &json!({"token": token, "url": url, "form": form}));
            let pairs = form.as_object().unwrap().iter();
            let pairs = pairs.map(|(name, value)| (name, value.as_str().unwrap()));
            let mut written = form_urlencoded::Serializer::new(String::new());
            let written = written.extend_pairs(pairs).finish();

            let answer = api
                .client()
                .post(&url)
                .header("x-twilio-signature", signature.as_str().unwrap())
                .header("content-type", "application/x-www-form-urlencoded")
                .body(written)
                .send()
                .await
                .unwrap();

            assert_eq!(answer.status(), expected, "{path}: {text}");
        }
    }
    let (_, chats) = api.get("/api/chats").await;
    assert_eq!(chats["items"][0]["messages"], 4, "{chats}");
}

const VERIFY: &str = "
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
call = json.load(sys.stdin)
def verified(body, headers):
    try:
        return Webhook(call['secret']).verify(body, headers)
    except WebhookVerificationError as error:
        return str(error)
body, headers = call['body'], call['headers']
print(json.dumps({
    'as_it_came': verified(body, headers),
    'changed': verified(body.replace('oi', 'ai'), headers),
    'of_another_id': verified(body, dict(headers, **{'webhook-id': 'x'})),
    'of_another_time': verified(body, dict(headers, **{'webhook-timestamp': str(int(headers['webhook-timestamp']) + 1)})),
}))
";

#[tokio::test]
async fn the_package_of_standard_webhooks_verifies_what_is_delivered_and_refuses_what_was_changed()
{
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let _monitor =
        Daemon::monitor_with(&redis, &receiver.url(), &[("WEBHOOK_SECRET", secret)]).await;

    api.say("ana", "oi, ação 😀", 0.1).await;

    let call = receiver.call().await;
    let read = json!({"secret": secret, "body": call.body, "headers": call.headers});
    let verified = python(VERIFY, &read);
    assert_eq!(verified["as_it_came"], call.json());
    for changed in ["changed", "of_another_id", "of_another_time"] {
        assert_eq!(
            verified[changed], "No matching signature found",
            "{verified}"
        );
    }
}
