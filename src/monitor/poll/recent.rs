//! What the sweep has just taken. Redis tells of a timer's expiry at the latest when the close script deletes it, so
//! nearly every closing by the sweep brings an event that has nothing left to say, and would cost a script to find out.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Mutex, PoisonError};

use crate::core::chat::Chat;

/// Twice as many are remembered at the most.
const GENERATION: usize = 8192;

/// A short memory of chats. It forgets, and two chats may look alike to it: then one event too many is followed, or one
/// is not, and neither matters beside the sweep.
#[derive(Debug, Default)]
pub(in crate::monitor) struct Recent {
    hasher: RandomState,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashSet<u64>,
    old: HashSet<u64>,
}

impl Recent {
    /// Remembers a chat.
    pub(in crate::monitor) fn remember(&self, chat: &Chat) {
        let hash = self.hasher.hash_one(chat);
        self.with(|generations| {
            if generations.young.len() >= GENERATION {
                generations.old = mem::take(&mut generations.young);
            }
            generations.young.insert(hash);
        });
    }

    /// Forgets a chat; true if it was remembered.
    pub(in crate::monitor) fn forget(&self, chat: &Chat) -> bool {
        let hash = self.hasher.hash_one(chat);
        self.with(|generations| generations.young.remove(&hash) || generations.old.remove(&hash))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Generations) -> T) -> T {
        // Half-done work leaves at worst a chat too many or too few.
        work(
            &mut self
                .generations
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::chat::ChatId;

    fn chat(number: usize) -> Chat {
        Chat::of_default(ChatId::parse(&number.to_string()).unwrap())
    }

    #[test]
    fn a_chat_is_remembered_until_it_is_asked_for() {
        let recent = Recent::default();
        recent.remember(&chat(1));

        assert!(!recent.forget(&chat(2)));
        assert!(recent.forget(&chat(1)));
        assert!(!recent.forget(&chat(1)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let recent = Recent::default();
        for number in 0..=2 * GENERATION {
            recent.remember(&chat(number));
        }

        assert!(!recent.forget(&chat(0)));
        assert!(recent.forget(&chat(GENERATION)));
        assert!(recent.forget(&chat(2 * GENERATION)));
    }
}
