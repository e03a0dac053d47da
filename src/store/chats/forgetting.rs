//! Forgetting chats and aliases: those that nobody has used for long, and a chat that is erased.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::moment::millis;
use crate::store::chats::aliases::REMEMBERED_FOR;
use crate::store::chats::known::{Known, SECOND};
use crate::store::chats::people::{entry, entry_of_alias};
use crate::store::handles::Chats;
use crate::store::keys::{self, Place, Shard};
use crate::store::scripts;
use crate::store::{Result, Store, reply};

/// Entries of a hash that are looked at in one step: Redis does nothing else meanwhile.
const STEP: u32 = 256;

impl Chats<'_> {
    /// Takes a chat out of those that are known, and that are found, with all who wrote there; answers how many it was.
    pub(super) async fn forget_chat(self, chat: &Chat) -> Result<u64> {
        let shard = Place::of(chat).shard;
        let Some((field, _)) = self.known(chat).await? else {
            // Who wrote there is forgotten a little later than a chat that nobody has heard from for long.
            self.forget_writers_of(shard, &chat.hash().packed()).await?;
            return Ok(0);
        };
        let mut drops = redis::pipe();
        drops
            .zrem(keys::people(shard), entry(chat, &field))
            .ignore()
            .hdel(keys::known(shard), &field);
        let (dropped,): (u64,) = self.store.pipeline(&drops).await?;
        self.forget_writers_of(shard, &field).await?;
        Ok(dropped)
    }

    /// Forgets the chats that were not heard from for so long, who has not written in a group for so long, and the aliases
    /// that nobody has used for [`REMEMBERED_FOR`]; answers how many of all.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn forget_people(self, age: Duration) -> Result<u64> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let mut forgotten = 0;
        for shard in Shard::all() {
            let of_chat = |field: &str, known: &str| {
                let known = Known::read(known).ok()?;
                Some(entry(&known.chat, field))
            };
            let of_alias = |member: &str, known: &str| {
                let chat = keys::chat_of_member(member)?;
                Some(entry_of_alias(&chat, known))
            };
            let before = |age| now.saturating_sub(millis(age));
            let known = Remembered {
                shard,
                hash: keys::known(shard),
                before: before(age),
                age,
                unit: SECOND,
            };
            forgotten += self.store.forget(&known, of_chat).await?;
            let aliases = Remembered {
                shard,
                hash: keys::aliases(shard),
                before: before(REMEMBERED_FOR),
                age: REMEMBERED_FOR,
                unit: 1,
            };
            forgotten += self.store.forget(&aliases, of_alias).await?;
            forgotten += self.forget_old_writers(shard, age).await?;
        }
        Ok(forgotten)
    }
}

/// A hash of chats that are forgotten when they were not used for so long.
struct Remembered {
    shard: Shard,
    hash: String,
    /// What was last used before this moment seems to be so old.
    before: Millis,
    age: Duration,
    /// In which its last use is told, ms.
    unit: u64,
}

impl Store {
    async fn forget(
        &self,
        what: &Remembered,
        entry_of: impl Fn(&str, &str) -> Option<String>,
    ) -> Result<u64> {
        let (mut forgotten, mut cursor) = (0, 0);
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(&what.hash).arg(cursor).arg("COUNT").arg(STEP);
            let (next, found): (u64, Vec<(String, String)>) = self.query(&scan).await?;
            let mut forget = scripts::FORGET.key(&what.hash);
            forget
                .key(keys::people(what.shard))
                .arg(millis(what.age))
                .arg(what.unit);
            let mut is_old = false;
            for (name, value) in &found {
                let used = value.split(' ').next().and_then(|at| at.parse().ok());
                if used.is_none_or(|used: Millis| used * what.unit >= what.before) {
                    continue;
                }
                is_old = true;
                forget
                    .arg(name)
                    .arg(entry_of(name, value).unwrap_or_default());
            }
            if is_old {
                forgotten += self.run::<u64>(what.shard, &forget).await?;
            }
            if next == 0 {
                return Ok(forgotten);
            }
            cursor = next;
        }
    }
}
