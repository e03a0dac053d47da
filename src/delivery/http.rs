//! Handing over by an HTTP call.

use std::iter;
use std::time::{Instant, SystemTime};

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, Method, RequestBuilder, Response};

use super::answer::{self, why_none};
use super::basics::Basics;
use super::client::{self, Clients};
use super::guard::Refused;
use super::query_pairs::query_pairs;
use super::{Attempt, Call};
use crate::core::batch::Outcome;
use crate::core::destination::Destination;
use crate::spec::SpecError;

/// Makes HTTP calls to one destination.
#[derive(Debug)]
pub(super) struct HttpSender {
    client: Client,
    method: Method,
}

impl HttpSender {
    /// Makes ready, by one of `clients`.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn new(
        destination: &Destination,
        basics: &Basics,
        clients: &Clients,
    ) -> Result<Self, SpecError> {
        Ok(Self {
            client: clients.get(&basics.url, destination.guarded)?,
            method: client::method(destination.method),
        })
    }

    /// The method of every call.
    pub(super) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Makes one call.
    pub(super) async fn send(&self, basics: &Basics, call: Call<'_>) -> Attempt {
        let began = Instant::now();
        match self.request(basics, call).send().await {
            Ok(answer) => answered(basics, answer, began).await,
            Err(error) => match Refused::behind(&error) {
                Some(refused) => Attempt::refused(refused, began),
                None => Attempt {
                    outcome: Outcome::Retry { asked: None },
                    status: None,
                    took: began.elapsed(),
                    summary: why_none(&error, basics.timeout),
                    had_no_socket: answer::had_no_socket(&error),
                    answer: None,
                },
            },
        }
    }

    /// The call for a body, signed.
    pub(super) fn request(&self, basics: &Basics, call: Call<'_>) -> RequestBuilder {
        let Call { id, said, trace } = call;
        let body = said.body;
        let mut url = basics.url.clone();
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
        let headers = basics.headers_of(id, &signed, trace);
        self.client
            .request(self.method.clone(), url)
            .timeout(basics.timeout)
            .headers(headers)
            .body(body)
    }
}

async fn answered(basics: &Basics, answer: Response, began: Instant) -> Attempt {
    let took = began.elapsed();
    let status = answer.status();
    let asked = answer
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| answer::retry_after(value, SystemTime::now()));
    Attempt {
        outcome: answer::outcome(status, asked),
        status: Some(status.as_u16()),
        took,
        summary: format!("HTTP {}", status.as_u16()),
        had_no_socket: false,
        answer: answer::read_rest(answer, &basics.secrets).await,
    }
}
