//! The audit: who changed what, when and from where; bounded by number and age.

use std::iter;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::config::Kind;
use super::handles::Audit;
use super::history::{DELIVERED, Settlement};
use super::keys::{self, Shard};
use super::paging::{Look, StreamEntry};
use super::{Result, StoreError, reply};
use crate::core::action::Action;
use crate::core::batch::Millis;
use crate::core::chat::Name;

/// Most entries; the oldest go first.
pub(super) const MOST: usize = 10_000;
/// How long an entry is kept.
pub(super) const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// Who did something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The name of their key; none where nobody asked for one.
    pub actor: Option<String>,
    /// Where the request came from; none where a daemon did it by itself.
    pub address: Option<IpAddr>,
}

/// Something that was done. It holds no message, no secret and no phone number: a chat is its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Act {
    /// The word of what was done; another version of Lull may know others than [`Action`].
    pub action: String,
    /// To what: a name, the hash of a chat; of something of a chat its name or id, a space and the hash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// The name of the key of who did it.
    pub actor: Option<String>,
    /// Where the request came from.
    pub address: Option<IpAddr>,
    /// To how many.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
    /// What was written there before, masked; none where nothing was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub before: Option<Box<RawValue>>,
    /// What is written there now, masked; none where it was removed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub after: Option<Box<RawValue>>,
}

impl Act {
    /// Something that was done by somebody.
    pub fn new(action: Action, by: &By) -> Self {
        Self {
            action: action.word().to_owned(),
            subject: None,
            actor: by.actor.clone(),
            address: by.address,
            count: None,
            before: None,
            after: None,
        }
    }

    /// To what it was done.
    #[must_use]
    pub fn on(mut self, subject: &impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// To which of the things of a chat it was done: a destination, or the id of a dead letter; none: to the chat itself.
    pub fn part(&self) -> Option<&str> {
        let (part, _) = self.subject.as_deref()?.split_once(' ')?;
        Some(part)
    }

    /// Whether it was done to the chat with this hash, or to something of it alone.
    fn is_about(&self, hash: &str) -> bool {
        let of_chats = ["batch.", "chat.", "lane.", "dead_letter.", "message.recall"];
        let mut of_chats = of_chats.into_iter();
        let subject = self.subject.as_deref().unwrap_or_default();
        let subject = subject.split_once(' ').map_or(subject, |(_, chat)| chat);
        subject == hash && of_chats.any(|begin| self.action.starts_with(begin))
    }

    /// To how many it was done.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// What it changed; both are masked already.
    #[must_use]
    pub fn from_to(
        mut self,
        before: Option<&impl Serialize>,
        after: Option<&impl Serialize>,
    ) -> Self {
        // Only a map whose keys are no text cannot be JSON, and no specification has one.
        self.before = before.and_then(|before| to_raw_value(before).ok());
        self.after = after.and_then(|after| to_raw_value(after).ok());
        self
    }
}

impl Kind {
    /// That one was written.
    pub fn write(self) -> Action {
        match self {
            Self::Buffer => Action::BufferWrite,
            Self::Destination => Action::DestinationWrite,
            Self::Schedule => Action::ScheduleWrite,
        }
    }

    /// That one was removed.
    pub fn remove(self) -> Action {
        match self {
            Self::Buffer => Action::BufferRemove,
            Self::Destination => Action::DestinationRemove,
            Self::Schedule => Action::ScheduleRemove,
        }
    }

    /// That a drain of one was called off; none where nothing is drained.
    pub fn keep(self) -> Option<Action> {
        match self {
            Self::Buffer => Some(Action::BufferKeep),
            Self::Destination => Some(Action::DestinationKeep),
            Self::Schedule => None,
        }
    }
}

/// An entry of the audit.
#[derive(Debug)]
pub struct Noted {
    /// When it was written.
    pub at: Millis,
    /// What it says.
    pub act: Act,
}

impl Audit<'_> {
    /// Writes into the audit what was done. Changes of the configuration are written by the step that makes them.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn note(self, act: &Act) -> Result<()> {
        let mut add = redis::cmd("XADD");
        add.arg(keys::AUDIT)
            .arg("MAXLEN")
            .arg("~")
            .arg(MOST)
            .arg("*")
            .arg("act")
            .arg(reply::json(act)?);
        self.store.query(&add).await
    }

    /// A page of the audit, newest first: what was done within `look`, and is `action` where one is named; with what
    /// history tells of the deliveries of a `queue`, where one is named. The queue must not lie in the first shard.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list(
        self,
        action: Option<&str>,
        queue: Option<&Name>,
        look: Look,
    ) -> Result<(Vec<Noted>, Option<String>)> {
        let shards = iter::once(AUDITED).chain(queue.map(Shard::of_ordered));
        self.store
            .newest(stream, shards, look, |entry| {
                let act = match queue {
                    Some(queue) if entry.id.shard != AUDITED => delivery(entry, queue)?,
                    _ => Some(noted(entry)?),
                };
                let at = entry.id.ms;
                let act = act.filter(|act| action.is_none_or(|action| act.action == action));
                Ok(act.map(|act| Noted { at, act }))
            })
            .await
    }
}

impl Audit<'_> {
    /// What was done to a chat, told by its hash, within `look`; newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn list_of(self, hash: &str, look: Look) -> Result<(Vec<Noted>, Option<String>)> {
        self.store
            .newest(stream, iter::once(AUDITED), look, |entry| {
                let act = noted(entry)?;
                let at = entry.id.ms;
                Ok(act.is_about(hash).then_some(Noted { at, act }))
            })
            .await
    }
}

/// The audit belongs to no shard; its entries are named as if it belonged to the first.
const AUDITED: Shard = Shard::FIRST;

fn stream(shard: Shard) -> String {
    if shard == AUDITED {
        keys::AUDIT.to_owned()
    } else {
        keys::history(shard)
    }
}

fn noted(entry: &StreamEntry) -> Result<Act> {
    serde_json::from_str(&entry.field("act")?)
        .map_err(|_| StoreError::Unreadable("an entry of the audit"))
}

/// What history tells of a message of the queue, which nobody did.
fn delivery(entry: &StreamEntry, queue: &Name) -> Result<Option<Act>> {
    let record = Settlement::read(entry)?.record;
    let action = if record.outcome == DELIVERED {
        Action::MessageSent
    } else {
        Action::MessageFailed
    };
    let act = Act::new(action, &By::default()).on(&record.id);
    Ok((record.buffer == queue.as_str()).then_some(act))
}
