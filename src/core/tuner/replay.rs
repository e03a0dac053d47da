//! The windows that the messages of a chat would have come in, by the rules of the script `append`: what each message does
//! to the deadline is said there, and here once more, because a script cannot be run on what is over.

use std::time::Duration;

use super::{Event, Said, Talk};
use crate::core::batch::Millis;
use crate::core::moment::millis;
use crate::core::window::{CloseReason, WindowRules};

/// A window that would have closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed {
    /// How many messages it would have held.
    pub(super) messages: usize,
    /// When the last of them came.
    pub(super) last: Millis,
    /// When it would have closed.
    pub(super) at: Millis,
    /// What would have closed it.
    pub(super) reason: CloseReason,
}

impl Closed {
    /// From its last message to its close.
    pub(super) fn waited(&self) -> Millis {
        self.at.saturating_sub(self.last)
    }

    /// Whether something else than quiet closed it.
    pub(super) fn is_by_limit(&self) -> bool {
        self.reason != CloseReason::Quiet
    }
}

/// What may still set the deadline of a window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// Any message.
    Restarts,
    /// None.
    Fixed,
    /// The first text, as it holds only media.
    Media,
}

/// An open window.
struct Open {
    opened: Millis,
    /// No deadline lies behind it; none: it has no cap.
    cap: Option<Millis>,
    moves: Moves,
    bytes: u64,
    text: Option<u64>,
    so_far: Closed,
}

/// The windows in which the messages of a chat would have come, in order; each message is in one of them.
pub(super) fn closed(talk: &Talk, rules: &WindowRules) -> Vec<Closed> {
    let mut windows = Vec::new();
    let mut open: Option<Open> = None;
    let mut heard: Option<Millis> = None;
    for (at, event) in talk {
        let Event::Said(said) = event else {
            continue;
        };
        if let Some(over) = open.take_if(|open| open.is_over(*at, said, rules)) {
            windows.push(over.so_far);
        }
        let is_new = heard.is_none_or(|heard| is_first(at.saturating_sub(heard), rules));
        heard = Some(*at);
        let first = rules.first.filter(|_| is_new && open.is_none());
        let wait = first.map(|first| first.wait).or(said.asks.wait);
        let wait = wait.unwrap_or(rules.default_ttl);
        let window = open.get_or_insert_with(|| Open::at(*at));
        window.take(*at, said, wait, rules);
    }
    windows.extend(open.map(|open| open.so_far));
    windows
}

fn is_first(silence: Millis, rules: &WindowRules) -> bool {
    let after = rules.first.map(|first| millis(first.after));
    after.is_some_and(|after| silence >= after)
}

impl Open {
    fn at(opened: Millis) -> Self {
        Self {
            opened,
            cap: Some(0),
            moves: Moves::Restarts,
            bytes: 0,
            text: None,
            so_far: Closed {
                messages: 0,
                last: opened,
                at: opened,
                reason: CloseReason::Quiet,
            },
        }
    }

    /// Whether it has closed, or closes because there is no room for this message.
    fn is_over(&mut self, at: Millis, said: &Said, rules: &WindowRules) -> bool {
        let has_no_room = rules.max_bytes > 0 && self.bytes + said.bytes > rules.max_bytes;
        if self.so_far.at > at && has_no_room {
            self.so_far.at = at;
            self.so_far.reason = CloseReason::Bytes;
        }
        self.so_far.at <= at
    }

    fn take(&mut self, at: Millis, said: &Said, wait: Duration, rules: &WindowRules) {
        let is_repeated = rules.drops_repeats && said.text.is_some() && said.text == self.text;
        self.so_far.messages += 1;
        self.so_far.last = at;
        if is_repeated && self.so_far.messages > 1 {
            return;
        }
        self.bytes += said.bytes;
        self.text = said.text;
        let has_cap = !rules.max_wait.is_zero();
        let longest = millis(rules.max_wait.max(wait));
        let cap = self.cap.unwrap_or_default().max(self.opened + longest);
        self.cap = has_cap.then_some(cap);
        self.move_deadline(at, said, millis(wait), rules);
        if let Some(reason) = said.asks.flush.or_else(|| self.limit(rules)) {
            (self.so_far.at, self.so_far.reason) = (at, reason);
        }
    }

    fn move_deadline(&mut self, at: Millis, said: &Said, wait: Millis, rules: &WindowRules) {
        let is_first = self.so_far.messages == 1;
        let waits_for_text = rules.media_waits && said.asks.media_only;
        if let Some(cap) = self.cap
            && waits_for_text
            && (is_first || self.moves == Moves::Media)
        {
            self.moves = Moves::Media;
            (self.so_far.at, self.so_far.reason) = (cap, CloseReason::Cap);
            return;
        }
        if self.moves == Moves::Fixed {
            return;
        }
        (self.so_far.at, self.so_far.reason) = (at + wait, CloseReason::Quiet);
        self.moves = if rules.restarts {
            Moves::Restarts
        } else {
            Moves::Fixed
        };
        if let Some(cap) = self.cap.filter(|cap| self.so_far.at > *cap) {
            (self.so_far.at, self.so_far.reason) = (cap, CloseReason::Cap);
        }
    }

    fn limit(&self, rules: &WindowRules) -> Option<CloseReason> {
        let count = u64::try_from(self.so_far.messages).unwrap_or(u64::MAX);
        if rules.max_messages > 0 && count >= rules.max_messages {
            return Some(CloseReason::Messages);
        }
        let is_full = rules.max_bytes > 0 && self.bytes >= rules.max_bytes;
        is_full.then_some(CloseReason::Bytes)
    }
}
