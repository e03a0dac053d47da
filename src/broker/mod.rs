//! The only room that knows AMQP 0-9-1, the language of RabbitMQ: a connection, what comes out of a queue of it, and what is
//! handed over to it and confirmed. Who asks for that, and what it means, is others' business: they know nothing of lapin.
//!
//! Nothing here begins anew by itself: a connection or a channel that broke stays broken, and whoever uses it opens
//! another one. So nothing is consumed, declared or published that nobody asked for any more.

#[cfg(not(feature = "amqp"))]
mod absent;
#[cfg(feature = "amqp")]
mod consuming;
#[cfg(feature = "amqp")]
mod dialing;
#[cfg(feature = "amqp")]
mod link;
#[cfg(feature = "amqp")]
mod publishing;
#[cfg(feature = "amqp")]
mod sockets;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::lookup_host;

use crate::core::broker_url::{BrokerUrl, LONGEST_NAME};

#[cfg(not(feature = "amqp"))]
pub use absent::{Connection, Deliveries, Delivery, Publisher};
#[cfg(feature = "amqp")]
pub use consuming::{Deliveries, Delivery};
#[cfg(feature = "amqp")]
pub use link::Connection;
#[cfg(feature = "amqp")]
pub use publishing::Publisher;

/// Whether this Lull was built with what it takes.
pub const IS_BUILT_IN: bool = cfg!(feature = "amqp");

/// For whoever answers within it: connecting, logging in, opening a channel, and the confirmation of a message.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why a broker did not do what was asked. Nothing in it is from a URL but host and port.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BrokerError {
    /// Nobody takes a connection there, or it broke.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// It did not answer in time.
    #[error("no answer within {} s", .0.as_secs_f64())]
    Silent(Duration),
    /// It said no, and why; what was asked through is closed.
    #[error("{text} ({code})")]
    Refused {
        /// What the protocol calls it: 404 is nothing of that name, 403 no right to it.
        code: u16,
        /// What it said.
        text: String,
    },
    /// The queue is gone, or somebody on the broker's side called it off.
    #[error("the queue was removed, or its consumer called off")]
    CalledOff,
    /// The protocol has no room for it.
    #[error("{0} has more than {LONGEST_NAME} bytes")]
    TooLong(&'static str),
    /// This Lull was built without AMQP.
    #[error("this Lull was built without RabbitMQ (the cargo feature amqp)")]
    NotBuiltIn,
}

impl BrokerError {
    /// Whether there is nothing of the name that was asked for.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { code: 404, .. })
    }

    /// Whether the whole connection is lost, not only what was asked through it.
    pub fn is_of_connection(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Silent(_) | Self::NotBuiltIn => true,
            // The codes that end a channel, and it alone.
            Self::Refused { code, .. } => !matches!(code, 311 | 313 | 403..=406),
            Self::CalledOff | Self::TooLong(_) => false,
        }
    }
}

/// What is handed over to a broker.
#[derive(Clone, Debug, Default)]
pub struct Message<'a> {
    /// Where to; empty: the exchange that brings everything to the queue that is called as the routing key.
    pub exchange: &'a str,
    /// How it is routed there.
    pub routing_key: &'a str,
    /// What is said.
    pub body: &'a [u8],
    /// Whether it outlives the broker's end.
    pub persistent: bool,
    /// The property `message-id`.
    pub message_id: Option<&'a str>,
    /// The property `content-type`.
    pub content_type: Option<&'a str>,
    /// The property `timestamp`, seconds since 1970.
    pub timestamp: Option<u64>,
    /// Headers.
    pub headers: BTreeMap<String, HeaderValue>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// What a broker says of a message that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Every queue that it goes to has it.
    Taken,
    /// No queue is bound for it, so it is nowhere.
    Unroutable(String),
    /// It could not be taken, as a queue is full or the broker failed.
    NotTaken,
}

/// Where a broker's name leads. Whoever watches where connections lead takes out what must not be.
///
/// # Errors
/// When the name leads nowhere.
pub async fn look_up(url: &BrokerUrl) -> io::Result<Vec<SocketAddr>> {
    let found = lookup_host((url.host.as_str(), url.port)).await?;
    Ok(found.collect())
}
