//! What happens to the processes and to the receivers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chrono::DateTime;
use fastrand::Rng;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::checker::{Heard, What};
use crate::support::receiver::Call;
use crate::support::{Answer, Daemon, Receiver, TestRedis};
use crate::traffic::Client;
use crate::{BATCH, EVERY};

/// Where the apis of this moment are.
pub(crate) type Doors = Rc<RefCell<Vec<String>>>;

const APIS: usize = 2;
const MONITORS: usize = 3;

/// Leases are 10 s longer than a call may take; what is cut off waits for that.
const SETTINGS: [(&str, &str); 5] = [
    ("WEBHOOK_TIMEOUT", "1"),
    ("RETRY_FIRST", "0.05"),
    ("RETRY_CAP", "0.5"),
    ("LOG_LEVEL", "warn"),
    ("MAX_WAIT", "10"),
];

/// Everything that runs.
pub(crate) struct House {
    redis: TestRedis,
    apis: Vec<Daemon>,
    monitors: Vec<Daemon>,
    doors: Doors,
    rng: Rng,
    /// Of the environment, of the ordered buffer with a pace, of single messages, and of schedules.
    receivers: [Receiver; 4],
    did: BTreeMap<&'static str, usize>,
}

impl House {
    pub(crate) async fn open(seed: u64) -> Self {
        let redis = TestRedis::start().await;
        let receivers = [
            Receiver::start().await,
            Receiver::start().await,
            Receiver::start().await,
            Receiver::start().await,
        ];
        let mut house = Self {
            redis,
            apis: Vec::new(),
            monitors: Vec::new(),
            doors: Doors::default(),
            rng: Rng::with_seed(seed),
            receivers,
            did: BTreeMap::new(),
        };
        for _ in 0..APIS {
            let api = house.api().await;
            house.apis.push(api);
        }
        for _ in 0..MONITORS {
            let monitor = house.monitor().await;
            house.monitors.push(monitor);
        }
        house.open_doors();
        house
    }

    async fn api(&self) -> Daemon {
        Daemon::api_with(&self.redis, &SETTINGS).await
    }

    async fn monitor(&self) -> Daemon {
        Daemon::monitor_with(&self.redis, &self.receivers[0].url(), &SETTINGS).await
    }

    fn open_doors(&self) {
        *self.doors.borrow_mut() = self.apis.iter().map(|api| api.url("")).collect();
    }

    pub(crate) fn doors(&self) -> Doors {
        self.doors.clone()
    }

    pub(crate) fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// Writes what is needed beside the environment.
    pub(crate) async fn configure(&self, client: &Client) {
        let retry = json!({"first": 0.05, "cap": 0.5});
        let pace = json!({"every": EVERY.as_secs_f64(), "batch": BATCH});
        let [_, paced, split, scheduled] = self.receivers.each_ref().map(Receiver::url);
        let paced = json!({"url": paced, "timeout": 1, "retry": retry, "pace": pace});
        let split = json!({"url": split, "timeout": 1, "retry": retry, "split": true});
        client.configure(paced, split, &scheduled).await;
    }

    /// Does one thing after the other until then, and undoes all of it; answers how often it did what.
    pub(crate) async fn suffer(&mut self, until: Instant) -> String {
        while Instant::now() < until {
            self.one_thing().await;
            sleep(Duration::from_millis(self.rng.u64(100..1200))).await;
        }
        for receiver in &self.receivers {
            receiver.answer(Answer::Status(200));
        }
        let did = self
            .did
            .iter()
            .map(|(what, times)| format!("{times} × {what}"));
        did.collect::<Vec<_>>().join(", ")
    }

    async fn one_thing(&mut self) {
        let what = match self.rng.u8(..20) {
            0..5 => {
                let which = self.rng.usize(..MONITORS);
                self.monitors[which].kill();
                self.monitors[which] = self.monitor().await;
                "a monitor killed"
            }
            5..7 => {
                let which = self.rng.usize(..APIS);
                self.apis[which].kill();
                self.apis[which] = self.api().await;
                self.open_doors();
                "an api killed"
            }
            7..9 => {
                let which = self.rng.usize(..MONITORS);
                self.monitors[which].stop().await;
                self.monitors[which] = self.monitor().await;
                "a monitor told to stop"
            }
            9 => {
                let which = self.rng.usize(..APIS);
                self.apis[which].stop().await;
                self.apis[which] = self.api().await;
                self.open_doors();
                "an api told to stop"
            }
            10..14 => self.freeze().await,
            14 => {
                self.redis.signal(Signal::SIGSTOP);
                sleep(Duration::from_millis(self.rng.u64(200..1500))).await;
                self.redis.signal(Signal::SIGCONT);
                "Redis frozen"
            }
            15 => {
                self.redis.kill();
                sleep(Duration::from_millis(self.rng.u64(..500))).await;
                self.redis.start_again().await;
                "Redis killed"
            }
            _ => {
                let answers = [Answer::Status(500), Answer::Reset, Answer::Silence];
                let answer = self.rng.choice(answers).unwrap();
                let which = self.rng.usize(..self.receivers.len());
                self.receivers[which].answer(answer);
                sleep(Duration::from_millis(self.rng.u64(200..2500))).await;
                self.receivers[which].answer(Answer::Status(200));
                "a receiver out of order"
            }
        };
        *self.did.entry(what).or_default() += 1;
    }

    /// One daemon stands still while another is killed, or Redis is.
    async fn freeze(&mut self) -> &'static str {
        let (which, api) = (self.rng.usize(..MONITORS), self.rng.bool());
        let length = Duration::from_millis(self.rng.u64(200..4000));
        let also = self.rng.bool();
        let frozen = if api {
            &self.apis[which % APIS]
        } else {
            &self.monitors[which]
        };
        frozen.signal(Signal::SIGSTOP);
        if also {
            let other = (which + 1) % MONITORS;
            self.monitors[other].kill();
            self.monitors[other] = self.monitor().await;
        }
        sleep(length).await;
        let frozen = if api {
            &self.apis[which % APIS]
        } else {
            &self.monitors[which]
        };
        frozen.signal(Signal::SIGCONT);
        if api {
            "an api frozen"
        } else {
            "a monitor frozen"
        }
    }

    /// All calls that came.
    pub(crate) fn heard(&mut self) -> Vec<Heard> {
        let receivers = self.receivers.iter_mut();
        receivers
            .flat_map(Receiver::calls_so_far)
            .map(|call| heard(&call))
            .collect()
    }
}

fn heard(call: &Call) -> Heard {
    let json = call.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let (chat, what) = if json["due"].is_string() {
        let due = DateTime::parse_from_rfc3339(&text("due")).unwrap();
        (text("name"), What::Run(due.timestamp()))
    } else {
        let list: &Vec<Value> = json["messages"].as_array().unwrap();
        let numbers = list.iter().map(|text| text.as_str().unwrap().parse());
        (
            text("user"),
            What::Messages(numbers.map(Result::unwrap).collect()),
        )
    };
    // When it was closed stands in each; but not when it was sent.
    Heard {
        id: call.id(),
        chat,
        body: call.body.clone(),
        what,
    }
}
