//! The daemons as their users run them: processes with an environment, ended by signals.

use std::fs::OpenOptions;
use std::process::{Command, ExitStatus, Stdio};

use lull_kit::proc;
use lull_kit::process::{self, Process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::metrics::sum_of;
use super::refusal::Refusal;
use super::{DEADLINE, TestRedis, eventually};

/// The programs of Lull.
pub(crate) const API: &str = env!("CARGO_BIN_EXE_api");
pub(crate) const MONITOR: &str = env!("CARGO_BIN_EXE_monitor");
pub(crate) const LULL: &str = env!("CARGO_BIN_EXE_lull");

/// The key that a daemon of a test has, and its client sends, where the test does not say who may come in. Messages are
/// open beside it, as they are where no key is set.
pub(crate) const SUITE_KEY: &str = "the-key-of-the-suite";
const SUITE: [(&str, &str); 4] = [
    ("API_KEYS", "suite:the-key-of-the-suite"),
    // For the tool.
    ("LULL_KEY", SUITE_KEY),
    ("OPEN_INGEST", "true"),
    ("OPEN_BUFFER_SERVICE", "true"),
];
/// What says who may come in.
const WHO: [&str; 5] = ["API_KEYS", "OPEN_", "SECRET_KEY", "JWT_", "NO_KEY"];
/// A setting of a test that wants no key.
pub(crate) const NO_KEY: (&str, &str) = ("NO_KEY", "1");

/// The settings and the header that a test has where it says nothing of keys.
pub(crate) fn with_key<'a>(
    settings: &[(&'a str, &'a str)],
) -> (Vec<(&'a str, &'a str)>, HeaderMap) {
    let mut all = settings.to_vec();
    let mut headers = HeaderMap::new();
    let says = |(name, _): &(&str, &str)| WHO.iter().any(|who| name.starts_with(who));
    if !settings.iter().any(says) {
        all.extend(SUITE);
        headers.insert("x-api-key", HeaderValue::from_static(SUITE_KEY));
    }
    (all, headers)
}

/// A process of Lull that ends with the test.
pub(crate) struct Daemon {
    process: Process,
    port: u16,
    log: NamedTempFile,
    client: Client,
}

/// The end of a file, where both streams of a process may write without one going over the other's lines.
fn appending(log: &NamedTempFile) -> Stdio {
    let end = OpenOptions::new().append(true).open(log.path());
    Stdio::from(end.unwrap())
}

impl Daemon {
    /// An api daemon that answers.
    pub(crate) async fn api(redis: &TestRedis) -> Self {
        Self::api_with(redis, &[]).await
    }

    /// An api daemon with more settings, that answers.
    pub(crate) async fn api_with(redis: &TestRedis, settings: &[(&str, &str)]) -> Self {
        let port = free_port();
        let (url, text) = (redis.url(), port.to_string());
        let mut all = vec![
            ("REDIS_URL", url.as_str()),
            ("HOST", "127.0.0.1"),
            ("PORT", &text),
        ];
        all.extend(settings);
        let daemon = Self::spawn(API, &[], &all, port);
        daemon.wait_until_up().await;
        daemon
    }

    /// A monitor that delivers to `webhook`, with health and metrics on, that answers.
    pub(crate) async fn monitor(redis: &TestRedis, webhook: &str) -> Self {
        Self::monitor_with(redis, webhook, &[]).await
    }

    /// A monitor with more settings, that answers.
    pub(crate) async fn monitor_with(
        redis: &TestRedis,
        webhook: &str,
        settings: &[(&str, &str)],
    ) -> Self {
        let port = free_port();
        let (url, text) = (redis.url(), port.to_string());
        let mut all = vec![
            ("REDIS_URL", url.as_str()),
            ("HOST", "127.0.0.1"),
            ("MONITOR_PORT", &text),
            ("WEBHOOK_URL", webhook),
        ];
        all.extend(settings);
        let daemon = Self::spawn(MONITOR, &[], &all, port);
        daemon.wait_until_up().await;
        daemon
    }

    /// Any program of Lull, with nothing but these settings.
    pub(crate) fn spawn(
        program: &str,
        arguments: &[&str],
        settings: &[(&str, &str)],
        port: u16,
    ) -> Self {
        // Only the first in the process has an effect.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let log = NamedTempFile::new().unwrap();
        let (settings, headers) = with_key(settings);
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(settings.iter().copied())
            .stdout(appending(&log))
            .stderr(appending(&log));
        let process = Process::start(&mut command).unwrap();
        Self {
            process,
            port,
            log,
            client: client(headers),
        }
    }

    /// The same, that writes its lines somewhere else.
    pub(crate) fn spawn_writing(
        program: &str,
        settings: &[(&str, &str)],
        port: u16,
        lines: Stdio,
    ) -> Self {
        // Only the first in the process has an effect.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (settings, headers) = with_key(settings);
        let mut command = Command::new(program);
        command.env_clear().envs(settings.iter().copied());
        command.stdout(Stdio::null()).stderr(lines);
        let process = Process::start(&mut command).unwrap();
        Self {
            process,
            port,
            log: NamedTempFile::new().unwrap(),
            client: client(headers),
        }
    }

    /// Waits until it says that it is well.
    pub(crate) async fn wait_until_up(&self) {
        eventually("the daemon answers", async || {
            let health = self.client.get(self.url("/api/health")).send().await;
            health.is_ok_and(|answer| answer.status() == StatusCode::OK)
        })
        .await;
    }

    /// What it has written, on stdout and stderr.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Waits until its log holds `words`.
    pub(crate) async fn logs(&self, words: &str) {
        eventually(words, async || self.log().contains(words)).await;
    }

    /// The keys that it has shown.
    pub(crate) fn shown_keys(&self) -> Vec<String> {
        let log = self.log();
        let words = log.split(|c: char| c.is_whitespace() || c == '"');
        let keys = words.filter(|word| word.starts_with("lull_"));
        keys.map(str::to_owned).collect()
    }

    /// The first key, when it has shown that.
    pub(crate) async fn first_key(&self) -> String {
        self.logs("lull_").await;
        self.shown_keys().remove(0)
    }

    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// A connection on which anything may be said.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// A request with a body of JSON.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        read(self.send(method, path, body).await).await
    }

    /// The same, which must be refused.
    pub(crate) async fn refused(&self, method: Method, path: &str, body: Option<Value>) -> Refusal {
        Refusal::of(self.send(method, path, body).await).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, self.url(path));
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        request.send().await.unwrap()
    }

    /// `POST` with JSON.
    pub(crate) async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.request(Method::POST, path, Some(body)).await
    }

    /// `GET`.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.request(Method::GET, path, None).await
    }

    /// Says something, which must be accepted.
    pub(crate) async fn say(&self, user: &str, message: &str, ttl: f64) {
        let body = serde_json::json!({ "user": user, "message": message, "ttl": ttl });
        let (status, answer) = self.post("/api/message", body).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// The client, for requests that are not JSON.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Its metrics, as Prometheus gets them.
    pub(crate) async fn metrics(&self) -> String {
        let (_, text) = self.get("/metrics").await;
        text.as_str().unwrap().to_owned()
    }

    /// One metric's value, see [`sum_of`]; 0 when it does not show yet.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        sum_of(&self.metrics().await, name)
    }

    /// The most memory it has ever used.
    pub(crate) fn memory_kib(&self) -> u64 {
        proc::memory(self.process.id()).unwrap().peak
    }

    /// The memory it has now.
    pub(crate) fn rss_kib(&self) -> u64 {
        proc::memory(self.process.id()).unwrap().now
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the process ends", async || {
            status = self.process.ended().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }

    /// Sends SIGTERM and waits until it has ended.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.ended().await
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "--- log of the daemon on port {} ---\n{}",
                self.port,
                self.log()
            );
        }
    }
}

/// A client that follows nobody. It speaks plain HTTP, and reads no certificates: that would cost more than most requests.
fn client(headers: HeaderMap) -> Client {
    Client::builder()
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .build()
        .unwrap()
}

/// The status and the JSON of an answer.
pub(crate) async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    // What has no end cannot be read to it.
    if answer
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind == "text/event-stream")
    {
        return (status, Value::Null);
    }
    let text = answer.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// Sends what no client would send, and reads all that comes back until the daemon closes the connection.
pub(crate) async fn speak_and_wait(daemon: &Daemon, request: &str) -> String {
    let mut stream = daemon.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(stream).await
}

/// The same, but says that nothing more will come.
pub(crate) async fn speak(daemon: &Daemon, request: &str) -> String {
    let mut stream = daemon.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    read_all(stream).await
}

/// All that comes until the connection is closed.
pub(crate) async fn read_all(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    timeout(DEADLINE, reading).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    process::free_port().unwrap()
}
