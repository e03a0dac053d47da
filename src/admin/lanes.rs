//! Lanes: what waits for which destination, what holds it, and trying or giving up on it by hand.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tracing::info;

use super::{Admin, AdminError, Conflict, NoSuch, Page};
use crate::core::action::Action;
use crate::core::batch::BatchId;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::held_by::HeldBy;
use crate::registry::Snapshot;
use crate::store::audit::{Act, By};
use crate::store::config::Kind;
use crate::store::lanes::giving_up::GivenUp;
use crate::store::lanes::hastening::{Hastened, HastenedMany};
use crate::store::lanes::listing::{LaneCursor, Listed};

/// A lane on which something waits.
#[derive(Clone, Debug)]
pub struct WaitingLane {
    /// How it stands.
    pub listed: Listed,
    /// What holds it.
    pub held_by: HeldBy,
    /// Until the next attempt may begin, as far as that is known; zero: at any time. Of one on its way, until its lease ends.
    pub left: Duration,
}

impl Admin {
    /// A page of the lanes on which something waits: to one destination or all, of `filter`.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn lanes(
        &self,
        filter: &Filter,
        destination: Option<&Name>,
        after: Option<LaneCursor>,
        limit: usize,
    ) -> Result<Page<WaitingLane>, AdminError> {
        let snapshot = self.registry().get();
        let destinations: BTreeSet<_> = match destination {
            Some(name) => [name.clone()].into(),
            None => snapshot.destination_names().into_iter().collect(),
        };
        let (lanes, daemons) = (self.store().lanes(), self.store().daemons());
        let listed = lanes.list(destinations, filter, after, limit);
        let ((listed, next), daemons) = tokio::try_join!(listed, daemons.all())?;
        let is_lonely = daemons.living_monitors().next().is_none();
        let mut paced = HashMap::new();
        let mut items = Vec::with_capacity(listed.len());
        for listed in listed {
            let mut held_by = held_by(&listed, &snapshot);
            let mut left = listed.standing.left;
            if held_by == HeldBy::Others && is_lonely {
                held_by = HeldBy::NoMonitor;
            } else if held_by == HeldBy::Others {
                let name = listed.standing.lane.destination.clone();
                let wait = match paced.get(&name) {
                    Some(wait) => *wait,
                    None => self.paced(&name, &snapshot).await?,
                };
                paced.insert(name, wait);
                if let Some(wait) = wait {
                    (held_by, left) = (HeldBy::Paced, wait);
                }
            }
            items.push(WaitingLane {
                listed,
                held_by,
                left,
            });
        }
        Ok((items, next).into())
    }

    /// How long the pace of a destination lets no other attempt begin; none: it lets one begin.
    async fn paced(
        &self,
        name: &Name,
        snapshot: &Snapshot,
    ) -> Result<Option<Duration>, AdminError> {
        let known = snapshot.destination(name);
        let Some(pace) = known.and_then(|destination| destination.pace) else {
            return Ok(None);
        };
        let grant = self.store().lanes().begin_attempts(name, pace, 0).await?;
        Ok((grant.left == 0).then_some(grant.next))
    }

    /// Lets the next attempt on the lane of a chat begin at once; false: it was due already.
    ///
    /// # Errors
    /// No such destination, or nothing waits there; an attempt is on its way, or another chat's batch comes first;
    /// unavailable or silent.
    pub async fn try_now(
        &self,
        destination: &Name,
        chat: &Chat,
        by: &By,
    ) -> Result<bool, AdminError> {
        self.must_be_there(destination)?;
        let chat = &self.as_it_lies(destination, chat).await?;
        let moved = match self.store().lanes().hasten(destination, chat).await? {
            Hastened::None => return Err(NoSuch::Lane.into()),
            Hastened::Other => return Err(Conflict::AnotherFirst.into()),
            Hastened::InHand => return Err(Conflict::InHand.into()),
            Hastened::Due => false,
            Hastened::Moved => true,
        };
        if moved {
            let hash = chat.hash();
            info!(chat = %hash, destination = %destination, "An operator let chat {hash} be tried at once");
            let act = Act::new(Action::LaneNow, by).on(&format!("{destination} {hash}"));
            self.note(act.times(1)).await;
        }
        Ok(moved)
    }

    /// The same of up to so many lanes to a destination, of one buffer if that is named.
    ///
    /// # Errors
    /// No such destination, or no such buffer and nothing of it waits; unavailable or silent.
    pub async fn try_all_now(
        &self,
        destination: &Name,
        buffer: Option<&Name>,
        most: usize,
        by: &By,
    ) -> Result<HastenedMany, AdminError> {
        self.must_be_there(destination)?;
        let lanes = self.store().lanes();
        let many = lanes.hasten_many(destination, buffer, most).await?;
        if let Some(buffer) = buffer.filter(|_| many.moved == 0 && many.in_hand == 0) {
            self.check_buffer(buffer)?;
        }
        if many.moved > 0 {
            let count = many.moved;
            info!(destination = %destination, count, "An operator let {count} lanes to {destination} be tried at once");
            let act = Act::new(Action::LaneNow, by).on(destination);
            self.note(act.times(count)).await;
        }
        Ok(many)
    }

    /// Makes a dead letter of the first batch on the lane of a chat, of the one that is named if one is; answers which it
    /// was, how often it was tried, and how many batches are left there.
    ///
    /// # Errors
    /// Nothing waits there, or another batch is the first; an attempt is on its way, or another chat's batch comes first;
    /// unavailable, silent or unreadable.
    pub async fn give_up(
        &self,
        destination: &Name,
        chat: &Chat,
        named: Option<&BatchId>,
        by: &By,
    ) -> Result<(BatchId, u32, u64), AdminError> {
        let chat = &self.as_it_lies(destination, chat).await?;
        let lanes = self.store().lanes();
        let became = lanes.give_up_and_tell(destination, chat, named, &self.0.retention);
        let (became, told) = became.await?;
        match became {
            GivenUp::Done { id, attempts, left } => {
                if let (Some(export), Some((record, told))) = (self.0.metrics.export(), told) {
                    export.tell(&record, &told);
                }
                let hash = chat.hash();
                info!(chat = %hash, destination = %destination, "An operator gave up on the first batch of chat {hash}");
                let act = Act::new(Action::LaneGiveUp, by).on(&format!("{destination} {hash}"));
                self.note(act.times(1)).await;
                Ok((id, attempts, left))
            }
            GivenUp::None => Err(NoSuch::Lane.into()),
            GivenUp::Other => Err(Conflict::AnotherFirst.into()),
            GivenUp::InHand => Err(Conflict::InHand.into()),
        }
    }

    fn must_be_there(&self, destination: &Name) -> Result<(), AdminError> {
        let there = self.registry().get().destination_names();
        match there.contains(destination) {
            true => Ok(()),
            false => Err(NoSuch::Kind(Kind::Destination).into()),
        }
    }

    /// The chat in the order in which something waits there: its buffer may have gone by the other until lately.
    async fn as_it_lies(&self, destination: &Name, chat: &Chat) -> Result<Chat, AdminError> {
        let other = chat.in_other_order();
        let lanes = self.store().lanes();
        if lanes.standing(destination, chat).await?.is_none()
            && lanes.standing(destination, &other).await?.is_some()
        {
            return Ok(other);
        }
        Ok(chat.clone())
    }
}

fn held_by(listed: &Listed, snapshot: &Snapshot) -> HeldBy {
    let standing = &listed.standing;
    let (name, buffer) = (&standing.lane.destination, &standing.lane.chat.buffer);
    let known = snapshot.destination(name);
    let is_there = known.is_some() || snapshot.destination_names().contains(name);
    let stops = snapshot.stops();
    match () {
        () if standing.in_hand => HeldBy::InHand,
        () if listed.behind => HeldBy::Behind,
        () if !is_there => HeldBy::Gone,
        () if known.is_some_and(|known| !known.active) => HeldBy::Off,
        () if stops.holds_to(name) || stops.holds_from(buffer) => HeldBy::Stopped,
        () if !standing.left.is_zero() => HeldBy::Retry,
        () => HeldBy::Others,
    }
}
