//! What is configured lies encrypted in Redis with `SECRETS_KEY`, keys are changed without a gap, and whoever lacks one
//! sends, loses and overwrites nothing.

use std::collections::BTreeMap;
use std::path::Path;

use lull::settings::Vars;
use lull::settings::redis::RedisConfig;
use lull::store::Store;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::daemon::{API, LULL, MONITOR, free_port};
use crate::support::system::System;
use crate::support::tool::lull;
use crate::support::{DEADLINE, Daemon, Receiver, SHORT, TestRedis, eventually};

const OLD: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NEW: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

/// Stands in each secret of these tests.
const SECRET: &str = "t0ken";
const SIGNING: &str = "whsec_dDBrZW50MGtlbnQwa2Vu";
const CONFIG: &str = "lull:{config}";

/// The setting of this list of keys.
fn keys(list: &str) -> [(&str, &str); 1] {
    [("SECRETS_KEY", list)]
}

fn bot(receiver: &Receiver) -> Value {
    json!({
        "url": format!("{}?key={SECRET}", receiver.url()), "headers": {"x-key": SECRET},
        "secrets": [SIGNING],
    })
}

/// Writes one of each kind, with secrets in them.
async fn configure(api: &Daemon, receiver: &Receiver) {
    let schedule = json!({
        "cron": "@yearly", "url": receiver.url(), "headers": {"x-key": SECRET},
    });
    for (path, spec) in [
        ("/api/destinations/bot", bot(receiver)),
        (
            "/api/buffers/loja",
            json!({"source": "evolution", "secret": SECRET, "destinations": ["bot"]}),
        ),
        ("/api/schedules/yearly", schedule),
    ] {
        let (status, answer) = api.request(Method::PUT, path, Some(spec)).await;
        assert_eq!(status, 200, "{answer}");
    }
}

/// What lies in Redis of what is configured, by its field.
async fn stored(redis: &TestRedis) -> BTreeMap<String, String> {
    let all = redis::cmd("HGETALL").arg(CONFIG).to_owned();
    let all: BTreeMap<String, String> = all.query_async(&mut redis.raw().await).await.unwrap();
    let is_spec = |field: &String| field.contains(':') && !field.starts_with("setting");
    all.into_iter()
        .filter(|(field, _)| is_spec(field))
        .collect()
}

/// The ids of the keys that it is encrypted with; none: in clear.
async fn key_ids(redis: &TestRedis) -> Vec<Option<String>> {
    let stored = stored(redis).await;
    let ids = stored.values().map(|value| {
        let (_, sealed) = value.split_once(' ').unwrap();
        let sealed = sealed.strip_prefix("sealed:1:")?;
        Some(sealed.split(':').next().unwrap().to_owned())
    });
    let mut ids: Vec<_> = ids.collect();
    ids.dedup();
    ids
}

async fn all_under_one_key(redis: &TestRedis, but: &[Option<String>]) -> Vec<Option<String>> {
    let mut ids = Vec::new();
    eventually("all is written anew", async || {
        ids = key_ids(redis).await;
        ids.len() == 1 && ids != but
    })
    .await;
    ids
}

/// Whether these words stand in any file that Redis has written.
fn is_on_disk(folder: &Path, words: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, words);
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        let mut windows = bytes.windows(words.len());
        windows.any(|window| window == words.as_bytes())
    })
}

/// Runs a program that must not start, and answers what it says.
async fn refused_to_start(
    redis: &TestRedis,
    program: &str,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> String {
    let (url, port) = (redis.url(), free_port());
    let text = port.to_string();
    let mut all = vec![
        ("REDIS_URL", url.as_str()),
        ("HOST", "127.0.0.1"),
        ("PORT", &text),
        ("MONITOR_PORT", &text),
        ("WEBHOOK_URL", "http://127.0.0.1:9/x"),
    ];
    all.extend(settings);
    let mut daemon = Daemon::spawn(program, arguments, &all, port);
    assert_eq!(daemon.ended().await.code(), Some(1), "{}", daemon.log());
    daemon.log()
}

const ALL: [(&str, &[&str]); 3] = [(API, &[]), (MONITOR, &[]), (LULL, &["up"])];

#[tokio::test]
async fn with_a_key_no_secret_lies_in_redis_and_all_works_by_it() {
    let system = System::with_settings(&[], &keys(OLD)).await;
    let mut receiver = Receiver::start().await;
    configure(&system.api, &receiver).await;

    let said = json!({"event": "messages.upsert", "data": {
        "key": {"remoteJid": "5511988887777@s.whatsapp.net", "fromMe": false, "id": "1"},
        "message": {"conversation": "oi"},
    }});
    eventually("a post with the secret is taken", async || {
        let header = ("x-webhook-secret", SECRET);
        let taken = system.post_with("/api/webhook/loja", &said, header).await;
        taken.0.is_success()
    })
    .await;
    system
        .api
        .post("/api/schedules/yearly/run", json!({}))
        .await;
    for _ in 0..2 {
        assert_eq!(receiver.call().await.headers["x-key"], SECRET);
    }
    // Whichever way it comes in.
    for (path, body) in [
        (
            "/api/forwarding-configs",
            json!({"name": "crm", "buffer": "loja", "url": receiver.url(), "headers": {"x-key": SECRET}}),
        ),
        (
            "/api/v1/message",
            json!({
                "webhook": {"url": "https://api.example.com/x?key=t0ken", "headers": {"x-key": SECRET}},
                "buffer": {"key": "ana", "wait_time": 600, "aggregate_field": "q"}, "payload": {"q": "oi"},
            }),
        ),
    ] {
        let (status, answer) = system.api.post(path, body).await;
        assert!(status.is_success(), "{path}: {answer}");
    }
    // What an api reads and writes back is the same as without.
    let (_, shown) = system.api.get("/api/destinations/bot").await;
    let (status, answer) = system.put("/api/destinations/bot", shown).await;
    assert_eq!(status, 200, "{answer}");

    // Neither in the configuration nor in the audit, the history or anything else.
    let folder = system.redis.folder();
    assert!(is_on_disk(folder, "destination:bot") && is_on_disk(folder, "5511988887777"));
    for secret in [SECRET, &SIGNING[6..]] {
        assert!(!is_on_disk(folder, secret), "{secret}");
    }
    let stored = stored(&system.redis).await;
    assert_eq!(stored.len(), 6, "{stored:?}");
    let mut values = stored.values();
    assert!(
        values.all(|value| value.contains(" sealed:1:")),
        "{stored:?}"
    );
}

#[tokio::test]
async fn whoever_lacks_the_key_does_not_start_and_says_which() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let mut api = Daemon::api_with(&redis, &keys(OLD)).await;
    configure(&api, &receiver).await;
    api.stop().await;
    let before = stored(&redis).await;
    let [Some(id)] = &key_ids(&redis).await[..] else {
        panic!("{before:?}");
    };

    for (program, arguments) in ALL {
        for settings in [&[][..], &keys(NEW)] {
            let log = refused_to_start(&redis, program, arguments, settings).await;
            let last = log.lines().last().unwrap();
            assert!(
                last.starts_with("error: ") && last.contains("SECRETS_KEY") && last.contains(id),
                "{program} {settings:?}: {log}"
            );
        }
    }
    let url = redis.url();
    let doctor = lull(&["doctor"], &[("REDIS_URL", &url)]).await;
    assert_eq!(doctor.code, 1);
    assert!(doctor.out.contains("secrets"), "{}", doctor.out);
    assert!(doctor.out.contains(id), "{}", doctor.out);
    assert_eq!(stored(&redis).await, before);
    // Nothing was lost.
    let api = Daemon::api_with(&redis, &keys(&format!("{NEW},{OLD}"))).await;
    assert_eq!(api.get("/api/destinations/bot").await.0, 200);
}

#[tokio::test]
async fn a_key_that_is_none_stops_everybody_with_one_line_that_does_not_show_it() {
    let redis = TestRedis::start().await;
    for (program, arguments) in ALL {
        for wrong in ["", " ", "s3cret", &OLD[1..], &format!("{OLD},")] {
            let log = refused_to_start(&redis, program, arguments, &keys(wrong)).await;
            assert_eq!(log.lines().count(), 1, "{program} {wrong:?}: {log}");
            assert!(
                log.starts_with("error: SECRETS_KEY") && !log.contains("s3cret"),
                "{program} {wrong:?}: {log}"
            );
        }
    }
    let url = redis.url();
    let settings = [("REDIS_URL", &*url), ("SECRETS_KEY", "s3cret")];
    let listed = lull(&["key", "list"], &settings).await;
    assert!(listed.code != 0 && listed.err.contains("SECRETS_KEY"));
}

#[tokio::test]
async fn keys_are_introduced_changed_and_given_up_without_losing_anything() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let webhook = receiver.url();
    // By a Lull without a key.
    let mut api = Daemon::api(&redis).await;
    configure(&api, &receiver).await;
    api.stop().await;
    assert_eq!(key_ids(&redis).await, [None]);
    let versions = |stored: &BTreeMap<String, String>| {
        let versions = stored
            .values()
            .map(|value| value.split_once(' ').unwrap().0);
        versions.map(str::to_owned).collect::<Vec<_>>()
    };
    let written = versions(&stored(&redis).await);

    let mut known = vec![None];
    for list in [
        OLD.to_owned(),
        format!("{NEW},{OLD}"),
        NEW.to_owned(),
        format!("none,{NEW}"),
    ] {
        let settings = keys(&list);
        let mut monitor = Daemon::monitor_with(&redis, &webhook, &settings).await;
        let mut api = Daemon::api_with(&redis, &settings).await;
        let expected = list != NEW;
        if expected {
            known = all_under_one_key(&redis, &known).await;
        }
        assert_eq!(key_ids(&redis).await, known, "{list}");
        // They say what they said, so nobody has to take up anything.
        assert_eq!(versions(&stored(&redis).await), written);
        api.post("/api/schedules/yearly/run", json!({})).await;
        assert_eq!(receiver.call().await.headers["x-key"], SECRET);
        api.stop().await;
        monitor.stop().await;
    }
    assert_eq!(known, [None]);
    // And again by one without a key.
    let api = Daemon::api(&redis).await;
    let (status, answer) = api.get("/api/destinations/bot").await;
    assert_eq!(status, 200, "{answer}");
}

/// The store of a daemon with these keys.
async fn store_with(redis: &TestRedis, list: &str) -> Store {
    let pairs = [("REDIS_URL", redis.url()), ("SECRETS_KEY", list.to_owned())];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    let config = RedisConfig::from_vars(&Vars::new(pairs)).unwrap();
    Store::connect(&config, DEADLINE).await.unwrap()
}

#[tokio::test]
async fn a_daemon_goes_on_by_what_it_knew_when_all_is_sealed_with_a_key_that_it_lacks() {
    let mut system = System::with_settings(&[], &keys(OLD)).await;
    let mut receiver = Receiver::start().await;
    configure(&system.api, &receiver).await;
    system.buffer("own", &["bot"]).await;
    let both = format!("{NEW},{OLD}");
    let other = Daemon::api_with(&system.redis, &keys(&both)).await;

    // It is sealed anew, and then something is changed, so that everybody reads it.
    let store = store_with(&system.redis, &both).await;
    assert_eq!(store.config().seal_anew().await.unwrap(), 4);
    assert_eq!(key_ids(&system.redis).await.len(), 1);
    let spec = json!({"url": receiver.url()});
    let path = "/api/destinations/new";
    let (status, written) = other.request(Method::PUT, path, Some(spec)).await;
    assert_eq!(status, 200, "{written}");
    system.taken_up(&written).await;
    for daemon in [&system.api, &system.monitor] {
        daemon
            .logs("It waits: destination:new in Redis is encrypted with the key")
            .await;
        assert!(!daemon.log().contains("It waits: destination:bot"));
    }
    system.say("own", "ana", "oi", SHORT).await;
    assert_eq!(receiver.call().await.headers["x-key"], SECRET);

    // What is changed by then is neither called nor written over by who cannot read it.
    let path = "/api/destinations/bot";
    let moved = json!({"url": format!("{}/moved", receiver.url())});
    let (status, written) = other.request(Method::PUT, path, Some(moved)).await;
    assert_eq!(status, 200, "{written}");
    system.taken_up(&written).await;
    let before = stored(&system.redis).await;
    system.say("own", "ana", "tudo bem?", SHORT).await;
    eventually("its batch waits", async || {
        let lanes = system.redis.keys("lull:*:lane:bot:*").await;
        lanes.len() == 1
    })
    .await;
    for (method, body) in [(Method::GET, None), (Method::PUT, Some(bot(&receiver)))] {
        let refusal = system.api.refused(method, path, body).await;
        assert_eq!(refusal.status, 503);
        assert!(refusal.error.contains("SECRETS_KEY"), "{refusal:?}");
    }
    assert_eq!(stored(&system.redis).await, before);
    assert!(receiver.calls_so_far().is_empty());

    // Whoever has the key sends it.
    system.monitor.stop().await;
    let webhook = system.default.url();
    let _monitor = Daemon::monitor_with(&system.redis, &webhook, &keys(&both)).await;
    let call = receiver.call().await;
    assert!(call.request_line.contains("/webhook/moved "));
    assert_eq!(call.messages(), ["tudo bem?"]);
}

#[tokio::test]
async fn what_was_moved_or_changed_in_redis_is_neither_used_nor_lost() {
    let mut system = System::with_settings(&[], &keys(OLD)).await;
    let mut receiver = Receiver::start().await;
    configure(&system.api, &receiver).await;
    let evil = Receiver::start().await;
    let spec = json!({"url": evil.url()});
    let (status, _) = system.put("/api/destinations/evil", spec).await;
    assert_eq!(status, 200);
    let stored_there = stored(&system.redis).await;

    // Whoever writes to Redis gives the URL of one the headers of the other.
    let mut raw = system.redis.raw().await;
    let _: () = redis::cmd("HSET")
        .arg(CONFIG)
        .arg(&["destination:evil", &stored_there["destination:bot"]])
        .query_async(&mut raw)
        .await
        .unwrap();
    let spec = json!({"destinations": ["bot", "evil"]});
    system.buffer_of("both", spec).await;
    system.monitor.logs("Cannot read destination:evil").await;

    system.say("both", "ana", "oi", SHORT).await;
    assert_eq!(receiver.call().await.headers["x-key"], SECRET);
    eventually("its batch waits", async || {
        let lanes = system.redis.keys("lull:*:lane:evil:*").await;
        lanes.len() == 1
    })
    .await;
    assert_eq!(system.monitor.stop().await.code(), Some(0));
    let webhook = system.default.url();
    let _again = Daemon::monitor_with(&system.redis, &webhook, &keys(OLD)).await;
    // Written anew, it gets what waited.
    let mut right = Receiver::start().await;
    let spec = json!({"url": right.url()});
    let (status, answer) = system.put("/api/destinations/evil", spec).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(right.call().await.messages(), ["oi"]);
}
