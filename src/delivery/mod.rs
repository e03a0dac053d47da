//! The only room that knows the destination: headers, signature, the call, and what its answer means.
//!
//! A [`Sender`] has what every destination needs, and a way of handing over: a folder or file for each kind. Whatever the
//! kind, a call comes to an [`Attempt`].

mod amqp;
mod answer;
mod attempt;
mod basics;
mod body;
mod client;
pub mod collector;
mod echo;
pub mod fetch;
pub mod guard;
mod healthcheck;
mod http;
mod query_pairs;
pub mod reach;
mod redis_stream;
mod shared;
mod signature;
pub mod template;
pub mod trial;

use std::time::Instant;

use crate::core::batch::BatchId;
use crate::core::destination::{Destination, Kind};
use crate::core::trace::TraceContext;
use crate::spec::SpecError;
use crate::spec::masked::masked_url;
use amqp::AmqpSender;
use basics::Basics;
use body::BodyMaker;
use http::HttpSender;
use redis_stream::StreamSender;
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
    basics: Basics,
    body: BodyMaker,
    way: Way,
}

/// How a destination is handed what is said.
#[derive(Debug)]
enum Way {
    Http(HttpSender),
    RedisStream(StreamSender),
    Amqp(AmqpSender),
}

/// What a call says, made of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Its body.
    pub body: String,
    /// How a broker is to route it; none: there is no broker.
    pub routing_key: Option<String>,
}

/// A call to be made.
struct Call<'a> {
    /// Its `webhook-id`.
    id: &'a BatchId,
    /// What it says.
    said: Filled,
    /// The span that it is.
    trace: Option<&'a TraceContext>,
}

impl Sender {
    /// Makes ready to call a destination by one of `clients`, which is guarded if a caller gave its URL.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn new(destination: &Destination, clients: &Clients) -> Result<Self, SpecError> {
        let url = clients.url_of(destination)?;
        let basics = Basics::new(destination, url, clients)?;
        let content_type = body::content_type(&basics.headers);
        let body = BodyMaker::new(&destination.body, content_type, clients.templates())?;
        let way = match &destination.kind {
            Kind::Http => Way::Http(HttpSender::new(destination, &basics, clients)?),
            Kind::RedisStream(stream) => {
                Way::RedisStream(StreamSender::new(stream, &basics, clients)?)
            }
            Kind::Amqp(exchange) => Way::Amqp(AmqpSender::new(exchange, &basics, clients)?),
        };
        Ok(Self { body, way, basics })
    }

    /// What a call for this context says.
    ///
    /// # Errors
    /// When it cannot be made of this context, and never will be. Says nothing of what was said.
    pub fn fill(&self, context: &TemplateContext<'_>) -> Result<Filled, BodyError> {
        self.filled(self.body.make(context)?, context)
    }

    fn filled(&self, body: String, context: &TemplateContext<'_>) -> Result<Filled, BodyError> {
        let routing_key = match &self.way {
            Way::Http(_) | Way::RedisStream(_) => None,
            Way::Amqp(amqp) => Some(amqp.routing_key(context)?),
        };
        Ok(Filled { body, routing_key })
    }

    /// Where the calls go, without path and query, which may hold tokens.
    pub fn place(&self) -> String {
        client::place(&self.basics.url)
    }

    /// The host and the port that are called.
    pub fn server(&self) -> (&str, u16) {
        let url = &self.basics.url;
        let port = url.port_or_known_default();
        let port = port.or(match &self.way {
            Way::Http(_) => None,
            Way::RedisStream(_) => Some(redis_stream::PORT),
            Way::Amqp(_) => Some(amqp::port(url)),
        });
        (url.host_str().unwrap_or_default(), port.unwrap_or_default())
    }

    /// The method of a call that says this; of a stream the command with its key, of an exchange what is published where.
    pub fn method(&self, said: &Filled) -> String {
        match &self.way {
            Way::Http(http) => http.method().to_owned(),
            Way::RedisStream(stream) => stream.command().to_owned(),
            Way::Amqp(amqp) => amqp.command(said.routing_key.as_deref().unwrap_or_default()),
        }
    }

    /// What a span tells of every call, by the names of OpenTelemetry.
    pub fn described(&self) -> Vec<(&'static str, String)> {
        match &self.way {
            Way::Http(http) => vec![("http.request.method", http.method().to_owned())],
            Way::RedisStream(stream) => stream.described(),
            Way::Amqp(amqp) => amqp.described(),
        }
    }

    /// Whether the URL is n8n's test URL, which hears one call after each click in its editor.
    pub fn is_test_url(&self) -> bool {
        self.basics.url.path().contains("/webhook-test/")
    }

    /// The method and the URL of a call that says this, for people: user info and the values of the query are masked.
    pub fn shown(&self, said: &Filled) -> (String, String) {
        (self.method(said), masked_url(self.basics.url.as_str()))
    }

    /// Makes one call, as the span `trace`.
    pub async fn send(&self, id: &BatchId, said: Filled, trace: Option<&TraceContext>) -> Attempt {
        if let Some(refused) = self.basics.refused() {
            return Attempt::refused(&refused, Instant::now());
        }
        let call = Call { id, said, trace };
        match &self.way {
            Way::Http(http) => http.send(&self.basics, call).await,
            Way::RedisStream(stream) => stream.send(&self.basics, call).await,
            Way::Amqp(amqp) => amqp.send(&self.basics, call).await,
        }
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
