//! Where batches go, and how they are handed over.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono_tz::Tz;
use thiserror::Error;

use super::chat::Name;
use super::life::Life;
use super::retry::RetryPolicy;

/// A destination, with everything that a call to it needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// What it is called.
    pub name: Name,
    /// Where it is.
    pub url: String,
    /// How it is handed what is said.
    pub kind: Kind,
    /// How it is called, by HTTP.
    pub method: Method,
    /// Headers to send along.
    pub headers: BTreeMap<String, String>,
    /// What the calls say.
    pub body: Body,
    /// The longest that an attempt may take.
    pub timeout: Duration,
    /// When a batch is tried again.
    pub retry: RetryPolicy,
    /// The keys to sign with, in the `whsec_` form.
    pub secrets: Vec<String>,
    /// Attempts in flight.
    pub concurrency: usize,
    /// Off: its lanes wait.
    pub active: bool,
    /// The URL came from a caller, who may not reach inside the network.
    pub guarded: bool,
    /// Each message is a call of its own.
    pub split: bool,
    /// How many attempts may begin; without, as many as there is room for.
    pub pace: Option<Pace>,
}

/// How a destination is handed what is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// By a call of HTTP.
    #[default]
    Http,
    /// As an entry of a stream of Redis.
    RedisStream(Stream),
    /// As a message on an exchange of RabbitMQ.
    Amqp(Exchange),
}

/// What is done to a stream, for people.
pub fn added_to(key: &str) -> String {
    format!("XADD {key}")
}

/// What is done at an exchange, for people. The one that has no name is left out, and so is a routing key that is empty.
pub fn published_to(exchange: &str, routing_key: &str) -> String {
    let parts = ["PUBLISH", exchange, routing_key].into_iter();
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// A stream of Redis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its key.
    pub key: String,
    /// About so many entries are kept in it; the oldest go.
    pub max_len: u64,
}

/// An exchange of RabbitMQ, and how messages are put on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What it is called; empty: the one that brings everything to the queue that is called as the routing key.
    pub name: String,
    /// How a message is routed: a template.
    pub routing_key: String,
    /// Messages outlive the end of the broker.
    pub persistent: bool,
}

/// At most `batch` attempts begin in any interval of this length, over all monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How long an interval lasts.
    pub every: Duration,
    /// How many attempts begin in one.
    pub batch: usize,
}

impl Pace {
    /// How long an attempt that was let begin counts. A little longer than the interval, for the destination counts when
    /// calls arrive, and one may be on its way for longer than the one that begins an interval later.
    pub fn span(&self) -> Duration {
        self.every + self.margin()
    }

    /// How much later than it was let begin an attempt may set out.
    pub fn margin(&self) -> Duration {
        (self.every / 50).clamp(LEAST_MARGIN, MOST_MARGIN)
    }
}

/// See [`Pace::span`].
const LEAST_MARGIN: Duration = Duration::from_millis(10);
const MOST_MARGIN: Duration = Duration::from_millis(250);

/// A destination as a window is closed for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is called.
    pub name: Name,
    /// See [`Destination::split`].
    pub split: bool,
    /// Which of all that ever bore its name it is.
    pub life: Life,
}

impl Target {
    /// One that gets the messages of a window in one call, and is always there.
    pub fn whole(name: Name) -> Self {
        Self {
            name,
            split: false,
            life: Life::ALWAYS,
        }
    }
}

/// What a call says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The payload.
    Payload {
        /// The name of the list of messages.
        messages_field: String,
        /// The zone that moments are written in; without, the buffer's.
        zone: Option<Tz>,
        /// Only these fields; without, all.
        fields: Option<Vec<String>>,
    },
    /// A template for the whole of it.
    Template(String),
    /// Nothing.
    Nothing,
    /// The service Buffer: the chat, and a list of what each message gives.
    Content {
        /// What the chat is called in it.
        key_field: String,
        /// A template for each message; without, the messages as they came.
        template: Option<String>,
        /// Only these fields of each message; without, all.
        fields: Option<Vec<String>>,
    },
    /// Buffer Service: the newest message, with the texts of all at this path.
    Newest {
        /// Where the texts stand.
        aggregate_field: String,
    },
}

/// The HTTP methods that a destination may be called with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// `POST`.
    #[default]
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `GET`: what would be the body's top-level fields is the query.
    Get,
}

impl Method {
    const ALL: [Self; 5] = [Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Get];

    /// Its name in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Get => "GET",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A method that a destination cannot be called with.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("must be POST, PUT, PATCH, DELETE or GET")]
pub struct MethodError;

impl FromStr for Method {
    type Err = MethodError;

    fn from_str(text: &str) -> Result<Self, MethodError> {
        let text = text.to_ascii_uppercase();
        Self::ALL
            .into_iter()
            .find(|method| method.as_str() == text)
            .ok_or(MethodError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_counts_for_the_interval_and_for_a_moment_on_its_way() {
        for (every, span) in [(100, 110), (3000, 3060), (120_000, 120_250)] {
            let pace = Pace {
                every: Duration::from_millis(every),
                batch: 1,
            };
            assert_eq!(pace.span(), Duration::from_millis(span));
        }
    }

    #[test]
    fn a_method_is_known_in_any_case() {
        assert_eq!("put".parse(), Ok(Method::Put));
        assert_eq!("TRACE".parse::<Method>(), Err(MethodError));
    }
}
