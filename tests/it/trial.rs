//! Trying a body: what a buffer would make of it, with nothing stored and nothing sent.

use reqwest::Method;
use serde_json::json;

use crate::support::system::System;

const WEBHOOK: [(&str, &str); 1] = [("WEBHOOK_URL", "http://n8n.example/webhook/secret-path")];

#[tokio::test]
async fn a_body_is_shown_with_its_window_and_its_calls_and_leaves_nothing_behind() {
    let buffer = json!({
        "name": "loja", "source": "evolution", "window": {"wait": 9, "flush_words": ["fim"]},
    });
    let mut system = System::with_settings(&[buffer], &WEBHOOK).await;
    let said = |text: &str| {
        json!({
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "id": text},
            "message": {"conversation": text},
        })
    };
    let own = json!({
        "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": true, "id": "B"},
        "message": {"conversation": "x"}, "source": "ios",
    });
    let group = json!({"key": {"remoteJid": "1@g.us"}, "message": {"conversation": "x"}});
    let data = json!([said("oi"), said("fim"), own, group]);
    let body = json!({"event": "messages.upsert", "instance": "loja", "data": data});

    let (status, tried) = system.api.post("/api/buffers/loja/try", body).await;

    assert_eq!(status, 200, "{tried}");
    let first = &tried[0];
    assert_eq!(first["chat"], "loja:5511988887777");
    assert_eq!(
        (&first["text"], &first["message"], &first["id"]),
        (&json!("oi"), &json!("oi"), &json!("oi"))
    );
    assert_eq!(
        (&first["deadline_in"], &tried[1]["deadline_in"]),
        (&json!(9.0), &json!(0.0))
    );
    let request = &first["requests"][0];
    assert_eq!(request["destination"], "default");
    assert_eq!(
        (&request["method"], &request["url"]),
        (
            &json!("POST"),
            &json!("http://n8n.example/webhook/secret-path")
        )
    );
    assert_eq!(request["body"]["messages"], json!(["oi"]));
    assert_eq!(request["body"]["phone"], "5511988887777");
    assert_eq!(first["items"][0]["id"], "oi");
    assert_eq!(request["body"]["items"], first["items"]);
    assert_eq!(tried[2]["own"], "human");
    assert_eq!(tried[3], json!({"ignored": "a group"}));
    assert!(system.windows().await.is_empty() && system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_body_for_paths_is_tried_like_any_other_and_refused_like_any_other() {
    let buffer = json!({"name": "crm", "key": "who", "text": "said"});
    let system = System::with(&[buffer]).await;

    let (_, tried) = system
        .api
        .post(
            "/api/buffers/crm/try",
            json!({"who": 7, "said": "oi", "ttl": 3}),
        )
        .await;
    assert_eq!(
        tried,
        json!([{"chat": "7", "message": "oi", "text": "oi", "deadline_in": 3.0}])
    );

    let (status, _) = system
        .api
        .post("/api/buffers/crm/try", json!({"who": 7}))
        .await;
    assert_eq!(status, 400);
    let (status, _) = system.api.post("/api/buffers/nobody/try", json!({})).await;
    assert_eq!(status, 404);
    let nothing = system
        .api
        .refused(Method::POST, "/api/buffers/crm/try", None)
        .await;
    assert_eq!(
        (nothing.status.as_u16(), nothing.field.as_deref()),
        (400, Some("post")),
        "{nothing:?}"
    );
}
