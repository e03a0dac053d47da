//! What it finds in Redis: settings, limits, rights, and who answers there.

use super::{Patient, command};

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
        "hardly any keys with a TTL but Lull's"
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
