//! `lull doctor`: over deployments that are well, and over those that are ill in one way each.

use lull::health::Heart;
use serde_json::Value;

use crate::support::daemon::free_port;
use crate::support::tool::{Ran, lull};
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

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
async fn a_redis_that_forgets_is_a_problem() {
    let none = Patient::with(&["--appendonly", "no"]).await;
    let snapshots = Patient::with(&["--appendonly", "no", "--save", "60 1"]).await;
    let every_second = Patient::with(&["--appendfsync", "everysec"]).await;

    none.examined()
        .await
        .is_problem("persistence", "nothing is kept on disk");
    snapshots
        .examined()
        .await
        .is_problem("persistence", "since the last snapshot");
    every_second
        .examined()
        .await
        .is_warning("persistence", "two seconds");
}

#[tokio::test]
async fn a_redis_without_a_limit_or_near_it_is_told() {
    let patient = Patient::well().await;

    command(&patient.redis, &["CONFIG", "SET", "maxmemory", "0"]).await;
    patient
        .examined()
        .await
        .is_warning("memory", "without a limit");
    command(&patient.redis, &["CONFIG", "SET", "maxmemory", "1mb"]).await;
    patient
        .examined()
        .await
        .is_problem("memory", "new messages are refused");
}

#[tokio::test]
async fn notifications_that_are_off_are_told_and_stay_off() {
    let patient = Patient::with(&["--notify-keyspace-events", ""]).await;

    for _ in 0..2 {
        patient
            .examined()
            .await
            .is_warning("notifications", "as punctually");
    }
}

#[tokio::test]
async fn keys_with_a_ttl_that_are_not_lulls_are_counted_without_its_own() {
    let patient = Patient::well().await;
    let store = patient.redis.store().await;
    crate::support::say(&store, "ana", "oi", crate::support::LONG).await;
    let fill =
        "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'session:' .. i, 1, 'EX', 600) end";

    command(&patient.redis, &["EVAL", fill, "0", "5"]).await;
    let few = patient.examined().await;
    command(&patient.redis, &["EVAL", fill, "0", "1500"]).await;

    assert_eq!(few.ills(), [""; 0]);
    assert_eq!(
        few.found("other keys"),
        "5 keys with a TTL in this database are not Lull's"
    );
    patient
        .examined()
        .await
        .is_warning("other keys", "1500 keys with a TTL");
}

#[tokio::test]
async fn a_wrong_password_and_a_redis_that_is_away_are_problems() {
    let mut patient = Patient::well().await;
    command(&patient.redis, &["CONFIG", "SET", "requirepass", "r1ght"]).await;

    let right = patient
        .examined_with(&[], &[("REDIS_PASSWORD", "r1ght")])
        .await;
    let wrong = patient
        .examined_with(&[], &[("REDIS_PASSWORD", "wr0ng")])
        .await;
    patient.redis.kill();
    let away = patient.examined().await;

    assert_eq!(right.ills(), [""; 0]);
    assert_eq!(right.found("password"), "it lets nobody in without one");
    wrong.is_problem("redis", "refused the login");
    assert!(!wrong.found("redis").contains("wr0ng"));
    away.is_problem("redis", "does not answer");
    assert!(away.found("webhook").contains("takes connections"));
}

#[tokio::test]
async fn a_password_that_nobody_asks_for_is_found_missing_where_others_can_come_in() {
    let patient = Patient::with(&["--protected-mode", "no"]).await;

    patient
        .examined()
        .await
        .is_warning("password", "nothing keeps other machines out");
}

#[tokio::test]
async fn what_a_managed_redis_does_not_tell_is_said_once() {
    let patient = Patient::well().await;
    let rules = [
        "ACL", "SETUSER", "ana", "on", ">pw", "~*", "&*", "+@all", "-config",
    ];
    command(&patient.redis, &rules).await;

    let settings = [("REDIS_USERNAME", "ana"), ("REDIS_PASSWORD", "pw")];
    let report = patient.examined_with(&[], &settings).await;

    assert_eq!(
        report.ills(),
        ["warning password", "warning config"],
        "{:?}",
        report.findings
    );
}

#[tokio::test]
async fn a_replica_is_a_problem() {
    let patient = Patient::well().await;
    command(&patient.redis, &["REPLICAOF", "127.0.0.1", "9"]).await;

    let report = patient.examined().await;

    assert!(
        report.found("redis").contains("is a replica"),
        "{:?}",
        report.findings
    );
    assert_eq!(report.code, 1);
}

#[tokio::test]
async fn a_window_that_nobody_closes_is_a_problem_and_a_late_one_is_not() {
    for (patient, ills) in [
        (
            Patient::without_a_monitor().await,
            vec!["warning monitors", "problem windows"],
        ),
        (Patient::well().await, vec!["warning windows"]),
    ] {
        let store = patient.redis.store().await;
        crate::support::say(&store, "ana", "oi", crate::support::LONG).await;
        let ago = std::time::Duration::from_secs(100);
        patient.redis.long_ago("lull:*:due", ago).await;

        let report = patient.examined().await;

        assert_eq!(report.ills(), ills, "{:?}", report.findings);
        let found = report.found("windows");
        let words = if ills.len() == 2 {
            "no monitor works"
        } else {
            "monitors are at work, and late"
        };
        assert!(found.contains(words), "{found}");
    }
}

#[tokio::test]
async fn what_waits_for_a_destination_is_told_with_what_it_answered() {
    let patient = Patient::without_a_monitor().await;
    let mut receiver = Receiver::answering(&[], Answer::Status(404)).await;
    let api = Daemon::api(&patient.redis).await;
    let _monitor = Daemon::monitor(&patient.redis, &receiver.url()).await;
    for user in ["ana", "eva"] {
        api.say(user, "oi", 0.1).await;
        receiver.call().await;
    }

    let mut found = String::new();
    eventually("both have failed", async || {
        let report = patient.examined().await;
        found = report.found("waiting").to_owned();
        // A call of the first may come twice before the second's.
        let both = found.starts_with("2 batches") && found.contains("HTTP 404");
        both && report.ills() == ["warning waiting"]
    })
    .await;

    let words = "2 batches wait for default, attempt ";
    assert!(found.starts_with(words), "{found}");
    // What is stopped waits because somebody wants it to.
    api.post("/api/control", serde_json::json!({"action": "stop"}))
        .await;
    let report = patient.examined().await;
    assert_eq!(report.ills(), ["warning control"], "{:?}", report.findings);
    assert!(report.found("waiting").ends_with("which is off or stopped"));
}

#[tokio::test]
async fn a_webhook_that_is_down_is_a_problem() {
    let patient = Patient::well().await;
    let down = format!("http://127.0.0.1:{}/webhook", free_port());

    let report = patient.examined_with(&[], &[("WEBHOOK_URL", &down)]).await;

    report.is_problem("webhook", "cannot be reached: cannot connect");
}

#[tokio::test]
async fn a_webhook_that_does_not_speak_tls_is_a_problem() {
    let patient = Patient::well().await;
    let tls = patient.receiver.url().replace("http:", "https:");

    let report = patient.examined_with(&[], &[("WEBHOOK_URL", &tls)]).await;

    report.is_problem("webhook", "cannot be reached: no TLS");
}

#[tokio::test]
async fn the_test_url_of_n8n_is_a_problem() {
    let patient = Patient::well().await;
    let test = format!("http://{}/webhook-test/x", patient.receiver.address());

    let report = patient.examined_with(&[], &[("WEBHOOK_URL", &test)]).await;

    report.is_problem("webhook", "n8n's test URL");
}

#[tokio::test]
async fn with_call_it_tells_what_the_webhook_answers() {
    let mut patient = Patient::well().await;

    let well = patient.examined_with(&["--call"], &[]).await;
    let call = patient.receiver.call().await;
    patient.receiver.answer(Answer::Status(404));
    let ill = patient.examined_with(&["--call"], &[]).await;

    assert_eq!(call.headers["lull-test"], "true");
    assert_eq!(well.ills(), [""; 0]);
    assert!(
        well.found("webhook").contains("HTTP 200"),
        "{}",
        well.found("webhook")
    );
    ill.is_problem("webhook", "HTTP 404");
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
async fn configured_destinations_are_looked_at_and_stops_and_dead_letters_told() {
    let mut system = crate::support::undeliverable::Undeliverable::start().await;
    system.bury("ana", "oi").await;
    let down = format!("http://127.0.0.1:{}/x?token=s3cret", free_port());
    let bot = serde_json::json!({"name": "bot", "url": down});
    assert_eq!(system.api.post("/api/destinations", bot).await.0, 201);
    let stop = serde_json::json!({"action": "stop", "destination": "bot"});
    system.api.post("/api/control", stop).await;
    let (redis, webhook) = (system.redis.url(), system.receiver.url());
    let settings = [
        ("REDIS_URL", redis.as_str()),
        ("WEBHOOK_URL", &webhook),
        ("API_KEYS", KEY),
    ];

    let mut report = examined(&[], &settings).await;
    eventually("the stop is told", async || {
        report = examined(&[], &settings).await;
        report.findings.iter().any(|it| it["check"] == "control")
    })
    .await;

    assert_eq!(
        report.ills(),
        [
            "warning memory",
            "warning control",
            "warning dead letters",
            "problem webhook"
        ]
    );
    assert!(report.found("control").ends_with(": bot"));
    assert!(report.found("dead letters").starts_with("1 dead letter"));
    assert!(
        report
            .found("webhook")
            .starts_with("bot at http://127.0.0.1:")
    );
    assert!(
        report
            .findings
            .iter()
            .all(|it| !it.to_string().contains("s3cret"))
    );
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
