//! Connections to Redis: whatever one failed with is tried again, and one that leads to the wrong Redis is left.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::daemon::{API, free_port};
use crate::support::daemons::{Daemons, WAITS, cut, tell};
use crate::support::doorway::Doorway;
use crate::support::redis::set;
use crate::support::{Daemon, TestRedis, eventually};

#[tokio::test]
async fn a_login_that_was_refused_once_is_tried_until_it_is_taken() {
    let redis = TestRedis::start().await;
    let mut raw = redis.raw().await;
    set(&mut raw, "requirepass", "r1ght").await;
    let mut daemons = Daemons::on(&redis, &[("REDIS_PASSWORD", "r1ght")]).await;
    daemons.works("ana").await;

    set(&mut raw, "requirepass", "another").await;
    cut(&mut raw).await;
    daemons.is_refused().await;
    for daemon in [&daemons.api, &daemons.monitor] {
        daemon.logs(WAITS).await;
    }
    set(&mut raw, "requirepass", "r1ght").await;

    daemons.works("eva").await;
    daemons.said("AuthenticationFailed").await;
    assert!(!daemons.api.log().contains("r1ght"));
}

#[tokio::test]
async fn a_user_that_was_off_or_had_no_rights_is_let_in_when_it_may_again() {
    for wrong in ["off", "-@all"] {
        let redis = TestRedis::start().await;
        let mut raw = redis.raw().await;
        tell(
            &mut raw,
            &[
                "ACL", "SETUSER", "lull", "on", ">s3cret", "~*", "&*", "+@all",
            ],
        )
        .await;
        // Not the first database, which has to be asked for: that may be refused, too.
        let login = [
            ("REDIS_USERNAME", "lull"),
            ("REDIS_PASSWORD", "s3cret"),
            ("REDIS_DB", "3"),
        ];
        let mut daemons = Daemons::on(&redis, &login).await;

        tell(&mut raw, &["ACL", "SETUSER", "lull", wrong]).await;
        cut(&mut raw).await;
        daemons.is_refused().await;
        daemons.api.logs(WAITS).await;
        tell(&mut raw, &["ACL", "SETUSER", "lull", "on", "+@all"]).await;

        daemons.works("eva").await;
    }
}

#[tokio::test]
async fn a_redis_with_too_many_clients_is_tried_until_it_has_room() {
    let tcp = free_port().to_string();
    let redis = TestRedis::start_with(&["--port", &tcp]).await;
    let mut raw = redis.raw().await;
    set(&mut raw, "requirepass", "r1ght").await;
    let url = format!("redis://127.0.0.1:{tcp}");
    let settings = [("REDIS_URL", url.as_str()), ("REDIS_PASSWORD", "r1ght")];
    let mut daemons = Daemons::on(&redis, &settings).await;

    set(&mut raw, "maxclients", "1").await;
    cut(&mut raw).await;
    daemons.is_refused().await;
    // One that starts now waits as well, for its login is not wrong.
    let port = free_port();
    let text = port.to_string();
    let mut settings = settings.to_vec();
    settings.extend([("HOST", "127.0.0.1"), ("PORT", &text)]);
    let another = Daemon::spawn(API, &[], &settings, port);
    for daemon in [&daemons.api, &daemons.monitor, &another] {
        daemon.logs(WAITS).await;
    }
    set(&mut raw, "maxclients", "1000").await;

    daemons.works("eva").await;
    another.wait_until_up().await;
}

#[tokio::test]
async fn a_redis_that_still_reads_its_files_is_waited_for() {
    let mut redis = TestRedis::start().await;
    let mut daemons = Daemons::on(&redis, &[]).await;
    let mut fill = redis::pipe();
    for number in 0..20_000 {
        fill.set(format!("foreign:{number}"), "").ignore();
    }
    let mut raw = redis.raw().await;
    fill.query_async::<()>(&mut raw).await.unwrap();

    redis.kill();
    // It takes some seconds, in which it answers that it is loading.
    redis.start_again_slowly(&["--key-load-delay", "200"]);
    daemons.api.logs("BusyLoading").await;
    daemons.is_refused().await;

    daemons.works("eva").await;
    daemons.said("BusyLoading").await;
}

/// A way in which Redis stops to take writes, though it is there and its connections stay.
struct Refusal {
    code: &'static str,
    arguments: &'static [&'static str],
    begins: &'static [&'static str],
    ends: &'static [&'static str],
}

const REFUSALS: [Refusal; 3] = [
    Refusal {
        code: "NOREPLICAS",
        arguments: &[],
        begins: &["CONFIG", "SET", "min-replicas-to-write", "1"],
        ends: &["CONFIG", "SET", "min-replicas-to-write", "0"],
    },
    Refusal {
        code: "MasterDown",
        // Else it is refused as a replica first.
        arguments: &[
            "--replica-read-only",
            "no",
            "--replica-serve-stale-data",
            "no",
        ],
        begins: &["REPLICAOF", "127.0.0.1", "9"],
        ends: &["REPLICAOF", "NO", "ONE"],
    },
    Refusal {
        code: "ClusterDown",
        arguments: &["--cluster-enabled", "yes"],
        begins: &["CLUSTER", "DELSLOTS", "0"],
        ends: &["CLUSTER", "ADDSLOTS", "0"],
    },
];

#[tokio::test]
async fn a_redis_that_takes_no_writes_for_a_while_is_tried_until_it_does() {
    for Refusal {
        code,
        arguments,
        begins,
        ends,
    } in REFUSALS
    {
        let ports = [free_port().to_string(), free_port().to_string()];
        let mut arguments = arguments.to_vec();
        if code == "ClusterDown" {
            arguments.extend(["--port", &ports[0], "--cluster-port", &ports[1]]);
        }
        let redis = TestRedis::start_with(&arguments).await;
        let mut raw = redis.raw().await;
        if code == "ClusterDown" {
            tell(&mut raw, &["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
            eventually("the cluster is up", async || {
                let mut info = redis::cmd("CLUSTER");
                info.arg("INFO");
                let info: String = info.query_async(&mut raw.clone()).await.unwrap();
                info.contains("cluster_state:ok")
            })
            .await;
        }
        let mut daemons = Daemons::on(&redis, &[]).await;
        daemons.works("ana").await;

        tell(&mut raw, begins).await;
        daemons.is_refused().await;
        for daemon in [&daemons.api, &daemons.monitor] {
            daemon.logs(WAITS).await;
        }
        tell(&mut raw, ends).await;

        daemons.works("eva").await;
        daemons.said(code).await;
    }
}

#[tokio::test]
async fn connections_that_are_cut_are_made_anew_without_a_message_lost() {
    let redis = TestRedis::start().await;
    let mut raw = redis.raw().await;
    let mut daemons = Daemons::on(&redis, &[]).await;

    for round in 0..3 {
        cut(&mut raw).await;
        daemons.works(&format!("user {round}")).await;
    }

    assert!(!daemons.api.log().contains(WAITS), "{}", daemons.api.log());
}

/// How many connections daemons have for their calls.
async fn connections(redis: &TestRedis) -> usize {
    let mut list = redis::cmd("CLIENT");
    list.arg(&["LIST", "TYPE", "normal"]);
    let list: String = list.query_async(&mut redis.raw().await).await.unwrap();
    let of_tests = |line: &&str| {
        ["cmd=client", "cmd=ping"]
            .iter()
            .any(|it| line.contains(it))
    };
    list.lines().filter(|line| !of_tests(line)).count()
}

#[tokio::test]
async fn every_connection_is_renewed_though_nobody_asks_and_health_never_tells_of_an_old_one() {
    let mut redis = TestRedis::start().await;
    let daemons = Daemons::on(&redis, &[]).await;
    // Until then the listener's connection looks like one for calls.
    eventually("monitor listens", async || is_listened_to(&redis).await).await;
    let all = connections(&redis).await;
    assert!(all >= 4, "{all}");

    for restart in [false, true] {
        if restart {
            redis.kill();
            redis.start_again().await;
        } else {
            cut(&mut redis.raw().await).await;
        }

        eventually("all are renewed by themselves", async || {
            connections(&redis).await >= all
        })
        .await;
        for daemon in [&daemons.api, &daemons.monitor] {
            let (status, health) = daemon.get("/api/health").await;
            assert_eq!(status, 200, "{health}");
        }
    }
}

#[tokio::test]
async fn health_that_meets_a_connection_just_cut_waits_for_the_renewed_one() {
    let redis = TestRedis::start().await;
    let mut raw = redis.raw().await;
    let daemons = Daemons::on(&redis, &[]).await;

    for _ in 0..20 {
        for daemon in [&daemons.api, &daemons.monitor] {
            cut(&mut raw).await;
            let (status, health) = daemon.get("/api/health").await;
            assert_eq!(status, 200, "{health}");
            assert!(health["overdue"].is_object(), "{health}");
            assert_ne!(health["redis"]["events"], "unknown", "{health}");
        }
    }
}

/// Daemons whose address leads to the first of two Redis, of which the second has copied it and is a master now.
async fn after_a_failover() -> (TestRedis, TestRedis, Doorway, Daemons) {
    let port = free_port().to_string();
    let old = TestRedis::start_with(&["--port", &port]).await;
    let doorway = Doorway::to(&old).await;
    let mut daemons = Daemons::on(&old, &[("REDIS_URL", &doorway.url())]).await;
    daemons.works("ana").await;
    let new_port = free_port().to_string();
    let new = TestRedis::start_with(&["--port", &new_port]).await;
    tell(&mut new.raw().await, &["REPLICAOF", "127.0.0.1", &port]).await;
    eventually("the new one has copied the old", async || {
        let info: String = redis::cmd("INFO")
            .arg("replication")
            .query_async(&mut new.raw().await)
            .await
            .unwrap();
        info.contains("master_link_status:up")
    })
    .await;
    tell(&mut new.raw().await, &["REPLICAOF", "NO", "ONE"]).await;
    (old, new, doorway, daemons)
}

async fn becomes_replica_of_nobody_there(redis: &TestRedis) {
    let nobody = free_port().to_string();
    tell(&mut redis.raw().await, &["REPLICAOF", "127.0.0.1", &nobody]).await;
}

/// Whether somebody listens to expired events there.
async fn is_listened_to(redis: &TestRedis) -> bool {
    let channels: Vec<String> = redis::cmd("PUBSUB")
        .arg("CHANNELS")
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    channels.iter().any(|channel| channel.ends_with("expired"))
}

#[tokio::test]
async fn a_master_that_became_a_replica_is_left_for_where_its_address_leads_to() {
    let (old, new, doorway, mut daemons) = after_a_failover().await;

    becomes_replica_of_nobody_there(&old).await;
    // The address still leads to the old one: health says what a post would be told.
    for daemon in [&daemons.api, &daemons.monitor] {
        eventually("health tells of the replica", async || {
            let (status, health) = daemon.get("/api/health").await;
            let redis = health["redis"]["status"].as_str().unwrap_or_default();
            status == 503 && redis.contains("ReadOnly")
        })
        .await;
    }
    assert_eq!(daemons.post("eva", "durante").await.0, 503);
    doorway.lead_to(&new);

    daemons.works("eva").await;
    daemons.said("ReadOnly").await;
    eventually("events are heard of the new one", async || {
        is_listened_to(&new).await
    })
    .await;
}

#[tokio::test]
async fn a_replica_is_left_though_nobody_asks_for_anything() {
    let (old, new, doorway, daemons) = after_a_failover().await;

    doorway.lead_to(&new);
    becomes_replica_of_nobody_there(&old).await;

    // By the monitor's own work, or by the next healthcheck.
    for daemon in [&daemons.api, &daemons.monitor] {
        eventually("the daemon is well", async || {
            daemon.get("/api/health").await.0 == 200
        })
        .await;
    }
    eventually("events are heard of the new one", async || {
        is_listened_to(&new).await
    })
    .await;
    assert_eq!(daemons.post("eva", "oi").await.0, 200);
}

#[tokio::test]
async fn a_redis_that_hangs_is_left_for_where_its_address_leads_to() {
    let (old, new, doorway, mut daemons) = after_a_failover().await;

    old.signal(Signal::SIGSTOP);
    daemons.is_refused().await;
    doorway.lead_to(&new);

    daemons.works("eva").await;
    old.signal(Signal::SIGCONT);
    eventually("events are heard of the new one", async || {
        is_listened_to(&new).await
    })
    .await;
}

/// Lets Redis fail to write its snapshot, as on a full disk: a folder lies where the file is to be.
async fn fail_to_write(redis: &TestRedis) {
    std::fs::create_dir(redis.folder().join("dump.rdb")).unwrap();
    redis.set("save", "3600 1000000").await;
    write_snapshot(redis, "err").await;
}

async fn write_snapshot(redis: &TestRedis, status: &str) {
    tell(&mut redis.raw().await, &["BGSAVE"]).await;
    let expected = format!("rdb_last_bgsave_status:{status}");
    eventually("the snapshot is over", async || {
        let info: String = redis::cmd("INFO")
            .arg("persistence")
            .query_async(&mut redis.raw().await)
            .await
            .unwrap();
        info.contains("rdb_bgsave_in_progress:0") && info.contains(&expected)
    })
    .await;
}

#[tokio::test]
async fn a_redis_whose_disk_failed_is_told_of_as_that_and_history_stays() {
    let redis = TestRedis::start().await;
    let mut daemons = Daemons::on(&redis, &[]).await;
    for user in ["ana", "eva", "rui", "leo"] {
        daemons.works(user).await;
    }
    let received = async |api: &Daemon| {
        let (_, page) = api.get("/api/messages/received").await;
        page.as_array().unwrap().len()
    };
    let before = received(&daemons.api).await;
    assert!(before >= 4);

    fail_to_write(&redis).await;
    let (status, refusal) = daemons.post("eva", "durante").await;
    assert_eq!(
        (status, &refusal["code"]),
        (503, &json!("storage_disk_failed"))
    );
    let error = refusal["error"].as_str().unwrap();
    assert!(error.contains("disk"), "{error}");
    for daemon in [&daemons.api, &daemons.monitor] {
        let (status, health) = daemon.get("/api/health").await;
        assert_eq!(status, 503, "{health}");
        assert_eq!(health["refusing"], "storage_disk_failed");
        let redis = health["redis"]["status"].as_str().unwrap();
        assert!(redis.contains("disk"), "{redis}");
    }
    daemons.api.logs(WAITS).await;
    // What is there can still be read, and is all there.
    assert_eq!(received(&daemons.api).await, before);
    assert!(!daemons.api.log().contains("Redis is full"));

    std::fs::remove_dir(redis.folder().join("dump.rdb")).unwrap();
    write_snapshot(&redis, "ok").await;
    daemons.works("eva").await;
    daemons.said("MISCONF").await;
    assert!(received(&daemons.api).await > before);
}
