//! What stands in the place of RabbitMQ in a Lull that was built without it: nothing can be opened.

use std::convert::Infallible;
use std::net::SocketAddr;

use super::{BrokerError, Confirmed, HeaderValue, Message};
use crate::core::broker_url::BrokerUrl;

/// There is none.
#[derive(Clone, Debug)]
pub struct Connection(Infallible);

/// There are none.
#[derive(Debug)]
pub struct Deliveries(Infallible);

/// There is none.
#[derive(Debug)]
pub struct Delivery(Infallible);

/// There is none.
#[derive(Clone, Debug)]
pub struct Publisher(Infallible);

#[expect(
    clippy::unused_async,
    reason = "they are as those of a Lull that has it"
)]
impl Connection {
    /// Says that there is none.
    ///
    /// # Errors
    /// Always.
    pub async fn open(_: &BrokerUrl, _: &[SocketAddr], _: &str) -> Result<Self, BrokerError> {
        Err(BrokerError::NotBuiltIn)
    }

    /// Nothing is.
    pub fn is_open(&self) -> bool {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn consume(&self, _: &str, _: u16) -> Result<Deliveries, BrokerError> {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn publisher(&self) -> Result<Publisher, BrokerError> {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn close(&self) {
        match self.0 {}
    }
}

#[expect(
    clippy::unused_async,
    reason = "they are as those of a Lull that has it"
)]
impl Deliveries {
    /// Nothing is.
    pub async fn next(&mut self) -> Result<Delivery, BrokerError> {
        match self.0 {}
    }

    /// Nothing is.
    pub fn waiting(&mut self) -> Option<Delivery> {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn close(self) {
        match self.0 {}
    }
}

#[expect(
    clippy::unused_async,
    reason = "they are as those of a Lull that has it"
)]
impl Delivery {
    /// Nothing is.
    pub fn body(&self) -> &[u8] {
        match self.0 {}
    }

    /// Nothing is.
    pub fn message_id(&self) -> Option<&str> {
        match self.0 {}
    }

    /// Nothing is.
    pub fn content_type(&self) -> Option<&str> {
        match self.0 {}
    }

    /// Nothing is.
    pub fn content_encoding(&self) -> Option<&str> {
        match self.0 {}
    }

    /// Nothing is.
    pub fn is_redelivered(&self) -> bool {
        match self.0 {}
    }

    /// Nothing is.
    pub fn header(&self, _: &str) -> Option<HeaderValue> {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn acknowledge(&self) -> Result<(), BrokerError> {
        match self.0 {}
    }
}

#[expect(
    clippy::unused_async,
    reason = "they are as those of a Lull that has it"
)]
impl Publisher {
    /// Nothing is.
    pub fn is_open(&self) -> bool {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn declare_own_queue(&self, _: &str) -> Result<(), BrokerError> {
        match self.0 {}
    }

    /// Nothing is.
    pub async fn publish(&self, _: Message<'_>) -> Result<Confirmed, BrokerError> {
        match self.0 {}
    }
}
