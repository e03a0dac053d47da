//! Keeps calls to URLs that callers give away from the inside of the network.
//!
//! A name may answer with another address each time it is asked, so the check is made on what the connector is handed
//! ([`GuardedResolver`]). An address that stands in the URL itself is never resolved, so that is checked before each send
//! ([`Guard::check_url`]). Both are needed, at every attempt; redirects must not be followed.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};
use thiserror::Error;
use tokio::net::lookup_host;

use crate::core::address::not_public;
use crate::settings::guard::GuardConfig;

/// Why a call is not made. Holds no path and no query, which may hold tokens.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refused {
    /// It would not be HTTP.
    #[error("{0}: is not called: only http and https are")]
    Scheme(String),
    /// It leads nowhere.
    #[error("a URL without a host cannot be called")]
    NoHost,
    /// It leads inside.
    #[error(
        "{host} is not called: its address {address} is {what}; WEBHOOK_ALLOW={host} or ALLOW_PRIVATE_WEBHOOKS=true would allow it"
    )]
    Inside {
        /// The host as the URL has it.
        host: String,
        /// Where it leads.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
}

impl Refused {
    /// The refusal behind a call that failed, if that is why it failed.
    pub fn behind(error: &reqwest::Error) -> Option<&Self> {
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        while let Some(error) = cause {
            if let Some(refused) = error.downcast_ref() {
                return Some(refused);
            }
            cause = error.source();
        }
        None
    }
}

/// Knows where the URLs that callers give may lead.
#[derive(Clone, Debug)]
pub struct Guard {
    rules: Arc<GuardConfig>,
}

impl Guard {
    /// A guard by these rules.
    pub fn new(rules: GuardConfig) -> Self {
        Self {
            rules: Arc::new(rules),
        }
    }

    /// Checks all of a URL that can be checked without a look-up: what it speaks, and an address that stands in it. The
    /// parser has already made one spelling of `2130706433`, `0x7f.1` and `127.0.0.1`.
    ///
    /// # Errors
    /// Says what is refused and which setting would allow it.
    pub fn check_url(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        self.check_host(url)
    }

    /// The same of where a URL leads, whatever it speaks.
    ///
    /// # Errors
    /// Says what is refused and which setting would allow it.
    pub fn check_host(&self, url: &Url) -> Result<(), Refused> {
        let host = url.host_str().ok_or(Refused::NoHost)?;
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) => self.check(host, address),
            Err(_) => Ok(()),
        }
    }

    /// Makes the clients of a builder connect only where this guard lets them: by its resolver, without a proxy (which
    /// would look names up by itself), and without redirects.
    pub fn protect(&self, client: ClientBuilder) -> ClientBuilder {
        client
            .dns_resolver(Arc::new(GuardedResolver(self.clone())))
            .no_proxy()
            .redirect(Policy::none())
    }

    /// Looks a host up. Answers only the addresses that this guard lets pass.
    ///
    /// # Errors
    /// It is not found, which is an error of the system; else a [`Refused`], as it is, so that whoever looks for one behind an
    /// error finds it.
    pub async fn look_up(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let found = lookup_host((host, port)).await?;
        Ok(pass(self, host, found)?)
    }

    fn check(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        let Some(what) = not_public(address) else {
            return Ok(());
        };
        let canonical = address.to_canonical();
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        let allowed = self.rules.allow_private
            || self.rules.hosts.contains(&name)
            || self
                .rules
                .networks
                .iter()
                .any(|network| network.contains(&canonical));
        if allowed {
            return Ok(());
        }
        Err(Refused::Inside {
            host: host.to_owned(),
            address,
            what,
        })
    }
}

/// Looks names up, and hands the connector only addresses that its guard lets pass.
#[derive(Clone, Debug)]
pub struct GuardedResolver(pub Guard);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            // The connector puts the port of the URL in the place of 0.
            let passed = guard.look_up(name.as_str(), 0).await?;
            Ok(Box::new(passed.into_iter()) as Addrs)
        })
    }
}

/// The addresses of a host that a guard lets pass.
fn pass(
    guard: &Guard,
    host: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Refused> {
    let mut passed = Vec::new();
    let mut refused = None;
    for address in found {
        match guard.check(host, address.ip()) {
            Ok(()) => passed.push(address),
            Err(refusal) => refused = Some(refusal),
        }
    }
    match refused {
        Some(refusal) if passed.is_empty() => Err(refusal),
        _ => Ok(passed),
    }
}
