//! What is open or waits: what a story tells of what is to come.

use super::paging::StoryPage;
use super::{Entry, What, entry};
use crate::admin::lanes::WaitingLane as StandingLane;
use crate::admin::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::store::PAGE_BYTES;
use crate::store::chats::chat_detail::WaitingLane;
use crate::store::scheduled::{Kept, WaitingFollowUp};
use crate::store::windows::open::Window;

/// Messages for later that are shown.
const MOST_LATER: usize = 100;
/// Lanes of a chat that are looked at, one for each destination.
const MOST_LANES: usize = 500;

/// What is open or waits.
pub(super) struct ToCome {
    pub(super) now: Millis,
    pub(super) window: Option<Window>,
    pub(super) follow_up: Option<WaitingFollowUp>,
    pub(super) later: Vec<Kept>,
    /// Lanes with batches of the chat, where such may be on the page.
    pub(super) lanes: Vec<WaitingLane>,
    /// How its lanes stand, for a verdict.
    pub(super) standing: Vec<StandingLane>,
}

impl Admin {
    /// What is open or waits of a chat.
    pub(super) async fn to_come(
        &self,
        chat: &Chat,
        page: &StoryPage,
    ) -> Result<ToCome, AdminError> {
        let store = self.store();
        let filter = Filter::Chat(chat.clone());
        // What was said until this moment is in its window when that is read, or behind it.
        let now = store.clock().now().await?;
        let later = store.scheduled();
        let (window, follow_up, (later, _)) = tokio::try_join!(
            store.windows().find(chat),
            store.follow_ups().find(chat),
            later.list(&filter, None, MOST_LATER, PAGE_BYTES),
        )?;
        let mut lanes = Vec::new();
        if page.has_untried() {
            let destinations = self.registry().get().destination_names();
            let chats = store.chats();
            (lanes, _) = chats.lanes(chat, destinations, &mut { PAGE_BYTES }).await?;
        }
        let mut standing = Vec::new();
        if page.is_newest() {
            standing = self.lanes(&filter, None, None, MOST_LANES).await?.items;
        }
        Ok(ToCome {
            now,
            window,
            follow_up,
            later,
            lanes,
            standing,
        })
    }
}

impl ToCome {
    /// It as entries, without what waits on lanes.
    pub(super) fn entries(self) -> Vec<Entry> {
        let later = self.later.into_iter();
        let mut entries: Vec<_> = later
            .map(|kept| entry(kept.at, What::Later(kept)))
            .collect();
        let follow_up = self.follow_up.map(|it| entry(it.at, What::FollowUp(it)));
        let window = self.window.map(|it| entry(it.deadline, What::Open(it)));
        entries.extend(follow_up.into_iter().chain(window));
        entries
    }
}
