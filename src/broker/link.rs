//! A connection to a broker.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use lapin::protocol::BasicProperties;
use lapin::tcp::AsyncTcpStream;
use lapin::types::{FieldTable, ShortString};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{ConnectionProperties, ErrorKind};
use tokio::time::timeout;
use tokio_util::compat::TokioAsyncReadCompatExt;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::consuming::Deliveries;
use super::publishing::Publisher;
use super::sockets::{Cut, Kit, runtime};
use super::{BrokerError, PATIENCE, dialing};
use crate::core::broker_url::BrokerUrl;

/// Between two signs of life, s: a broker that hangs is found within the double of it.
const HEARTBEAT: u16 = 20;

/// A connection to a broker. Clones are one; with the last of them it is cut.
#[derive(Clone)]
pub struct Connection(Arc<Parts>);

struct Parts {
    connection: lapin::Connection,
    _cut: DropGuard,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.is_open()).finish()
    }
}

impl Connection {
    /// Connects to one of `addresses`, where the name in `url` leads, and logs in; `name` is what the broker's pages call
    /// the connection.
    ///
    /// # Errors
    /// When nobody is there or answers within [`PATIENCE`], or the login is refused.
    pub async fn open(
        url: &BrokerUrl,
        addresses: &[SocketAddr],
        name: &str,
    ) -> Result<Self, BrokerError> {
        let cut = CancellationToken::new();
        let guard = cut.clone().drop_guard();
        let opened = async {
            let dialed = dialing::dial(url, addresses).await;
            let io = dialed.map_err(|error| BrokerError::NoConnection(error.to_string()))?;
            let cut = Box::pin(cut.cancelled_owned());
            // Nothing is dialed anew, so this is asked for once.
            let ready = Arc::new(Mutex::new(Some(Cut { io, cut }.compat())));
            let connect = async move |_: AMQPUri, _: async_rs::Runtime<Kit>| {
                let mut ready = ready.lock().unwrap_or_else(PoisonError::into_inner);
                match ready.take() {
                    Some(stream) => Ok(AsyncTcpStream::Plain(stream)),
                    None => Err(std::io::Error::from(std::io::ErrorKind::NotConnected).into()),
                }
            };
            let properties = ConnectionProperties::default().with_connection_name(name.into());
            let opening = lapin::Connection::connector(uri(url), runtime(), connect, properties);
            opening.await.map_err(|error| told(&error))
        };
        let opened = timeout(PATIENCE, opened).await;
        let connection = opened.map_err(|_| BrokerError::Silent(PATIENCE))??;
        Ok(Self(Arc::new(Parts {
            connection,
            _cut: guard,
        })))
    }

    /// Whether it still stands, as far as is known.
    pub fn is_open(&self) -> bool {
        self.0.connection.status().connected()
    }

    /// Takes what comes out of a queue that is there, `prefetch` at a time. It declares nothing.
    ///
    /// # Errors
    /// When the queue is not there or must not be read, or the connection is lost.
    pub async fn consume(&self, queue: &str, prefetch: u16) -> Result<Deliveries, BrokerError> {
        Deliveries::begin(self.channel().await?, queue, prefetch).await
    }

    /// What hands messages over, and waits until they are confirmed.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn publisher(&self) -> Result<Publisher, BrokerError> {
        Publisher::begin(self.channel().await?).await
    }

    /// Says goodbye; it need not be answered.
    pub async fn close(&self) {
        let goodbye = self.0.connection.close(200, "OK".into());
        let _ = timeout(PATIENCE, goodbye).await;
    }

    async fn channel(&self) -> Result<lapin::Channel, BrokerError> {
        asked(self.0.connection.create_channel()).await
    }
}

/// What a broker answers within [`PATIENCE`].
pub(super) async fn asked<T>(
    asking: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match timeout(PATIENCE, asking).await {
        Ok(answer) => answer.map_err(|error| told(&error)),
        Err(_) => Err(BrokerError::Silent(PATIENCE)),
    }
}

/// What an error of lapin is here.
pub(super) fn told(error: &lapin::Error) -> BrokerError {
    match error.kind() {
        ErrorKind::ProtocolError(refused) => BrokerError::Refused {
            code: refused.get_id(),
            text: refused.get_message().to_string(),
        },
        ErrorKind::IOError(error) => BrokerError::NoConnection(error.to_string()),
        other => BrokerError::NoConnection(lapin::Error::from(other.clone()).to_string()),
    }
}

fn uri(url: &BrokerUrl) -> AMQPUri {
    AMQPUri {
        // lapin only hands this on to the connector, which has connected already.
        scheme: AMQPScheme::AMQP,
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: url.user.clone(),
                password: url.password.clone(),
            },
            host: url.host.clone(),
            port: url.port,
        },
        vhost: url.vhost.clone(),
        query: AMQPQueryString {
            heartbeat: Some(HEARTBEAT),
            ..AMQPQueryString::default()
        },
    }
}

/// A name of the protocol; lapin would panic at one that is too long.
pub(super) fn short(text: &str, what: &'static str) -> Result<ShortString, BrokerError> {
    ShortString::try_new(text.to_owned()).map_err(|_| BrokerError::TooLong(what))
}

/// No headers.
pub(super) fn no_arguments() -> FieldTable {
    FieldTable::default()
}

/// A header of a message.
pub(super) fn header<'a>(
    properties: &'a BasicProperties,
    name: &str,
) -> Option<&'a lapin::types::AMQPValue> {
    properties.headers().as_ref()?.inner().get(name)
}
