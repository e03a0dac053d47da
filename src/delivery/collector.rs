//! Taking spans to a collector, with the same client as everything that leaves the house.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Client, Url};
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::answer::why_none;
use super::client::{self, place};

/// More of an answer is not looked at: it tells at most how many spans were not taken.
const MOST_OF_AN_ANSWER: usize = 64 * 1024;

/// The way to a collector.
#[derive(Debug)]
pub struct Collector {
    client: Client,
    place: String,
    timeout: Duration,
    /// The exporter asks from a thread of its own, where no client can work.
    runtime: Handle,
    /// It did not take the last ones.
    refuses: AtomicBool,
}

impl Collector {
    /// The way to the collector at `url`. To be called in a runtime, which then does the work.
    ///
    /// # Errors
    /// When that is not an HTTP URL.
    pub fn new(url: &str, timeout: Duration) -> Result<Self> {
        let url: Url = url.parse().context("it is not a URL")?;
        ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host(),
            "it must begin with http:// or https:// and name a host"
        );
        let place = place(&url);
        info!(collector = place, "Sending spans to {place}");
        Ok(Self {
            client: client::builder(&url, timeout).build()?,
            place,
            timeout,
            runtime: Handle::current(),
            refuses: AtomicBool::new(false),
        })
    }

    /// One warning for each time that it begins to refuse, however many spans are lost.
    fn told(&self, problem: Option<&str>) {
        let refused = self.refuses.swap(problem.is_some(), Ordering::Relaxed);
        let collector = self.place.as_str();
        match problem {
            Some(why) if !refused => {
                warn!(
                    collector,
                    "Spans cannot be sent to {collector}, and are dropped until it takes them: {why}"
                );
            }
            None if refused => info!(collector, "{collector} takes spans again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let request = reqwest::Request::try_from(request)?;
        let posting = self.runtime.spawn(post(self.client.clone(), request));
        let answer = posting
            .await?
            .map_err(|error| why_none(&error, self.timeout));
        match &answer {
            Ok(answer) if answer.status().is_success() => self.told(None),
            Ok(answer) => self.told(Some(&format!("HTTP {}", answer.status().as_u16()))),
            Err(why) => self.told(Some(why)),
        }
        Ok(answer?)
    }
}

async fn post(client: Client, request: reqwest::Request) -> reqwest::Result<Response<Bytes>> {
    let mut answer = client.execute(request).await?;
    let mut body = Vec::new();
    while body.len() < MOST_OF_AN_ANSWER
        && let Some(chunk) = answer.chunk().await?
    {
        body.extend_from_slice(&chunk);
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = answer.status();
    *whole.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(whole)
}
