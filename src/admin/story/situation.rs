//! What is open, waits and was refused: all that a verdict goes by, beside what has happened.

use std::time::Duration;

use super::{Entry, Sources, What, entry};
use crate::admin::{Admin, AdminError, WaitingLane};
use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::finding::Sought;
use crate::core::ignored::Ignored;
use crate::core::post::PostResult;
use crate::core::verdict::{
    Attempted, DeadBatch, Delivery, HeardThrough, RefusedPosts, Situation, Untaken, WaitingBatch,
};
use crate::core::window::CloseReason;
use crate::store::chats::people::FoundChat;
use crate::store::history::posts::{Posted, Results};
use crate::store::history::told::Told;
use crate::store::history::{DELIVERED, Settlement, Try};
use crate::store::lines::Line;
use crate::store::{Look, PAGE_BYTES};

/// Refused posts are looked for so far back.
const REFUSED_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// Refused posts that are counted.
const MOST_REFUSED: usize = 500;
/// Other chats of the person that are looked at.
const MOST_OTHERS: usize = 20;
/// Lanes of a chat that are looked at, one for each destination.
const MOST_LANES: usize = 500;
/// Messages for later that are shown.
const MOST_LATER: usize = 100;

impl Admin {
    /// What is open or waits, as a situation and as entries.
    pub(super) async fn to_come(
        &self,
        chat: &Chat,
        sources: &Sources,
        known: &FoundChat,
    ) -> Result<(Situation, Vec<Entry>), AdminError> {
        let store = self.store();
        let filter = Filter::Chat(chat.clone());
        let mut room = PAGE_BYTES;
        let destinations = self.registry().get().destination_names();
        let (lanes, _) = store.chats().lanes(chat, destinations, &mut room).await?;
        let (window, follow_up, (later, _), now) = tokio::try_join!(
            store.windows().find(chat),
            store.follow_ups().find(chat),
            store
                .scheduled()
                .list(&filter, None, MOST_LATER, PAGE_BYTES),
            store.clock().now(),
        )?;
        let mut situation = sources.situation(now);
        situation.window = window.as_ref().map(|window| window.deadline);
        situation.later = later.iter().map(|kept| kept.at).min();
        situation.paused_for = known.paused_for.map(millis);
        situation.waiting = self.waiting(chat).await?;
        situation.refused = self.refused(chat, now).await?;
        situation.others = self.others(chat).await?;
        situation.last_post = self.last_post(&chat.buffer).await?;
        let (lines, _) = self.lines(Some(&chat.buffer)).await?;
        situation.line = heard_through(chat, lines);
        let mut entries: Vec<_> = later
            .into_iter()
            .map(|kept| entry(kept.at, What::Later(kept)))
            .collect();
        entries.extend(follow_up.map(|it| entry(it.at, What::FollowUp(it))));
        entries.extend(window.map(|it| entry(it.deadline, What::Open(it))));
        entries.extend(sources.untried(&lanes));
        Ok((situation, entries))
    }

    /// What waits on a lane, the oldest, and what holds it there.
    async fn waiting(&self, chat: &Chat) -> Result<Option<WaitingBatch>, AdminError> {
        let filter = Filter::Chat(chat.clone());
        let lanes = self.lanes(&filter, None, None, MOST_LANES).await?.items;
        let oldest = lanes
            .into_iter()
            .min_by_key(|lane| lane.listed.standing.batch.closed);
        Ok(oldest.map(
            |WaitingLane {
                 listed,
                 held_by,
                 left,
             }| {
                let standing = listed.standing;
                WaitingBatch {
                    webhook_id: standing.batch.id.to_string(),
                    destination: standing.lane.destination.to_string(),
                    held_by,
                    attempts: standing.attempts,
                    next_in: millis(left),
                    last: standing.last.map(|(at, last)| attempted(at, &last)),
                }
            },
        ))
    }

    /// What was refused for the buffer of a chat within a day.
    async fn refused(&self, chat: &Chat, now: Millis) -> Result<Option<RefusedPosts>, AdminError> {
        let within = millis(REFUSED_WITHIN);
        let look = Look {
            from: now.saturating_sub(within),
            ..Look::first(MOST_REFUSED)
        };
        let results = Results::Only(PostResult::REFUSED.to_owned());
        let filter = Filter::Buffer(chat.buffer.clone());
        let refused = self
            .store()
            .history()
            .posts(&filter, &results, |_| true, look);
        let (refused, _) = refused.await?;
        let Some(newest) = refused.first() else {
            return Ok(None);
        };
        Ok(Some(RefusedPosts {
            count: u64::try_from(refused.len()).unwrap_or(u64::MAX),
            code: newest.post.code.clone().unwrap_or_default(),
            at: newest.at,
        }))
    }

    /// When anything was last posted for a buffer, whatever became of it.
    async fn last_post(&self, buffer: &Name) -> Result<Option<Millis>, AdminError> {
        let filter = Filter::Buffer(buffer.clone());
        let newest = self
            .store()
            .history()
            .posts(&filter, &Results::Any, |_| true, Look::first(1));
        Ok(newest.await?.0.first().map(|posted| posted.at))
    }

    /// The other chats of the person.
    async fn others(&self, chat: &Chat) -> Result<Vec<(String, Millis)>, AdminError> {
        let sought = Sought::read(chat.id.as_str());
        let Some(sought) = sought else {
            return Ok(Vec::new());
        };
        let found = self
            .store()
            .chats()
            .find(&sought, MOST_OTHERS, |_| Vec::new());
        let others = found.await?.chats.into_iter();
        let others = others.filter(|it| (&it.chat.buffer, &it.chat.id) != (&chat.buffer, &chat.id));
        Ok(others
            .filter_map(|it| Some((it.chat.to_string(), it.last_heard?)))
            .collect())
    }
}

impl Sources {
    /// Whether something that the person said is missing because of it: what came again, was said twice or changed what was
    /// taken is there.
    fn is_missing(&self, posted: &Posted) -> bool {
        let result = posted.post.result.as_str();
        let there = [PostResult::Changed, PostResult::Repeated].map(PostResult::word);
        if !is_of_person(result) || there.contains(&result) {
            return false;
        }
        let is_taken = |told: &Told| match told {
            Told::Said(received) => received.id() == posted.post.id,
            Told::Answered { .. } => false,
        };
        result != PostResult::Duplicate.word() || !self.told.iter().any(is_taken)
    }

    /// What there is of it for a verdict.
    fn situation(&self, now: Millis) -> Situation {
        let said = self.told.iter().find_map(|told| match told {
            Told::Said(received) => Some(received.at),
            Told::Answered { .. } => None,
        });
        let answers = self.told.iter().rev().filter_map(|told| match told {
            Told::Said(_) => None,
            Told::Answered { at, .. } => Some(*at),
        });
        let untaken = self.untaken.iter().find(|it| self.is_missing(it));
        let dead = self.dead.first();
        let mut deliveries: Vec<_> = self.settlements.iter().map(delivery).collect();
        deliveries.sort_by_key(|it| it.closed);
        Situation {
            now,
            said,
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
            }),
            deliveries,
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

/// The line that a chat is heard through: the one that its name begins with, else the only one of its buffer.
fn heard_through(chat: &Chat, lines: Vec<Line>) -> Option<HeardThrough> {
    let is_only = lines.len() == 1;
    let names_it = |line: &Line| {
        let rest = chat.id.as_str().strip_prefix(line.line.as_deref()?)?;
        rest.starts_with(':').then_some(())
    };
    let mut lines = lines.into_iter();
    let line = lines.find(|line| is_only || names_it(line).is_some())?;
    Some(HeardThrough {
        last_post: line.last?,
        usual_gap: line.usual_gap().map(millis),
        name: line.line,
    })
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
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
        at_cap: record.reason == CloseReason::Cap.as_str(),
        gathered: record.gathered,
        tries,
        delivered: record.outcome == DELIVERED,
    }
}

fn attempted(at: Millis, made: &Try) -> Attempted {
    Attempted {
        at,
        took: made.ms,
        status: made.status,
        summary: made.summary.clone(),
    }
}
