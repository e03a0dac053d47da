//! What is open, waits and was refused: all that a verdict goes by, beside what has happened.

use std::time::Duration;

use super::happened::attempted;
use super::sources::Sources;
use super::to_come::ToCome;
use crate::admin::{Admin, AdminError};
use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::core::filter::Filter;
use crate::core::finding::{Sought, as_one_number, number_of};
use crate::core::moment::millis;
use crate::core::post::PostResult;
use crate::core::verdict::{HeardThrough, InGroup, Pause, RefusedPosts, Situation, WaitingBatch};
use crate::core::window::CloseReason;
use crate::store::Look;
use crate::store::chats::pausing::Pauser;
use crate::store::chats::people::FoundChat;
use crate::store::history::posts::{Post, Results};
use crate::store::lines::Line;

/// Refused posts are looked for so far back.
const REFUSED_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// Refused posts that are counted.
const MOST_REFUSED: usize = 500;
/// Other chats of the person that are looked at.
const MOST_OTHERS: usize = 20;

impl Admin {
    /// All that is known of a chat for a verdict.
    pub(super) async fn situation(
        &self,
        chat: &Chat,
        sources: &Sources,
        to_come: &ToCome,
        known: &FoundChat,
    ) -> Result<Situation, AdminError> {
        let now = to_come.now;
        let mut situation = sources.situation(now);
        situation.window = to_come.window.as_ref().map(|window| window.deadline);
        situation.monitors = self.monitors_alive(&situation).await?;
        situation.later = to_come.later.iter().map(|kept| kept.at).min();
        situation.heard = known.last_heard;
        situation.pause = self.pause_now(chat, known).await?;
        let is_asked = |reason: CloseReason| situation.is_asked(reason);
        situation.waiting = waiting(to_come, is_asked);
        let another = Results::Any;
        let is_another = |post: &Post| post.result != PostResult::REFUSED;
        let others_at = self.newest_post(chat, &another, is_another).await?;
        situation.refused = self.refused(chat, now, others_at).await?;
        let others = self.others(chat).await?;
        if known.last_heard.is_none() {
            situation.in_group = in_group(chat, &others);
        }
        // On one line a person has another chat only by the name of before: the alias, until the number was known.
        let own = others.iter().filter(|it| it.writer.is_none());
        let own = own.filter(|it| !it.chat.is_of_one_line_with(chat));
        situation.others = own
            .filter_map(|it| Some((it.chat.to_string(), it.last_heard?)))
            .collect();
        let refused_at = situation.refused.as_ref().map(|it| it.at);
        situation.last_post = others_at.max(refused_at);
        let (lines, _) = self.lines(Some(&chat.buffer)).await?;
        situation.line = heard_through(chat, lines);
        Ok(situation)
    }

    /// How many monitors are alive, where that matters: if a window should have been closed.
    async fn monitors_alive(&self, situation: &Situation) -> Result<usize, AdminError> {
        if situation.window.is_none_or(|due| situation.now <= due) {
            return Ok(0);
        }
        let daemons = self.store().daemons().all().await?;
        Ok(daemons.living_monitors().count())
    }

    /// Its pause, and who made it.
    async fn pause_now(&self, chat: &Chat, known: &FoundChat) -> Result<Option<Pause>, AdminError> {
        let Some(left) = known.paused_for else {
            return Ok(None);
        };
        let filter = Filter::Chat(chat.clone());
        let (paused, _) = self.store().chats().list_paused(&filter, None, 2).await?;
        let made = paused.into_iter().find_map(|it| it.by);
        let (at, by) = made.unzip();
        Ok(Some(Pause {
            left: millis(left),
            at,
            by: by.as_ref().map(Pauser::kind),
            key: by.and_then(Pauser::key),
        }))
    }

    /// What was refused for the buffer of a chat within a day, since anything else was posted there.
    async fn refused(
        &self,
        chat: &Chat,
        now: Millis,
        others_at: Option<Millis>,
    ) -> Result<Option<RefusedPosts>, AdminError> {
        let within = now.saturating_sub(millis(REFUSED_WITHIN));
        let look = Look {
            from: within.max(others_at.unwrap_or_default()),
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

    /// When anything was last posted for the buffer of a chat that is `wanted`.
    async fn newest_post(
        &self,
        chat: &Chat,
        results: &Results,
        wanted: impl Fn(&Post) -> bool,
    ) -> Result<Option<Millis>, AdminError> {
        let filter = Filter::Buffer(chat.buffer.clone());
        let history = self.store().history();
        let newest = history.posts(&filter, results, wanted, Look::first(1));
        Ok(newest.await?.0.first().map(|posted| posted.at))
    }

    /// The other chats of the person, and groups in which they wrote.
    async fn others(&self, chat: &Chat) -> Result<Vec<FoundChat>, AdminError> {
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
        Ok(others.collect())
    }
}

/// What waits on a lane, the oldest of those to which an answer can be missed, and what holds it there. One that stands behind
/// others was never tried.
fn waiting(to_come: &ToCome, is_asked: impl Fn(CloseReason) -> bool) -> Option<WaitingBatch> {
    let waiting = to_come.standing.iter().filter_map(|lane| {
        let standing = &lane.listed.standing;
        let destination = &standing.lane.destination;
        let last = standing.last.as_ref();
        let mut waiting = WaitingBatch {
            webhook_id: standing.batch.id.to_string(),
            destination: destination.to_string(),
            held_by: lane.held_by,
            attempts: standing.attempts,
            next_in: millis(lane.left),
            last: last.map(|(at, last)| attempted(*at, last)),
        };
        if is_asked(standing.batch.reason) {
            return Some((standing.batch.closed, waiting));
        }
        let all = to_come.lanes.iter();
        let behind = all.filter(|it| it.destination == *destination);
        let mut behind = behind.flat_map(|it| &it.batches);
        let batch = behind.find(|it| is_asked(it.reason))?;
        (waiting.attempts, waiting.last) = (0, None);
        waiting.webhook_id = batch.id.to_string();
        Some((batch.closed, waiting))
    });
    let oldest = waiting.min_by_key(|(closed, _)| *closed);
    oldest.map(|(_, waiting)| waiting)
}

/// The group in which the person of a chat was last heard, in its buffer if in any of that.
fn in_group(chat: &Chat, others: &[FoundChat]) -> Option<InGroup> {
    let one_number = |number: Option<String>| number.as_deref().map(as_one_number);
    let theirs = one_number(number_of(&chat.id));
    let groups = others.iter().filter_map(|it| {
        let writer = it.writer.as_ref()?;
        let is_them = one_number(writer.number.clone()) == theirs;
        Some((it, it.last_heard?)).filter(|_| is_them)
    });
    let (newest, at) = groups.max_by_key(|(it, at)| (it.chat.buffer == chat.buffer, *at))?;
    Some(InGroup {
        user: newest.chat.id.as_str().to_owned(),
        buffer: newest.chat.buffer.to_string(),
        at,
    })
}

/// The line that a chat is heard through: the one that its name begins with, else the only one of its buffer.
fn heard_through(chat: &Chat, lines: Vec<Line>) -> Option<HeardThrough> {
    let is_only = lines.len() == 1;
    let mut lines = lines.into_iter();
    let line = lines.find(|line| is_only || line.is_of(&chat.id))?;
    Some(HeardThrough {
        last_post: line.last?,
        usual_gap: line.usual_gap().map(millis),
        name: line.line,
    })
}
