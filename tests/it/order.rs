//! Buffers with `"order": "buffer"`: one lane for all chats, strictly in order, over several monitors and killed ones.

use std::collections::HashSet;
use std::time::Duration;

use lull::core::chat::{ChatId, Name};
use lull::core::filter::Filter;
use lull::core::revival::Wanted;
use lull::store::Look;
use lull::store::dead_letters::Letter;
use lull::store::history::Retention;
use lull::store::keys::{Due, Shard};
use lull::store::lanes::{Lease, Settled, Verdict};
use reqwest::Method;
use serde_json::json;

use crate::support::queue::Queue;
use crate::support::system::System;
use crate::support::{Answer, Daemon, LONG, RETENTION, Receiver, eventually, revive_all, texts};

async fn ordered(script: &[Answer], then: Answer) -> Queue {
    let out = json!({"timeout": 0.5, "retry": {"waits": [0.05, 0.05, 0.05]}});
    Queue::with(json!({"order": "buffer"}), out, script, then).await
}

async fn settle(queue: &Queue, lease: &Lease, verdict: &Verdict) -> Settled {
    let settled = queue.store.lanes().settle(lease, verdict, None, &RETENTION);
    settled.await.unwrap()
}

fn bury(lease: &Lease) -> Verdict {
    Verdict::Bury {
        letter: Letter {
            buffer: "queue".to_owned(),
            chat: lease.lane.chat.id.as_str().to_owned(),
            destination: "out".to_owned(),
            reason: "HTTP 410".to_owned(),
            summary: None,
            attempts: lease.attempt,
            first_attempt: lease.first_attempt,
        },
    }
}

/// Delivers all that is on the lane; whose it was, and what it said.
async fn drained(queue: &Queue) -> Vec<(String, Vec<String>)> {
    let mut came = Vec::new();
    while let Some(lease) = queue.lease("anybody").await {
        let user = lease.lane.chat.id.as_str().to_owned();
        came.push((user, texts(&lease.batch.items)));
        settle(queue, &lease, &Verdict::Drop).await;
    }
    came
}

fn said(all: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let all = all.iter();
    all.map(|&(user, texts)| (user.to_owned(), owned(texts)))
        .collect()
}

#[tokio::test]
async fn all_chats_share_one_lane_in_the_order_of_closing() {
    let queue = ordered(&[], Answer::Status(200)).await;
    for (user, text) in [("ana", "1"), ("eva", "2"), ("* b:{c}", "3"), ("ana", "4")] {
        queue.batch(user, &[text]).await;
    }

    let came = drained(&queue).await;

    let expected: [(&str, &[&str]); 4] = [
        ("ana", &["1"]),
        ("eva", &["2"]),
        ("* b:{c}", &["3"]),
        ("ana", &["4"]),
    ];
    assert_eq!(came, said(&expected));
}

#[tokio::test]
async fn only_batches_of_one_chat_that_follow_each_other_are_joined() {
    let queue = ordered(&[], Answer::Status(200)).await;
    for (user, text) in [
        ("ana", "1"),
        ("ana", "2"),
        ("eva", "3"),
        ("ana", "4"),
        ("ana", "5"),
    ] {
        queue.batch(user, &[text]).await;
    }

    let came = drained(&queue).await;

    let expected: [(&str, &[&str]); 3] =
        [("ana", &["1", "2"]), ("eva", &["3"]), ("ana", &["4", "5"])];
    assert_eq!(came, said(&expected));
}

#[tokio::test]
async fn while_a_batch_is_tried_again_every_other_chat_waits() {
    let mut queue = ordered(
        &[Answer::Status(503), Answer::Status(503)],
        Answer::Status(200),
    )
    .await;
    let users = ["ana", "eva", "rui"];
    for user in users {
        queue.batch(user, &["oi"]).await;
    }

    let _monitor = queue.monitor().await;

    let mut came = Vec::new();
    for _ in 0..5 {
        came.push(queue.receiver.call().await.user());
    }
    assert_eq!(came, ["ana", "ana", "ana", "eva", "rui"]);
}

#[tokio::test]
async fn two_monitors_deliver_in_one_order_though_one_is_killed() {
    let out = json!({"timeout": 0.5, "retry": {"waits": [0.02, 0.02, 0.02]}, "split": true});
    let refusals = [
        Answer::Status(503),
        Answer::Status(200),
        Answer::Status(503),
    ];
    let mut queue = Queue::with(
        json!({"order": "buffer"}),
        out,
        &refusals,
        Answer::Status(200),
    )
    .await;
    let mut expected = Vec::new();
    for number in 0..60 {
        let text = number.to_string();
        queue.batch(&format!("user {}", number % 7), &[&text]).await;
        expected.push(text);
    }
    let mut first = queue.monitor().await;
    let _second = queue.monitor().await;

    // What was refused comes again, and so may what the killed one had in hand; nothing overtakes it.
    let (mut seen, mut came) = (HashSet::new(), Vec::new());
    while came.len() < expected.len() {
        let call = queue.receiver.call().await;
        if seen.insert(call.id()) {
            came.extend(call.messages());
        } else {
            assert_eq!(call.messages(), came[came.len() - 1..]);
        }
        if came.len() == 20 {
            first.kill();
        }
    }
    assert_eq!(came, expected);
}

#[tokio::test]
async fn windows_stay_those_of_their_chats_and_their_batches_go_out_one_by_one() {
    let mut queue = ordered(&[], Answer::Status(200)).await;
    let wait = Duration::from_millis(300);
    for (user, text) in [("ana", "1"), ("eva", "2"), ("ana", "3"), ("eva", "4")] {
        queue.say(user, text, wait).await;
    }

    let (_first, _second) = tokio::join!(queue.monitor(), queue.monitor());

    let mut came = [queue.receiver.call().await, queue.receiver.call().await]
        .map(|call| (call.user(), call.messages()));
    came.sort();
    let expected: [(&str, &[&str]); 2] = [("ana", &["1", "3"]), ("eva", &["2", "4"])];
    assert_eq!(came.to_vec(), said(&expected));
    assert!(
        queue
            .store
            .windows()
            .count_in(&Name::parse("queue").unwrap())
            .await
            .unwrap()
            == 0
    );
}

#[tokio::test]
async fn dead_letters_find_their_way_back_to_the_lane_in_order() {
    let queue = ordered(&[], Answer::Status(200)).await;
    for (user, text) in [("ana", "1"), ("eva", "2"), ("rui", "3")] {
        queue.batch(user, &[text]).await;
        let lease = queue.lease("anybody").await.unwrap();
        settle(&queue, &lease, &bury(&lease)).await;
    }
    queue.batch("ana", &["4"]).await;

    let of_ana = Filter::Chat(queue.chat("ana").in_other_order());
    let (letters, _) = queue
        .store
        .dead_letters()
        .list(&of_ana, Look::first(9))
        .await
        .unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(texts(&letters[0].batch.items), ["1"]);
    assert_eq!(revive_all(&queue.store, &Wanted::all()).await, 3);

    let came = drained(&queue).await;
    let expected: [(&str, &[&str]); 4] = [
        ("ana", &["1"]),
        ("eva", &["2"]),
        ("rui", &["3"]),
        ("ana", &["4"]),
    ];
    assert_eq!(came, said(&expected));
}

#[tokio::test]
async fn the_shard_of_an_ordered_buffer_keeps_the_whole_of_each_limit() {
    let queue = ordered(&[], Answer::Status(200)).await;
    let limit = Retention {
        dead_letters: 5,
        whole: true,
        ..RETENTION
    };
    for number in 0..6 {
        queue.batch("ana", &[&number.to_string()]).await;
        let lease = queue.lease("ana").await.unwrap();
        let verdict = bury(&lease);
        let settled = queue.store.lanes().settle(&lease, &verdict, None, &limit);
        let dropped = u64::from(number == 5);
        let done = Settled::Done {
            more: false,
            dropped,
        };
        assert_eq!(settled.await.unwrap(), done);
    }
}

#[tokio::test]
async fn an_operator_sees_closes_drops_and_pauses_chats_of_an_ordered_buffer() {
    let system = System::open().await;
    let mut receiver = Receiver::start().await;
    system.destination("bot", &receiver.url()).await;
    let spec = json!({
        "order": "buffer", "destinations": ["bot"], "window": {"wait": 30}, "text": "text",
    });
    let (_, written) = system.put("/api/buffers/loja", spec).await;
    assert_eq!(written["order"], "buffer");
    system.taken_up(&written).await;
    let say = async |user: &str| {
        let body = json!({"user": user, "text": "oi"});
        system.api.post("/api/webhook/loja", body).await
    };

    for user in ["ana", "eva", "rui"] {
        say(user).await;
    }
    let (_, listed) = system.api.get("/api/chats?buffer=loja&user=ana").await;
    let (_, flushed) = system
        .api
        .post("/api/chats/ana/flush?buffer=loja", json!({}))
        .await;
    let (_, dropped) = system.delete("/api/chats/eva?buffer=loja").await;
    let pause = json!({"for": 60});
    let (_, paused) = system
        .api
        .post("/api/chats/rui/pause?buffer=loja", pause)
        .await;
    let (_, refused) = say("rui").await;

    assert_eq!(
        (&listed["total"], &listed["items"][0]["user"]),
        (&json!(1), &json!("ana"))
    );
    for answer in [flushed, dropped, paused] {
        assert_eq!(answer["messages"], 1, "{answer}");
    }
    assert_eq!(refused["paused"], true, "{refused}");
    assert_eq!(receiver.call().await.user(), "ana");
    eventually("it is told as sent", async || {
        let (_, sent) = system
            .api
            .get("/api/messages/sent?buffer=loja&user=ana")
            .await;
        sent["items"].as_array().unwrap().len() == 1
    })
    .await;
    say("lia").await;
    let path = "/api/buffers/loja?discard=true";
    let (status, gone) = system.api.request(Method::DELETE, path, None).await;
    assert_eq!((status.as_u16(), &gone["chats"]), (200, &json!(1)));
}

#[tokio::test]
async fn what_lies_there_is_delivered_after_the_order_was_changed() {
    let mut queue = ordered(&[], Answer::Status(200)).await;
    queue.batch("ana", &["on the lane"]).await;
    queue.say("eva", "in the window", LONG).await;
    let api = Daemon::api(&queue.redis).await;
    let _monitor = queue.monitor().await;

    let body = json!({"order": "chat", "destinations": ["out"]});
    let path = "/api/buffers/queue";
    let (status, answer) = api.request(Method::PUT, path, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    let (_, listed) = api.get("/api/chats?buffer=queue&user=eva").await;
    assert_eq!(listed["total"], 1);
    api.request(Method::DELETE, "/api/buffers/queue?drain=true", None)
        .await;

    assert_eq!(queue.receiver.call().await.messages(), ["on the lane"]);
    assert_eq!(queue.receiver.call().await.messages(), ["in the window"]);
}

#[tokio::test]
async fn an_ordered_lane_is_one_entry_in_one_shard() {
    let queue = ordered(&[], Answer::Status(200)).await;
    for number in 0..20 {
        queue.batch(&number.to_string(), &["oi"]).await;
    }

    let due = queue
        .store
        .due()
        .look(&Due::Lanes(Name::parse("out").unwrap()), Shard::all())
        .await
        .unwrap();

    let shard = Shard::of(&queue.chat("x")).index();
    let with_lanes: Vec<_> = due
        .iter()
        .enumerate()
        .filter(|(_, due)| due.is_some())
        .collect();
    assert_eq!(with_lanes, [(shard, &Some(Duration::ZERO))]);
    let (lanes, _) = queue
        .store
        .due()
        .take(
            &Due::Lanes(Name::parse("out").unwrap()),
            Shard::of(&queue.chat("x")),
            9,
        )
        .await
        .unwrap();
    assert_eq!(lanes.len(), 1);
    assert_eq!(lanes[0].id, ChatId::parse("*").unwrap());
}
