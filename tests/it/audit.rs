//! The audit: what was changed, by whom and from where.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use lull::core::action::Action;
use lull::store::audit::{Act, By};

use crate::support::undeliverable::{Undeliverable, id};
use crate::support::{Daemon, TestRedis, eventually};

/// All entries that an api shows for this query, the newest first.
async fn audit(api: &Daemon, query: &str) -> Vec<Value> {
    let (status, page) = api.get(&format!("/api/audit?{query}")).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_change_of_the_configuration_is_noted_with_before_and_after_and_no_secret() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let path = "/api/destinations/bot";
    let spec = |timeout: u32| {
        json!({
            "url": "http://n8n/webhook/x", "timeout": timeout, "headers": {"Authorization": "Bearer t0ps3cret"},
            "secrets": ["whsec_dDBwczNjcmV0dDBwczNjcmV0"],
        })
    };

    api.request(Method::PUT, path, Some(spec(5))).await;
    api.request(Method::PUT, path, Some(spec(6))).await;
    api.request(Method::DELETE, path, None).await;

    let noted = audit(&api, "").await;
    let [removed, changed, made, ..] = &noted[..] else {
        panic!("{noted:?}");
    };
    assert_eq!(
        [removed, changed, made].map(|act| act["action"].as_str().unwrap()),
        [
            "destination.remove",
            "destination.write",
            "destination.write"
        ]
    );
    assert_eq!(
        [made, changed, removed].map(|act| (&act["before"]["timeout"], &act["after"]["timeout"])),
        [
            (&Value::Null, &json!(5.0)),
            (&json!(5.0), &json!(6.0)),
            (&json!(6.0), &Value::Null)
        ]
    );
    assert_eq!(changed["subject"], "bot");
    assert_eq!(changed["actor"], "suite");
    assert_eq!(changed["address"], "127.0.0.1");
    assert!(!json!(noted).to_string().contains("t0ps3cret"));
    assert!(!json!(noted).to_string().contains("dDBwczNj"));
}

#[tokio::test]
async fn a_write_that_was_refused_is_not_noted() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let spec = json!({"name": "bot", "url": "http://n8n/webhook/x"});

    let (made, _) = api.post("/api/destinations", spec.clone()).await;
    let (again, _) = api.post("/api/destinations", spec).await;

    assert_eq!((made.as_u16(), again.as_u16()), (201, 409));
    assert_eq!(audit(&api, "action=destination.write").await.len(), 1);
}

#[tokio::test]
async fn what_an_operator_does_to_chats_and_dead_letters_is_noted_without_naming_anybody() {
    let mut system = Undeliverable::start().await;
    system.bury("5511988887777", "um").await;
    system.bury("5511988887777", "dois").await;
    let letter = id(&system.letters("").await[0]);
    let path = format!("/api/dead-letter/{letter}");
    system.api.request(Method::DELETE, &path, None).await;
    system.accept();
    system
        .api
        .post("/api/dead-letter/revive", json!({"all": true}))
        .await;
    system.api.say("5511988887777", "oi", 30.0).await;
    for what in ["flush", "pause", "resume"] {
        system
            .api
            .post(&format!("/api/chats/5511988887777/{what}"), json!({}))
            .await;
    }

    let noted = audit(&system.api, "").await;
    let actions: Vec<_> = noted
        .iter()
        .map(|act| act["action"].as_str().unwrap())
        .filter(|action| !action.starts_with("daemon"))
        .collect();

    assert_eq!(
        actions,
        [
            "chat.resume",
            "chat.pause",
            "chat.flush",
            "dead_letter.revive",
            "dead_letter.discard"
        ]
    );
    assert_eq!(noted[2]["count"], 1);
    let subject = noted[4]["subject"].as_str().unwrap();
    let (id, hash) = subject.split_once(' ').unwrap();
    assert_eq!((id, hash.len()), (letter.as_str(), 8), "{subject}");
    let text = json!(noted).to_string();
    assert!(!text.contains("5511988887777") && !text.contains("dois"));
}

#[tokio::test]
async fn daemons_note_when_they_start_and_stop() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, "http://127.0.0.1:9/").await;
    monitor.stop().await;

    eventually("the api has noted its start", async || {
        audit(&api, "action=daemon.start").await.len() == 2
    })
    .await;
    let stops = audit(&api, "action=daemon.stop").await;

    assert_eq!(stops.len(), 1);
    assert_eq!(
        (&stops[0]["subject"], &stops[0]["address"]),
        (&json!("monitor"), &Value::Null)
    );
}

#[tokio::test]
async fn who_stops_deliveries_is_noted() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    for action in ["stop", "start"] {
        let order = json!({"action": action, "destination": "default"});
        let (status, answer) = api.post("/api/control", order).await;
        assert_eq!(status, 200, "{answer}");
    }

    let noted = audit(&api, "").await;
    let stop = &noted[1];
    assert_eq!(noted[0]["action"], "control.start");
    assert_eq!(stop["action"], "control.stop");
    assert!(stop["subject"].as_str().unwrap().contains("default"));
    assert_eq!(stop["address"], "127.0.0.1");
}

#[tokio::test]
async fn the_audit_holds_no_number_of_whom_a_buffer_hears_or_not() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let path = "/api/buffers/loja";
    let spec = |people: &str, number: &str| json!({"source": "evolution", people: [number]});

    for (people, number) in [("allow", "5511988887777"), ("block", "+55 11 97777-6666")] {
        let put = api.request(Method::PUT, path, Some(spec(people, number)));
        let (status, answer) = put.await;
        assert_eq!(status, 200, "{answer}");
    }
    api.request(Method::DELETE, path, None).await;

    let noted = audit(&api, "").await;
    let [removed, changed, made, ..] = &noted[..] else {
        panic!("{noted:?}");
    };
    assert_eq!(made["after"]["allow"], json!(["********"]));
    assert_eq!(changed["after"]["block"], json!(["********"]));
    assert_eq!(changed["before"]["allow"], json!(["********"]));
    assert_eq!(removed["before"]["block"], json!(["********"]));
    let raw = redis.raw().await;
    let kept: String = redis::cmd("XRANGE")
        .arg(&["lull:{config}:audit", "-", "+"])
        .query_async::<redis::Value>(&mut { raw })
        .await
        .map(|kept| format!("{kept:?}"))
        .unwrap();
    assert!(!kept.contains("98888") && !kept.contains("97777"), "{kept}");
}

#[tokio::test]
async fn the_audit_is_paged_and_asked_for_a_period() {
    let redis = TestRedis::start().await;
    let (api, store) = (Daemon::api(&redis).await, redis.store().await);
    for number in 0..5 {
        let act = Act::new(Action::ChatFlush, &By::default()).on(&number);
        store.audit().note(&act).await.unwrap();
    }

    let (_, first) = api.get("/api/audit?action=chat.flush&limit=3").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let (_, rest) = api
        .get(&format!(
            "/api/audit?action=chat.flush&limit=3&cursor={cursor}"
        ))
        .await;
    let subjects: Vec<_> = [&first, &rest]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|act| act["subject"].as_str().unwrap())
        .collect();
    let at = first["items"][2]["at"].as_str().unwrap();

    assert_eq!(subjects, ["4", "3", "2", "1", "0"]);
    let since = audit(&api, &format!("action=chat.flush&from={at}")).await;
    assert!(since.len() >= 3, "{since:?}");
    assert!(audit(&api, "to=2020-01-01T00:00:00Z").await.is_empty());
    assert!(audit(&api, "from=2100-01-01T00:00:00Z").await.is_empty());
}

#[tokio::test]
async fn the_housekeeper_drops_what_is_older_than_30_days() {
    let redis = TestRedis::start().await;
    let days_ago = |days: u64| {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let then = now - Duration::from_secs(days * 24 * 3600);
        format!("{}-0", then.as_millis())
    };
    let act = json!({"action": "chat.flush", "actor": null, "address": null}).to_string();
    for days in [31, 29] {
        redis::cmd("XADD")
            .arg("lull:{config}:audit")
            .arg(days_ago(days))
            .arg("act")
            .arg(&act)
            .query_async::<()>(&mut redis.raw().await)
            .await
            .unwrap();
    }

    redis
        .store()
        .await
        .history()
        .trim(&crate::support::RETENTION)
        .await
        .unwrap();

    let api = Daemon::api(&redis).await;
    assert_eq!(audit(&api, "action=chat.flush").await.len(), 1);
}

#[test]
fn every_action_that_can_be_noted_is_in_the_documentation_and_no_other() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/history.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, audit) = page.split_once("\n## Audit\n").unwrap();
    let audit = audit.split("\n## ").next().unwrap();
    // Actions are the words with a dot in the first column of its table.
    let rows = audit.lines().filter_map(|line| line.strip_prefix("| "));
    let words = rows.flat_map(|row| row.split(" |").next().unwrap().split('`'));
    let documented: Vec<_> = words.filter(|word| word.contains('.')).collect();

    let known: Vec<_> = Action::ALL.iter().map(|action| action.word()).collect();
    assert_eq!(documented, known);
}
