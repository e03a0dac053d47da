//! Health: of each daemon, with and without Redis, and by the healthcheck of its container.

use serde_json::{Value, json};

use crate::support::daemon::{API, MONITOR};
use crate::support::undeliverable::Undeliverable;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

/// Waits until health has this status; answers what it says then.
async fn healthy_as(daemon: &Daemon, status: u16) -> Value {
    let mut said = Value::Null;
    eventually("health changes", async || {
        let (found, body) = daemon.get("/api/health").await;
        said = body;
        found == status
    })
    .await;
    said
}

/// What it says as soon as it has seen a monitor.
async fn healthy_as_seen(daemon: &Daemon) -> Value {
    let mut said = Value::Null;
    eventually("a monitor is seen", async || {
        let (status, body) = daemon.get("/api/health").await;
        said = body;
        status == 200 && said["monitors"][0]["alive"] == true
    })
    .await;
    said
}

async fn set_events(redis: &TestRedis, flags: &str) {
    redis::cmd("CONFIG")
        .arg(&["SET", "notify-keyspace-events", flags])
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
}

#[tokio::test]
async fn health_tells_who_it_is_and_how_redis_is() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for (daemon, service) in [(&api, "api"), (&monitor, "monitor")] {
        let (status, mut health) = (200, healthy_as_seen(daemon).await);

        let monitors = health.as_object_mut().unwrap().remove("monitors").unwrap();
        let overdue = health.as_object_mut().unwrap().remove("overdue").unwrap();
        assert_eq!(monitors[0]["alive"], true);
        assert_eq!(monitors[0]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(
            overdue,
            json!({"windows": null, "lanes": null, "later": null})
        );
        let ping = health["redis"]["ping_ms"].take().as_f64().unwrap();
        assert!(ping > 0.0 && ping < 10_000.0, "{ping}");
        assert_eq!(status, 200);
        assert_eq!(
            health,
            json!({
                "status": "ok",
                "service": service,
                "version": env!("CARGO_PKG_VERSION"),
                "redis": {"status": "ok", "ping_ms": null, "events": "on"},
                "stopped": {"everything": false, "buffers": [], "destinations": []},
            })
        );
    }
}

#[tokio::test]
async fn health_falls_with_redis_and_rises_with_it() {
    let mut redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let api = Daemon::api(&redis).await;
    let monitor = Daemon::monitor(&redis, &receiver.url()).await;

    for daemon in [&api, &monitor] {
        redis.kill();
        let ill = healthy_as(daemon, 503).await;
        redis.start_again().await;
        let well = healthy_as(daemon, 200).await;

        assert_eq!(
            (&ill["status"], &ill["redis"]["events"]),
            (&json!("unavailable"), &json!("unknown"))
        );
        assert!(
            ill["redis"]["status"]
                .as_str()
                .unwrap()
                .starts_with("Redis: "),
            "{ill}"
        );
        assert_eq!(well["status"], "ok");
    }
}

#[tokio::test]
async fn health_tells_whether_events_are_on() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;

    let mut said = Vec::new();
    for flags in ["Ex", "", "KEA", "Kx"] {
        set_events(&redis, flags).await;
        let (status, health) = api.get("/api/health").await;
        assert_eq!(status, 200);
        said.push(health["redis"]["events"].as_str().unwrap().to_owned());
    }

    assert_eq!(said, ["on", "off", "on", "off"]);
}

#[tokio::test]
async fn a_healthcheck_agrees_with_the_health_of_its_daemon() {
    let mut system = Undeliverable::start().await;
    let port = |daemon: &Daemon| daemon.url("").rsplit(':').next().unwrap().to_owned();
    let (api, monitor) = (port(&system.api), port(&system.monitor));
    // What a container may have set for its own calls.
    let proxy = ("HTTP_PROXY", "http://127.0.0.1:9");
    let checks = [
        (API, ("PORT", api.as_str())),
        (MONITOR, ("MONITOR_PORT", monitor.as_str())),
    ];

    let mut codes = Vec::new();
    for redis_is_there in [true, false] {
        if !redis_is_there {
            system.redis.kill();
        }
        for (program, setting) in checks {
            let mut check = Daemon::spawn(program, &["healthcheck"], &[setting, proxy], 0);
            codes.push(check.ended().await.code());
        }
    }

    assert_eq!(codes, [Some(0), Some(0), Some(1), Some(1)]);
}
