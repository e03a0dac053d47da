//! The story of a chat page by page: all pages together are what one large page is.

use redis::AsyncCommands;
use serde_json::{Value, json};

use crate::support::system::System;

const CHAT: &str = "loja:5511988887777";
/// When what is written here begins, ms: some minutes ago.
const SECONDS: u64 = 1000;

async fn page(system: &System, query: &str) -> Value {
    let path = format!("/api/chats/{CHAT}/story?buffer=loja{query}");
    let (status, page) = system.api.get(&path).await;
    assert_eq!(status, 200, "{page}");
    page
}

/// All entries of all pages of so many, the oldest first, and how many pages there were.
async fn paged(system: &System, query: &str, limit: usize) -> (Vec<Value>, usize) {
    let (mut all, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let page = page(system, &format!("{query}&limit={limit}{cursor}")).await;
        let items = page["items"].as_array().unwrap().clone();
        assert_eq!(
            page["verdict"].is_object(),
            pages == 0 && query.is_empty(),
            "{page}"
        );
        all.splice(0..0, items);
        pages += 1;
        assert!(pages < 200, "limit={limit} does not end: {page}");
        let Some(next) = page["next_cursor"].as_str() else {
            return (all, pages);
        };
        assert!(page["searched_until"].is_string(), "{page}");
        let next = format!("&cursor={next}");
        assert_ne!(next, cursor, "limit={limit} stands still");
        cursor = next;
    }
}

/// What history tells of a batch to a destination: its tries, each with its time and status.
fn record(
    id: &str,
    destination: &str,
    said: &[u64],
    closed: u64,
    tries: &[(u64, u16)],
) -> (u64, Value, String) {
    let made = |number: usize, status: u16| json!({"number": number, "status": status, "ms": 5, "summary": format!("HTTP {status}")});
    let (last, earlier) = tries.split_last().unwrap();
    let lines: Vec<_> = (1..)
        .zip(earlier)
        .map(|(number, (at, status))| format!("{at} {}", made(number, *status)))
        .collect();
    let stamps: Vec<_> = said.iter().map(|at| json!([at, null])).collect();
    let record = json!({
        "id": id, "buffer": "loja", "chat": CHAT, "destination": destination,
        "outcome": if last.1 == 200 { "delivered" } else { "failed" },
        "messages": said.len(), "reason": "quiet", "opened": said[0], "closed": closed,
        "gathered": {"wait": 1000, "typing": 0}, "stamps": stamps, "last": made(tries.len(), last.1),
    });
    (last.0, record, lines.join("\n"))
}

/// A chat that is known, with an open window.
async fn with_chat() -> System {
    let buffer = json!({"name": "loja", "window": {"wait": 600, "max_wait": 600}, "destinations": ["default"]});
    let system = System::with(&[buffer]).await;
    let said = json!({"user": CHAT, "message": "oi", "message_id": "m0"});
    system.api.post("/api/buffers/loja/messages", said).await;
    system
}

/// The list of its messages, with none in it, and how it names the chat.
async fn emptied(system: &System) -> (String, String) {
    let raw = &mut system.redis.raw().await;
    let received = system.redis.keys("lull:*:received").await.remove(0);
    let told: redis::streams::StreamRangeReply = raw.xrange_all(&received).await.unwrap();
    let () = raw.del(&received).await.unwrap();
    let chat = told.ids[0].get("chat").unwrap();
    (received, chat)
}

/// A chat with messages, some of one ms, batches that were retried for long, one of them still, and one with two destinations.
async fn with_much_told() -> System {
    let system = with_chat().await;
    let raw = &mut system.redis.raw().await;
    let (received, chat) = emptied(&system).await;
    let history = received.replace(":received", ":history");
    let now = system.store.clock().now().await.unwrap();
    let t = |second: u64| now - 300 * SECONDS + second * SECONDS;
    let times = [t(1), t(1), t(1), t(2), t(20), t(20), t(40), t(60), t(61)];
    for (number, at) in times.into_iter().enumerate() {
        let item = format!("{{\"at\":{at},\"message\":\"{number}\"}}");
        let entry = [("chat", chat.as_str()), ("item", item.as_str())];
        let () = raw
            .xadd(&received, format!("{at}-{number}"), &entry)
            .await
            .unwrap();
    }
    let mut settled = vec![
        record(
            "msg_a",
            "default",
            &[t(1), t(1), t(1), t(2)],
            t(3),
            &[(t(3), 503), (t(5), 503), (t(45), 503), (t(70), 200)],
        ),
        record("msg_b", "default", &[t(20), t(20)], t(21), &[(t(71), 200)]),
        record(
            "msg_b",
            "crm",
            &[t(20), t(20)],
            t(21),
            &[(t(21), 503), (t(90), 200)],
        ),
        record("msg_c", "default", &[t(40)], t(45), &[(t(72), 200)]),
        record(
            "msg_d",
            "default",
            &[t(60), t(61)],
            t(62),
            &[(t(73), 503), (t(73), 503), (t(95), 503)],
        ),
    ];
    settled.sort_by_key(|(at, ..)| *at);
    for (at, record, tries) in settled {
        let record = record.to_string();
        let entry = [("record", record.as_str()), ("tries", tries.as_str())];
        let entry = if tries.is_empty() {
            &entry[..1]
        } else {
            &entry[..]
        };
        let () = raw.xadd(&history, format!("{at}-0"), entry).await.unwrap();
    }
    system
}

#[tokio::test]
async fn pages_of_any_size_are_together_what_one_large_page_is() {
    let system = with_much_told().await;
    let all = page(&system, "&limit=500").await;
    assert_eq!(all["next_cursor"], Value::Null);
    let mut all = all["items"].as_array().unwrap().clone();
    // Nine messages, four batches, eleven tries, and the window that is open.
    let of = |event: &str| all.iter().filter(|it| it["event"] == event).count();
    let counts = ["received", "closed", "attempt", "open"].map(of);
    assert_eq!(counts, [9, 4, 11, 1], "{all:?}");
    assert_eq!(all[0]["webhook_ids"], json!(["msg_a"]));
    let texts: Vec<_> = all[..3]
        .iter()
        .map(|it| it["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts,
        ["0", "1", "2"],
        "what came in one ms is in its order"
    );

    for limit in [1, 2, 3, 7, 20] {
        let (mut found, _) = paged(&system, "", limit).await;
        without_countdown(&mut found);
        without_countdown(&mut all);
        assert_eq!(found, all, "limit={limit}");
    }
    // Until a moment, too: what happened before it stands with batches that were settled later.
    let until = all[15]["at"].as_str().unwrap().to_owned();
    let before: Vec<_> = all
        .iter()
        .filter(|it| it["at"].as_str().unwrap() <= until.as_str())
        .cloned()
        .collect();
    let (found, _) = paged(&system, &format!("&to={until}"), 4).await;
    assert_eq!(found, before);
    let from = all[5]["at"].as_str().unwrap();
    let since: Vec<_> = all
        .iter()
        .filter(|it| it["at"].as_str().unwrap() >= from)
        .cloned()
        .collect();
    let found = page(&system, &format!("&from={from}")).await;
    let mut found = found["items"].as_array().unwrap().clone();
    without_countdown(&mut found);
    assert_eq!((found.first(), found.len()), (since.first(), since.len()));
}

#[tokio::test]
async fn what_came_in_one_moment_is_whole_where_it_is_more_than_a_page_reads() {
    let system = with_chat().await;
    let (received, chat) = emptied(&system).await;
    let now = system.store.clock().now().await.unwrap();
    // Nine megabytes of one ms, and something before and after.
    let large = "x".repeat(750_000);
    let times = [now - 9000].into_iter().chain([now - 8000; 12]);
    let mut adds = redis::pipe();
    for (number, at) in times.chain([now - 7000]).enumerate() {
        let item = format!("{{\"at\":{at},\"message\":\"{number} {large}\"}}");
        let entry = [("chat", chat.as_str()), ("item", item.as_str())];
        adds.xadd(&received, format!("{at}-{number}"), &entry)
            .ignore();
    }
    adds.exec_async(&mut system.redis.raw().await)
        .await
        .unwrap();

    let (found, pages) = paged(&system, "", 2).await;

    let texts = found.iter().filter_map(|it| it["text"].as_str());
    let numbers: Vec<_> = texts.map(|text| text.split(' ').next().unwrap()).collect();
    let all: Vec<_> = (0..14).map(|number| number.to_string()).collect();
    assert_eq!(numbers, all);
    assert!((2..=4).contains(&pages), "{pages}");
}

/// The seconds until a window closes go down meanwhile.
fn without_countdown(entries: &mut [Value]) {
    for entry in entries.iter_mut().filter(|it| it["event"] == "open") {
        entry["expires_in"] = Value::Null;
    }
}

#[tokio::test]
async fn a_cursor_is_one_that_the_list_gave() {
    let system = System::with(&[]).await;
    for bad in [
        "",
        "-",
        "1-",
        "-1",
        "x",
        "+1",
        "1234567890123456",
        "1-1234567890123456",
        "1-2-3",
    ] {
        let path = format!("/api/chats/ana/story?cursor={bad}");
        let (status, answer) = system.api.get(&path).await;
        assert_eq!(
            (status.as_u16(), &answer["field"]),
            (400, &json!("cursor")),
            "{bad}: {answer}"
        );
    }
    let (status, answer) = system
        .api
        .get("/api/chats/ana/story?cursor=123456789012345-999999999999999")
        .await;
    assert_eq!(status, 200, "{answer}");
}
