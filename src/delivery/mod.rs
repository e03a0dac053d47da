//! The only room that knows the destination: headers, signature, the HTTP call, and what its answer means.

mod answer;
pub mod guard;
mod healthcheck;
mod signature;
pub mod template;

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use crate::config::webhook::WebhookConfig;
use crate::domain::batch::{BatchId, Outcome};
use signature::Signer;

pub use healthcheck::healthcheck;

/// n8n (Node) closes a connection that was idle for 5 s; one that we keep for less is never found closed.
const IDLE_FOR: Duration = Duration::from_secs(4);
/// Reading the rest of an answer lets the connection be used again; beyond this a new one is cheaper.
const MOST_OF_AN_ANSWER: usize = 64 * 1024;
const WAIT_FOR_AN_ANSWER: Duration = Duration::from_secs(1);
/// How much of a refusal is kept with its dead letter.
const MOST_OF_A_REFUSAL: usize = 300;

/// Makes the calls to one destination.
#[derive(Debug)]
pub struct Sender {
    client: Client,
    url: Url,
    headers: HeaderMap,
    signer: Signer,
    timeout: Duration,
}

/// What one call came to.
#[derive(Debug)]
pub struct Attempt {
    /// What it means for the batch.
    pub outcome: Outcome,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub took: Duration,
    /// What happened, for logs: never anything out of a body.
    pub summary: String,
    /// The beginning of a refusal's body, for the operator; it may quote what was sent, so it goes into no log.
    pub refusal: Option<String>,
}

impl Sender {
    /// Makes ready to call the destination.
    ///
    /// # Errors
    /// Names the setting that is wrong.
    pub fn new(config: &WebhookConfig) -> Result<Self> {
        let url: Url = config.url.parse().context("WEBHOOK_URL is not a URL")?;
        ensure!(
            matches!(url.scheme(), "http" | "https"),
            "WEBHOOK_URL must begin with http:// or https://"
        );
        ensure!(url.has_host(), "WEBHOOK_URL names no host");
        let client = client(&url, config.timeout)
            .pool_max_idle_per_host(config.concurrency)
            .build();
        Ok(Self {
            client: client.context("making the HTTP client")?,
            url,
            headers: headers(config)?,
            signer: Signer::new(&config.secrets)?,
            timeout: config.timeout,
        })
    }

    /// Where the calls go, without path and query, which may hold tokens.
    pub fn place(&self) -> String {
        let port = self
            .url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        format!(
            "{}://{}{port}",
            self.url.scheme(),
            self.url.host_str().unwrap_or_default()
        )
    }

    /// Whether the URL is n8n's test URL, which hears one call after each click in its editor.
    pub fn is_test_url(&self) -> bool {
        self.url.path().contains("/webhook-test/")
    }

    /// Makes one call.
    pub async fn send(&self, id: &BatchId, body: String) -> Attempt {
        let began = Instant::now();
        let timestamp = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .headers(self.signer.headers(id, timestamp, &body))
            .body(body);
        match request.send().await {
            Ok(answer) => {
                let took = began.elapsed();
                let status = answer.status();
                let asked = answer
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|value| answer::retry_after(value, SystemTime::now()));
                let outcome = answer::outcome(status, asked);
                let refusal = read_rest(answer)
                    .await
                    .filter(|_| outcome != Outcome::Delivered);
                let summary = format!("HTTP {}", status.as_u16());
                Attempt {
                    outcome,
                    status: Some(status.as_u16()),
                    took,
                    summary,
                    refusal,
                }
            }
            Err(error) => Attempt {
                outcome: Outcome::Retry { asked: None },
                status: None,
                took: began.elapsed(),
                summary: answer::why_none(&error, self.timeout),
                refusal: None,
            },
        }
    }
}

/// Reads an answer to its end, so that its connection can be used again, and answers its beginning. The status has
/// already decided: a body that breaks off or never ends changes nothing.
async fn read_rest(mut answer: Response) -> Option<String> {
    let mut beginning = Vec::new();
    let read = async {
        let mut length = 0;
        while let Ok(Some(chunk)) = answer.chunk().await {
            length += chunk.len();
            let room = MOST_OF_A_REFUSAL.saturating_sub(beginning.len());
            beginning.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            if length > MOST_OF_AN_ANSWER {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(WAIT_FOR_AN_ANSWER, read).await;
    let text = String::from_utf8_lossy(&beginning).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn client(url: &Url, timeout: Duration) -> reqwest::ClientBuilder {
    // Only the first call in a process has an effect; the second finds the same provider there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let agent = HeaderValue::from_static(concat!("lull/", env!("CARGO_PKG_VERSION")));
    let client = Client::builder()
        .user_agent(agent)
        .timeout(timeout)
        .redirect(Policy::none())
        .pool_idle_timeout(IDLE_FOR)
        .tcp_nodelay(true);
    // A proxy that the environment names has another idea of who 127.0.0.1 is.
    if is_here(url) {
        client.no_proxy()
    } else {
        client
    }
}

/// Whether a URL leads to this machine.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// The headers that every call carries.
fn headers(config: &WebhookConfig) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &config.headers {
        let Ok(name) = HeaderName::try_from(name) else {
            // Not told which: who mixes up name and value puts a token there.
            bail!("WEBHOOK_HEADERS: a name in it cannot be a header's name")
        };
        let own = name.as_str().starts_with("webhook-")
            || name == CONTENT_TYPE
            || name == "content-length";
        ensure!(!own, "WEBHOOK_HEADERS: {name} is set by Lull itself");
        let Ok(mut value) = HeaderValue::try_from(value) else {
            bail!(
                "WEBHOOK_HEADERS: the value of {name} holds characters that a header cannot carry"
            );
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(url: &str, headers: &[(&str, &str)]) -> Result<Sender> {
        Sender::new(&WebhookConfig {
            url: url.to_owned(),
            secrets: Vec::new(),
            headers: headers
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            timeout: Duration::from_secs(30),
            concurrency: 1,
        })
    }

    #[test]
    fn a_url_must_lead_somewhere() {
        for bad in [
            "n8n:5678/webhook",
            "ftp://n8n/x",
            "http://",
            "/webhook/x",
            "http:///x y",
        ] {
            let error = format!("{:#}", sender(bad, &[]).err().unwrap());
            assert!(error.contains("WEBHOOK_URL"), "{bad}: {error}");
        }
    }

    #[test]
    fn host_names_may_hold_underscores() {
        assert_eq!(
            sender("http://project_n8n:5678/webhook/x?token=t", &[])
                .unwrap()
                .place(),
            "http://project_n8n:5678"
        );
    }

    #[test]
    fn this_machine_is_recognised() {
        for here in [
            "http://127.0.0.1:5000/x",
            "http://[::1]/",
            "http://localhost:5678/",
        ] {
            assert!(is_here(&here.parse().unwrap()), "{here}");
        }
        for elsewhere in [
            "http://10.0.0.1/",
            "http://n8n/",
            "https://localhost.example.com/",
        ] {
            assert!(!is_here(&elsewhere.parse().unwrap()), "{elsewhere}");
        }
    }

    #[test]
    fn the_test_url_of_n8n_is_recognised() {
        let is_test_url = |url: &str| sender(url, &[]).unwrap().is_test_url();

        assert!(is_test_url("http://n8n/webhook-test/x"));
        assert!(!is_test_url("http://n8n/webhook/x"));
    }

    #[test]
    fn own_headers_cannot_be_replaced_nor_broken_ones_sent() {
        for (name, value) in [
            ("Webhook-Id", "x"),
            ("content-type", "text/plain"),
            ("a b", "x"),
            ("x", "line\nbreak"),
        ] {
            let error = format!(
                "{:#}",
                sender("http://n8n/x", &[(name, value)]).err().unwrap()
            );
            assert!(
                error.contains("WEBHOOK_HEADERS") && !error.contains("line"),
                "{name}: {error}"
            );
        }
        assert!(sender("http://n8n/x", &[("Authorization", "Bearer t")]).is_ok());
    }
}
