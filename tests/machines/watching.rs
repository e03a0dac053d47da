//! What is said about Sentinels: by whoever is given one for a Redis, by the daemons when none answers, and by the doctor.

use serde_json::Value;

use crate::daemons::daemon;
use crate::sentinels::{MASTER, Watched};
use crate::support::Daemon;
use crate::support::daemon::{API, LULL};

/// What `lull doctor` finds about one thing: level and words.
async fn doctor(settings: &[(&str, &str)], check: &str) -> Vec<(String, String)> {
    let mut doctor = Daemon::spawn(LULL, &["doctor", "--json"], settings, 0);
    doctor.ended().await;
    let log = doctor.log();
    let report = log.lines().find(|line| line.starts_with('{')).unwrap();
    let report: Value = serde_json::from_str(report).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap();
    let of_it = findings.iter().filter(|it| it["check"] == check);
    of_it
        .map(|it| (text(&it["level"]), text(&it["found"])))
        .collect()
}

#[tokio::test]
async fn sentinels_are_looked_at_and_a_daemon_goes_on_without_them() {
    let mut watched = Watched::start().await;
    let places = watched.places();
    // In parts, beside a login at the Sentinels which they do not ask for.
    let settings = [
        ("REDIS_SENTINELS", &*places),
        ("REDIS_SENTINEL_MASTER", MASTER),
    ];

    let well = doctor(&settings, "sentinels").await;
    assert_eq!(well[0].0, "ok", "{well:?}");
    let replicas = doctor(&settings, "replicas").await;
    assert_eq!(replicas[0].0, "ok", "{replicas:?}");

    // One that is taken for a Redis says what leads to its master.
    let wrong = doctor(&[("REDIS_URL", &watched.plain_url(0))], "redis").await;
    let wanted = "set REDIS_URL=redis+sentinel://127.0.0.1:";
    assert!(wrong[0].1.contains(wanted), "{wrong:?}");
    assert!(wrong[0].1.ends_with(&format!("/{MASTER}")), "{wrong:?}");
    let login = watched.plain_url(0).replace("//", "//:hunter2@");
    let wrong = doctor(&[("REDIS_URL", &login)], "redis").await;
    assert!(wrong[0].1.contains(wanted), "{wrong:?}");
    assert!(!wrong[0].1.contains("hunter2"), "{wrong:?}");

    // What is no Sentinel, and a master that they do not know, are told by name.
    let redis = format!("127.0.0.1:{}", watched.servers[0].port);
    let foreign = [settings[1], ("REDIS_SENTINELS", &redis)];
    let foreign = doctor(&foreign, "redis").await;
    assert!(foreign[0].1.contains("not as a Sentinel"), "{foreign:?}");
    let unknown = [settings[0], ("REDIS_SENTINEL_MASTER", "other")];
    let unknown = doctor(&unknown, "redis").await;
    assert!(
        unknown[0].1.contains("watches no other but mymaster"),
        "{unknown:?}"
    );
    let cluster = doctor(&[("REDIS_CLUSTER_NODES", &redis)], "redis").await;
    assert!(
        cluster[0].1.contains("no node of a Redis Cluster"),
        "{cluster:?}"
    );

    let api = daemon(API, &watched.url(), &[]).await;
    watched.kill_sentinels(1);
    let alone = doctor(&settings, "sentinels").await;
    assert_ne!(alone[0].0, "ok", "{alone:?}");
    watched.kill_sentinels(0);
    api.logs("No Sentinel answers").await;

    api.say("ana", "oi", 1.0).await;
    let health = api.get("/api/health").await;
    assert_eq!(health.0, 200, "{health:?}");
    assert_eq!(api.log().matches("No Sentinel answers").count(), 1);
}
