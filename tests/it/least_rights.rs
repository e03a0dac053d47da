//! The user that the documentation describes for Lull in a shared Redis: it may do all that Lull does, and nothing else.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::tool::lull;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const PASSWORD: &str = "acl-pass";
const LOGIN: [(&str, &str); 2] = [("REDIS_USERNAME", "lull"), ("REDIS_PASSWORD", PASSWORD)];

/// The line of the documentation, word by word.
fn rights() -> Vec<String> {
    let page = include_str!("../../docs/operations.md");
    let line = page.lines().find(|line| line.starts_with("user lull on "));
    let line = line.unwrap().replace("PASSWORD", PASSWORD);
    line.split(' ').skip(1).map(str::to_owned).collect()
}

async fn redis_with_rights() -> TestRedis {
    let rights = rights();
    let mut arguments = vec!["--user"];
    arguments.extend(rights.iter().map(String::as_str));
    TestRedis::start_with(&arguments).await
}

/// What the user was refused.
async fn refused(redis: &TestRedis) -> Vec<redis::Value> {
    let log = redis::cmd("ACL")
        .arg("LOG")
        .query_async(&mut redis.raw().await)
        .await;
    log.unwrap()
}

struct Deployment {
    redis: TestRedis,
    api: Daemon,
    monitor: Daemon,
    receiver: Receiver,
}

impl Deployment {
    async fn start() -> Self {
        let redis = redis_with_rights().await;
        let receiver = Receiver::start().await;
        Self {
            api: Daemon::api_with(&redis, &LOGIN).await,
            monitor: Daemon::monitor_with(&redis, &receiver.url(), &LOGIN).await,
            receiver,
            redis,
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.api.request(method.clone(), path, body).await;
        assert!(status.is_success(), "{method} {path}: {status} {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn put(&self, path: &str, body: Value) {
        self.ask(Method::PUT, path, Some(body)).await;
    }

    async fn say(&self, message: Value) {
        self.post("/api/message", message).await;
    }

    async fn dead_letters(&self) -> usize {
        let page = self.api.get("/api/messages/dead-letter").await.1;
        page["items"].as_array().unwrap().len()
    }
}

#[tokio::test]
async fn the_documented_rights_are_enough_for_the_whole_life_of_messages() {
    let mut deployment = Deployment::start().await;
    let clients: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query_async(&mut deployment.redis.raw().await)
        .await
        .unwrap();
    assert!(clients.matches("user=lull ").count() >= 4, "{clients}");

    // Windows: joined, held, closed, repeated, dropped, and messages for later.
    deployment
        .say(json!({"user": "ana", "message": "oi", "ttl": 0.3, "message_id": "1"}))
        .await;
    deployment
        .say(json!({"user": "ana", "message": "oi", "ttl": 0.3, "message_id": "1"}))
        .await;
    deployment.post("/api/typing", json!({"user": "dan"})).await;
    assert_eq!(deployment.receiver.call().await.messages(), ["oi"]);
    deployment
        .say(json!({"user": "bia", "message": "tarde", "delay": 0.3}))
        .await;
    assert_eq!(deployment.receiver.call().await.messages(), ["tarde"]);
    for (user, wait) in [("cid", json!({"delay": 600})), ("dan", json!({"ttl": 600}))] {
        let mut message = json!({"user": user, "message": "x"});
        message
            .as_object_mut()
            .unwrap()
            .extend(wait.as_object().unwrap().clone());
        deployment.say(message).await;
    }
    deployment.ask(Method::DELETE, "/api/chats/dan", None).await;

    // Configuration: made, paused, followed up, stopped and started.
    deployment
        .put(
            "/api/destinations/bot",
            json!({"url": deployment.receiver.url(), "pace": {"every": 0.2, "batch": 5}, "retry": {"waits": []}}),
        )
        .await;
    deployment
        .put(
            "/api/buffers/loja",
            json!({
                "destinations": ["bot"], "order": "buffer", "window": {"wait": 0.2, "first_wait": 0.1},
                "follow_up": {"after": 1, "destination": "bot", "max": 1},
            }),
        )
        .await;
    deployment
        .post("/api/control", json!({"action": "stop", "buffer": "loja"}))
        .await;
    deployment
        .post("/api/control", json!({"action": "start", "buffer": "loja"}))
        .await;
    deployment
        .post("/api/chats/eva/pause", json!({"for": 600}))
        .await;
    deployment.post("/api/chats/eva/resume", json!({})).await;
    eventually("the buffer takes messages", async || {
        let path = "/api/buffers/loja/messages";
        let body = json!({"user": "fia", "message": "oi"});
        deployment.api.post(path, body).await.0.is_success()
    })
    .await;
    assert_eq!(deployment.receiver.call().await.messages(), ["oi"]);
    // The follow-up.
    assert_eq!(deployment.receiver.call().await.user(), "fia");

    // A schedule, and the queue of messages.
    deployment
        .put(
            "/api/schedules/tick",
            json!({"cron": "* * * * * *", "url": deployment.receiver.url(), "body": {"user": "tick"}}),
        )
        .await;
    assert_eq!(deployment.receiver.call().await.user(), "tick");
    deployment.post("/api/schedules/tick/run", json!({})).await;
    deployment
        .ask(Method::DELETE, "/api/schedules/tick", None)
        .await;
    deployment
        .post(
            "/api/messages",
            json!({"phone_number": "+5511988887777", "content": "queued"}),
        )
        .await;

    // A dead letter, revived one by one and with all, and everything of a chat erased.
    deployment.receiver.answer(Answer::Status(410));
    deployment
        .say(json!({"user": "ana", "message": "lost", "ttl": 0.1}))
        .await;
    eventually("it is a dead letter", async || {
        deployment.dead_letters().await >= 1
    })
    .await;
    deployment.receiver.answer(Answer::Status(200));
    deployment
        .post("/api/dead-letter/revive", json!({"all": true}))
        .await;
    eventually("none is left", async || {
        deployment.dead_letters().await == 0
    })
    .await;
    deployment
        .ask(Method::DELETE, "/api/chats/ana?everything=true", None)
        .await;

    // What is only looked at.
    for path in [
        "/api/health",
        "/metrics",
        "/api/history",
        "/api/audit",
        "/api/chats",
        "/api/chats/cid",
        "/api/messages/received",
        "/api/messages/sent",
        "/api/messages/later",
        "/api/control",
        "/api/keys",
    ] {
        let answer = deployment
            .api
            .client()
            .get(deployment.api.url(path))
            .send()
            .await;
        assert!(answer.unwrap().status().is_success(), "{path}");
    }
    let url = deployment.redis.url();
    let settings = [("REDIS_URL", &*url), LOGIN[0], LOGIN[1]];
    let key = lull(&["key", "new", "panel", "--scopes", "read"], &settings);
    key.await.well();
    lull(&["key", "list"], &settings).await.well();
    lull(&["key", "revoke", "panel"], &settings).await.well();
    let doctor = lull(&["doctor", "--json"], &settings).await;
    assert!(doctor.json().is_array() || doctor.json().is_object());

    // Removed: with what is there, and after it has gone out.
    deployment
        .ask(Method::DELETE, "/api/buffers/loja?drain=true", None)
        .await;
    deployment
        .ask(Method::DELETE, "/api/destinations/bot?discard=true", None)
        .await;
    deployment.api.stop().await;
    deployment.monitor.stop().await;

    let refused = refused(&deployment.redis).await;
    assert!(refused.is_empty(), "{refused:?}");
}

#[tokio::test]
async fn the_documented_rights_show_no_password_of_an_acl_user() {
    let page = include_str!("../../docs/operations.md");
    let default = page
        .split('`')
        .find(|it| it.starts_with("user default on "));
    let default = default.unwrap().replace("ANOTHER", "boss-pass");
    let redis = redis_with_rights().await;
    let mut raw = redis.raw().await;
    let mut set = redis::cmd("ACL");
    set.arg("SETUSER");
    default.split(' ').skip(1).for_each(|word| {
        set.arg(word);
    });
    let _: () = set.query_async(&mut raw).await.unwrap();
    for (user, password) in [("default", "boss-pass"), ("lull", PASSWORD)] {
        let mut auth = redis::cmd("AUTH");
        let _: () = auth
            .arg(user)
            .arg(password)
            .query_async(&mut raw)
            .await
            .unwrap();
    }

    let settings: Vec<String> = redis::cmd("CONFIG")
        .arg("GET")
        .arg("*")
        .query_async(&mut raw)
        .await
        .unwrap();

    assert!(settings.iter().any(|it| it == "requirepass"));
    assert!(
        !settings.iter().any(|it| it.contains("-pass")
            && it != "tls-key-file-pass"
            && it != "tls-client-key-file-pass"),
        "{settings:?}"
    );
}

#[tokio::test]
async fn the_documented_rights_reach_nothing_of_others() {
    let redis = redis_with_rights().await;
    let mut raw = redis.raw().await;
    let _: () = redis::cmd("SET")
        .arg("others")
        .arg("1")
        .query_async(&mut raw)
        .await
        .unwrap();
    let _: () = redis::cmd("AUTH")
        .arg("lull")
        .arg(PASSWORD)
        .query_async(&mut raw)
        .await
        .unwrap();

    for text in [
        "GET others",
        "SET others 2",
        "DEL others",
        "COPY others lull:others",
        "FLUSHDB",
        "FLUSHALL",
        "SWAPDB 0 1",
        "KEYS *",
        "CONFIG SET maxmemory 1",
        "CONFIG REWRITE",
        "ACL LIST",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "SHUTDOWN NOSAVE",
        "REPLICAOF 127.0.0.1 1",
        "SCRIPT FLUSH",
        "FUNCTION FLUSH",
        "EVAL return 0",
        "MONITOR",
        "SUBSCRIBE others",
        "PUBLISH others x",
        "PSUBSCRIBE *",
        "MODULE LIST",
        "SAVE",
        "MIGRATE 127.0.0.1 1 lull:x 0 1",
    ] {
        let mut words = text.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        let answer = command.query_async::<redis::Value>(&mut raw).await;
        let Err(error) = answer else {
            panic!("{text} is not refused: {answer:?}");
        };
        assert_eq!(error.code(), Some("NOPERM"), "{text}: {error}");
    }
}
