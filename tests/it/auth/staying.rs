//! Who listens does so for as long as they would be let in, and no longer.

use reqwest::Method;
use serde_json::json;

use super::issuer::{Issuer, from_now};
use super::{BOSS, EYES, KEYS, ask_with};
use crate::support::daemon::read;
use crate::support::listening::Listening;
use crate::support::{Daemon, TestRedis};

const SECRET: &str = "a-secret-of-at-least-32-characters";
/// A token is taken for so many seconds longer than it says, as clocks differ.
const LEEWAY: i64 = 60;

async fn listen(api: &Daemon, key: &str) -> Listening {
    let request = api.client().get(api.url("/api/events"));
    Listening::by(request.header("x-api-key", key)).await
}

#[tokio::test]
async fn who_listens_is_cut_off_when_the_key_is_revoked_or_the_token_has_run_out() {
    let redis = TestRedis::start().await;
    let settings = [("API_KEYS", KEYS), ("SECRET_KEY", SECRET)];
    let one = Daemon::api_with(&redis, &settings).await;
    let other = Daemon::api_with(&redis, &settings).await;
    let as_boss = [("x-api-key", BOSS)];
    let body = json!({"name": "panel", "scopes": ["read"]});
    let made = ask_with(&one, Method::POST, "/api/keys", &as_boss, &body).await;
    let (_, made) = read(made).await;
    let key = made["key"].as_str().unwrap();
    let claims = |left: i64| json!({"sub": "bot", "scope": "read", "exp": from_now(left - LEEWAY)});
    let token = |left| Issuer::secret(SECRET).token(&claims(left));
    let mut by_key = listen(&one, key).await;
    let mut stays = [
        listen(&one, EYES).await,
        listen(&other, &token(LEEWAY + 600)).await,
    ];
    let mut runs_out = listen(&one, &token(3)).await;
    for listening in &mut stays {
        listening.named("counts").await;
    }
    by_key.named("counts").await;
    runs_out.ends().await;
    let mut elsewhere = listen(&other, key).await;
    by_key.named("counts").await;

    let gone = ask_with(
        &one,
        Method::DELETE,
        "/api/keys/panel",
        &as_boss,
        &json!({}),
    )
    .await;
    assert_eq!(gone.status(), 200);

    by_key.ends().await;
    elsewhere.ends().await;
    for listening in &mut stays {
        listening.named("counts").await;
    }
}
