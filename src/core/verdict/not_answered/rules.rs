//! Which of the reasons holds: the first does.

use super::NotAnswered;
use crate::core::batch::Millis;
use crate::core::post::PostResult;
use crate::core::verdict::{Delivery, Pause, Situation, Untaken};

/// By so much the list of received messages may be late, ms.
const LATE_BY: Millis = 50;
/// An answer is looked for so long before it is missed, ms.
const ANSWERS_WITHIN: Millis = 60_000;
/// So long after its deadline an open window is no longer about to be closed, although a monitor is alive, ms: as for health.
const LEFT_AFTER: Millis = 10_000;
/// So many posts of a buffer must have been refused one after the other before they tell anything of somebody who is known: a
/// single one may be a stranger's.
const SEVERAL: u64 = 3;

impl Situation {
    /// Why the newest message was not answered.
    pub fn not_answered(&self) -> NotAnswered {
        self.of_the_person()
            .or_else(|| self.posts_refused())
            .unwrap_or_else(|| self.over())
    }

    /// What is known of the newest that this very person said, and is no answer.
    fn of_the_person(&self) -> Option<NotAnswered> {
        if let Some(untaken) = self.newest_untaken() {
            let answered = self.answer_after(untaken.at).is_some();
            return (!answered).then(|| dropped(untaken.clone(), self.pause.clone()));
        }
        if let Some(deadline) = self.window {
            return Some(self.open(deadline));
        }
        // Where one destination has taken it and our side wrote since, others are nobody's complaint.
        if self.answered().is_some() {
            return self.taken_back();
        }
        self.on_its_way()
            .or_else(|| self.dead())
            .or_else(|| self.taken_back())
            .or_else(|| self.left_to_a_person())
            .or_else(|| self.for_later())
    }

    /// A monitor that is at work closes a window within milliseconds.
    fn open(&self, deadline: Millis) -> NotAnswered {
        let overdue_ms = self.now.saturating_sub(deadline);
        let is_left = if self.monitors == 0 { 1 } else { LEFT_AFTER };
        if overdue_ms < is_left {
            return NotAnswered::Gathering {
                closes_in_ms: deadline.saturating_sub(self.now),
            };
        }
        NotAnswered::Overdue {
            due_at: deadline,
            overdue_ms,
            monitors: self.monitors,
        }
    }

    /// What was not taken, where that is the newest.
    fn newest_untaken(&self) -> Option<&Untaken> {
        let heard = self.said.max(self.heard_in_group());
        self.untaken.as_ref().filter(|it| heard < Some(it.at))
    }

    fn heard_in_group(&self) -> Option<Millis> {
        self.in_group.as_ref().map(|it| it.at)
    }

    /// When the newest was posted of the person, as far as is known.
    fn newest_post(&self) -> Option<Millis> {
        let untaken = self.untaken.as_ref().map(|it| it.at);
        self.said.max(untaken).max(self.heard_in_group())
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

    fn dead(&self) -> Option<NotAnswered> {
        // Of one batch it counts whatever became of it elsewhere.
        let delivered = self.newest_delivered().map(Delivery::since);
        let dead = self.dead.as_ref();
        let dead = dead.filter(|it| delivered <= Some(it.closed))?;
        Some(NotAnswered::Dead {
            dead_letter: dead.id.clone(),
            destination: dead.destination.clone(),
            webhook_id: dead.webhook_id.clone(),
            reason: dead.reason.clone(),
            at: dead.at,
        })
    }

    /// What was said before it, in the same window, may have been delivered without it.
    fn taken_back(&self) -> Option<NotAnswered> {
        let (at, said_at) = self.taken_back?;
        let closed = self.asked().map(Delivery::since).max();
        let is_newest = self.said < Some(said_at) && closed < Some(said_at);
        let is_answered = self.answer_after(said_at).is_some();
        (is_newest && !is_answered).then_some(NotAnswered::TakenBack { said_at, at })
    }

    /// The pause has dropped the window that the newest message was in; also one that is over.
    fn left_to_a_person(&self) -> Option<NotAnswered> {
        let noted = self.last_pause.as_ref().filter(|it| it.at >= self.said);
        let (pause, said) = (self.pause.as_ref().or(noted)?, self.said?);
        let is_after = pause.at.is_none_or(|at| at >= said);
        let is_over = self.delivered().is_some() || self.answer_after(said).is_some();
        (is_after && !is_over).then(|| {
            let untaken = Untaken {
                at: said,
                result: PostResult::Paused.word().to_owned(),
                reason: Some("its window was dropped when the chat was paused".to_owned()),
            };
            dropped(untaken, Some(pause.clone()))
        })
    }

    fn for_later(&self) -> Option<NotAnswered> {
        let answered = self.said.and_then(|said| self.answer_after(said));
        let is_over = answered.is_some() || self.delivered().is_some();
        let send_at = self.later.filter(|_| !is_over)?;
        Some(NotAnswered::ForLater { send_at })
    }

    /// Where the newest posts of all were refused, whatever the person has said since was, too.
    fn posts_refused(&self) -> Option<NotAnswered> {
        let newest = self.newest_post();
        let is_known = newest.is_some() || !self.deliveries.is_empty();
        let enough = if is_known { SEVERAL } else { 1 };
        let refused = self.refused.as_ref().filter(|it| it.count >= enough)?;
        let is_newest =
            newest.is_none_or(|newest| newest < refused.at) && self.last_post <= Some(refused.at);
        is_newest.then(|| NotAnswered::PostsRefused {
            count: refused.count,
            refusal: refused.code.clone(),
            last_at: refused.at,
        })
    }

    /// Whether a batch holds the newest message: when that came is told a little late where nothing else is kept of it.
    fn holds_newest(&self, delivery: &Delivery) -> bool {
        self.said <= Some(delivery.said.1 + LATE_BY)
    }

    /// The newest batch, if it was delivered somewhere.
    fn delivered(&self) -> Option<&Delivery> {
        self.newest_delivered().filter(|it| self.holds_newest(it))
    }

    /// The same where our side wrote since, and when.
    fn answered(&self) -> Option<(&Delivery, Millis)> {
        let newest = self.delivered()?;
        let to_each = self.asked();
        let to_each = to_each.filter(|it| it.delivered && it.is_of_one_with(newest));
        let answered = to_each.filter_map(|it| Some((it, self.answer_after(it.since())?)));
        // Of several destinations the one that was called last before the answer.
        answered.max_by_key(|(it, at)| (it.repeats.is_none(), it.called_before(*at)))
    }

    fn over(&self) -> NotAnswered {
        let untaken = self.newest_untaken();
        let delivered = self.delivered().filter(|_| untaken.is_none());
        let delivered = delivered.and_then(|it| Some((it, it.delivered_at()?)));
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
        if let Some((delivery, answered_at)) = self.answered() {
            return NotAnswered::Answered {
                destination: Some(delivery.destination.clone()),
                webhook_id: Some(delivery.webhook_id.clone()),
                answered_at,
            };
        }
        let (destination, webhook_id) = (delivery.destination.clone(), delivery.webhook_id.clone());
        let since_ms = self.now.saturating_sub(at);
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

    /// What nothing was delivered of.
    fn nothing(&self) -> NotAnswered {
        if let Some(answered_at) = self
            .newest_post()
            .and_then(|newest| self.answer_after(newest))
        {
            return NotAnswered::Answered {
                destination: None,
                webhook_id: None,
                answered_at,
            };
        }
        if let Some(said_at) = self.said.or(self.heard) {
            return NotAnswered::NotKept { said_at };
        }
        if let Some(group) = self.in_group.clone() {
            return NotAnswered::InGroup {
                user: group.user,
                buffer: group.buffer,
                at: group.at,
            };
        }
        let line = self.line.as_ref();
        NotAnswered::NothingReceived {
            line: line.and_then(|line| line.name.clone()),
            last_post_at: line.map(|line| line.last_post).or(self.last_post),
            usual_gap_ms: line.and_then(|line| line.usual_gap),
        }
    }
}

/// What was not taken, or taken and dropped, and whose pause has to do with it.
fn dropped(untaken: Untaken, pause: Option<Pause>) -> NotAnswered {
    let left = pause.as_ref().map(|it| it.left);
    NotAnswered::Dropped {
        result: untaken.result,
        reason: untaken.reason,
        at: untaken.at,
        paused_for_ms: left.filter(|left| *left > 0),
        paused_by: pause.as_ref().and_then(|it| it.by),
        paused_by_key: pause.and_then(|it| it.key),
    }
}
