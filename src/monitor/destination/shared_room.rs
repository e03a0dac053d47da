//! Room for attempts that all destinations share, because all their sockets come out of what this process may open.
//!
//! Own destinations cannot lose seven eighths of all places, and those whose URL a caller gave, of which there can be
//! thousands, cannot lose the last eighth. Beyond it they get what is left, up to half of all, as long as they leave what is
//! kept back for the own ones.
//!
//! Of its places each of the two kinds keeps a quarter back. Of the others a destination gets another only while more are
//! free than it has itself. Of those that are kept back one goes to each that has none, and more to those that have just
//! delivered, as long as more are free than they have. A quarter of them is for those that are known to answer. One whose last
//! attempt had no answer in time gets none of them. So those that never answer come to hold three quarters, in turn if
//! they are many; whoever is new has a place, and more once it answers.

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
    pub(in crate::monitor) known: Known,
}

/// What is known of a destination, from its last attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Known {
    /// It was not attempted yet, or only just.
    New,
    /// It has just delivered something.
    Delivers,
    /// It has given an answer in time, whatever that was.
    Answers,
    /// It has given none in time.
    Silent,
}

impl Standing {
    /// Whether it gets another of so many places, of which so many are free.
    fn gets_one_of(self, free: usize, all: usize) -> bool {
        let quarter = kept_back_of(all);
        let left_for_more = match self.known {
            Known::Delivers => 0,
            Known::New | Known::Answers | Known::Silent => quarter,
        };
        let left_for_a_first = match self.known {
            Known::Delivers | Known::Answers => 0,
            Known::New => quarter / 4,
            Known::Silent => quarter,
        };
        self.has == 0 && free > left_for_a_first || self.has < free.saturating_sub(left_for_more)
    }
}

/// How many of so many places are kept back: never all, so that whoever never answers is tried again.
fn kept_back_of(all: usize) -> usize {
    all.div_ceil(4).min(all.saturating_sub(1))
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
        let free = self.room.most.saturating_sub(held.all);
        // What callers cannot lose, and own destinations.
        let of_callers = (self.room.most / 8).max(1).min(self.room.most - 1);
        let of_own = self.room.most - of_callers;
        let left_to_callers = of_callers.saturating_sub(held.of_callers);
        if !self.of_a_caller {
            return standing.gets_one_of(free.saturating_sub(left_to_callers), of_own);
        }
        let most = (self.room.most / 2).max(1);
        let is_theirs = left_to_callers > 0 || free > kept_back_of(of_own);
        free > 0 && is_theirs && standing.gets_one_of(most.saturating_sub(held.of_callers), most)
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

    fn new(has: usize) -> Standing {
        let known = Known::New;
        Standing { has, known }
    }

    fn is(known: Known, has: usize) -> Standing {
        Standing { has, known }
    }

    /// Takes as many as a destination gets.
    fn all(share: &Share, known: Known) -> Vec<Place> {
        let mut places = Vec::new();
        while let Some(place) = share.try_take(is(known, places.len())) {
            places.push(place);
        }
        places
    }

    #[test]
    fn whoever_is_new_has_a_place_and_more_once_it_answers() {
        let room = SharedRoom::new(80);
        assert!(room.share(false).has_place(is(Known::Delivers, 34)));

        // They never let go, and come one after the other.
        let silent: Vec<_> = (0..12)
            .map(|_| all(&room.share(false), Known::New))
            .collect();

        assert_eq!(silent[0].len(), 26);
        assert!(silent.iter().all(|places| !places.is_empty()));
        let held: usize = silent.iter().map(Vec::len).sum();
        assert!(held < 65, "{held}");
        let share = room.share(false);
        let first = share.try_take(new(0)).unwrap();
        assert!(!share.has_place(new(1)));
        assert!(share.has_place(is(Known::Delivers, 1)));
        drop(first);
    }

    #[test]
    fn however_many_never_answer_whoever_answers_has_a_place() {
        for most in [1, 2, 3, 4, 8, 24, 448] {
            let room = SharedRoom::new(most);
            let silent: Vec<_> = (0..1000)
                .map(|_| all(&room.share(false), Known::Silent))
                .collect();

            // They are tried again all the same.
            assert!(silent.iter().any(|places| !places.is_empty()), "{most}");
            if most < 4 {
                continue;
            }
            assert!(room.share(false).has_place(new(0)), "{most}");
            // Nor do those that nothing is known of take all.
            let unknown: Vec<_> = (0..1000)
                .map(|_| room.share(false).try_take(new(0)))
                .collect();
            let is_left = room.share(false).has_place(is(Known::Answers, 0));
            assert!(is_left || most < 24, "{most}");
            drop(unknown);
        }
    }

    #[test]
    fn urls_of_callers_take_nothing_that_is_kept_back_for_own_destinations() {
        for most in [4, 8, 24, 100, 448] {
            for own in [0, 1, 3, 12] {
                let room = SharedRoom::new(most);
                let own: Vec<_> = (0..own)
                    .map(|_| all(&room.share(false), Known::Silent))
                    .collect();
                let share = room.share(true);
                let callers: Vec<_> = (0..1000).map(|_| share.try_take(new(0))).collect();

                let had: usize = own.iter().map(Vec::len).sum();
                assert!(room.share(false).has_place(new(0)), "{most} {had}");
                // The own ones may have taken what they get, and callers still have some.
                assert!(callers.iter().flatten().count() >= 1, "{most} {had}");
            }
        }
    }

    #[test]
    fn urls_of_callers_share_half_however_many_they_are() {
        let room = SharedRoom::new(80);
        let share = room.share(true);
        let places: Vec<_> = (0..100)
            .map(|_| share.try_take(is(Known::Answers, 0)))
            .collect();

        assert_eq!(places.iter().flatten().count(), 40);
        assert!(room.share(false).has_place(new(20)));
        drop(places);
        assert!(share.has_place(new(0)));
    }

    #[test]
    fn where_no_socket_was_to_be_had_nobody_enters_for_a_moment() {
        let room = SharedRoom::new(20);
        room.out_of_sockets();
        let began = Instant::now();
        assert!(room.share(false).try_take(new(0)).is_none() || began.elapsed() >= PAUSE);

        while room.share(false).try_take(new(0)).is_none() {
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
