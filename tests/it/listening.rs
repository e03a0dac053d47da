//! What happens, as it happens: heard by all who listen, without gaps over a cut, and without a listener being idle.

mod cut_off;
mod floods;
mod much_at_once;
mod told_once;

use std::collections::BTreeSet;

use lull::core::chat::Name;
use lull::store::history::posts::Post;
use reqwest::Method;
use serde_json::json;

use crate::support::listening::Listening;
use crate::support::receiver::Answer;
use crate::support::system::System;
use crate::support::{Daemon, Receiver, TestRedis, eventually};

#[tokio::test]
async fn what_happens_is_heard_without_bodies() {
    let system = System::with(&[]).await;
    system.default.answer_with(
        &[Answer::Full(503, "", "segredo")],
        Answer::Full(410, "", "<b>segredo</b>"),
    );
    let mut listening = Listening::to(&system.api, "", None).await;
    listening.named("counts").await;
    system.api.say("ana", "um segredo", 0.1).await;
    let twice = json!({"user": "eva", "message": "oi", "message_id": "m1", "ttl": 60});
    system.api.post("/api/message", twice.clone()).await;
    system.api.post("/api/message", twice).await;

    // Two of one moment come in any order.
    let heard = listening.listed(4).await;
    let [failed, buried, dead, post] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert_eq!(
        (&post.data["result"], &post.data["user"]),
        (&json!("duplicate"), &json!("eva"))
    );
    assert_eq!(
        (&failed.data["status"], &failed.data["http_status"]),
        (&json!("failed"), &json!(503))
    );
    assert_eq!(
        (&buried.data["status"], &buried.data["attempt"]),
        (&json!("buried"), &json!(2))
    );
    assert_eq!(failed.data["webhook_id"], buried.data["webhook_id"]);
    assert_eq!(
        (&dead.data["user"], &dead.data["attempts"]),
        (&json!("ana"), &json!(2))
    );
    for event in [post, failed, buried, dead] {
        assert!(event.id.is_some(), "{event:?}");
        assert!(!event.data.to_string().contains("segredo"), "{event:?}");
    }
    assert_eq!(dead.data["reason"], "HTTP 410");
    let letter = dead.data["id"].as_str().unwrap();
    let (status, _) = system.api.get(&format!("/api/dead-letter/{letter}")).await;
    assert_eq!(status, 200);
    let token = dead.data["token"].as_str().unwrap();
    let (_, chat) = system.api.get(&format!("/api/chats/{token}")).await;
    assert_eq!(chat["user"], "ana");
}

#[tokio::test]
async fn counts_and_changes_are_heard() {
    let system = System::with(&[]).await;
    let mut listening = Listening::to(&system.api, "", None).await;
    system.api.say("ana", "oi", 60.0).await;
    let counted = async {
        loop {
            let counts = listening.named("counts").await;
            if counts.data == json!({"open": 1, "waiting": 0, "later": 0}) {
                return counts;
            }
        }
    };
    assert_eq!(counted.await.id, None);

    system
        .put("/api/buffers/loja", json!({"destinations": ["default"]}))
        .await;

    listening.named("changed").await;
}

#[tokio::test]
async fn who_asks_for_one_buffer_or_one_chat_hears_of_no_other() {
    let open =
        |name: &str| json!({"name": name, "window": {"wait": 0.1}, "destinations": ["default"]});
    let system = System::with(&[open("loja"), open("clinica")]).await;
    let say = async |buffer: &str, user: &str| {
        let said = json!({"user": user, "message": "oi"});
        let path = format!("/api/buffers/{buffer}/messages");
        system.api.post(&path, said).await;
    };
    let nowhere = "/api/events?buffer=loja2";
    let refused = system.api.refused(Method::GET, nowhere, None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code.as_str()),
        (404, "no_such_buffer"),
        "{refused:?}"
    );
    let mut of_loja = Listening::to(&system.api, "?buffer=loja", None).await;
    let mut of_eva = Listening::to(&system.api, "?buffer=clinica&chat=eva", None).await;
    of_loja.named("counts").await;
    of_eva.named("counts").await;
    say("clinica", "ana").await;
    say("clinica", "eva").await;
    say("loja", "bia").await;

    assert_eq!(of_loja.named("attempt").await.data["user"], "bia");
    let heard = of_eva.named("attempt").await;
    assert_eq!(
        (&heard.data["user"], &heard.data["buffer"]),
        (&json!("eva"), &json!("clinica"))
    );
    let token = heard.data["token"].as_str().unwrap();
    let mut by_token = Listening::to(&system.api, &format!("?chat={token}"), None).await;
    by_token.named("counts").await;
    say("clinica", "ana").await;
    say("clinica", "eva").await;
    assert_eq!(by_token.named("attempt").await.data["user"], "eva");

    // As a chat is found by it, a number leads to the one chat that has it.
    say("loja", "linha:5511988887777").await;
    of_loja.named("attempt").await;
    let query = "?buffer=loja&chat=5511988887777";
    let mut by_number = Listening::to(&system.api, query, None).await;
    by_number.named("counts").await;
    say("loja", "bia").await;
    say("loja", "linha:5511988887777").await;
    let heard = by_number.named("attempt").await;
    assert_eq!(heard.data["user"], "linha:5511988887777");
    // Of two that have it none is meant more than the other.
    say("loja", "outra:5511988887777").await;
    by_number = Listening::to(&system.api, query, None).await;
    by_number.named("counts").await;
    say("loja", "5511988887777").await;
    let heard = by_number.named("attempt").await;
    assert_eq!(heard.data["user"], "5511988887777");
}

#[tokio::test]
async fn three_listeners_miss_nothing_when_their_api_is_killed() {
    let redis = TestRedis::start().await;
    let receiver = Receiver::start().await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    let mut first = Daemon::api(&redis).await;
    let second = Daemon::api(&redis).await;
    let mut listeners = Vec::new();
    for _ in 0..3 {
        let mut listening = Listening::to(&first, "", None).await;
        listening.named("counts").await;
        listeners.push(listening);
    }
    let say = async |api: &Daemon, from: u32, to: u32| {
        for number in from..to {
            api.say(&format!("chat-{number}"), "oi", 0.1).await;
        }
    };
    say(&second, 0, 20).await;
    let mut heard = Vec::new();
    for listening in &mut listeners {
        let mut known = BTreeSet::new();
        let mut last = None;
        // They are cut off in the middle.
        while known.len() < 10 {
            let event = listening.named("attempt").await;
            last = event.id;
            known.insert(event.data["user"].as_str().unwrap().to_owned());
        }
        heard.push((known, last.unwrap()));
    }
    first.kill();
    say(&second, 20, 40).await;
    eventually("all are delivered", async || {
        let (_, sent) = second.get("/api/messages/sent?limit=100").await;
        sent["items"].as_array().unwrap().len() == 40
    })
    .await;

    for (mut known, last) in heard {
        let mut listening = Listening::to(&second, "", Some(&last)).await;
        assert_eq!(listening.next().await.unwrap().name, "changed");
        let mut ids = BTreeSet::new();
        while known.len() < 40 {
            let event = listening.named("attempt").await;
            assert!(ids.insert(event.id.unwrap()), "told twice by one api");
            known.insert(event.data["user"].as_str().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn who_was_away_too_long_is_told_to_read_again() {
    let system = System::with(&[]).await;
    let posts: Vec<_> = (0..600)
        .map(|_| Post {
            buffer: Some("default".to_owned()),
            result: "duplicate".to_owned(),
            ..Post::default()
        })
        .collect();
    let buffer = Name::parse("default").unwrap();
    let history = system.store.history();
    history
        .note_posts(Some(&buffer), &posts, 1000)
        .await
        .unwrap();

    // The last is of a time that has not come: a clock was set back.
    for last in ["1-0-0-p", "nonsense", "99999999999999-0-0-p"] {
        let mut listening = Listening::to(&system.api, "", Some(last)).await;
        assert_eq!(listening.next().await.unwrap().name, "reload", "{last}");
    }
}

#[tokio::test]
async fn who_listens_is_neither_idle_nor_kept_when_the_daemon_ends() {
    let redis = TestRedis::start().await;
    let mut api = Daemon::api_with(&redis, &[("KEEP_ALIVE", "1"), ("MAX_CONNECTIONS", "8")]).await;
    let mut listening = Listening::to(&api, "", None).await;
    // Far beyond what an idle connection has, and while others come and go.
    for _ in 0..4 {
        listening.named("counts").await;
        for _ in 0..8 {
            let mut strangers = Vec::new();
            for _ in 0..4 {
                strangers.push(api.connect().await);
            }
            drop(strangers);
        }
    }

    let status = api.stop().await;

    assert!(status.success(), "{status}");
    while listening.next().await.is_some() {}
}

#[tokio::test]
async fn no_more_listen_than_may() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let mut listening = Vec::new();
    for _ in 0..100 {
        listening.push(Listening::to(&api, "", None).await);
    }

    let refused = api.refused(Method::GET, "/api/events", None).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code.as_str()),
        (429, "too_many_listeners")
    );

    listening.pop();
    eventually("there is room again", async || {
        let again = api.client().get(api.url("/api/events")).send().await;
        again.unwrap().status() == 200
    })
    .await;
}
