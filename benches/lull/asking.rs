//! What asks api over HTTP, with a key.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;

/// The key that it asks with.
pub(crate) const KEY: &str = "a-key-that-is-long-enough-for-anybody";
/// `API_KEYS` of an api that knows it.
pub(crate) const KEYS: &str = "bench:a-key-that-is-long-enough-for-anybody";

/// A client on a connection that stays open.
pub(crate) struct Asker {
    client: reqwest::Client,
    port: u16,
}

impl Asker {
    /// One that asks the api at that port.
    pub(crate) fn of(port: u16) -> Self {
        Self {
            client: reqwest::Client::new(),
            port,
        }
    }

    /// Where the api is.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What is answered, and how long that took.
    pub(crate) async fn get(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<(Duration, Value)> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let url = reqwest::Url::parse_with_params(&url, query)?;
        let began = Instant::now();
        let request = self.client.get(url).header("x-api-key", KEY);
        let answer = request.send().await?.error_for_status()?.text().await?;
        let took = began.elapsed();
        let answer = serde_json::from_str(&answer).with_context(|| format!("answer of {path}"))?;
        Ok((took, answer))
    }
}
