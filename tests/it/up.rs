//! `lull up`: everything with one command, for somebody who has just come by.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::NO_KEY;
use crate::support::tool::{self, Ran};
use crate::support::up::{Place, gone};
use crate::support::{Daemon, Receiver, TestRedis, eventually};

/// The payloads that were printed so far.
fn printed(daemon: &Daemon) -> Vec<Value> {
    let log = daemon.log();
    let payloads = log
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    payloads.collect()
}

/// The next payload that is printed, without its time.
async fn payload(daemon: &Daemon) -> Value {
    eventually("a payload is printed", async || !printed(daemon).is_empty()).await;
    let mut payload = printed(daemon).remove(0);
    payload.as_object_mut().unwrap().remove("processed_at");
    payload
}

/// Says something and closes its window.
async fn say_and_flush(daemon: &Daemon) {
    daemon.say("ana", "oi", 60.0).await;
    flush(daemon).await;
}

async fn flush(daemon: &Daemon) {
    let (_, answer) = daemon
        .request(Method::POST, "/api/chats/ana/flush", None)
        .await;
    assert_eq!(answer["messages"], 1);
}

/// The command that a person is told to paste.
async fn command_to_paste(daemon: &Daemon) -> String {
    daemon.logs("\n\n  curl ").await;
    let log = daemon.log();
    let mut parts = log.split("\n\n");
    let command = parts.find(|it| it.starts_with("  curl "));
    command.unwrap().to_owned()
}

/// Pastes it into a shell; without curl, does what curl would.
async fn paste(daemon: &Daemon, command: &str) -> String {
    let output = Command::new("sh")
        .args(["-c", command])
        .env_remove("HTTP_PROXY")
        .output()
        .unwrap();
    if output.status.code() != Some(127) {
        return String::from_utf8(output.stdout).unwrap();
    }
    let body = command.split('\'').nth(3).unwrap();
    let (_, answer) = daemon
        .post("/api/message", serde_json::from_str(body).unwrap())
        .await;
    answer.to_string()
}

#[tokio::test]
async fn the_printed_command_makes_the_payload_appear() {
    let place = Place::new();
    let lull = place.up().await;

    let command = command_to_paste(&lull).await;
    let answer = paste(&lull, &command).await;

    assert!(answer.contains(r#""success":true"#), "{command}: {answer}");
    assert_eq!(
        payload(&lull).await,
        json!({"user": "5511988887777", "user_id": "5511988887777", "messages": ["hi"]})
    );
}

#[tokio::test]
async fn the_printed_link_opens_the_console() {
    let place = Place::new();
    let lull = place.up().await;
    lull.logs("/console/login?link=").await;
    let log = lull.log();
    let link = log.lines().find(|it| it.contains("?link=")).unwrap();
    let (address, secret) = link.trim().split_once("/console/login?link=").unwrap();
    assert_eq!(address, lull.url(""));

    let (status, who) = lull.post("/api/session", json!({ "link": secret })).await;

    assert_eq!((status.as_u16(), &who["may_change"]), (200, &json!(true)));
}

#[tokio::test]
async fn ctrl_c_stops_all_of_it() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = Place::new();
        let mut lull = place.up().await;
        let redis = place.redis_pid().await.unwrap();

        lull.signal(signal);

        assert_eq!(lull.ended().await.code(), Some(0), "{signal}");
        gone(redis).await;
    }
}

#[tokio::test]
async fn what_was_said_is_still_there_after_a_restart() {
    let place = Place::new();
    let mut lull = place.up().await;
    lull.say("ana", "oi", 60.0).await;
    lull.stop().await;

    let lull = place.up().await;
    flush(&lull).await;

    assert_eq!(payload(&lull).await["messages"], json!(["oi"]));
    // api shows what the monitor in the same process knows.
    let metrics = lull.metrics().await;
    let breaker = "lull_breakers_open{destination=\"default\"} 0\n";
    assert!(metrics.contains(breaker), "{metrics}");
}

#[tokio::test]
async fn a_second_one_in_the_same_folder_is_refused_and_harms_nothing() {
    let place = Place::new();
    let first = place.up().await;
    let redis = place.redis_pid().await;

    let mut second = place.spawn(&[]);
    let status = second.ended().await;

    let line = format!(
        "error: another lull up works in {}; choose another LULL_DATA\n",
        place.data().display()
    );
    assert_eq!(status.code(), Some(1));
    assert!(place.stderr().contains(&line), "{}", place.stderr());
    assert_eq!(place.redis_pid().await, redis);
    say_and_flush(&first).await;
}

#[tokio::test]
async fn a_redis_left_behind_by_a_killed_one_is_replaced_and_its_messages_kept() {
    let place = Place::new();
    let mut lull = place.up().await;
    let orphan = place.redis_pid().await.unwrap();
    lull.say("ana", "oi", 60.0).await;
    lull.kill();

    let mut lull = place.up().await;
    flush(&lull).await;

    assert_eq!(payload(&lull).await["messages"], json!(["oi"]));
    gone(orphan).await;
    let redis = place.redis_pid().await.unwrap();
    lull.stop().await;
    gone(redis).await;
}

#[tokio::test]
async fn when_its_redis_dies_it_ends_and_says_where_to_look() {
    let place = Place::new();
    let mut lull = place.up().await;
    let redis = place.redis_pid().await.unwrap();

    kill(Pid::from_raw(redis.try_into().unwrap()), Signal::SIGKILL).unwrap();

    assert_eq!(lull.ended().await.code(), Some(1));
    let words = format!(
        "its last words are in {}",
        place.data().join("redis.log").display()
    );
    assert!(place.stderr().contains(&words), "{}", place.stderr());
}

#[tokio::test]
async fn what_cannot_start_leaves_no_redis_behind() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let mut lull = place.spawn(&[("HOST", "127.0.0.1"), ("PORT", &port)]);
    let status = lull.ended().await;

    assert_eq!(status.code(), Some(1));
    assert!(
        place.stderr().contains("(HOST, PORT)"),
        "{}",
        place.stderr()
    );
    assert_eq!(place.redis_pid().await, None);
}

#[tokio::test]
async fn a_redis_and_a_webhook_that_are_named_are_used() {
    let place = Place::new();
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let settings = [("REDIS_URL", redis.url()), ("WEBHOOK_URL", receiver.url())];
    let settings = settings
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));

    let lull = place.up_with(&settings).await;
    lull.say("ana", "oi", 60.0).await;
    let windows = redis.keys("*:window:*").await;
    flush(&lull).await;

    assert_eq!(receiver.call().await.messages(), ["oi"]);
    assert_eq!(windows.len(), 1);
    assert!(!place.data().exists());
    assert!(printed(&lull).is_empty());
}

#[tokio::test]
async fn with_a_webhook_alone_it_brings_its_redis() {
    let place = Place::new();
    let mut receiver = Receiver::start().await;

    let lull = place.up_with(&[("WEBHOOK_URL", &receiver.url())]).await;
    say_and_flush(&lull).await;

    assert_eq!(receiver.call().await.messages(), ["oi"]);
    assert!(place.redis_pid().await.is_some());
}

#[tokio::test]
async fn a_folder_may_have_any_name() {
    let place = Place::named("meus dados #1? 100% {é}");

    let mut lull = place.up().await;
    say_and_flush(&lull).await;

    assert_eq!(payload(&lull).await["messages"], json!(["oi"]));
    assert_eq!(lull.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_proxy_in_the_environment_does_not_swallow_the_payload() {
    let place = Place::new();

    let lull = place.up_with(&[("HTTP_PROXY", "http://127.0.0.1:9")]).await;
    say_and_flush(&lull).await;

    assert_eq!(payload(&lull).await["messages"], json!(["oi"]));
}

/// The mode of a file or folder.
fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A tool of `lull`, run in the folder of one that is up.
async fn in_folder(place: &Place, lull: &Daemon, arguments: &[&str]) -> Ran {
    let data = place.data();
    let port = lull.url("").rsplit(':').next().unwrap().to_owned();
    let settings = [("LULL_DATA", data.to_str().unwrap()), ("PORT", &*port)];
    tool::lull(arguments, &settings).await
}

#[tokio::test]
async fn its_admin_key_is_its_owners_alone_and_the_commands_of_the_folder_need_nothing_else() {
    let place = Place::new();
    let mut lull = place.up_with(&[NO_KEY]).await;
    let key = lull.first_key().await;
    let file = place.data().join("admin.key");

    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&place.data()), 0o700);
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), key);
    let bare = lull.client().get(lull.url("/api/messages/sent")).send();
    assert_eq!(bare.await.unwrap().status(), 401);
    // The second command that a person is told to paste.
    let log = lull.log();
    let command = log.split("\n\n  ").find(|it| it.contains("/sent")).unwrap();
    let command = command.split("\n\n").next().unwrap();
    let pasted = Command::new("sh").args(["-c", command]).output().unwrap();
    if pasted.status.code() != Some(127) {
        let said = String::from_utf8(pasted.stdout).unwrap();
        assert!(said.contains("\"items\""), "{command}: {said}");
    }

    for arguments in [
        &["send", "ana", "oi", "--ttl", "0.1"][..],
        &["dead", "list"],
        &["tail", "--for", "0.1"],
        &["key", "list"],
        &["healthcheck"],
    ] {
        in_folder(&place, &lull, arguments).await.well();
    }
    let doctor = in_folder(&place, &lull, &["doctor"]).await;
    assert!(doctor.out.contains("in Redis for admin"), "{doctor:?}");
    assert!(!doctor.out.contains("problem  "), "{doctor:?}");
    assert_eq!(doctor.code, 0);

    // It is shown once, and stays what it is.
    lull.stop().await;
    let mut lull = place.up_with(&[NO_KEY]).await;
    in_folder(&place, &lull, &["dead", "list"]).await.well();
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), key);
    assert_eq!(lull.shown_keys(), [""; 0]);

    // A file that is lost, or holds a key that was revoked, is made anew.
    in_folder(&place, &lull, &["key", "revoke", "admin"])
        .await
        .well();
    lull.stop().await;
    let mut lull = place.up_with(&[NO_KEY]).await;
    in_folder(&place, &lull, &["dead", "list"]).await.well();
    lull.stop().await;
    std::fs::remove_file(&file).unwrap();
    let lull = place.up_with(&[NO_KEY]).await;
    in_folder(&place, &lull, &["dead", "list"]).await.well();
    assert_ne!(std::fs::read_to_string(&file).unwrap().trim(), key);
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test]
async fn a_data_folder_that_is_there_is_closed_to_others() {
    let place = Place::new();
    let others = std::fs::Permissions::from_mode(0o777);
    std::fs::create_dir_all(place.data()).unwrap();
    std::fs::set_permissions(place.data(), others).unwrap();

    let lull = place.up_with(&[NO_KEY]).await;
    lull.first_key().await;

    assert_eq!(mode(&place.data()), 0o700);
    // Nor may others read what is made in it.
    let made = std::fs::read_dir(place.data()).unwrap();
    let open = made.filter(|made| mode(&made.as_ref().unwrap().path()) & 0o077 != 0);
    assert_eq!(open.count(), 0);
}

#[tokio::test]
async fn with_keys_of_its_own_it_makes_none_and_says_what_to_send() {
    let place = Place::new();

    let lull = place
        .up_with(&[("API_KEYS", "me:a-key-of-sixteen-characters")])
        .await;

    let command = command_to_paste(&lull).await;
    assert!(command.contains("Bearer $LULL_KEY"), "{command}");
    assert!(!place.data().join("admin.key").exists());
}

#[tokio::test]
async fn a_redis_of_others_that_has_keys_gets_no_other() {
    let (place, redis) = (Place::new(), TestRedis::start().await);
    redis.store().await.keys().make_first().await.unwrap();

    let lull = place.up_with(&[NO_KEY, ("REDIS_URL", &redis.url())]).await;

    command_to_paste(&lull).await;
    assert!(!place.data().exists());
    assert_eq!(lull.shown_keys(), [""; 0]);
}
