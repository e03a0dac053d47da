//! Room for attempts that all destinations share, because all their sockets come out of what this process may open.
//!
//! A quarter of all places is kept back. Of the others a destination gets another only while more are free than it has
//! itself. Of those that are kept back one goes to each that has none, and more to those that have just delivered, as long
//! as more are free than they have. So those that never answer, one after the other, come to hold three quarters and a
//! place each; whoever is new has one, and more once it answers. Those whose URL a caller gave, of which there can be
//! thousands, have half of all places in the same way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Files that are no sockets of attempts: connections to Redis, health, log.
const RESERVED: usize = 128;
/// A connection is kept for a while after its attempt, for the next one.
const SOCKETS_OF_AN_ATTEMPT: usize = 2;
/// Where no socket was to be had, nobody tries again for so long.
const PAUSE: Duration = Duration::from_millis(100);
/// Whoever has delivered within this time answers.
pub(in crate::monitor) const ANSWERS_FOR: Duration = Duration::from_secs(10);
/// Whoever was turned away here asks again after this.
pub(in crate::monitor) const SOON: Duration = Duration::from_millis(20);
/// Whoever waits for one of its own to leave looks here after this: others may have taken the room.
pub(in crate::monitor) const LATER: Duration = Duration::from_secs(1);

/// Most attempts at a time where so many files may be open; or as many as a setting says, if that is less.
pub(in crate::monitor) fn most_attempts(files: usize, setting: Option<usize>) -> usize {
    let reserved = RESERVED.min(files / 2);
    let most = ((files - reserved) / SOCKETS_OF_AN_ATTEMPT).max(2);
    setting.map_or(most, |setting| setting.min(most))
}

/// The room.
#[derive(Debug)]
pub(in crate::monitor) struct SharedRoom {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// Places that are taken.
    all: usize,
    /// Those of destinations whose URL a caller gave.
    of_callers: usize,
    /// Nobody is let in before then.
    closed_until: Option<Instant>,
}

/// What a destination is to the room.
#[derive(Clone, Copy, Debug)]
pub(in crate::monitor) struct Standing {
    /// So many places it has.
    pub(in crate::monitor) has: usize,
    /// It has just delivered something.
    pub(in crate::monitor) answers: bool,
}

impl Standing {
    /// Whether it gets another of so many places, of which so many are free.
    fn gets_one_of(self, free: usize, all: usize) -> bool {
        let kept_back = if self.answers { 0 } else { all.div_ceil(4) };
        free > 0 && (self.has == 0 || self.has < free.saturating_sub(kept_back))
    }
}

/// What a destination has of it.
#[derive(Clone, Debug)]
pub(in crate::monitor) struct Share {
    room: Arc<SharedRoom>,
    /// A caller gave its URL.
    of_a_caller: bool,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(in crate::monitor) struct Place(Share);

impl SharedRoom {
    pub(in crate::monitor) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            held: Mutex::default(),
        })
    }

    /// What a destination gets of it.
    pub(in crate::monitor) fn share(self: &Arc<Self>, of_a_caller: bool) -> Share {
        Share {
            room: self.clone(),
            of_a_caller,
        }
    }

    /// No socket was to be had: nobody tries for a moment.
    pub(in crate::monitor) fn out_of_sockets(&self) {
        self.held().closed_until = Some(Instant::now() + PAUSE);
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Each change of it is one step, so a panic elsewhere leaves it whole.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// A place, if there is one for this destination.
    pub(in crate::monitor) fn try_take(&self, standing: Standing) -> Option<Place> {
        let mut held = self.room.held();
        if !self.lets_in(&held, standing) {
            return None;
        }
        held.all += 1;
        held.of_callers += usize::from(self.of_a_caller);
        Some(Place(self.clone()))
    }

    /// Whether there is a place for this destination.
    pub(in crate::monitor) fn has_place(&self, standing: Standing) -> bool {
        self.lets_in(&self.room.held(), standing)
    }

    fn lets_in(&self, held: &Held, standing: Standing) -> bool {
        let is_closed = |until| Instant::now() < until;
        if held.closed_until.is_some_and(is_closed) {
            return false;
        }
        let of_all = self.room.most;
        let of_callers = (of_all / 2).max(1);
        standing.gets_one_of(of_all.saturating_sub(held.all), of_all)
            && (!self.of_a_caller
                || standing.gets_one_of(of_callers.saturating_sub(held.of_callers), of_callers))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.0.room.held();
        held.all -= 1;
        held.of_callers -= usize::from(self.0.of_a_caller);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(has: usize) -> Standing {
        let answers = false;
        Standing { has, answers }
    }

    fn answers(has: usize) -> Standing {
        let answers = true;
        Standing { has, answers }
    }

    /// Takes as many as a destination gets.
    fn all(share: &Share) -> Vec<Place> {
        let mut places = Vec::new();
        while let Some(place) = share.try_take(has(places.len())) {
            places.push(place);
        }
        places
    }

    #[test]
    fn whoever_is_new_has_a_place_and_more_once_it_answers() {
        let room = SharedRoom::new(80);
        assert!(room.share(false).has_place(answers(39)));

        // They never let go, and come one after the other.
        let silent: Vec<_> = (0..12).map(|_| all(&room.share(false))).collect();

        assert_eq!(silent[0].len(), 30);
        assert!(silent.iter().all(|places| !places.is_empty()));
        let held: usize = silent.iter().map(Vec::len).sum();
        assert!(held < 75, "{held}");
        let new = room.share(false);
        let first = new.try_take(has(0)).unwrap();
        assert!(!new.has_place(has(1)));
        assert!(new.has_place(answers(1)));
        drop(first);
    }

    #[test]
    fn urls_of_callers_share_half_however_many_they_are() {
        let room = SharedRoom::new(20);
        let share = room.share(true);
        let places: Vec<_> = (0..100).map(|_| share.try_take(has(0))).collect();

        assert_eq!(places.iter().flatten().count(), 10);
        assert!(room.share(false).has_place(has(4)));
        drop(places);
        assert!(share.has_place(has(0)));
    }

    #[test]
    fn where_no_socket_was_to_be_had_nobody_enters_for_a_moment() {
        let room = SharedRoom::new(20);
        room.out_of_sockets();
        let began = Instant::now();
        assert!(room.share(false).try_take(has(0)).is_none() || began.elapsed() >= PAUSE);

        while room.share(false).try_take(has(0)).is_none() {
            assert!(began.elapsed() < 100 * PAUSE);
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_room_is_what_the_files_allow_or_less() {
        assert_eq!(most_attempts(1024, None), 448);
        assert_eq!(most_attempts(96, None), 24);
        assert_eq!(most_attempts(1024, Some(100)), 100);
        assert_eq!(most_attempts(1024, Some(10_000)), 448);
        assert_eq!(most_attempts(0, None), 2);
    }
}
