//! What destinations share: HTTP clients, and templates; and the headers that each of their calls carries.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use super::guard::Guard;
use super::template::kept::Templates;
use super::{amqp, redis_stream};
use crate::core::broker_url::BrokerUrl;
use crate::core::destination::{Destination, Kind, Method};
use crate::settings::guard::GuardConfig;
use crate::spec::SpecError;

/// n8n (Node) closes a connection that was idle for 5 s; one that we keep for less is never found closed.
const IDLE_FOR: Duration = Duration::from_secs(4);

/// What the destinations of a daemon share. HTTP clients: one for each way of connecting. A client costs about 120 KiB and
/// 3 ms, mostly for the certificates it trusts, and keeps connections apart by host and port. Of streams and brokers there
/// is one connection for each URL. With them go the templates, of which equal ones are one.
#[derive(Clone, Debug)]
pub struct Clients {
    guard: Guard,
    made: Arc<Mutex<HashMap<Way, Client>>>,
    templates: Arc<Templates>,
    streams: Arc<redis_stream::Links>,
    brokers: Arc<amqp::Links>,
    /// The broker of destinations that name none.
    broker: Option<BrokerUrl>,
}

/// What the clients of two destinations may differ in. Whatever else a destination says of its calls goes with each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    /// Through the proxy that the environment names, if it names one.
    Anywhere,
    /// To this machine, never through a proxy.
    Here,
    /// Only where the guard lets it.
    Guarded,
}

impl Clients {
    /// None yet; those of destinations whose URL a caller gave will be guarded by these rules.
    pub fn new(rules: GuardConfig) -> Self {
        Self {
            guard: Guard::new(rules),
            made: Arc::default(),
            templates: Arc::default(),
            streams: Arc::default(),
            brokers: Arc::default(),
            broker: None,
        }
    }

    /// The same with the broker for destinations that name none, which is that of `RABBITMQ_URL`.
    #[must_use]
    pub fn with_broker(self, broker: Option<BrokerUrl>) -> Self {
        Self { broker, ..self }
    }

    /// What watches over URLs that callers give.
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The templates of all destinations.
    pub(super) fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The connections to streams.
    pub(super) fn streams(&self) -> &redis_stream::Links {
        &self.streams
    }

    /// The connections to brokers.
    pub(super) fn brokers(&self) -> &amqp::Links {
        &self.brokers
    }

    /// Where a destination is.
    ///
    /// # Errors
    /// It has no URL that could be called by its kind, or names none and there is none for it.
    pub(super) fn url_of(&self, destination: &Destination) -> Result<Url, SpecError> {
        let schemes = match &destination.kind {
            Kind::Http => ["http", "https"],
            Kind::RedisStream(_) => ["redis", "rediss"],
            Kind::Amqp(_) => ["amqp", "amqps"],
        };
        if matches!(destination.kind, Kind::Amqp(_)) && destination.url.is_empty() {
            let broker = self.broker.as_ref().and_then(amqp::url);
            return broker.ok_or_else(|| {
                SpecError::new("url", "is missing, and this daemon has no RABBITMQ_URL")
            });
        }
        url(&destination.url, schemes)
    }

    /// The client for a URL, made where none is yet that connects so. It has no time limit: each call has one.
    pub(super) fn get(&self, url: &Url, guarded: bool) -> Result<Client, SpecError> {
        let way = match (guarded, is_here(url)) {
            (true, _) => Way::Guarded,
            (false, true) => Way::Here,
            (false, false) => Way::Anywhere,
        };
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = made.get(&way) {
            return Ok(client.clone());
        }
        let client = match way {
            Way::Guarded => self.guard.protect(with_manners()),
            Way::Here => with_manners().no_proxy(),
            Way::Anywhere => with_manners(),
        };
        let client = client.build().map_err(|error| {
            SpecError::new("url", format!("no HTTP client can be made: {error}"))
        })?;
        made.insert(way, client.clone());
        Ok(client)
    }
}

/// The URL of a destination, which has one of two schemes.
fn url(text: &str, schemes: [&str; 2]) -> Result<Url, SpecError> {
    let wrong = |why: &str| SpecError::new("url", why);
    // They would be taken out in silence.
    if text.contains(char::is_control) {
        return Err(wrong(
            "holds line breaks or other characters that no URL has",
        ));
    }
    let url: Url = text
        .parse()
        .map_err(|error| wrong(&format!("is not a URL: {error}")))?;
    if !schemes.contains(&url.scheme()) {
        let [plain, safe] = schemes;
        return Err(wrong(&format!("must begin with {plain}:// or {safe}://")));
    }
    if !url.has_host() {
        return Err(wrong("names no host"));
    }
    Ok(url)
}

/// A client for one URL.
pub fn builder(url: &Url, timeout: Duration) -> ClientBuilder {
    let client = with_manners().timeout(timeout);
    // A proxy that the environment names has another idea of who 127.0.0.1 is.
    if is_here(url) {
        client.no_proxy()
    } else {
        client
    }
}

/// A client with the manners that all have.
fn with_manners() -> ClientBuilder {
    provide_tls();
    let agent = HeaderValue::from_static(concat!("lull/", env!("CARGO_PKG_VERSION")));
    // In a burst all calls may end at one moment, and begin again at the next: no idle connection is one too many.
    Client::builder()
        .user_agent(agent)
        .redirect(Policy::none())
        .pool_idle_timeout(IDLE_FOR)
        .tcp_nodelay(true)
}

/// Says which code TLS is made with, before anybody speaks it.
pub(super) fn provide_tls() {
    // Only the first call in a process has an effect; the second finds the same provider there.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

pub(super) fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
    }
}

/// The headers that every call carries.
pub(super) fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, SpecError> {
    let wrong = |why: String| SpecError::new("headers", why);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in given {
        let Ok(name) = HeaderName::try_from(name) else {
            // Not told which: who mixes up name and value puts a token there.
            return Err(wrong("a name in it cannot be a header's name".to_owned()));
        };
        if name.as_str().starts_with("webhook-") || name == "content-length" {
            return Err(wrong(format!("{name} is set by Lull itself")));
        }
        let Ok(mut value) = HeaderValue::try_from(value) else {
            let why = format!("the value of {name} holds characters that a header cannot carry");
            return Err(wrong(why));
        };
        value.set_sensitive(name != CONTENT_TYPE);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// A URL without what may hold tokens.
pub(super) fn place(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}"));
    let (port, host) = (port.unwrap_or_default(), url.host_str().unwrap_or_default());
    format!("{}://{host}{port}", url.scheme())
}

/// Whether a URL leads to this machine.
pub fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Vars;

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
    fn destinations_share_a_client_unless_they_connect_in_another_way() {
        let clients = Clients::new(GuardConfig::from_vars(&Vars::new([])).unwrap());
        let made = |url: &str, guarded| {
            clients.get(&url.parse().unwrap(), guarded).unwrap();
            clients.made.lock().unwrap().len()
        };

        assert_eq!(made("https://a.example/x", false), 1);
        assert_eq!(made("http://b.example:81/y", false), 1);
        assert_eq!(made("http://localhost/", false), 2);
        assert_eq!(made("https://a.example/x", true), 3);
        assert_eq!(made("http://127.0.0.1/", true), 3);
    }

    #[test]
    fn own_headers_cannot_be_replaced_nor_broken_ones_sent() {
        let headers = |name: &str, value: &str| {
            headers(&BTreeMap::from([(name.to_owned(), value.to_owned())]))
        };

        for (name, value) in [("Webhook-Id", "x"), ("a b", "x"), ("x", "line\nbreak")] {
            let error = headers(name, value).unwrap_err().to_string();
            assert!(
                error.starts_with("headers: ") && !error.contains("line"),
                "{name}: {error}"
            );
        }
        assert!(headers("Authorization", "Bearer t").is_ok());
        assert_eq!(
            headers("Content-Type", "text/plain").unwrap()[CONTENT_TYPE],
            "text/plain"
        );
    }
}
