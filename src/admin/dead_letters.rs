//! Dead letters: list, show, revive, discard.

use tracing::info;

use super::{Admin, AdminError, Conflict, NoSuch, Page};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::revival::Wanted;
use crate::store::audit::{Act, By};
use crate::store::dead_letters::{DeadLetter, Letter};
use crate::store::revivals::{Counted, Preview, Revival};
use crate::store::{EntryId, Look, StoreError};

impl Admin {
    /// A page of the dead letters that are `wanted`, the newest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn dead_letters(
        &self,
        filter: &Filter,
        wanted: impl Fn(&Letter) -> bool,
        look: Look,
    ) -> Result<Page<DeadLetter>, AdminError> {
        let letters = self.store().dead_letters();
        Ok(letters.list_of(filter, wanted, look).await?.into())
    }

    /// One dead letter, by its id or by that of the message that it is.
    ///
    /// # Errors
    /// No such; unavailable, silent or unreadable.
    pub async fn dead_letter(&self, id: &str) -> Result<DeadLetter, AdminError> {
        self.letter_at(self.place_of(id).await?).await
    }

    /// Puts a dead letter back at the head of its lane.
    ///
    /// # Errors
    /// No such; it has no way back; unavailable, silent or unreadable.
    pub async fn revive(&self, id: &str, by: &By) -> Result<(), AdminError> {
        let id = self.place_of(id).await?;
        let subject = self.subject_of(id).await?;
        match self.store().dead_letters().revive(id).await {
            Ok(true) => {}
            Ok(false) => return Err(NoSuch::DeadLetter.into()),
            Err(StoreError::Gone) => return Err(self.no_way_back(id).await?.into()),
            Err(error) => return Err(error.into()),
        }
        info!(dead_letter = id.text(), "An operator revived a dead letter");
        let act = Act::new(Action::DeadLetterRevive, by).on(&subject);
        self.note(act).await;
        Ok(())
    }

    /// Begins to put back the dead letters that are wanted and not asked for already, the oldest `limit` of them; answers
    /// how many. It goes on whatever happens to this daemon.
    ///
    /// # Errors
    /// Too many are under way; full, unavailable, silent or unreadable.
    pub async fn revive_all(
        &self,
        wanted: Wanted,
        limit: Option<u64>,
        by: &By,
    ) -> Result<Counted, AdminError> {
        let wanted = self.placed(wanted).await;
        let chat = wanted.buffer.as_deref().zip(wanted.chat.as_deref());
        let chat = chat.and_then(|(buffer, id)| Chat::from_stored(buffer, id));
        let begun = self
            .store()
            .dead_letters()
            .begin_revival(&wanted, limit)
            .await?;
        let counted = begun.ok_or(Conflict::TooManyRevivals)?;
        let count = counted.count;
        self.0.reviving.notify_one();
        info!(count, "An operator revives {count} dead letters");
        let act = Act::new(Action::DeadLetterRevive, by).times(count);
        self.note(match chat {
            Some(chat) => act.on(&chat.hash()),
            None => act,
        })
        .await;
        Ok(counted)
    }

    /// What [`Admin::revive_all`] would put back.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn preview_revival(
        &self,
        wanted: Wanted,
        limit: Option<u64>,
    ) -> Result<Preview, AdminError> {
        let wanted = self.placed(wanted).await;
        Ok(self.store().dead_letters().preview(&wanted, limit).await?)
    }

    /// The revivals that are under way with their ids, the oldest first.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn revivals(&self) -> Result<Vec<(String, Revival)>, AdminError> {
        Ok(self.store().dead_letters().revivals().await?)
    }

    /// Drops a dead letter for good.
    ///
    /// # Errors
    /// No such; unavailable or silent.
    pub async fn discard(&self, id: &str, by: &By) -> Result<(), AdminError> {
        let id = self.place_of(id).await?;
        let subject = self.subject_of(id).await?;
        if !self.store().dead_letters().discard(id).await? {
            return Err(NoSuch::DeadLetter.into());
        }
        info!(
            dead_letter = id.text(),
            "An operator discarded a dead letter"
        );
        let act = Act::new(Action::DeadLetterDiscard, by).on(&subject);
        self.note(act).await;
        Ok(())
    }

    /// A dead letter as the audit names it: its id, and the hash of its chat where it is one's.
    async fn subject_of(&self, id: EntryId) -> Result<String, AdminError> {
        let letter = self.letter_at(id).await?.letter;
        let chat = Chat::from_stored(&letter.buffer, &letter.chat);
        Ok(match chat {
            Some(chat) => format!("{} {}", id.text(), chat.hash()),
            None => id.text(),
        })
    }

    async fn letter_at(&self, id: EntryId) -> Result<DeadLetter, AdminError> {
        let found = self.store().dead_letters().find(id).await?;
        Ok(found.ok_or(NoSuch::DeadLetter)?)
    }

    /// Why a dead letter cannot go back.
    async fn no_way_back(&self, id: EntryId) -> Result<Conflict, AdminError> {
        let letter = self.letter_at(id).await?.letter;
        Ok(Conflict::NoWayBack(
            match letter.destination.strip_prefix('.') {
                Some(schedule) => format!("schedule {schedule}"),
                None if letter.destination.is_empty() => format!("buffer {}", letter.buffer),
                None => format!("destination {}", letter.destination),
            },
        ))
    }

    /// The same with the places of dead letters for the ids of the messages that they are. An id of nothing is that of no
    /// letter, as one whose letter is gone.
    async fn placed(&self, mut wanted: Wanted) -> Wanted {
        for id in &mut wanted.ids {
            if let Ok(place) = self.place_of(id).await {
                *id = place.text();
            }
        }
        wanted
    }

    /// The place of a dead letter by its id, or by that of the message that it is. An id that no list ever gave names
    /// nothing.
    async fn place_of(&self, id: &str) -> Result<EntryId, AdminError> {
        if let Some(place) = EntryId::parse(id) {
            return Ok(place);
        }
        let message = BatchId::parse(id).ok_or(NoSuch::DeadLetter)?;
        let queue = Name::messages_name();
        let dead = self
            .store()
            .dead_letters()
            .find_of(&queue, &message)
            .await?;
        Ok(dead.ok_or(NoSuch::DeadLetter)?.id)
    }
}
