//! Expired events: the hint that wakes the monitor before its sweep would look.

use futures_util::StreamExt;
use redis::aio::PubSubStream;

use super::keys::{self, Due, Shard, WAKE};
use super::links::Replacement;
use super::refusal::is_denied;
use super::{Result, Store, StoreError};
use crate::core::chat::Chat;

/// Whether Redis tells of expired keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventMode {
    /// It does.
    On,
    /// It does not: Lull works by its due index alone.
    Off,
    /// It does not let us ask.
    Unknown,
}

impl EventMode {
    /// The word for it in health.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unknown => "unknown",
        }
    }
}

/// What a subscriber hears.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A timer expired: the window of this chat may have to be closed.
    Expired(Chat),
    /// Something in this index falls due sooner than a sleeping sweep would look.
    Wake(Shard, Due),
    /// The same of some index or other: an older Lull does not say of which.
    WakeAll,
}

/// A subscription on a connection of its own.
pub struct Events {
    stream: PubSubStream,
    /// Where events come from may be another Redis then.
    replacement: Replacement,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    /// The next event; `None` when the connection is gone, or when the connections that calls use lead elsewhere. Events
    /// of foreign keys are passed over.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            let message = tokio::select! {
                biased;
                message = self.stream.next() => message?,
                () = self.replacement.comes() => return None,
            };
            let key = std::str::from_utf8(message.get_payload_bytes()).ok();
            if message.get_channel_name() == WAKE {
                let index = key.and_then(keys::index_of);
                return Some(index.map_or(Event::WakeAll, |(shard, due)| Event::Wake(shard, due)));
            }
            if let Some(chat) = key.and_then(keys::chat_of_timer) {
                return Some(Event::Expired(chat));
            }
        }
    }
}

impl Store {
    /// Listens on a connection of its own.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn subscribe(&self) -> Result<Events> {
        let expired = format!(
            "__keyevent@{}__:expired",
            self.links
                .client()
                .get_connection_info()
                .redis_settings()
                .db()
        );
        let replacement = self.links.replacement();
        let connect = async {
            let mut pubsub = self.links.client().get_async_pubsub().await?;
            pubsub.subscribe(&[expired.as_str(), WAKE]).await?;
            Ok(pubsub.into_on_message())
        };
        Ok(Events {
            stream: self.patiently(connect).await?,
            replacement,
        })
    }

    /// Whether expired events are on.
    ///
    /// # Errors
    /// Unavailable or silent; a Redis that does not let us ask is [`EventMode::Unknown`].
    pub async fn event_mode(&self) -> Result<EventMode> {
        match self.event_flags().await {
            Ok(Some(flags)) if tells_of_expiry(&flags) => Ok(EventMode::On),
            Ok(Some(_)) => Ok(EventMode::Off),
            Ok(None) => Ok(EventMode::Unknown),
            Err(error) if is_denied(&error) => Ok(EventMode::Unknown),
            Err(error) => Err(error),
        }
    }

    /// Switches expired events on if they are off, keeping what else was on; answers how it is then.
    ///
    /// # Errors
    /// Unavailable or silent; a Redis that does not let us is an answer, not an error.
    pub async fn switch_events_on(&self) -> Result<EventMode> {
        let mode = self.event_mode().await?;
        if mode != EventMode::Off {
            return Ok(mode);
        }
        let flags = self.event_flags().await?.unwrap_or_default();
        let set = redis::cmd("CONFIG")
            .arg("SET")
            .arg("notify-keyspace-events")
            .arg(format!("{flags}Ex"))
            .to_owned();
        match self.query::<()>(&set).await {
            Ok(()) => self.event_mode().await,
            Err(error @ (StoreError::Silent(_) | StoreError::Full(_) | StoreError::Disk(_))) => {
                Err(error)
            }
            Err(error) if is_denied(&error) => Ok(EventMode::Off),
            Err(error) => Err(error),
        }
    }

    async fn event_flags(&self) -> Result<Option<String>> {
        let get = redis::cmd("CONFIG")
            .arg("GET")
            .arg("notify-keyspace-events")
            .to_owned();
        let answer: Vec<String> = self.query(&get).await?;
        Ok(answer.into_iter().nth(1))
    }
}

/// `E` sends to channels by event, and `x` (or `A`, all) says that keys expired.
fn tells_of_expiry(flags: &str) -> bool {
    flags.contains('E') && (flags.contains('x') || flags.contains('A'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_understood() {
        for on in ["Ex", "xE", "AKE", "KEA", "gxE"] {
            assert!(tells_of_expiry(on), "{on}");
        }
        for off in ["", "Kx", "E", "gE"] {
            assert!(!tells_of_expiry(off), "{off}");
        }
    }
}
