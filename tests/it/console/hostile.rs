//! What people write, and what they call themselves, does nothing in a page.

use serde_json::json;

use super::browser::Browser;
use crate::support::{Daemon, TestRedis};

const KEYS: [(&str, &str); 2] = [
    ("API_KEYS", "ana:key-of-ana-that-is-long-enough"),
    ("OPEN_INGEST", "true"),
];

#[tokio::test]
async fn hostile_names_and_texts_are_only_text() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let ana = Browser::with_key(&api, "key-of-ana-that-is-long-enough").await;
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}";
    let long = "é".repeat(64 * 1024);
    for (user, text) in [
        ("<script>alert(1)</script>", script),
        ("a\u{202e}gpj.exe", "\u{202e}\u{2066}abc"),
        ("../../etc/passwd?x=1#y", "half \\ud83d of a face"),
        ("longest", &long),
    ] {
        let body = json!({"user": user, "message": text, "name": script, "ttl": 60});
        let (status, answer) = api.post("/api/message", body).await;
        assert_eq!(status, 200, "{answer}");
        let chat = ana.post("/console/find", &[("q", user)]).await;
        assert!(
            chat.sent_to.starts_with("/console/chats/chat_"),
            "{user}: {chat:?}"
        );
        let story = ana.get(&chat.sent_to).await;
        let now = ana.get("/console").await;
        for page in [&story, &now] {
            assert_eq!(page.status, 200);
            assert!(!page.html.contains("<script>alert"), "{user}");
            assert!(!page.html.contains("<img"), "{user}");
            assert!(
                page.html.len() < 60_000,
                "{user}: {} bytes",
                page.html.len()
            );
        }
    }
}

#[tokio::test]
async fn half_of_an_emoji_costs_no_page() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &KEYS).await;
    let ana = Browser::with_key(&api, "key-of-ana-that-is-long-enough").await;
    let half = r#"{"user": "half", "message": "half \ud83d", "sender_name": "\udc4d", "ttl": 60}"#;
    let request = api.client().post(api.url("/api/message"));
    let request = request.header("content-type", "application/json");
    assert_eq!(request.body(half).send().await.unwrap().status(), 200);

    let chat = ana.post("/console/find", &[("q", "half")]).await.sent_to;
    for path in [chat.as_str(), "/console", "/console/posts"] {
        let page = ana.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.html.contains("half"), "{path}: {}", page.html);
    }
}
