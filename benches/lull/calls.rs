//! The delivery ceiling: a bare HTTP client, set up as monitor's, that posts payloads like monitor's.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono_tz::Tz;
use lull::core::item::read_items;
use lull::core::payload::PayloadRules;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use serde::{Deserialize, Serialize};

use crate::course::{self, Client, Course, Tally};
use crate::message;

/// A webhook to call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// On this machine.
    pub(crate) port: u16,
    /// How often.
    pub(crate) course: Course,
}

impl Calls {
    /// Calls it, for another chat each time.
    pub(crate) async fn run(&self) -> Result<Tally> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let client = reqwest::Client::builder()
            .user_agent("bench")
            .default_headers(headers)
            .timeout(Duration::from_secs(30))
            .redirect(Policy::none())
            .no_proxy()
            .pool_idle_timeout(Duration::from_secs(4))
            .pool_max_idle_per_host(self.course.clients)
            .tcp_nodelay(true)
            .build()?;
        let caller = Caller {
            client,
            url: format!("http://127.0.0.1:{}/", self.port).parse()?,
            payload: payload()?,
        };
        course::run(self.course, vec![caller; self.course.clients]).await
    }
}

#[derive(Clone)]
struct Caller {
    client: reqwest::Client,
    url: reqwest::Url,
    payload: String,
}

impl Client for Caller {
    async fn request(&mut self, number: u64) -> Result<()> {
        let payload = self
            .payload
            .replace(&message::user(0), &message::user(number));
        let request = self
            .client
            .post(self.url.clone())
            .header(
                "webhook-id",
                format!("msg_019aaa5b0a2e7b53b0a5{number:012}"),
            )
            .header("webhook-timestamp", "1763770000")
            .body(payload);
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

/// What monitor sends for a window with one message.
fn payload() -> Result<String> {
    let item = message::item()?;
    let stored = format!(r#"{{"at":1763770000123,{}"#, &item[1..]);
    let rules = PayloadRules {
        messages_field: "messages",
        timezone: Tz::UTC,
        language: None,
    };
    let chat = message::chat(0)?;
    let body = rules.body(chat.id.as_str(), &read_items(&stored)?, 1_763_770_000_123);
    body.context("building a payload")
}
