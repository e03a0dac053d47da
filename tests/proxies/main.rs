//! The recipes of `docs/proxies.md`, tried to the letter with the real programs, but for the names of hosts and ports.
//! `make proxies` runs it, and installs the programs where they are missing.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::print_stderr,
    reason = "the log of a daemon belongs to its failed test"
)]

#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    reason = "the harness of the suite, of which this needs a part"
)]
mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use lull_kit::process::{Process, free_port};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use support::{Daemon, TestRedis, eventually};

const PAGE: &str = include_str!("../../docs/proxies.md");
const HOST: &str = "lull.example";
/// A proxy that keeps events to itself keeps them until its buffer is full, or for good.
const PATIENCE: Duration = Duration::from_secs(20);
const KEY: &str = "the-key-of-the-panel-is-long-enough";

/// The recipe of a page for a program, with what stands in it for api.
fn recipe(language: &str, api: &Daemon) -> String {
    let (_, from) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    let (recipe, _) = from.split_once("```").unwrap();
    assert!(recipe.contains("127.0.0.1:5000"), "{recipe}");
    recipe.replace("127.0.0.1:5000", &format!("127.0.0.1:{}", api.port()))
}

/// A proxy that ends with this.
struct Proxy {
    port: u16,
    _process: Process,
    folder: TempDir,
}

impl Proxy {
    async fn start(port: u16, folder: TempDir, command: &mut Command) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        let process = Process::start(command).unwrap();
        let proxy = Self {
            port,
            _process: process,
            folder,
        };
        eventually("the proxy answers", async || {
            proxy
                .ask("GET", "/api/health")
                .send()
                .await
                .is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        proxy
    }

    /// A request of a stranger, who says that it comes from the machine itself.
    fn ask(&self, method: &str, path: &str) -> RequestBuilder {
        let stranger = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5));
        let client = Client::builder().local_address(stranger).build().unwrap();
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        client
            .request(method.parse().unwrap(), url)
            .header("host", HOST)
            .header("x-forwarded-for", "127.0.0.1")
            .header("x-real-ip", "127.0.0.1")
            .header("forwarded", "for=127.0.0.1")
    }
}

async fn nginx(api: &Daemon) -> Proxy {
    let (port, folder) = (free_port().unwrap(), tempfile::tempdir().unwrap());
    let recipe = recipe("nginx", api);
    assert!(recipe.contains("listen 80;"), "{recipe}");
    let recipe = recipe.replace("listen 80;", &format!("listen 127.0.0.1:{port};"));
    // What the system's own nginx.conf says around it, where root may not be meant.
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    let whole = format!(
        "daemon off;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{recipe}}}\n"
    );
    std::fs::write(folder.path().join("nginx.conf"), whole).unwrap();
    let mut command = Command::new("nginx");
    command
        .args(["-e", "stderr", "-c", "nginx.conf", "-p"])
        .arg(folder.path());
    Proxy::start(port, folder, &mut command).await
}

async fn caddy(api: &Daemon) -> Proxy {
    let (port, folder) = (free_port().unwrap(), tempfile::tempdir().unwrap());
    let recipe = recipe("caddy", api);
    assert!(recipe.starts_with(HOST), "{recipe}");
    // Without TLS, for which it would ask a certificate of somebody.
    let recipe = recipe.replacen(HOST, &format!("http://{HOST}:{port}"), 1);
    let file = folder.path().join("Caddyfile");
    std::fs::write(&file, format!("{{\n\tadmin off\n}}\n{recipe}")).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&file)
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path());
    Proxy::start(port, folder, &mut command).await
}

async fn api(redis: &TestRedis) -> Daemon {
    let keys = format!("panel:{KEY}");
    let settings = [
        ("API_KEYS", keys.as_str()),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("RATE_LIMIT", "30/h"),
    ];
    Daemon::api_with(redis, &settings).await
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// Waits until what waits was told twice, which happens once a second.
async fn counted_twice(mut events: Response) {
    let mut text = String::new();
    while text.matches("event: counts").count() < 2 {
        let chunk = timeout(PATIENCE, events.chunk()).await;
        let chunk = chunk.expect("the proxy passes events on").unwrap();
        text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
    }
}

/// What a proxy must do: open nothing, and tell who called and what.
async fn holds(api: &Daemon, proxy: Proxy) {
    for (method, path) in [
        ("GET", "/api/chats"),
        ("GET", "/api/messages/dead-letter"),
        ("PUT", "/api/destinations/bot"),
        ("POST", "/api/message"),
        ("GET", "/metrics"),
    ] {
        assert_eq!(status(proxy.ask(method, path)).await, 401, "{path}");
    }
    let key = |request: RequestBuilder| request.header("x-api-key", KEY);
    assert_eq!(status(key(proxy.ask("GET", "/api/chats"))).await, 200);

    // The audit knows who called, whatever he says.
    let buffer = json!({"source": "twilio", "secret": "t0ken", "window": {"wait": 60}});
    let put = key(proxy.ask("PUT", "/api/buffers/sms"))
        .header("content-type", "application/json")
        .body(buffer.to_string());
    assert_eq!(status(put).await, 200);
    let audit = key(proxy.ask("GET", "/api/audit")).send().await.unwrap();
    let audit: Value = serde_json::from_str(&audit.text().await.unwrap()).unwrap();
    assert_eq!(audit["items"][0]["address"], "127.0.0.5", "{audit}");

    // Twilio signs the URL that it called. Made with Python's hmac, as in tests/it/webhooks/proof.rs.
    let signed = proxy
        .ask("POST", "/api/webhook/sms")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-twilio-signature", "VeYaaTgVesW+8Ss7Z4IRXH9KU8s=")
        .body("MessageSid=SM1&From=whatsapp%3A%2B5511988887777&To=whatsapp%3A%2B551140000000&Body=oi&NumMedia=0");
    assert_eq!(status(signed).await, 200);

    // Events come through as they happen, and are kept for nobody.
    let events = key(proxy.ask("GET", "/api/events")).send().await.unwrap();
    counted_twice(events).await;

    // Whoever guesses keys has spent his own limit, and nobody else's.
    eventually("the stranger is turned away", async || {
        status(proxy.ask("GET", "/api/chats")).await == 429
    })
    .await;
    assert_eq!(api.get("/api/chats").await.0, 401);
    assert_eq!(status(key(proxy.ask("GET", "/api/chats"))).await, 200);
    assert!(Path::new(proxy.folder.path()).exists());
}

#[tokio::test]
async fn nginx_opens_nothing_and_tells_who_called() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let proxy = nginx(&api).await;
    holds(&api, proxy).await;
}

#[tokio::test]
async fn caddy_opens_nothing_and_tells_who_called() {
    let redis = TestRedis::start().await;
    let api = api(&redis).await;
    let proxy = caddy(&api).await;
    holds(&api, proxy).await;
}
