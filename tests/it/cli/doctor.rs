//! `lull doctor`: over deployments that are well, and over those that are ill in one way each.

mod by_api;
mod in_redis;
mod work;

use lull::health::Heart;
use serde_json::Value;

use crate::support::tool::{Ran, lull};
use crate::support::{Receiver, TestRedis, eventually};

/// A limit, because the shipped settings leave it to the machine's owner.
const LIMIT: [&str; 2] = ["--maxmemory", "256mb"];

const KEY: &str = "panel:0123456789abcdef0123";

/// A deployment that is looked at.
struct Patient {
    redis: TestRedis,
    receiver: Receiver,
}

impl Patient {
    async fn well() -> Self {
        Self::with(&[]).await
    }

    /// One that no monitor works on.
    async fn without_a_monitor() -> Self {
        Self::alone(&[]).await
    }

    /// One whose Redis is started with more settings.
    async fn with(arguments: &[&str]) -> Self {
        let patient = Self::alone(arguments).await;
        // Nothing but the sign of life of a monitor, which would change what is looked at.
        let store = patient.redis.store().await;
        let heart = Heart::new(&store, "monitor");
        tokio::spawn(async move { heart.beat(Vec::new).await });
        eventually("a monitor gives signs of life", async || {
            let work = store.daemons().work(&[]).await.unwrap();
            work.living_monitors().next().is_some()
        })
        .await;
        patient
    }

    async fn alone(arguments: &[&str]) -> Self {
        let all: Vec<_> = LIMIT.iter().chain(arguments).copied().collect();
        Self {
            redis: TestRedis::start_with(&all).await,
            receiver: Receiver::start().await,
        }
    }

    async fn examined_with(&self, more: &[&str], settings: &[(&str, &str)]) -> Report {
        let (redis, webhook) = (self.redis.url(), self.receiver.url());
        let mut all = vec![
            ("REDIS_URL", redis.as_str()),
            ("WEBHOOK_URL", &webhook),
            ("API_KEYS", KEY),
        ];
        all.retain(|(name, _)| settings.iter().all(|(other, _)| other != name));
        // What is empty is not set.
        all.extend(settings.iter().filter(|(_, value)| !value.is_empty()));
        examined(more, &all).await
    }

    async fn examined(&self) -> Report {
        self.examined_with(&[], &[]).await
    }
}

/// What the doctor says.
struct Report {
    code: i32,
    findings: Vec<Value>,
}

impl Report {
    fn of(ran: &Ran) -> Self {
        assert_eq!(ran.err, "");
        let json = ran.json();
        let findings = json["findings"].as_array().unwrap().clone();
        let count = |level: &str| findings.iter().filter(|it| it["level"] == level).count();
        assert_eq!(json["problems"], count("problem"), "{json}");
        assert_eq!(json["warnings"], count("warning"), "{json}");
        Self {
            code: ran.code,
            findings,
        }
    }

    /// All but what is well, as `level check`.
    fn ills(&self) -> Vec<String> {
        let ills = self.findings.iter().filter(|it| it["level"] != "ok");
        ills.inspect(|it| assert!(!it["advice"].as_str().unwrap().is_empty(), "{it}"))
            .map(|it| {
                format!(
                    "{} {}",
                    it["level"].as_str().unwrap(),
                    it["check"].as_str().unwrap()
                )
            })
            .collect()
    }

    /// What was found in a check.
    fn found(&self, check: &str) -> &str {
        let finding = self.findings.iter().find(|it| it["check"] == check);
        finding.unwrap()["found"].as_str().unwrap()
    }

    /// It found this one problem, in these words.
    #[track_caller]
    fn is_problem(&self, check: &str, words: &str) {
        assert_eq!(
            self.ills(),
            [format!("problem {check}")],
            "{:?}",
            self.findings
        );
        let ill = self.findings.iter().find(|it| it["level"] != "ok").unwrap();
        assert!(ill["found"].as_str().unwrap().contains(words), "{ill}");
        assert_eq!(self.code, 1);
    }

    /// It found this one thing to warn of, in these words.
    #[track_caller]
    fn is_warning(&self, check: &str, words: &str) {
        assert_eq!(
            self.ills(),
            [format!("warning {check}")],
            "{:?}",
            self.findings
        );
        let ill = self.findings.iter().find(|it| it["level"] != "ok").unwrap();
        assert!(ill["found"].as_str().unwrap().contains(words), "{ill}");
        assert_eq!(self.code, 0);
    }
}

async fn examined(more: &[&str], settings: &[(&str, &str)]) -> Report {
    let arguments: Vec<_> = ["doctor", "--json"].iter().chain(more).copied().collect();
    Report::of(&lull(&arguments, settings).await)
}

async fn command(redis: &TestRedis, words: &[&str]) {
    redis::cmd(words[0])
        .arg(&words[1..])
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
}

#[tokio::test]
async fn about_a_deployment_that_is_well_nothing_bad_is_said_and_nobody_is_called() {
    let mut patient = Patient::well().await;

    let report = patient.examined().await;

    assert_eq!((report.ills(), report.code), (vec![], 0));
    assert!(
        report.found("redis").starts_with("Redis 7."),
        "{}",
        report.found("redis")
    );
    assert!(report.found("webhook").contains("takes connections"));
    assert!(patient.receiver.calls_so_far().is_empty());
    let keys = patient.redis.lasting_keys().await;
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test]
async fn for_people_it_is_columns_with_what_to_do_and_a_sum() {
    let patient = Patient::with(&["--maxmemory-policy", "allkeys-lru"]).await;
    let (redis, webhook) = (patient.redis.url(), patient.receiver.url());

    let ran = lull(
        &["doctor"],
        &[
            ("REDIS_URL", &redis),
            ("WEBHOOK_URL", &webhook),
            ("HOST", "127.0.0.1"),
        ],
    )
    .await;

    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let mut lines = ran
        .out
        .lines()
        .skip_while(|line| !line.starts_with("problem"));
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("problem  eviction       maxmemory-policy is allkeys-lru"),
        "{}",
        ran.out
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("                        -> set maxmemory-policy noeviction"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.starts_with("ok       settings       "),
        "{}",
        ran.out
    );
    assert!(
        ran.out.ends_with("\n\n1 problem, 0 warnings\n"),
        "{}",
        ran.out
    );
}

#[tokio::test]
async fn a_setting_that_keeps_a_daemon_from_starting_is_named() {
    let patient = Patient::well().await;

    let wrong = patient
        .examined_with(&[], &[("WEBHOOK_TIMEOUT", "0")])
        .await;
    let none = examined(&[], &[]).await;

    assert!(
        wrong
            .found("settings")
            .contains("WEBHOOK_TIMEOUT must be above 0")
    );
    assert!(
        none.found("settings")
            .contains("REDIS_URL or REDIS_HOST must be set")
    );
    assert_eq!((wrong.code, none.code), (1, 1));
}

#[tokio::test]
async fn a_door_without_keys_or_with_short_ones_is_a_warning() {
    let patient = Patient::well().await;
    let examined = async |settings: &[(&str, &str)]| patient.examined_with(&[], settings).await;

    examined(&[("API_KEYS", "")])
        .await
        .is_warning("keys", "whoever reaches api may bring them");
    examined(&[("API_KEYS", "panel:short")])
        .await
        .is_warning("keys", "the key of panel is short");
    examined(&[("API_KEYS", ""), ("SECRET_KEY", "short")])
        .await
        .is_warning("keys", "SECRET_KEY is short");

    let long = "0123456789abcdef0123456789abcdef";
    for (settings, words) in [
        ([("API_KEYS", KEY), ("HOST", "0.0.0.0")], "for panel"),
        (
            [("API_KEYS", ""), ("HOST", "127.0.0.1")],
            "this machine only",
        ),
        (
            [("API_KEYS", ""), ("SECRET_KEY", long)],
            "tokens are asked for",
        ),
    ] {
        let report = examined(&settings).await;
        assert_eq!(report.ills(), [""; 0]);
        assert!(report.found("keys").contains(words));
    }
}

#[tokio::test]
async fn the_keys_in_redis_are_told_where_the_environment_names_nobody() {
    let patient = Patient::well().await;
    let none = [("API_KEYS", ""), ("OPEN_INGEST", "false")];

    let report = patient.examined_with(&[], &none).await;
    assert!(report.found("keys").starts_with("none yet"));
    let store = patient.redis.store().await;
    store.keys().make_first().await.unwrap();
    let report = patient.examined_with(&[], &none).await;
    assert_eq!(report.found("keys"), "in Redis for admin");
}
