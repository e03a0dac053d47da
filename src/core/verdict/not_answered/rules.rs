//! Which of the reasons holds: the first does.

use super::NotAnswered;
use crate::core::batch::Millis;
use crate::core::verdict::Situation;

/// By so much the list of received messages may be late, ms.
const LATE_BY: Millis = 50;
/// An answer is looked for so long before it is missed, ms.
const ANSWERS_WITHIN: Millis = 60_000;

impl Situation {
    /// Why the newest message was not answered.
    pub fn not_answered(&self) -> NotAnswered {
        let newest = self.said.max(self.untaken.as_ref().map(|it| it.at));
        // Where the newest post of all was refused, whatever the person has said since was, too.
        if let Some(refused) = &self.refused
            && newest.is_none_or(|newest| newest < refused.at)
            && self.last_post <= Some(refused.at)
        {
            return NotAnswered::PostsRefused {
                count: refused.count,
                refusal: refused.code.clone(),
                last_at: refused.at,
            };
        }
        if let Some(untaken) = self.untaken.as_ref().filter(|it| self.said < Some(it.at)) {
            return NotAnswered::Dropped {
                result: untaken.result.clone(),
                reason: untaken.reason.clone(),
                at: untaken.at,
                paused_for_ms: self.paused_for,
            };
        }
        if let Some(deadline) = self.window {
            return NotAnswered::Gathering {
                closes_in_ms: deadline.saturating_sub(self.now),
            };
        }
        self.on_its_way().unwrap_or_else(|| self.over())
    }

    fn on_its_way(&self) -> Option<NotAnswered> {
        let waiting = self.waiting.as_ref()?;
        let (destination, webhook_id) = (waiting.destination.clone(), waiting.webhook_id.clone());
        Some(match &waiting.last {
            Some(last) => NotAnswered::Failing {
                destination,
                webhook_id,
                attempts: waiting.attempts,
                status: last.status,
                summary: last.summary.clone(),
                held_by: waiting.held_by,
                next_in_ms: waiting.next_in,
            },
            None => NotAnswered::Waiting {
                held_by: waiting.held_by,
                destination,
                webhook_id,
                next_in_ms: waiting.next_in,
            },
        })
    }

    fn over(&self) -> NotAnswered {
        let delivered = self.newest_delivered();
        let delivered = delivered.and_then(|it| Some((it, it.delivered_at()?)));
        let delivered_at = delivered.map(|(_, at)| at);
        if let Some(dead) = self.dead.as_ref().filter(|it| delivered_at < Some(it.at)) {
            return NotAnswered::Dead {
                dead_letter: dead.id.clone(),
                destination: dead.destination.clone(),
                webhook_id: dead.webhook_id.clone(),
                reason: dead.reason.clone(),
                at: dead.at,
            };
        }
        // When a message came is told a little late where nothing else is kept of it.
        let delivered = delivered.filter(|(it, _)| self.said <= Some(it.said.1 + LATE_BY));
        let Some((delivery, at)) = delivered else {
            return self.nothing();
        };
        if let Some(line) = self.line.as_ref().filter(|it| it.is_silent(self.now)) {
            return NotAnswered::LineSilent {
                line: line.name.clone(),
                last_post_at: line.last_post,
                usual_gap_ms: line.usual_gap,
            };
        }
        let (destination, webhook_id) = (delivery.destination.clone(), delivery.webhook_id.clone());
        let since_ms = self.now.saturating_sub(at);
        if let Some(answered_at) = self.answer_after(delivery.closed) {
            return NotAnswered::Answered {
                destination,
                webhook_id,
                answered_at,
            };
        }
        if self.answers.is_empty() {
            return NotAnswered::Delivered {
                destination,
                webhook_id,
                since_ms,
            };
        }
        if since_ms < ANSWERS_WITHIN {
            return NotAnswered::JustDelivered {
                destination,
                webhook_id,
                since_ms,
            };
        }
        NotAnswered::NoAnswerSeen {
            destination,
            webhook_id,
            since_ms,
        }
    }

    fn nothing(&self) -> NotAnswered {
        match (self.later, self.said) {
            (Some(send_at), _) => NotAnswered::ForLater { send_at },
            (None, Some(said_at)) => NotAnswered::NotKept { said_at },
            (None, None) => {
                let line = self.line.as_ref();
                NotAnswered::NothingReceived {
                    line: line.and_then(|line| line.name.clone()),
                    last_post_at: line.map(|line| line.last_post).or(self.last_post),
                    usual_gap_ms: line.and_then(|line| line.usual_gap),
                }
            }
        }
    }
}
