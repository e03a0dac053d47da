//! Follow-ups: planned as a delivery is settled, sent when nothing was said for long enough.

use std::sync::Arc;

use crate::core::chat::Chat;
use crate::core::item::last_item;
use crate::core::window::CloseReason;
use crate::monitor::Monitor;
use crate::registry::Snapshot;
use crate::spec::Buffer;
use crate::store::config::Kind;
use crate::store::lanes::{Lease, Verdict};
use crate::store::scheduled::FollowUpPlan;
use crate::store::{Result, StoreError};

/// What the body of a follow-up is made by, where that is not its destination's to say.
pub(in crate::monitor) fn template_of<'a>(
    snapshot: &'a Snapshot,
    lease: &Lease,
) -> Option<&'a str> {
    if lease.batch.reason != CloseReason::Silence {
        return None;
    }
    let buffer = snapshot.buffer(&lease.lane.chat.buffer)?;
    buffer.follow_up.as_ref()?.template.as_deref()
}

impl Monitor {
    /// The verdict on a batch that was delivered.
    pub(in crate::monitor) fn delivered(&self, lease: &Lease) -> Verdict {
        let snapshot = self.registry.get();
        let buffer = snapshot.buffer(&lease.lane.chat.buffer);
        match buffer.and_then(|buffer| plan(buffer, lease)) {
            Some(plan) => Verdict::DropAndFollowUp { plan },
            None => Verdict::Drop,
        }
    }

    /// Sends the follow-up of a chat that is due, or puts it off until it may go out.
    pub(in crate::monitor) async fn follow_up(self: &Arc<Self>, chat: &Chat) -> Result<()> {
        match self.follow_up_once(chat).await {
            Err(StoreError::Gone) => {
                // Whether it is still wanted is seen by what is configured now.
                self.registry.renewed(&chat.buffer, chat).await?;
                self.follow_up_once(chat).await
            }
            done => done,
        }
    }

    async fn follow_up_once(self: &Arc<Self>, chat: &Chat) -> Result<()> {
        let Some(buffer) = self.followed_up(chat).await? else {
            // Its buffer wants none any more, or its chats lie elsewhere now, where no message would take it back.
            return self.store.follow_ups().cancel(chat).await.map(drop);
        };
        let Some(follow_up) = &buffer.follow_up else {
            return Ok(());
        };
        let destination = &follow_up.destination;
        let snapshot = self.registry.get();
        if snapshot
            .configured
            .removal(Kind::Buffer, &chat.buffer)
            .is_some()
        {
            // It goes with its buffer, or stays with it.
            return Ok(());
        }
        let stops = snapshot.stops();
        if stops.holds_from(&chat.buffer) || stops.holds_to(destination) {
            // It stays due until they are started again: by then something may have been said.
            return Ok(());
        }
        let Some(waiting) = self.store.follow_ups().find(chat).await? else {
            return Ok(());
        };
        let now = self.store.clock().now().await?;
        let (life, target) = (buffer.life, snapshot.target(destination));
        let opening = follow_up.opening(now);
        if waiting.at > now {
            return Ok(());
        }
        if opening > now {
            let store = &self.store;
            store
                .follow_ups()
                .put_off(chat, life, waiting, &target, opening)
                .await?;
        } else if self
            .store
            .follow_ups()
            .send(chat, life, waiting, &target)
            .await?
        {
            let called = [target];
            self.attempt_new(chat, &called, CloseReason::Silence.as_str());
        }
        Ok(())
    }

    /// The buffer of a chat, if it wants follow-ups; looked up anew before it is said that it does not.
    async fn followed_up(&self, chat: &Chat) -> Result<Option<Arc<Buffer>>> {
        let known = |snapshot: &Snapshot| {
            let buffer = snapshot.buffer(&chat.buffer).cloned();
            buffer.filter(|buffer| buffer.follow_up.is_some() && buffer.ordered == chat.ordered)
        };
        if let Some(buffer) = known(&self.registry.get()) {
            return Ok(Some(buffer));
        }
        self.registry.catch_up().await?;
        Ok(known(&self.registry.get()))
    }
}

/// What follows a delivery up: that of a batch to the first destination of its buffer, or of the follow-up before.
fn plan(buffer: &Buffer, lease: &Lease) -> Option<FollowUpPlan> {
    let follow_up = buffer.follow_up.as_ref()?;
    let (lane, batch) = (&lease.lane, &lease.batch);
    let number = match batch.reason {
        CloseReason::Silence => batch.id.number()? + 1,
        _ if lane.destination == buffer.destinations[0].name => 1,
        _ => return None,
    };
    if number > follow_up.most || buffer.ordered != lane.chat.ordered {
        return None;
    }
    let (came, item) = last_item(&batch.items)?;
    Some(FollowUpPlan {
        after: follow_up.after,
        number,
        came,
        item,
        life: buffer.life,
    })
}
