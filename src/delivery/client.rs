//! The HTTP client of a destination, and the headers that each of its calls carries.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Url};

use super::guard::Guard;
use crate::domain::destination::{Destination, Method};
use crate::wire::config::SpecError;

/// n8n (Node) closes a connection that was idle for 5 s; one that we keep for less is never found closed.
const IDLE_FOR: Duration = Duration::from_secs(4);

pub(super) fn client(
    url: &Url,
    destination: &Destination,
    guard: Option<&Guard>,
) -> Result<Client, SpecError> {
    // In a burst all calls may end at one moment, and begin again at the next.
    let mut client =
        builder(url, destination.timeout).pool_max_idle_per_host(destination.concurrency);
    if let Some(guard) = guard {
        client = guard.protect(client);
    }
    client
        .build()
        .map_err(|error| SpecError::new("url", format!("no HTTP client can be made: {error}")))
}

/// The URL of a destination.
pub(super) fn url(text: &str) -> Result<Url, SpecError> {
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
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("must begin with http:// or https://"));
    }
    if !url.has_host() {
        return Err(wrong("names no host"));
    }
    Ok(url)
}

/// A client with the manners that all have.
pub(crate) fn builder(url: &Url, timeout: Duration) -> ClientBuilder {
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
pub(super) fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

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
