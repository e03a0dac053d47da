//! Who says what, by clients that say it again under its id until somebody has answered for it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use fastrand::Rng;
use futures_util::future::join_all;
use reqwest::{Client as Http, Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::chaos::Doors;
use crate::checker::{Fate, Said, Scheduled};
use crate::remains::Remains;
use crate::support::daemon::with_key;

/// A client that hears nothing for so long asks somebody else.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(100);
/// No message is tried for longer than that: whatever was done is undone long before.
const LONGEST: Duration = Duration::from_secs(60);
/// The schedules, which run every second.
const SCHEDULES: [&str; 2] = ["tick", "tock"];

/// Where a chat's messages are posted, and what may become of them.
#[derive(Clone, Copy)]
struct Talk {
    buffer: &'static str,
    chats: usize,
    /// Between two messages of a chat, ms.
    every: u64,
    /// Its chats are paused now and then.
    paused: bool,
}

const TALKS: [Talk; 5] = [
    Talk {
        buffer: "default",
        chats: 6,
        every: 400,
        paused: false,
    },
    // Slower than its pace, or it would never end.
    Talk {
        buffer: "fila",
        chats: 3,
        every: 2500,
        paused: false,
    },
    Talk {
        buffer: "cada",
        chats: 4,
        every: 800,
        paused: false,
    },
    // It is removed and made again all the time.
    Talk {
        buffer: "vai",
        chats: 4,
        every: 500,
        paused: false,
    },
    Talk {
        buffer: "default",
        chats: 2,
        every: 500,
        paused: true,
    },
];

/// All clients.
pub(crate) struct Client {
    http: Http,
    doors: Doors,
    seed: u64,
    said: RefCell<Vec<Said>>,
    next: Cell<u64>,
    schedules: RefCell<Vec<Scheduled>>,
}

impl Client {
    pub(crate) fn new(seed: u64, doors: Doors) -> Self {
        let (_, key) = with_key(&[]);
        let http = Http::builder().default_headers(key).timeout(PATIENCE);
        Self {
            http: http.build().unwrap(),
            doors,
            seed,
            said: RefCell::default(),
            next: Cell::new(1),
            schedules: RefCell::default(),
        }
    }

    /// What was said, and what is known of it.
    pub(crate) fn ledger(&self) -> Vec<Said> {
        self.said.borrow().clone()
    }

    /// When schedules must have run.
    pub(crate) fn schedules(&self) -> Vec<Scheduled> {
        self.schedules.borrow().clone()
    }

    /// Says things in all chats, and works as an operator, until then.
    pub(crate) async fn talk(&self, until: Instant) {
        let mut chats = Vec::new();
        for talk in TALKS {
            for number in 0..talk.chats {
                let kind = if talk.paused { "pausa" } else { talk.buffer };
                let chat = format!("{kind}-{number}");
                chats.push(self.talk_in(talk, chat, until));
            }
        }
        tokio::join!(
            join_all(chats),
            self.pause(until),
            self.change(until),
            self.remove(until)
        );
    }

    async fn talk_in(&self, talk: Talk, chat: String, until: Instant) {
        let mut rng = self.rng(&chat);
        while Instant::now() < until {
            sleep(Duration::from_millis(rng.u64(..2 * talk.every))).await;
            self.say(talk, &chat, &mut rng).await;
        }
    }

    /// Says one thing until it is known what became of it.
    async fn say(&self, talk: Talk, chat: &str, rng: &mut Rng) {
        let number = self.next.replace(self.next.get() + 1);
        let later = rng.u8(..10) == 0;
        let mut body = json!({
            "user": chat, "message": number.to_string(), "message_id": format!("m{number}"),
        });
        if later {
            body["delay"] = json!(rng.u64(500..3000) as f64 / 1000.0);
        } else if talk.buffer == "default" {
            body["ttl"] = json!(rng.u64(200..1500) as f64 / 1000.0);
        }
        let path = match talk.buffer {
            "default" => "/api/message".to_owned(),
            buffer => format!("/api/buffers/{buffer}/messages"),
        };
        let began = Instant::now();
        let mut unheard = false;
        let fate = loop {
            match self.send(Method::POST, &path, Some(&body), rng).await {
                Some((status, _)) if status.is_success() => {
                    break if talk.paused {
                        Fate::MayBeDropped
                    } else {
                        Fate::Taken
                    };
                }
                Some((status, _)) if is_refusal(status) => {
                    break if unheard {
                        Fate::Unknown
                    } else {
                        Fate::Refused
                    };
                }
                // An answer of 503 may come after it was stored, too.
                _ => unheard = true,
            }
            assert!(began.elapsed() < LONGEST, "nobody takes {number} of {chat}");
            sleep(PAUSE).await;
        };
        self.said.borrow_mut().push(Said {
            number,
            chat: chat.to_owned(),
            fate,
            later,
        });
    }

    /// Pauses and resumes chats.
    async fn pause(&self, until: Instant) {
        let mut rng = self.rng("pause");
        while Instant::now() < until {
            sleep(Duration::from_millis(rng.u64(500..3000))).await;
            let chat = format!("pausa-{}", rng.u8(..2));
            let (path, body) = if rng.bool() {
                (format!("/api/chats/{chat}/pause"), json!({"for": 2}))
            } else {
                (format!("/api/chats/{chat}/resume"), json!({}))
            };
            let _ = self.send(Method::POST, &path, Some(&body), &mut rng).await;
        }
    }

    /// Changes what is configured.
    async fn change(&self, until: Instant) {
        let mut rng = self.rng("change");
        while Instant::now() < until {
            sleep(Duration::from_millis(rng.u64(500..2500))).await;
            let wait = f64::from(rng.u8(2..10)) / 10.0;
            let (path, body) = match rng.u8(..3) {
                0 => ("/api/buffers/fila", fila(wait)),
                1 => ("/api/buffers/cada", cada(wait)),
                _ => {
                    let (name, about) = (rng.choice(SCHEDULES).unwrap(), wait.to_string());
                    let body = json!({ "description": about });
                    let path = format!("/api/schedules/{name}");
                    let _ = self.send(Method::PUT, &path, Some(&body), &mut rng).await;
                    continue;
                }
            };
            let _ = self.send(Method::PUT, path, Some(&body), &mut rng).await;
        }
    }

    /// Removes a buffer in which people talk, and makes it again.
    async fn remove(&self, until: Instant) {
        let mut rng = self.rng("remove");
        while Instant::now() < until {
            self.insist(Method::PUT, "/api/buffers/vai", &vai(), &mut rng)
                .await;
            sleep(Duration::from_millis(rng.u64(1000..4000))).await;
            let drain = "/api/buffers/vai?drain=true";
            self.insist(Method::DELETE, drain, &Value::Null, &mut rng)
                .await;
        }
    }

    /// Asks until it is done, or there is nothing to do.
    pub(crate) async fn insist(&self, method: Method, path: &str, body: &Value, rng: &mut Rng) {
        let began = Instant::now();
        let body = Some(body).filter(|body| !body.is_null());
        loop {
            let answer = self.send(method.clone(), path, body, rng).await;
            match answer {
                Some((StatusCode::ACCEPTED, _)) | None => {}
                Some((status, _)) if status.is_success() => return,
                Some((StatusCode::NOT_FOUND, _)) if method == Method::DELETE => return,
                Some(_) => {}
            }
            assert!(began.elapsed() < LONGEST, "{method} {path}: {answer:?}");
            sleep(PAUSE).await;
        }
    }

    /// One request to any api.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        rng: &mut Rng,
    ) -> Option<(StatusCode, String)> {
        let door = rng.choice(self.doors.borrow().iter().cloned())?;
        let mut request = self.http.request(method, format!("{door}{path}"));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        Some((status, answer.text().await.ok()?))
    }

    pub(crate) fn rng(&self, what: &str) -> Rng {
        let what = what.bytes().fold(self.seed, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.into())
        });
        Rng::with_seed(what)
    }

    /// Writes the buffers, the destinations and the schedules.
    pub(crate) async fn configure(&self, paced: Value, split: Value, scheduled: &str) {
        let mut rng = self.rng("configure");
        let body = r#"{"due": "{{ due }}", "name": {{ schedule }}}"#;
        let run = json!({"cron": "* * * * * *", "url": scheduled, "body": body, "timeout": 1});
        for (path, body) in [
            ("/api/destinations/saida", &paced),
            ("/api/destinations/partes", &split),
            ("/api/buffers/fila", &fila(0.5)),
            ("/api/buffers/cada", &cada(0.5)),
            ("/api/schedules/tick", &run),
            ("/api/schedules/tock", &run),
        ] {
            self.insist(Method::PUT, path, body, &mut rng).await;
        }
    }

    /// Lets schedules catch up, notes until when they must have run, and ends them.
    pub(crate) async fn end_schedules(&self, remains: &Remains) {
        let mut rng = self.rng("end");
        let until = remains.second().await;
        // What may still be on its lane then is newer.
        remains.ran_beyond(until + 2, &SCHEDULES).await;
        for name in SCHEDULES {
            self.schedules.borrow_mut().push(Scheduled {
                name: name.to_owned(),
                until,
            });
            let path = format!("/api/schedules/{name}");
            self.insist(Method::DELETE, &path, &Value::Null, &mut rng)
                .await;
        }
    }
}

fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error()
        && status != StatusCode::TOO_MANY_REQUESTS
        && status != StatusCode::REQUEST_TIMEOUT
}

fn fila(wait: f64) -> Value {
    json!({"order": "buffer", "window": {"wait": wait}, "destinations": ["saida"]})
}

fn cada(wait: f64) -> Value {
    json!({"window": {"wait": wait}, "destinations": ["partes"]})
}

fn vai() -> Value {
    json!({"window": {"wait": 0.5}, "destinations": ["default"]})
}
