//! Handing over as a message on an exchange of RabbitMQ, which confirms that it has it.

mod link;
mod routing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use tokio::sync::Mutex;
use tokio::time::timeout_at;

use super::basics::Basics;
use super::client::Clients;
use super::template::context::TemplateContext;
use super::{Attempt, BodyError, Call};
use crate::broker::{BrokerError, Confirmed, HeaderValue, IS_BUILT_IN, Message, Publisher};
use crate::core::batch::Outcome;
use crate::core::broker_url::{BrokerUrl, NoBrokerUrl, usual_port};
use crate::core::destination::{Exchange, published_to};
use crate::core::why::Why;
use crate::open_files;
use crate::spec::SpecError;
use link::{Link, Unconnected};
use routing::Routing;

pub(super) use link::Links;

/// What the protocol calls it that a message is too large.
const TOO_LARGE: u16 = 311;
/// What a broker calls anything that it was told not to take; of a message only its size is looked at.
const PRECONDITION_FAILED: u16 = 406;

/// Publishes to one exchange.
pub(super) struct AmqpSender {
    link: Arc<Link>,
    exchange: Exchange,
    routing: Routing,
    /// A channel of its own: an exchange that is not there ends nobody else's.
    open: Mutex<Option<Publisher>>,
}

impl std::fmt::Debug for AmqpSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AmqpSender({:?})", self.exchange)
    }
}

impl AmqpSender {
    /// Makes ready, by a connection that all destinations of one URL share.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn new(
        exchange: &Exchange,
        basics: &Basics,
        clients: &Clients,
    ) -> Result<Self, SpecError> {
        if !IS_BUILT_IN {
            return Err(SpecError::new("kind", BrokerError::NotBuiltIn.to_string()));
        }
        let url = basics.url.as_str().parse();
        let url = url.map_err(|error: NoBrokerUrl| SpecError::new("url", error.to_string()))?;
        Ok(Self {
            link: clients.brokers().get(&url, basics.guard.as_ref())?,
            routing: Routing::new(&exchange.routing_key, clients.templates())?,
            exchange: exchange.clone(),
            open: Mutex::default(),
        })
    }

    /// The routing key of a call for this context.
    ///
    /// # Errors
    /// When it cannot be made of this context, and never will be.
    pub(super) fn routing_key(&self, context: &TemplateContext<'_>) -> Result<String, BodyError> {
        self.routing.key(context)
    }

    /// The exchange with the routing key, for people.
    pub(super) fn command(&self, routing_key: &str) -> String {
        published_to(&self.exchange.name, routing_key)
    }

    /// What a span tells of every call.
    pub(super) fn described(&self) -> Vec<(&'static str, String)> {
        vec![
            ("messaging.system", "rabbitmq".to_owned()),
            ("messaging.operation.name", "publish".to_owned()),
            ("messaging.destination.name", self.exchange.name.clone()),
        ]
    }

    /// Publishes one message.
    pub(super) async fn send(&self, basics: &Basics, call: Call<'_>) -> Attempt {
        let began = Instant::now();
        let deadline = tokio::time::Instant::from_std(began + basics.timeout);
        let publisher = match timeout_at(deadline, self.publisher()).await {
            Ok(Ok(publisher)) => publisher,
            Ok(Err(unconnected)) => return unconnected_with(unconnected, basics, began),
            Err(_) => return Attempt::failed(&Why::NoConnection("none in time"), began),
        };
        let headers = basics.headers_of_body(&call);
        let message = self.message(&call, &headers);
        let confirmed = match timeout_at(deadline, publisher.publish(message)).await {
            Ok(confirmed) => confirmed,
            Err(_) => Err(BrokerError::Silent(basics.timeout)),
        };
        match confirmed {
            Ok(Confirmed::Taken) => Attempt::taken(&Why::Confirmed, began),
            Ok(Confirmed::Unroutable(why)) => not_taken(&why, basics, began),
            Ok(Confirmed::NotTaken) => {
                not_taken("the broker could not keep it (nack)", basics, began)
            }
            Err(error) => {
                self.close(&error).await;
                failed_with(&error, basics, began)
            }
        }
    }

    fn message<'a>(&'a self, call: &'a Call<'_>, headers: &'a HeaderMap) -> Message<'a> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut others = BTreeMap::new();
        for (name, value) in headers.iter().filter(|(name, _)| *name != CONTENT_TYPE) {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            others.insert(name.to_string(), HeaderValue::Text(value));
        }
        Message {
            exchange: &self.exchange.name,
            routing_key: call.said.routing_key.as_deref().unwrap_or_default(),
            body: call.said.body.as_bytes(),
            persistent: self.exchange.persistent,
            message_id: Some(call.id.as_str()),
            content_type: text(CONTENT_TYPE.as_str()),
            timestamp: text("webhook-timestamp").and_then(|at| at.parse().ok()),
            headers: others,
        }
    }

    async fn publisher(&self) -> Result<Publisher, Unconnected> {
        let mut open = self.open.lock().await;
        if let Some(publisher) = open.as_ref().filter(|publisher| publisher.is_open()) {
            return Ok(publisher.clone());
        }
        let publisher = self.link.publisher().await?;
        *open = Some(publisher.clone());
        Ok(publisher)
    }

    /// Lets go of what an error has closed: the channel, and of one that is of the connection that, too.
    async fn close(&self, error: &BrokerError) {
        *self.open.lock().await = None;
        if error.is_of_connection() {
            self.link.close().await;
        }
    }
}

fn not_taken(why: &str, basics: &Basics, began: Instant) -> Attempt {
    let why = basics.masked(why);
    Attempt::failed(&Why::NotTaken(&why), began)
}

/// What an attempt without a connection came to. Nothing that is told of it names a secret.
fn unconnected_with(unconnected: Unconnected, basics: &Basics, began: Instant) -> Attempt {
    match unconnected {
        Unconnected::Inside(refused) => Attempt::refused(&refused, began),
        Unconnected::Broker(BrokerError::Refused { code, text }) => {
            not_taken(&format!("{text} ({code})"), basics, began)
        }
        Unconnected::Broker(BrokerError::Silent(_)) => {
            Attempt::failed(&Why::NoConnection("none in time"), began)
        }
        Unconnected::Broker(BrokerError::NoConnection(cause)) | Unconnected::Nowhere(cause) => {
            let cause = basics.masked(&cause);
            Attempt {
                had_no_socket: open_files::are_out(),
                ..Attempt::failed(&Why::NoConnection(&cause), began)
            }
        }
        Unconnected::Broker(error) => not_taken(&error.to_string(), basics, began),
    }
}

/// What a message that was not confirmed came to.
fn failed_with(error: &BrokerError, basics: &Basics, began: Instant) -> Attempt {
    match error {
        BrokerError::Refused { code, text } => {
            let attempt = not_taken(&format!("{text} ({code})"), basics, began);
            if is_too_large(*code, text) {
                // Nothing will make it smaller.
                return Attempt {
                    outcome: Outcome::Rejected,
                    ..attempt
                };
            }
            attempt
        }
        BrokerError::NoConnection(cause) => {
            let cause = basics.masked(cause);
            Attempt::failed(&Why::Broken(&cause), began)
        }
        BrokerError::Silent(after) => silent(*after, began),
        // Nothing will make it shorter, either.
        BrokerError::TooLong(_) => Attempt {
            outcome: Outcome::Rejected,
            ..not_taken(&error.to_string(), basics, began)
        },
        BrokerError::CalledOff | BrokerError::NotBuiltIn => {
            not_taken(&error.to_string(), basics, began)
        }
    }
}

fn silent(after: Duration, began: Instant) -> Attempt {
    Attempt::failed(&Why::NoAnswer(&after.as_secs_f64().to_string()), began)
}

/// Whether a refusal is of the size of the message.
fn is_too_large(code: u16, text: &str) -> bool {
    code == TOO_LARGE || code == PRECONDITION_FAILED && text.contains("message size")
}

/// Where the broker of a URL listens.
pub(super) fn port(url: &Url) -> u16 {
    usual_port(url.scheme() == "amqps")
}

/// A broker as a URL, in the spelling of all others.
pub(super) fn url(broker: &BrokerUrl) -> Option<Url> {
    // Shown, it has neither user nor password.
    let mut url: Url = broker.to_string().parse().ok()?;
    url.set_username(&broker.user).ok()?;
    url.set_password(Some(&broker.password)).ok()?;
    if broker.vhost != "/" {
        url.path_segments_mut().ok()?.push(&broker.vhost);
    }
    Some(url)
}

#[cfg(feature = "amqp")]
#[cfg(test)]
mod tests;
