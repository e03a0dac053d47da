//! The story of a chat: everything that happened in it, in order, and what to say to somebody who complains.

mod entries;
mod situation;

use super::{Admin, AdminError};
use crate::core::batch::{Gathering, Millis};
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::item::Item;
use crate::core::verdict::Situation;
use crate::store::audit::Noted;
use crate::store::chats::people::FoundChat;
use crate::store::dead_letters::DeadLetter;
use crate::store::history::posts::Posted;
use crate::store::history::told::{Answer, Told};
use crate::store::history::{Settlement, Try};
use crate::store::scheduled::{Kept, WaitingFollowUp};
use crate::store::windows::open::Window;
use crate::store::{EntryId, Look};

/// The story of a chat.
#[derive(Debug)]
pub struct Story {
    /// The chat, and what is known of it.
    pub chat: FoundChat,
    /// What happened, the oldest first.
    pub entries: Vec<Entry>,
    /// What is known for a verdict; only on the newest page.
    pub situation: Option<Situation>,
    /// Older entries than this moment are on the next page.
    pub next: Option<Millis>,
}

/// Something that happened.
#[derive(Debug)]
pub struct Entry {
    /// When.
    pub at: Millis,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// The person said something, and it was taken in.
    Said {
        /// What, where that is kept.
        item: Option<Item>,
        /// The `webhook-id`s of the batches it is in, as far as there are any.
        batches: Vec<String>,
    },
    /// Something was posted of the person that came into no window.
    Untaken(Posted),
    /// Our side wrote.
    Answered(Answer),
    /// The window was closed, or a batch was made without one.
    Closed(Closed),
    /// A batch was tried.
    Tried(Tried),
    /// A batch was given up on.
    GivenUp {
        /// Its `webhook-id`.
        webhook_id: String,
        /// Where it was to go.
        destination: String,
        /// Why, where it was given up on without an answer for it.
        reason: Option<String>,
        /// The dead letter, if it is still there.
        dead_letter: Option<String>,
    },
    /// Somebody did something to the chat.
    Acted(Noted),
    /// A message waits for a time of its own; the moment is that.
    Later(Kept),
    /// A follow-up waits; the moment is when it leaves.
    FollowUp(WaitingFollowUp),
    /// The window is open; the moment is when it closes if nothing more is said.
    Open(Window),
}

/// A batch that was made.
#[derive(Debug)]
pub struct Closed {
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// Where it goes.
    pub destinations: Vec<String>,
    /// What closed the window.
    pub reason: String,
    /// How many messages it holds.
    pub messages: u64,
    /// When the first of them came.
    pub opened: Millis,
    /// How they were gathered; none: there was no window.
    pub gathered: Option<Gathering>,
}

/// A try.
#[derive(Debug)]
pub struct Tried {
    /// The batch's `webhook-id`.
    pub webhook_id: String,
    /// Where it went.
    pub destination: String,
    /// The try.
    pub made: Try,
    /// The destination has taken it.
    pub delivered: bool,
}

/// What was read for a page.
struct Sources {
    told: Vec<Told>,
    untaken: Vec<Posted>,
    settlements: Vec<Settlement>,
    dead: Vec<DeadLetter>,
    acts: Vec<Noted>,
}

impl Admin {
    /// A page of the story of a chat, the newest entries within `look` but the oldest first. What is to come is on the
    /// newest page, where `newest` says that this is one.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn story(&self, chat: &Chat, look: Look, newest: bool) -> Result<Story, AdminError> {
        let (sources, boundary) = self.sources(chat, look).await?;
        let destinations = self.destinations_of(&chat.buffer);
        let known = self.store().chats().look_at(chat, destinations).await?;
        let mut situation = None;
        let mut entries = Vec::new();
        if newest {
            let (now, to_come) = self.to_come(chat, &sources, &known).await?;
            situation = Some(now);
            entries = to_come;
        }
        entries.extend(sources.entries());
        entries.sort_by_key(|it| it.at);
        let next = cut(&mut entries, boundary, look.limit);
        Ok(Story {
            chat: known,
            entries,
            situation,
            next,
        })
    }

    /// What the lists tell of a chat, and where the first of them ended that did not go to its beginning.
    async fn sources(
        &self,
        chat: &Chat,
        look: Look,
    ) -> Result<(Sources, Option<Millis>), AdminError> {
        let store = self.store();
        let filter = Filter::Chat(chat.clone());
        let hash = chat.hash().to_string();
        let (told, untaken, settlements, dead, acts) = tokio::try_join!(
            store.history().told(chat, look),
            store.history().untaken(chat, look),
            store.history().list(&filter, |_| true, look),
            store.dead_letters().list(&filter, look),
            store.audit().list_of(&hash, look),
        )?;
        let ended = |cursor: Option<String>| {
            let last = cursor.as_deref().and_then(EntryId::parse);
            last.map(|last| last.at())
        };
        let ends = [
            told.1,
            untaken.1,
            ended(settlements.1),
            ended(dead.1),
            ended(acts.1),
        ];
        let sources = Sources {
            told: told.0,
            untaken: untaken.0,
            settlements: settlements.0,
            dead: dead.0,
            acts: acts.0,
        };
        Ok((sources, ends.into_iter().flatten().max()))
    }
}

fn entry(at: Millis, what: What) -> Entry {
    Entry { at, what }
}

/// Leaves the newest entries, at most about so many, out of those that all lists reach back to; answers where the next page
/// begins. Entries of one moment stay together.
fn cut(entries: &mut Vec<Entry>, boundary: Option<Millis>, most: usize) -> Option<Millis> {
    let mut next = boundary;
    if entries.len() > most {
        let oldest = entries[entries.len() - most].at;
        next = next.max(Some(oldest.saturating_sub(1)));
    }
    let reached = next?;
    entries.retain(|it| it.at > reached);
    Some(reached)
}
