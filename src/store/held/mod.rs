//! How much waits: in windows, on lanes, and for its time. The scripts that put something there and take it away count
//! it in the same step, for each shard, so what is told here is a sum.

pub(in crate::store) mod recounting;

use redis::Cmd;

use super::handles::{HeldCounts, Scheduled};
use super::keys::{self, Shard};
use super::scheduled::KeptMessage;
use super::work::Kind;
use super::{Result, reply};
use crate::core::chat::{Chat, Name};

/// How much of one kind waits: windows, batches on lanes, or messages for later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// How many, of all buffers.
    pub count: u64,
    /// Their bytes, as they lie in Redis.
    pub bytes: u64,
    /// How many of each buffer that was asked about.
    pub of_buffers: Vec<u64>,
}

/// A count may be below what is there, and so below zero for a moment, where an older Lull has put something there.
fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

impl HeldCounts<'_> {
    /// How much of a kind waits in all, and how many of these buffers. What lies on a node that does not answer is left out:
    /// nothing comes there either.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn sum(self, kind: Kind, buffers: &[Name]) -> Result<Held> {
        let mut fields = vec![":count", ":bytes"];
        fields.extend(buffers.iter().map(Name::as_str));
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.add_command(Cmd::hmget(keys::held(shard, kind), &fields));
        }
        let counts = self.store.living(&reads).await?.into_iter().flatten();
        let counts = counts.map(|counts| reply::value(Some(counts)));
        let counts: Vec<Vec<Option<String>>> = counts.collect::<Result<_>>()?;
        let sum = |which: usize| {
            let of_shards = counts
                .iter()
                .filter_map(|counts| counts.get(which)?.as_deref());
            of_shards.map(number).sum()
        };
        Ok(Held {
            count: sum(0),
            bytes: sum(1),
            of_buffers: (2..fields.len()).map(sum).collect(),
        })
    }
}

impl Scheduled<'_> {
    /// Whether a message with this id waits for its time.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn has(self, chat: &Chat, id: &str) -> Result<bool> {
        let member = KeptMessage::new(chat, id).member();
        let items = keys::later_items(Shard::of(chat));
        self.store.query(&Cmd::hexists(items, member)).await
    }
}
