//! When a destination is taken for down, and when not.

use super::*;

const FRESH: Tried = Tried {
    fresh: true,
    probe: false,
};
const AGAIN: Tried = Tried {
    fresh: false,
    probe: false,
};
const PROBE: Tried = Tried {
    fresh: true,
    probe: true,
};

fn opened(now: Instant) -> Breaker {
    let mut breaker = Breaker::new(64);
    for _ in 1..FEWEST_TO_OPEN {
        assert_eq!(breaker.failed(FRESH, now), Turn::Unchanged);
        assert_eq!(breaker.admission(now), Admission::All);
    }
    assert_eq!(breaker.failed(FRESH, now), Turn::Opened);
    breaker
}

#[test]
fn batches_that_have_failed_before_say_nothing_about_the_destination() {
    let mut breaker = Breaker::new(64);
    for _ in 0..1000 {
        assert_eq!(breaker.failed(AGAIN, Instant::now()), Turn::Unchanged);
    }

    assert_eq!(breaker.admission(Instant::now()), Admission::All);
}

#[test]
fn a_destination_that_takes_some_and_refuses_others_is_not_down() {
    for refused_of_100 in [5, 50, 80, 90] {
        let mut random = fastrand::Rng::with_seed(refused_of_100);
        let mut breaker = Breaker::new(64);
        for _ in 0..100_000 {
            if random.u64(..100) < refused_of_100 {
                let turn = breaker.failed(FRESH, Instant::now());
                assert_eq!(turn, Turn::Unchanged, "{refused_of_100} %");
            } else {
                breaker.succeeded();
            }
        }

        assert!(!breaker.is_open(), "{refused_of_100} %");
    }
}

#[test]
fn one_that_takes_nothing_any_more_is_found_to_be_down_whatever_it_was_like_before() {
    for refused_of_100 in [0, 5, 50, 99] {
        let mut random = fastrand::Rng::with_seed(refused_of_100);
        let mut breaker = Breaker::new(64);
        for _ in 0..10_000 {
            if random.u64(..100) < refused_of_100 {
                breaker.failed(FRESH, Instant::now());
            } else {
                breaker.succeeded();
            }
        }

        let row = (1..=2 * MOST).find(|_| breaker.failed(FRESH, Instant::now()) != Turn::Unchanged);

        let most = if refused_of_100 < 50 {
            FEWEST_TO_OPEN
        } else {
            MOST
        };
        assert!(
            row.is_some_and(|row| row <= most),
            "{refused_of_100} %: {row:?}"
        );
    }
}

#[test]
fn a_few_failures_in_a_row_and_then_a_success_are_a_recovery() {
    let mut breaker = Breaker::new(64);
    for _ in 0..FEWEST_TO_SUSPECT {
        breaker.failed(FRESH, Instant::now());
    }

    assert_eq!(breaker.succeeded(), Turn::Recovered);
    breaker.failed(FRESH, Instant::now());
    assert_eq!(breaker.succeeded(), Turn::Unchanged);
}

#[test]
fn after_a_few_failures_in_a_row_what_has_failed_goes_one_by_one_and_what_is_new_goes_on() {
    let now = Instant::now();
    let mut breaker = Breaker::new(64);
    for _ in 0..FEWEST_TO_SUSPECT {
        breaker.failed(FRESH, now);
    }

    let later = now + SHORTEST_REST;
    assert_eq!(breaker.admission(now), Admission::All);
    assert_eq!(breaker.admission_again(now), Admission::Nobody(Some(later)));
    assert_eq!(breaker.admission_again(later), Admission::Probe);
    breaker.begin_probe();
    assert_eq!(breaker.admission_again(later), Admission::Nobody(None));
    breaker.succeeded();
    assert_eq!(breaker.admission_again(later), Admission::All);
}

#[test]
fn one_that_took_nothing_for_long_is_down_however_few_were_sent() {
    let now = Instant::now();
    let mut breaker = Breaker::new(64);
    for _ in 0..FEWEST_TO_SUSPECT {
        breaker.failed(FRESH, now);
    }
    let probe = Tried {
        fresh: false,
        probe: true,
    };

    let before = now + LONGEST_SUSPICION / 2;
    assert_eq!(breaker.failed(probe, before), Turn::Unchanged);
    assert_eq!(breaker.failed(probe, now + LONGEST_SUSPICION), Turn::Opened);
}

#[test]
fn while_down_one_probe_at_a_time_after_a_rest() {
    let now = Instant::now();
    let mut breaker = opened(now);

    assert_eq!(
        breaker.admission(now),
        Admission::Nobody(Some(now + SHORTEST_REST))
    );
    assert_eq!(breaker.admission(now + SHORTEST_REST), Admission::Probe);
    breaker.begin_probe();
    assert_eq!(
        breaker.admission(now + SHORTEST_REST),
        Admission::Nobody(None)
    );
}

#[test]
fn the_rest_between_probes_grows_with_the_time_it_is_down() {
    let now = Instant::now();
    let mut breaker = opened(now);
    for (down, wait) in [(1, 400), (60, 400), (120, 800), (3600, 4000)] {
        let later = now + Duration::from_secs(down);
        breaker.begin_probe();
        breaker.failed(PROBE, later);

        let next = later + Duration::from_millis(wait);
        assert_eq!(breaker.admission(later), Admission::Nobody(Some(next)));
    }
}

#[test]
fn a_late_failure_of_the_crowd_does_not_end_the_probe() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.begin_probe();

    breaker.failed(FRESH, now);

    assert_eq!(breaker.admission(now), Admission::Nobody(None));
}

#[test]
fn one_that_is_back_gets_more_with_each_batch_that_it_takes() {
    let mut breaker = opened(Instant::now());
    breaker.begin_probe();

    assert_eq!(breaker.succeeded(), Turn::Closed);
    for limit in FIRST_LIMIT..64 {
        assert_eq!(breaker.admission(Instant::now()), Admission::AtMost(limit));
        assert_eq!(breaker.succeeded(), Turn::Unchanged);
    }
    assert_eq!(breaker.admission(Instant::now()), Admission::All);
}

#[test]
fn one_that_falls_again_while_it_comes_back_is_down_sooner() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.succeeded();

    let row = (1..).find(|_| breaker.failed(FRESH, now) == Turn::Opened);

    assert!(row.is_some_and(|row| row < 10), "{row:?}");
}

#[test]
fn a_probe_that_found_nothing_leaves_the_place_to_the_next() {
    let now = Instant::now();
    let mut breaker = opened(now);
    breaker.begin_probe();

    breaker.abandon_probe();

    assert_eq!(breaker.admission(now + SHORTEST_REST), Admission::Probe);
}
