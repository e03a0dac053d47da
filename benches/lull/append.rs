//! The Redis ceiling: appends through the store's own client, without HTTP. It also fills Redis for what is measured
//! later.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{StreamExt, TryStreamExt, stream};
use lull::core::chat::{Chat, Name};
use lull::core::destination::Target;
use lull::core::window::WindowRules;
use lull::settings::Vars;
use lull::settings::limits::window_rules;
use lull::settings::redis::RedisConfig;
use lull::store::Store;
use lull::store::windows::NewMessage;
use serde::{Deserialize, Serialize};

use crate::course::{self, Client, Course, Tally};
use crate::message;

/// Redis is kept busier than any client would wait for.
const PATIENCE: Duration = Duration::from_secs(60);
/// Appends under way while filling.
const AT_ONCE: usize = 256;

/// Messages to append.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Appends {
    /// Where Redis is.
    pub(crate) redis_url: String,
    /// So many replicas must have each.
    pub(crate) wait_replicas: u32,
    /// How many.
    pub(crate) course: Course,
    /// Among how many chats they are spread.
    pub(crate) chats: u64,
}

impl Appends {
    /// Appends them.
    pub(crate) async fn run(&self) -> Result<Tally> {
        let store = store_waiting_for(self.wait_replicas, &self.redis_url).await?;
        let appender = Appender::of_default(store, self.chats)?;
        course::run(self.course, vec![appender; self.course.clients]).await
    }
}

#[derive(Clone)]
pub(crate) struct Appender {
    store: Store,
    buffer: Name,
    item: String,
    rules: WindowRules,
    chats: u64,
}

impl Client for Appender {
    async fn request(&mut self, number: u64) -> Result<()> {
        let ttl = self.rules.default_ttl;
        self.append(number % self.chats, ttl).await.map(drop)
    }
}

impl Appender {
    /// One that appends to so many chats of the buffer `default`.
    pub(crate) fn of_default(store: Store, chats: u64) -> Result<Self> {
        Ok(Self {
            store,
            buffer: Name::default_name(),
            item: message::item()?,
            rules: rules()?,
            chats,
        })
    }

    /// Appends a message to the chat of that number; answers what is left of its window.
    pub(crate) async fn append(&self, number: u64, ttl: Duration) -> Result<Duration> {
        let new = NewMessage::plain(&self.item, ttl);
        let chat = Chat {
            buffer: self.buffer.clone(),
            ..message::chat(number)?
        };
        // The chats of a buffer of its own go to a destination of its own.
        let to = [Target::whole(self.buffer.clone())];
        let appended = self
            .store
            .windows()
            .append(&chat, new, &self.rules, &to)
            .await?;
        Ok(appended.left)
    }
}

/// Opens a window with one message in each of the chats of those numbers; `ttl` is asked when its turn has come.
pub(crate) async fn open_windows(
    store: &Store,
    chats: std::ops::Range<u64>,
    item: String,
    ttl: impl Fn(u64) -> Duration,
) -> Result<()> {
    open_windows_of(&Name::default_name(), store, chats, item, ttl).await
}

/// The same in a buffer.
pub(crate) async fn open_windows_of(
    buffer: &Name,
    store: &Store,
    chats: std::ops::Range<u64>,
    item: String,
    ttl: impl Fn(u64) -> Duration,
) -> Result<()> {
    let appender = Appender {
        store: store.clone(),
        buffer: buffer.clone(),
        item,
        rules: rules()?,
        chats: chats.end,
    };
    stream::iter(chats)
        .map(|number| appender.append(number, ttl(number)))
        .buffer_unordered(AT_ONCE)
        .try_for_each(async |_| Ok(()))
        .await
}

/// The store on a Redis.
pub(crate) async fn store(redis_url: &str) -> Result<Store> {
    store_waiting_for(0, redis_url).await
}

/// The same, by which so many replicas must have what is appended.
async fn store_waiting_for(replicas: u32, redis_url: &str) -> Result<Store> {
    let vars = [("REDIS_URL".to_owned(), redis_url.to_owned())];
    let config = RedisConfig {
        wait_replicas: replicas,
        ..RedisConfig::from_vars(&Vars::new(vars))?
    };
    Store::connect(&config, PATIENCE)
        .await
        .context("connecting to Redis")
}

/// The rules that the daemons go by without settings.
pub(crate) fn rules() -> Result<WindowRules> {
    window_rules(&Vars::new([]))
}
