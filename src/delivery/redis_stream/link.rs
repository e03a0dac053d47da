//! Connections to the Redis of others: one for each URL, kept as long as a destination uses it, and made anew by the first
//! call after it broke.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::AsyncDNSResolver;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo, RedisError, RedisFuture};
use reqwest::Url;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::delivery::answer::is_out_of_files;
use crate::delivery::guard::{Guard, Refused};
use crate::delivery::shared::Shared;
use crate::spec::SpecError;

/// A server that vanished without a word is given up on after this; the kernel would wait for a quarter of an hour.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(5);

/// All connections of a daemon.
#[derive(Debug, Default)]
pub(in crate::delivery) struct Links(Shared<(Url, bool), Link>);

impl Links {
    /// The connection to a URL; `guard` watches over one that a caller gave.
    ///
    /// # Errors
    /// The URL cannot be one.
    pub(in crate::delivery) fn get(
        &self,
        url: &Url,
        guard: Option<&Guard>,
    ) -> Result<Arc<Link>, SpecError> {
        let key = (url.clone(), guard.is_some());
        self.0.get(key, || Link::to(url, guard.cloned()))
    }
}

/// A connection to one Redis.
pub(in crate::delivery) struct Link {
    client: Client,
    guard: Option<Guard>,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connection: Option<MultiplexedConnection>,
    /// Which of all that there were it is, so that nobody throws away a newer one than broke.
    number: u64,
}

/// Why a command has no answer.
pub(super) enum Failed {
    /// It leads where none may.
    Inside(Refused),
    /// No socket was to be had.
    NoSocket,
    /// There is no connection, by this cause.
    NoConnection(String),
    /// Nothing came back in time.
    Silent,
    /// The connection ended meanwhile.
    Broken(String),
    /// Redis refuses.
    Refused(RedisError),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The client would tell its password.
        f.write_str("Link")
    }
}

impl Link {
    fn to(url: &Url, guard: Option<Guard>) -> Result<Self, SpecError> {
        // What the crate says of it may name what stands in it.
        let wrong = |_| SpecError::new("url", "is not the URL of a Redis");
        let info = url.as_str().into_connection_info().map_err(wrong)?;
        let login = info.redis_settings().clone();
        let login = login.set_lib_name("lull", env!("CARGO_PKG_VERSION"));
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_user_timeout(TCP_USER_TIMEOUT);
        let info = info.set_redis_settings(login).set_tcp_settings(tcp);
        Ok(Self {
            client: Client::open(info).map_err(wrong)?,
            guard,
            open: Mutex::default(),
        })
    }

    /// Asks Redis.
    ///
    /// # Errors
    /// Says how it failed. Unless there was no connection, or Redis refused, it may have been done all the same.
    pub(super) async fn query(&self, command: &Cmd, deadline: Instant) -> Result<String, Failed> {
        let (mut connection, number) = match timeout_at(deadline, self.connection()).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Failed::NoConnection("none in time".to_owned())),
        };
        let answer = timeout_at(deadline, command.query_async(&mut connection)).await;
        let failed = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if error.is_io_error() => Failed::Broken(deepest(&error)),
            // A replica that was a master, or one that hangs, is left for where the URL leads to.
            Ok(Err(error))
                if error.is_unrecoverable_error() || error.code() == Some("READONLY") =>
            {
                Failed::Refused(error)
            }
            Ok(Err(error)) => return Err(Failed::Refused(error)),
            Err(_) => Failed::Silent,
        };
        self.drop_connection(number).await;
        Err(failed)
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), Failed> {
        let mut open = self.open.lock().await;
        if let Some(connection) = &open.connection {
            return Ok((connection.clone(), open.number));
        }
        let config = AsyncConnectionConfig::new()
            // Each attempt has its own time.
            .set_response_timeout(None)
            .set_connection_timeout(None);
        let config = match &self.guard {
            Some(guard) => config.set_dns_resolver(Guarded(guard.clone())),
            None => config,
        };
        let connected = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let connection = connected.await.map_err(unconnected)?;
        open.number += 1;
        open.connection = Some(connection.clone());
        Ok((connection, open.number))
    }

    async fn drop_connection(&self, number: u64) {
        let mut open = self.open.lock().await;
        if open.number == number {
            open.connection = None;
        }
    }
}

fn unconnected(error: RedisError) -> Failed {
    if let Some(refused) = inside(&error) {
        return Failed::Inside(refused);
    }
    if !error.is_io_error() {
        return Failed::Refused(error);
    }
    if is_out_of_files(&error) {
        return Failed::NoSocket;
    }
    Failed::NoConnection(deepest(&error))
}

/// What the deepest cause says.
fn deepest(error: &RedisError) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// The refusal of the guard behind an error.
fn inside(error: &RedisError) -> Option<Refused> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let within = error.downcast_ref::<std::io::Error>();
        let within = within.and_then(std::io::Error::get_ref);
        let refused = within.and_then(|within| within.downcast_ref::<Refused>());
        if let Some(refused) = refused.or_else(|| error.downcast_ref()) {
            return Some(refused.clone());
        }
        cause = error.source();
    }
    None
}

/// Looks names up, and hands on only addresses that its guard lets pass.
struct Guarded(Guard);

impl AsyncDNSResolver for Guarded {
    fn resolve<'a, 'b: 'a>(
        &'a self,
        host: &'b str,
        port: u16,
    ) -> RedisFuture<'a, Box<dyn Iterator<Item = SocketAddr> + Send + 'a>> {
        Box::pin(async move {
            let passed = self.0.look_up(host, port).await;
            let passed = passed.map_err(std::io::Error::other)?;
            Ok(Box::new(passed.into_iter()) as Box<dyn Iterator<Item = SocketAddr> + Send>)
        })
    }
}
