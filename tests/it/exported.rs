//! `HISTORY_EXPORT`: what is settled, as lines of JSON in a file.

use std::fs;
use std::path::PathBuf;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// An api and a monitor that tell what is settled.
struct Told {
    redis: TestRedis,
    api: Daemon,
    monitor: Daemon,
    receiver: Receiver,
    path: PathBuf,
}

impl Told {
    async fn start(script: &[Answer], settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::answering(script, Answer::Status(200)).await;
        let path = redis.folder().join("history.jsonl");
        let file = format!("file://{}", path.display());
        let mut all = vec![
            ("RETRY_FIRST", "0.01"),
            ("RETRY_CAP", "0.01"),
            ("MAX_RETRIES", "1"),
            ("HISTORY_EXPORT", &file),
        ];
        all.extend(settings);
        Self {
            api: Daemon::api_with(&redis, &all[3..]).await,
            monitor: Daemon::monitor_with(&redis, &receiver.url(), &all).await,
            redis,
            receiver,
            path,
        }
    }

    fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap_or_default()
    }

    async fn wait_for(&self, count: usize) -> Vec<Value> {
        eventually("the lines are written", async || {
            self.lines().len() == count
        })
        .await;
        self.lines()
    }

    /// The newest entry of the list.
    async fn newest(&self) -> Value {
        let (_, page) = self.api.get("/api/history?limit=1").await;
        page["items"][0].clone()
    }
}

#[tokio::test]
async fn each_settlement_is_a_line_that_is_the_item_of_the_list_and_the_hash() {
    let script = [
        Answer::Full(503, "", "busy"),
        Answer::Full(200, "", "thanks"),
    ];
    let told = Told::start(&script, &[]).await;
    let message = json!({"user": "ana", "message": "hi", "ttl": 0.1, "message_id": "3EB0"});
    told.api.post("/api/message", message).await;

    let mut lines = told.wait_for(2).await;
    let statuses = lines.iter().map(|line| line["status"].clone());
    assert_eq!(statuses.collect::<Vec<_>>(), ["failed", "delivered"]);
    assert_eq!(lines[0]["response"]["head"], "busy");
    let hash = lines[1].as_object_mut().unwrap().remove("hash").unwrap();
    assert_eq!(hash.as_str().unwrap().len(), 8);
    assert_eq!(lines[1], told.newest().await);
    assert_eq!(
        told.monitor
            .metric("lull_history_lines_written_total")
            .await,
        2.0
    );

    // A batch that is given up on, by the rules and by hand.
    told.receiver.answer(Answer::Status(503));
    told.api.say("eva", "bury", 0.1).await;
    let mut lines = told.wait_for(4).await;
    lines[3].as_object_mut().unwrap().remove("hash");
    assert_eq!(lines[3]["status"], "buried");
    assert_eq!(lines[3]["attempts"].as_array().unwrap().len(), 2);
    assert_eq!(lines[3], told.newest().await);
}

#[tokio::test]
async fn what_an_operator_gives_up_on_is_a_line_of_the_api() {
    let wait = Answer::Full(503, "Retry-After: 600\r\n", "");
    let told = Told::start(&[wait], &[("MAX_RETRIES", "5")]).await;
    told.api.say("ana", "hi", 0.1).await;
    told.wait_for(1).await;

    let lane = json!({"user": "ana", "destination": "default"});
    let path = "/api/lanes/give-up";
    let (status, answer) = told.api.request(Method::POST, path, Some(lane)).await;
    assert_eq!(status, 200, "{answer}");

    let line = told.wait_for(2).await.remove(1);
    assert_eq!(line["status"], "buried");
    assert!(line["why"].is_string(), "{line}");
    assert_eq!(line["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(told.newest().await["status"], "buried");
}

#[tokio::test]
async fn without_payloads_a_line_holds_nothing_that_was_said() {
    let none = [("HISTORY_PAYLOADS", "none"), ("HISTORY_COUNT", "0")];
    let told = Told::start(&[Answer::Full(200, "", "thanks")], &none).await;
    told.api.say("ana", "a secret", 0.1).await;

    let line = told.wait_for(1).await.remove(0);

    assert_eq!(line["request"], Value::Null);
    assert_eq!(line["response"], json!({"status": 200, "head": null}));
    assert_eq!(line["attempts"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_is_gone_on_with_after_a_kill_a_stop_and_a_move() {
    let mut told = Told::start(&[], &[]).await;
    told.api.say("ana", "1", 0.1).await;
    told.wait_for(1).await;
    told.monitor.kill();
    // As a line that a kill has torn.
    let mut text = fs::read_to_string(&told.path).unwrap();
    text.push_str("{\"webhook_id\": \"msg_");
    fs::write(&told.path, &text).unwrap();
    let file = told.path.to_str().unwrap().to_owned();
    let settings = [("HISTORY_EXPORT", file.as_str())];
    told.monitor = Daemon::monitor_with(&told.redis, &told.receiver.url(), &settings).await;

    for number in 0..20 {
        told.api.say(&format!("user {number}"), "hi", 0.1).await;
    }
    for _ in 0..21 {
        told.receiver.call().await;
    }
    assert!(told.monitor.stop().await.success());
    let whole = fs::read_to_string(&told.path).unwrap();
    assert_eq!(whole.lines().count(), 22);
    assert!(whole.ends_with("}\n"));

    told.monitor = Daemon::monitor_with(&told.redis, &told.receiver.url(), &settings).await;
    fs::rename(&told.path, told.path.with_extension("1")).unwrap();
    told.api.say("eva", "new", 0.1).await;
    let line = told.wait_for(1).await.remove(0);
    assert_eq!(line["user"], "eva");
}

#[tokio::test]
async fn a_full_disk_costs_lines_and_holds_nobody_up() {
    let mut told = Told::start(&[], &[]).await;
    let full = [("HISTORY_EXPORT", "/dev/full")];
    told.monitor.stop().await;
    told.monitor = Daemon::monitor_with(&told.redis, &told.receiver.url(), &full).await;

    for user in ["ana", "eva"] {
        told.api.say(user, "hi", 0.1).await;
        told.receiver.call().await;
    }

    eventually("both are counted", async || {
        told.monitor.metric("lull_history_lines_lost_total").await == 2.0
    })
    .await;
    let log = told.monitor.log();
    assert_eq!(
        log.matches("HISTORY_EXPORT: /dev/full cannot be written")
            .count(),
        1
    );
    assert_eq!(
        told.monitor
            .metric("lull_history_lines_written_total")
            .await,
        0.0
    );
}
