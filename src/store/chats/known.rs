//! What is kept of a chat that is known: when it was last heard from, and who writes there.

use crate::core::batch::Millis;
use crate::core::chat::{Chat, ChatHash};
use crate::store::chats::writers::Writer;
use crate::store::{Result, StoreError, keys};

/// In ms; when a chat was heard from is kept in seconds, to be short.
pub(super) const SECOND: u64 = 1000;
/// Most characters of a name that are kept.
const LONGEST_NAME: usize = 64;

/// What is kept of a chat: `<when, in seconds> <name>`, and in the next line the chat.
pub(in crate::store) struct Known {
    pub(in crate::store) last_heard: Option<Millis>,
    pub(in crate::store) name: Option<String>,
    pub(in crate::store) chat: Chat,
    /// Whoever was looked for, if it is a group in which they wrote.
    pub(in crate::store) writer: Option<Writer>,
}

impl Known {
    pub(in crate::store) fn read(text: &str) -> Result<Self> {
        let read = || {
            let (about, member) = text.split_once('\n')?;
            let (at, name) = about.split_once(' ')?;
            Some(Self {
                last_heard: Some(at.parse::<Millis>().ok()? * SECOND),
                name: (!name.is_empty()).then(|| name.to_owned()),
                chat: keys::chat_of_member(member)?,
                writer: None,
            })
        };
        read().ok_or(StoreError::Unreadable("a chat that is known"))
    }
}

/// The fields under which the chats with a hash are known; more of one hash in one shard there will never be.
pub(in crate::store) fn fields_of(hash: ChatHash) -> [String; 3] {
    ["", "+", "++"].map(|mark| format!("{}{mark}", hash.packed()))
}

/// A name as it is kept, short and on one line.
pub(in crate::store) fn kept_name(name: &str) -> String {
    let letters = name.trim().chars();
    let letters = letters.map(|c| if c.is_control() { ' ' } else { c });
    letters.take(LONGEST_NAME).collect()
}
