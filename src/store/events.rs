//! Expired events: the hint that wakes the monitor before its sweep would look.

use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all, select_all};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use redis::aio::PubSub;
use redis::{Msg, RedisResult};

use super::keys::{self, Due, Shard, WAKE};
use super::links::Links;
use super::refusal::is_denied;
use super::{Result, Store, StoreError};
use crate::core::chat::Chat;

/// The setting that says which events are told.
const FLAGS: &str = "notify-keyspace-events";

/// Whether Redis tells of expired keys; of several nodes, whether all do.
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

/// A subscription to each node, on connections of its own. Keys expire where they lie.
pub struct Events {
    stream: BoxStream<'static, Option<Msg>>,
    /// Where events come from may be another Redis then.
    replaced: BoxFuture<'static, ()>,
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
                message = self.stream.next() => message??,
                () = &mut self.replaced => return None,
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
    /// Listens to each node that answers, on a connection of its own.
    ///
    /// # Errors
    /// None answers: unavailable or silent.
    pub async fn subscribe(&self) -> Result<Events> {
        let mut changes = self.nodes.changes();
        let nodes = self.nodes.all();
        let mut replacements: Vec<_> = nodes.iter().map(|node| node.replacement()).collect();
        let connected = nodes.iter().map(|node| self.patiently(listen_to(node)));
        let mut streams = Vec::new();
        let mut failed = None;
        for connected in join_all(connected).await {
            match connected {
                Ok(pubsub) => streams.push(pubsub),
                Err(error) => drop(failed.get_or_insert(error)),
            }
        }
        match (streams.first_mut(), failed) {
            // A node tells the others what is published at it.
            (Some(first), _) => self.patiently(first.subscribe(WAKE)).await?,
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
        let ended = || stream::once(async { None });
        let streams = streams
            .into_iter()
            .map(|it| it.into_on_message().map(Some).chain(ended()));
        let replaced = async move {
            let came = replacements.iter_mut().map(|it| it.comes().boxed());
            tokio::select! {
                _ = select_all(came) => {}
                () = changes.come() => {}
            }
        };
        Ok(Events {
            stream: stream::select_all(streams.map(StreamExt::boxed)).boxed(),
            replaced: replaced.boxed(),
        })
    }

    /// Whether expired events are on.
    ///
    /// # Errors
    /// Unavailable or silent; a Redis that does not let us ask is [`EventMode::Unknown`].
    pub async fn event_mode(&self) -> Result<EventMode> {
        let mut mode = EventMode::On;
        for (_, flags) in self.event_flags().await? {
            match mode_of(flags.as_deref()) {
                EventMode::On => {}
                EventMode::Off => mode = EventMode::Off,
                EventMode::Unknown => return Ok(EventMode::Unknown),
            }
        }
        Ok(mode)
    }

    /// The same of one node.
    pub(super) async fn event_mode_of(&self, node: &Arc<Links>) -> Result<EventMode> {
        let flags = self.event_flags_of(node).await?;
        Ok(mode_of(flags.as_deref()))
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
        for (node, flags) in self.event_flags().await? {
            let flags = flags.unwrap_or_default();
            if tells_of_expiry(&flags) {
                continue;
            }
            let set = redis::cmd("CONFIG")
                .arg("SET")
                .arg(FLAGS)
                .arg(format!("{flags}Ex"))
                .to_owned();
            match self.query_node::<()>(&node, &set).await {
                Ok(()) => {}
                Err(
                    error @ (StoreError::Silent(_) | StoreError::Full(_) | StoreError::Disk(_)),
                ) => return Err(error),
                Err(error) if is_denied(&error) => return Ok(EventMode::Off),
                Err(error) => return Err(error),
            }
        }
        self.event_mode().await
    }

    /// Of each node which events it tells; none: it does not let us ask.
    async fn event_flags(&self) -> Result<Vec<(Arc<Links>, Option<String>)>> {
        let mut all = Vec::new();
        for node in self.nodes.all() {
            let flags = self.event_flags_of(&node).await?;
            all.push((node, flags));
        }
        Ok(all)
    }

    async fn event_flags_of(&self, node: &Arc<Links>) -> Result<Option<String>> {
        let get = redis::cmd("CONFIG").arg("GET").arg(FLAGS).to_owned();
        match self.query_node::<Vec<String>>(node, &get).await {
            Ok(answer) => Ok(answer.into_iter().nth(1)),
            Err(error) if is_denied(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Subscribes to the keys that expire on a node.
async fn listen_to(node: &Links) -> RedisResult<PubSub> {
    let client = node.client();
    let db = client.get_connection_info().redis_settings().db();
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub
        .subscribe(format!("__keyevent@{db}__:expired"))
        .await?;
    Ok(pubsub)
}

/// `E` sends to channels by event, and `x` (or `A`, all) says that keys expired.
fn tells_of_expiry(flags: &str) -> bool {
    flags.contains('E') && (flags.contains('x') || flags.contains('A'))
}

/// Whether expiry is told with these flags; none: they cannot be asked for.
fn mode_of(flags: Option<&str>) -> EventMode {
    match flags {
        None => EventMode::Unknown,
        Some(flags) if tells_of_expiry(flags) => EventMode::On,
        Some(_) => EventMode::Off,
    }
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
