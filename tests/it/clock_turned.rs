//! Redis's clock is turned while Redis and the daemons run: back or ahead, by an hour or a day, there and back again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis::AsyncCommands;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::receiver::Call;
use crate::support::{Answer, Daemon, Receiver, TestRedis, eventually};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const BACK: &str = "Redis's clock was set back by";
const AHEAD: &str = "Redis's clock went ahead by";

/// What waits in these tests waits so long: long enough that the clock is turned meanwhile.
const WAIT: f64 = 4.0;
/// Nothing may leave sooner after it was posted: a turn is measured by looks that lie half a second apart.
const NOT_BEFORE: Duration = Duration::from_secs(3);

/// Not now, but in [`WAIT`].
const AGAIN: Answer = Answer::Full(503, "Retry-After: 4\r\n", "");

/// An api and two monitors on a Redis whose clock can be turned, and all that can be delivered to.
struct Undeliverable {
    redis: TestRedis,
    api: Daemon,
    monitors: Vec<Daemon>,
    bot: Receiver,
    ask: Receiver,
    paced: Receiver,
    ticks: Receiver,
}

impl Undeliverable {
    /// The first call to the bot fails, and says when to come again: by chance it would be at once.
    async fn open() -> Self {
        let redis = TestRedis::start_turnable().await;
        let api = Daemon::api(&redis).await;
        let mut system = Self {
            bot: Receiver::answering(&[AGAIN], Answer::Status(200)).await,
            ask: Receiver::start().await,
            paced: Receiver::start().await,
            ticks: Receiver::start().await,
            monitors: Vec::new(),
            redis,
            api,
        };
        let pace = json!({"every": 1, "batch": 2});
        system
            .put("destinations/ask", json!({"url": system.ask.url()}))
            .await;
        system
            .put(
                "destinations/paced",
                json!({"url": system.paced.url(), "pace": pace}),
            )
            .await;
        system
            .put(
                "buffers/asked",
                json!({
                    "window": {"wait": 0.1},
                    "follow_up": {"after": WAIT, "destination": "ask"},
                }),
            )
            .await;
        system
            .put(
                "buffers/paced",
                json!({"window": {"wait": 0.1}, "order": "buffer", "destinations": ["paced"]}),
            )
            .await;
        system.begin().await;
        system.begin().await;
        system.noted().await;
        system
    }

    async fn begin(&mut self) {
        let settings = [("RETRY_FIRST", "4"), ("RETRY_CAP", "4")];
        let monitor = Daemon::monitor_with(&self.redis, &self.bot.url(), &settings).await;
        self.monitors.push(monitor);
    }

    async fn put(&self, what: &str, body: Value) {
        let path = format!("/api/{what}");
        let (status, answer) = self.api.request(Method::PUT, &path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.api.post(path, body).await;
        assert!(status.is_success(), "{answer}");
        answer
    }

    /// Waits until somebody has noted the clock.
    async fn noted(&self) {
        eventually("the clock is noted", async || {
            !self.redis.keys("lull:{config}:clock").await.is_empty()
        })
        .await;
    }

    /// Waits until a line of some monitor says so.
    async fn logged(&self, words: &str) {
        eventually(words, async || {
            let mut monitors = self.monitors.iter();
            monitors.any(|monitor| monitor.log().contains(words))
        })
        .await;
    }

    /// Waits until each monitor has said so this often.
    async fn each_logged(&self, words: &str, times: usize) {
        eventually(words, async || {
            let mut monitors = self.monitors.iter();
            monitors.all(|monitor| monitor.log().matches(words).count() == times)
        })
        .await;
    }

    /// A little of everything that waits. Answers when that was.
    async fn fill(&mut self) -> Instant {
        // It fails, and is to be tried again.
        self.api.say("retried", "hi", 0.1).await;
        assert_eq!(self.bot.call().await.user(), "retried");
        let asked = json!({"user": "silent", "message": "hi"});
        self.post("/api/buffers/asked/messages", asked).await;
        assert_eq!(self.bot.call().await.user(), "silent");
        self.settled().await;
        let began = Instant::now();
        self.api.say("typing", "one", WAIT).await;
        let later = json!({"user": "delayed", "message": "hi", "delay": WAIT});
        self.post("/api/message", later).await;
        let pause = json!({"for": WAIT});
        self.post("/api/chats/paused/pause", pause).await;
        for number in 0..12 {
            let paced = json!({"user": "paced", "message": number.to_string()});
            self.post("/api/buffers/paced/messages", paced).await;
        }
        began
    }

    /// Waits until the first calls are settled: a retry and a follow-up wait.
    async fn settled(&self) {
        eventually("a retry and a follow-up wait", async || {
            let mut tokens = Vec::new();
            for head in self.redis.keys("lull:*:head:default:*").await {
                let token: bool = self.redis.raw().await.hexists(head, "token").await.unwrap();
                tokens.push(token);
            }
            tokens == [false] && self.redis.keys("lull:*:later").await.len() == 1
        })
        .await;
    }

    /// Waits for all of it, and holds each call against what is promised of it.
    async fn emptied(&mut self, began: Instant) {
        let mut calls: BTreeMap<String, Call> = BTreeMap::new();
        while calls.len() < 3 {
            let call = self.bot.call().await;
            let twice = calls.insert(call.user(), call);
            assert!(twice.is_none(), "{twice:?}");
        }
        for user in ["delayed", "typing"] {
            let waited = calls[user].at - began;
            assert!(waited >= NOT_BEFORE, "{user}: {waited:?}");
        }
        assert_eq!(calls["retried"].messages(), ["hi"]);
        let asked = self.ask.call().await;
        assert_eq!(asked.user(), "silent");
        assert!(asked.at - began >= NOT_BEFORE);
        // Windows of a paced chat may hold several messages; none is lost, doubled or overtaken.
        let mut said = Vec::new();
        while said.len() < 12 {
            said.extend(self.paced.call().await.messages());
        }
        let expected: Vec<_> = (0..12).map(|number| number.to_string()).collect();
        assert_eq!(said, expected);
        eventually("the pause ends", async || {
            let said = json!({"user": "paused", "message": "hi", "ttl": 0.1});
            self.post("/api/message", said).await["paused"] != true
        })
        .await;
        assert!(began.elapsed() >= NOT_BEFORE);
        assert_eq!(self.bot.call().await.user(), "paused");
    }

    /// Nothing came more than once, and nothing is left.
    async fn all_over(&mut self) {
        eventually("nothing is left", async || {
            let waiting = [
                "lull:*:window:*",
                "lull:*:lane:default:*",
                "lull:*:lane:paced:*",
            ];
            for pattern in waiting {
                if !self.redis.keys(pattern).await.is_empty() {
                    return false;
                }
            }
            true
        })
        .await;
        for receiver in [&mut self.bot, &mut self.ask, &mut self.paced] {
            let more = receiver.calls_so_far();
            assert!(more.is_empty(), "{more:?}");
        }
    }
}

async fn what_waits_goes_on_when_turned_back(by: Duration) {
    let mut system = Undeliverable::open().await;
    let began = system.fill().await;

    system.redis.clock().back(by);

    system.logged(BACK).await;
    system.emptied(began).await;
    system.all_over().await;
}

#[tokio::test]
async fn what_waits_goes_on_when_the_clock_is_turned_back_an_hour() {
    what_waits_goes_on_when_turned_back(HOUR).await;
}

#[tokio::test]
async fn what_waits_goes_on_when_the_clock_is_turned_back_a_day() {
    what_waits_goes_on_when_turned_back(DAY).await;
}

#[tokio::test]
async fn what_is_due_is_closed_when_the_clock_is_turned_ahead() {
    for by in [HOUR, DAY] {
        let mut system = Undeliverable::open().await;
        system.api.say("ana", "one", 1800.0).await;
        system.api.say("ana", "two", 1800.0).await;
        let later = json!({"user": "delayed", "message": "hi", "delay": 1800});
        system.post("/api/message", later).await;

        system.redis.clock().ahead(by);

        let mut calls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for _ in 0..3 {
            // The first of all is refused, and comes again.
            let call = system.bot.call().await;
            calls.insert(call.user(), call.messages());
        }
        assert_eq!(calls["ana"], ["one", "two"]);
        assert_eq!(calls["delayed"], ["hi"]);
        system.logged(AHEAD).await;
        system.all_over().await;
    }
}

#[tokio::test]
async fn the_clock_may_be_turned_back_and_ahead_twice() {
    let mut system = Undeliverable::open().await;
    system.bot.answer(Answer::Status(200));
    for round in 0..2 {
        // What lasts for less than half a second is no turn: nobody looks meanwhile.
        system.each_logged(AHEAD, round).await;
        for back in [true, false] {
            let user = format!("user-{round}-{back}");
            let began = Instant::now();
            system.api.say(&user, "hi", WAIT).await;
            if back {
                system.redis.clock().back(HOUR);
                let call = system.bot.call().await;
                assert_eq!(call.user(), user);
                assert!(call.at - began >= NOT_BEFORE);
            } else {
                system.redis.clock().ahead(HOUR);
                assert_eq!(system.bot.call().await.user(), user);
            }
        }
    }
    system.all_over().await;
}

#[tokio::test]
async fn a_schedule_runs_on_when_the_clock_is_turned_and_no_time_comes_twice() {
    let mut system = Undeliverable::open().await;
    let schedule = json!({
        "name": "tick", "cron": "* * * * * *", "url": system.ticks.url(), "body": "{\"due\": \"{{ due }}\"}",
    });
    system.post("/api/schedules", schedule).await;
    let mut due = vec![system.ticks.call().await.body];

    system.redis.clock().back(HOUR);
    system.logged(BACK).await;
    for _ in 0..3 {
        due.push(system.ticks.call().await.body);
    }

    system.redis.clock().ahead(HOUR);
    system.logged(AHEAD).await;
    for _ in 0..3 {
        due.push(system.ticks.call().await.body);
    }
    let count = due.len();
    due.sort();
    due.dedup();
    assert_eq!(due.len(), count);
}

#[tokio::test]
async fn a_turn_while_no_monitor_runs_is_found_by_the_next() {
    let mut system = Undeliverable::open().await;
    let began = system.fill().await;
    for mut monitor in system.monitors.drain(..) {
        assert!(monitor.stop().await.success());
    }

    system.redis.clock().back(DAY);
    system.begin().await;

    system.logged(BACK).await;
    system.emptied(began).await;
    system.all_over().await;
}

#[tokio::test]
async fn a_slew_of_less_than_a_second_changes_nothing() {
    let mut system = Undeliverable::open().await;
    system.bot.answer(Answer::Status(200));
    let began = Instant::now();
    system.api.say("ana", "hi", WAIT).await;

    system.redis.clock().back(Duration::from_millis(400));
    system.redis.clock().ahead(Duration::from_millis(300));
    system.redis.clock().back(Duration::from_millis(400));

    let call = system.bot.call().await;
    assert_eq!(call.user(), "ana");
    assert!(call.at - began >= NOT_BEFORE);
    for monitor in &system.monitors {
        let log = monitor.log();
        assert!(!log.contains(BACK) && !log.contains(AHEAD), "{log}");
    }
    let moved = system.redis.keys("lull:*:moved").await;
    assert!(moved.is_empty(), "{moved:?}");
}

#[tokio::test]
async fn an_id_counts_as_seen_and_pauses_end_with_a_word_when_the_clock_is_turned_ahead() {
    for by in [HOUR, 2 * DAY] {
        let mut system = Undeliverable::open().await;
        system.bot.answer(Answer::Status(200));
        for user in ["ana", "bia"] {
            let pause = json!({"for": 1800});
            system
                .post(&format!("/api/chats/{user}/pause"), pause)
                .await;
        }
        let long = json!({"for": 604_800});
        system.post("/api/chats/eva/pause", long).await;
        let message = json!({"user": "leo", "message": "hi", "ttl": 0.1, "message_id": "3EB0"});
        system.post("/api/message", message.clone()).await;
        system.bot.call().await;
        let later = json!({"user": "rui", "message": "hi", "delay": 0.1, "message_id": "3EB1"});
        system.post("/api/message", later.clone()).await;
        system.bot.call().await;

        system.redis.clock().ahead(by);
        system.each_logged(AHEAD, 1).await;
        system.each_logged("so do 2 pauses", 1).await;
        eventually("the api has seen it", async || {
            system.api.log().contains(AHEAD)
        })
        .await;

        for message in [message, later] {
            assert_eq!(
                system.post("/api/message", message).await["duplicate"],
                true
            );
        }
        let paused = json!({"user": "eva", "message": "hi"});
        assert_eq!(system.post("/api/message", paused).await["paused"], true);
        system.all_over().await;
    }
}
