//! A browser that ends with its test: Debian's Chromium with a profile of its own, led by its own driver, both on this machine
//! alone. What somebody does with it waits until it can be done.

use std::cell::Cell;
use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use lull_kit::process::{Process, free_port};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::driver::{By, Driver};
use crate::support::{DEADLINE, Daemon, eventually};

/// Nothing that is asked of a browser takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The width and height of what people hold in their hands, and of what stands on their desks.
pub(crate) const PHONE: (u32, u32) = (390, 844);
pub(crate) const DESK: (u32, u32) = (1280, 800);

/// Keys that have no letter, as `WebDriver` calls them.
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";

/// Whether a page is there that was not before.
const LOADED: &str = "return window.old === undefined && document.readyState === 'complete'";

/// A browser.
pub(crate) struct Chromium {
    driver: Driver,
    /// Where its pages come from.
    origin: String,
    /// The window's size, and whether it is dark around.
    size: Cell<(u32, u32)>,
    dark: Cell<bool>,
    browser: Pid,
    _chromedriver: Process,
    _profile: TempDir,
}

impl Chromium {
    /// One of a reader of English, with a phone.
    pub(crate) async fn at(api: &Daemon) -> Self {
        Self::reading(api, "en").await
    }

    /// One of somebody who reads this language.
    pub(crate) async fn reading(api: &Daemon, language: &str) -> Self {
        let (port, profile) = (free_port().unwrap(), tempfile::tempdir().unwrap());
        let log = File::create(profile.path().join("chromedriver.log")).unwrap();
        let mut command = Command::new("chromedriver");
        // It is told of no proxy, and writes nowhere else.
        command
            .arg(format!("--port={port}"))
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", profile.path())
            .env("TMPDIR", profile.path())
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log));
        let chromedriver = Process::start(&mut command).unwrap();
        let client = Client::builder().timeout(PATIENCE).tls_certs_only([]);
        let client = client.build().unwrap();
        let address = format!("http://127.0.0.1:{port}");
        eventually("chromedriver answers", async || {
            Driver::is_ready(&client, &address).await
        })
        .await;
        let (driver, it) = Driver::begin(client, &address, &wanted(&profile, language))
            .await
            .unwrap();
        let browser = it["goog:processID"].as_i64().unwrap();
        let chromium = Self {
            driver,
            origin: api.url(""),
            size: Cell::new(PHONE),
            dark: Cell::new(false),
            browser: Pid::from_raw(browser.try_into().unwrap()),
            _chromedriver: chromedriver,
            _profile: profile,
        };
        chromium.looks(PHONE, false).await;
        chromium
    }

    /// One that has come in with this key.
    pub(crate) async fn with_key(api: &Daemon, key: &str) -> Self {
        let browser = Self::at(api).await;
        browser.come_in(key).await;
        browser
    }

    /// Comes in with this key, wherever it was sent to do so.
    pub(crate) async fn come_in(&self, key: &str) {
        let here = self.url().await;
        if !here.starts_with("/console/login") || here.contains("link=") {
            self.open("/console/login").await;
        }
        self.fill("input[name=key]", key).await;
        self.click("form.card button").await;
    }

    /// Takes this size from now on, and looks light or dark as the device.
    pub(crate) async fn looks(&self, size: (u32, u32), dark: bool) {
        let (width, height) = size;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.chrome("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        // Nothing moves, so what is looked at is there whole.
        let features = [
            json!({ "name": "prefers-color-scheme", "value": scheme }),
            json!({ "name": "prefers-reduced-motion", "value": "reduce" }),
        ];
        let media = json!({ "features": features });
        self.chrome("Emulation.setEmulatedMedia", media).await;
        self.size.set(size);
        self.dark.set(dark);
    }

    /// How it looks, for whoever reads of a failure.
    pub(crate) fn look(&self) -> String {
        let (width, _) = self.size.get();
        let scheme = if self.dark.get() { "dark" } else { "light" };
        format!("{width} px, {scheme}")
    }

    /// Opens a page of the api.
    pub(crate) async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.origin);
        self.driver.go(&url).await.unwrap();
    }

    /// Sends a form, as a page of the console would.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, String)]) {
        let script = "const [action, fields] = arguments;
            const form = Object.assign(document.createElement('form'), { action, method: 'post', hidden: true });
            for (const [name, value] of fields)
                form.append(Object.assign(document.createElement('input'), { name, value }));
            document.body.append(form);
            window.old = true;
            form.submit();";
        self.run_with(script, json!([path, fields])).await;
        self.until("the answer is there", LOADED).await;
    }

    /// The page's address, without its host.
    pub(crate) async fn url(&self) -> String {
        let url = self.driver.url().await.unwrap();
        url.strip_prefix(&self.origin).unwrap_or(&url).to_owned()
    }

    /// Waits until it is at a page whose address begins so; answers the whole of it.
    pub(crate) async fn is_at(&self, path: &str) -> String {
        let mut url = String::new();
        eventually(path, async || {
            url = self.url().await;
            url.starts_with(path)
        })
        .await;
        url
    }

    /// What a script in the page answers.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.run_with(script, json!([])).await
    }

    /// The same, with arguments.
    pub(crate) async fn run_with(&self, script: &str, arguments: Value) -> Value {
        let answer = self.driver.run(script, arguments).await;
        answer.unwrap_or_else(|error| panic!("{error}\n{script:.200}"))
    }

    /// What can be read on the page.
    pub(crate) async fn text(&self) -> String {
        let text = self.run("return document.body.innerText").await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until it can be read on the page.
    pub(crate) async fn reads(&self, words: &str) {
        let mut text = String::new();
        let waiting = eventually(words, async || {
            // Between two pages there is none.
            let answer = self.driver.run("return document.body.innerText", json!([]));
            if let Ok(Value::String(read)) = answer.await {
                text = read;
            }
            text.contains(words)
        });
        let waited = timeout(DEADLINE / 2, waiting).await;
        assert!(waited.is_ok(), "{words} cannot be read: {text}");
    }

    /// Waits until a script of the page answers yes.
    pub(crate) async fn until(&self, what: &str, script: &str) {
        eventually(what, async || {
            let answer = self.driver.run(script, json!([])).await;
            answer.is_ok_and(|it| it == true)
        })
        .await;
    }

    /// Clicks what this selector finds, when it is there.
    pub(crate) async fn click(&self, css: &str) {
        self.click_by(By::Css(css)).await;
    }

    /// Clicks the button, the link or the summary with these words.
    pub(crate) async fn press(&self, words: &str) {
        let path = format!(
            "//*[self::button or self::a or self::summary][contains(normalize-space(.), '{words}')]"
        );
        self.click_by(By::XPath(&path)).await;
    }

    async fn click_by(&self, by: By<'_>) {
        // What is read again may take an element away just now.
        eventually(&format!("{by:?} can be clicked"), async || {
            let Ok(element) = self.driver.find(by).await else {
                return false;
            };
            self.driver.click(&element).await.is_ok()
        })
        .await;
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        eventually(&format!("{css} can be filled"), async || {
            let Ok(element) = self.driver.find(By::Css(css)).await else {
                return false;
            };
            self.driver.fill(&element, text).await.is_ok()
        })
        .await;
    }

    /// Chooses in a list, by what is sent of it.
    pub(crate) async fn choose(&self, list: &str, value: &str) {
        let path = format!(
            "//select[@name='{list}']/option[@value='{value}' or not(@value) and .='{value}']"
        );
        self.click_by(By::XPath(&path)).await;
    }

    /// Presses keys, whatever has the attention of the page.
    pub(crate) async fn keys(&self, keys: &[&str]) {
        self.driver.press(keys).await.unwrap();
    }

    /// Says something in the browser's own language.
    pub(crate) async fn chrome(&self, command: &str, parameters: Value) -> Value {
        self.driver.chrome(command, parameters).await.unwrap()
    }

    /// What the browser complains of since this was asked last, but for an answer that is the page itself.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let here = self.driver.url().await.unwrap();
        let lines = self.driver.console().await.unwrap().into_iter();
        let lines = lines.map(|line| line["message"].as_str().unwrap_or_default().to_owned());
        lines
            .filter(|line| !line.starts_with(&format!("{here} - Failed to load resource")))
            .collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its driver, which ends after it, is not asked: it may be what does not answer.
        let _ = kill(self.browser, Signal::SIGKILL);
    }
}

fn wanted(profile: &TempDir, language: &str) -> Value {
    let folder = profile.path().join("profile");
    let arguments = [
        "--headless=new".to_owned(),
        format!("--user-data-dir={}", folder.display()),
        format!("--accept-lang={language}"),
        // Its pages are ours, and who runs a suite in a container is root, whom its sandbox does not take.
        "--no-sandbox".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-gpu".to_owned(),
        "--hide-scrollbars".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        // Whatever a page wants from elsewhere, it does not get.
        "--no-proxy-server".to_owned(),
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1".to_owned(),
    ];
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    })
}
