//! A copy before the answer (`REDIS_WAIT_REPLICAS`): what is acknowledged outlives the machine of the master, and who cannot
//! be told that is told so.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use lull::core::chat::Name;
use lull::core::destination::Target;
use lull::settings::Vars;
use lull::settings::limits::window_rules;
use lull::settings::redis::RedisConfig;
use lull::store::windows::NewMessage;
use lull::store::{Store, StoreError};
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::daemons::daemon;
use crate::link::Link;
use crate::sentinels::Server;
use crate::support::daemon::API;
use crate::support::{Daemon, chat, eventually};

/// How long the link takes, each way.
const TAKES: Duration = Duration::from_millis(5);
/// Messages under way at a time.
const AT_ONCE: usize = 64;
/// They come for so long before the machine dies.
const BEFORE: Duration = Duration::from_millis(500);
const RUNS: usize = 5;

/// A master, and its replica behind a link.
struct Pair {
    master: Server,
    replica: Server,
    link: Link,
}

impl Pair {
    async fn start() -> Self {
        let master = Server::start(None).await;
        let link = Link::to(master.port, TAKES).await;
        let replica = Server::start(Some(link.port())).await;
        eventually("the replica has all", async || {
            replica.says("master_link_status:up").await
        })
        .await;
        Self {
            master,
            replica,
            link,
        }
    }

    /// The machine of the master dies, with what is on its link.
    fn dies(&mut self) {
        self.link.cut();
        self.master.redis.kill();
    }
}

/// The store on a Redis, by which so many replicas must have what is appended.
async fn store(server: &Server, replicas: u32) -> Store {
    let vars = [("REDIS_URL".to_owned(), server.redis.url())];
    let config = RedisConfig {
        wait_replicas: replicas,
        ..RedisConfig::from_vars(&Vars::new(vars)).unwrap()
    };
    Store::connect(&config, Duration::from_secs(2))
        .await
        .unwrap()
}

/// Appends as fast as it goes until the machine dies; answers how many messages were acknowledged, and how many of them the
/// replica lacks.
async fn outlived(replicas: u32) -> (usize, usize) {
    let mut pair = Pair::start().await;
    let store = store(&pair.master, replicas).await;
    let rules = window_rules(&Vars::new([])).unwrap();
    let to = [Target::whole(Name::default_name())];
    let (next, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let talkers = (0..AT_ONCE).map(|_| async {
        let mut acknowledged = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let name = format!("c{}", next.fetch_add(1, Ordering::Relaxed));
            let message = NewMessage::plain(r#"{"message":"oi"}"#, Duration::from_secs(600));
            let windows = store.windows();
            if windows
                .append(&chat(&name), message, &rules, &to)
                .await
                .is_err()
            {
                break;
            }
            acknowledged.push(name);
        }
        acknowledged
    });
    let dying = async {
        sleep(BEFORE).await;
        pair.dies();
        over.store(true, Ordering::Relaxed);
    };
    let (acknowledged, ()) = tokio::join!(join_all(talkers), dying);

    let keys = pair.replica.redis.keys("lull:*:window:default:*").await;
    let there: HashSet<_> = keys
        .iter()
        .filter_map(|key| key.rsplit(':').next())
        .collect();
    let acknowledged: Vec<_> = acknowledged.into_iter().flatten().collect();
    let lost = acknowledged
        .iter()
        .filter(|it| !there.contains(it.as_str()));
    let (acknowledged, lost) = (acknowledged.len(), lost.count());
    eprintln!("{replicas} replicas waited for: {acknowledged} acknowledged, {lost} lost");
    assert!(acknowledged > AT_ONCE, "{acknowledged}");
    (acknowledged, lost)
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_with_the_machine_of_the_master_when_a_replica_is_waited_for()
{
    for _ in 0..RUNS {
        assert_eq!(outlived(1).await.1, 0);
    }

    let mut lost = 0;
    for _ in 0..RUNS {
        lost += outlived(0).await.1;
    }
    assert!(lost > 0, "without waiting some would be lost");
}

async fn said(api: &Daemon, id: &str) -> (u16, serde_json::Value) {
    let said = json!({"user": "ana", "message": "oi", "message_id": id, "ttl": 600});
    let (status, answer) = api.post("/api/message", said).await;
    (status.as_u16(), answer)
}

#[tokio::test]
async fn without_its_replica_a_message_is_stored_and_answered_503_and_its_repeat_is_a_duplicate() {
    let mut pair = Pair::start().await;
    let wait = [("REDIS_WAIT_REPLICAS", "1")];
    let api = daemon(API, &pair.master.redis.url(), &wait).await;
    assert_eq!(said(&api, "a").await.0, 200);
    assert_eq!(api.get("/api/health").await.1["refusing"], json!(null));

    pair.link.cut();

    let (status, answer) = said(&api, "b").await;
    assert_eq!(
        (status, &answer["code"]),
        (503, &json!("not_on_replicas")),
        "{answer}"
    );
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .starts_with("stored, but not on"),
        "{answer}"
    );
    // Also a repeat is told only when a replica has what it repeats.
    for id in ["b", "a"] {
        assert_eq!(said(&api, id).await.1["code"], "not_on_replicas");
    }
    let later = json!({"user": "ana", "message": "oi", "message_id": "l", "delay": 600});
    let queued = json!({"phone_number": "+5511988887777", "content": "oi"});
    for (path, body) in [("/api/message", later), ("/api/messages", queued)] {
        let (status, answer) = api.post(path, body).await;
        assert_eq!(
            (status.as_u16(), &answer["code"]),
            (503, &json!("not_on_replicas")),
            "{path}"
        );
    }
    let (status, health) = api.get("/api/health").await;
    assert_eq!(
        (status.as_u16(), &health["refusing"]),
        (200, &json!("not_on_replicas"))
    );
    // What only reads waits for nobody.
    assert_eq!(api.get("/api/chats").await.1["items"][0]["messages"], 2);
    let doctor = api.get("/api/doctor").await.1;
    assert!(doctor.to_string().contains("not_on_replicas"), "{doctor}");

    pair.link = Link::to(pair.master.port, TAKES).await;
    let port = pair.link.port().to_string();
    let () = redis::cmd("REPLICAOF")
        .arg(&["127.0.0.1", &port])
        .query_async(&mut pair.replica.redis.raw().await)
        .await
        .unwrap();
    eventually("the repeat is told as one", async || {
        let (status, answer) = said(&api, "b").await;
        status == 200 && answer.to_string().contains("duplicate")
    })
    .await;
    assert_eq!(said(&api, "c").await.0, 200);
    assert_eq!(api.get("/api/chats").await.1["items"][0]["messages"], 3);
}

#[tokio::test]
async fn each_master_of_a_cluster_waits_for_its_own_replica_and_scripts_come_with_it() {
    let mut cluster = Cluster::start(3, 1).await;
    let vars = [("REDIS_URL".to_owned(), cluster.url(0))];
    let config = RedisConfig {
        wait_replicas: 1,
        ..RedisConfig::from_vars(&Vars::new(vars)).unwrap()
    };
    let store = Store::connect(&config, Duration::from_secs(2))
        .await
        .unwrap();
    let rules = window_rules(&Vars::new([])).unwrap();
    let to = [Target::whole(Name::default_name())];
    let append = async |name: &str| {
        let message = NewMessage::plain(r#"{"message":"oi"}"#, Duration::from_secs(600));
        let windows = store.windows();
        windows.append(&chat(name), message, &rules, &to).await
    };
    let of_first = {
        let slots = cluster.slots_of(0);
        let mut names = Vec::new();
        for number in 0..60 {
            let name = format!("c{number}");
            if slots.contains(&cluster.slot_of(&name).await) {
                names.push(name);
            }
        }
        names
    };
    for number in 0..60 {
        append(&format!("c{number}")).await.unwrap();
    }

    // The new master has no scripts, and no replica.
    cluster.kill(0);
    eventually("the replica takes over", async || {
        cluster.is_replaced(0).await
    })
    .await;
    eventually("what is stored there is told as not copied", async || {
        matches!(
            append(&of_first[0]).await,
            Err(StoreError::NotOnReplicas {
                on: 0,
                wanted: 1,
                ..
            })
        )
    })
    .await;
    for number in 0..60 {
        let name = format!("c{number}");
        if !of_first.contains(&name) {
            append(&name).await.unwrap();
        }
    }
}
