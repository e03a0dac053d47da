//! The examples of the papers, as their readers try them: each `curl` to api is sent, and answered as the page says.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use reqwest::Method;
use tokio::time::{sleep, timeout};

use super::{page, pages};
use crate::support::daemon::NO_KEY;
use crate::support::{Answer, DEADLINE, Daemon, Receiver, TestRedis};

/// Where the papers have api, and a destination.
const API: &str = "http://127.0.0.1:5000";
const N8N: &str = "http://n8n:5678";

/// Where a page has the admin key of whoever reads it.
const KEY: &str = "$(cat data/admin.key)";

/// What a page shows, from top to bottom.
#[derive(Debug, PartialEq)]
enum Shown {
    /// A command, and what it prints; empty: the page does not say.
    Command(String, String),
    /// JSON by itself: what the webhook gets.
    Json(String),
}

/// What a page shows of api.
fn shown(text: &str) -> Vec<Shown> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let shown = blocks.flat_map(|block| match block.split_once('\n') {
        Some(("console", block)) => commands(block, "$ "),
        Some(("sh", block)) => commands(block, ""),
        Some(("json", block)) => vec![Shown::Json(block.to_owned())],
        _ => Vec::new(),
    });
    // What has a <place> to fill in cannot be tried.
    let shown = shown.filter(|it| match it {
        Shown::Command(command, _) => command.starts_with("curl ") && command.contains(API),
        Shown::Json(_) => true,
    });
    shown.collect()
}

/// The commands of a block, each behind a prompt, with what they print.
fn commands(block: &str, prompt: &str) -> Vec<Shown> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in block.lines().filter(|line| !line.is_empty()) {
        let (line, continued) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        match (goes_on, line.strip_prefix(prompt), all.last_mut()) {
            (true, _, Some((command, _))) => command.push_str(line),
            (_, Some(command), _) => all.push((command.to_owned(), String::new())),
            (_, None, Some((_, answer))) => answer.push_str(line),
            (_, None, None) => panic!("{line} is behind no command"),
        }
        goes_on = continued;
    }
    let all = all.into_iter();
    all.map(|(command, answer)| Shown::Command(command, answer))
        .collect()
}

/// The words of a command, as a shell reads them: quotes hold words together.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    assert_eq!(quote, None, "a quote stays open: {command}");
    words.extend(word);
    words
}

/// A command of `curl`.
#[derive(Debug, Default)]
struct Curl {
    method: Option<Method>,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Curl {
    fn read(command: &str) -> Self {
        let mut curl = Self::default();
        let mut words = words(command).into_iter().skip(1);
        while let Some(word) = words.next() {
            let mut next = || words.next().unwrap();
            match word.as_str() {
                "-X" => curl.method = Some(next().parse().unwrap()),
                "-H" => {
                    let header = next();
                    let (name, value) = header.split_once(": ").unwrap();
                    curl.headers.push((name.to_owned(), value.to_owned()));
                }
                "-d" => curl.body = Some(next()),
                url if url.starts_with("http") => curl.url = url.to_owned(),
                word => panic!("this test does not know {word}: {command}"),
            }
        }
        curl
    }

    fn method(&self) -> Method {
        let without = match self.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        self.method.clone().unwrap_or(without)
    }
}

/// An example without what differs each time: ids, moments and how long something took. The rest counts to the letter.
fn normal(text: &str) -> String {
    let mut pieces: Vec<String> = text.split('"').map(str::to_owned).collect();
    for at in 0..pieces.len() {
        let piece = pieces[at].as_str();
        let is_moment = DateTime::parse_from_rfc3339(piece).is_ok();
        let is_number_of_ms =
            at > 0 && ["duration_ms", "time", "at"].contains(&pieces[at - 1].as_str());
        if is_moment {
            pieces[at] = "(moment)".to_owned();
        } else if let Some(id) = piece.strip_prefix("msg_") {
            assert_eq!(id.len(), 32, "{piece} is no id");
            pieces[at] = "msg_(id)".to_owned();
        } else if is_number_of_ms {
            pieces[at] = piece.replace(|c: char| c.is_ascii_digit(), "");
        }
    }
    pieces.join("\"")
}

/// A moment of the past would be now, and one that the page names is some day of the past.
fn soon(body: &str) -> String {
    let soon = DateTime::<Utc>::from(SystemTime::now() + Duration::from_secs(3600));
    match body.split_once(r#""send_at": ""#) {
        Some((before, rest)) => {
            let (_, after) = rest.split_once('"').unwrap();
            format!(r#"{before}"send_at": "{}"{after}"#, soon.to_rfc3339())
        }
        None => body.to_owned(),
    }
}

/// What a reader of a page has.
struct Reader {
    receiver: Receiver,
    api: Daemon,
    /// The key that `make run` has made.
    key: String,
    _monitor: Daemon,
    _redis: TestRedis,
}

impl Reader {
    async fn new() -> Self {
        let redis = TestRedis::start().await;
        let receiver = Receiver::answering(&[], Answer::Status(204)).await;
        // As a newcomer has it.
        let api = Daemon::api_with(&redis, &[NO_KEY]).await;
        Self {
            key: api.first_key().await,
            api,
            _monitor: Daemon::monitor(&redis, &receiver.url()).await,
            receiver,
            _redis: redis,
        }
    }

    /// What a command prints.
    async fn run(&self, curl: &Curl) -> String {
        let mut request = self
            .api
            .client()
            .request(curl.method(), curl.url.replace(API, &self.api.url("")));
        for (name, value) in &curl.headers {
            request = request.header(name, value.replace(KEY, &self.key));
        }
        if let Some(body) = &curl.body {
            let here = format!("http://{}", self.receiver.address());
            request = request.body(soon(body).replace(N8N, &here));
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{curl:?}: {status} {text}");
        text
    }

    /// Runs a command until it prints what the page says; one that changes something is run once.
    async fn tries(&self, command: &str, answer: &str) {
        let curl = Curl::read(command);
        let mut printed = self.run(&curl).await;
        if answer.is_empty() {
            return;
        }
        if curl.method() == Method::GET {
            let again = async {
                while normal(&printed) != normal(answer) {
                    sleep(Duration::from_millis(5)).await;
                    printed = self.run(&curl).await;
                }
            };
            // What was printed last says more than that time is up.
            let _ = timeout(DEADLINE, again).await;
        }
        assert_eq!(normal(&printed), normal(answer), "{command}");
    }
}

#[tokio::test]
async fn the_readme_tells_what_happens() {
    let shown = shown(&page("README.md"));
    let mut reader = Reader::new().await;

    assert_eq!(shown.len(), 8, "{shown:?}");
    for shown in &shown {
        match shown {
            Shown::Command(command, answer) => reader.tries(command, answer).await,
            Shown::Json(body) => {
                let call = reader.receiver.call().await;
                assert_eq!(normal(&call.body), normal(body.trim_end()));
            }
        }
    }
    assert_eq!(reader.receiver.calls_so_far().len(), 0);
}

#[tokio::test]
async fn the_docs_tell_what_happens() {
    let mut tried = 0;
    for (name, text) in pages() {
        let shown = match name.as_str() {
            "README.md" => continue,
            _ => shown(&text),
        };
        let commands: Vec<_> = shown
            .iter()
            .filter_map(|shown| match shown {
                Shown::Command(command, answer) => Some((command, answer)),
                // What it is an example of, the page says in words.
                Shown::Json(_) => None,
            })
            .collect();
        if commands.is_empty() {
            continue;
        }
        let reader = Reader::new().await;
        for (command, answer) in commands {
            reader.tries(command, answer).await;
            tried += 1;
        }
    }
    assert!(tried >= 12, "only {tried} commands were found");
}

#[test]
fn examples_are_compared_to_the_letter_but_for_ids_moments_and_durations() {
    let page = r#"{"id":"msg_01a2196325f276e292139ea9c986e40b","at":"2026-11-26T19:44:17.906Z","duration_ms":2,"messages":2}"#;
    let same = page
        .replace("19:44", "20:15")
        .replace("_ms\":2", "_ms\":13");
    let same = same.replace("01a21", "fffff");

    assert_eq!(normal(&same), normal(page));
    for other in [
        page.replace("\"messages\":2", "\"messages\":3"),
        page.replace("\"at\"", "\"since\""),
        page.replace("duration_ms", "took_ms"),
    ] {
        assert_ne!(normal(&other), normal(page));
    }
    assert_eq!(
        words(r#"curl -H 'A: b' "c d" -d '{"e": "f"}'"#),
        ["curl", "-H", "A: b", "c d", "-d", r#"{"e": "f"}"#]
    );
}
