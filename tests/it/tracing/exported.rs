//! What a collector is told, and that nobody waits for it.

use std::collections::BTreeSet;

use serde_json::json;

use super::{PARENT, Parent, post};
use crate::support::collector::{Collector, Got, spans};
use crate::support::daemon::{API, LULL, MONITOR, free_port};
use crate::support::{Answer, Daemon, Receiver, TestRedis};

/// So long that a span comes because its daemon ends.
const NEVER: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "600000");
const PHONE: &str = "5511988887777";
const TEXT: &str = "meu segredo";
const TOKEN: &str = "t0ken";

/// Both daemons, which tell a collector.
struct Undeliverable {
    api: Daemon,
    monitor: Daemon,
    receiver: Receiver,
    collector: Collector,
    _redis: TestRedis,
}

impl Undeliverable {
    async fn start(script: &[Answer], settings: &[(&str, &str)]) -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::answering(script, Answer::Status(200)).await;
        let collector = Collector::start().await;
        let url = collector.url();
        let mut all = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), NEVER];
        all.extend([
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k"),
            ("RETRY_FIRST", "0.01"),
        ]);
        all.extend(settings);
        let webhook = format!("{}?token={TOKEN}", receiver.url());
        Self {
            api: Daemon::api_with(&redis, &all).await,
            monitor: Daemon::monitor_with(&redis, &webhook, &all).await,
            receiver,
            collector,
            _redis: redis,
        }
    }

    async fn say(&self, text: &str, headers: &[(&str, &str)]) {
        let body = json!({"user": PHONE, "message": text, "ttl": 1});
        post(&self.api, "/api/message", body, headers).await;
    }

    /// Ends both daemons; answers all spans they have made, those of requests first.
    async fn end(&mut self) -> (Vec<Got>, Vec<Got>) {
        assert!(self.api.stop().await.success());
        assert!(self.monitor.stop().await.success());
        let posts = self.collector.posts();
        let spans: Vec<Got> = posts.iter().flat_map(|(_, post)| spans(post)).collect();
        for (headers, post) in posts {
            assert_eq!(headers["content-type"], "application/x-protobuf");
            assert_eq!(headers["x-key"], "k");
            let bytes = String::from_utf8_lossy(&post);
            for private in [PHONE, TEXT, TOKEN, "/webhook"] {
                assert!(!bytes.contains(private), "{private} in {spans:?}");
            }
        }
        spans.into_iter().partition(|span| span.kind == 2)
    }
}

#[tokio::test]
async fn one_trace_leads_from_the_gateway_through_both_daemons_to_the_bot() {
    let mut system = Undeliverable::start(&[Answer::Status(503)], &[]).await;

    system
        .say(TEXT, &[("traceparent", PARENT), ("tracestate", "rojo=1")])
        .await;
    let calls = [system.receiver.call().await, system.receiver.call().await];
    let (requests, attempts) = system.end().await;

    let [request] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert_eq!(request.service, "lull-api");
    assert_eq!(request.name, "POST /api/message");
    assert_eq!(
        (&*request.trace, &*request.parent),
        (&PARENT[3..35], &PARENT[36..52])
    );
    assert_eq!(request.attributes["http.route"], "/api/message");
    assert_eq!(request.attributes["http.response.status_code"], "200");
    assert!(request.attributes["lull.request_id"].starts_with("req_"));
    assert_eq!(attempts.len(), 2);
    for ((attempt, call), (number, status)) in attempts
        .iter()
        .zip(&calls)
        .zip([("1", "503"), ("2", "200")])
    {
        assert_eq!((attempt.name.as_str(), attempt.kind), ("attempt", 3));
        assert_eq!(attempt.service, "lull-monitor");
        assert_eq!(
            (&attempt.trace, &attempt.parent),
            (&request.trace, &request.span)
        );
        assert_eq!(attempt.attributes["lull.attempt"], number);
        assert_eq!(attempt.attributes["http.response.status_code"], status);
        assert_eq!(attempt.attributes["lull.batch"], call.id());
        assert_eq!(attempt.status, if status == "503" { 2 } else { 0 });
        let told = Parent::of(call);
        assert_eq!(
            (told.trace, told.span),
            (request.trace.clone(), attempt.span.clone())
        );
        assert_eq!(call.headers["tracestate"], "rojo=1");
    }
}

#[tokio::test]
async fn what_comes_without_a_trace_begins_one_and_the_others_of_its_batch_are_linked() {
    let own = [("OTEL_SERVICE_NAME", "loja")];
    let mut system = Undeliverable::start(&[], &own).await;

    for headers in [
        vec![],
        vec![("traceparent", "broken"), ("tracestate", "rojo=1")],
        vec![],
    ] {
        system.say(TEXT, &headers).await;
    }
    let call = system.receiver.call().await;
    let (requests, attempts) = system.end().await;

    let [first, others @ ..] = &requests[..] else {
        panic!("{requests:?}")
    };
    let traces: BTreeSet<_> = requests.iter().map(|request| &request.trace).collect();
    assert_eq!((traces.len(), others.len()), (3, 2));
    assert!(requests.iter().all(|request| request.parent.is_empty()));
    let [attempt] = &attempts[..] else {
        panic!("{attempts:?}")
    };
    assert_eq!(
        (&attempt.trace, &attempt.parent),
        (&first.trace, &first.span)
    );
    let linked: Vec<_> = others.iter().map(|other| other.span.clone()).collect();
    assert_eq!(attempt.links, linked);
    assert_eq!(Parent::of(&call).span, attempt.span);
    assert!(!call.headers.contains_key("tracestate"));
    assert_eq!(attempt.attributes["lull.messages"], "3");
    assert_eq!(attempt.service, "loja");
}

#[tokio::test]
async fn a_trace_that_its_caller_does_not_sample_is_passed_on_and_not_exported() {
    let mut system = Undeliverable::start(&[], &[]).await;

    let unsampled = format!("{}00", &PARENT[..53]);
    system.say(TEXT, &[("traceparent", &unsampled)]).await;
    let told = Parent::of(&system.receiver.call().await);
    let (requests, attempts) = system.end().await;

    assert_eq!((&*told.trace, &*told.flags), (&PARENT[3..35], "00"));
    assert_eq!((requests.len(), attempts.len()), (0, 0));
}

#[tokio::test]
async fn a_collector_that_is_down_holds_nobody_up_and_is_one_warning() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", nobody.as_str()),
        // A span a post, and no room for more.
        ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
    ];
    let mut api = Daemon::api_with(&redis, &settings).await;
    let mut monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    for user in 0..20 {
        api.say(&user.to_string(), "oi", 0.1).await;
    }
    for _ in 0..20 {
        receiver.call().await;
    }

    for daemon in [&mut api, &mut monitor] {
        daemon.logs("Spans cannot be sent to").await;
        assert!(daemon.stop().await.success());
        let log = daemon.log();
        let warnings = log
            .lines()
            .filter(|line| line.contains("WARN") && !line.contains("Whoever reaches this port"));
        let warnings: Vec<_> = warnings.collect();
        assert_eq!(warnings.len(), 1, "{log}");
        assert!(warnings[0].contains(&nobody), "{log}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_none_stops_a_daemon_at_its_start() {
    for (name, value, why) in [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector:4318",
            "must begin with http",
        ),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "4318", "is not a URL"),
    ] {
        let settings = [
            ("REDIS_HOST", "127.0.0.1"),
            ("WEBHOOK_URL", "http://127.0.0.1/"),
            (name, value),
        ];
        for (program, arguments) in [(API, &[][..]), (MONITOR, &[]), (LULL, &["up"])] {
            let mut daemon = Daemon::spawn(program, arguments, &settings, 0);
            assert!(!daemon.ended().await.success());
            let log = daemon.log();
            assert_eq!(log.lines().count(), 1, "{log}");
            assert!(log.contains(name) && log.contains(why), "{log}");
        }
    }
}
