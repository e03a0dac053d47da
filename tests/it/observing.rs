//! Metrics: which there are, and that they count right.

use lull::core::refused::RefusedFor;
use lull::core::window::CloseReason;
use serde_json::json;
use strum::VariantArray;

use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

/// The names of all metrics, without what stands for their kind or their parts.
async fn metric_names(daemon: &Daemon) -> Vec<String> {
    let (_, text) = daemon.get("/metrics").await;
    let text = text.as_str().unwrap().to_owned();
    assert!(text.ends_with("# EOF\n"), "{text}");
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut names: Vec<_> = types.map(str::to_owned).collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_word_of_a_label_shows_before_its_first_event() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, "http://127.0.0.1:9").await;

    let docs = std::fs::read_to_string("docs/metrics.md").unwrap();
    let (_, of_api) = api.get("/metrics").await;
    let (_, of_monitor) = monitor.get("/metrics").await;

    let (of_api, of_monitor) = (of_api.as_str().unwrap(), of_monitor.as_str().unwrap());
    for reason in CloseReason::VARIANTS {
        let line = format!("lull_batches_total{{reason=\"{}\"}} 0", reason.as_str());
        assert!(
            of_api.contains(&line) && of_monitor.contains(&line),
            "{line}"
        );
    }
    for reason in RefusedFor::VARIANTS {
        let line = format!(
            "lull_requests_refused_total{{buffer=\"\",reason=\"{}\"}} 0",
            reason.as_str()
        );
        assert!(of_api.contains(&line), "{line}");
        assert!(
            docs.contains(&format!("`{}`", reason.as_str())),
            "{reason:?}"
        );
    }
}

#[tokio::test]
async fn api_counts_what_it_takes_and_what_it_refuses() {
    let mut redis = TestRedis::start().await;
    let api = Daemon::api_with(&redis, &[("MAX_MESSAGES", "2"), ("MAX_BODY_BYTES", "200")]).await;
    let good = json!({"user": "ana", "message": "oi", "ttl": 60, "message_id": "a"});
    let bad = json!({"user": "ana", "message": "oi", "ttl": "soon"});

    for body in [
        &good,
        &good,
        &bad,
        &bad,
        &json!({"message": "oi"}),
        &json!("oi"),
    ] {
        api.post("/api/message", body.clone()).await;
    }
    for _ in 0..2 {
        api.say("ana", "oi", 60.0).await;
    }
    api.post("/", json!({"user": "ana", "message": "x".repeat(200)}))
        .await;
    let other = api.client().post(api.url("/")).body("oi");
    other.send().await.unwrap();
    let windows = api.metric("lull_windows_open").await;
    redis.kill();
    api.post("/", good).await;

    for (name, expected) in [
        ("lull_messages_accepted_total", 3.0),
        ("lull_messages_duplicate_total", 1.0),
        (r#"lull_requests_refused_total{reason="ttl"}"#, 2.0),
        (r#"lull_requests_refused_total{reason="user"}"#, 1.0),
        (r#"lull_requests_refused_total{reason="body"}"#, 1.0),
        (r#"lull_requests_refused_total{reason="too_large"}"#, 1.0),
        (r#"lull_requests_refused_total{reason="content_type"}"#, 1.0),
        (r#"lull_requests_refused_total{reason="redis"}"#, 1.0),
        (r#"lull_batches_total{reason="messages"}"#, 1.0),
        ("lull_redis_up", 0.0),
    ] {
        assert_eq!(api.metric(name).await, expected, "{name}");
    }
    assert_eq!(windows, 1.0);
}

#[tokio::test]
async fn monitor_counts_what_it_closes_and_how_its_attempts_end() {
    let redis = TestRedis::start().await;
    let script = [
        Answer::Status(500),
        Answer::Status(200),
        Answer::Status(410),
    ];
    let mut receiver = Receiver::answering(&script, Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let settings = [("RETRY_FIRST", "0.01")];
    let monitor = Daemon::monitor_with(&redis, &receiver.url(), &settings).await;

    api.say("ana", "oi", 0.1).await;
    for _ in 0..2 {
        receiver.call().await;
    }
    api.say("eva", "oi", 0.1).await;
    receiver.call().await;
    api.say("rui", "oi", 60.0).await;
    eventually("all is settled", async || {
        monitor.metric("lull_lanes_waiting").await == 0.0
            && monitor.metric("lull_dead_letters").await == 1.0
    })
    .await;

    for (name, expected) in [
        (r#"lull_batches_total{reason="quiet"}"#, 2.0),
        (r#"lull_attempts_total{outcome="delivered"}"#, 1.0),
        (r#"lull_attempts_total{outcome="retry"}"#, 1.0),
        (r#"lull_attempts_total{outcome="rejected"}"#, 1.0),
        ("lull_lateness_seconds_count", 2.0),
        (r#"lull_lateness_seconds_bucket{le="+Inf"}"#, 2.0),
        ("lull_delivery_seconds_count", 3.0),
        ("lull_attempts_in_flight", 0.0),
        ("lull_breakers_open", 0.0),
        ("lull_windows_open", 1.0),
        ("lull_redis_up", 1.0),
    ] {
        assert_eq!(monitor.metric(name).await, expected, "{name}");
    }
    let found = monitor
        .metric(r#"lull_windows_found_total{by="sweep"}"#)
        .await
        + monitor
            .metric(r#"lull_windows_found_total{by="event"}"#)
            .await;
    assert_eq!(found, 2.0);
}

#[tokio::test]
async fn lateness_is_from_the_deadline_to_the_attempt() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    // A window of a second that is delivered on time is not a second late.
    api.say("ana", "oi", 1.0).await;
    receiver.call().await;

    let lateness = monitor.metric("lull_lateness_seconds_sum").await;
    assert!(lateness > 0.0 && lateness < 0.95, "{lateness}");
}

#[tokio::test]
async fn events_heard_are_counted() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;
    monitor.logs("Listening to expired events").await;

    // Stands for a timer: nothing else is there for the sweep to find and delete before it expires.
    redis::cmd("SET")
        .arg(&["lull:{34}:timer:default:5511988887777", "", "PX", "50"])
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();

    eventually("the event is counted", async || {
        monitor.metric("lull_events_received_total").await == 1.0
    })
    .await;
}

#[tokio::test]
async fn every_metric_of_the_house_is_there_from_the_start() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    let (of_api, of_monitor) = (metric_names(&api).await, metric_names(&monitor).await);

    assert_eq!(
        of_api,
        [
            "lull_amqp_connected gauge",
            "lull_amqp_messages counter",
            "lull_amqp_queues gauge",
            "lull_batches counter",
            "lull_build_info gauge",
            "lull_dead_letters gauge",
            "lull_history_lines_lost counter",
            "lull_history_lines_written counter",
            "lull_lanes_waiting gauge",
            "lull_later_waiting gauge",
            "lull_log_lines_dropped counter",
            "lull_loop_restarts counter",
            "lull_messages_accepted counter",
            "lull_messages_dropped counter",
            "lull_messages_duplicate counter",
            "lull_monitors_alive gauge",
            "lull_oldest_batch_seconds gauge",
            "lull_overdue_seconds gauge",
            "lull_posts counter",
            "lull_redis_up gauge",
            "lull_request_seconds histogram",
            "lull_requests_refused counter",
            "lull_standing gauge",
            "lull_stopped gauge",
            "lull_windows_open gauge",
            "process_cpu_seconds counter",
            "process_max_fds gauge",
            "process_open_fds gauge",
            "process_resident_memory_bytes gauge",
            "process_start_time_seconds gauge",
        ]
    );
    assert_eq!(
        of_monitor,
        [
            "lull_attempts counter",
            "lull_attempts_in_flight gauge",
            "lull_batches counter",
            "lull_breakers_open gauge",
            "lull_build_info gauge",
            "lull_dead_letters gauge",
            "lull_dead_letters_dropped counter",
            "lull_delivery_seconds histogram",
            "lull_events_dropped counter",
            "lull_events_received counter",
            "lull_history_lines_lost counter",
            "lull_history_lines_written counter",
            "lull_lanes_waiting gauge",
            "lull_lateness_seconds histogram",
            "lull_later_waiting gauge",
            "lull_log_lines_dropped counter",
            "lull_loop_restarts counter",
            "lull_monitors_alive gauge",
            "lull_oldest_batch_seconds gauge",
            "lull_overdue_seconds gauge",
            "lull_redis_up gauge",
            "lull_standing gauge",
            "lull_stopped gauge",
            "lull_windows_found counter",
            "lull_windows_open gauge",
            "process_cpu_seconds counter",
            "process_max_fds gauge",
            "process_open_fds gauge",
            "process_resident_memory_bytes gauge",
            "process_start_time_seconds gauge",
        ]
    );
}
