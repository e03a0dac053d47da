//! What is told of entries of the lists, and which of them somebody has missed.

use std::time::Duration;

use super::{Happening, What};
use crate::admin::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::filter::Filter;
use crate::store::history::Settlement;
use crate::store::history::following::FollowedEntry;
use crate::store::history::posts::{Post, Results};
use crate::store::{EntryId, Look};

/// Entries of each list that somebody is told who comes back.
const MOST_MISSED: usize = 500;
/// Who comes back is told what came so long before the last that they have heard: a list over all shards is no single
/// moment of them.
const OVERLAP: Duration = Duration::from_secs(2);

/// What is told of an entry, without bodies.
pub(super) fn of_entry(entry: FollowedEntry) -> What {
    match entry {
        FollowedEntry::Tried(settlement) => tried(*settlement),
        FollowedEntry::Buried(dead) => What::Buried {
            webhook_id: dead.batch.id.to_string(),
            messages: dead.batch.count,
            letter: dead.letter,
        },
        FollowedEntry::Posted(post) => What::Posted(slim(*post)),
    }
}

fn tried(settlement: Settlement) -> What {
    let mut record = settlement.record;
    record.request = None;
    record.stamps.clear();
    if let Some(last) = &mut record.last {
        last.answer = None;
    }
    What::Tried(record)
}

fn slim(post: Post) -> Post {
    Post {
        message: None,
        body: None,
        ..post
    }
}

impl Admin {
    /// What came into the lists since shortly before a moment, in order; none: so much that it has to be read again.
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
        let history = store.history();
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
        missed.extend(dead.0.into_iter().map(|dead| {
            let id = dead.id;
            happening(id, of_entry(FollowedEntry::Buried(Box::new(dead))))
        }));
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
