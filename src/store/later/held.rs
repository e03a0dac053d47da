//! How much waits for its time. The scripts that keep messages and let them go count them, for each shard.

use redis::Cmd;

use super::member::KeptMessage;
use crate::domain::chat::{Chat, Name};
use crate::store::keys::{self, Place, Shard};
use crate::store::{Result, Store};

/// The messages that wait for their time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// All of them.
    pub messages: u64,
    /// Their bytes, as they are kept.
    pub bytes: u64,
    /// Those of one buffer.
    pub in_buffer: u64,
}

impl Store {
    /// How much waits for its time, and how many messages of this buffer.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn held_for_later(&self, buffer: &Name) -> Result<Held> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            let fields = [":messages", ":bytes", buffer.as_str()];
            reads.add_command(Cmd::hmget(keys::later_held(shard), &fields));
        }
        let counts: Vec<[Option<u64>; 3]> = self.pipeline(&reads).await?;
        let sum = |which: usize| counts.iter().filter_map(|counts| counts[which]).sum();
        Ok(Held {
            messages: sum(0),
            bytes: sum(1),
            in_buffer: sum(2),
        })
    }

    /// Whether a message with this id waits.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn is_kept(&self, chat: &Chat, id: &str) -> Result<bool> {
        let place = Place::of(chat);
        let member = KeptMessage::new(chat, id).member();
        self.query(&Cmd::hexists(keys::later_items(place.shard), member))
            .await
    }
}
