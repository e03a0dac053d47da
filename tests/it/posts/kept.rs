//! What is kept of posts, how much of it, and that it is erased with the chat.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ANA, in_a_group, list, loja, post, posted, text};
use crate::support::system::System;

#[tokio::test]
async fn nothing_that_was_said_is_kept_where_payloads_are_not() {
    let system = System::with_settings(&[loja()], &[("HISTORY_PAYLOADS", "none")]).await;
    post(&system, text("A1", "segredo")).await;
    post(&system, text("A1", "segredo")).await;
    post(&system, in_a_group("A2")).await;
    post(&system, json!({"hello": "segredo"})).await;

    let entries = list(&system.api, "").await;
    assert_eq!(entries.len(), 4);
    for entry in &entries {
        assert_eq!(
            (&entry["message"], &entry["body"]),
            (&Value::Null, &Value::Null)
        );
        assert!(entry.get("note").is_none(), "{entry}");
    }
}

#[tokio::test]
async fn no_secret_of_a_gateway_is_kept_nor_shown() {
    let mut buffer = loja();
    let secret = "s3cret-of-the-buffer";
    buffer["secret"] = json!(secret);
    let system = System::with(&[buffer]).await;
    let path = format!("/api/webhook/loja?secret={secret}");
    let mut ignored = in_a_group("A1");
    ignored["apikey"] = json!("the-key-of-the-instance");
    ignored["note"] = json!(format!("its secret is {secret}"));
    system.api.post(&path, ignored).await;
    let unread = json!({"hello": "you", "apikey": secret});
    system.api.post(&path, unread).await;

    let entries = list(&system.api, "").await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        let shown = entry.to_string();
        assert_eq!(entry["body"]["apikey"], "********", "{shown}");
        assert!(
            !shown.contains(secret) && !shown.contains("the-key"),
            "{shown}"
        );
    }
    let aof = system.redis.folder().join("appendonlydir");
    for file in std::fs::read_dir(aof).unwrap() {
        let written = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&written).contains("the-key-of-the-instance"));
    }
}

#[tokio::test]
async fn where_no_history_is_kept_posts_are_counted_and_not_listed() {
    let system = System::with_settings(&[loja()], &[("HISTORY_COUNT", "0")]).await;
    post(&system, in_a_group("A2")).await;

    assert_eq!(list(&system.api, "").await, [] as [Value; 0]);
    let name = r#"lull_posts_total{buffer="loja",result="group",code=""}"#;
    assert_eq!(system.api.metric(name).await, 1.0);
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_chat_in_any_post_that_names_its_person() {
    let system = System::with(&[loja()]).await;
    post(&system, text("A1", "segredo")).await;
    post(&system, text("A1", "segredo")).await;
    // Of a group, and of what could not be read, the chat is not the person's.
    post(&system, in_a_group("A2")).await;
    post(&system, json!({"hello": ANA})).await;
    let mut mixed = text("A3", "x");
    mixed["data"] = json!([
        posted(
            "A4",
            "5511977776666",
            &json!({"reactionMessage": {"text": "x"}})
        )["data"],
        posted("A5", ANA, &json!({"reactionMessage": {"text": "x"}}))["data"],
    ]);
    post(&system, mixed).await;
    let other = posted(
        "A6",
        "5511966665555",
        &json!({"reactionMessage": {"text": "x"}}),
    );
    post(&system, other).await;

    let path = format!("/api/chats/loja:{ANA}?everything=true&buffer=loja");
    let (_, answer) = system.api.request(Method::DELETE, &path, None).await;

    assert_eq!(answer["erased"]["posts"], 5, "{answer}");
    let left = list(&system.api, "").await;
    let users: Vec<_> = left.iter().map(|entry| &entry["user"]).collect();
    assert_eq!(users, ["loja:5511966665555"]);
    assert!(!json!(left).to_string().contains(ANA));
    // What is in a post as a part of something else means nobody in it.
    for nobody in ["966665555", "6666", "loja", "loja:55", "messages", "A6"] {
        let path = format!("/api/chats/{nobody}?everything=true&buffer=loja");
        let refused = system.api.refused(Method::DELETE, &path, None).await;
        assert_eq!(refused.status, 404, "{nobody}: {refused:?}");
    }
    assert_eq!(list(&system.api, "").await.len(), 1);
}

#[tokio::test]
async fn of_strangers_nothing_is_kept_and_few_are_listed() {
    let mut buffer = loja();
    buffer["secret"] = json!("s3cret");
    let system = System::with(&[buffer]).await;
    for number in 0..200 {
        assert_eq!(
            post(&system, text(&format!("A{number}"), "segredo")).await,
            401
        );
    }

    let entries = list(&system.api, "?limit=500").await;
    assert!(
        !entries.is_empty() && entries.len() < 200,
        "{}",
        entries.len()
    );
    for entry in &entries {
        assert_eq!(
            (&entry["code"], &entry["body"]),
            (&json!("proof_failed"), &Value::Null)
        );
    }
    let name = r#"lull_posts_total{buffer="loja",result="refused",code="proof_failed"}"#;
    assert_eq!(system.api.metric(name).await, 200.0);
}

#[tokio::test]
async fn large_bodies_and_many_things_in_one_post_are_bounded() {
    let system = System::with(&[loja()]).await;
    let mut group = in_a_group("A1");
    group["data"]["message"]["conversation"] = json!("x".repeat(17 * 1024));
    post(&system, group).await;
    let entries = list(&system.api, "").await;
    assert_eq!(entries[0]["body"], Value::Null);
    assert_eq!(entries[0]["note"], "a body above 16 KiB is not kept");

    let mut many = text("", "");
    let reaction = |number| {
        posted(
            &format!("R{number}"),
            ANA,
            &json!({"reactionMessage": {"text": "x"}}),
        )
    };
    let all: Vec<_> = (0..100)
        .map(|number| reaction(number)["data"].clone())
        .collect();
    many["data"] = json!(all);
    post(&system, many).await;
    let name = r#"lull_posts_total{buffer="loja",result="reaction",code=""}"#;
    assert_eq!(system.api.metric(name).await, 100.0);
    assert_eq!(
        list(&system.api, "?result=reaction&limit=500").await.len(),
        16
    );

    for number in 0..1500 {
        post(&system, in_a_group(&format!("G{number}"))).await;
    }
    // Trimming leaves whole nodes of a stream, so it is not exact.
    let (mut kept, mut cursor) = (0, String::new());
    loop {
        let (_, page) = system
            .api
            .get(&format!("/api/posts?limit=500{cursor}"))
            .await;
        kept += page["items"].as_array().unwrap().len();
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert!((500..700).contains(&kept), "{kept}");
}
