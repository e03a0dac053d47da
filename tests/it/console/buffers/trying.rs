//! What a buffer would make of a body, and other waits of what it received.

use serde_json::json;

use super::{LOJA, with_loja};
use crate::console::EYES;
use crate::console::browser::Browser;
use crate::console::reading::{between, has};
use crate::support::TestRedis;

#[tokio::test]
async fn a_body_is_tried_and_other_waits_are_shown_beside_that_of_the_buffer() {
    let redis = TestRedis::start().await;
    let api = with_loja(&redis).await;
    let eyes = Browser::with_key(&api, EYES).await;
    let try_it = format!("{LOJA}/try");
    let post = json!({
        "event": "messages.upsert", "instance": "loja",
        "data": {
            "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "A1"},
            "message": {"conversation": "<b>oi</b>"}, "messageTimestamp": 1_763_770_000,
        },
    });
    let body = post.to_string();

    let tried = eyes.post(&try_it, &[("body", &body)]).await;
    has(
        &tried,
        &[
            "loja:5511988887777",
            "&#60;b&#62;oi",
            "8 s",
            "/api/buffers/loja/try",
        ],
    );
    let as_waha = eyes
        .post(&try_it, &[("body", &body), ("source", "waha")])
        .await;
    assert_eq!(as_waha.status, 422);
    has(
        &as_waha,
        &[
            "The buffer refuses it.",
            "/api/buffers/try",
            "option value=\"waha\" selected",
        ],
    );
    let neither = eyes.post(&try_it, &[("body", "oi </textarea>")]).await;
    assert_eq!(neither.status, 400);
    has(&neither, &["oi &#60;/textarea"]);
    api.post("/api/webhook/loja", json!({"hello": "world"}))
        .await;
    let page = eyes.get(&try_it).await;
    let id = between(&page, "<option value=\"1", "\"").to_owned();
    let kept = eyes.post(&try_it, &[("post", &format!("1{id}"))]).await;
    assert_eq!(kept.status, 422);
    has(&kept, &["/api/buffers/loja/try?post="]);

    api.post("/api/webhook/loja", post).await;
    let window = eyes.get(&format!("{LOJA}/window?waits=4;12")).await;
    let parts = [
        "At 8 s, 0 % of thoughts",
        "1 thoughts in 1 messages",
        "<svg",
        "<caption",
        ">4 s",
        ">12 s",
    ];
    has(&window, &parts);
    let wrong = eyes.get(&format!("{LOJA}/window?waits=x")).await;
    has(&wrong, &["class=\"notice bad\"", "value=\"x\""]);
}
