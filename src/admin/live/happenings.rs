//! What it is that happens, and how one is told from another.

use crate::core::batch::Millis;
use crate::core::filter::Filter;
use crate::store::EntryId;
use crate::store::dead_letters::Letter;
use crate::store::history::Record;
use crate::store::history::posts::Post;

/// Something that happened.
#[derive(Debug)]
pub struct Happening {
    /// Its entry in a list; none: it is in none.
    pub id: Option<EntryId>,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug)]
pub enum What {
    /// A batch was tried.
    Tried(Box<Record>),
    /// A batch was given up on.
    Buried {
        /// What was written about it.
        letter: Letter,
        /// Its `webhook-id`.
        webhook_id: String,
        /// How many messages it holds.
        messages: u64,
    },
    /// Something was posted that came into no window.
    Posted(Post),
    /// So much waits now.
    Counts(NowCounts),
    /// Buffers, destinations, schedules or stops are other than before.
    Changed,
    /// Something may have been missed: what is shown has to be read again.
    Reload,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NowCounts {
    /// Open windows.
    pub open: u64,
    /// Batches on lanes.
    pub waiting: u64,
    /// Messages for later.
    pub later: u64,
}

impl Happening {
    /// What tells it from all others; none: it is in no list.
    pub fn event_id(&self) -> Option<String> {
        let list = match self.what {
            What::Tried(_) => "a",
            What::Buried { .. } => "d",
            What::Posted(_) => "p",
            What::Counts(_) | What::Changed | What::Reload => return None,
        };
        Some(format!("{}-{list}", self.id?.text()))
    }

    /// Whether it is about what is asked for; what is in no list is about everything.
    pub fn is_of(&self, filter: &Filter) -> bool {
        match &self.what {
            What::Tried(record) => filter.includes(&record.buffer, &record.chat),
            What::Buried { letter, .. } => filter.includes(&letter.buffer, &letter.chat),
            What::Posted(post) => filter.includes(
                post.buffer.as_deref().unwrap_or_default(),
                post.chat.as_deref().unwrap_or_default(),
            ),
            What::Counts(_) | What::Changed | What::Reload => true,
        }
    }
}

/// The moment of an event, by its id.
pub fn moment_of(event_id: &str) -> Option<Millis> {
    let (ms, _) = event_id.split_once('-')?;
    ms.parse().ok()
}
