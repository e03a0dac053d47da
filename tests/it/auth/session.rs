//! A browser that showed a key is known by its cookie, from its own pages, at every api, until its key is gone.

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::issuer::{Issuer, from_now};
use super::{BOSS, EYES, KEYS, MOUTH, ask_with};
use crate::support::daemon::read;
use crate::support::refusal::Refusal;
use crate::support::{Daemon, TestRedis, eventually};

const SECRET: &str = "a-secret-of-at-least-32-characters";
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn show(api: &Daemon, key: &str, headers: &[(&str, &str)]) -> Response {
    let shown = json!({ "key": key });
    ask_with(api, Method::POST, "/api/session", headers, &shown).await
}

/// The cookie that an answer sets, as a browser sends it back, and all that was said with it.
fn cookie(answer: &Response) -> (String, String) {
    let set = answer.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    (set.split(';').next().unwrap().to_owned(), set)
}

async fn status(api: &Daemon, method: Method, path: &str, cookie: &str, site: (&str, &str)) -> u16 {
    let headers = [(COOKIE.as_str(), cookie), site];
    let asked = ask_with(api, method, path, &headers, &json!({"action": "stop"})).await;
    asked.status().as_u16()
}

#[tokio::test]
async fn a_browser_is_known_at_every_api_and_only_its_own_pages_change_anything() {
    let redis = TestRedis::start().await;
    let settings = [("API_KEYS", KEYS), ("SECRET_KEY", SECRET)];
    let one = Daemon::api_with(&redis, &settings).await;
    let other = Daemon::api_with(&redis, &settings).await;

    let shown = show(&one, BOSS, &[]).await;
    let (boss, set) = cookie(&shown);
    assert!(
        set.contains("; HttpOnly; SameSite=Strict") && !set.contains("Secure"),
        "{set}"
    );
    let (status_of, who) = read(shown).await;
    assert_eq!(
        (status_of.as_u16(), &who["name"], &who["may_change"]),
        (200, &json!("boss"), &json!(true))
    );
    let get = |path: &'static str| status(&other, Method::GET, path, &boss, OWN);
    eventually("the other api knows it", async || {
        get("/api/session").await == 200
    })
    .await;
    assert_eq!(get("/api/keys").await, 200);

    let post = |site| {
        status(
            &other,
            Method::POST,
            "/api/control",
            &boss,
            ("sec-fetch-site", site),
        )
    };
    assert_eq!(
        (
            post("same-origin").await,
            post("same-site").await,
            post("cross-site").await
        ),
        (200, 403, 403)
    );
    let look = |site| {
        status(
            &other,
            Method::GET,
            "/api/keys",
            &boss,
            ("sec-fetch-site", site),
        )
    };
    assert_eq!((look("none").await, look("cross-site").await), (200, 403));
    let programs = ("x-other", "1");
    assert_eq!(
        status(&other, Method::POST, "/api/control", &boss, programs).await,
        403
    );

    let (eyes, _) = cookie(&show(&one, EYES, &[]).await);
    assert_eq!(
        status(&one, Method::GET, "/api/chats", &eyes, OWN).await,
        200
    );
    assert_eq!(
        status(&one, Method::POST, "/api/control", &eyes, OWN).await,
        403
    );
    let forged = format!("{}x", &boss[..boss.len() - 1]);
    assert_eq!(
        status(&one, Method::GET, "/api/chats", &forged, OWN).await,
        401
    );

    let claims = json!({"sub": "bot", "scope": "read", "exp": from_now(600)});
    let (token, _) = cookie(&show(&one, &Issuer::secret(SECRET).token(&claims), &[]).await);
    let mine = ask_with(
        &one,
        Method::GET,
        "/api/session",
        &[(COOKIE.as_str(), &token), OWN],
        &Value::Null,
    )
    .await;
    assert_eq!(read(mine).await.1["name"], "token:bot");
}

#[tokio::test]
async fn a_session_dies_with_its_key_and_with_its_browser() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;
    let as_boss = [("x-api-key", BOSS)];
    let body = json!({"name": "panel", "scopes": ["read"]});
    let (_, made) = read(ask_with(&api, Method::POST, "/api/keys", &as_boss, &body).await).await;
    let https = [("origin", "https://lull.example"), ("host", "lull.example")];
    let (panel, set) = cookie(&show(&api, made["key"].as_str().unwrap(), &https).await);
    assert!(
        panel.starts_with("__Host-lull=") && set.ends_with("; Secure"),
        "{set}"
    );
    assert_eq!(
        status(&api, Method::GET, "/api/chats", &panel, OWN).await,
        200
    );

    ask_with(
        &api,
        Method::DELETE,
        "/api/keys/panel",
        &as_boss,
        &json!({}),
    )
    .await;
    eventually("the session is over", async || {
        status(&api, Method::GET, "/api/chats", &panel, OWN).await == 401
    })
    .await;
    // A new key of that name is another key.
    ask_with(&api, Method::POST, "/api/keys", &as_boss, &body).await;
    eventually("the new key is there", async || {
        let listed = ask_with(&api, Method::GET, "/api/keys", &as_boss, &Value::Null).await;
        read(listed).await.1.to_string().contains("panel")
    })
    .await;
    assert_eq!(
        status(&api, Method::GET, "/api/chats", &panel, OWN).await,
        401
    );

    let foreign = api.client().delete(api.url("/api/session"));
    let foreign = foreign.header("sec-fetch-site", "cross-site").send().await;
    assert_eq!(foreign.unwrap().status(), 403);
    let ending = api.client().delete(api.url("/api/session"));
    let ended = ending.header(OWN.0, OWN.1).send().await.unwrap();
    assert_eq!(ended.status(), 204);
    let cookies: Vec<_> = ended.headers().get_all(SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 2);
    for cookie in cookies {
        assert!(cookie.to_str().unwrap().contains("Max-Age=0"), "{cookie:?}");
    }
}

#[tokio::test]
async fn who_may_not_look_does_not_come_in_and_five_keys_a_minute_are_tried() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", KEYS)]).await;
    let foreign = [("origin", "https://evil.example")];
    let refused = Refusal::of(show(&api, BOSS, &foreign).await).await;
    assert_eq!(refused.code, "foreign_origin");
    let empty = Refusal::of(show(&api, " ", &[]).await).await;
    assert_eq!(
        (empty.status.as_u16(), empty.field.as_deref()),
        (400, Some("key"))
    );

    for (key, code) in [
        (MOUTH, "scope_missing"),
        ("none", "key_unknown"),
        ("none", "key_unknown"),
        ("none", "key_unknown"),
        ("none", "key_unknown"),
    ] {
        let refused = Refusal::of(show(&api, key, &[]).await).await;
        assert_eq!(refused.code, code);
    }
    let too_often = show(&api, BOSS, &[]).await;
    assert_eq!(too_often.headers()["retry-after"], "12");
    assert_eq!(Refusal::of(too_often).await.code, "rate_limited");
}
