//! Pages of others that may call (CORS).

use reqwest::{Method, Response};

use super::{BOSS, KEYS, ask, bring, look};
use crate::support::daemon::NO_KEY;
use crate::support::{Daemon, TestRedis};

const PANEL: &str = "https://panel.example";

/// What a browser asks before a page may send a message with a key.
async fn asked(api: &Daemon, origin: &str) -> Response {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    ask(api, Method::OPTIONS, "/api/message", &headers).await
}

fn allowed(answer: &Response) -> Option<&str> {
    let header = answer.headers().get("access-control-allow-origin")?;
    Some(header.to_str().unwrap())
}

#[tokio::test]
async fn pages_that_are_named_may_call_with_a_key_and_no_others() {
    let redis = TestRedis::start().await;
    let origins = r#"["https://panel.example", "http://localhost:3000"]"#;
    let settings = [("API_KEYS", KEYS), ("ALLOWED_ORIGINS", origins)];
    let api = Daemon::api_with(&redis, &settings).await;

    let answer = asked(&api, PANEL).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(allowed(&answer), Some(PANEL));
    let taken = answer.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(
        taken.contains("authorization") && taken.contains("x-api-key"),
        "{taken}"
    );
    assert!(
        !answer
            .headers()
            .contains_key("access-control-allow-credentials")
    );
    assert_eq!(allowed(&asked(&api, "https://evil.example").await), None);

    let headers = [("origin", PANEL), ("x-api-key", BOSS)];
    let answer = ask(&api, Method::GET, "/api/chats", &headers).await;
    assert_eq!(
        (answer.status().as_u16(), allowed(&answer)),
        (200, Some(PANEL))
    );
    // A page has to be able to read why it is refused.
    let answer = ask(&api, Method::GET, "/api/chats", &[("origin", PANEL)]).await;
    assert_eq!(
        (answer.status().as_u16(), allowed(&answer)),
        (401, Some(PANEL))
    );
}

#[tokio::test]
async fn by_default_no_page_of_somebody_else_may_call() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let answer = asked(&api, PANEL).await;

    assert_eq!(allowed(&answer), None);
    assert!(!answer.status().is_success());
}

#[tokio::test]
async fn a_star_lets_every_page_call_with_a_key_and_none_bring_messages_without() {
    let redis = TestRedis::start().await;
    let settings = [NO_KEY, ("ALLOWED_ORIGINS", "*")];
    let all = Daemon::api_with(&redis, &settings).await;

    assert_eq!(allowed(&asked(&all, PANEL).await), Some("*"));
    assert_eq!(bring(&all, "/api/message", &[("origin", PANEL)]).await, 403);
    assert_eq!(look(&all, "/api/chats", &[("origin", PANEL)]).await, 401);
}
