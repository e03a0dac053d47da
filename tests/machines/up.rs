//! `lull up --cluster`: a cluster for trying, with everything in one command.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::daemon::LULL;
use crate::support::up::Place;
use crate::support::{Daemon, eventually};

const NODES: u16 = 6;

/// The first of twelve ports that are free.
fn free_ports() -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut firsts = (21_000..31_000).step_by(12).skip(fastrand::usize(..800));
    firsts
        .find(|first| (*first..first + 2 * NODES).all(is_free))
        .unwrap()
}

async fn up(place: &Place, port: u16) -> Daemon {
    let port = port.to_string();
    let lull = place.spawn_with(&["--cluster", "--cluster-port", &port], &[]);
    lull.wait_until_up().await;
    lull
}

/// How many windows are open in which two things were said.
async fn windows_of_two(lull: &Daemon) -> usize {
    let (_, open) = lull.get("/api/chats?limit=500").await;
    let items = open["items"].as_array().unwrap().iter();
    items.filter(|it| it["messages"] == 2).count()
}

/// The process of a node.
fn pid_of(data: &Path, port: u16) -> Pid {
    let folder = data.join("cluster").join(port.to_string());
    let folder = folder.canonicalize().unwrap();
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|it| it.file_name().to_str()?.parse().ok());
    let works_there =
        |pid: &i32| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|it| it == folder);
    Pid::from_raw(pids.into_iter().find(works_there).unwrap())
}

#[tokio::test]
async fn a_cluster_is_started_outlives_a_node_and_is_there_again() {
    let (place, port) = (Place::new(), free_ports());
    let mut lull = up(&place, port).await;
    assert!(
        lull.log()
            .contains("Lull is up, with a Redis Cluster of its own"),
        "{}",
        lull.log()
    );
    for chat in 0..30 {
        lull.say(&format!("c{chat}"), "oi", 600.0).await;
    }

    let doctor = Command::new(LULL)
        .args(["doctor", "--json"])
        .env("LULL_DATA", place.data())
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let found = |check: &str| findings.iter().find(|it| it["check"] == check).unwrap();
    let servers = found("redis")["found"].as_str().unwrap();
    assert!(
        servers.starts_with("3 masters of a Redis Cluster answer"),
        "{report}"
    );
    for check in ["replicas", "password", "persistence", "notifications"] {
        assert_eq!(found(check)["level"], "ok", "{report}");
    }

    kill(pid_of(&place.data(), port), Signal::SIGKILL).unwrap();

    for chat in 0..30 {
        eventually("a chat of each master is taken again", async || {
            let said =
                serde_json::json!({"user": format!("c{chat}"), "message": "alô", "ttl": 600});
            lull.post("/api/message", said).await.0 == 200
        })
        .await;
    }
    assert!(place.stderr().contains("A node of the cluster ended"));

    assert!(lull.stop().await.success());
    let mut lull = up(&place, port).await;
    assert_eq!(windows_of_two(&lull).await, 30);
    assert!(lull.stop().await.success());
}
