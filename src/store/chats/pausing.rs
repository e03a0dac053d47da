//! Chats that are left alone for a while, because one of our own people talks there.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::core::paused_by::PausedBy;
use crate::store::config::lives::Living;
use crate::store::handles::Chats;
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::scheduled::member;
use crate::store::scripts;
use crate::store::work::Kind;
use crate::store::{Result, StoreError, reply};

/// Pauses whose pausers are forgotten in one command.
const AT_ONCE: usize = 256;

/// Who leaves a chat alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pauser {
    /// An operator, by the name of their key, if anybody asked for one.
    Operator(Option<String>),
    /// A person of our own side, who wrote in the chat.
    OwnMessage,
}

impl Pauser {
    /// Which of the two it is.
    pub fn kind(&self) -> PausedBy {
        match self {
            Self::Operator(_) => PausedBy::Operator,
            Self::OwnMessage => PausedBy::OwnMessage,
        }
    }

    /// The name of the operator's key, if anybody asked for one.
    pub fn key(self) -> Option<String> {
        match self {
            Self::Operator(key) => key,
            Self::OwnMessage => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Operator(key) => format!("operator {}", key.as_deref().unwrap_or_default()),
            Self::OwnMessage => "own".to_owned(),
        }
    }

    /// Reads what the pause script wrote: when, and who.
    pub(super) fn read(text: &str) -> Option<(Millis, Self)> {
        let (at, who) = text.split_once(' ')?;
        let pauser = match who.strip_prefix("operator ") {
            Some(key) => Self::Operator(Some(key.to_owned()).filter(|key| !key.is_empty())),
            None if who == "own" => Self::OwnMessage,
            None => return None,
        };
        Some((at.parse().ok()?, pauser))
    }
}

impl Chats<'_> {
    /// Gathers nothing in the chat for `length` from now, and drops its open window and follow-up; answers how many messages that
    /// held. A pause that lasts longer already is not shortened. What is on its way to a destination goes on.
    ///
    /// # Errors
    /// Gone, where the chat's buffer is not there in this life: nothing was changed. Else unavailable or silent.
    pub async fn pause(
        self,
        chat: &Chat,
        life: Life,
        length: Duration,
        by: &Pauser,
    ) -> Result<u64> {
        let place = Place::of(chat);
        let mut pause = scripts::PAUSE.key(place.timer());
        pause
            .key(place.window())
            .key(place.due())
            .key(keys::paused(place.shard))
            .key(Due::Later.key(place.shard))
            .key(keys::later_items(place.shard))
            .key(keys::held(place.shard, Kind::Windows))
            .key(keys::alive(place.shard))
            .key(keys::pausers(place.shard))
            .arg(&place.member)
            .arg(millis(length))
            .arg(member::follow_up(&place));
        Living::buffer(&chat.buffer, life).must_be_there(&mut pause);
        pause.arg(by.text());
        self.store.tell_time(&mut pause, place.shard);
        let dropped: i64 = self.store.run(place.shard, &pause).await?;
        u64::try_from(dropped).map_err(|_| StoreError::Gone)
    }

    /// How many chats are paused.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_paused(self) -> Result<u64> {
        let now = self.store.clock().now().await?;
        let mut counts = redis::pipe();
        for shard in Shard::all() {
            // Those that have run out stay until somebody comes by.
            counts.zcount(keys::paused(shard), now, "+inf");
        }
        let counts: Vec<u64> = self.store.pipeline(&counts).await?;
        Ok(counts.iter().sum())
    }

    /// How many chats of a buffer are paused; looks through all pauses.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn count_paused_in(self, buffer: &Name) -> Result<u64> {
        let now = self.store.clock().now().await?;
        let mut count = 0;
        for shard in Shard::all() {
            let pattern = keys::members_like(buffer);
            let paused = self
                .store
                .scanned_set(&keys::paused(shard), &pattern)
                .await?;
            let lasting = paused
                .iter()
                .filter(|(_, until)| reply::score(**until) > now);
            let chats = lasting.filter_map(|(member, _)| keys::chat_of_member(member));
            count += chats.filter(|chat| chat.buffer == *buffer).count();
        }
        Ok(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Forgets the pauses that have ended by then, and who made them.
    pub(in crate::store) async fn forget_ended_pauses(self, now: Millis) -> Result<()> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            reads.zrangebyscore(keys::paused(shard), "-inf", now);
        }
        let ended: Vec<Vec<Vec<u8>>> = self.store.pipeline(&reads).await?;
        for (shard, ended) in Shard::all().zip(ended).filter(|(_, it)| !it.is_empty()) {
            // Of one that was paused again meanwhile nobody knows who did it, and its pause stays.
            let mut forget = redis::pipe();
            forget
                .zrembyscore(keys::paused(shard), "-inf", now)
                .ignore();
            for some in ended.chunks(AT_ONCE) {
                forget.hdel(keys::pausers(shard), some).ignore();
            }
            self.store.pipeline::<()>(&forget).await?;
        }
        Ok(())
    }

    /// Ends the pause of a chat; answers whether there was one.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn resume(self, chat: &Chat) -> Result<bool> {
        let place = Place::of(chat);
        let paused = self.paused(chat).await?.is_some();
        let key = keys::paused(place.shard);
        let mut ends = redis::pipe();
        ends.zrem(key, &place.member)
            .hdel(keys::pausers(place.shard), &place.member)
            .ignore();
        let (removed,): (u64,) = self.store.pipeline(&ends).await?;
        // One that had run out stays until somebody comes by.
        Ok(paused && removed > 0)
    }

    /// For how long a chat is still paused; `None`: it is not.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn paused(self, chat: &Chat) -> Result<Option<Duration>> {
        let place = Place::of(chat);
        let mut reads = redis::pipe();
        reads
            .cmd("TIME")
            .zscore(keys::paused(place.shard), &place.member);
        let mut values = self
            .store
            .pipeline::<Vec<redis::Value>>(&reads)
            .await?
            .into_iter();
        let now = reply::time(values.next())?;
        let until: Option<f64> = reply::value(values.next())?;
        let left = until.map_or(0, |until| reply::score(until).saturating_sub(now));
        Ok((left > 0).then(|| Duration::from_millis(left)))
    }
}
