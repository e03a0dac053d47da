//! `/api/lanes`: what waits for which destination, what holds it, trying it now and giving up on it.

use std::time::Duration;

use lull::core::chat::Name;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{Answer, Daemon, LONG, Receiver, TestRedis, eventually};

/// Not now, but in ten minutes: by chance a retry would come at once.
const LATER: Answer = Answer::Full(503, "Retry-After: 600\r\n", "");

async fn lanes(api: &Daemon, query: &str) -> Vec<Value> {
    let (status, page) = api.get(&format!("/api/lanes?{query}")).await;
    assert_eq!(status, 200, "{query}: {page}");
    page["items"].as_array().unwrap().clone()
}

/// All pages of so many, each as destination and user.
async fn all_pages(api: &Daemon, query: &str, limit: usize) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/lanes?limit={limit}{query}{cursor}");
        let (status, page) = api.get(&path).await;
        assert_eq!(status, 200, "{path}: {page}");
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        let name = |it: &Value| {
            let text = |field: &str| it[field].as_str().unwrap().to_owned();
            format!(
                "{}/{}/{}",
                text("destination"),
                text("buffer"),
                text("user")
            )
        };
        found.extend(items.iter().map(name));
        let Some(next) = page["next_cursor"].as_str() else {
            return found;
        };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        cursor = format!("&cursor={next}");
    }
}

/// Closes the window of a chat, so that its messages wait on their lanes.
async fn flush(api: &Daemon, buffer: &str, user: &str) {
    let path = format!("/api/chats/{user}/flush?buffer={buffer}");
    let (status, answer) = api.post(&path, json!({})).await;
    assert_eq!(status, 200, "{answer}");
}

async fn batch(system: &System, buffer: &str, user: &str) {
    let said = json!({"user": user, "message": "oi"});
    let path = format!("/api/buffers/{buffer}/messages");
    let (status, answer) = system.api.post(&path, said).await;
    assert_eq!(status, 200, "{answer}");
    flush(&system.api, buffer, user).await;
}

/// Buffers and destinations that nobody works for: the monitor has stopped.
async fn standing() -> System {
    let buffers = [
        json!({"name": "loja", "window": {"wait": 600, "max_wait": 600}}),
        json!({"name": "fila", "order": "buffer", "window": {"wait": 600, "max_wait": 600}}),
    ];
    let mut system = System::with(&buffers).await;
    system.monitor.stop().await;
    system
}

#[tokio::test]
async fn what_waits_is_listed_by_destination_buffer_and_chat_page_by_page() {
    let system = standing().await;
    for name in ["crm", "bot"] {
        let spec = json!({"url": "http://127.0.0.1:9/"});
        let path = format!("/api/destinations/{name}");
        let (status, answer) = system.put(&path, spec).await;
        assert_eq!(status, 200, "{answer}");
    }
    let spec = json!({"destinations": ["bot", "crm"], "window": {"wait": 600, "max_wait": 600}});
    let (status, answer) = system.put("/api/buffers/clinica", spec).await;
    assert_eq!(status, 200, "{answer}");
    for at in 0..7 {
        batch(&system, "clinica", &format!("c{at}")).await;
    }
    batch(&system, "loja", "ana").await;
    batch(&system, "loja", "ana").await;
    batch(&system, "fila", "eva").await;
    batch(&system, "fila", "ana").await;
    let api = &system.api;

    let whole = all_pages(api, "", 500).await;
    assert_eq!(whole.len(), 16, "{whole:?}");
    // By destination, and within one by since when it waits.
    let mut expected: Vec<_> = ["bot", "crm"]
        .iter()
        .flat_map(|to| (0..7).map(move |at| format!("{to}/clinica/c{at}")))
        .collect();
    expected.extend(["default/loja/ana".to_owned(), "default/fila/eva".to_owned()]);
    assert_eq!(whole, expected);
    for limit in [1, 2, 3, 7, 14] {
        assert_eq!(all_pages(api, "", limit).await, whole, "{limit}");
    }
    for limit in [1, 3, 50] {
        let of_crm = all_pages(api, "&destination=crm", limit).await;
        assert_eq!(of_crm, whole[7..14], "{limit}");
        let of_buffer = all_pages(api, "&buffer=clinica", limit).await;
        assert_eq!(of_buffer, whole[..14], "{limit}");
        let of_chat = all_pages(api, "&buffer=clinica&user=c3", limit).await;
        assert_eq!(of_chat, ["bot/clinica/c3", "crm/clinica/c3"], "{limit}");
    }
    let of_fila = all_pages(api, "&buffer=fila&destination=default", 50).await;
    assert_eq!(of_fila, ["default/fila/eva"]);
    assert!(lanes(api, "destination=bot&buffer=loja").await.is_empty());
    assert!(lanes(api, "buffer=loja&user=eva").await.is_empty());
    assert!(lanes(api, "destination=nobody").await.is_empty());

    let [lane] = &lanes(api, "buffer=loja&user=ana").await[..] else {
        panic!("one lane");
    };
    assert_eq!(
        (&lane["batches"], &lane["attempts"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        (&lane["in_hand"], &lane["last"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(lane["messages"], 1);
    assert!(lane["token"].as_str().unwrap().starts_with("chat_"));
    // Behind the batch of another, in an ordered buffer.
    let [behind] = &lanes(api, "buffer=fila&user=ana").await[..] else {
        panic!("one lane");
    };
    assert_eq!(
        (&behind["user"], &behind["held_by"]),
        (&json!("ana"), &json!("behind"))
    );
    for bad in ["limit=0", "cursor=x", "cursor=bot/1.64.a:b", "bufer=x"] {
        let path = format!("/api/lanes?{bad}");
        assert_eq!(
            api.refused(Method::GET, &path, None).await.status,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_lane_says_what_holds_it() {
    let redis = TestRedis::start().await;
    let api = Daemon::api(&redis).await;
    let receiver = Receiver::answering(&[], LATER).await;
    let mut monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("ana", "oi", 0.1).await;
    let mut lane = Value::Null;
    eventually("it waits for its retry", async || {
        lane = lanes(&api, "user=ana").await.pop().unwrap_or_default();
        lane["held_by"] == "retry"
    })
    .await;

    assert_eq!(
        (&lane["attempts"], &lane["asked"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(lane["last"]["status"], 503, "{lane}");
    assert_eq!(lane["last"]["summary"], "HTTP 503");
    assert!(lane["next_attempt_in"].as_f64().unwrap() > 60.0, "{lane}");
    let control = |body: Value| api.post("/api/control", body);
    control(json!({"action": "stop", "destination": "default"})).await;
    let held_by = async || lanes(&api, "user=ana").await[0]["held_by"].clone();
    eventually("the stop is seen", async || held_by().await == "stopped").await;
    control(json!({"action": "start", "destination": "default"})).await;
    eventually("the start is seen", async || held_by().await == "retry").await;

    monitor.stop().await;
    let (status, answer) = api
        .post(
            "/api/lanes/now",
            json!({"user": "ana", "destination": "default"}),
        )
        .await;
    assert_eq!(
        (status.as_u16(), &answer["moved"]),
        (200, &json!(1)),
        "{answer}"
    );
    eventually("nobody is there to try it", async || {
        held_by().await == "no_monitor"
    })
    .await;
}

#[tokio::test]
async fn a_lane_in_hand_and_one_that_is_paced_say_so() {
    let system = System::open().await;
    let slow = Receiver::answering(&[], Answer::Silence).await;
    system.destination("slow", &slow.url()).await;
    system.buffer("one", &["slow"]).await;
    system
        .say("one", "ana", "oi", Duration::from_millis(1))
        .await;
    let api = &system.api;
    eventually("it is in hand", async || {
        lanes(api, "destination=slow")
            .await
            .first()
            .is_some_and(|it| {
                it["held_by"] == "in_hand" && it["in_hand"] == true && it["attempts"] == 1
            })
    })
    .await;
    let to = json!({"user": "ana", "buffer": "one", "destination": "slow"});
    for path in ["/api/lanes/now", "/api/lanes/give-up"] {
        let refused = api.refused(Method::POST, path, Some(to.clone())).await;
        assert_eq!(refused.status, 409, "{path}: {refused:?}");
    }
    let (_, many) = api
        .post("/api/lanes/now", json!({"destination": "slow"}))
        .await;
    assert_eq!((&many["moved"], &many["in_hand"]), (&json!(0), &json!(1)));

    let url = system.default.url();
    let paced = json!({"url": url, "pace": {"every": 600, "batch": 1}});
    system.destination_of("paced", paced).await;
    system.buffer("two", &["paced"]).await;
    for user in ["ana", "eva"] {
        system
            .say("two", user, "oi", Duration::from_millis(1))
            .await;
    }
    let mut lane = Value::Null;
    eventually("the second waits for the pace", async || {
        let all = lanes(api, "destination=paced").await;
        lane = all.first().cloned().unwrap_or_default();
        all.len() == 1 && lane["held_by"] == "paced"
    })
    .await;
    assert!(lane["next_attempt_in"].as_f64().unwrap() > 60.0, "{lane}");
}

#[tokio::test]
async fn a_batch_is_tried_now_or_given_up_on_by_hand_and_the_audit_tells() {
    let redis = TestRedis::start().await;
    let mut receiver = Receiver::answering(&[LATER], Answer::Status(200)).await;
    let api = Daemon::api(&redis).await;
    let _monitor = Daemon::monitor(&redis, &receiver.url()).await;
    api.say("ana", "oi", 0.1).await;
    receiver.call().await;
    eventually("it waits for its retry", async || {
        lanes(&api, "")
            .await
            .first()
            .is_some_and(|it| it["held_by"] == "retry")
    })
    .await;
    let lane = lanes(&api, "").await.remove(0);

    // By the token, as any chat.
    let to = json!({"user": lane["token"], "destination": "default"});
    let (status, tried) = api.post("/api/lanes/now", to).await;
    assert_eq!(
        (status.as_u16(), &tried["moved"]),
        (200, &json!(1)),
        "{tried}"
    );
    let again = receiver.call().await;
    assert_eq!(again.id(), lane["webhook_id"].as_str().unwrap());
    eventually("it is delivered", async || lanes(&api, "").await.is_empty()).await;

    receiver.answer(LATER);
    api.say("eva", "oi", 0.1).await;
    receiver.call().await;
    eventually("it waits for its retry", async || {
        lanes(&api, "")
            .await
            .first()
            .is_some_and(|it| it["held_by"] == "retry")
    })
    .await;
    let lane = lanes(&api, "").await.remove(0);
    let wanted = |id: &Value| json!({"user": "eva", "destination": "default", "webhook_id": id});
    let other = wanted(&json!("msg_0"));
    let refused = api
        .refused(Method::POST, "/api/lanes/give-up", Some(other))
        .await;
    assert_eq!(refused.status, 404);
    let wanted = wanted(&lane["webhook_id"]);
    let (status, done) = api.post("/api/lanes/give-up", wanted.clone()).await;
    assert_eq!(status, 200, "{done}");
    assert_eq!(
        (&done["attempts"], &done["batches"]),
        (&json!(1), &json!(0))
    );
    let again = api
        .refused(Method::POST, "/api/lanes/give-up", Some(wanted))
        .await;
    assert_eq!(again.status, 404, "nothing else is given up on: {again:?}");
    assert!(lanes(&api, "").await.is_empty());
    let (_, dead) = api.get("/api/messages/dead-letter").await;
    assert_eq!(dead["items"][0]["webhook_id"], lane["webhook_id"], "{dead}");
    assert_eq!(dead["items"][0]["reason"], "given up on by hand");
    let (_, history) = api.get("/api/history?user=eva").await;
    assert_eq!(history["items"][0]["status"], "buried", "{history}");

    for nobody in [
        json!({"user": "ana", "destination": "default"}),
        json!({"user": "ana", "destination": "nobody"}),
    ] {
        for path in ["/api/lanes/now", "/api/lanes/give-up"] {
            let refused = api.refused(Method::POST, path, Some(nobody.clone())).await;
            assert_eq!(refused.status, 404, "{path} {nobody}");
        }
    }
    let (_, audit) = api.get("/api/audit").await;
    let acts = audit["items"].as_array().unwrap().iter();
    let acts: Vec<_> = acts
        .filter(|act| act["action"].as_str().unwrap().starts_with("lane."))
        .map(|act| {
            (
                act["action"].as_str().unwrap(),
                act["actor"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(acts, [("lane.give_up", "suite"), ("lane.now", "suite")]);
}

#[tokio::test]
async fn a_list_over_a_thousand_destinations_costs_few_looks() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let names: std::collections::BTreeSet<_> = (0..1_000)
        .map(|at| Name::parse(&format!("d{at:04}")).unwrap())
        .collect();
    let chat = crate::support::chat("ana");
    let target = [lull::core::destination::Target::whole(
        names.last().unwrap().clone(),
    )];
    let said = crate::support::item("oi");
    let message = lull::store::windows::NewMessage::plain(&said, LONG);
    let windows = store.windows();
    windows
        .append(&chat, message, &crate::support::RULES, &target)
        .await
        .unwrap();
    let id = lull::core::batch::BatchId::generate();
    windows.flush(&chat, &id, &target).await.unwrap();
    let looks = async || {
        let stats: String = redis::cmd("INFO")
            .arg("commandstats")
            .query_async(&mut redis.raw().await)
            .await
            .unwrap();
        let of = |command: &str| {
            let line = stats
                .lines()
                .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
            line.map_or(0, |line| {
                line.split(',').next().unwrap().parse::<u64>().unwrap()
            })
        };
        of("exists") + of("zrangebyscore") + of("hexists")
    };
    let before = looks().await;

    let filter = lull::core::filter::Filter::Everybody;
    let (found, next) = store.lanes().list(names, &filter, None, 50).await.unwrap();

    assert_eq!((found.len(), next), (1, None));
    // One shard holds something, so each destination is asked about there, and nowhere else.
    let looked = looks().await - before;
    assert!(looked < 1_200, "{looked}");
}
