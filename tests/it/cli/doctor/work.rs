//! What it finds of the work: windows that nobody closes, what waits, and whether the webhook answers.

use super::{KEY, Patient, examined};
use crate::support::daemon::free_port;
use crate::support::{Answer, Daemon, Receiver, eventually};

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
