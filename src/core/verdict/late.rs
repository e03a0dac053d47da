//! "It answered too late": where the time went between the last message and the answer.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Delivery, Situation};
use crate::core::batch::Millis;
use crate::core::window::{CloseReason, WaitRule};

/// Where the time went, and what took most of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "code", content = "facts", rename_all = "snake_case")]
pub enum Late {
    /// The quiet window took most of it.
    Wait(Parts),
    /// Typing that held the window did.
    Typing(Parts),
    /// The window waited on until its cap, as for the text to media.
    Cap(Parts),
    /// Somebody had told the window to wait longer.
    Extended(Parts),
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

/// Where the time went from the last message, or from when a message for later was to leave, to the answer, or, where none was seen, until the destination had taken it.
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
    /// Typing that held the window after the last message, and messages that were taken back in it.
    pub typing_ms: Millis,
    /// What is beyond both, until the cap of the window.
    pub cap_ms: Millis,
    /// What is beyond both because somebody told the window to wait longer.
    pub extended_ms: Millis,
    /// From the closing of the window to the first try.
    pub queue_ms: Millis,
    /// From the first try to the one that was taken, or that was answered before one was; between them it may have been a dead
    /// letter.
    pub retries_ms: Millis,
    /// What that call took.
    pub bot_ms: Millis,
    /// From then until our side was seen to write; null: it was not seen.
    pub answer_ms: Option<Millis>,
}

impl Situation {
    /// Where the time went for the newest batch that was delivered.
    pub fn late(&self) -> Late {
        let parts = self.newest_answered().and_then(|it| self.parts(it));
        let Some(parts) = parts else {
            return Late::Nothing;
        };
        let longest: [(Millis, Made); 8] = [
            (parts.wait_ms, Late::Wait),
            (parts.typing_ms, Late::Typing),
            (parts.cap_ms, Late::Cap),
            (parts.extended_ms, Late::Extended),
            (parts.queue_ms, Late::Queue),
            (parts.retries_ms, Late::Retries),
            (parts.bot_ms, Late::Bot),
            (parts.answer_ms.unwrap_or_default(), Late::Answer),
        ];
        let longest = longest.into_iter().rev().max_by_key(|(ms, _)| *ms);
        longest.map_or(Late::Nothing, |(_, late)| late(parts))
    }

    /// The newest batch that was delivered, to the destination that was called last before the answer, if one was seen.
    fn newest_answered(&self) -> Option<&Delivery> {
        let newest = self.first_sent().rfind(|it| it.delivered)?;
        let Some(answered) = self.answer_after(newest.closed) else {
            return Some(newest);
        };
        let all = self.first_sent();
        let of_it = all.filter(|it| it.delivered && it.webhook_id == newest.webhook_id);
        of_it.max_by_key(|it| it.called_before(answered))
    }

    fn parts(&self, delivery: &Delivery) -> Option<Parts> {
        let last = delivery.tries.last()?;
        // Before it was a dead letter it was tried, too.
        let lives = self.deliveries.iter().filter(|it| it.is_same_as(delivery));
        let mut tries: Vec<_> = lives.flat_map(|it| &it.tries).collect();
        tries.sort_by_key(|it| it.at);
        let first = *tries.first()?;
        // A bot may answer to a call that ran into its time-out, whatever became of the next.
        let mut came = tries.iter().copied();
        let came = came.find(|it| it.may_be_answered()).unwrap_or(last);
        let answered = self.answer_after(came.began());
        let until = answered.unwrap_or(last.at);
        let mut before = tries.iter().copied().rev();
        let last = before.find(|it| it.began() <= until).unwrap_or(last);
        let gathered = self.gathered(delivery);
        // A bot that answers before it has taken the call was not waited for.
        let answer_ms = answered.map(|at| at.saturating_sub(last.at));
        let bot_until = until.min(last.at);
        Some(Parts {
            webhook_id: delivery.webhook_id.clone(),
            destination: delivery.destination.clone(),
            total_ms: until.saturating_sub(delivery.asked_at()),
            wait_ms: gathered.wait,
            typing_ms: gathered.typing,
            cap_ms: gathered.cap,
            extended_ms: gathered.extended,
            // A window that was closed late is one that waited for a monitor.
            queue_ms: first.began().saturating_sub(delivery.closed) + gathered.late,
            retries_ms: last.began().saturating_sub(first.began()),
            bot_ms: bot_until.saturating_sub(last.began()),
            answer_ms,
        })
    }

    /// Where the time went until the window of a batch was closed.
    fn gathered(&self, delivery: &Delivery) -> Gathered {
        let mut gathered = delivery.gathered(self.taken_back_after(delivery));
        let window = delivery.said.0..=delivery.closed;
        if self.extended.iter().any(|at| window.contains(at)) {
            // Its cap is only as far as it could be told to wait.
            gathered.extended += std::mem::take(&mut gathered.cap);
        }
        gathered
    }

    /// For how long what was taken back held the window of a batch after its last message, ms.
    fn taken_back_after(&self, delivery: &Delivery) -> Millis {
        let (_, last) = delivery.said;
        let taken_back = self.all_taken_back.iter().copied();
        let newest = taken_back.filter(|at| *at <= delivery.closed).max();
        newest.map_or(0, |at| at.saturating_sub(last))
    }
}

/// Where the time went until a window was closed, ms.
#[derive(Default)]
struct Gathered {
    wait: Millis,
    typing: Millis,
    cap: Millis,
    extended: Millis,
    /// Closed so much later than it was to be.
    late: Millis,
}

impl Delivery {
    /// Whether it is the same call, perhaps sent again as a dead letter.
    fn is_same_as(&self, other: &Self) -> bool {
        (&self.webhook_id, &self.destination) == (&other.webhook_id, &other.destination)
    }

    /// Since when an answer is waited for: the last message, or when a message for later was to leave.
    fn asked_at(&self) -> Millis {
        match self.reason {
            CloseReason::Later => self.due.unwrap_or(self.closed).min(self.closed),
            _ => self.said.1,
        }
    }

    fn gathered(&self, taken_back: Millis) -> Gathered {
        let all = self.closed.saturating_sub(self.asked_at());
        let Some(how) = self.gathered else {
            return Gathered {
                late: all,
                ..Gathered::default()
            };
        };
        let at_cap = self.reason == CloseReason::Cap;
        // Of media that waited for their text the wait was the cap.
        let of_wait = match how.rule {
            Some(WaitRule::Media) if at_cap => 0,
            _ => how.wait,
        };
        let typing = how.typing.saturating_add(taken_back);
        // Of batches that were joined the first was due before the last was said.
        let due = self.due.filter(|due| *due >= self.said.1);
        let late = match due {
            Some(due) => self.closed.saturating_sub(due),
            None if at_cap => 0,
            None => all.saturating_sub(of_wait.saturating_add(typing)),
        };
        let mut left = all.saturating_sub(late);
        let mut take = |most: Millis| {
            let taken = left.min(most);
            left -= taken;
            taken
        };
        let (wait, typing) = (take(of_wait), take(typing));
        let (cap, extended) = if at_cap { (left, 0) } else { (0, left) };
        Gathered {
            wait,
            typing,
            cap,
            extended,
            late,
        }
    }
}
