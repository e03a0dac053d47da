//! Burying strays: each becomes a dead letter in one step, if it is still a stray.

use super::{Strays, owner, worker};
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::why::Why;
use crate::store::batch::{read_batch, whose_word};
use crate::store::config::Kind;
use crate::store::dead_letters::Letter;
use crate::store::handles::StrayThings;
use crate::store::history::Retention;
use crate::store::keys::{self, Due, Place};
use crate::store::scheduled::KeptMessage;
use crate::store::scripts;
use crate::store::work::Kind as Work;
use crate::store::{Result, reply};

/// What became of strays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buried {
    /// Batches that are dead letters now.
    pub batches: u64,
    /// Old dead letters that had to go to make room.
    pub dropped: u64,
}

fn letter(chat: &Chat, destination: &str, reason: String) -> Letter {
    Letter {
        buffer: chat.buffer.to_string(),
        chat: chat.id.as_str().to_owned(),
        destination: destination.to_owned(),
        reason,
        summary: None,
        attempts: 0,
        first_attempt: 0,
    }
}

impl StrayThings<'_> {
    /// Makes dead letters of strays, unless something of their name has begun to live since.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable; what was buried until then stays so.
    pub async fn bury(self, strays: &Strays, retention: &Retention) -> Result<Buried> {
        let mut buried = Buried::default();
        let mut add = |(batches, dropped): (u64, u64)| {
            buried.batches += batches.min(1);
            buried.dropped += dropped;
            batches > 0
        };
        let most = retention.in_shard(retention.dead_letters);
        for chat in &strays.windows {
            add(self.bury_window(chat, strays.version, most).await?);
        }
        for message in &strays.later {
            add(self.bury_later(message, strays.version, most).await?);
        }
        for (destination, chat) in &strays.lanes {
            while add(self
                .bury_first(destination, chat, strays.version, most)
                .await?)
            {}
        }
        Ok(buried)
    }

    async fn bury_window(self, chat: &Chat, version: u64, most: u64) -> Result<(u64, u64)> {
        let place = Place::of(chat);
        let reason = Why::Gone(&format!("buffer {}", chat.buffer)).to_string();
        let mut bury = scripts::BURY_WINDOW.key(place.timer());
        bury.key(place.window())
            .key(place.due())
            .key(keys::alive(place.shard))
            .key(keys::dead(place.shard))
            .key(keys::held(place.shard, Work::Windows))
            .arg(&place.member)
            .arg(Kind::Buffer.field(&chat.buffer))
            .arg(version)
            .arg(BatchId::generate().as_str())
            .arg(whose_word(chat))
            .arg(reply::json(&letter(chat, "", reason))?)
            .arg(most);
        self.store.run(place.shard, &bury).await
    }

    async fn bury_later(
        self,
        message: &KeptMessage,
        version: u64,
        most: u64,
    ) -> Result<(u64, u64)> {
        let chat = &message.chat;
        let place = Place::of(chat);
        let (kind, name) = owner(chat);
        let reason = Why::Gone(&format!("{} {name}", kind.as_str())).to_string();
        let destination = match kind {
            Kind::Schedule => name.of_its_schedule().to_string(),
            _ => String::new(),
        };
        let mut bury = scripts::BURY_SCHEDULED.key(Due::Later.key(place.shard));
        bury.key(keys::later_items(place.shard))
            .key(keys::alive(place.shard))
            .key(keys::dead(place.shard))
            .key(keys::held(place.shard, Work::Later))
            .arg(message.member())
            .arg(kind.field(&name))
            .arg(version)
            .arg(message.batch_id().as_str())
            .arg(whose_word(chat))
            .arg(reply::json(&letter(chat, &destination, reason))?)
            .arg(most)
            .arg(message.reason().as_str());
        self.store.run(place.shard, &bury).await
    }

    async fn bury_first(
        self,
        destination: &Name,
        chat: &Chat,
        version: u64,
        most: u64,
    ) -> Result<(u64, u64)> {
        let place = Place::of(chat);
        let mut reads = redis::pipe();
        reads
            .lindex(place.lane(destination), 0)
            .hget(place.head(destination), "attempts")
            .hget(place.head(destination), "first");
        let (batch, attempts, first): (Option<String>, Option<u32>, Option<u64>) =
            self.store.pipeline(&reads).await?;
        let Some(batch) = batch else {
            return Ok((0, 0));
        };
        let (kind, name) = worker(destination);
        let mut chat = chat.clone();
        if let (_, Some(id)) = read_batch(&batch)? {
            chat.id = id;
        }
        let reason = Why::Gone(&format!("{} {name}", kind.as_str())).to_string();
        let letter = Letter {
            attempts: attempts.unwrap_or_default(),
            first_attempt: first.unwrap_or_default(),
            ..letter(&chat, destination.as_str(), reason)
        };
        let line = batch.split('\n').next().unwrap_or_default();
        let mut bury = scripts::BURY_BATCH.key(place.due_lanes(destination));
        bury.key(place.lane(destination))
            .key(place.head(destination))
            .key(keys::alive(place.shard))
            .key(keys::dead(place.shard))
            .key(place.revived(destination))
            .key(keys::held(place.shard, Work::Lanes))
            .arg(place.lane_member())
            .arg(kind.field(&name))
            .arg(version)
            .arg(line)
            .arg(reply::json(&letter)?)
            .arg(most);
        self.store.run(place.shard, &bury).await
    }
}
