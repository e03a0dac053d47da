//! Connections to brokers: one for each URL, kept as long as a destination uses it, and made anew by the first call after it
//! broke.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::broker::{BrokerError, Connection, Publisher, look_up};
use crate::core::broker_url::BrokerUrl;
use crate::delivery::guard::{Guard, Refused};
use crate::delivery::shared::Shared;
use crate::spec::SpecError;

/// What the broker's pages call our connections.
const NAME: &str = concat!("lull ", env!("CARGO_PKG_VERSION"));

/// All connections of a daemon to brokers.
#[derive(Debug, Default)]
pub(in crate::delivery) struct Links(Shared<(BrokerUrl, bool), Link>);

impl Links {
    /// The connection to a URL; `guard` watches over one that a caller gave.
    ///
    /// # Errors
    /// Never: nothing is connected yet.
    pub(in crate::delivery) fn get(
        &self,
        url: &BrokerUrl,
        guard: Option<&Guard>,
    ) -> Result<Arc<Link>, SpecError> {
        self.0.get((url.clone(), guard.is_some()), || {
            Ok(Link {
                url: url.clone(),
                guard: guard.cloned(),
                open: Mutex::default(),
            })
        })
    }
}

/// A connection to one broker.
pub(in crate::delivery) struct Link {
    url: BrokerUrl,
    guard: Option<Guard>,
    open: Mutex<Option<Connection>>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link({})", self.url)
    }
}

/// Why there is no connection.
pub(super) enum Unconnected {
    /// It leads where none may.
    Inside(Refused),
    /// Its name leads nowhere, by this cause.
    Nowhere(String),
    /// The broker does not let us in.
    Broker(BrokerError),
}

impl Link {
    /// A channel that publishes, on the connection that there is, or on a new one.
    ///
    /// # Errors
    /// Says why there is none.
    pub(super) async fn publisher(&self) -> Result<Publisher, Unconnected> {
        let mut open = self.open.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| connection.is_open()) {
            match connection.publisher().await {
                Ok(publisher) => return Ok(publisher),
                // It broke, and nobody has noticed yet.
                Err(error) if error.is_of_connection() => *open = None,
                Err(error) => return Err(Unconnected::Broker(error)),
            }
        }
        let addresses = self.addresses().await?;
        let connected = Connection::open(&self.url, &addresses, NAME).await;
        let connection = connected.map_err(Unconnected::Broker)?;
        let publisher = connection.publisher().await;
        let publisher = publisher.map_err(Unconnected::Broker)?;
        *open = Some(connection);
        Ok(publisher)
    }

    /// Lets go of the connection, unless it works: one of several calls that it broke under may have made a new one already.
    pub(super) async fn close(&self) {
        let mut open = self.open.lock().await;
        if open
            .as_ref()
            .is_some_and(|connection| !connection.is_open())
        {
            *open = None;
        }
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, Unconnected> {
        let Some(guard) = &self.guard else {
            let found = look_up(&self.url).await;
            return found.map_err(|error| Unconnected::Nowhere(error.to_string()));
        };
        let passed = guard.look_up(&self.url.host, self.url.port).await;
        passed.map_err(|error| match error.downcast_ref::<Refused>() {
            Some(refused) => Unconnected::Inside(refused.clone()),
            None => Unconnected::Nowhere(error.to_string()),
        })
    }
}
