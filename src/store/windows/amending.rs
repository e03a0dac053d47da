//! What a person changes or takes back while it waits in an open window.

use super::Windows;
use super::digests::seen_digest;
use crate::core::chat::{Chat, Name};
use crate::core::item::{amended, with_phone};
use crate::store::keys::{self, Place};
use crate::store::work::Kind;
use crate::store::{Result, StoreError, scripts};

/// A window changes while somebody looks at it; each round another message may have come.
const MOST_ROUNDS: usize = 64;

/// Open windows of a buffer that are looked through for a message.
const MOST_WINDOWS: usize = 256;

impl Windows<'_> {
    /// As [`Windows::amend`], in the first of the open windows of a buffer, and of one line, that has the message. Its
    /// chat; none, if none of them has it.
    ///
    /// # Errors
    /// As [`Windows::amend`].
    pub async fn amend_anywhere(
        self,
        buffer: &Name,
        line: Option<&str>,
        is_it: impl Fn(&str) -> bool + Copy,
        words: Option<&str>,
    ) -> Result<Option<Chat>> {
        let (open, _, _) = self.list_in(buffer, None, MOST_WINDOWS).await?;
        for window in open {
            let id = window.chat.id.as_str();
            let is_of_line = |line| {
                let rest = id.strip_prefix(line);
                rest.is_some_and(|rest: &str| rest.starts_with(':'))
            };
            if line.is_none_or(is_of_line) && self.amend(&window.chat, is_it, words).await? {
                return Ok(Some(window.chat));
            }
        }
        Ok(None)
    }

    /// Notes the id of a message that was taken back before it came: when it comes it counts as one that was seen.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_taken_back(self, chat: &Chat, id: &str) -> Result<()> {
        let place = Place::of(chat);
        let mut note = self.store.script_of_ids(&scripts::NOTE_ID, place.shard);
        note.arg(seen_digest(&place, id));
        self.store.tell_ids(&mut note);
        let _: u8 = self.store.run(place.shard, &note).await?;
        Ok(())
    }

    /// Gives the message of an open window that `is_it` finds other words; without, takes it back, and with the last
    /// message the window. Whether it was there; when the window closes stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room for it; unavailable or silent.
    pub async fn amend(
        self,
        chat: &Chat,
        is_it: impl Fn(&str) -> bool,
        words: Option<&str>,
    ) -> Result<bool> {
        self.rewrite(chat, |items| {
            let Some(at) = items.iter().position(|item| is_it(item)) else {
                return Ok(None);
            };
            let new = words.map(|words| amended(&items[at], words)).transpose()?;
            Ok(Some((at, new)))
        })
        .await
    }

    /// Lets the newest message of an open window pass the person's number on, unless it does already. Whether there was one that
    /// did not.
    ///
    /// # Errors
    /// As [`Windows::amend`].
    pub async fn tell_phone(self, chat: &Chat, phone: &str) -> Result<bool> {
        self.rewrite(chat, |items| {
            let Some(newest) = items.last() else {
                return Ok(None);
            };
            let new = with_phone(newest, phone)?;
            Ok(new.map(|new| (items.len() - 1, Some(new))))
        })
        .await
    }

    /// Writes the message of an open window anew of which `change` answers the place and the new text, or takes it back
    /// where that is none. Whether there was anything to change.
    async fn rewrite(
        self,
        chat: &Chat,
        change: impl Fn(&[String]) -> serde_json::Result<Option<(usize, Option<String>)>>,
    ) -> Result<bool> {
        let place = Place::of(chat);
        for _ in 0..MOST_ROUNDS {
            let mut read = redis::pipe();
            read.lrange(place.window(), 1, -1);
            let (items,): (Vec<String>,) = self.store.pipeline(&read).await?;
            let found = change(&items).map_err(|_| StoreError::Unreadable("a window"))?;
            let Some((at, new)) = found else {
                return Ok(false);
            };
            let mut amend = scripts::AMEND.key(place.timer());
            amend
                .key(place.window())
                .key(place.due())
                .key(keys::held(place.shard, Kind::Windows))
                .arg(&place.member)
                .arg(at + 1)
                .arg(&items[at])
                .arg(new.unwrap_or_default());
            if self.store.run(place.shard, &amend).await? {
                return Ok(true);
            }
        }
        Err(StoreError::Contended)
    }
}
