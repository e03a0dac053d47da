//! Trying what is not written yet, and trying anything with what really was posted or said. Nothing is stored.

use super::configuring::Managed;
use super::{Admin, AdminError, Destined, NoSuch, WholeBatch, Whose};
use crate::core::batch::{BatchId, Millis};
use crate::core::chat::Name;
use crate::core::destination::Destination;
use crate::core::window::CloseReason;
use crate::delivery::trial::{Depth, Real, Trial, try_out, try_with};
use crate::spec::{Buffer, BufferSpec, DestinationSpec};
use crate::store::EntryId;

impl Admin {
    /// A buffer as it would be if this were written: its masks stand for what is kept under its name.
    ///
    /// # Errors
    /// It could not be written, says why.
    pub fn draft_of_buffer(&self, draft: BufferSpec) -> Result<Buffer, AdminError> {
        let draft = self.unmasked_draft(draft)?;
        Ok(draft.check(&self.registry().defaults().buffer.window)?)
    }

    /// Makes one marked call to a destination as it would be if this were written, with a sample or a batch that there is; or
    /// only tells which call that would be.
    ///
    /// # Errors
    /// It could not be written, says why; it makes no body of that; no such batch, or nothing of it is kept; unavailable
    /// or silent.
    pub async fn try_draft(
        &self,
        draft: DestinationSpec,
        batch: Option<&BatchId>,
        now: Millis,
        depth: Depth,
    ) -> Result<Trial, AdminError> {
        let destination = self.unmasked_draft(draft)?.check()?;
        self.try_call(&destination, batch, now, depth).await
    }

    fn unmasked_draft<T: Managed>(&self, draft: T) -> Result<T, AdminError> {
        let snapshot = self.registry().get();
        let configured = &snapshot.configured;
        configured.is_open(T::KIND, draft.name())?;
        let old = configured.get::<T>(draft.name()).map(|old| &old.spec);
        let draft = draft.unmasked(old)?;
        draft.check_in(self, &snapshot)?;
        Ok(draft)
    }

    /// Makes one marked call with a batch that there is, or with a sample.
    async fn try_call(
        &self,
        destination: &Destination,
        batch: Option<&BatchId>,
        now: Millis,
        depth: Depth,
    ) -> Result<Trial, AdminError> {
        let Some(id) = batch else {
            return Ok(try_out(destination, self.clients(), now, depth).await?);
        };
        let real = self.real(id).await?;
        Ok(try_with(destination, self.clients(), &real, depth).await?)
    }

    /// Makes one marked call to a destination, of which nothing is kept, with a batch that there is, or with a sample, whose
    /// message came `now`; or only tells which call that would be.
    ///
    /// # Errors
    /// No such, or nothing of the batch is kept; it cannot be used, or makes no body of that; its URL is not told here;
    /// unavailable or silent.
    pub async fn try_destination(
        &self,
        name: &Name,
        batch: Option<&BatchId>,
        now: Millis,
        depth: Depth,
    ) -> Result<Trial, AdminError> {
        let destination = self.callable(name).await?;
        self.try_call(&destination, batch, now, depth).await
    }

    async fn real(&self, id: &BatchId) -> Result<Real, AdminError> {
        let WholeBatch {
            chat,
            destinations,
            said,
            ..
        } = self.batch(id, Whose::default()).await?;
        let said = said.ok_or_else(|| NoSuch::Said(id.clone()))?;
        let gathered = destinations.iter().find_map(gathered);
        let (opened, closed, reason) = gathered.ok_or_else(|| NoSuch::Said(id.clone()))?;
        let snapshot = self.registry().get();
        Ok(Real {
            opened,
            closed,
            reason,
            zone: snapshot.zone(&chat),
            language: snapshot.language(&chat),
            items: said.items,
            chat,
        })
    }

    /// The body of a post that was not taken, as it came.
    ///
    /// # Errors
    /// No such, or its body is not kept; unavailable, silent or unreadable.
    pub async fn body_of_post(&self, id: &str) -> Result<String, AdminError> {
        let no_such = || NoSuch::Post(id.to_owned());
        let place = EntryId::parse_of_two(id).ok_or_else(no_such)?;
        let post = self.store().history().post(place).await?;
        Ok(post.and_then(|post| post.body).ok_or_else(no_such)?)
    }
}

/// When a batch was gathered, and what closed it.
fn gathered(destined: &Destined) -> Option<(Millis, Millis, CloseReason)> {
    let waits = destined.waits.as_ref().map(|it| &it.waiting.batch);
    let dead = destined.dead.as_ref().map(|it| &it.batch);
    if let Some(batch) = waits.or(dead) {
        return Some((batch.opened, batch.closed, batch.reason));
    }
    let record = &destined.settled.as_ref()?.record;
    let reason = CloseReason::parse(&record.reason)?;
    Some((record.opened, record.closed, reason))
}
