//! When a sweeper has to look, shard by shard.

use std::time::{Duration, Instant};

use crate::store::keys::Shard;
use crate::store::{LONGEST_SLEEP, Left};

/// What falls due within this of something else is taken together with it. At 5 ms half of a window's whole lateness
/// was this wait; below 2 ms rounds only overlap.
pub(in crate::monitor) const SHORTEST_SLEEP: Duration = Duration::from_millis(2);

/// An index that is looked at when somebody asks for it is looked at unasked after this.
const UNASKED: Duration = Duration::from_secs(3600);

/// The next due time of each shard, as last seen.
#[derive(Debug)]
pub(in crate::monitor) struct Agenda {
    next: Vec<Option<Instant>>,
    /// The same of retries, in an index that has them.
    retries: Vec<Option<Instant>>,
    /// There is no room for retries; what is due of them waits for it.
    retries_wait: bool,
    look_at: Instant,
    /// How long an empty index may go without a look; `None`: any other than the first is asked for.
    longest_idle: Option<Duration>,
    idle: Duration,
}

impl Agenda {
    /// An agenda that has not looked yet.
    pub(in crate::monitor) fn new(now: Instant, longest_idle: Option<Duration>) -> Self {
        Self {
            next: Vec::new(),
            retries: Vec::new(),
            retries_wait: false,
            look_at: now,
            longest_idle,
            idle: LONGEST_SLEEP,
        }
    }

    /// All shards were looked at, and at the retries in them.
    pub(in crate::monitor) fn looked(&mut self, left: &Left, retries: &Left, now: Instant) {
        let times = |left: &Left| {
            left.iter()
                .map(|left| left.map(|left| now + left))
                .collect()
        };
        self.next = times(left);
        self.retries = times(retries);
        let is_empty = self.next.iter().chain(&self.retries).all(Option::is_none);
        self.idle = match self.longest_idle {
            None => UNASKED,
            Some(longest) if is_empty => (self.idle * 2).min(longest),
            Some(_) => LONGEST_SLEEP,
        };
        self.look_at = now + self.idle;
    }

    /// These shards were looked at, and at the retries in them.
    pub(in crate::monitor) fn looked_at_some(
        &mut self,
        shards: &[Shard],
        left: &Left,
        retries: &Left,
        now: Instant,
    ) {
        let of = |left: &Left, shard: Shard| left.get(shard.index()).copied().flatten();
        for &shard in shards {
            self.looked_at(shard, of(left, shard), now);
            self.looked_at_retries(shard, of(retries, shard), now);
        }
    }

    /// One shard was looked at.
    pub(in crate::monitor) fn looked_at(
        &mut self,
        shard: Shard,
        left: Option<Duration>,
        now: Instant,
    ) {
        if let Some(next) = self.next.get_mut(shard.index()) {
            *next = left.map(|left| now + left);
        }
    }

    /// The retries in one shard were looked at.
    pub(in crate::monitor) fn looked_at_retries(
        &mut self,
        shard: Shard,
        left: Option<Duration>,
        now: Instant,
    ) {
        if let Some(next) = self.retries.get_mut(shard.index()) {
            *next = left.map(|left| now + left);
        }
    }

    /// Whether what is due of retries has to wait for room.
    pub(in crate::monitor) fn let_retries_wait(&mut self, wait: bool) {
        self.retries_wait = wait;
    }

    pub(in crate::monitor) fn retries_wait(&self) -> bool {
        self.retries_wait
    }

    /// Something may have fallen due unseen.
    pub(in crate::monitor) fn look_again(&mut self, now: Instant) {
        self.look_at = now;
    }

    /// Whether all shards have to be looked at.
    pub(in crate::monitor) fn has_to_look(&self, now: Instant) -> bool {
        self.look_at <= now
    }

    /// The shards with something due.
    pub(in crate::monitor) fn due(&self, now: Instant) -> Vec<Shard> {
        due(&self.next, now)
    }

    /// The shards with a retry that is due.
    pub(in crate::monitor) fn due_retries(&self, now: Instant) -> Vec<Shard> {
        due(&self.retries, now)
    }

    /// When there is something to do again.
    pub(in crate::monitor) fn wake_at(&self, now: Instant) -> Instant {
        let retries = if self.retries_wait {
            &[]
        } else {
            self.retries.as_slice()
        };
        let next = self.next.iter().chain(retries).flatten().min();
        let next = next.copied().unwrap_or(self.look_at);
        next.min(self.look_at).max(now + SHORTEST_SLEEP)
    }
}

fn due(next: &[Option<Instant>], now: Instant) -> Vec<Shard> {
    Shard::all()
        .zip(next)
        .filter(|(_, next)| next.is_some_and(|next| next <= now))
        .map(|(shard, _)| shard)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::LONGEST_IDLE;

    const NO_RETRIES: &Left = &Vec::new();

    fn shard(index: usize) -> Shard {
        Shard::all().nth(index).unwrap()
    }

    #[test]
    fn it_sleeps_until_the_next_deadline_within_bounds() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Some(LONGEST_SLEEP));
        assert!(agenda.has_to_look(now));

        for (left, sleep) in [(0, 2), (1, 2), (40, 40), (9000, 250)] {
            agenda.looked(
                &vec![None, Some(Duration::from_millis(left)), None],
                NO_RETRIES,
                now,
            );
            assert_eq!(
                agenda.wake_at(now),
                now + Duration::from_millis(sleep),
                "{left}"
            );
        }
        agenda.looked(&vec![None, None], NO_RETRIES, now);
        assert_eq!(agenda.wake_at(now), now + LONGEST_SLEEP);
    }

    #[test]
    fn an_empty_index_is_looked_at_ever_more_seldom() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Some(LONGEST_IDLE));
        let mut sleep = |left| {
            agenda.looked(&vec![left], NO_RETRIES, now);
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
    fn where_others_ask_for_looks_it_sleeps_until_what_it_knows_is_due() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, None);
        assert!(agenda.has_to_look(now));

        agenda.looked(&vec![None, None], &vec![None, None], now);
        assert_eq!(agenda.wake_at(now), now + UNASKED);
        let (soon, later) = (Duration::from_millis(9), Duration::from_secs(9));
        agenda.looked_at_some(
            &[shard(1)],
            &vec![None, Some(later)],
            &vec![None, Some(soon)],
            now,
        );

        assert_eq!(agenda.wake_at(now), now + soon);
        assert!(!agenda.has_to_look(now + LONGEST_IDLE));
    }

    #[test]
    fn only_what_is_due_is_due() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Some(LONGEST_SLEEP));
        let left = vec![
            Some(Duration::ZERO),
            Some(Duration::from_millis(9)),
            None,
            Some(Duration::ZERO),
        ];
        agenda.looked(&left, NO_RETRIES, now);
        agenda.looked_at(shard(3), None, now);

        assert_eq!(agenda.due(now), [shard(0)]);
    }

    #[test]
    fn a_hint_makes_it_look() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Some(LONGEST_SLEEP));
        agenda.looked(&vec![None], NO_RETRIES, now);
        assert!(!agenda.has_to_look(now));

        agenda.look_again(now);

        assert!(agenda.has_to_look(now));
        assert_eq!(agenda.wake_at(now), now + SHORTEST_SLEEP);
    }

    #[test]
    fn retries_without_room_do_not_keep_it_awake() {
        let now = Instant::now();
        let mut agenda = Agenda::new(now, Some(LONGEST_IDLE));
        agenda.looked(&vec![None], &vec![Some(Duration::ZERO)], now);
        assert_eq!(agenda.due_retries(now), [shard(0)]);
        assert_eq!(agenda.wake_at(now), now + SHORTEST_SLEEP);

        agenda.let_retries_wait(true);

        assert_eq!(agenda.wake_at(now), now + LONGEST_SLEEP);
    }
}
