//! When a sweeper has to look, shard by shard.

use std::time::{Duration, Instant};

use crate::store::LONGEST_SLEEP;
use crate::store::keys::Shard;

/// What falls due within this of something else is taken together with it. At 5 ms half of a window's whole lateness
/// was this wait; below 2 ms rounds only overlap.
pub(super) const SHORTEST_SLEEP: Duration = Duration::from_millis(2);

/// The next due time of each shard, as last seen.
#[derive(Debug)]
pub(super) struct Agenda {
    next: Vec<Option<Instant>>,
    look_at: Instant,
    /// How long an empty index may go without a look.
    longest_idle: Duration,
    idle: Duration,
}

impl Agenda {
    /// An agenda that has not looked yet.
    pub(super) fn new(now: Instant, longest_idle: Duration) -> Self {
        Self {
            next: Vec::new(),
            look_at: now,
            longest_idle,
            idle: LONGEST_SLEEP,
        }
    }

    /// All shards were looked at.
    pub(super) fn looked(&mut self, left: &[Option<Duration>], now: Instant) {
        self.next = left
            .iter()
            .map(|left| left.map(|left| now + left))
            .collect();
        self.idle = if self.next.iter().all(Option::is_none) {
            (self.idle * 2).min(self.longest_idle)
        } else {
            LONGEST_SLEEP
        };
        self.look_at = now + self.idle;
    }

    /// One shard was looked at.
    pub(super) fn looked_at(&mut self, shard: Shard, left: Option<Duration>, now: Instant) {
        if let Some(next) = self.next.get_mut(shard.index()) {
            *next = left.map(|left| now + left);
        }
    }

    /// Something may have fallen due unseen.
    pub(super) fn look_again(&mut self, now: Instant) {
        self.look_at = now;
    }

    /// Whether all shards have to be looked at.
    pub(super) fn has_to_look(&self, now: Instant) -> bool {
        self.look_at <= now
    }

    /// The shards with something due.
    pub(super) fn due(&self, now: Instant) -> impl Iterator<Item = Shard> {
        Shard::all()
            .zip(&self.next)
            .filter(move |(_, next)| next.is_some_and(|next| next <= now))
            .map(|(shard, _)| shard)
    }

    /// When there is something to do again.
    pub(super) fn wake_at(&self, now: Instant) -> Instant {
        let next = self
            .next
            .iter()
            .flatten()
            .min()
            .copied()
            .unwrap_or(self.look_at);
        next.min(self.look_at).max(now + SHORTEST_SLEEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LONGEST_IDLE;

    fn shard(index: usize) -> Shard {
        Shard::all().nth(index).unwrap()
    }

    #[test]
    fn it_sleeps_until_the_next_deadline_within_bounds() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, LONGEST_SLEEP);
        assert!(agenda.has_to_look(now));

        for (left, sleep) in [(0, 2), (1, 2), (40, 40), (9000, 250)] {
            agenda.looked(&[None, Some(Duration::from_millis(left)), None], now);
            assert_eq!(
                agenda.wake_at(now),
                now + Duration::from_millis(sleep),
                "{left}"
            );
        }
        agenda.looked(&[None, None], now);
        assert_eq!(agenda.wake_at(now), now + LONGEST_SLEEP);
    }

    #[test]
    fn an_empty_index_is_looked_at_ever_more_seldom() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, LONGEST_IDLE);
        let mut sleep = |left| {
            agenda.looked(&[left], now);
            agenda.wake_at(now) - now
        };

        assert_eq!(sleep(None), 2 * LONGEST_SLEEP);
        for _ in 0..9 {
            sleep(None);
        }
        assert_eq!(sleep(None), LONGEST_IDLE);
        assert_eq!(sleep(Some(Duration::from_secs(9))), LONGEST_SLEEP);
    }

    #[test]
    fn only_what_is_due_is_due() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, LONGEST_SLEEP);
        agenda.looked(
            &[
                Some(Duration::ZERO),
                Some(Duration::from_millis(9)),
                None,
                Some(Duration::ZERO),
            ],
            now,
        );
        agenda.looked_at(shard(3), None, now);

        assert_eq!(agenda.due(now).collect::<Vec<_>>(), [shard(0)]);
    }

    #[test]
    fn a_hint_makes_it_look() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, LONGEST_SLEEP);
        agenda.looked(&[None], now);
        assert!(!agenda.has_to_look(now));

        agenda.look_again(now);

        assert!(agenda.has_to_look(now));
        assert_eq!(agenda.wake_at(now), now + SHORTEST_SLEEP);
    }
}
