//! "It answered twice."

use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, Situation, moment};
use crate::core::batch::Millis;

/// Chats of one person that were heard from so close to one another, ms, may have been one message.
const AT_ONCE: Millis = 60_000;

/// Why an answer may have come twice: the first of these that holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", content = "facts", rename_all = "snake_case")]
pub enum Twice {
    /// Somebody sent again what had been delivered.
    SentAgain {
        /// The destination.
        destination: String,
        /// The `webhook-id`s of what was delivered first, and of what was sent again.
        webhook_ids: [String; 2],
        /// When it was sent again (RFC 3339, UTC).
        #[serde(serialize_with = "moment")]
        #[schema(value_type = String, format = DateTime)]
        at: Millis,
        /// The name of the key of who did it; null: nobody asked for one, or it is not kept any more.
        by: Option<String>,
    },
    /// A call came again under its id, because the one before it had no answer in time: the destination may have worked on
    /// both.
    CalledAgain {
        /// The destination.
        destination: String,
        /// The `webhook-id`, which was the same.
        webhook_id: String,
        /// How often it was called.
        attempts: usize,
        /// How long the longest call without an answer took.
        took_ms: Millis,
    },
    /// What was said came in two batches, as the pause between was not much longer than the wait.
    TwoBatches {
        /// The destination.
        destination: String,
        /// Their `webhook-id`s.
        webhook_ids: [String; 2],
        /// The pause.
        gap_ms: Millis,
        /// The wait.
        wait_ms: Millis,
    },
    /// One batch went to several destinations.
    SeveralDestinations {
        /// Their names.
        destinations: Vec<String>,
        /// The `webhook-id`.
        webhook_id: String,
    },
    /// The person wrote, or was heard, in several chats: over several buffers or lines.
    SeveralChats {
        /// The others.
        chats: Vec<String>,
    },
    /// Nothing tells of two calls for one thing.
    Once,
}

impl Situation {
    /// Why an answer may have come twice.
    pub fn twice(&self) -> Twice {
        self.sent_again()
            .or_else(|| self.called_again())
            .or_else(|| self.two_batches())
            .or_else(|| self.several_destinations())
            .or_else(|| self.several_chats())
            .unwrap_or(Twice::Once)
    }

    /// Where that was the last that was delivered, it is what came twice.
    fn sent_again(&self) -> Option<Twice> {
        let newest = self.newest_delivered()?;
        let repeats = newest.repeats.clone()?;
        let mut acts = self.sent_again.iter();
        let act = acts.find(|it| it.webhook_id == newest.webhook_id);
        Some(Twice::SentAgain {
            destination: newest.destination.clone(),
            webhook_ids: [repeats, newest.webhook_id.clone()],
            at: newest.closed,
            by: act.and_then(|it| it.key.clone()),
        })
    }

    fn called_again(&self) -> Option<Twice> {
        self.asked().rev().find_map(|it| {
            let (_, before) = it.tries.split_last()?;
            let unanswered = before
                .iter()
                .filter(|made| made.status.is_none() && made.may_have_come());
            Some(Twice::CalledAgain {
                destination: it.destination.clone(),
                webhook_id: it.webhook_id.clone(),
                attempts: it.tries.len(),
                took_ms: unanswered.map(|made| made.took).max()?,
            })
        })
    }

    fn two_batches(&self) -> Option<Twice> {
        let newest = self.first_sent().next_back()?;
        let to_it = self.first_sent().rev();
        let mut to_it = to_it.filter(|it| it.destination == newest.destination && it.delivered);
        let mut after: &Delivery = to_it.next()?;
        for before in to_it {
            let gap = after.said.0.saturating_sub(before.said.1);
            let wait = before.gathered.map_or(0, |it| it.wait);
            // One and a half times the wait.
            if gap > 0 && gap * 2 < wait * 3 {
                return Some(Twice::TwoBatches {
                    destination: before.destination.clone(),
                    webhook_ids: [before.webhook_id.clone(), after.webhook_id.clone()],
                    gap_ms: gap,
                    wait_ms: wait,
                });
            }
            after = before;
        }
        None
    }

    fn several_destinations(&self) -> Option<Twice> {
        let newest = self.newest_delivered()?;
        let of_it = self.asked();
        let of_it = of_it.filter(|it| it.webhook_id == newest.webhook_id && it.delivered);
        let destinations: Vec<_> = of_it.map(|it| it.destination.clone()).collect();
        (destinations.len() > 1).then(|| Twice::SeveralDestinations {
            destinations,
            webhook_id: newest.webhook_id.clone(),
        })
    }

    fn several_chats(&self) -> Option<Twice> {
        let said = self.said?;
        let others = self.others.iter();
        let others = others.filter(|(_, at)| at.abs_diff(said) < AT_ONCE);
        let chats: Vec<_> = others.map(|(chat, _)| chat.clone()).collect();
        (!chats.is_empty()).then_some(Twice::SeveralChats { chats })
    }
}
