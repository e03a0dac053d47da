//! Tokens (JWT): whose signature is believed, what they must say, and what they give.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::issuer::{Issuer, encoded, from_now, key_set};
use super::{ask, ask_with, bring, look};
use crate::support::daemon::{API, read};
use crate::support::refusal::Refusal;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const SECRET: &str = "a-secret-of-at-least-32-characters";

/// Claims that are right, with these instead or beside.
fn claims(more: &Value) -> Value {
    let mut claims = json!({
        "sub": "bot", "iss": "https://id.example", "aud": ["lull", "other"], "exp": from_now(600), "scope": "openid read",
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

/// An api that believes these, by a file, and a secret.
async fn believing(redis: &TestRedis, issuers: &[&Issuer]) -> (Daemon, NamedTempFile) {
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{}", key_set(issuers)).unwrap();
    let settings = [
        ("JWT_JWKS_FILE", file.path().to_str().unwrap()),
        ("JWT_AUDIENCE", "lull"),
        ("JWT_ISSUER", "https://id.example, https://id2.example"),
        ("SECRET_KEY", SECRET),
        ("LOG_LEVEL", "trace"),
    ];
    (Daemon::api_with(redis, &settings).await, file)
}

async fn shown(api: &Daemon, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    look(api, "/api/chats", &[("authorization", &bearer)]).await
}

#[tokio::test]
async fn tokens_of_every_algorithm_come_in_as_far_as_their_scopes() {
    let redis = TestRedis::start().await;
    let (rsa, ecdsa, ed25519) = (Issuer::rsa(), Issuer::ecdsa(), Issuer::ed25519());
    let (api, _file) = believing(&redis, &[&ecdsa, &rsa, &ed25519]).await;
    let secret = Issuer::secret(SECRET);

    for issuer in [&rsa, &ecdsa, &ed25519, &secret] {
        let token = issuer.token(&claims(&json!({})));
        assert_eq!(shown(&api, &token).await, 200, "{token}");
        let key = [("x-api-key", token.as_str())];
        assert_eq!(bring(&api, "/api/message", &key).await, 403, "{token}");
    }
    // Without a key's id every key of its kind is tried.
    let header = json!({"alg": "ES256"});
    let token = ecdsa.token_with(&header, &claims(&json!({"nbf": from_now(-5)})));
    assert_eq!(shown(&api, &token).await, 200);
}

#[tokio::test]
async fn a_token_that_is_not_right_is_refused_with_what_is_wrong() {
    let redis = TestRedis::start().await;
    let (rsa, ecdsa) = (Issuer::rsa(), Issuer::ecdsa());
    let (api, _file) = believing(&redis, &[&ecdsa, &rsa]).await;
    let secret = Issuer::secret(SECRET);
    let without = |name: &str| {
        let mut claims = claims(&json!({}));
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    let good = claims(&json!({}));
    let critical = |issuer: &Issuer, crit: Value| {
        let mut header = issuer.header();
        header["b64"] = json!(true);
        header["crit"] = crit;
        issuer.token_with(&header, &good)
    };
    let (said, _) = rsa
        .token(&good)
        .rsplit_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let public = rsa.jwk();
    let public = public["n"].as_str().unwrap();
    let none = json!({"alg": "none"});
    let unsigned = format!(
        "{}.{}.",
        encoded(none.to_string().as_bytes()),
        encoded(good.to_string().as_bytes())
    );
    let hs256 = json!({"alg": "HS256", "kid": "RS256"});

    for (token, says) in [
        (
            rsa.token(&claims(&json!({"exp": from_now(-120)}))),
            "has expired",
        ),
        (
            secret.token(&claims(&json!({"exp": from_now(-120)}))),
            "has expired",
        ),
        (secret.token(&without("exp")), "has no exp"),
        (secret.token(&claims(&json!({"exp": "never"}))), "token"),
        (
            ecdsa.token(&claims(&json!({"nbf": from_now(120)}))),
            "not valid yet",
        ),
        (
            rsa.token(&claims(&json!({"aud": "other"}))),
            "none of JWT_AUDIENCE",
        ),
        (rsa.token(&without("aud")), "has no aud"),
        (
            rsa.token(&claims(&json!({"iss": "https://evil.example"}))),
            "none of JWT_ISSUER",
        ),
        (rsa.token(&without("iss")), "has no iss"),
        (unsigned, "cannot be read"),
        (format!("{said}."), "signature"),
        (format!("{said}.{}", encoded(b"x")), "signature"),
        // What it names would have to be known here to believe it.
        (critical(&secret, json!(["urn:example:limit"])), "a crit"),
        (critical(&rsa, json!(["b64"])), "a crit"),
        (critical(&rsa, json!([])), "a crit"),
        (critical(&rsa, Value::Null), "a crit"),
        (critical(&rsa, json!("b64")), "cannot be read"),
        // Keys that nobody believes.
        (Issuer::ecdsa().token(&good), "signature"),
        (Issuer::secret("another").token(&good), "signature"),
        // A key for another algorithm than it is for.
        (
            Issuer::secret(public).token_with(&hs256, &good),
            "signature",
        ),
        (
            Issuer::secret(&rsa.jwk().to_string()).token_with(&hs256, &good),
            "signature",
        ),
        (
            secret.token_with(&json!({"alg": "RS256", "kid": "RS256"}), &good),
            "signature",
        ),
        (
            rsa.token_with(&json!({"alg": "ES256", "kid": "ES256"}), &good),
            "signature",
        ),
        (
            secret.token_with(&json!({"alg": "HS512"}), &good),
            "not taken here",
        ),
        (
            ecdsa.token_with(&json!({"alg": "ES256", "kid": "RS256"}), &good),
            "signature",
        ),
    ] {
        let answer = ask(
            &api,
            Method::GET,
            "/api/chats",
            &[("authorization", &token)],
        )
        .await;
        let refusal = Refusal::of(answer).await;

        assert_eq!(refusal.status, 401, "{refusal:?}");
        assert!(refusal.error.contains(says), "{says}: {refusal:?}");
        let way = &refusal.headers["www-authenticate"];
        assert_eq!(way, "Bearer realm=\"lull\", error=\"invalid_token\"");
        assert!(!api.log().contains(&token), "{}", api.log());
    }
}

#[tokio::test]
async fn public_keys_are_not_taken_for_a_secret_where_none_is_set() {
    let redis = TestRedis::start().await;
    let (rsa, oct) = (Issuer::rsa(), Issuer::secret("published"));
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{}", key_set(&[&rsa, &oct])).unwrap();
    let settings = [
        ("JWT_JWKS_FILE", file.path().to_str().unwrap()),
        ("JWT_AUDIENCE", "lull"),
    ];
    let api = Daemon::api_with(&redis, &settings).await;

    assert_eq!(shown(&api, &rsa.token(&claims(&json!({})))).await, 200);
    for secret in [rsa.jwk()["n"].as_str().unwrap(), "published", ""] {
        let token = Issuer::secret(secret).token(&claims(&json!({})));
        assert_eq!(shown(&api, &token).await, 401);
    }
}

#[tokio::test]
async fn a_token_of_the_secret_brings_messages_unless_it_says_what_else_and_is_named_in_the_audit()
{
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("SECRET_KEY", SECRET)]).await;
    let secret = Issuer::secret(SECRET);
    let plain = secret.token(&json!({"exp": from_now(60), "aud": "anybody"}));
    let admin = secret.token(&json!({"sub": "ops", "exp": from_now(60), "scope": ["admin"]}));

    assert_eq!(
        bring(&api, "/api/message", &[("authorization", &plain)]).await,
        200
    );
    assert_eq!(shown(&api, &plain).await, 403);
    assert_eq!(bring(&api, "/api/message", &[]).await, 401);
    let headers = [("x-api-key", admin.as_str())];
    ask_with(
        &api,
        Method::POST,
        "/api/control",
        &headers,
        &json!({"action": "stop"}),
    )
    .await;
    let audit = ask(
        &api,
        Method::GET,
        "/api/audit?action=control.stop",
        &headers,
    )
    .await;
    assert_eq!(read(audit).await.1["items"][0]["actor"], "token:ops");
}

#[tokio::test]
async fn public_keys_are_fetched_and_a_new_one_is_found_when_it_is_missed() {
    let redis = TestRedis::start().await;
    let (old, new) = (Issuer::ecdsa(), Issuer::ed25519());
    let set = |issuers: &[&Issuer]| {
        Answer::Full(
            200,
            "content-type: application/json\r\n",
            key_set(issuers).leak(),
        )
    };
    let receiver = Receiver::answering(&[Answer::Status(500)], set(&[&old])).await;
    let settings = [("JWT_JWKS_URL", &*receiver.url()), ("JWT_AUDIENCE", "lull")];
    let api = Daemon::api_with(&redis, &settings).await;
    let (by_old, by_new) = (
        old.token(&claims(&json!({}))),
        new.token(&claims(&json!({}))),
    );

    api.logs("Cannot get the public keys of JWT_JWKS_URL: the answer is HTTP 500")
        .await;
    eventually("the keys are fetched", async || {
        shown(&api, &by_old).await == 200
    })
    .await;
    assert_eq!(shown(&api, &by_new).await, 401);
    receiver.answer(set(&[&new]));
    eventually("the new key is fetched", async || {
        shown(&api, &by_new).await == 200
    })
    .await;
    assert_eq!(shown(&api, &by_old).await, 401);
    // Each other set is told, even if it has as many keys.
    let told = api.log().matches("1 public keys from JWT_JWKS_URL").count();
    assert_eq!(told, 2, "{}", api.log());
}

#[tokio::test]
async fn a_key_set_forgets_what_it_has_no_more_even_where_nothing_is_left_that_can_be_used() {
    let of_the_future = json!({"kty": "PQC", "kid": "x", "pub": "AAAA"});
    for keys in [
        json!([]),
        json!([Issuer::secret("published").jwk()]),
        // What nobody here knows is left out, and not the rest of the set kept because of it.
        json!([of_the_future, Issuer::ecdsa().jwk()]),
    ] {
        let redis = TestRedis::start().await;
        let (old, other) = (Issuer::ecdsa(), Issuer::ed25519());
        let set = |set: String| Answer::Full(200, "content-type: application/json\r\n", set.leak());
        let receiver = Receiver::answering(&[], set(key_set(&[&old]))).await;
        let settings = [("JWT_JWKS_URL", &*receiver.url()), ("JWT_AUDIENCE", "lull")];
        let api = Daemon::api_with(&redis, &settings).await;
        let (by_old, by_other) = (
            old.token(&claims(&json!({}))),
            other.token(&claims(&json!({}))),
        );
        eventually("the keys are fetched", async || {
            shown(&api, &by_old).await == 200
        })
        .await;

        receiver.answer(set(json!({ "keys": keys }).to_string()));

        eventually("the key is forgotten", async || {
            // A key that is missed has the set fetched again, as the next minute would.
            assert_eq!(shown(&api, &by_other).await, 401);
            shown(&api, &by_old).await == 401
        })
        .await;
    }
}

#[tokio::test]
async fn no_log_line_has_the_query_of_the_url_of_a_key_set() {
    let redis = TestRedis::start().await;
    for answer in [
        Answer::Reset,
        Answer::Status(302),
        Answer::Full(200, "", "{}"),
    ] {
        let receiver = Receiver::answering(&[], answer).await;
        let url = format!("{}?token=s3cret", receiver.url());
        let settings = [
            ("JWT_JWKS_URL", &*url),
            ("JWT_AUDIENCE", "lull"),
            ("LOG_LEVEL", "debug"),
        ];
        let api = Daemon::api_with(&redis, &settings).await;

        api.logs("Cannot get the public keys of JWT_JWKS_URL").await;
        drop(receiver);
        let log = api.log();
        assert!(!log.contains("s3cret"), "{log}");
    }
}

#[tokio::test]
async fn a_file_without_a_key_that_can_be_used_stops_the_daemon() {
    let redis = TestRedis::start().await;
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{}", key_set(&[&Issuer::secret("s3cret")])).unwrap();
    let (url, path) = (redis.url(), file.path().to_str().unwrap());
    let settings = [
        ("REDIS_URL", &*url),
        ("PORT", "0"),
        ("JWT_JWKS_FILE", path),
        ("JWT_AUDIENCE", "lull"),
    ];
    let mut api = Daemon::spawn(API, &[], &settings, 0);

    assert_eq!(api.ended().await.code(), Some(1));

    let log = api.log();
    assert!(
        log.contains("JWT_JWKS_FILE: there is no key for RS256, ES256 or EdDSA in the set"),
        "{log}"
    );
    assert!(!log.contains("s3cret"), "{log}");
}
