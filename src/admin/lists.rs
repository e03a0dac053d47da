//! Lists of what is over, a page at a time, the newest first.

use super::{Admin, AdminError};
use crate::core::action::Action;
use crate::core::chat::Name;
use crate::core::filter::Filter;
use crate::store::Look;
use crate::store::audit::Noted;
use crate::store::history::Settlement;
use crate::store::history::posts::{Posted, Results};
use crate::store::history::received::Received;

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// Its entries.
    pub items: Vec<T>,
    /// How many there are in all, where that is known without reading them all.
    pub total: Option<u64>,
    /// Names the last entry, where there may be more behind it.
    pub next_cursor: Option<String>,
}

impl<T> From<(Vec<T>, Option<String>)> for Page<T> {
    fn from((items, next_cursor): (Vec<T>, Option<String>)) -> Self {
        Self {
            items,
            total: None,
            next_cursor,
        }
    }
}

impl Admin {
    /// The batches that were tried within `look` and are `wanted`, each at the time of its newest attempt.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn history(
        &self,
        filter: &Filter,
        wanted: impl Fn(&Settlement) -> bool,
        look: Look,
    ) -> Result<Page<Settlement>, AdminError> {
        let found = self.store().history().list(filter, wanted, look).await?;
        Ok(found.into())
    }

    /// The messages that were taken in within `look` and are `wanted`.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn received(
        &self,
        filter: &Filter,
        wanted: impl Fn(&Received) -> bool,
        look: Look,
    ) -> Result<Page<Received>, AdminError> {
        let found = self
            .store()
            .history()
            .received(filter, wanted, look)
            .await?;
        Ok(found.into())
    }

    /// What was posted within `look` with one of these results: messages as they were taken in, and posts that were not.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn posts(
        &self,
        filter: &Filter,
        results: &Results,
        look: Look,
    ) -> Result<Page<Posted>, AdminError> {
        let found = self
            .store()
            .history()
            .posts(filter, results, |_| true, look)
            .await?;
        Ok(found.into())
    }

    /// What was done within `look`, and is `action` where one is named; with `deliveries`, or where those are asked for,
    /// also what became of the messages that leave one by one.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn audited(
        &self,
        action: Option<&str>,
        deliveries: bool,
        look: Look,
    ) -> Result<Page<Noted>, AdminError> {
        let of_deliveries = [Action::MessageSent, Action::MessageFailed].map(Action::word);
        let deliveries = deliveries || action.is_some_and(|it| of_deliveries.contains(&it));
        let queue = deliveries.then(Name::messages_name);
        let found = self
            .store()
            .audit()
            .list(action, queue.as_ref(), look)
            .await?;
        Ok(found.into())
    }
}
