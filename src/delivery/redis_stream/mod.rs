//! Handing over as an entry of a stream of Redis: `XADD` with a bounded length.

mod link;

use std::sync::Arc;
use std::time::Instant;

use redis::RedisError;
use reqwest::Url;

use super::basics::Basics;
use super::client::{Clients, provide_tls};
use super::{Attempt, Call};
use crate::core::destination::{Stream, added_to};
use crate::core::why::Why;
use crate::spec::SpecError;
use link::{Failed, Link};

pub(super) use link::Links;

/// Where a Redis listens whose URL names no port.
pub(super) const PORT: u16 = 6379;
/// The field of an entry that has the body.
const BODY: &str = "body";

/// Adds entries to one stream.
#[derive(Debug)]
pub(super) struct StreamSender {
    link: Arc<Link>,
    stream: Stream,
    /// The command and the stream, for people.
    command: String,
}

impl StreamSender {
    /// Makes ready, by a connection that all destinations of one URL share.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(super) fn new(
        stream: &Stream,
        basics: &Basics,
        clients: &Clients,
    ) -> Result<Self, SpecError> {
        check_url(&basics.url)?;
        if basics.headers.contains_key(BODY) {
            let why = format!("{BODY} is set by Lull itself");
            return Err(SpecError::new("headers", why));
        }
        provide_tls();
        Ok(Self {
            link: clients.streams().get(&basics.url, basics.guard.as_ref())?,
            command: added_to(&stream.key),
            stream: stream.clone(),
        })
    }

    /// The command and the stream, for people.
    pub(super) fn command(&self) -> &str {
        &self.command
    }

    /// What a span tells of every call.
    pub(super) fn described(&self) -> Vec<(&'static str, String)> {
        vec![
            ("db.system.name", "redis".to_owned()),
            ("db.operation.name", "XADD".to_owned()),
            ("db.collection.name", self.stream.key.clone()),
        ]
    }

    /// Adds one entry.
    pub(super) async fn send(&self, basics: &Basics, call: Call<'_>) -> Attempt {
        let began = Instant::now();
        let deadline = tokio::time::Instant::from_std(began + basics.timeout);
        match self.link.query(&self.entry(basics, &call), deadline).await {
            Ok(id) => Attempt::taken(&Why::Entry(&id), began),
            Err(failed) => failed_with(failed, basics, began),
        }
    }

    fn entry(&self, basics: &Basics, call: &Call<'_>) -> redis::Cmd {
        let mut entry = redis::cmd("XADD");
        let Stream { key, max_len } = &self.stream;
        // Exactly so many would cost Redis a walk through the oldest node with each entry.
        entry.arg(key).arg("MAXLEN").arg("~").arg(*max_len).arg("*");
        for (name, value) in &basics.headers_of_body(call) {
            entry.arg(name.as_str()).arg(value.as_bytes());
        }
        entry.arg(BODY).arg(&call.said.body);
        entry
    }
}

/// What an attempt without an entry came to. Nothing that is told of it names a secret.
fn failed_with(failed: Failed, basics: &Basics, began: Instant) -> Attempt {
    match failed {
        Failed::Inside(refused) => Attempt::refused(&refused, began),
        Failed::NoSocket => Attempt {
            had_no_socket: true,
            ..Attempt::failed(&Why::NoConnection("no socket is to be had"), began)
        },
        Failed::NoConnection(cause) => {
            Attempt::failed(&Why::NoConnection(&basics.masked(&cause)), began)
        }
        Failed::Silent => {
            let seconds = basics.timeout.as_secs_f64().to_string();
            Attempt::failed(&Why::NoAnswer(&seconds), began)
        }
        Failed::Broken(cause) => Attempt::failed(&Why::Broken(&basics.masked(&cause)), began),
        Failed::Refused(error) => {
            Attempt::failed(&Why::NotTaken(&basics.masked(&said(&error))), began)
        }
    }
}

/// What Redis says of a refusal, as it says it.
fn said(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        (Some(code), None) => code.to_owned(),
        _ => error.to_string(),
    }
}

/// Behind the host there may be a database, and nothing else.
fn check_url(url: &Url) -> Result<(), SpecError> {
    let wrong = |why: &str| Err(SpecError::new("url", why));
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has something behind ? or #, which no stream needs");
    }
    let database = url.path().trim_start_matches('/');
    if !database.is_empty() && database.parse::<u16>().is_err() {
        return wrong("may have the number of a database behind the host, and nothing else");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Filled, Sender};
    use super::*;
    use crate::settings::Vars;
    use crate::settings::guard::GuardConfig;
    use crate::spec::DestinationSpec;
    use crate::spec::destination::DestinationKind;

    fn sender(url: &str, guarded: bool) -> Result<Sender, SpecError> {
        let spec = DestinationSpec {
            name: "bot".to_owned(),
            kind: DestinationKind::RedisStream,
            url: url.to_owned(),
            stream: Some("bots".to_owned()),
            guarded,
            ..DestinationSpec::default()
        };
        let rules = GuardConfig::from_vars(&Vars::new([])).unwrap();
        Sender::new(&spec.check()?, &Clients::new(rules))
    }

    #[test]
    fn a_url_is_that_of_a_redis_and_of_nothing_else() {
        for bad in [
            "http://redis/",
            "redis:///0",
            "redis+unix:///tmp/redis",
            "redis://redis/a",
            "redis://redis/0/1",
            "redis://redis/?protocol=resp3",
            "rediss://redis/#insecure",
        ] {
            let error = sender(bad, false).err().unwrap().to_string();
            assert!(error.starts_with("url: "), "{bad}: {error}");
        }
        for good in [
            "redis://project_redis",
            "rediss://me:secret@redis:6380/2",
            "redis://[::1]:7000/",
        ] {
            sender(good, false).unwrap();
        }
    }

    #[test]
    fn a_guarded_one_leads_nowhere_inside() {
        for inside in [
            "redis://127.0.0.1:6379",
            "rediss://[::1]/",
            "redis://10.0.0.7",
        ] {
            let error = sender(inside, true).err().unwrap().to_string();
            assert!(error.starts_with("url: "), "{inside}: {error}");
        }
        sender("redis://8.8.8.8", true).unwrap();
    }

    #[test]
    fn whom_it_calls_is_shown_without_its_password() {
        let sender = sender("redis://me:secret@redis/2", false).unwrap();

        assert_eq!(sender.place(), "redis://redis");
        assert_eq!(sender.server(), ("redis", PORT));
        let shown = sender.shown(&Filled::default());
        assert_eq!(shown.0, "XADD bots");
        assert_eq!(shown.1, "redis://********@redis/2");
    }
}
