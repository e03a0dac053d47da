//! What is told of entries of the lists, and which of them somebody has missed.

use std::time::Duration;

use super::happenings::{Happening, What};
use crate::admin::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::filter::Filter;
use crate::store::dead_letters::DeadLetter;
use crate::store::history::Settlement;
use crate::store::history::following::FollowedEntry;
use crate::store::history::posts::{Post, Results};
use crate::store::{EntryId, Look};

/// Entries of each list that somebody is told who comes back.
const MOST_MISSED: usize = 500;
/// Who comes back is told what came so long before the last that they have heard: a list over all shards is no single
/// moment of them.
const OVERLAP: Duration = Duration::from_secs(2);

/// What is told of an entry, without bodies; none: nothing, as of a change of a message that was taken.
pub(super) fn of_entry(entry: FollowedEntry) -> Option<What> {
    Some(match entry {
        FollowedEntry::Tried(settlement) => tried(*settlement),
        FollowedEntry::Buried(dead) => buried(*dead),
        FollowedEntry::Posted(post) if !Results::NotTaken.includes(&post) => return None,
        FollowedEntry::Posted(post) => What::Posted(slim(*post)),
    })
}

fn buried(dead: DeadLetter) -> What {
    What::Buried {
        webhook_id: dead.batch.id.to_string(),
        messages: dead.batch.count,
        letter: dead.letter,
    }
}

fn tried(settlement: Settlement) -> What {
    let mut record = settlement.record;
    record.request = None;
    record.stamps.clear();
    if let Some(last) = &mut record.last {
        last.answer = None;
    }
    What::Tried(Box::new(record))
}

fn slim(post: Post) -> Post {
    Post {
        message: None,
        body: None,
        ..post
    }
}

impl Admin {
    /// What came into the lists since shortly before a moment, in order; none: so much that it has to be read again, or some of
    /// it may be kept no more, or the moment has not come, because a clock was set back.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn missed(
        &self,
        filter: &Filter,
        since: Millis,
    ) -> Result<Option<Vec<Happening>>, AdminError> {
        let overlap = Millis::try_from(OVERLAP.as_millis()).unwrap_or_default();
        let look = Look {
            from: since.saturating_sub(overlap),
            ..Look::first(MOST_MISSED)
        };
        let store = self.store();
        if since > store.clock().now().await? {
            return Ok(None);
        }
        let history = store.history();
        if history.may_lack(filter, look.from).await? {
            return Ok(None);
        }
        let (tried_ones, dead, posts) = tokio::try_join!(
            history.list(filter, |_| true, look),
            store.dead_letters().list(filter, look),
            history.posts(filter, &Results::NotTaken, |_| true, look),
        )?;
        if tried_ones.1.is_some() || dead.1.is_some() || posts.1.is_some() {
            return Ok(None);
        }
        let happening = |id: EntryId, what: What| Happening { id: Some(id), what };
        let mut missed: Vec<_> = tried_ones
            .0
            .into_iter()
            .map(|settlement| happening(settlement.id, tried(settlement)))
            .collect();
        missed.extend(
            dead.0
                .into_iter()
                .map(|dead| happening(dead.id, buried(dead))),
        );
        missed.extend(
            posts
                .0
                .into_iter()
                .map(|posted| happening(posted.id, What::Posted(slim(posted.post)))),
        );
        missed.sort_by_key(|it| it.id.map(|id| id.at()));
        Ok(Some(missed))
    }
}
