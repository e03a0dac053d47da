//! Destinations with `split`: each message of a window is a call of its own, in order, under an id of its own.

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::chat::{Lane, Name};
use lull::core::destination::Target;
use lull::core::filter::Filter;
use lull::store::Look;
use lull::store::dead_letters::Letter;
use lull::store::lanes::{Lease, Verdict};
use lull::store::windows::NewMessage;
use lull::store::windows::closing::Closing;
use serde_json::{Value, json};

use crate::support::queue::Queue;
use crate::support::system::System;
use crate::support::{
    Answer, LEASES, LONG, RETENTION, RULES, Receiver, SHORT, eventually, item, texts,
};

async fn split(script: &[Answer]) -> Queue {
    let out = json!({"split": true, "timeout": 0.5, "retry": {"waits": [0.05, 0.05]}});
    Queue::to(out, script, Answer::Status(200)).await
}

async fn settle(queue: &Queue, lease: &Lease, verdict: &Verdict) {
    queue
        .store
        .lanes()
        .settle(lease, verdict, None, &RETENTION)
        .await
        .unwrap();
}

fn bury(lease: &Lease) -> Verdict {
    let (lane, attempts) = (&lease.lane, lease.attempt);
    Verdict::Bury {
        letter: Letter {
            buffer: lane.chat.buffer.to_string(),
            chat: lane.chat.id.as_str().to_owned(),
            destination: lane.destination.to_string(),
            reason: String::new(),
            summary: None,
            attempts,
            first_attempt: lease.first_attempt,
        },
    }
}

#[tokio::test]
async fn each_message_is_a_call_of_its_own_in_order() {
    let mut queue = split(&[]).await;
    let id = queue.batch("ana", &["a", "b", "c"]).await;

    let _monitor = queue.monitor().await;

    for (number, text) in (1..).zip(["a", "b", "c"]) {
        let call = queue.receiver.call().await;
        assert_eq!(call.messages(), [text]);
        assert_eq!(call.id(), format!("{id}-{number}"));
    }
}

#[tokio::test]
async fn a_message_that_is_tried_again_keeps_its_id_and_its_place() {
    let mut queue = split(&[Answer::Status(200), Answer::Status(503)]).await;
    let id = queue.batch("ana", &["a", "b", "c"]).await;

    let _monitor = queue.monitor().await;

    let mut came = Vec::new();
    for _ in 0..4 {
        let call = queue.receiver.call().await;
        came.push((call.messages().remove(0), call.id()));
    }
    let expected = [("a", 1), ("b", 2), ("b", 2), ("c", 3)];
    let expected = expected.map(|(text, number)| (text.to_owned(), format!("{id}-{number}")));
    assert_eq!(came, expected);
}

#[tokio::test]
async fn a_monitor_killed_between_two_messages_leaves_the_rest_in_order() {
    let mut queue = split(&[Answer::Status(200), Answer::Silence]).await;
    queue.batch("ana", &["a", "b", "c"]).await;
    let mut first = queue.monitor().await;
    assert_eq!(queue.receiver.call().await.messages(), ["a"]);
    let cut_off = queue.receiver.call().await;

    first.kill();
    let _second = queue.monitor().await;

    let again = queue.receiver.call().await;
    assert_eq!((again.id(), again.body), (cut_off.id(), cut_off.body));
    assert_eq!(queue.receiver.call().await.messages(), ["c"]);
}

#[tokio::test]
async fn messages_of_several_windows_are_never_joined() {
    let queue = split(&[]).await;
    queue.batch("ana", &["a", "b"]).await;
    queue.batch("ana", &["c"]).await;

    let mut came = Vec::new();
    while let Some(lease) = queue.lease("ana").await {
        assert_eq!((lease.batch.count, lease.attempt), (1, 1));
        came.extend(texts(&lease.batch.items));
        settle(&queue, &lease, &Verdict::Drop).await;
    }

    assert_eq!(came, ["a", "b", "c"]);
}

#[tokio::test]
async fn who_closes_a_window_can_begin_with_its_first_message() {
    let queue = split(&[]).await;
    let chat = queue.chat("ana");
    for text in ["a", "b"] {
        queue.say("ana", text, SHORT).await;
    }

    let (mut closed, id) = (None, BatchId::generate());
    eventually("the window is due", async || {
        let closing = queue
            .store
            .windows()
            .close_and_lease(&chat, &id, &queue.targets, LONG);
        let (closing, lease) = closing.await.unwrap();
        closed = lease;
        matches!(closing, Closing::Closed { count: 2, .. })
    })
    .await;

    let first = closed.unwrap();
    assert_eq!(texts(&first.batch.items), ["a"]);
    assert!(queue.lease("ana").await.is_none());
    settle(&queue, &first, &Verdict::Drop).await;
    assert_eq!(texts(&queue.lease("ana").await.unwrap().batch.items), ["b"]);
}

#[tokio::test]
async fn a_window_of_thousands_is_split_whole() {
    let queue = split(&[]).await;
    let said: Vec<_> = (0..2345).map(|number| number.to_string()).collect();
    let said: Vec<_> = said.iter().map(String::as_str).collect();

    queue.batch("ana", &said).await;

    let mut came = Vec::new();
    while let Some(lease) = queue.lease("ana").await {
        came.extend(texts(&lease.batch.items));
        settle(&queue, &lease, &Verdict::Drop).await;
    }
    assert_eq!(came, said);
}

#[tokio::test]
async fn revived_messages_of_one_window_come_in_the_order_they_were_said() {
    let queue = split(&[]).await;
    let said: Vec<_> = (0..12).map(|number| number.to_string()).collect();
    queue
        .batch("ana", &said.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    while let Some(lease) = queue.lease("ana").await {
        settle(&queue, &lease, &bury(&lease)).await;
    }
    queue.batch("ana", &["new"]).await;

    let letters = queue
        .store
        .dead_letters()
        .list(&Filter::Everybody, Look::first(50));
    let (letters, _) = letters.await.unwrap();
    // The newest first, and some out of turn.
    for at in [3, 0, 11, 1, 2, 4, 10, 5, 6, 9, 7, 8] {
        assert!(
            queue
                .store
                .dead_letters()
                .revive(letters[at].id)
                .await
                .unwrap()
        );
    }

    let mut came = Vec::new();
    while let Some(lease) = queue.lease("ana").await {
        came.extend(texts(&lease.batch.items));
        settle(&queue, &lease, &Verdict::Drop).await;
    }
    assert_eq!(came[..12], said);
    assert_eq!(came[12..], ["new"]);
}

#[tokio::test]
async fn another_destination_of_the_same_buffer_gets_the_window_as_one() {
    let queue = split(&[]).await;
    let chat = queue.chat("ana");
    let mut targets = queue.targets.to_vec();
    let whole = Name::default_name();
    targets.push(Target::whole(whole.clone()));
    for text in ["a", "b"] {
        let said = item(text);
        let message = NewMessage::plain(&said, LONG);
        let appended = queue
            .store
            .windows()
            .append(&chat, message, &RULES, &targets);
        appended.await.unwrap();
    }
    let id = BatchId::generate();

    queue
        .store
        .windows()
        .flush(&chat, &id, &targets)
        .await
        .unwrap();

    let part = queue.lease("ana").await.unwrap();
    let lane = Lane {
        destination: whole,
        chat,
    };
    let all = queue
        .store
        .lanes()
        .lease(&lane, LEASES)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(texts(&part.batch.items), ["a"]);
    assert_eq!(texts(&all.batch.items), ["a", "b"]);
    assert_eq!(all.batch.id, id);
}

#[tokio::test]
async fn split_is_written_shown_and_taken_up() {
    let system = System::open().await;
    let mut receiver = Receiver::start().await;

    let spec = json!({"url": receiver.url(), "split": true});
    let (status, shown) = system.put("/api/destinations/bot", spec).await;
    assert_eq!(
        (status.as_u16(), &shown["split"]),
        (200, &Value::Bool(true))
    );
    system.buffer("loja", &["bot"]).await;

    // Only the monitor that closes the window has to know.
    system
        .say("loja", "ana", "a", Duration::from_millis(200))
        .await;
    system
        .say("loja", "ana", "b", Duration::from_millis(200))
        .await;
    assert_eq!(receiver.call().await.messages(), ["a"]);
    assert_eq!(receiver.call().await.messages(), ["b"]);
}
