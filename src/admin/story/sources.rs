//! What is read for a page of a story: the lists that tell what has happened.

use super::paging::{StoryPage, begin};
use crate::admin::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::finding::number_of;
use crate::store::audit::Noted;
use crate::store::chats::people::FoundChat;
use crate::store::dead_letters::DeadLetter;
use crate::store::history::posts::Posted;
use crate::store::history::told::Told;
use crate::store::history::{Settlement, WRITTEN_WITHIN};
use crate::store::{EntryId, Look, PAGE_BYTES};

/// A verdict goes by at least so many of each list, however small the page is.
const FOR_A_VERDICT: usize = 100;
/// Batches that were settled later than a page ends are read so many at a time.
const AT_A_TIME: usize = 500;
/// And so often: what was settled later still is left out.
const MOST_READS: usize = 20;
/// How often more is read where one moment holds more than is read at first.
const MOST_GROWTH: u32 = 6;

/// What was read for a page, each list the newest first.
pub(super) struct Sources {
    pub(super) told: Vec<Told>,
    pub(super) untaken: Vec<Posted>,
    pub(super) settlements: Vec<Settlement>,
    pub(super) dead: Vec<DeadLetter>,
    pub(super) acts: Vec<Noted>,
    /// Not all of this moment, and of what is older, was read; none: all was.
    pub(super) boundary: Option<Millis>,
}

impl Admin {
    /// What the lists tell of a chat for a page. Of one that is not known, posts of a person with its number tell, too.
    pub(super) async fn sources(
        &self,
        chat: &Chat,
        known: &FoundChat,
        page: &StoryPage,
    ) -> Result<Sources, AdminError> {
        let later = self.settled_later(chat, page).await?;
        let is_known = known.last_heard.is_some();
        let number = number_of(&chat.id).filter(|_| !is_known);
        let number = number.as_deref();
        let mut sources = self.read_sources(chat, number, page, 1).await?;
        for growth in 1..=MOST_GROWTH {
            if !sources.is_stuck() {
                break;
            }
            let times = 4_usize.pow(growth);
            sources = self.read_sources(chat, number, page, times).await?;
        }
        sources.settlements.splice(0..0, later);
        Ok(sources)
    }

    async fn read_sources(
        &self,
        chat: &Chat,
        number: Option<&str>,
        page: &StoryPage,
        times: usize,
    ) -> Result<Sources, AdminError> {
        let store = self.store();
        let filter = Filter::Chat(chat.clone());
        let hash = chat.hash().to_string();
        let least = if page.is_newest() { FOR_A_VERDICT } else { 0 };
        let look = Look {
            // A verdict is about all there is.
            from: if page.is_newest() { 0 } else { page.from },
            to: page.to(),
            // One more tells whether the last is the only one of its moment.
            limit: page
                .limit
                .max(least)
                .saturating_add(1)
                .saturating_mul(times),
            bytes: PAGE_BYTES.saturating_mul(times),
            ..Look::first(0)
        };
        let a_little_later = Look {
            to: look.to.saturating_add(WRITTEN_WITHIN),
            ..look
        };
        let (told, untaken, settlements, dead, acts) = tokio::try_join!(
            store.history().told(chat, look.to, a_little_later),
            store.history().untaken(chat, number, look),
            store.history().list(&filter, |_| true, look),
            store.dead_letters().list(&filter, a_little_later),
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
        Ok(Sources {
            told: told.0,
            untaken: untaken.0,
            settlements: settlements.0,
            dead: dead.0,
            acts: acts.0,
            boundary: ends.into_iter().flatten().max(),
        })
    }

    /// Batches that were settled later than a page ends, and of which something happened before that; the newest first.
    async fn settled_later(
        &self,
        chat: &Chat,
        page: &StoryPage,
    ) -> Result<Vec<Settlement>, AdminError> {
        let filter = Filter::Chat(chat.clone());
        let (to, until) = (page.to(), page.until());
        let mut look = Look {
            from: to.saturating_add(1),
            to: until,
            ..Look::first(AT_A_TIME)
        };
        let mut found = Vec::new();
        if page.is_newest() || until <= to {
            return Ok(found);
        }
        for _ in 0..MOST_READS {
            let history = self.store().history();
            let (some, next) = history.list(&filter, |it| begin(it) <= to, look).await?;
            found.extend(some);
            look.after = next.as_deref().and_then(EntryId::parse);
            if look.after.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

impl Sources {
    /// Where all that was read is of the moment of which not all was.
    fn is_stuck(&self) -> bool {
        let Some(boundary) = self.boundary else {
            return false;
        };
        let told = self.told.iter().map(Told::at);
        let untaken = self.untaken.iter().map(|it| it.at);
        let settled = self.settlements.iter().map(|it| it.at);
        let dead = self.dead.iter().map(DeadLetter::buried);
        let acts = self.acts.iter().map(|it| it.at);
        let mut all = told.chain(untaken).chain(settled).chain(dead).chain(acts);
        let some = all.next();
        some.is_some() && !some.into_iter().chain(all).any(|at| at > boundary)
    }
}
