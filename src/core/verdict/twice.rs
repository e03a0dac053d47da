//! "It answered twice."

use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, Situation, moment};
use crate::core::batch::Millis;

/// Chats of one person that were heard from so close to one another, ms, may have been one message.
const AT_ONCE: Millis = 60_000;
/// What made something come twice is told for so long after it, ms, by when it happened and when the newest batch was closed: who
/// complains has mostly written again.
const TOLD_FOR: Millis = 24 * 3_600_000;

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
        self.happened_twice()
            .or_else(|| self.several_destinations())
            .or_else(|| self.several_chats())
            .unwrap_or(Twice::Once)
    }

    /// What last made something come twice, if it was not long before the newest batch.
    fn happened_twice(&self) -> Option<Twice> {
        let newest = self.asked().next_back()?.closed;
        let is_of_now = |at: Millis| newest.saturating_sub(at) <= TOLD_FOR;
        let all = [self.two_batches(), self.called_again(), self.sent_again()];
        let all = all.into_iter().flatten().filter(|(at, _)| is_of_now(*at));
        all.max_by_key(|(at, _)| *at).map(|(_, why)| why)
    }

    /// Where that was the last that was delivered, it is what came twice; and when it was.
    fn sent_again(&self) -> Option<(Millis, Twice)> {
        let newest = self.asked().rfind(|it| it.delivered)?;
        let repeats = newest.repeats.clone()?;
        let mut acts = self.sent_again.iter();
        let act = acts.find(|it| it.webhook_id == newest.webhook_id);
        let why = Twice::SentAgain {
            destination: newest.destination.clone(),
            webhook_ids: [repeats, newest.webhook_id.clone()],
            at: newest.closed,
            by: act.and_then(|it| it.key.clone()),
        };
        Some((newest.closed, why))
    }

    fn called_again(&self) -> Option<(Millis, Twice)> {
        let again = self.asked().filter_map(|it| {
            let (last, before) = it.tries.split_last()?;
            let unanswered = before
                .iter()
                .filter(|made| made.status.is_none() && made.may_have_come());
            let why = Twice::CalledAgain {
                destination: it.destination.clone(),
                webhook_id: it.webhook_id.clone(),
                attempts: it.tries.len(),
                took_ms: unanswered.map(|made| made.took).max()?,
            };
            Some((last.at, why))
        });
        again.max_by_key(|(at, _)| *at)
    }

    fn two_batches(&self) -> Option<(Millis, Twice)> {
        let newest = self.first_sent().next_back()?;
        let to_it = self.first_sent().rev();
        let mut to_it = to_it.filter(|it| it.destination == newest.destination && it.delivered);
        let mut after: &Delivery = to_it.next()?;
        for before in to_it {
            let gap = after.said.0.saturating_sub(before.said.1);
            let wait = before.gathered.map_or(0, |it| it.wait);
            // One and a half times the wait.
            if gap > 0 && gap * 2 < wait * 3 {
                let why = Twice::TwoBatches {
                    destination: before.destination.clone(),
                    webhook_ids: [before.webhook_id.clone(), after.webhook_id.clone()],
                    gap_ms: gap,
                    wait_ms: wait,
                };
                return Some((after.closed, why));
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
