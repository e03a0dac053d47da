//! One chat whole, to see what became of what was said in it.

use std::time::Duration;

use super::{Admin, AdminError, NoSuch};
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::item::Item;
use crate::store::chats::chat_detail::WaitingLane;
use crate::store::dead_letters::DeadLetter;
use crate::store::history::Settlement;
use crate::store::scheduled::{Kept, WaitingFollowUp};
use crate::store::windows::open::Window;
use crate::store::{Look, PAGE_BYTES};

/// Entries of history and dead letters that are told; their own lists have the rest.
const NEWEST: usize = 50;
/// The same of messages that wait for their time.
const MOST_SCHEDULED: usize = 100;

/// All that is there of a chat.
#[derive(Debug, Default)]
pub struct ChatDetail {
    /// Until the end of its pause; none: it is not paused.
    pub paused: Option<Duration>,
    /// Its open window, and what was said in it, in order; the newest of it, where it is long.
    pub window: Option<(Window, Vec<Item>)>,
    /// Messages that wait for a time of their own, the next to leave first.
    pub scheduled: Vec<Kept>,
    /// What it is asked if it stays silent.
    pub follow_up: Option<WaitingFollowUp>,
    /// What waits for each destination.
    pub lanes: Vec<WaitingLane>,
    /// The newest batches that were tried.
    pub history: Vec<Settlement>,
    /// The newest batches that were given up on.
    pub dead_letters: Vec<DeadLetter>,
    /// Of which parts not everything is there: they hold more than there is room for, or may.
    pub more_in: Vec<Part>,
}

/// A part of a chat that may hold more than is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What was said in the window; the newest is there.
    Window,
    /// Messages for later; the next to leave are there.
    Scheduled,
    /// Lanes; the next batches to leave are there.
    Lanes,
    /// History; the newest is there.
    History,
    /// Dead letters; the newest are there.
    DeadLetters,
}

impl ChatDetail {
    fn is_empty(&self) -> bool {
        let Self {
            paused,
            window,
            scheduled,
            follow_up,
            lanes,
            history,
            dead_letters,
            more_in,
        } = self;
        let waits = window.is_some() || follow_up.is_some() || !scheduled.is_empty();
        let is_over = !history.is_empty() || !dead_letters.is_empty() || !more_in.is_empty();
        paused.is_none() && !waits && lanes.is_empty() && !is_over
    }
}

impl Admin {
    /// All that is there of a chat, as much as begins within [`PAGE_BYTES`].
    ///
    /// # Errors
    /// Nothing is known of it; unavailable, silent or unreadable.
    pub async fn chat_detail(&self, chat: &Chat) -> Result<ChatDetail, AdminError> {
        let detail = self.all_of(chat).await?;
        if !detail.is_empty() {
            return Ok(detail);
        }
        // What it said may be over, and its history trimmed, or not kept.
        let known = self.store().chats().look_at(chat, Vec::new()).await?;
        let no_such = || NoSuch::chat(chat.id.as_str(), Some(&chat.buffer)).into();
        known.last_heard.map(|_| detail).ok_or_else(no_such)
    }

    async fn all_of(&self, chat: &Chat) -> Result<ChatDetail, AdminError> {
        let store = self.store();
        let filter = Filter::Chat(chat.clone());
        let destinations = self.registry().get().destination_names();
        let (paused, window, follow_up) = tokio::try_join!(
            store.chats().paused(chat),
            store.windows().find(chat),
            store.follow_ups().find(chat),
        )?;
        // One after the other, because what is not over yet takes its room first.
        let mut room = PAGE_BYTES;
        let mut more_in = Vec::new();
        let window = match window {
            Some(window) => {
                let (said, more) = store.windows().messages(&window.chat, &mut room).await?;
                more_in.extend(more.then_some(Part::Window));
                Some((window, said))
            }
            None => None,
        };
        let (lanes, more) = store.chats().lanes(chat, destinations, &mut room).await?;
        more_in.extend(more.then_some(Part::Lanes));
        let (scheduled, more) = store
            .scheduled()
            .list(&filter, None, MOST_SCHEDULED, room)
            .await?;
        room = room.saturating_sub(scheduled.iter().map(|kept| kept.message.get().len()).sum());
        more_in.extend((more.is_some() || room == 0).then_some(Part::Scheduled));
        let (dead_letters, more) = store.dead_letters().list(&filter, newest(room)).await?;
        let letters = dead_letters.iter().map(|dead| dead.batch.items.len());
        room = room.saturating_sub(letters.sum());
        more_in.extend((more.is_some() || room == 0).then_some(Part::DeadLetters));
        let (history, more) = store
            .history()
            .list(&filter, |_| true, newest(room))
            .await?;
        more_in.extend((more.is_some() || room == 0).then_some(Part::History));
        Ok(ChatDetail {
            paused,
            window,
            scheduled,
            follow_up,
            lanes,
            history,
            dead_letters,
            more_in,
        })
    }
}

/// The newest, as far as there is room.
fn newest(bytes: usize) -> Look {
    Look {
        bytes,
        ..Look::first(NEWEST)
    }
}
