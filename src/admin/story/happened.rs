//! What has happened, as far as a verdict goes by it.

use super::sources::Sources;
use crate::core::action::Action;
use crate::core::batch::Millis;
use crate::core::ignored::Ignored;
use crate::core::paused_by::PausedBy;
use crate::core::post::{PostResult, TAKEN_BACK};
use crate::core::verdict::{Attempted, ByHand, DeadBatch, Delivery, Pause, Situation, Untaken};
use crate::core::window::CloseReason;
use crate::store::history::posts::Posted;
use crate::store::history::received::Received;
use crate::store::history::told::Told;
use crate::store::history::{DELIVERED, Settlement, Try};

impl Sources {
    /// Whether something that the person said is missing because of it: what came again, was said twice or changed what was
    /// taken is there, and nobody waits for an answer to a reaction, or to a change that the buffer ignores.
    fn is_missing(&self, posted: &Posted) -> bool {
        let result = posted.post.result.as_str();
        let there = [
            PostResult::Changed,
            PostResult::Repeated,
            PostResult::Ignored(Ignored::Double),
            PostResult::Ignored(Ignored::Reaction),
            PostResult::Ignored(Ignored::Edit),
            PostResult::Ignored(Ignored::Deletion),
        ];
        if !is_of_person(result) || there.map(PostResult::word).contains(&result) {
            return false;
        }
        let is_taken = |told: &Told| match told {
            Told::Said(received) => received.id() == posted.post.id,
            Told::Answered { .. } => false,
        };
        result != PostResult::Duplicate.word() || !self.told.iter().any(is_taken)
    }

    /// When a message was taken back in its window, as far as its id is kept.
    fn taken_back_at(&self, received: &Received) -> Option<Millis> {
        let took_back = |it: &&Posted| {
            it.post.result == PostResult::CHANGED && it.post.reason.as_deref() == Some(TAKEN_BACK)
        };
        let mut back = self.untaken.iter().filter(took_back).peekable();
        back.peek()?;
        let id = received.id()?;
        back.find(|it| it.at >= received.at && it.post.id.as_ref() == Some(&id))
            .map(|it| it.at)
    }

    /// What there is of it for a verdict.
    pub(super) fn situation(&self, now: Millis) -> Situation {
        // What came while it was read may be in a window that was looked for before.
        let all_said = self.told.iter().filter_map(|told| match told {
            Told::Said(received) if received.at > now => None,
            Told::Said(received) => Some((received.at, self.taken_back_at(received))),
            Told::Answered { .. } => None,
        });
        let all_said: Vec<_> = all_said.collect();
        let newest = all_said.first();
        let taken_back = newest.and_then(|(said, at)| Some(((*at)?, *said)));
        let said = all_said.iter().find(|(_, at)| at.is_none());
        let said = said.map(|(said, _)| *said);
        let all_taken_back = all_said.iter().filter(|(_, at)| at.is_some());
        let answers = self.told.iter().rev().filter_map(|told| match told {
            Told::Said(_) => None,
            Told::Answered { at, .. } => Some(*at),
        });
        let untaken = self.untaken.iter().find(|it| self.is_missing(it));
        let basis = Situation {
            said,
            ..Situation::default()
        };
        let mut acts = self.acts.iter();
        let paused = acts.find(|it| it.act.action == Action::ChatPause.word());
        let extended = self.acts.iter();
        let extended = extended.filter(|it| it.act.action == Action::ChatExtend.word());
        let again = self.acts.iter();
        let again = again.filter(|it| it.act.action == Action::BatchSendAgain.word());
        let sent_again = again.filter_map(|it| {
            Some(ByHand {
                webhook_id: it.act.part()?.to_owned(),
                key: it.act.actor.clone(),
            })
        });
        let dead = self.dead.iter();
        let dead = dead.filter(|it| basis.is_asked(it.batch.reason));
        let dead = dead.max_by_key(|it| (it.batch.closed, it.buried()));
        let mut deliveries: Vec<_> = self.settlements.iter().map(delivery).collect();
        deliveries.sort_by_key(|it| it.closed);
        Situation {
            now,
            said,
            taken_back,
            extended: extended.map(|it| it.at).collect(),
            all_taken_back: all_taken_back.map(|(said, _)| *said).collect(),
            answers: answers.collect(),
            untaken: untaken.map(|it| Untaken {
                at: it.at,
                result: it.post.result.clone(),
                reason: it.post.reason.clone(),
            }),
            dead: dead.map(|it| DeadBatch {
                id: it.id.text(),
                webhook_id: it.batch.id.to_string(),
                destination: it.letter.destination.clone(),
                reason: it.letter.reason.clone(),
                at: it.buried(),
                closed: it.batch.closed,
            }),
            deliveries,
            sent_again: sent_again.collect(),
            last_pause: paused.map(|it| Pause {
                left: 0,
                at: Some(it.at),
                by: Some(PausedBy::Operator),
                key: it.act.actor.clone(),
            }),
            ..Situation::default()
        }
    }
}

/// Whether what became of a post is about something that the person said, and not about our side or the gateway.
pub(super) fn is_of_person(result: &str) -> bool {
    let others = [
        Ignored::Own,
        Ignored::Bot,
        Ignored::DeliveryStatus,
        Ignored::Presence,
        Ignored::Notice,
        Ignored::NotAMessage,
        Ignored::PrivateNote,
    ];
    let others = others.map(|why| PostResult::Ignored(why).word());
    !others.contains(&result)
}

fn delivery(settlement: &Settlement) -> Delivery {
    let record = &settlement.record;
    let times = record.stamps.iter().map(|stamp| stamp.at);
    let earlier = settlement.earlier.iter();
    let mut tries: Vec<_> = earlier.map(|(at, made)| attempted(*at, made)).collect();
    tries.extend(
        record
            .last
            .as_ref()
            .map(|last| attempted(settlement.at, last)),
    );
    Delivery {
        webhook_id: record.id.clone(),
        destination: record.destination.clone(),
        said: (
            times.clone().min().unwrap_or(record.opened),
            times.max().unwrap_or(record.opened),
        ),
        closed: record.closed,
        due: record.due,
        reason: CloseReason::parse(&record.reason).unwrap_or(CloseReason::Quiet),
        gathered: record.gathered,
        repeats: record.repeats.clone(),
        tries,
        delivered: record.outcome == DELIVERED,
    }
}

pub(super) fn attempted(at: Millis, made: &Try) -> Attempted {
    Attempted {
        at,
        took: made.ms,
        status: made.status,
        summary: made.summary.clone(),
    }
}
