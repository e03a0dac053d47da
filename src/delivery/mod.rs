//! The only room that knows the destination: headers, signature, the HTTP call, and what its answer means.

mod answer;
mod attempt;
mod body;
mod client;
pub mod collector;
mod echo;
pub mod fetch;
pub mod guard;
mod healthcheck;
mod query_pairs;
pub mod reach;
mod signature;
pub mod template;
pub mod trial;

use std::iter;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Url};

use crate::core::batch::{BatchId, Outcome};
use crate::core::destination::Destination;
use crate::core::trace::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::delivery::query_pairs::query_pairs;
use crate::spec::SpecError;
use crate::spec::masked::masked_url;
use body::BodyMaker;
use echo::Secrets;
use guard::{Guard, Refused};
use signature::Signer;
use template::context::TemplateContext;

pub use body::{BodyError, try_template};

pub use answer::why_none;
pub use attempt::Attempt;
pub use client::Clients;
pub use client::{builder, is_here};
pub use healthcheck::healthcheck;

/// Makes the calls to one destination.
#[derive(Debug)]
pub struct Sender {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    signer: Signer,
    /// What an answer must not show.
    secrets: Secrets,
    body: BodyMaker,
    timeout: Duration,
    /// Watches over a URL that a caller gave.
    guard: Option<Guard>,
}

impl Sender {
    /// Makes ready to call a destination by one of `clients`, which is guarded if a caller gave its URL.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn new(destination: &Destination, clients: &Clients) -> Result<Self, SpecError> {
        let url = client::url(&destination.url)?;
        let headers = client::headers(&destination.headers)?;
        let guard = destination.guarded.then(|| clients.guard().clone());
        let refused = guard.as_ref().and_then(|guard| guard.check_url(&url).err());
        if let Some(refused) = refused {
            return Err(SpecError::new("url", refused.to_string()));
        }
        let content_type = body::content_type(&headers);
        let body = BodyMaker::new(&destination.body, content_type, clients.templates())?;
        Ok(Self {
            client: clients.get(&url, destination.guarded)?,
            method: client::method(destination.method),
            body,
            headers,
            signer: Signer::new(&destination.secrets)
                .map_err(|error| SpecError::new("secrets", error.to_string()))?,
            secrets: Secrets::of(destination, &url),
            url,
            timeout: destination.timeout,
            guard,
        })
    }

    /// What a call for this context says.
    ///
    /// # Errors
    /// When it cannot be made of this context, and never will be. Says nothing of what was said.
    pub fn body(&self, context: &TemplateContext<'_>) -> Result<String, BodyError> {
        self.body.make(context)
    }

    /// Where the calls go, without path and query, which may hold tokens.
    pub fn place(&self) -> String {
        client::place(&self.url)
    }

    /// The host and the port that are called.
    pub fn server(&self) -> (&str, u16) {
        let port = self.url.port_or_known_default();
        (
            self.url.host_str().unwrap_or_default(),
            port.unwrap_or_default(),
        )
    }

    /// The method of every call.
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Whether the URL is n8n's test URL, which hears one call after each click in its editor.
    pub fn is_test_url(&self) -> bool {
        self.url.path().contains("/webhook-test/")
    }

    /// The method and the URL of every call, for people: user info and the values of the query are masked.
    pub fn shown(&self) -> (&str, String) {
        (self.method.as_str(), masked_url(self.url.as_str()))
    }

    /// Makes one call, as the span `trace`.
    pub async fn send(&self, id: &BatchId, body: String, trace: Option<&TraceContext>) -> Attempt {
        let began = Instant::now();
        let refused = self.guard.as_ref().map(|guard| guard.check_url(&self.url));
        if let Some(Err(refused)) = refused {
            return Attempt::refused(&refused, began);
        }
        match self.request(id, body, trace).send().await {
            Ok(answer) => {
                let took = began.elapsed();
                let status = answer.status();
                let asked = answer
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|value| answer::retry_after(value, SystemTime::now()));
                let outcome = answer::outcome(status, asked);
                let answer = answer::read_rest(answer, &self.secrets).await;
                let summary = format!("HTTP {}", status.as_u16());
                Attempt {
                    outcome,
                    status: Some(status.as_u16()),
                    took,
                    summary,
                    had_no_socket: false,
                    answer,
                }
            }
            Err(error) => match Refused::behind(&error) {
                Some(refused) => Attempt::refused(refused, began),
                None => Attempt {
                    outcome: Outcome::Retry { asked: None },
                    status: None,
                    took: began.elapsed(),
                    summary: why_none(&error, self.timeout),
                    had_no_socket: answer::had_no_socket(&error),
                    answer: None,
                },
            },
        }
    }

    /// The call for a body, signed.
    fn request(&self, id: &BatchId, body: String, trace: Option<&TraceContext>) -> RequestBuilder {
        let timestamp = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut url = self.url.clone();
        // What a query can carry of the body is the body then.
        let body = if self.method == Method::GET {
            if let Ok(pairs) = query_pairs(&body) {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            String::new()
        } else {
            body
        };
        // By the standard the body is signed. What stands in the query instead has a signature of its own.
        let query = url.query().filter(|_| self.method == Method::GET);
        let signed: Vec<_> = iter::once(body.as_str()).chain(query).collect();
        let signatures = self.signer.headers(id, timestamp, &signed);
        let mut request = self
            .client
            .request(self.method.clone(), url)
            .timeout(self.timeout)
            .headers(self.headers.clone())
            .headers(signatures);
        // What an operator has set leads elsewhere, and is left alone.
        if let Some(trace) = trace.filter(|_| !self.headers.contains_key(TRACEPARENT)) {
            request = request.header(TRACEPARENT, trace.traceparent());
            if let Some(state) = trace.state() {
                request = request.header(TRACESTATE, state);
            }
        }
        request.body(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Vars;
    use crate::settings::guard::GuardConfig;
    use crate::spec::DestinationSpec;

    fn sender(url: &str) -> Result<Sender, SpecError> {
        let spec = DestinationSpec {
            name: "bot".to_owned(),
            url: url.to_owned(),
            ..DestinationSpec::default()
        };
        let rules = GuardConfig::from_vars(&Vars::new([])).unwrap();
        Sender::new(&spec.check()?, &Clients::new(rules))
    }

    #[test]
    fn a_url_must_lead_somewhere() {
        for bad in [
            "n8n:5678/webhook",
            "ftp://n8n/x",
            "http://",
            "/webhook/x",
            "http:///x y",
            "http://n8n/\r\nx-evil: 1",
        ] {
            let error = sender(bad).err().unwrap().to_string();
            assert!(error.starts_with("url: "), "{bad}: {error}");
        }
    }

    #[test]
    fn host_names_may_hold_underscores() {
        assert_eq!(
            sender("http://project_n8n:5678/webhook/x?token=t")
                .unwrap()
                .place(),
            "http://project_n8n:5678"
        );
    }

    #[test]
    fn the_test_url_of_n8n_is_recognised() {
        let is_test_url = |url: &str| sender(url).unwrap().is_test_url();

        assert!(is_test_url("http://n8n/webhook-test/x"));
        assert!(!is_test_url("http://n8n/webhook/x"));
    }
}
