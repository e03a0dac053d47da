//! Settings that are missing or wrong: one line on stderr that names the variable and tells no secret, and an end.

use std::path::Path;

use crate::support::daemon::{API, LULL, MONITOR};
use crate::support::redis::server_settings;
use crate::support::{Daemon, TestRedis};

/// Stands wherever a person may have put a password or a token.
const SECRET: &str = "s3cr3t";

/// What the program says on stderr, all of it, before it ends and fails.
async fn complaint(program: &str, arguments: &[&str], settings: &[(&str, &str)]) -> String {
    let mut command = vec!["-c", r#"exec "$0" "$@" >/dev/null"#, program];
    command.extend(arguments);
    let mut daemon = Daemon::spawn("/bin/sh", &command, settings, 0);

    let status = daemon.ended().await;

    assert_eq!(status.code(), Some(1), "{}", daemon.log());
    daemon.log()
}

/// The setting that is named first in the only line of a complaint.
fn assert_names(complaint: &str, name: &str, context: &str) {
    assert_eq!(complaint.lines().count(), 1, "{context}: {complaint}");
    assert!(complaint.starts_with("error: "), "{context}: {complaint}");
    assert!(complaint.contains(name), "{context}: {complaint}");
    assert!(!complaint.contains(SECRET), "{context}: {complaint}");
}

/// Wrong for whoever takes messages.
const WRONG_FOR_API: [(&str, &str); 20] = [
    ("PORT", "http"),
    ("PORT", "70000"),
    ("MAX_BODY_BYTES", "0"),
    ("MAX_BODY_BYTES", "1MB"),
    ("DEFAULT_TTL", "0"),
    ("DEFAULT_TTL", "soon"),
    ("DEFAULT_TTL", "100000"),
    ("MAX_TTL", "0.05"),
    ("MAX_TTL", "1e12"),
    ("MAX_TTL", "5"),
    ("MAX_WAIT", "-1"),
    ("MAX_WAIT", "NaN"),
    ("MAX_MESSAGES", "1.5"),
    ("MAX_WINDOW_BYTES", "4MB"),
    ("LOG_LEVEL", "loud"),
    ("LOG_FORMAT", "xml"),
    ("REDIS_PORT", "many"),
    ("REDIS_DB", "first"),
    ("REDIS_TLS", "maybe"),
    ("REDIS_URL", "redis://:s3cr3t@host:port"),
];

/// Wrong for whoever delivers.
const WRONG_FOR_MONITOR: [(&str, &str); 30] = [
    ("WEBHOOK_URL", "n8n:5678/webhook/s3cr3t"),
    ("WEBHOOK_URL", "ftp://n8n/webhook/s3cr3t"),
    ("WEBHOOK_URL", "/webhook/s3cr3t"),
    ("WEBHOOK_URL", "http://s3cr3t:s3cr3t@:80/x"),
    ("WEBHOOK_SECRET", "s3cr3t"),
    ("WEBHOOK_SECRET", "whsec_s3cr3t!"),
    (
        "WEBHOOK_SECRET",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw,s3cr3t",
    ),
    ("WEBHOOK_HEADERS", "Authorization: s3cr3t"),
    ("WEBHOOK_HEADERS", r#"["s3cr3t"]"#),
    ("WEBHOOK_HEADERS", r#"{"x-s3cr3t": 5}"#),
    ("WEBHOOK_HEADERS", r#"{"Authorization": "s3cr3t\n"}"#),
    ("WEBHOOK_HEADERS", r#"{"webhook-id": "s3cr3t"}"#),
    ("WEBHOOK_TIMEOUT", "0"),
    ("WEBHOOK_TIMEOUT", "4000"),
    ("MESSAGES_FIELD", "user_id"),
    ("TIMEZONE", "Brasil"),
    ("MAX_RETRIES", "-1"),
    ("RETRY_FOR", "x"),
    ("MAX_RETRY_AFTER", "-1"),
    ("RETRY_FIRST", "0"),
    ("RETRY_FIRST", "301"),
    ("RETRY_CAP", "0.5"),
    ("CONCURRENCY", "0"),
    ("CONCURRENCY", "10001"),
    ("MONITOR_PORT", "x"),
    ("HISTORY_AGE", "0"),
    ("HISTORY_AGE", "0"),
    ("DEAD_LETTER_COUNT", "0"),
    ("DEAD_LETTER_AGE", "-1"),
    ("MAX_MESSAGES", "x"),
];

#[tokio::test]
async fn api_names_the_setting_that_is_wrong() {
    for (name, value) in WRONG_FOR_API {
        let mut settings = vec![("REDIS_HOST", "h"), ("REDIS_PASSWORD", SECRET)];
        settings.push((name, value));

        let complaint = complaint(API, &[], &settings).await;

        assert_names(&complaint, name, &format!("{name}={value}"));
    }
}

#[tokio::test]
async fn monitor_names_the_setting_that_is_wrong() {
    for (name, value) in WRONG_FOR_MONITOR {
        let mut settings = vec![("REDIS_HOST", "h"), ("REDIS_PASSWORD", SECRET)];
        if name != "WEBHOOK_URL" {
            settings.push(("WEBHOOK_URL", "http://n8n/webhook/s3cr3t"));
        }
        settings.push((name, value));

        let complaint = complaint(MONITOR, &[], &settings).await;

        assert_names(&complaint, name, &format!("{name}={value}"));
    }
}

#[tokio::test]
async fn lull_up_names_the_setting_that_is_wrong_before_it_starts_anything() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let wrong = WRONG_FOR_API.into_iter().chain(WRONG_FOR_MONITOR);

    for (name, value) in wrong.chain([("REDIS_SERVER", "/nowhere/redis-server")]) {
        let settings = [("LULL_DATA", data.to_str().unwrap()), (name, value)];

        let complaint = complaint(LULL, &["up"], &settings).await;

        assert_names(&complaint, name, &format!("{name}={value}"));
        assert!(!Path::new(&data).exists(), "{name}={value}");
    }
}

#[tokio::test]
async fn a_missing_setting_is_named() {
    let (redis, webhook) = (("REDIS_HOST", "h"), ("WEBHOOK_URL", "http://n8n/x"));
    for (program, settings, name) in [
        (API, [("PORT", "5000"), webhook], "REDIS_URL or REDIS_HOST"),
        (
            API,
            [("REDIS_HOST", " "), webhook],
            "REDIS_URL or REDIS_HOST",
        ),
        (
            MONITOR,
            [("PORT", "5000"), webhook],
            "REDIS_URL or REDIS_HOST",
        ),
        (MONITOR, [redis, ("PORT", "5000")], "WEBHOOK_URL"),
        // Panels leave variables empty.
        (MONITOR, [redis, ("WEBHOOK_URL", "")], "WEBHOOK_URL"),
    ] {
        let complaint = complaint(program, &[], &settings).await;

        assert_names(&complaint, &format!("{name} must be set"), program);
    }
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let data = file.path().join("data");
    let server = server_settings();
    let mut settings = vec![("LULL_DATA", data.to_str().unwrap())];
    settings.extend(server.iter().map(|(name, value)| (*name, value.as_str())));

    let complaint = complaint(LULL, &["up"], &settings).await;

    assert_names(&complaint, "LULL_DATA", "a file in the way");
}

#[tokio::test]
async fn without_a_redis_server_lull_up_says_what_to_install() {
    let folder = tempfile::tempdir().unwrap();

    let complaint = complaint(
        LULL,
        &["up"],
        &[
            ("LULL_DATA", folder.path().to_str().unwrap()),
            ("PATH", "/nowhere"),
        ],
    )
    .await;

    assert_names(
        &complaint,
        "apt install redis-server",
        "no server on the PATH",
    );
}

#[tokio::test]
async fn a_variable_that_is_set_but_empty_counts_as_not_set() {
    let redis = TestRedis::start().await;
    let empty = [
        "REDIS_USERNAME",
        "REDIS_PASSWORD",
        "REDIS_DB",
        "REDIS_TLS",
        "DEFAULT_TTL",
        "MAX_TTL",
        "MAX_WAIT",
        "MAX_MESSAGES",
        "MAX_WINDOW_BYTES",
        "MAX_BODY_BYTES",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ]
    .map(|name| (name, ""));

    let api = Daemon::api_with(&redis, &empty).await;

    let body = serde_json::json!({"user": "ana", "message": "oi"});
    let (_, answer) = api.post("/", body).await;
    assert_eq!(answer["expires_in"], 15.0);
}

/// What is said by a program that has a variable which is no UTF-8.
async fn complaint_of_bytes(program: &str, name: &str) -> String {
    let script = format!(r#"export {name}="$(printf 's3cr3t\377')"; exec "$0" >/dev/null"#);
    let settings = [("REDIS_HOST", "h"), ("WEBHOOK_URL", "http://n8n/")];
    let mut daemon = Daemon::spawn("/bin/sh", &["-c", &script, program], &settings, 0);
    assert_eq!(daemon.ended().await.code(), Some(1), "{}", daemon.log());
    daemon.log()
}

#[tokio::test]
async fn a_setting_that_is_no_text_stops_the_daemon_that_reads_it() {
    for (program, name) in [
        (API, "API_KEYS"),
        (API, "API_KEYS_FILE"),
        (API, "OPEN_INGEST"),
        (API, "SECRET_KEY"),
        (API, "JWT_AUDIENCE"),
        (API, "RATE_LIMIT"),
        (MONITOR, "WEBHOOK_SECRET"),
        (MONITOR, "REDIS_PASSWORD"),
    ] {
        let complaint = complaint_of_bytes(program, name).await;

        assert_names(&complaint, name, name);
        assert!(complaint.contains("is not UTF-8"), "{complaint}");
    }
}

#[tokio::test]
async fn what_is_to_close_something_and_says_nothing_stops_api() {
    for (name, value) in [
        ("API_KEYS", ""),
        ("API_KEYS", " , "),
        ("API_KEYS_FILE", ""),
        ("API_KEYS_FILE", "/dev/null"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "  "),
        ("JWT_JWKS_FILE", ""),
        ("JWT_JWKS_FILE", "/dev/null"),
        ("JWT_JWKS_URL", ""),
        ("JWT_AUDIENCE", "lull"),
        ("JWT_ISSUER", ""),
        ("OPEN_INGEST", ""),
        ("OPEN_INGEST", "maybe"),
        ("OPEN_BUFFER_SERVICE", ""),
    ] {
        let settings = [("REDIS_HOST", "h"), (name, value)];

        let complaint = complaint(API, &[], &settings).await;

        assert_names(&complaint, name, &format!("{name}={value}"));
    }
}
