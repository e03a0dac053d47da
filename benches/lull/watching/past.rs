//! A past for history: what Lull wrote about one batch with two messages, told again of other chats and other times.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lull::core::chat::Chat;
use lull::core::moment::millis;
use lull::store::Store;
use lull::store::history::received::Kept;
use lull::store::keys::Shard;
use lull::store::windows::NewMessage;
use redis::streams::{StreamId, StreamRangeReply};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::append;
use crate::daemon::Daemon;
use crate::helper::Job;
use crate::message;
use crate::receiver;
use crate::redis_server::RedisServer;

/// The lists of messages that were received, and of batches that were tried.
const RECEIVED: &str = "received";
const HISTORY: &str = "history";
/// How many messages the batch has.
pub(super) const MESSAGES: usize = 2;
const TTL: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(30);
/// In one pipeline.
const TURNS: u64 = 500;
/// No number in a record is so large but a moment in ms.
const MOMENTS: u64 = 1_000_000_000_000;

/// What was written about a batch: rows of what was received, and of what was tried.
pub(super) struct Past {
    chat: Chat,
    began: u64,
    rows: Vec<Row>,
}

struct Row {
    list: &'static str,
    at: u64,
    fields: BTreeMap<String, String>,
    /// The moments that stand in it.
    moments: Vec<u64>,
    /// The `webhook-id` that stands in it.
    batch: Option<String>,
}

/// When what is told again was, and of whom.
pub(super) struct Times<C> {
    /// How many batches.
    pub(super) turns: u64,
    /// The first was so long ago; the others follow in equal steps.
    pub(super) within: Duration,
    /// Whose is which.
    pub(super) whose: C,
}

impl Past {
    /// Has such a batch delivered, in a chat of whom nothing else is told.
    pub(super) async fn of(redis: &RedisServer, chat: Chat) -> Result<Self> {
        let mut receiver = Job::Receiver.serving().await?;
        let (_monitor, _) = Daemon::monitor(redis.url(), receiver.port(), redis.folder()).await?;
        let store = redis.store().await?;
        for _ in 0..MESSAGES {
            say(&store, &chat).await?;
        }
        ensure!(
            receiver::wait_for(&mut receiver, 1, PATIENCE).await?.len() == 1,
            "the batch is not delivered"
        );
        let mut past = Self {
            began: 0,
            rows: Vec::new(),
            chat,
        };
        let settled = timeout(PATIENCE, past.read(redis)).await;
        past.rows = settled.context("the batch is not settled")??;
        past.began = past.rows.iter().map(|row| row.at).min().unwrap_or_default();
        Ok(past)
    }

    /// What was written, once all is.
    async fn read(&self, redis: &RedisServer) -> Result<Vec<Row>> {
        let mut connection = redis.connection().await?;
        loop {
            let mut rows = Vec::new();
            for list in [RECEIVED, HISTORY] {
                let key = key(&self.chat, list);
                let found: StreamRangeReply = redis::cmd("XRANGE")
                    .arg(key)
                    .arg("-")
                    .arg("+")
                    .query_async(&mut connection)
                    .await?;
                for entry in found.ids {
                    rows.push(Row::read(list, entry)?);
                }
            }
            // Who is called knows of it before it is settled.
            if rows.len() == MESSAGES + 1 {
                return Ok(rows);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Tells it again, and forgets when it really was.
    pub(super) async fn tell<C: Fn(u64) -> Result<Chat>>(
        &self,
        redis: &RedisServer,
        times: &Times<C>,
    ) -> Result<()> {
        let now = redis.store().await?.clock().now().await?;
        let within = millis(times.within);
        let (begin, step) = (now - within, within / times.turns);
        let mut connection = redis.connection().await?;
        for list in [RECEIVED, HISTORY] {
            let mut forget = redis::cmd("DEL");
            forget.arg(key(&self.chat, list));
            forget.exec_async(&mut connection).await?;
        }
        for first in (0..times.turns).step_by(usize::try_from(TURNS)?) {
            let mut adds = redis::pipe();
            for turn in first..(first + TURNS).min(times.turns) {
                let earlier = self.began - (begin + turn * step);
                let chat = (times.whose)(turn)?;
                for (number, row) in self.rows.iter().enumerate() {
                    row.add(&mut adds, (&self.chat, &chat), earlier, (turn, number));
                }
            }
            adds.exec_async(&mut connection).await?;
        }
        Ok(())
    }
}

async fn say(store: &Store, chat: &Chat) -> Result<()> {
    let item = message::item()?;
    let mut new = NewMessage::plain(&item, TTL);
    new.kept = Kept {
        most: 1_000_000,
        payload: true,
    };
    let rules = append::rules()?;
    store.windows().append(chat, new, &rules, &[]).await?;
    Ok(())
}

fn key(chat: &Chat, list: &str) -> String {
    format!("lull:{{{:02}}}:{list}", Shard::of(chat).index())
}

impl Row {
    fn read(list: &'static str, entry: StreamId) -> Result<Self> {
        let (at, _) = entry.id.split_once('-').context("an id of an entry")?;
        let at = at.parse()?;
        let fields = entry.map.into_iter().map(|(name, value)| {
            let value: String = redis::from_redis_value(value)?;
            anyhow::Ok((name, value))
        });
        let fields: BTreeMap<_, _> = fields.collect::<Result<_>>()?;
        let (mut moments, mut batch) = (Vec::new(), None);
        for told in [fields.get("record"), fields.get("item")]
            .into_iter()
            .flatten()
        {
            let told: Value = serde_json::from_str(told)?;
            collect_moments(&told, &mut moments);
            batch = told["id"].as_str().map(str::to_owned);
        }
        moments.sort_unstable();
        moments.dedup();
        Ok(Self {
            list,
            at,
            fields,
            moments,
            batch,
        })
    }

    /// The same of another chat, so much earlier; `place` says which batch it is of, and which row of that.
    fn add(
        &self,
        adds: &mut redis::Pipeline,
        (from, to): (&Chat, &Chat),
        earlier: u64,
        place: (u64, usize),
    ) {
        let add = adds.cmd("XADD").arg(key(to, self.list));
        add.arg(format!("{}-{}", self.at - earlier, place.1));
        for (name, value) in &self.fields {
            let mut value = value.replace(from.id.as_str(), to.id.as_str());
            for moment in &self.moments {
                value = value.replace(&moment.to_string(), &(moment - earlier).to_string());
            }
            if let Some(batch) = &self.batch {
                // Its last digits are random.
                let another = format!("{}{:012x}", &batch[..batch.len() - 12], place.0);
                value = value.replace(batch, &another);
            }
            add.arg(name).arg(value);
        }
        add.ignore();
    }
}

fn collect_moments(told: &Value, moments: &mut Vec<u64>) {
    match told {
        Value::Number(number) => moments.extend(number.as_u64().filter(|it| *it > MOMENTS)),
        Value::Array(all) => all.iter().for_each(|it| collect_moments(it, moments)),
        Value::Object(all) => all.values().for_each(|it| collect_moments(it, moments)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}
