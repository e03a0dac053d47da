//! Where a RabbitMQ is, as its users write it: `amqp://name:password@host:5672/vhost`. No error repeats any part of it: it
//! may be a password.

use std::fmt::{self, Debug, Display, Formatter};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;
use url::Url;

/// The port of `amqp://` that names none.
const PORT: u16 = 5672;
/// The port of `amqps://` that names none.
const TLS_PORT: u16 = 5671;

/// Most bytes of any name in AMQP 0-9-1: of a queue, an exchange, a routing key, a virtual host.
pub const LONGEST_NAME: usize = 255;

/// The port of a URL that names none.
pub fn usual_port(tls: bool) -> u16 {
    if tls { TLS_PORT } else { PORT }
}

/// Where a broker is, and how to log in. Shown, it has neither user nor password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BrokerUrl {
    /// Whether to speak TLS.
    pub tls: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Who logs in.
    pub user: String,
    /// And with what.
    pub password: String,
    /// The virtual host.
    pub vhost: String,
}

/// Why a text is no URL of a broker.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NoBrokerUrl {
    /// It is no URL at all.
    #[error("is not a URL: write / as %2F and @ as %40 in a user name or a password")]
    Unreadable,
    /// It is one of something else.
    #[error("must begin with amqp:// or amqps://")]
    Scheme,
    /// It leads nowhere.
    #[error("names no host")]
    NoHost,
    /// A name in it is no text.
    #[error("has a % that is not followed by two hexadecimal digits of UTF-8")]
    NoText,
    /// The protocol has no room for it.
    #[error("names a virtual host of more than {LONGEST_NAME} bytes")]
    LongVhost,
    /// It says more than is understood.
    #[error("has something behind a ? or #, which is not understood")]
    TooMuch,
}

impl FromStr for BrokerUrl {
    type Err = NoBrokerUrl;

    fn from_str(text: &str) -> Result<Self, NoBrokerUrl> {
        // They would be taken out in silence.
        if text.contains(char::is_control) {
            return Err(NoBrokerUrl::Unreadable);
        }
        let url = Url::parse(text).map_err(|_| NoBrokerUrl::Unreadable)?;
        let tls = match url.scheme() {
            "amqp" => false,
            "amqps" => true,
            _ => return Err(NoBrokerUrl::Scheme),
        };
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(NoBrokerUrl::NoHost)?.trim_matches(['[', ']']);
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NoBrokerUrl::TooMuch);
        }
        let (user, password) = match (plain(url.username())?, url.password()) {
            (user, None) if user.is_empty() => ("guest".to_owned(), "guest".to_owned()),
            (user, password) => (user, plain(password.unwrap_or_default())?),
        };
        Ok(Self {
            tls,
            host: plain(host)?,
            port: url.port().unwrap_or(usual_port(tls)),
            user,
            password,
            vhost: vhost(url.path())?,
        })
    }
}

/// `/` where none is named: also `amqp://host/`, which others take for a host without a name, and `amqp://host//`, as
/// Celery writes it. Nobody has a virtual host whose name is empty.
fn vhost(path: &str) -> Result<String, NoBrokerUrl> {
    let name = plain(path.strip_prefix('/').unwrap_or(path))?;
    if name.len() > LONGEST_NAME {
        return Err(NoBrokerUrl::LongVhost);
    }
    Ok(if name.is_empty() {
        "/".to_owned()
    } else {
        name
    })
}

fn plain(text: &str) -> Result<String, NoBrokerUrl> {
    let plain = percent_decode_str(text).decode_utf8();
    let plain = plain.map_err(|_| NoBrokerUrl::NoText)?;
    Ok(plain.into_owned())
}

impl Display for BrokerUrl {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "amqps" } else { "amqp" };
        match self.host.contains(':') {
            true => write!(to, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(to, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl Debug for BrokerUrl {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BrokerUrl {
        text.parse().unwrap()
    }

    #[test]
    fn all_parts_are_read_and_what_is_missing_is_as_rabbitmq_has_it() {
        let all = read("amqps://evo:p%40ss%2F@mq.example.com:5680/loja%2Fum");
        assert_eq!((all.tls, all.port), (true, 5680));
        assert_eq!((&*all.user, &*all.password), ("evo", "p@ss/"));
        assert_eq!((&*all.host, &*all.vhost), ("mq.example.com", "loja/um"));

        let least = read("amqp://mq");
        assert_eq!((least.tls, least.port), (false, 5672));
        assert_eq!((&*least.user, &*least.password), ("guest", "guest"));
        assert_eq!(read("amqps://mq").port, 5671);
    }

    #[test]
    fn every_spelling_of_the_first_virtual_host_is_it() {
        for text in ["amqp://mq", "amqp://mq/", "amqp://mq//", "amqp://mq/%2F"] {
            assert_eq!(read(text).vhost, "/", "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_without_repeating_it() {
        for (text, why) in [
            ("mq:5672", NoBrokerUrl::Scheme),
            ("mq", NoBrokerUrl::Unreadable),
            ("http://mq", NoBrokerUrl::Scheme),
            ("amqp:///x", NoBrokerUrl::NoHost),
            ("amqp://a:se/cret@mq", NoBrokerUrl::Unreadable),
            ("amqp://mq\n", NoBrokerUrl::Unreadable),
            ("amqp://mq/%ff", NoBrokerUrl::NoText),
            ("amqp://mq/x?heartbeat=3", NoBrokerUrl::TooMuch),
        ] {
            assert_eq!(text.parse::<BrokerUrl>().unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn it_is_shown_without_who_logs_in() {
        let url = read("amqp://evo:secret@[::1]/loja");
        assert_eq!(
            format!("{url} {url:?}"),
            "amqp://[::1]:5672 amqp://[::1]:5672"
        );
    }
}
