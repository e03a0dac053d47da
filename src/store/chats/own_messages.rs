//! Which of our own messages came as whose: one that a program sent may come again as if a person had written it.

use crate::core::chat::Chat;
use crate::store::Result;
use crate::store::handles::Chats;
use crate::store::keys::Place;
use crate::store::scripts;
use crate::store::windows::digests::seen_digest;

/// As whose an own message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CameAs {
    /// As what a program sent.
    Program,
    /// As what one of our people wrote.
    Person,
}

impl CameAs {
    /// In front of its id: no client's id begins so.
    fn mark(self) -> &'static str {
        match self {
            Self::Program => "\u{0}program ",
            Self::Person => "\u{0}person ",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Program => Self::Person,
            Self::Person => Self::Program,
        }
    }
}

impl Chats<'_> {
    /// Notes as whose one of our own messages came; answers whether it had come as the other's, too.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn note_own(self, chat: &Chat, id: &str, came: CameAs) -> Result<bool> {
        let place = Place::of(chat);
        let digest = |came: CameAs| {
            let id = format!("{}{id}", came.mark());
            seen_digest(&place, &id)
        };
        let mut note = self.store.script_of_ids(&scripts::NOTE_OWN, place.shard);
        note.arg(digest(came)).arg(digest(came.other()));
        self.store.tell_ids(&mut note);
        let known: u8 = self.store.run(place.shard, &note).await?;
        Ok(known == 1)
    }
}
