//! Templates that would fill memory or the stack: refused where they are saved, and a dead letter where only a real batch
//! shows it; the daemons stay as small as they were.

use reqwest::Method;
use serde_json::json;

use crate::support::system::System;
use crate::support::{Receiver, SHORT, eventually};

/// The most memory that one filling may cost a daemon, however hostile, KiB.
const MOST_KIB: u64 = 256 * 1024;

/// Templates that made gigabytes of a few bytes, or overflowed the stack.
fn hostile() -> Vec<(String, &'static str)> {
    let doubled = "{% set a = 'x' * 1000 %}".to_owned() + &"{% set a = a ~ a %}".repeat(40);
    let kept = format!("{{{{ [{}] | length }}}}", "'x' * 4000000, ".repeat(2_000));
    let raw = "raw ".repeat(10_000);
    vec![
        (doubled, "more than 4194304 bytes"),
        ("{{ range(100000) | join('x' * 10000) }}".to_owned(), "more than 4194304 bytes"),
        ("{{ ('x' * 100000000) | length }}".to_owned(), "more than 4194304 bytes"),
        (kept, "more than 67108864 bytes in all, in line 1"),
        (
            format!("{{% set a %}}{{% for i in range(99999) %}}{raw}{{% endfor %}}{{% endset %}}"),
            "more than 67108864 bytes in all",
        ),
        (
            "{% set ns = namespace(a=1) %}{% for i in range(99999) %}{% set ns.a = [ns.a] %}{% endfor %}".to_owned(),
            "too deep",
        ),
        (
            "{% set ns = namespace(a=1) %}{% set ns.a = ns %}{{ ns ~ '' }}".to_owned(),
            "namespaces hold texts",
        ),
        (format!("{{{{ user{} }}}}", " ~ user".repeat(9_000)), "stand inside of one another"),
        (format!("{{% if 1 %}}{}{{% endif %}}", "{% elif 1 %}".repeat(5_000)), "stand inside of one another"),
    ]
}

#[tokio::test]
async fn a_template_that_would_fill_memory_is_refused_where_it_is_saved() {
    let system = System::open().await;
    let before = system.api.memory_kib();

    for (template, why) in hostile() {
        for (path, spec) in [
            (
                "/api/destinations/bot",
                json!({"url": "http://127.0.0.1:9/", "headers": {"content-type": "text/plain"}, "template": template}),
            ),
            (
                "/api/buffers/loja",
                json!({"follow_up": {"after": 3600, "destination": "default", "template": template}}),
            ),
        ] {
            let refusal = system.api.refused(Method::PUT, path, Some(spec)).await;

            assert_eq!(refusal.status, 400, "{template:.80}: {refusal:?}");
            assert!(refusal.error.contains(why), "{template:.80}: {refusal:?}");
        }
    }

    let grown = system.api.memory_kib() - before;
    assert!(grown < MOST_KIB, "api grew by {grown} KiB");
}

#[tokio::test]
async fn what_only_a_real_batch_makes_too_large_is_a_dead_letter_that_says_so() {
    let system = System::open().await;
    let mut bot = Receiver::start().await;
    // The sample has two messages.
    let template = "{% set ns = namespace(a='x' * 1000) %}{% for i in range(20 if count > 2 else 1) %}{% set ns.a = ns.a ~ ns.a %}{% endfor %}{{ ns.a | length }}";
    system
        .destination_of("grows", json!({"url": bot.url(), "template": template}))
        .await;
    system.destination("bot", &bot.url()).await;
    system.buffer("loja", &["grows"]).await;
    system.buffer("calm", &["bot"]).await;
    let before = system.monitor.memory_kib();

    for text in ["a", "b", "s3cret"] {
        system.say("loja", "ana", text, SHORT * 50).await;
    }
    let mut letters = json!(null);
    eventually("a dead letter", async || {
        (_, letters) = system.api.get("/api/messages/dead-letter").await;
        letters["items"]
            .as_array()
            .is_some_and(|items| !items.is_empty())
    })
    .await;
    system.say("calm", "ana", "oi", SHORT).await;
    bot.call().await;

    let why = letters["items"][0]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("more than 4194304 bytes"), "{letters}");
    assert!(!system.monitor.log().contains("s3cret"));
    let grown = system.monitor.memory_kib() - before;
    assert!(grown < MOST_KIB, "the monitor grew by {grown} KiB");
}
