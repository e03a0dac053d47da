//! The story of a chat: everything that happened in it, in order, and what to say to somebody who complains.

mod entries;
mod happened;
mod paging;
mod situation;
mod sources;
mod to_come;

use super::{Admin, AdminError};
use crate::core::batch::{Gathering, Millis};
use crate::core::chat::Chat;
use crate::core::item::Item;
use crate::core::verdict::Situation;
use crate::store::audit::Noted;
use crate::store::chats::people::FoundChat;
use crate::store::history::Try;
use crate::store::history::posts::Posted;
use crate::store::history::told::Answer;
use crate::store::scheduled::{Kept, WaitingFollowUp};
use crate::store::windows::open::Window;
use paging::HeldUntil;
pub use paging::{StoryCursor, StoryPage};

/// The story of a chat.
#[derive(Debug)]
pub struct Story {
    /// The chat, and what is known of it.
    pub chat: FoundChat,
    /// What happened, the oldest first.
    pub entries: Vec<Entry>,
    /// What is known for a verdict; only on the newest page.
    pub situation: Option<Situation>,
    /// What was before that is on the next page.
    pub next: Option<StoryCursor>,
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
        /// The reason that was given, else the result of the last try.
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
    /// The `webhook-id` of the batch that somebody sent again in this one.
    pub repeats: Option<String>,
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

impl Admin {
    /// A page of the story of a chat, the oldest entry first. What is to come stands at its time, and what is known for a
    /// verdict is on the newest page.
    ///
    /// # Errors
    /// Nothing is known of the chat, and there is no such buffer; unavailable, silent or unreadable.
    pub async fn story(&self, chat: &Chat, page: StoryPage) -> Result<Story, AdminError> {
        let destinations = self.destinations_of(&chat.buffer);
        let known = self.store().chats().look_at(chat, destinations).await?;
        // What was said moves from its window to a lane, and from there to history: it is looked for in that order, so that it
        // is found wherever it is meanwhile.
        let to_come = self.to_come(chat, &page).await?;
        let sources = self.sources(chat, &known, &page).await?;
        let mut situation = None;
        if page.is_newest() {
            situation = Some(self.situation(chat, &sources, &to_come, &known).await?);
        }
        let untried = sources.untried(&to_come.lanes);
        let held = HeldUntil::of(&sources.settlements, &untried);
        let boundary = sources.boundary;
        let happened = sources.entries(&to_come.lanes);
        let mut entries = to_come.entries();
        entries.extend(untried);
        entries.extend(happened);
        if page.is_newest() && entries.is_empty() && known.last_heard.is_none() {
            self.check_buffer(&chat.buffer)?;
        }
        let next = page.cut(&mut entries, boundary);
        Ok(Story {
            chat: known,
            entries,
            situation,
            next: next.map(|to| held.cursor(to)),
        })
    }
}

fn entry(at: Millis, what: What) -> Entry {
    Entry { at, what }
}
