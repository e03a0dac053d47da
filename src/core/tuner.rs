//! The window tuner: what came lately, replayed at other waits, to see how many thoughts each of them cuts in two and how
//! long each keeps people waiting.
//!
//! A *thought* is what one person writes with pauses shorter than a bound, while nothing of our side is seen between and no
//! flush word or tapped button says that it is whole. It is the same at every wait. It is *cut* at a wait where it comes in more
//! than one window.

mod replay;

use std::time::Duration;

use super::batch::Millis;
use super::window::WindowRules;
use replay::{Closed, closed};

pub use super::asks::Asks;

/// Messages that are replayed at the most, the newest.
pub const MOST_MESSAGES: usize = 1000;
/// Waits at which they are replayed at the most.
pub const MOST_WAITS: usize = 24;
/// What is written within so long may be one thought, if no longer bound is asked for.
pub const PAUSE: Duration = Duration::from_secs(60);

/// What stood in a chat at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The person wrote.
    Said(Said),
    /// Our side wrote.
    Answered,
}

/// A message that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it asks of its window.
    pub asks: Asks,
    /// How large it is in its window.
    pub bytes: u64,
    /// A digest of its text, by which a repetition is known; none: it is not only a text.
    pub text: Option<u64>,
}

/// What stood in one chat, the oldest first.
pub type Talk = Vec<(Millis, Event)>;

/// What a wait would have made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Thoughts that come in more than one window.
    pub cut: u64,
    /// Those of them that a limit of the window cuts, such as the cap, and not the quiet: no longer wait mends them.
    pub by_limit: u64,
    /// Windows, each of which is a call.
    pub calls: u64,
    /// From the last message of each window to its close, in all.
    pub waited: Millis,
}

/// Talks that are replayed at one wait after the other.
#[derive(Debug)]
pub struct Replay<'a> {
    talks: &'a [Talk],
    /// Of each message of each talk, whether a thought begins with it: that is the same at every wait.
    begins: Vec<Vec<bool>>,
}

impl<'a> Replay<'a> {
    /// These talks, where pauses shorter than `pause` end no thought.
    pub fn of(talks: &'a [Talk], pause: Millis) -> Self {
        let begins = talks.iter().map(|talk| begins(talk, pause));
        Self {
            talks,
            begins: begins.collect(),
        }
    }

    /// How many thoughts there are in them.
    pub fn thoughts(&self) -> u64 {
        let all = self.begins.iter().flatten();
        all.map(|begins| u64::from(*begins)).sum()
    }

    /// What these rules would have made of them, with this wait in place of theirs.
    pub fn tried(&self, rules: &WindowRules, wait: Duration) -> Tried {
        let rules = WindowRules {
            default_ttl: wait,
            ..*rules
        };
        let mut tried = Tried::default();
        for (talk, begins) in self.talks.iter().zip(&self.begins) {
            let windows = closed(talk, &rules);
            tried.calls += u64::try_from(windows.len()).unwrap_or(u64::MAX);
            tried.waited += windows.iter().map(Closed::waited).sum::<Millis>();
            tried.add_cuts(begins, &windows);
        }
        tried
    }
}

/// Of each message of a chat, whether a thought begins with it.
fn begins(talk: &Talk, pause: Millis) -> Vec<bool> {
    let mut begins = Vec::new();
    let mut goes_on: Option<Millis> = None;
    for (at, event) in talk {
        match event {
            Event::Answered => goes_on = None,
            Event::Said(said) => {
                let since = goes_on.map(|before| at.saturating_sub(before));
                begins.push(since.is_none_or(|since| since >= pause));
                goes_on = said.asks.flush.is_none().then_some(*at);
            }
        }
    }
    begins
}

impl Tried {
    fn add_cuts(&mut self, begins: &[bool], windows: &[Closed]) {
        let mut begins = begins.iter();
        let (mut is_cut, mut by_limit) = (false, false);
        let mut before: Option<&Closed> = None;
        for window in windows {
            for (place, begins) in begins.by_ref().take(window.messages).enumerate() {
                if *begins {
                    self.note(is_cut, by_limit);
                    (is_cut, by_limit) = (false, false);
                } else if let (0, Some(before)) = (place, before) {
                    is_cut = true;
                    by_limit |= before.is_by_limit();
                }
            }
            before = Some(window);
        }
        self.note(is_cut, by_limit);
    }

    fn note(&mut self, is_cut: bool, by_limit: bool) {
        self.cut += u64::from(is_cut);
        self.by_limit += u64::from(is_cut && by_limit);
    }
}

#[cfg(test)]
mod tests;
