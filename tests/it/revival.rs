//! Dead letters put back: alone, by user, all; under their old ids and in their old order.

use lull::core::revival::Wanted;
use redis::AsyncCommands;
use reqwest::Method;
use serde_json::json;

use crate::support::daemon::read;
use crate::support::undeliverable::{Undeliverable, id, neighbour_of, said};
use crate::support::{Daemon, eventually};

#[tokio::test]
async fn a_revived_letter_is_delivered_under_its_old_id() {
    let mut system = Undeliverable::start().await;
    system.api.say("ana", "oi", 0.1).await;
    let before = system.receiver.call().await;
    eventually("it is buried", async || system.letters("").await.len() == 1).await;
    let late =
        async |system: &Undeliverable| system.monitor.metric("lull_lateness_seconds_count").await;
    assert_eq!(late(&system).await, 1.0);
    system.accept();

    let path = format!(
        "/api/dead-letter/{}/revive",
        id(&system.letters("").await[0])
    );
    let (status, answer) = system.api.request(Method::POST, &path, None).await;

    let after = system.receiver.call().await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "Back at the head of its lane", "count": 1})
    );
    assert_eq!((after.id(), after.body), (before.id(), before.body));
    assert!(system.letters("").await.is_empty());
    // It was on time when it was tried at first.
    assert_eq!(late(&system).await, 1.0);
}

#[tokio::test]
async fn letters_revived_one_by_one_are_delivered_oldest_first() {
    let mut system = Undeliverable::start().await;
    for number in 0..5 {
        system.bury("ana", &number.to_string()).await;
    }
    system.monitor.stop().await;
    system.api.say("ana", "new", 0.1).await;
    system.accept();

    // The list has the newest first.
    let letters = system.letters("").await;
    for at in [2, 4, 0, 3, 1] {
        let path = format!("/api/dead-letter/{}/revive", id(&letters[at]));
        system.api.request(Method::POST, &path, None).await;
    }
    let url = system.receiver.url();
    let _monitor = Daemon::monitor(&system.redis, &url).await;

    let order = system.deliveries(6).await;
    assert_eq!(order, ["0", "1", "2", "3", "4", "new"]);
}

#[tokio::test]
async fn all_letters_of_a_chat_are_delivered_oldest_first() {
    let mut system = Undeliverable::start().await;
    for number in 0..6 {
        system.bury("ana", &number.to_string()).await;
        for other in ["eva", "rui", "lia"] {
            system.bury(other, "x").await;
        }
    }
    system.accept();

    let (status, answer) = system
        .api
        .post("/api/dead-letter/revive", json!({"all": true}))
        .await;

    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({"success": true, "message": "On their way back to the heads of their lanes", "count": 24})
    );
    let mut order = system.deliveries(24).await;
    order.retain(|text| text != "x");
    assert_eq!(order, ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn the_letters_of_one_user_can_be_revived_alone() {
    for (kind, body) in [
        ("application/json", r#"{"user": "ana"}"#),
        ("application/x-www-form-urlencoded", "user=ana"),
    ] {
        let mut system = Undeliverable::start().await;
        for (user, text) in [("ana", "1"), (&neighbour_of("ana"), "2"), ("ana", "3")] {
            system.bury(user, text).await;
        }
        system.accept();

        let request = system
            .api
            .client()
            .post(system.api.url("/api/dead-letter/revive"));
        let request = request.header("content-type", kind).body(body);
        let (_, answer) = read(request.send().await.unwrap()).await;

        assert_eq!(answer["count"], 2, "{kind}");
        assert_eq!(system.deliveries(2).await, ["1", "3"], "{kind}");
        assert_eq!(said(&system.letters("").await), ["2"], "{kind}");
    }
}

#[tokio::test]
async fn what_is_revived_can_be_narrowed_and_counted_before() {
    let mut system = Undeliverable::start().await;
    for (user, text) in [("ana", "1"), ("eva", "2"), ("ana", "3"), ("rui", "4")] {
        system.bury(user, text).await;
    }
    let letters = system.letters("").await;
    let (newest, third) = (id(&letters[0]), id(&letters[1]));
    let since = letters[1]["buried_at"].as_str().unwrap();
    let until = letters[2]["buried_at"].as_str().unwrap();

    for (asked, count) in [
        (json!({"all": true}), 4),
        (json!({"all": true, "limit": 3}), 3),
        (json!({"user": "ana"}), 2),
        (json!({"user": "ana", "limit": 1}), 1),
        (json!({"user": "ana", "buffer": "loja"}), 0),
        (json!({"buffer": "default"}), 4),
        (json!({"destination": "default"}), 4),
        (json!({"destination": "n8n"}), 0),
        (json!({"reason": "http 410"}), 4),
        (json!({"reason": "HTTP 404"}), 0),
        (json!({"from": since}), 2),
        (json!({"to": until}), 2),
        (json!({"user": "ana", "to": until}), 1),
        (json!({"ids": [newest, third, "1-0-1"]}), 2),
    ] {
        let mut counted = asked.clone();
        counted["dry_run"] = json!(true);
        let path = "/api/dead-letter/revive";
        let (status, answer) = system.api.post(path, counted).await;
        assert_eq!(status, 200, "{asked}: {answer}");
        assert_eq!(answer["count"], count, "{asked}");
    }
    assert_eq!(
        system.letters("").await.len(),
        4,
        "counting changes nothing"
    );

    for (query, texts) in [
        ("?destination=default", &["4", "3", "2", "1"][..]),
        ("?destination=n8n", &[]),
        ("?reason=http%20410&limit=1", &["4"]),
        ("?reason=HTTP%20404", &[]),
    ] {
        assert_eq!(said(&system.letters(query).await), texts, "{query}");
    }

    system.accept();
    let asked = json!({"user": "ana", "limit": 1});
    let (_, answer) = system.api.post("/api/dead-letter/revive", asked).await;
    assert_eq!(answer["count"], 1);
    assert_eq!(system.deliveries(1).await, ["1"]);
    assert_eq!(said(&system.letters("").await), ["4", "3", "2"]);
}

#[tokio::test]
async fn a_dry_run_tells_of_whom_letters_are_how_old_they_are_and_who_has_written_since() {
    let mut system = Undeliverable::start().await;
    for (user, text) in [("ana", "1"), ("eva", "2"), ("ana", "3")] {
        system.bury(user, text).await;
    }
    let oldest = system.letters("").await.pop().unwrap();
    system.monitor.stop().await;
    let preview = async || {
        let trial = json!({"all": true, "dry_run": true});
        let (_, told) = system.api.post("/api/dead-letter/revive", trial).await;
        told
    };

    let told = preview().await;
    assert_eq!((&told["count"], &told["chats"]), (&json!(3), &json!(2)));
    assert_eq!(told["oldest_at"], oldest["buried_at"]);
    assert_eq!(told["written_since"], 0);

    // When somebody was heard from is known to the second.
    eventually("ana has written since", async || {
        system.api.say("ana", "4", 600.0).await;
        let path = "/api/chats/ana";
        system.api.request(Method::DELETE, path, None).await;
        preview().await["written_since"] == 1
    })
    .await;
    let token = oldest["token"].as_str().unwrap();
    let (status, chat) = system.api.get(&format!("/api/chats/{token}")).await;
    assert_eq!(status, 200);
    assert_eq!(chat["user"], oldest["user"]);
}

#[tokio::test]
async fn nothing_is_revived_where_nothing_says_which() {
    let mut system = Undeliverable::start().await;
    system.bury("ana", "1").await;

    for asked in [json!({}), json!({"limit": 5}), json!({"all": false})] {
        let path = "/api/dead-letter/revive";
        let refusal = system.api.refused(Method::POST, path, Some(asked)).await;

        assert_eq!(refusal.status, 400);
        assert_eq!(refusal.code, "missing_field");
        assert_eq!(refusal.field.as_deref(), Some("all"));
    }
    let none = system
        .api
        .request(Method::POST, "/api/dead-letter/revive", None)
        .await;
    assert!(none.0.is_client_error());
    assert_eq!(system.letters("").await.len(), 1);
}

#[tokio::test]
async fn a_revival_whose_api_was_killed_is_carried_on_by_a_monitor() {
    let mut system = Undeliverable::start().await;
    for number in 0..3 {
        system.bury("ana", &number.to_string()).await;
    }
    system.monitor.stop().await;
    system.accept();
    let store = system.redis.store().await;
    system.api.kill();
    // As an api that dies between answering and the first step leaves it.
    let begun = store
        .dead_letters()
        .begin_revival(&Wanted::all(), None)
        .await
        .unwrap();
    assert_eq!(begun.unwrap().count, 3);

    let _monitor = Daemon::monitor(&system.redis, &system.receiver.url()).await;

    assert_eq!(system.deliveries(3).await, ["0", "1", "2"]);
    eventually("it is over", async || {
        store.dead_letters().revivals().await.unwrap().is_empty()
    })
    .await;
}

/// Has a revival wait for another daemon, which has it in hand and is not heard from for a while.
async fn in_hand_elsewhere(system: &Undeliverable) {
    let mut raw = system.redis.raw().await;
    let key = "lull:{config}:reviving";
    let ids: Vec<String> = raw.zrange(key, 0, -1).await.unwrap();
    let until = system.redis.now().await + 3_600_000;
    for id in ids {
        let _: u64 = raw.zadd(key, id, until).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_on_its_way_already_is_told_apart_and_not_counted_again() {
    let mut system = Undeliverable::start().await;
    for (user, text) in [("ana", "1"), ("eva", "2"), ("ana", "3"), ("rui", "4")] {
        system.bury(user, text).await;
    }
    system.api.kill();
    system.monitor.stop().await;
    system.accept();
    let of_ana = Wanted {
        buffer: Some("default".to_owned()),
        chat: Some("ana".to_owned()),
        ..Wanted::all()
    };
    let store = system.redis.store().await;
    store
        .dead_letters()
        .begin_revival(&of_ana, None)
        .await
        .unwrap();
    in_hand_elsewhere(&system).await;
    system.api = Daemon::api(&system.redis).await;

    let path = "/api/dead-letter/revive";
    let (_, again) = system.api.post(path, json!({"user": "ana"})).await;
    let trial = json!({"all": true, "dry_run": true});
    let (_, counted) = system.api.post(path, trial).await;
    let (_, all) = system.api.post(path, json!({"all": true})).await;

    let already = "All of them are on their way already";
    assert_eq!(
        again,
        json!({"success": true, "message": already, "count": 0, "under_way": 2})
    );
    assert_eq!(
        (&counted["count"], &counted["under_way"]),
        (&json!(2), &json!(2))
    );
    let message = "On their way back to the heads of their lanes";
    assert_eq!(
        all,
        json!({"success": true, "message": message, "count": 2, "under_way": 2})
    );
    // Each goes back by the revival that asked for it first.
    eventually("the new ones are back", async || {
        system.letters("").await.len() == 2
    })
    .await;
    assert_eq!(said(&system.letters("").await), ["3", "1"]);
    let (_, page) = system.api.get(path).await;
    let under_way = page["items"].as_array().unwrap();
    assert_eq!(under_way.len(), 1, "{page}");
    assert_eq!(under_way[0]["count"], 2);
}

#[tokio::test]
async fn what_has_nothing_to_go_back_to_is_told_apart_and_stays() {
    let mut system = Undeliverable::start().await;
    system.bury_and_retire("ana", "um").await;
    system.bury("eva", "dois").await;
    system.accept();

    let path = "/api/dead-letter/revive";
    let trial = json!({"all": true, "dry_run": true});
    let (_, counted) = system.api.post(path, trial).await;
    let (_, revived) = system.api.post(path, json!({"all": true})).await;
    assert_eq!(system.deliveries(1).await, ["dois"]);
    let (_, left) = system
        .api
        .post(path, json!({"destination": "retired"}))
        .await;

    for answer in [counted, revived] {
        assert_eq!(answer["count"], 1, "{answer}");
        assert_eq!(answer["without_destination"], 1, "{answer}");
        assert_eq!(answer["under_way"], serde_json::Value::Null, "{answer}");
    }
    let none = "None of them has anything to go back to";
    assert_eq!(
        left,
        json!({"success": true, "message": none, "count": 0, "without_destination": 1})
    );
    assert_eq!(said(&system.letters("").await), ["um"]);
}
