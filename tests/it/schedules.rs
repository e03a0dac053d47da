//! Schedules: calls at certain times, once over any number of monitors, and all that an operator does to them.

use std::collections::BTreeMap;

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, Name};
use lull::core::life::Life;
use lull::store::config::lives::Living;
use lull::store::keys::Shard;
use lull::store::scheduled::Run;
use lull::store::{Store, StoreError};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const SCHEDULES: &str = "/api/schedules";
const EVERY_SECOND: &str = "* * * * * *";
const BODY: &str = r#"{"due": "{{ due }}", "name": {{ schedule }}, "why": {{ reason }}}"#;

async fn create(api: &Daemon, schedule: Value) -> Value {
    let (status, answer) = api.post(SCHEDULES, schedule).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer
}

/// A schedule that never runs by itself within a test.
fn yearly(name: &str, receiver: &Receiver) -> Value {
    json!({"name": name, "cron": "@yearly", "url": receiver.url(), "body": BODY})
}

async fn run(api: &Daemon, name: &str) {
    let (status, answer) = api
        .post(&format!("{SCHEDULES}/{name}/run"), json!({}))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
}

async fn delete(api: &Daemon, name: &str) -> (StatusCode, Value) {
    let path = format!("{SCHEDULES}/{name}");
    api.request(Method::DELETE, &path, None).await
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Waits until a monitor has planned the schedule; answers when it runs next.
async fn planned(store: &Store, schedule: &str, version: &Value) -> u64 {
    let mut at = 0;
    eventually("it is planned", async || {
        let planned = store.schedules().planned(&name(schedule)).await.unwrap();
        let planned = planned.filter(|planned| *version == json!(planned.version));
        at = planned.map_or(0, |planned| planned.at);
        at > 0
    })
    .await;
    at
}

/// Makes the next run of a schedule due so many ms ago.
async fn long_due(redis: &TestRedis, schedule: &str, ago: u64) {
    let store = redis.store().await;
    let planned = store
        .schedules()
        .planned(&name(schedule))
        .await
        .unwrap()
        .unwrap();
    let at = store.clock().now().await.unwrap() - ago;
    let shard = Shard::of(&Chat::of_schedule(&name(schedule))).index();
    let member = format!("s:{schedule}");
    let mut writes = redis::pipe();
    writes
        .hset(
            format!("lull:{{{shard:02}}}:later:items"),
            &member,
            format!("{at} {} {}", planned.version, planned.mark.unwrap()),
        )
        .zadd(format!("lull:{{{shard:02}}}:later"), &member, at);
    writes.exec_async(&mut redis.raw().await).await.unwrap();
}

#[tokio::test]
async fn each_due_time_is_one_call_over_two_monitors_also_when_one_is_killed() {
    let redis = TestRedis::start_locked().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut one = Daemon::monitor(&redis, &receiver.url()).await;
    let _two = Daemon::monitor(&redis, &receiver.url()).await;
    let tick = json!({"name": "tick", "cron": EVERY_SECOND, "url": receiver.url(), "body": BODY, "timeout": 0.5});
    create(&api, tick).await;

    let mut calls = Vec::new();
    while calls.len() < 3 {
        calls.push(receiver.call().await);
    }
    one.kill();
    while calls.len() < 8 {
        calls.push(receiver.call().await);
    }

    let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for call in &calls {
        let due = call.json()["due"].as_str().unwrap().to_owned();
        let of_due = ids.entry(due).or_default();
        // What was in the hands of the killed one may come again, but then under its id.
        if !of_due.contains(&call.id()) {
            of_due.push(call.id());
        }
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    let dues: Vec<_> = ids
        .keys()
        .map(|due| {
            chrono::DateTime::parse_from_rfc3339(due)
                .unwrap()
                .timestamp()
        })
        .collect();
    let first = dues[0];
    assert!(
        dues.iter()
            .zip(first..)
            .all(|(due, expected)| *due == expected),
        "{dues:?}"
    );
}

#[tokio::test]
async fn what_is_written_is_shown_with_its_next_five_times_in_its_zone() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let schedule = json!({
        "name": "report", "description": "every morning", "cron": "30 9 * * *",
        "timezone": "America/Sao_Paulo", "url": "http://n8n/x", "headers": {"x-key": "s3cret"},
    });

    let created = create(&api, schedule).await;
    let (_, shown) = api.get(&format!("{SCHEDULES}/report")).await;
    let (_, list) = api.get(SCHEDULES).await;

    assert_eq!(created["headers"]["x-key"], "********");
    assert_eq!(
        (&shown["catch_up"], &shown["active"]),
        (&json!("skip"), &json!(true))
    );
    assert_eq!(
        (&shown["id"], &shown["cron_expression"]),
        (&json!("report"), &json!("30 9 * * *"))
    );
    let next = shown["next"].as_array().unwrap();
    assert_eq!(next.len(), 5);
    assert!(
        next.iter()
            .all(|at| at.as_str().unwrap().ends_with("T09:30:00.000-03:00")),
        "{next:?}"
    );
    assert_eq!(list[0]["name"], "report");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let url = "http://n8n/x";
    create(&api, json!({"name": "there", "cron": "@daily", "url": url})).await;

    for (schedule, status, word) in [
        (
            json!({"name": "a", "cron": "61 * * * *", "url": url}),
            400,
            "cron: ",
        ),
        (
            json!({"name": "a", "cron": "0 0 30 2 *", "url": url}),
            400,
            "cron: never comes",
        ),
        (json!({"name": "a", "cron": "@daily"}), 400, "url: "),
        (
            json!({"name": "a", "cron": "@daily", "url": url, "body": "{{"}),
            400,
            "body: ",
        ),
        (
            json!({"name": "a", "cron": "@daily", "url": url, "timezone": "x"}),
            400,
            "timezone: ",
        ),
        (
            json!({"name": "a", "cron": "@daily", "url": url, "often": 1}),
            400,
            "often: unknown field",
        ),
        (
            json!({"name": "there", "cron": "@daily", "url": url}),
            409,
            "there is a schedule there already",
        ),
    ] {
        let (answered, answer) = api.post(SCHEDULES, schedule).await;

        assert_eq!(answered, status, "{answer}");
        assert!(
            answer["error"].as_str().unwrap().starts_with(word),
            "{answer}"
        );
    }
    assert_eq!(delete(&api, "nobody").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_clients_of_contract_b_write_schedules_in_their_words() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let theirs = json!({
        "name": "Relatório Diário", "cron_expression": "0 9 * * *", "url": "http://n8n/x",
        "method": "POST", "headers": {}, "body": {"a": 1.10}, "is_active": true,
    });

    let created = create(&api, theirs).await;
    let path = format!("{SCHEDULES}/{}", created["id"].as_str().unwrap());
    let changes = json!({"cron_expression": "0 10 * * *", "is_active": false});
    let (status, changed) = api.request(Method::PUT, &path, Some(changes)).await;
    let (_, toggled) = api.post(&format!("{path}/toggle"), json!({})).await;

    assert_eq!(created["id"], "relatorio-diario");
    assert_eq!(
        (status, &changed["cron"]),
        (StatusCode::OK, &json!("0 10 * * *"))
    );
    assert_eq!(
        (&changed["active"], &toggled["active"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(changed["body"], r#"{"a":1.1}"#);
    assert_eq!(delete(&api, "relatorio-diario").await.0, StatusCode::OK);
    assert_eq!(api.get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_put_replaces_it_and_it_is_planned_anew() {
    let system = System::open().await;
    let created = create(&system.api, yearly("report", &system.default)).await;
    let yearly = planned(&system.store, "report", &created["version"]).await;

    let hourly = json!({"cron": "@hourly", "url": system.default.url()});
    let (_, changed) = system.put(&format!("{SCHEDULES}/report"), hourly).await;

    let hourly = planned(&system.store, "report", &changed["version"]).await;
    assert!(hourly <= yearly);
    assert!(hourly - system.store.clock().now().await.unwrap() <= 3_600_000);
    assert_eq!(changed.get("body"), None);
}

/// What may change without touching when a schedule runs.
fn changes(receiver: &Receiver) -> Vec<(&'static str, Value)> {
    vec![
        ("description", json!("another")),
        ("catch_up", json!("once")),
        ("headers", json!({"x-key": "another"})),
        ("timeout", json!(7)),
        ("retry", json!({"max": 2})),
        ("url", json!(format!("{}?another", receiver.url()))),
        ("body", json!(BODY.replace("name", "called"))),
    ]
}

#[tokio::test]
async fn a_change_that_does_not_touch_when_it_runs_drops_no_due_time() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let changes = changes(&receiver);
    for (field, _) in &changes {
        let name = field.replace('_', "-");
        let tick = json!({"name": name, "cron": EVERY_SECOND, "url": receiver.url(), "body": BODY});
        create(&api, tick).await;
    }
    let mut dues: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut heard = |call: &Value| {
        let name = call.get("name").or(call.get("called")).unwrap();
        let of_one = dues.entry(name.as_str().unwrap().to_owned()).or_default();
        of_one.push(call["due"].as_str().unwrap().to_owned());
        (dues.len(), dues.values().map(Vec::len).min().unwrap())
    };
    while heard(&receiver.call().await.json()).0 < changes.len() {}
    assert!(monitor.stop().await.success());
    let mut so_far = 0;
    for call in receiver.calls_so_far() {
        so_far = heard(&call.json()).1;
    }

    // Due times pass, and each is written anew in one field.
    let store = redis.store().await;
    let stopped = store.clock().now().await.unwrap();
    eventually("some runs are due", async || {
        store.clock().now().await.unwrap() > stopped + 3_000
    })
    .await;
    for (field, value) in changes {
        let name = field.replace('_', "-");
        let (_, mut written) = api.get(&format!("{SCHEDULES}/{name}")).await;
        written[field] = value;
        let (status, answer) = api
            .request(Method::PUT, &format!("{SCHEDULES}/{name}"), Some(written))
            .await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    let _next = Daemon::monitor(&redis, &receiver.url()).await;
    while heard(&receiver.call().await.json()).1 < so_far + 6 {}

    for (name, dues) in dues {
        let mut seconds: Vec<_> = dues
            .iter()
            .map(|due| chrono::DateTime::parse_from_rfc3339(due).unwrap())
            .map(|due| due.timestamp())
            .collect();
        seconds.sort_unstable();
        let whole = seconds.iter().zip(seconds[0]..).all(|(due, at)| *due == at);
        assert!(whole, "{name}: {seconds:?}");
    }
}

#[tokio::test]
async fn one_that_was_off_or_had_other_times_in_between_is_planned_anew() {
    let system = System::open().await;
    let path = format!("{SCHEDULES}/report");
    let created = create(&system.api, yearly("report", &system.default)).await;
    planned(&system.store, "report", &created["version"]).await;
    long_due(&system.redis, "report", 0).await;

    for (field, value) in [
        ("cron", json!("@hourly")),
        ("timezone", json!("Asia/Kolkata")),
    ] {
        let mut other = yearly("report", &system.default);
        other[field] = value;
        let (_, changed) = system.put(&path, other).await;
        let now = system.store.clock().now().await.unwrap();
        assert!(planned(&system.store, "report", &changed["version"]).await > now);
    }
    let (_, off) = system.api.post(&format!("{path}/toggle"), json!({})).await;
    assert_eq!(off["active"], false);
    eventually("nothing is planned", async || {
        system
            .store
            .schedules()
            .planned(&name("report"))
            .await
            .unwrap()
            .is_none()
    })
    .await;
}

#[tokio::test]
async fn one_that_is_off_does_not_run_but_can_be_made_to() {
    let mut system = System::open().await;
    let mut off = yearly("report", &system.default);
    off["active"] = json!(false);
    create(&system.api, off).await;

    run(&system.api, "report").await;

    let call = system.default.call().await.json();
    assert_eq!(
        (&call["name"], &call["why"]),
        (&json!("report"), &json!("run"))
    );
    assert_eq!(
        system
            .store
            .schedules()
            .planned(&name("report"))
            .await
            .unwrap(),
        None
    );
    let (_, later) = system.api.get("/api/messages/later").await;
    assert_eq!(later["items"], json!([]));
}

#[tokio::test]
async fn its_runs_are_told_with_status_answer_and_duration() {
    let redis = TestRedis::start().await;
    let answers = [Answer::Status(503)];
    let mut receiver = Receiver::answering(&answers, Answer::Full(200, "", "done")).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let mut schedule = yearly("report", &receiver);
    schedule["retry"] = json!({"waits": [0]});
    create(&api, schedule).await;
    let path = format!("{SCHEDULES}/report/runs");

    run(&api, "report").await;
    let (first, again) = (receiver.call().await, receiver.call().await);

    let mut runs = json!(null);
    eventually("it is told of", async || {
        runs = api.get(&path).await.1["items"].clone();
        runs[0]["status"] == "delivered"
    })
    .await;
    assert_eq!(first.id(), again.id());
    assert_eq!(runs.as_array().unwrap().len(), 1);
    assert_eq!(runs[0]["response"], json!({"status": 200, "head": "done"}));
    let attempts = runs[0]["attempts"].as_array().unwrap();
    let statuses: Vec<_> = attempts.iter().map(|made| made["status"].clone()).collect();
    assert_eq!(statuses, [503, 200]);
    assert!(attempts[1]["duration_ms"].is_u64());
}

#[tokio::test]
async fn a_run_that_is_given_up_on_is_a_dead_letter_and_can_be_revived() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[Answer::Status(410)], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    create(&api, yearly("report", &receiver)).await;

    run(&api, "report").await;
    let buried = receiver.call().await;
    let path = "/api/messages/dead-letter?buffer=.schedules&user=report";
    let mut letter = json!(null);
    eventually("it is buried", async || {
        letter = api.get(path).await.1["items"][0].clone();
        letter["webhook_id"] == buried.id()
    })
    .await;
    let revive = format!("/api/dead-letter/{}/revive", letter["id"].as_str().unwrap());
    let (status, _) = api.post(&revive, json!({})).await;

    assert_eq!(status, StatusCode::OK);
    let revived = receiver.call().await;
    assert_eq!((revived.id(), revived.body), (buried.id(), buried.body));
}

#[tokio::test]
async fn runs_that_were_missed_are_left_out_or_made_up_for_by_one() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let store = redis.store().await;
    let schedule = |name: &str, catch_up: &str| {
        let mut schedule = yearly(name, &receiver);
        schedule["catch_up"] = json!(catch_up);
        schedule
    };
    for (name, catch_up) in [("skipped", "skip"), ("made-up", "once")] {
        let created = create(&api, schedule(name, catch_up)).await;
        planned(&store, name, &created["version"]).await;
    }
    monitor.kill();
    for name in ["skipped", "made-up"] {
        long_due(&redis, name, 61_000).await;
    }

    let next = Daemon::monitor(&redis, &receiver.url()).await;

    assert_eq!(receiver.call().await.json()["name"], "made-up");
    next.logs("Schedule skipped missed a run").await;
    eventually("both are planned anew", async || {
        let now = store.clock().now().await.unwrap();
        let mut plans = Vec::new();
        for schedule in ["skipped", "made-up"] {
            plans.push(
                store
                    .schedules()
                    .planned(&name(schedule))
                    .await
                    .unwrap()
                    .unwrap()
                    .at
                    > now,
            );
        }
        plans == [true, true]
    })
    .await;
    assert!(receiver.calls_so_far().is_empty());
}

#[tokio::test]
async fn a_run_that_is_a_moment_late_is_made() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let created = create(&api, yearly("report", &receiver)).await;
    planned(&redis.store().await, "report", &created["version"]).await;
    monitor.kill();
    long_due(&redis, "report", 5_000).await;

    let _next = Daemon::monitor(&redis, &receiver.url()).await;

    assert_eq!(receiver.call().await.json()["why"], "schedule");
}

#[tokio::test]
async fn while_all_is_stopped_nothing_runs() {
    let mut system = System::open().await;
    let (status, _) = system
        .api
        .post("/api/control", json!({"action": "stop"}))
        .await;
    assert_eq!(status, StatusCode::OK);
    for (name, catch_up) in [("skipped", "skip"), ("made-up", "once")] {
        let mut schedule = yearly(name, &system.default);
        schedule["catch_up"] = json!(catch_up);
        let created = create(&system.api, schedule).await;
        planned(&system.store, name, &created["version"]).await;
        long_due(&system.redis, name, 1_000).await;
    }
    system.monitor.logs("Schedule skipped missed a run").await;
    assert!(system.default.calls_so_far().is_empty());

    system
        .api
        .post("/api/control", json!({"action": "start"}))
        .await;

    assert_eq!(system.default.call().await.json()["name"], "made-up");
    assert!(system.default.calls_so_far().is_empty());
}

/// Stops all, and waits until the run of a schedule has fallen due; answers when that was.
async fn stopped_over_a_run(system: &System, schedule: &str) -> u64 {
    let (status, _) = system
        .api
        .post("/api/control", json!({"action": "stop"}))
        .await;
    assert_eq!(status, StatusCode::OK);
    let mut at = 0;
    eventually("it is noted that a run was missed", async || {
        let planned = system
            .store
            .schedules()
            .planned(&name(schedule))
            .await
            .unwrap();
        at = planned
            .filter(|planned| planned.missed)
            .map_or(0, |planned| planned.at);
        at > 0
    })
    .await;
    at
}

fn due_of(call: &Value) -> u64 {
    let due = chrono::DateTime::parse_from_rfc3339(call["due"].as_str().unwrap()).unwrap();
    due.timestamp_millis().try_into().unwrap()
}

#[tokio::test]
async fn one_run_is_made_for_all_that_passed_while_stopped_and_then_each() {
    let mut system = System::open().await;
    let tick = json!({"name": "tick", "cron": EVERY_SECOND, "url": system.default.url(), "body": BODY, "catch_up": "once"});
    create(&system.api, tick).await;
    system.default.call().await;

    let missed = stopped_over_a_run(&system, "tick").await;
    eventually("more times pass", async || {
        system.store.clock().now().await.unwrap() > missed + 3_000
    })
    .await;
    let started = system.store.clock().now().await.unwrap();
    system
        .api
        .post("/api/control", json!({"action": "start"}))
        .await;

    let mut dues = Vec::new();
    while dues.iter().filter(|due| **due > started).count() < 3 {
        dues.push(due_of(&system.default.call().await.json()));
    }
    let since: Vec<_> = dues.iter().copied().filter(|due| *due >= missed).collect();
    assert_eq!(since[0], missed, "{dues:?}");
    assert!(since[1] > started, "{dues:?} {started}");
    assert!(
        since[1..].windows(2).all(|two| two[1] == two[0] + 1_000),
        "{dues:?}"
    );
}

#[tokio::test]
async fn what_was_missed_while_stopped_is_made_as_soon_as_all_is_started() {
    let mut system = System::open().await;
    let mut schedule = yearly("report", &system.default);
    schedule["catch_up"] = json!("once");
    let created = create(&system.api, schedule).await;
    planned(&system.store, "report", &created["version"]).await;
    long_due(&system.redis, "report", 1_000).await;
    stopped_over_a_run(&system, "report").await;
    // The sweep, which has put it off, would find it in an hour.
    let shard = Shard::of(&Chat::of_schedule(&name("report"))).index();
    let in_an_hour = system.store.clock().now().await.unwrap() + 3_600_000;
    let mut write = redis::pipe();
    write.zadd(format!("lull:{{{shard:02}}}:later"), "s:report", in_an_hour);
    write
        .exec_async(&mut system.redis.raw().await)
        .await
        .unwrap();

    system
        .api
        .post("/api/control", json!({"action": "start"}))
        .await;

    assert_eq!(system.default.call().await.json()["name"], "report");
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn of_runs_that_nobody_could_make_those_of_the_last_minute_are_made() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let tick = json!({"name": "tick", "cron": EVERY_SECOND, "url": receiver.url(), "body": BODY});
    create(&api, tick).await;
    receiver.call().await;
    assert!(monitor.stop().await.success());
    receiver.calls_so_far();
    long_due(&redis, "tick", 300_000).await;
    let back = redis.store().await.clock().now().await.unwrap();

    let _next = Daemon::monitor(&redis, &receiver.url()).await;

    let first = due_of(&receiver.call().await.json());
    assert!((back - 61_000..back).contains(&first), "{first} {back}");
}

#[tokio::test]
async fn what_was_off_or_had_other_times_while_nobody_looked_drops_the_times_before_it() {
    let mut system = System::open().await;
    let path = format!("{SCHEDULES}/report");
    let created = create(&system.api, yearly("report", &system.default)).await;
    planned(&system.store, "report", &created["version"]).await;
    assert!(system.monitor.stop().await.success());
    let version = created["version"].as_u64().unwrap();
    let times = yearly("report", &system.default);
    let mut daily = times.clone();
    daily["cron"] = json!("@daily");
    let mut elsewhere = times.clone();
    elsewhere["timezone"] = json!("Asia/Kolkata");
    let mut off = times.clone();
    off["active"] = json!(false);

    for between in [daily, elsewhere, off] {
        let mark = lull::core::schedule::Times::parse("@yearly", chrono_tz::UTC).unwrap();
        let life = Life::since(version);
        let (_, shown) = system.api.get(&path).await;
        let version = shown["version"].as_u64().unwrap_or(version);
        let now = system.store.clock().now().await.unwrap();
        let at = now - 1_000;
        system
            .store
            .schedules()
            .plan(&name("report"), life, version, mark.mark(), at)
            .await
            .unwrap();
        assert!(
            system
                .store
                .schedules()
                .planned(&name("report"))
                .await
                .unwrap()
                .is_some()
        );

        system.put(&path, between).await;
        system.put(&path, times.clone()).await;

        assert_eq!(
            system
                .store
                .schedules()
                .planned(&name("report"))
                .await
                .unwrap(),
            None
        );
    }
    let _next = Daemon::monitor(&system.redis, &system.default.url()).await;
    eventually("it is planned anew", async || {
        let planned = system
            .store
            .schedules()
            .planned(&name("report"))
            .await
            .unwrap();
        planned.is_some()
    })
    .await;
    let next = system
        .store
        .schedules()
        .planned(&name("report"))
        .await
        .unwrap()
        .unwrap();
    assert!(next.at > system.store.clock().now().await.unwrap());
    assert!(system.default.calls_so_far().is_empty());
}

#[tokio::test]
async fn one_that_is_removed_runs_no_more_and_drops_what_waits() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[], Answer::Status(503)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    create(&api, yearly("report", &receiver)).await;
    run(&api, "report").await;
    receiver.call().await;

    let (status, answer) = delete(&api, "report").await;

    assert_eq!(
        (status, &answer["runs"]),
        (StatusCode::OK, &json!(1)),
        "{answer}"
    );
    let store = redis.store().await;
    assert_eq!(
        store.schedules().planned(&name("report")).await.unwrap(),
        None
    );
    assert_eq!(api.metric("lull_later_waiting").await, 0.0);
    assert!(redis.keys("lull:*.report*").await.is_empty());
}

#[tokio::test]
async fn so_many_runs_may_wait_and_no_more() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let schedule = name("report");
    store
        .schedules()
        .plan(&schedule, Life::ALWAYS, 1, "hourly", 1)
        .await
        .unwrap();

    let mut made = Vec::new();
    for at in 1..=101 {
        let planned = store.schedules().planned(&schedule).await.unwrap().unwrap();
        let id = BatchId::generate();
        let run = store.schedules().run(
            &schedule,
            Life::ALWAYS,
            &planned,
            Some((&id, "{}")),
            Some(at + 1),
        );
        made.push(run.await.unwrap());
    }

    assert!(made[..100].iter().all(|run| *run == Run::Made));
    assert_eq!(made[100], Run::Full);
}

#[tokio::test]
async fn of_two_monitors_that_make_one_run_the_second_is_too_late() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let schedule = name("report");
    store
        .schedules()
        .plan(&schedule, Life::ALWAYS, 3, "hourly", 10)
        .await
        .unwrap();
    let seen = store.schedules().planned(&schedule).await.unwrap().unwrap();

    let id = BatchId::generate();
    let first = store
        .schedules()
        .run(&schedule, Life::ALWAYS, &seen, Some((&id, "{}")), Some(20));
    assert_eq!(first.await.unwrap(), Run::Made);
    let second = store
        .schedules()
        .run(&schedule, Life::ALWAYS, &seen, Some((&id, "{}")), Some(20));
    assert_eq!(second.await.unwrap(), Run::Stale);

    // Nor does one that knows only an older version plan over the newer.
    assert!(
        !store
            .schedules()
            .plan(&schedule, Life::ALWAYS, 2, "daily", 15)
            .await
            .unwrap()
    );
    assert!(!store.schedules().unplan(&schedule, 2).await.unwrap());
    assert_eq!(
        store
            .schedules()
            .planned(&schedule)
            .await
            .unwrap()
            .unwrap()
            .at,
        20
    );
}

#[tokio::test]
async fn a_newer_version_with_the_same_moments_keeps_the_time_and_may_make_the_run() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let schedule = name("report");
    store
        .schedules()
        .plan(&schedule, Life::ALWAYS, 3, "hourly", 10)
        .await
        .unwrap();
    let seen = store.schedules().planned(&schedule).await.unwrap().unwrap();

    assert!(
        store
            .schedules()
            .plan(&schedule, Life::ALWAYS, 4, "hourly", 70)
            .await
            .unwrap()
    );

    let planned = store.schedules().planned(&schedule).await.unwrap().unwrap();
    assert_eq!((planned.at, planned.version), (10, 4));
    let id = BatchId::generate();
    let made = store
        .schedules()
        .run(&schedule, Life::ALWAYS, &seen, Some((&id, "{}")), Some(20));
    assert_eq!(made.await.unwrap(), Run::Made);
    let next = store.schedules().planned(&schedule).await.unwrap().unwrap();
    assert_eq!((next.at, next.version), (20, 4));
    assert!(
        store
            .schedules()
            .plan(&schedule, Life::ALWAYS, 5, "daily", 70)
            .await
            .unwrap()
    );
    assert_eq!(
        store
            .schedules()
            .planned(&schedule)
            .await
            .unwrap()
            .unwrap()
            .at,
        70
    );
    let late = store
        .schedules()
        .run(&schedule, Life::ALWAYS, &next, Some((&id, "{}")), Some(30));
    assert_eq!(late.await.unwrap(), Run::Stale);
}

#[tokio::test]
async fn a_plan_of_an_older_release_is_taken_up_by_its_version() {
    let system = System::open().await;
    let created = create(&system.api, yearly("report", &system.default)).await;
    planned(&system.store, "report", &created["version"]).await;
    let shard = Shard::of(&Chat::of_schedule(&name("report"))).index();
    let at = system.store.clock().now().await.unwrap();
    let plan = format!("{at} {}", created["version"]);
    let mut writes = redis::pipe();
    writes
        .hset(format!("lull:{{{shard:02}}}:later:items"), "s:report", plan)
        .zadd(format!("lull:{{{shard:02}}}:later"), "s:report", at);
    writes
        .exec_async(&mut system.redis.raw().await)
        .await
        .unwrap();

    let mut default = system.default;
    assert_eq!(default.call().await.json()["why"], "schedule");
}

#[tokio::test]
async fn who_was_held_up_plans_nothing_for_a_schedule_that_is_gone() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let report = name("report");
    let (first, second) = (Life::since(3), Life::since(7));
    let shard = Shard::of(&Chat::of_schedule(&report));
    let begins = async |life| {
        let living = [Living::schedule(&report, life)];
        assert_eq!(store.config().vouch(shard, &living).await.unwrap(), []);
    };
    begins(first).await;
    assert!(
        store
            .schedules()
            .plan(&report, first, 3, "hourly", 10)
            .await
            .unwrap()
    );
    store.schedules().unplan(&report, 3).await.unwrap();
    store
        .config()
        .strike(&Living::schedule(&report, first))
        .await
        .unwrap();

    for another in [false, true] {
        if another {
            begins(second).await;
        }
        let planned = store
            .schedules()
            .plan(&report, first, 3, "hourly", 10)
            .await;
        assert!(matches!(planned, Err(StoreError::Gone)), "{planned:?}");
        assert_eq!(store.schedules().planned(&report).await.unwrap(), None);
    }
    assert!(
        store
            .schedules()
            .plan(&report, second, 7, "hourly", 70)
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn the_next_times_of_an_expression_are_shown_before_anything_is_written() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let preview = async |query: &str| api.get(&format!("/api/schedules/preview?{query}")).await;

    let (status, of_sao_paulo) = preview("cron=30+8+*+*+*&timezone=America/Sao_Paulo").await;
    assert_eq!(status, 200, "{of_sao_paulo}");
    assert_eq!(
        (&of_sao_paulo["cron"], &of_sao_paulo["timezone"]),
        (&json!("30 8 * * *"), &json!("America/Sao_Paulo"))
    );
    let next = of_sao_paulo["next"].as_array().unwrap();
    assert_eq!(next.len(), 5);
    for at in next {
        assert!(
            at.as_str().unwrap().ends_with("T08:30:00.000-03:00"),
            "{at}"
        );
    }
    let (_, many) = preview("cron=@hourly&count=50").await;
    assert_eq!(
        (many["next"].as_array().unwrap().len(), &many["timezone"]),
        (50, &json!("UTC"))
    );

    for (query, field) in [
        ("cron=x", "cron"),
        ("cron=0+0+30+2+*", "cron"),
        ("cron=@daily&timezone=Brasilia", "timezone"),
        ("cron=@daily&count=0", "count"),
        ("cron=@daily&count=51", "count"),
    ] {
        let (status, refused) = preview(query).await;
        assert_eq!(
            (status.as_u16(), &refused["field"]),
            (400, &json!(field)),
            "{query}: {refused}"
        );
    }

    // Nothing of it is in Redis.
    redis.kill();
    let (status, of_utc) = preview("cron=@daily").await;
    assert_eq!(status, 200, "{of_utc}");
}
