//! Follow-ups: one call when a chat has been silent, over any number of monitors, taken back by whatever is said.

use lull::store::chats::pausing::Pauser;
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lull::core::batch::BatchId;
use lull::core::chat::{Chat, ChatId, Name};
use lull::core::life::Life;
use lull::core::when::When;
use lull::core::window::WindowRules;
use lull::store::Store;
use lull::store::lanes::{Lease, Settled, Verdict};
use lull::store::scheduled::FollowUpPlan;
use lull::store::windows::NewMessage;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::system::System;
use crate::support::{
    Answer, Daemon, LEASES, LONG, RETENTION, RULES, Receiver, TestRedis, destinations, eventually,
    item, lane,
};

const BUFFER: &str = "/api/buffers/loja";
const POST: &str = "/api/webhook/loja";
const HOUR: u64 = 3600;

/// A buffer whose silent chats are asked at the destination `ask`.
fn buffer(mut follow_up: Value) -> Value {
    let fields = follow_up.as_object_mut().unwrap();
    fields.entry("destination").or_insert_with(|| json!("ask"));
    let mut buffer = json!({"window": {"wait": 0.1}});
    buffer["follow_up"] = follow_up;
    buffer
}

/// A system with such a buffer, and the receiver behind `ask`.
async fn system(follow_up: Value) -> (System, Receiver) {
    let system = System::open().await;
    let ask = Receiver::start().await;
    system.destination("ask", &ask.url()).await;
    system.buffer_of("loja", buffer(follow_up)).await;
    (system, ask)
}

fn ana() -> Chat {
    Chat::new(Name::parse("loja").unwrap(), ChatId::parse("ana").unwrap())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_millis().try_into().unwrap()
}

async fn say(api: &Daemon, user: &str, text: &str, id: &str) {
    let body = json!({"user": user, "message": text, "message_id": id, "phone": "5511"});
    let (status, answer) = api.post(POST, body).await;
    assert!(status.is_success(), "{answer}");
}

/// Ana says something that is delivered and to be followed up.
async fn followed_up(system: &mut System) {
    say(&system.api, "ana", "oi", "1").await;
    system.default.call().await;
    planned(&system.store, &ana(), true).await;
}

async fn planned(store: &Store, chat: &Chat, expected: bool) {
    eventually("it is planned, or not", async || {
        store.follow_ups().find(chat).await.unwrap().is_some() == expected
    })
    .await;
}

/// Nothing waits for a time, and nothing is on a lane.
async fn all_over(store: &Store) {
    eventually("nothing is left", async || {
        let lanes = ["default", "ask"].map(|name| Name::parse(name).unwrap());
        let counts = store.counts(lanes).await.unwrap();
        counts.waiting + counts.lanes + counts.windows == 0
    })
    .await;
}

#[tokio::test]
async fn each_silent_chat_gets_one_call_over_two_monitors_also_when_one_is_killed() {
    let redis = TestRedis::start_locked().await;
    let (bot, mut ask) = (Receiver::start().await, Receiver::start().await);
    let api = Daemon::api(&redis).await;
    for (path, body) in [
        (
            "/api/destinations",
            json!({"name": "ask", "url": ask.url(), "timeout": 0.5}),
        ),
        ("/api/buffers", {
            let mut loja = buffer(json!({"after": 1.5}));
            loja["name"] = json!("loja");
            loja
        }),
    ] {
        let (status, answer) = api.post(path, body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let mut one = Daemon::monitor(&redis, &bot.url()).await;
    let _two = Daemon::monitor(&redis, &bot.url()).await;
    for user in 0..20 {
        say(&api, &format!("u{user}"), "oi", "1").await;
    }

    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    while ids.len() < 20 {
        let call = ask.call().await;
        if ids.is_empty() {
            one.kill();
        }
        // What was in the hands of the killed one may come again, but then under its id.
        let known = ids.entry(call.user()).or_insert_with(|| call.id());
        assert_eq!(*known, call.id());
        assert!(known.ends_with("-1"), "{known}");
        assert_eq!(call.messages(), ["oi"]);
    }

    all_over(&redis.store().await).await;
    for call in ask.calls_so_far() {
        assert_eq!(ids[&call.user()], call.id());
    }
}

#[tokio::test]
async fn it_says_what_its_template_makes_of_the_last_message() {
    let template =
        r#"{"to": {{ user }}, "phone": {{ phone }}, "why": {{ reason }}, "last": {{ text }}}"#;
    let (mut system, mut ask) = system(json!({"after": 1, "template": template})).await;
    system
        .buffer_of("loja", {
            let mut slow = buffer(json!({"after": 1, "template": template}));
            slow["window"]["wait"] = json!(1);
            slow
        })
        .await;

    say(&system.api, "ana", "oi", "1").await;
    say(&system.api, "ana", "tem azul?", "2").await;

    assert_eq!(system.default.call().await.messages(), ["oi", "tem azul?"]);
    assert_eq!(
        ask.call().await.json(),
        json!({"to": "ana", "phone": "5511", "why": "silence", "last": "tem azul?"})
    );
    let metric = r#"lull_batches_total{reason="silence"}"#;
    assert_eq!(system.monitor.metric(metric).await, 1.0);
}

#[tokio::test]
async fn whatever_is_new_takes_it_back_and_what_was_said_before_does_not() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;
    let mut slow = buffer(json!({"after": HOUR}));
    slow["window"]["wait"] = json!(60);
    system.buffer_of("loja", slow).await;

    say(&system.api, "ana", "oi", "1").await;
    let after_duplicate = system.store.follow_ups().find(&ana()).await.unwrap();
    let (_, later) = system.api.get("/api/messages/later?buffer=loja").await;
    let (_, whole) = system.api.get("/api/chats/ana?buffer=loja").await;
    say(&system.api, "ana", "ainda?", "2").await;
    let after_message = system.store.follow_ups().find(&ana()).await.unwrap();

    assert_eq!(after_duplicate.map(|waiting| waiting.number), Some(1));
    assert_eq!(later["items"], json!([]));
    assert_eq!(whole["follow_up"]["number"], 1, "{whole}");
    assert_eq!(after_message, None);
    // An operator who drops the window plans nothing.
    system.delete("/api/chats/ana?buffer=loja").await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn whoever_takes_over_takes_it_back() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;

    let path = "/api/chats/ana/pause?buffer=loja";
    let (status, answer) = system.api.post(path, json!({})).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(system.store.follow_ups().find(&ana()).await.unwrap(), None);
    // Who is left alone and writes all the same is heard, too.
    say(&system.api, "ana", "oi?", "2").await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn there_are_as_many_as_allowed_one_after_another() {
    let (mut system, mut ask) = system(json!({"after": 1, "max": 3})).await;
    say(&system.api, "ana", "oi", "1").await;

    let mut calls = Vec::new();
    while calls.len() < 3 {
        calls.push(ask.call().await);
    }

    all_over(&system.store).await;
    assert_eq!(ask.calls_so_far().len(), 0);
    for (number, call) in (1..).zip(&calls) {
        assert!(call.id().ends_with(&format!("-{number}")), "{}", call.id());
    }
    for pair in calls.windows(2) {
        assert!(pair[1].at - pair[0].at >= Duration::from_millis(990));
    }
    assert_eq!(system.default.call().await.messages(), ["oi"]);
    assert_eq!(system.default.calls_so_far().len(), 0);
}

#[tokio::test]
async fn one_that_is_not_delivered_is_a_dead_letter_and_the_last() {
    let (system, ask) = system(json!({"after": 1, "max": 3})).await;
    ask.answer(Answer::Status(410));

    say(&system.api, "ana", "oi", "1").await;

    eventually("it is buried", async || {
        let (_, page) = system
            .api
            .get("/api/messages/dead-letter?buffer=loja")
            .await;
        page["items"][0]["destination"] == "ask"
    })
    .await;
    all_over(&system.store).await;
}

#[tokio::test]
async fn outside_its_hours_it_waits_for_the_next_opening() {
    let hour = now() / 1000 / HOUR % 24;
    let between = format!("{:02}:00-{:02}:30", (hour + 2) % 24, (hour + 2) % 24);
    let (mut system, mut ask) =
        system(json!({"after": 1, "between": between, "timezone": "UTC"})).await;

    followed_up(&mut system).await;

    let opening =
        |at: u64| (at / 1000) % (24 * HOUR) == (hour + 2) % 24 * HOUR && at.is_multiple_of(1000);
    eventually("it is put off", async || {
        let waiting = system.store.follow_ups().find(&ana()).await.unwrap();
        waiting.is_some_and(|waiting| opening(waiting.at))
    })
    .await;
    assert_eq!(ask.calls_so_far().len(), 0);
}

#[tokio::test]
async fn while_its_buffer_is_stopped_it_waits_and_can_still_be_taken_back() {
    let (mut system, mut ask) = system(json!({"after": 2})).await;
    followed_up(&mut system).await;
    let order = |action: &str| json!({"action": action, "buffer": "loja"});
    let stopped = async |action: &str, count: usize| {
        let (status, answer) = system.api.post("/api/control", order(action)).await;
        assert_eq!(status, 200, "{answer}");
        eventually("the monitor goes by it", async || {
            let (_, health) = system.monitor.get("/api/health").await;
            health["stopped"]["buffers"].as_array().unwrap().len() == count
        })
        .await;
    };

    stopped("stop", 1).await;
    let waiting = system
        .store
        .follow_ups()
        .find(&ana())
        .await
        .unwrap()
        .unwrap();
    eventually("it has been due for a while", async || {
        system.store.clock().now().await.unwrap() > waiting.at + 1000
    })
    .await;
    assert_eq!(ask.calls_so_far().len(), 0);
    assert_eq!(
        system.store.follow_ups().find(&ana()).await.unwrap(),
        Some(waiting)
    );

    stopped("start", 0).await;
    assert_eq!(ask.call().await.user(), "ana");
}

#[tokio::test]
async fn it_is_dropped_when_its_buffer_wants_none_any_more_or_goes() {
    let (mut system, mut ask) = system(json!({"after": 1})).await;
    followed_up(&mut system).await;
    system
        .buffer_of("loja", json!({"window": {"wait": 0.1}}))
        .await;
    all_over(&system.store).await;
    assert!(ask.calls_so_far().len() <= 1);

    system
        .buffer_of("loja", buffer(json!({"after": HOUR})))
        .await;
    say(&system.api, "ana", "oi", "2").await;
    planned(&system.store, &ana(), true).await;
    let (status, answer) = system.delete(BUFFER).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(system.store.follow_ups().find(&ana()).await.unwrap(), None);
}

#[tokio::test]
async fn erasing_its_chat_erases_it() {
    let (mut system, _ask) = system(json!({"after": HOUR})).await;
    followed_up(&mut system).await;

    let path = "/api/chats/ana?buffer=loja&everything=true";
    let (status, answer) = system.delete(path).await;

    assert_eq!(status, 200, "{answer}");
    all_over(&system.store).await;
    let items = system.redis.keys("lull:*later*").await;
    assert_eq!(items, Vec::<String>::new());
}

#[tokio::test]
async fn in_an_ordered_buffer_each_chat_has_its_own() {
    let (mut system, mut ask) = system(json!({"after": 1})).await;
    let mut ordered = buffer(json!({"after": 1}));
    ordered["order"] = json!("buffer");
    system.buffer_of("loja", ordered).await;
    let users = ["ana", "eva", "a b"];

    for user in users {
        say(&system.api, user, user, "1").await;
    }

    for _ in users {
        let call = ask.call().await;
        assert_eq!(call.messages(), [call.user()]);
        system.default.call().await;
    }
    all_over(&system.store).await;
    assert_eq!(ask.calls_so_far().len(), 0);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let (system, _ask) = system(json!({"after": HOUR})).await;
    for (follow_up, words) in [
        (json!({}), "follow_up.after: "),
        (
            json!({"after": HOUR, "destination": "none"}),
            "follow_up.destination: there is no destination none",
        ),
        (
            json!({"after": HOUR, "between": "8-20"}),
            "follow_up.between: must be two different times",
        ),
        (
            json!({"after": HOUR, "timezone": "x"}),
            "follow_up.timezone: ",
        ),
        (json!({"after": HOUR, "max": 0}), "follow_up.max: "),
        (
            json!({"after": HOUR, "often": 1}),
            "follow_up.often: unknown field",
        ),
        (
            json!({"after": HOUR, "template": "{\n{{ user"}),
            "follow_up.template: the template is broken in line 2",
        ),
        (
            json!({"after": HOUR, "template": "{{ user }} there"}),
            "follow_up.template: what the template makes is not JSON",
        ),
    ] {
        let (status, answer) = system.put(BUFFER, buffer(follow_up)).await;
        assert_eq!(status, 400, "{answer}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(words), "{error}");
    }
    let (status, answer) = system.delete("/api/destinations/ask").await;
    assert_eq!(status, 409, "{answer}");
    assert!(
        answer["error"].as_str().unwrap().contains("loja"),
        "{answer}"
    );
}

/// The lane of a chat, one batch of which is leased, under rules of a buffer with follow-ups.
async fn leased(store: &Store) -> Lease {
    append(store).await;
    let chat = &lane("ana").chat;
    store
        .windows()
        .flush(chat, &BatchId::generate(), &destinations())
        .await
        .unwrap();
    store
        .lanes()
        .lease(&lane("ana"), LEASES)
        .await
        .unwrap()
        .unwrap()
}

async fn append(store: &Store) {
    let rules = WindowRules {
        followed_up: true,
        ..RULES
    };
    let said = item("oi");
    let message = NewMessage::plain(&said, LONG);
    store
        .windows()
        .append(&lane("ana").chat, message, &rules, &destinations())
        .await
        .unwrap();
}

async fn settle(store: &Store, lease: &Lease) -> Settled {
    let plan = FollowUpPlan {
        after: LONG,
        number: 1,
        came: 1,
        item: item("oi"),
        life: Life::ALWAYS,
    };
    let verdict = Verdict::DropAndFollowUp { plan };
    store
        .lanes()
        .settle(lease, &verdict, None, &RETENTION)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_said_while_a_batch_is_on_its_way_leaves_nothing_to_follow_up() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let first = leased(&store).await;
    append(&store).await;

    settle(&store, &first).await;
    assert_eq!(store.follow_ups().find(chat).await.unwrap(), None);

    let second = leased(&store).await;
    settle(&store, &second).await;
    assert!(store.follow_ups().find(chat).await.unwrap().is_some());

    let third = leased(&store).await;
    store
        .chats()
        .pause(chat, Life::ALWAYS, LONG, &Pauser::OwnMessage)
        .await
        .unwrap();
    settle(&store, &third).await;
    assert_eq!(store.follow_ups().find(chat).await.unwrap(), None);
}

#[tokio::test]
async fn only_one_monitor_sends_it_and_none_what_was_taken_back() {
    let redis = TestRedis::start().await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let [to] = destinations();
    settle(&store, &leased(&store).await).await;
    let waiting = store.follow_ups().find(chat).await.unwrap().unwrap();
    let send = async |waiting| {
        let sent = store.follow_ups().send(chat, Life::ALWAYS, waiting, &to);
        sent.await.unwrap()
    };

    assert!(
        store
            .follow_ups()
            .put_off(chat, Life::ALWAYS, waiting, &to, 7)
            .await
            .unwrap()
    );
    assert!(!send(waiting).await);
    let moved = store.follow_ups().find(chat).await.unwrap().unwrap();
    assert!(send(moved).await);
    assert!(!send(moved).await);
    assert_eq!(store.lanes().count_to(&to.name).await.unwrap(), 1);

    let sent = store
        .lanes()
        .lease(&lane("ana"), LEASES)
        .await
        .unwrap()
        .unwrap();
    settle(&store, &sent).await;
    let waiting = store.follow_ups().find(chat).await.unwrap().unwrap();
    append(&store).await;
    assert!(!send(waiting).await);
    assert_eq!(store.lanes().count_to(&to.name).await.unwrap(), 0);
}

/// So many that some of them happen within one millisecond.
const ROUNDS: usize = 200;

#[tokio::test]
async fn what_is_said_is_told_from_what_was_said_before_within_one_millisecond() {
    let redis = TestRedis::start_with(&["--appendonly", "no"]).await;
    let store = redis.store().await;
    let chat = &lane("ana").chat;
    let close = async || {
        let to = destinations();
        let closing = store.windows().flush(chat, &BatchId::generate(), &to).await;
        closing.unwrap();
    };
    let deliver = async || {
        let lease = store
            .lanes()
            .lease(&lane("ana"), LEASES)
            .await
            .unwrap()
            .unwrap();
        settle(&store, &lease).await;
        store.follow_ups().find(chat).await.unwrap()
    };
    for _ in 0..ROUNDS {
        append(&store).await;
        close().await;
        append(&store).await;
        let lease = store
            .lanes()
            .lease(&lane("ana"), LEASES)
            .await
            .unwrap()
            .unwrap();
        settle(&store, &lease).await;
        assert_eq!(
            store.follow_ups().find(chat).await.unwrap(),
            None,
            "it was answered"
        );
        append(&store).await;
        close().await;
        let waiting = deliver().await.unwrap();

        let [to] = destinations();
        let sent = store.follow_ups().send(chat, Life::ALWAYS, waiting, &to);
        assert!(sent.await.unwrap());
        append(&store).await;
        assert_eq!(deliver().await, None, "the follow-up was answered");
        store.windows().cancel(chat).await.unwrap();
        let now = When::In(Duration::ZERO);
        let (id, said) = (BatchId::generate(), item("oi"));
        let kept = store
            .scheduled()
            .keep(chat, Life::ALWAYS, id.as_str(), &said, now);
        kept.await.unwrap();
        let name = Name::default_name();
        store
            .scheduled()
            .send_all(&name, &destinations(), None)
            .await
            .unwrap();
        append(&store).await;
        assert_eq!(deliver().await, None, "a message for later was answered");
        store.windows().cancel(chat).await.unwrap();
    }
}
