//! What a revival would do, told before it is asked for: to how many, how old they are, and who has gone on writing meanwhile.

use std::collections::HashMap;

use super::Counted;
use super::finding::Found;
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::revival::Wanted;
use crate::store::Result;
use crate::store::chats::known::{Known, fields_of};
use crate::store::handles::DeadLetters;
use crate::store::keys::{self, Place};

/// Chats that are asked in one read when they were last heard from.
const AT_ONCE: usize = 100;
/// Most chats that are asked for it.
const MOST_ASKED: usize = 10_000;

/// What a revival would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// How many dead letters.
    pub counted: Counted,
    /// Of how many chats those are that would go back.
    pub chats: u64,
    /// When the oldest of them was given up on; none: there are none.
    pub oldest: Option<Millis>,
    /// How many of the chats have opened a window since their newest was given up on; none: they are too many to be asked.
    pub written_since: Option<u64>,
}

impl DeadLetters<'_> {
    /// What reviving the oldest `limit` of the dead letters that are wanted would do.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn preview(self, wanted: &Wanted, limit: Option<u64>) -> Result<Preview> {
        let Found {
            counted,
            letters,
            chats,
            ..
        } = self.found(wanted, limit).await?;
        let mut newest: HashMap<usize, Millis> = HashMap::new();
        for (id, chat) in &letters {
            // They are in order: the last is the newest.
            newest.extend(chat.map(|chat| (chat, id.ms)));
        }
        let newest = newest.into_iter();
        let newest: Vec<(&Chat, Millis)> = newest
            .filter_map(|(chat, at)| Some((chats.get_index(chat)?, at)))
            .collect();
        let written_since = match newest.len() <= MOST_ASKED {
            true => Some(self.written_since(&newest).await?),
            false => None,
        };
        Ok(Preview {
            counted,
            chats: newest.len().try_into().unwrap_or(u64::MAX),
            oldest: letters.first().map(|(id, _)| id.ms),
            written_since,
        })
    }

    /// How many of these chats have opened a window after the moment beside them. When they did is known to the second.
    async fn written_since(self, chats: &[(&Chat, Millis)]) -> Result<u64> {
        let mut written = 0;
        for some in chats.chunks(AT_ONCE) {
            let mut read = redis::pipe();
            for (chat, _) in some {
                let fields = fields_of(chat.hash());
                read.cmd("HMGET")
                    .arg(keys::known(Place::of(chat).shard))
                    .arg(&fields);
            }
            let known: Vec<Vec<Option<String>>> = self.store.pipeline(&read).await?;
            for ((chat, buried), known) in some.iter().zip(known) {
                let all = known.iter().flatten().map(|text| Known::read(text));
                let mut all = all.collect::<Result<Vec<_>>>()?.into_iter();
                let heard = all.find(|known| known.chat == **chat);
                let heard = heard.and_then(|known| known.last_heard);
                written += u64::from(heard.is_some_and(|heard| heard > *buried));
            }
        }
        Ok(written)
    }
}
