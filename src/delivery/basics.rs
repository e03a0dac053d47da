//! What senders of every kind need: where it goes, what is sent along, how it is signed, and what must not be shown of it.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Call;
use super::client::{self, Clients};
use super::echo::Secrets;
use super::guard::{Guard, Refused};
use super::signature::Signer;
use crate::core::batch::BatchId;
use crate::core::destination::Destination;
use crate::core::trace::{TRACEPARENT, TRACESTATE, TraceContext};
use crate::spec::SpecError;

/// How many bytes are kept of what the other side says of a call that it has not taken.
const MOST_OF_A_REFUSAL: usize = 300;

/// What senders of every kind need.
#[derive(Debug)]
pub(super) struct Basics {
    pub(super) url: Url,
    /// What is sent along with each call, the content type among it.
    pub(super) headers: HeaderMap,
    signer: Signer,
    /// What an answer must not show.
    pub(super) secrets: Secrets,
    pub(super) timeout: Duration,
    /// Watches over a URL that a caller gave.
    pub(super) guard: Option<Guard>,
}

impl Basics {
    /// Makes ready for a destination at `url`, which is guarded if a caller gave it.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn new(
        destination: &Destination,
        url: Url,
        clients: &Clients,
    ) -> Result<Self, SpecError> {
        let basics = Self {
            headers: client::headers(&destination.headers)?,
            guard: destination.guarded.then(|| clients.guard().clone()),
            signer: Signer::new(&destination.secrets)
                .map_err(|error| SpecError::new("secrets", error.to_string()))?,
            secrets: Secrets::of(destination, &url),
            url,
            timeout: destination.timeout,
        };
        match basics.refused() {
            Some(refused) => Err(SpecError::new("url", refused.to_string())),
            None => Ok(basics),
        }
    }

    /// Why the URL may not be called, as far as it can be told without a look-up.
    pub(super) fn refused(&self) -> Option<Refused> {
        let guard = self.guard.as_ref()?;
        let checked = match self.url.scheme() {
            "http" | "https" => guard.check_url(&self.url),
            _ => guard.check_host(&self.url),
        };
        checked.err()
    }

    /// What is sent along with a call that is signed by its body alone.
    pub(super) fn headers_of_body(&self, call: &Call<'_>) -> HeaderMap {
        self.headers_of(call.id, &[&call.said.body], call.trace)
    }

    /// What the other side says of a call that it has not taken, to be kept: short, and without secrets.
    pub(super) fn masked(&self, text: &str) -> String {
        self.secrets.masked(text, MOST_OF_A_REFUSAL)
    }

    /// What is sent along with a call that says this, as the span `trace`, with a signature of each text in `signed`.
    pub(super) fn headers_of(
        &self,
        id: &BatchId,
        signed: &[&str],
        trace: Option<&TraceContext>,
    ) -> HeaderMap {
        let timestamp = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let mut headers = self.headers.clone();
        headers.extend(self.signer.headers(id, timestamp, signed));
        // What an operator has set leads elsewhere, and is left alone.
        if let Some(trace) = trace.filter(|_| !self.headers.contains_key(TRACEPARENT)) {
            put(&mut headers, TRACEPARENT, &trace.traceparent());
            if let Some(state) = trace.state() {
                put(&mut headers, TRACESTATE, state);
            }
        }
        headers
    }
}

/// Both are made of what a header can carry.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.append(HeaderName::from_static(name), value);
    }
}
