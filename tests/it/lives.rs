//! Lives: whether a buffer or destination is there is decided where something is stored for it. So a daemon that was held
//! up stores nothing for what is gone by now, nor for another of its name.

mod marks;

use futures_util::future::join_all;
use lull::core::chat::{Chat, ChatId, Name};
use nix::sys::signal::Signal;
use reqwest::Response;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{DEADLINE, Daemon, Receiver, SHORT, eventually};

/// How many clients post to an api that stands still.
const CLIENTS: usize = 20;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn loja(user: &str) -> Chat {
    Chat::new(name("loja"), ChatId::parse(user).unwrap())
}

/// A post that waits for an api that stands still.
type Post = tokio::task::JoinHandle<Response>;

/// Messages that wait for an api that stands still, a chat each, and what they are answered.
fn messages(api: &Daemon, more: &Value) -> Vec<Post> {
    posts(api, |number| {
        let mut body = json!({ "user": format!("chat {number}"), "message": "oi", "ttl": 0.2 });
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        ("/api/webhook/loja".to_owned(), body)
    })
}

/// Posts to these paths with these bodies.
fn posts(api: &Daemon, post: impl Fn(usize) -> (String, Value)) -> Vec<Post> {
    let post = |number: usize| {
        let (path, body) = post(number);
        let request = api.client().post(api.url(&path));
        let request = request
            .header("content-type", "application/json")
            .body(body.to_string())
            .timeout(DEADLINE);
        tokio::spawn(async move { request.send().await.unwrap() })
    };
    (0..CLIENTS).map(post).collect()
}

async fn statuses(posts: Vec<Post>) -> Vec<u16> {
    let answers = join_all(posts).await.into_iter();
    answers
        .map(|answer| answer.unwrap().status().as_u16())
        .collect()
}

/// An api that knows the buffer `loja` and then stands still, with messages that wait for it.
async fn held_up(system: &System, more: &Value) -> (Daemon, Vec<Post>) {
    let api = standing_still(system).await;
    let posts = messages(&api, more);
    (api, posts)
}

/// An api that knows the buffer `loja` and then stands still.
async fn standing_still(system: &System) -> Daemon {
    let api = Daemon::api(&system.redis).await;
    system.buffer("loja", &["default"]).await;
    eventually("the other api knows it", async || {
        api.get("/api/buffers/loja").await.0 == 200
    })
    .await;
    api.signal(Signal::SIGSTOP);
    api
}

/// Nothing of the buffer is left anywhere that it could wait for ever.
async fn nothing_is_stranded(system: &System) {
    assert_eq!(
        system
            .store
            .windows()
            .count_in(&name("loja"))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        system
            .store
            .scheduled()
            .count_in(&name("loja"))
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn an_api_that_stood_still_takes_nothing_for_a_buffer_that_is_gone() {
    for more in [json!({}), json!({ "delay": 3600 })] {
        let system = System::open().await;
        let (api, posts) = held_up(&system, &more).await;

        let (status, answer) = system.delete("/api/buffers/loja?drain=true").await;
        assert_eq!(status, 200, "{answer}");
        api.signal(Signal::SIGCONT);

        assert_eq!(statuses(posts).await, [404; CLIENTS], "{more}");
        nothing_is_stranded(&system).await;
    }
}

#[tokio::test]
async fn an_api_that_stood_still_pauses_no_chat_of_a_buffer_that_is_gone() {
    let system = System::open().await;
    let api = standing_still(&system).await;
    let pauses = posts(&api, |number| {
        let path = format!("/api/chats/{number}/pause?buffer=loja");
        (path, json!({}))
    });

    let (status, answer) = system.delete("/api/buffers/loja").await;
    assert_eq!(status, 200, "{answer}");
    api.signal(Signal::SIGCONT);

    assert_eq!(statuses(pauses).await, [404; CLIENTS]);
    assert_eq!(system.store.chats().count_paused().await.unwrap(), 0);
}

#[tokio::test]
async fn an_api_that_stood_still_takes_what_comes_for_another_of_its_name_by_the_rules_of_that() {
    let mut system = System::open().await;
    let mut bot = Receiver::start().await;
    let (api, posts) = held_up(&system, &json!({})).await;

    system.delete("/api/buffers/loja?drain=true").await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot"]).await;
    api.signal(Signal::SIGCONT);

    assert_eq!(statuses(posts).await, [201; CLIENTS]);
    bot.calls_of(CLIENTS).await;
    assert!(system.default.calls_so_far().is_empty());
    nothing_is_stranded(&system).await;
}

#[tokio::test]
async fn a_monitor_that_stood_still_puts_nothing_on_lanes_of_a_destination_that_is_gone() {
    let mut system = System::open().await;
    let bot = Receiver::start().await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["bot"]).await;
    for number in 0..CLIENTS {
        system
            .say("loja", &format!("chat {number}"), "oi", SHORT * 500)
            .await;
    }
    // It has known the destination for long, and hears nothing of what happens now.
    system.monitor.signal(Signal::SIGSTOP);
    let spec = json!({ "destinations": ["default"] });
    system.put("/api/buffers/loja", spec).await;
    let (status, answer) = system.delete("/api/destinations/bot").await;
    assert_eq!(status, 200, "{answer}");
    system.monitor.signal(Signal::SIGCONT);

    system.default.calls_of(CLIENTS).await;
    assert!(system.redis.keys("lull:*bot*").await.is_empty());
}
