//! Dead letters and deliveries as an operator reads them: what is kept, shown, bounded and dropped.

use chrono::DateTime;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::undeliverable::{LIST, Undeliverable, id, neighbour_of, said};
use crate::support::{Answer, eventually};

#[tokio::test]
async fn a_dead_letter_tells_what_was_given_up_on_and_why() {
    let mut system = Undeliverable::start().await;
    system.api.say("a/b é", "oi", 0.2).await;
    system.api.say("a/b é", "tudo bem?", 0.2).await;
    let call = system.receiver.call().await;

    let mut letters = Vec::new();
    eventually("it is buried", async || {
        letters = system.letters("").await;
        !letters.is_empty()
    })
    .await;

    let letter = letters[0].as_object_mut().unwrap();
    letter.remove("id").unwrap();
    let token = letter.remove("token").unwrap();
    let by_token = format!("/api/chats/{}", token.as_str().unwrap());
    let times = ["opened_at", "closed_at", "first_attempt_at", "buried_at"]
        .map(|name| letter.remove(name).unwrap().as_str().unwrap().to_owned())
        .map(|time| DateTime::parse_from_rfc3339(&time).unwrap());
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(
        letters[0],
        json!({
            "webhook_id": call.id(),
            "user": "a/b é",
            "buffer": "default",
            "destination": "default",
            "reason": "HTTP 410: bot retired",
            "attempts": 1,
            "messages": ["oi", "tudo bem?"],
        })
    );
    assert_eq!(system.api.get(&by_token).await.1["user"], "a/b é");
}

#[tokio::test]
async fn one_dead_letter_can_be_shown() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "1").await;
    system.bury("ana", "2").await;
    let letters = system.letters("").await;

    let path = format!("/api/dead-letter/{}", id(&letters[1]));
    let (status, shown) = system.api.get(&path).await;

    assert_eq!(status, 200);
    assert_eq!(shown, letters[1]);
}

#[tokio::test]
async fn who_pages_sees_each_letter_once_the_newest_first() {
    let mut system = Undeliverable::start().await;
    for number in 0..12 {
        system
            .bury(&format!("chat {}", number % 5), &number.to_string())
            .await;
    }

    let mut pages = Vec::new();
    let mut cursor = String::new();
    loop {
        let (_, page) = system.api.get(&format!("{LIST}?limit=5{cursor}")).await;
        pages.push(said(page["items"].as_array().unwrap()).join(" "));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }

    assert_eq!(pages, ["11 10 9 8 7", "6 5 4 3 2", "1 0"]);
}

#[tokio::test]
async fn the_list_can_be_asked_for_one_user() {
    let mut system = Undeliverable::start().await;
    let eva = neighbour_of("ana");
    for (user, text) in [("ana", "1"), (&eva, "2"), ("ana", "3")] {
        system.bury(user, text).await;
    }

    let query: String = form_urlencoded::byte_serialize(eva.as_bytes()).collect();
    let ana = system.letters("?user=ana").await;
    let eva = system.letters(&format!("?user={query}")).await;
    let nobody = system.letters("?user=rui").await;

    assert_eq!((said(&ana), said(&eva)), (vec!["3", "1"], vec!["2"]));
    assert!(nobody.is_empty());
}

#[tokio::test]
async fn a_discarded_letter_is_gone_for_good() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "1").await;
    system.bury("ana", "2").await;
    system.accept();

    let path = format!("/api/dead-letter/{}", id(&system.letters("").await[0]));
    let (status, answer) = system.api.request(Method::DELETE, &path, None).await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "Dropped for good", "count": 1})
    );
    assert_eq!(said(&system.letters("").await), ["1"]);
}

#[tokio::test]
async fn an_id_of_no_letter_is_not_found() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "oi").await;
    let gone = id(&system.letters("").await[0]);
    let path = format!("/api/dead-letter/{gone}");
    system.api.request(Method::DELETE, &path, None).await;

    for id in [
        &gone,
        "1-0-1",
        "1763770000123-0-64",
        "oi",
        "%20",
        "1-0-1%2F..",
    ] {
        for (method, rest) in [("GET", ""), ("DELETE", ""), ("POST", "/revive")] {
            let path = format!("/api/dead-letter/{id}{rest}");
            let refusal = system
                .api
                .refused(method.parse().unwrap(), &path, None)
                .await;

            assert_eq!(refusal.status, 404, "{method} {id}");
        }
    }
}

#[tokio::test]
async fn what_dead_letter_count_drops_is_counted_and_said() {
    let mut system = Undeliverable::start_with(&[("DEAD_LETTER_COUNT", "1")]).await;

    for text in ["1", "2", "3"] {
        system.bury("ana", text).await;
    }

    assert_eq!(said(&system.letters("").await), ["3"]);
    let dropped = system
        .monitor
        .metric("lull_dead_letters_dropped_total")
        .await;
    assert_eq!(dropped, 2.0);
    system.monitor.logs("DEAD_LETTER_COUNT is reached").await;
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_is_shown_as_it_lies_there() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "oi").await;
    system.api.say("eva", "oi", 0.5).await;
    let window = system.redis.keys("*:window:*").await.remove(0);
    redis::cmd("RPUSH")
        .arg(&[window.as_str(), "no JSON at all"])
        .query_async::<()>(&mut system.redis.raw().await)
        .await
        .unwrap();

    let mut letters = Vec::new();
    eventually("it is buried", async || {
        letters = system.letters("").await;
        letters.len() == 2
    })
    .await;

    let (reason, said) = (&letters[0]["reason"], said(&letters));
    assert!(
        reason.as_str().unwrap().starts_with("unreadable in Redis"),
        "{reason}"
    );
    assert!(said[0].ends_with(",no JSON at all"), "{said:?}");
    assert_eq!(said[1], "oi");
}

#[tokio::test]
async fn a_delivered_batch_stands_in_the_list_of_what_was_sent() {
    let mut system = Undeliverable::start().await;
    system.receiver.answer(Answer::Status(202));
    system.api.say(&neighbour_of("ana"), "oi", 0.1).await;
    system.receiver.call().await;
    system.api.say("ana", "oi", 0.2).await;
    system.api.say("ana", "tudo bem?", 0.2).await;
    let call = system.receiver.call().await;

    let mut page = Value::Null;
    eventually("it is settled", async || {
        page = system.api.get("/api/messages/sent?user=ana").await.1;
        page["items"][0].is_object()
    })
    .await;

    let sent = page["items"][0].as_object_mut().unwrap();
    assert!(sent.remove("duration_ms").unwrap().is_u64());
    let times = ["opened_at", "closed_at", "sent_at"]
        .map(|name| sent.remove(name).unwrap().as_str().unwrap().to_owned())
        .map(|time| DateTime::parse_from_rfc3339(&time).unwrap());
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(
        page,
        json!({
            "items": [{
                "webhook_id": call.id(),
                "user": "ana",
                "buffer": "default",
                "destination": "default",
                "messages": 2,
                "status": 202,
                "attempts": 1,
                "reason": "quiet",
            }],
            "next_cursor": null,
        })
    );
}
