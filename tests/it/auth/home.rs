//! Without keys: messages from everywhere, everything else from this machine alone.

use reqwest::Method;
use serde_json::json;

use super::{EYES, KEYS, ask, ask_with, bring, look};
use crate::support::daemon::read;
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis};

/// An api that believes a proxy on this machine.
const PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.1");
const FROM_AFAR: (&str, &str) = ("x-forwarded-for", "203.0.113.9");

#[tokio::test]
async fn without_keys_messages_come_from_everywhere_and_the_rest_from_this_machine_alone() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[PROXY]).await;

    for path in ["/", "/message", "/api/message", "/webhook/", "/api/typing"] {
        let status = bring(&api, path, &[FROM_AFAR]).await;
        assert!(![401, 403].contains(&status), "{path}: {status}");
    }
    assert_eq!(bring(&api, "/api/message", &[FROM_AFAR]).await, 200);
    assert_eq!(look(&api, "/api/health", &[FROM_AFAR]).await, 200);
    for path in [
        "/api/chats",
        "/api/audit",
        "/api/buffers",
        "/metrics",
        "/api/control",
    ] {
        assert_eq!(look(&api, path, &[FROM_AFAR]).await, 403, "{path}");
        assert_eq!(look(&api, path, &[]).await, 200, "{path}");
    }
    let refusal = ask(&api, Method::DELETE, "/api/chats/ana", &[FROM_AFAR]).await;
    let refusal = Refusal::of(refusal).await;
    assert_eq!(refusal.status, 403);
    assert!(
        refusal.error.contains("set API_KEYS=<name>:<key>"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn the_log_says_at_start_that_no_keys_are_set() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let said = "No API_KEYS and no keys for tokens are set: whoever reaches this port may bring messages, and everything else answers only to this machine";
    api.logs(said).await;
}

#[tokio::test]
async fn a_proxy_that_nobody_trusts_and_a_page_of_somebody_else_are_not_this_machine() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for header in [
        FROM_AFAR,
        ("x-forwarded-for", "127.0.0.1"),
        ("host", "rebound.example"),
        ("origin", "https://evil.example"),
    ] {
        assert_eq!(look(&api, "/api/chats", &[header]).await, 403, "{header:?}");
    }
    assert_eq!(look(&api, "/api/chats", &[]).await, 200);
}

#[tokio::test]
async fn the_audit_has_the_address_that_a_trusted_proxy_tells_and_no_other() {
    let redis = TestRedis::start().await;
    let trusting = Daemon::api_with(&redis, &[PROXY, ("API_KEYS", "boss:b0ss")]).await;
    let trusting_nobody = Daemon::api_with(&redis, &[("API_KEYS", "boss:b0ss")]).await;
    let headers = [
        ("x-forwarded-for", "10.0.0.1, 203.0.113.9"),
        ("x-api-key", "b0ss"),
    ];
    let order = json!({"action": "start"});

    for (api, address) in [(&trusting, "203.0.113.9"), (&trusting_nobody, "127.0.0.1")] {
        ask_with(api, Method::POST, "/api/control", &headers, &order).await;

        let audit = ask(api, Method::GET, "/api/audit?limit=1", &headers).await;
        let (_, audit) = read(audit).await;
        assert_eq!(audit["items"][0]["address"], address);
    }
    trusting
        .logs("The key of boss has fewer than 16 characters")
        .await;
}

#[tokio::test]
async fn with_keys_nobody_comes_in_for_being_on_this_machine() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;

    assert_eq!(look(&api, "/api/chats", &[]).await, 401);
    assert_eq!(look(&api, "/api/chats", &[("x-api-key", EYES)]).await, 200);
}
