//! Destinations at work: what their calls look like, that none delays another, and that changes are taken up.

use std::time::{Duration, Instant};

use lull::domain::chat::{Chat, ChatId, Name};
use lull::domain::destination::Target;
use lull::store::Store;
use lull::store::config::{Kind, Mode};
use lull::store::windows::NewMessage;
use lull::wire::config::{BufferSpec, DestinationSpec};
use serde_json::{Value, json};

use crate::support::{Answer, Daemon, RULES, Receiver, SHORT, TestRedis, eventually};

/// A Redis with a buffer `loja` and its destinations, and a monitor that was started before any of them.
struct Shop {
    store: Store,
    monitor: Daemon,
    _redis: TestRedis,
    _nobody: Receiver,
}

impl Shop {
    async fn open(destinations: &[(&str, Value)]) -> Self {
        let redis = TestRedis::start().await;
        let nobody = Receiver::start().await;
        let monitor = Daemon::monitor(&redis, &nobody.url()).await;
        let shop = Self {
            store: redis.store().await,
            monitor,
            _redis: redis,
            _nobody: nobody,
        };
        for (name, spec) in destinations {
            shop.destination(name, spec.clone()).await;
        }
        let buffer = BufferSpec {
            name: "loja".to_owned(),
            timezone: "America/Sao_Paulo".to_owned(),
            destinations: destinations
                .iter()
                .map(|&(name, _)| name.to_owned())
                .collect(),
            ..BufferSpec::default()
        };
        let loja = name("loja");
        shop.store
            .configure(Kind::Buffer, &loja, &buffer, Mode::Any, None)
            .await
            .unwrap();
        for (name, spec) in destinations {
            if spec["active"] != false {
                shop.is_taken_up(name, 1).await;
            }
        }
        shop
    }

    async fn destination(&self, destination: &str, mut spec: Value) {
        spec["name"] = destination.into();
        let spec: DestinationSpec = serde_json::from_value(spec).unwrap();
        self.store
            .configure(
                Kind::Destination,
                &name(destination),
                &spec,
                Mode::Any,
                None,
            )
            .await
            .unwrap();
    }

    /// Waits until the monitor has opened an outlet for a destination so many times.
    async fn is_taken_up(&self, destination: &str, times: usize) {
        let line = format!("destination={destination}");
        eventually("the monitor knows the destination", async || {
            let log = self.monitor.log();
            let opened = log
                .lines()
                .filter(|said| said.contains("Delivering to") && said.contains(&line));
            opened.count() >= times
        })
        .await;
    }

    async fn say(&self, user: &str, message: Value, fields: Value) {
        let chat = Chat {
            buffer: name("loja"),
            id: ChatId::parse(user).unwrap(),
        };
        let item = json!({"message": message, "fields": fields}).to_string();
        let message = NewMessage::plain(&item, Duration::from_millis(20));
        let to = self.store.configured().await.unwrap().buffers["loja"]
            .spec
            .destinations
            .iter()
            .map(|text| Target::whole(name(text)))
            .collect::<Vec<_>>();
        self.store
            .append(&chat, message, &RULES, &to)
            .await
            .unwrap();
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[tokio::test]
async fn a_template_makes_the_body_in_the_zone_of_the_buffer() {
    let mut receiver = Receiver::start().await;
    let template =
        r#"{"q": "{{ text }}", "who": {{ user }}, "n": {{ n }}, "at": "{{ closed_at }}"}"#;
    let bot = json!({"url": receiver.url(), "template": template});
    let shop = Shop::open(&[("bot", bot)]).await;

    shop.say("ana", json!("a \"quote\"\n🙂"), json!({"n": 7}))
        .await;

    let body = receiver.call().await.json();
    assert_eq!(body["q"], "a \"quote\"\n🙂");
    assert_eq!((&body["who"], &body["n"]), (&json!("ana"), &json!(7)));
    assert!(body["at"].as_str().unwrap().ends_with("-03:00"), "{body}");
}

#[tokio::test]
async fn a_get_carries_the_chosen_fields_as_its_query() {
    let mut receiver = Receiver::start().await;
    let bot = json!({
        "url": format!("{}?token=t", receiver.url()), "method": "GET", "fields": ["user", "messages"],
    });
    let shop = Shop::open(&[("bot", bot)]).await;

    shop.say("ana b", json!("oi & tchau"), json!({"phone": "1"}))
        .await;

    let call = receiver.call().await;
    assert_eq!(
        call.request_line,
        "GET /webhook?token=t&user=ana+b&messages=%5B%22oi+%26+tchau%22%5D HTTP/1.1"
    );
    assert_eq!(call.body, "");
}

#[tokio::test]
async fn method_headers_and_fields_are_what_the_destination_says() {
    let mut receiver = Receiver::start().await;
    let bot = json!({
        "url": receiver.url(), "method": "PUT", "headers": {"x-token": "t"}, "fields": ["messages", "n"],
    });
    let shop = Shop::open(&[("bot", bot)]).await;

    shop.say("ana", json!("oi"), json!({"n": 1, "secret": 2}))
        .await;

    let call = receiver.call().await;
    assert!(
        call.request_line.starts_with("PUT /webhook "),
        "{}",
        call.request_line
    );
    assert_eq!(call.headers["x-token"], "t");
    assert_eq!(call.body, r#"{"n":1,"messages":["oi"]}"#);
}

#[tokio::test]
async fn each_destination_of_a_buffer_gets_every_batch_and_a_dead_one_delays_no_other() {
    let mut alive = Receiver::start().await;
    let mut dead = Receiver::answering(&[], Answer::Status(500)).await;
    let retry = json!({"waits": [0.05, 600]});
    let shop = Shop::open(&[
        ("dead", json!({"url": dead.url(), "retry": retry})),
        ("alive", json!({"url": alive.url()})),
    ])
    .await;

    shop.say("ana", json!("1"), json!({})).await;
    assert_eq!(alive.call().await.messages(), ["1"]);
    shop.say("ana", json!("2"), json!({})).await;
    assert_eq!(alive.call().await.messages(), ["2"]);

    let first = dead.call().await;
    let second = dead.call().await;
    assert_eq!(
        (first.messages(), second.messages()),
        (vec!["1".to_owned()], vec!["1".to_owned()])
    );
    assert_eq!(first.id(), second.id());
}

#[tokio::test]
async fn a_batch_in_a_lane_goes_by_the_newest_settings() {
    let mut old = Receiver::answering(&[], Answer::Status(500)).await;
    let mut new = Receiver::start().await;
    let bot = json!({"url": old.url(), "retry": {"waits": [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]}});
    let shop = Shop::open(&[("bot", bot)]).await;
    shop.say("ana", json!("oi"), json!({})).await;
    let refused = old.call().await;

    shop.destination("bot", json!({"url": new.url()})).await;

    let accepted = new.call().await;
    assert_eq!(accepted.id(), refused.id());
}

#[tokio::test]
async fn a_window_that_is_due_before_its_buffer_was_heard_of_does_not_wait_for_the_next_sweep() {
    let mut receiver = Receiver::start().await;
    let shop = Shop::open(&[("bot", json!({"url": receiver.url()}))]).await;
    let bot = [Target::whole(name("bot"))];
    let began = Instant::now();

    // A monitor asks for news some times a second: of three buffers it has not heard of at least one.
    for new in ["a", "b", "c"] {
        let buffer = BufferSpec {
            name: new.to_owned(),
            destinations: vec!["bot".to_owned()],
            ..BufferSpec::default()
        };
        shop.store
            .configure(Kind::Buffer, &name(new), &buffer, Mode::New, None)
            .await
            .unwrap();
        let chat = Chat {
            buffer: name(new),
            id: ChatId::parse("ana").unwrap(),
        };
        let message = NewMessage::plain(r#"{"message":"oi"}"#, SHORT);
        shop.store
            .append(&chat, message, &RULES, &bot)
            .await
            .unwrap();
        assert_eq!(receiver.call().await.messages(), ["oi"]);
    }

    // What a sweep has taken and nobody closed comes up again after five seconds.
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn lanes_of_a_destination_that_is_off_wait_and_nothing_is_lost() {
    let mut receiver = Receiver::start().await;
    let mut other = Receiver::start().await;
    let off = json!({"url": receiver.url(), "active": false});
    let shop = Shop::open(&[("bot", off), ("other", json!({"url": other.url()}))]).await;
    shop.say("ana", json!("oi"), json!({})).await;
    assert_eq!(other.call().await.messages(), ["oi"]);
    assert!(receiver.calls_so_far().is_empty());

    shop.destination("bot", json!({"url": receiver.url()}))
        .await;

    assert_eq!(receiver.call().await.messages(), ["oi"]);
}

#[tokio::test]
async fn a_template_that_cannot_be_filled_buries_its_batch_and_says_nothing_of_what_was_said() {
    let receiver = Receiver::start().await;
    let template = r#"{"n": {% if n %}{{ n / 1 }}{% else %}0{% endif %}, "q": {{ text }}}"#;
    let bot = json!({"url": receiver.url(), "template": template});
    let shop = Shop::open(&[("bot", bot)]).await;

    shop.say("ana", json!("s3cret"), json!({"n": "s3cret"}))
        .await;

    shop.monitor
        .logs("Given up, now a dead letter: template")
        .await;
    assert!(!shop.monitor.log().contains("s3cret"));
}
