//! "It answered too late": where the time went between the last message and the answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, Situation};
use crate::core::batch::Millis;

/// Where the time went, and what took most of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", content = "facts", rename_all = "snake_case")]
pub enum Late {
    /// The quiet window took most of it.
    Wait(Parts),
    /// Typing that held the window did.
    Typing(Parts),
    /// What was said went on until the cap of the window.
    Cap(Parts),
    /// The batch waited for its first try: behind another, for a pace, a stop, or a place.
    Queue(Parts),
    /// Tries failed before one was taken.
    Retries(Parts),
    /// The bot took its time to take the call.
    Bot(Parts),
    /// It took the call at once, and the answer left later.
    Answer(Parts),
    /// Nothing was delivered that could have been late.
    Nothing,
}

/// What is made of the parts, where one of them is the longest.
type Made = fn(Parts) -> Late;

/// Where the time went from the last message to the answer, or, where none was seen, until the destination had taken it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Parts {
    /// The `webhook-id`.
    pub webhook_id: String,
    /// The destination.
    pub destination: String,
    /// All of it.
    pub total_ms: Millis,
    /// The quiet window.
    pub wait_ms: Millis,
    /// Typing that held the window after the last message.
    pub typing_ms: Millis,
    /// Until the cap of the window.
    pub cap_ms: Millis,
    /// From the closing of the window to the first try.
    pub queue_ms: Millis,
    /// From the first try to the one that was taken.
    pub retries_ms: Millis,
    /// What the call that was taken took.
    pub bot_ms: Millis,
    /// From then until our side was seen to write; null: it was not seen.
    pub answer_ms: Option<Millis>,
}

impl Situation {
    /// Where the time went for the newest batch that was delivered.
    pub fn late(&self) -> Late {
        let parts = self.newest_delivered().and_then(|it| self.parts(it));
        let Some(parts) = parts else {
            return Late::Nothing;
        };
        let longest: [(Millis, Made); 7] = [
            (parts.wait_ms, Late::Wait),
            (parts.typing_ms, Late::Typing),
            (parts.cap_ms, Late::Cap),
            (parts.queue_ms, Late::Queue),
            (parts.retries_ms, Late::Retries),
            (parts.bot_ms, Late::Bot),
            (parts.answer_ms.unwrap_or_default(), Late::Answer),
        ];
        let longest = longest.into_iter().rev().max_by_key(|(ms, _)| *ms);
        longest.map_or(Late::Nothing, |(_, late)| late(parts))
    }

    fn parts(&self, delivery: &Delivery) -> Option<Parts> {
        let (first, last) = (delivery.tries.first()?, delivery.tries.last()?);
        let gathering = delivery.closed.saturating_sub(delivery.said.1);
        let wait = delivery.gathered.map_or(0, |it| it.wait).min(gathering);
        let beyond = gathering - wait;
        let (wait_ms, typing_ms, cap_ms, late) = match delivery.gathered {
            _ if delivery.at_cap => (0, 0, gathering, 0),
            Some(it) => {
                let typing = beyond.min(it.typing);
                (wait, typing, 0, beyond - typing)
            }
            None => (0, 0, 0, gathering),
        };
        let answered = self.answer_after(last.at.saturating_sub(last.took));
        // A bot that answers before it has taken the call was not waited for.
        let answer_ms = answered.map(|at| at.saturating_sub(last.at));
        let until = answered.unwrap_or(last.at);
        let bot_until = until.min(last.at);
        Some(Parts {
            webhook_id: delivery.webhook_id.clone(),
            destination: delivery.destination.clone(),
            total_ms: until.saturating_sub(delivery.said.1),
            wait_ms,
            typing_ms,
            cap_ms,
            // A window that was closed late is one that waited for a monitor.
            queue_ms: first.began().saturating_sub(delivery.closed) + late,
            retries_ms: last.began().saturating_sub(first.began()),
            bot_ms: bot_until.saturating_sub(last.began()),
            answer_ms,
        })
    }
}
