//! Those who keep the console open: each listens to what happens, and reads what is shown of now every two seconds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::header::{ACCEPT_ENCODING, COOKIE, SET_COOKIE};
use reqwest::{Client, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::{MissedTickBehavior, interval_at};

use super::first_load::Part;
use crate::asking;
use crate::beside::Seen;

/// As the script of the page does it.
const READ_EVERY: Duration = Duration::from_secs(2);

/// Browsers that show the console.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Viewers {
    /// Of which api.
    pub(crate) port: u16,
    /// How many.
    pub(crate) count: usize,
}

impl Viewers {
    /// Opens all, says so, and goes on until the bench dismisses this helper; answers any question with what was seen.
    pub(crate) async fn serve(self) -> Result<()> {
        let first = Browser::at(self.port).await?;
        let mut looks = Vec::new();
        for number in 0..self.count {
            // They have come by one after the other.
            let later = READ_EVERY * u32::try_from(number)? / u32::try_from(self.count)?;
            let browser = first.another();
            let events = browser.get("/api/events", &[]).await?;
            let seen = Arc::new(AtomicU64::new(0));
            looks.push((
                seen.clone(),
                tokio::spawn(look(browser, events, seen, later)),
            ));
        }
        Seen::answer(self.port, looks).await
    }
}

/// Looks until the stream of events ends.
async fn look(
    browser: Browser,
    mut events: Response,
    seen: Arc<AtomicU64>,
    later: Duration,
) -> Result<()> {
    let mut reads = interval_at(tokio::time::Instant::now() + later, READ_EVERY);
    reads.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = events.chunk() => {
                if event?.is_none() {
                    return Ok(());
                }
            }
            _ = reads.tick() => {
                let part = [("hx-request", "true")];
                browser.get("/console/now", &part).await?.bytes().await?;
                seen.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A browser that has come in.
pub(crate) struct Browser {
    client: Client,
    port: u16,
    cookie: String,
}

impl Browser {
    /// One at that api.
    pub(crate) async fn at(port: u16) -> Result<Self> {
        let client = Client::new();
        let url = format!("http://127.0.0.1:{port}/api/session");
        let key = json!({ "key": asking::KEY }).to_string();
        let begun = client.post(url).header("content-type", "application/json");
        let begun = begun.body(key).send().await?.error_for_status()?;
        let set = begun.headers().get(SET_COOKIE).context("no cookie")?;
        let cookie = set.to_str()?.split(';').next().unwrap_or_default();
        Ok(Self {
            client,
            port,
            cookie: cookie.to_owned(),
        })
    }

    /// Another with the same cookie, and connections of its own.
    fn another(&self) -> Self {
        Self {
            client: Client::new(),
            port: self.port,
            cookie: self.cookie.clone(),
        }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Response> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let mut request = self.client.get(url).header(COOKIE, &self.cookie);
        request = request.header("sec-fetch-site", "same-origin");
        if path != "/api/events" {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?.error_for_status()?;
        ensure!(answer.url().path() == path, "sent to {}", answer.url());
        Ok(answer)
    }

    /// A page as text.
    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let request = self.client.get(url).header(COOKIE, &self.cookie);
        Ok(request.send().await?.error_for_status()?.text().await?)
    }

    /// What a file is over the wire.
    pub(super) async fn load(&self, path: &str) -> Result<Part> {
        let answer = self.get(path, &[]).await?;
        let head: usize = answer
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
            .sum();
        let body = answer.bytes().await?.len();
        let bytes = u32::try_from(head + body)?;
        Ok(Part {
            what: path.to_owned(),
            bytes: bytes.into(),
        })
    }
}
