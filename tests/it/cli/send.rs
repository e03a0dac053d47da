//! `lull send`.

use serde_json::json;

use crate::support::daemon::free_port;
use crate::support::tool::{lull, lull_at};
use crate::support::{Daemon, Receiver, TestRedis};

#[tokio::test]
async fn what_is_sent_arrives_with_its_fields() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let arguments = [
        "send", "ana", "é pouco", "--ttl", "0.5", "--field", "modo=a=b",
    ];
    let ran = lull_at(&api, &arguments).await.well();

    assert_eq!(
        ran.out,
        "Buffered: 1 message of ana, to leave in 0.5 s if nothing more is said\n"
    );
    let mut call = receiver.call().await.json();
    call.as_object_mut().unwrap().remove("processed_at");
    assert_eq!(
        call,
        json!({"modo": "a=b", "user": "ana", "user_id": "ana", "messages": ["é pouco"]})
    );
}

#[tokio::test]
async fn an_id_that_is_known_changes_nothing() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let arguments = ["send", "ana", "oi", "--id", "m1", "--json"];

    let first = lull_at(&api, &arguments).await.well().json();
    let second = lull_at(&api, &arguments).await.well().json();

    assert_eq!(
        (&first["buffered"], &first["duplicate"]),
        (&json!(1), &json!(null))
    );
    assert_eq!(
        (&second["buffered"], &second["duplicate"]),
        (&json!(1), &json!(true))
    );
    let told = lull_at(&api, &arguments[..5]).await.well();
    assert!(
        told.out.starts_with("Known by its id, nothing changed: 1 "),
        "{}",
        told.out
    );
}

#[tokio::test]
async fn a_message_can_leave_later() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let ran = lull_at(&api, &["send", "ana", "oi", "--delay", "3600"])
        .await
        .well();

    let words = "Buffered: leaves by itself at 20";
    assert!(ran.out.starts_with(words), "{}", ran.out);
    let (_, later) = api.get("/api/messages/later").await;
    assert_eq!(later["items"][0]["message"], "oi");
}

#[tokio::test]
async fn a_refusal_is_told_in_apis_words() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let ran = lull_at(&api, &["send", "ana", "oi", "--buffer", "nada"]).await;

    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(
        ran.err,
        "error: there is no buffer \"nada\": configure it, or name another\n"
    );
}

#[tokio::test]
async fn an_api_that_is_not_there_is_one_line_that_says_where_it_was_looked_for() {
    let port = free_port().to_string();

    for arguments in [
        &["send", "ana", "oi"][..],
        &["dead", "list"],
        &["dead", "show", "1-1-1"],
    ] {
        let ran = lull(arguments, &[("PORT", &port)]).await;

        let words =
            format!("error: api does not answer at http://127.0.0.1:{port}: cannot connect");
        assert!(ran.code == 1 && ran.err.starts_with(&words), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
}

#[tokio::test]
async fn something_else_at_the_url_is_not_taken_for_api() {
    let other = Receiver::start().await;

    let ran = lull(&["dead", "list", "--url", &other.url()], &[]).await;

    let words = "error: this is not the answer of Lull's api";
    assert!(ran.code == 1 && ran.err.starts_with(words), "{ran:?}");
}

#[tokio::test]
async fn an_api_with_keys_is_asked_with_one() {
    let redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("API_KEYS", "ana:k3y")]).await;
    let url = api.url("");

    for arguments in [&["send", "ana", "oi"][..], &["dead", "list"]] {
        let without = lull(arguments, &[("LULL_URL", &url)]).await;
        let with = lull(arguments, &[("LULL_URL", &url), ("LULL_KEY", "k3y")]).await;

        assert_eq!(without.code, 1);
        assert!(without.err.contains("LULL_KEY"), "{without:?}");
        with.well();
    }
}
