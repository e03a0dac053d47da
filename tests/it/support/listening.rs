//! Somebody who listens to `GET /api/events`.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio::time::timeout;

use super::Daemon;

/// Long enough for any event on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An event as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// Somebody who listens to an api.
pub(crate) struct Listening {
    response: Response,
    text: String,
}

impl Listening {
    /// One with the key of the suite.
    pub(crate) async fn to(api: &Daemon, query: &str, last: Option<&str>) -> Self {
        let mut request = api.client().get(api.url(&format!("/api/events{query}")));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        Self::by(request).await
    }

    /// By a request that has a key of its own.
    pub(crate) async fn by(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let text = String::new();
        Self { response, text }
    }

    /// The next event; none: the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let mut event = Event::default();
                for line in block.lines() {
                    match line
                        .split_once(':')
                        .map(|(name, value)| (name, value.trim_start()))
                    {
                        Some(("id", id)) => event.id = Some(id.to_owned()),
                        Some(("event", name)) => event.name = name.to_owned(),
                        Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                        _ => {}
                    }
                }
                if !event.name.is_empty() {
                    return Some(event);
                }
                continue;
            }
            let chunk = timeout(PATIENCE, self.response.chunk()).await;
            let chunk = chunk.expect("an event in time").ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next of this name.
    pub(crate) async fn named(&mut self, name: &str) -> Event {
        let next = async {
            loop {
                let event = self.next().await.unwrap();
                if event.name == name {
                    return event;
                }
            }
        };
        let found = timeout(PATIENCE, next).await;
        found.unwrap_or_else(|_| panic!("waited in vain for {name}"))
    }

    /// Waits until the api ends the stream.
    pub(crate) async fn ends(&mut self) {
        let all = async { while self.next().await.is_some() {} };
        timeout(PATIENCE, all).await.expect("an end in time");
    }

    /// So many that are in lists, in the order of their names.
    pub(crate) async fn listed(&mut self, count: usize) -> Vec<Event> {
        let next = async {
            let mut found = Vec::new();
            while found.len() < count {
                found.extend(self.next().await.filter(|event| event.id.is_some()));
            }
            found.sort_by(|a: &Event, b| a.name.cmp(&b.name));
            found
        };
        let found = timeout(PATIENCE, next).await;
        found.expect("so many in time")
    }
}
