//! What Buffer Service's callers bring along: how many places it takes, and what it may say.

use std::time::Duration;

use lull::core::chat::Name;
use lull::spec::{BufferSpec, DestinationSpec};
use lull::store::Store;
use lull::store::config::Kind;
use lull::store::config::bringing::{Bringing, Brought, Places, Whose};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Daemon, TestRedis, eventually};

const PLACES: Places = Places {
    of_one: 2,
    of_all: 3,
};
const NO_TIME: Duration = Duration::ZERO;

fn request(url: &str, headers: &Value) -> Value {
    json!({
        "webhook": {"url": url, "headers": headers},
        "buffer": {"key": "ana", "wait_time": 600, "aggregate_field": "q"},
        "payload": {"q": "oi"},
    })
}

async fn bring(store: &Store, who: &str, buffer: &str, destination: &str) -> Brought {
    let (buffer, destination) = (format!("c-{buffer:0>16}"), format!("c-{destination:0>16}"));
    let destination_spec = DestinationSpec {
        name: destination.clone(),
        url: "http://127.0.0.1:9/".to_owned(),
        ..DestinationSpec::default()
    };
    let buffer_spec = BufferSpec {
        name: buffer.clone(),
        destinations: vec![destination.clone()],
        ..BufferSpec::default()
    };
    let bringing = Bringing {
        who,
        buffer: (&Name::parse(&buffer).unwrap(), &buffer_spec),
        destination: (&Name::parse(&destination).unwrap(), &destination_spec),
    };
    store.config().bring(bringing, PLACES).await.unwrap()
}

fn is_there(brought: Brought) -> bool {
    matches!(brought, Brought::There { .. })
}

#[tokio::test]
async fn nobody_takes_the_places_of_all_and_what_is_gone_leaves_its_own() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;

    assert!(is_there(bring(&store, "greedy", "1", "1").await));
    assert!(is_there(bring(&store, "greedy", "2", "2").await));
    let more = bring(&store, "greedy", "3", "3").await;
    assert_eq!(more, Brought::Full(Kind::Destination, Whose::Own));
    // Another way to gather for a webhook that is there takes a place of its kind alone.
    let gathered = bring(&store, "greedy", "4", "1").await;
    assert_eq!(gathered, Brought::Full(Kind::Buffer, Whose::Own));
    // Uses within one millisecond are as old as each other.
    let now = store.clock().now().await.unwrap();
    eventually("the clock goes on", async || {
        store.clock().now().await.unwrap() > now
    })
    .await;
    // What is there may be used by whoever says the same, and stays whose it was.
    assert!(is_there(bring(&store, "modest", "1", "1").await));
    assert!(is_there(bring(&store, "modest", "5", "5").await));
    let none = bring(&store, "third", "6", "6").await;
    assert_eq!(none, Brought::Full(Kind::Destination, Whose::All));
    let configured = store.config().read().await.unwrap();
    assert_eq!(
        (configured.buffers.len(), configured.destinations.len()),
        (3, 3)
    );

    let named_by = |destination: &Name| vec![destination.clone()];
    let gave_way = store
        .config()
        .give_way(Kind::Destination, Some("greedy"), NO_TIME, named_by);
    assert!(gave_way.await.unwrap());

    assert!(is_there(bring(&store, "third", "6", "6").await));
    assert!(!is_there(bring(&store, "modest", "7", "7").await));
    let configured = store.config().read().await.unwrap();
    let names: Vec<_> = configured.destinations.keys().collect();
    // The second was unused for longest: the first was used again since.
    assert!(!names.contains(&&format!("c-{:0>16}", "2")), "{names:?}");
}

#[tokio::test]
async fn what_is_in_use_gives_no_way() {
    let system = System::with_settings(&[], &[("ALLOW_PRIVATE_WEBHOOKS", "true")]).await;
    let url = system.default.url();
    let (status, answer) = system
        .api
        .post("/api/v1/message", request(&url, &json!({})))
        .await;
    assert_eq!(status, 200, "{answer}");
    let configured = system.store.config().read().await.unwrap();
    let buffer = Name::parse(configured.buffers.keys().next().unwrap()).unwrap();
    let give_way = async |kind| {
        let named_by = |_: &Name| vec![buffer.clone()];
        let config = system.store.config();
        config
            .give_way(kind, None, NO_TIME, named_by)
            .await
            .unwrap()
    };

    assert!(!give_way(Kind::Buffer).await && !give_way(Kind::Destination).await);

    system
        .api
        .request(Method::DELETE, "/api/chats/ana", None)
        .await;
    let path = format!("/api/chats/ana?buffer={buffer}");
    system.api.request(Method::DELETE, &path, None).await;
    assert!(give_way(Kind::Destination).await);
    let configured = system.store.config().read().await.unwrap();
    assert!(configured.buffers.is_empty() && configured.destinations.is_empty());
    // The api that had noted it brings it again.
    eventually("it is taken again", async || {
        let again = system
            .api
            .post("/api/v1/message", request(&url, &json!({})));
        again.await.0 == StatusCode::OK
    })
    .await;
}

#[tokio::test]
async fn a_key_whose_places_are_taken_is_told_so_and_others_are_not_in_its_way() {
    let redis = TestRedis::start().await;
    let keys = "greedy:gr33dygr33dygr33dy:ingest,modest:m0destm0destm0dest:ingest";
    let api = Daemon::api_with(&redis, &[("API_KEYS", keys)]).await;
    let mut raw = redis.raw().await;
    redis::cmd("HSET")
        .arg("lull:{config}:brought")
        .arg(&[":buffer greedy", "1000", ":buffer", "1000"])
        .exec_async(&mut raw)
        .await
        .unwrap();
    let say = async |key: &str| {
        let sent = api.client().post(api.url("/api/v1/message"));
        let body = request("https://93.184.215.14/hook", &json!({})).to_string();
        let sent = sent
            .header("x-api-key", key)
            .header("content-type", "application/json");
        crate::support::daemon::read(sent.body(body).send().await.unwrap()).await
    };

    let (status, answer) = say("gr33dygr33dygr33dy").await;

    assert_eq!(
        (status.as_u16(), &answer["code"]),
        (429, &json!("too_many_webhooks"))
    );
    assert!(
        answer["error"].as_str().unwrap().contains("of this key"),
        "{answer}"
    );
    assert_eq!(say("m0destm0destm0dest").await.0, 200);
}

#[tokio::test]
async fn a_new_webhook_costs_no_look_at_all_others() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let before = redis.calls_of("hgetall").await;

    for number in 0..300 {
        let url = format!("https://93.184.215.14/hook/{number}");
        let (status, answer) = api.post("/api/v1/message", request(&url, &json!({}))).await;
        assert_eq!(status, 200, "{answer}");
    }

    // Each look at all is two; a daemon looks again after 0.4 s at the earliest, however many are new.
    let looked = redis.calls_of("hgetall").await - before;
    assert!(looked < 300, "{looked}");
    let configured = redis.store().await.config().read().await.unwrap();
    assert_eq!(configured.destinations.len(), 300);
    assert!(
        configured
            .destinations
            .values()
            .all(|it| it.spec.concurrency == 4)
    );
}

#[tokio::test]
async fn headers_that_say_how_a_call_is_made_are_refused_by_name() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let refused = async |headers: Value| {
        let body = request("https://93.184.215.14/hook", &headers);
        let refusal = api
            .refused(Method::POST, "/api/v1/message", Some(body))
            .await;
        assert_eq!(refusal.status, 400, "{refusal:?}");
        assert_eq!(refusal.field.as_deref(), Some("webhook.headers"));
        refusal.error
    };

    for name in [
        "Host",
        "connection",
        "Upgrade",
        "Transfer-Encoding",
        "Content-Length",
        "TE",
        "Keep-Alive",
    ] {
        let error = refused(json!({ name: "x" })).await;
        assert!(error.contains(name), "{error}");
    }
    let many: serde_json::Map<_, _> = (0..65).map(|n| (format!("x-{n}"), json!("a"))).collect();
    assert!(refused(Value::Object(many)).await.contains("at most 64"));
    let error = refused(json!({ "x-long": "a".repeat(8192) })).await;
    assert!(error.contains("x-long"), "{error}");
    let (status, _) = api
        .post(
            "/api/v1/message",
            request(
                "https://93.184.215.14/hook",
                &json!({"Authorization": "Bearer t", "User-Agent": "x"}),
            ),
        )
        .await;
    assert_eq!(status, 200);
}
