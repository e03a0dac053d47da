//! What a wait makes of a talk.

use super::*;
use crate::core::window::{CloseReason, FirstWait};

const SECOND: Millis = 1000;

fn said(asks: Asks) -> Event {
    let (bytes, text) = (10, None);
    Event::Said(Said { asks, bytes, text })
}

/// Plain messages at these seconds.
fn talk(at: &[u64]) -> Talk {
    let all = at.iter();
    all.map(|at| (at * SECOND, said(Asks::default()))).collect()
}

fn rules() -> WindowRules {
    WindowRules {
        max_wait: Duration::from_secs(30),
        ..WindowRules::default()
    }
}

fn at(talks: &[Talk], rules: &WindowRules, wait: u64) -> Tried {
    Replay::of(talks, 60 * SECOND).tried(rules, Duration::from_secs(wait))
}

fn thoughts(talks: &[Talk], pause: Millis) -> u64 {
    Replay::of(talks, pause).thoughts()
}

#[test]
fn a_thought_is_cut_where_the_pause_in_it_is_longer_than_the_wait() {
    let talks = [talk(&[0, 2, 12]), talk(&[0, 300])];

    assert_eq!(thoughts(&talks, 60 * SECOND), 3);
    let short = at(&talks, &rules(), 8);
    assert_eq!((short.cut, short.calls, short.waited), (1, 4, 32 * SECOND));
    let long = at(&talks, &rules(), 11);
    assert_eq!((long.cut, long.calls, long.waited), (0, 3, 33 * SECOND));
}

#[test]
fn who_writes_after_our_answer_begins_another_thought() {
    let mut talk = talk(&[0, 12]);
    talk.insert(1, (10 * SECOND, Event::Answered));

    assert_eq!(thoughts(&[talk.clone()], 60 * SECOND), 2);
    assert_eq!(at(&[talk], &rules(), 8).cut, 0);
}

#[test]
fn a_flush_word_makes_a_thought_whole_and_nobody_waits_after_it() {
    let flush = Some(CloseReason::Word);
    let word = said(Asks {
        flush,
        ..Asks::default()
    });
    let mut talk = talk(&[0, 9]);
    talk.insert(1, (SECOND, word));

    assert_eq!(thoughts(&[talk.clone()], 60 * SECOND), 2);
    let tried = at(&[talk], &rules(), 8);
    assert_eq!((tried.cut, tried.calls, tried.waited), (0, 2, 8 * SECOND));
}

#[test]
fn what_the_cap_cuts_no_longer_wait_mends() {
    let talks = [talk(&[0, 7, 14, 21, 28, 35, 42])];

    for wait in [8, 20] {
        let tried = at(&talks, &rules(), wait);
        assert_eq!(
            (tried.cut, tried.by_limit, tried.calls),
            (1, 1, 2),
            "{wait}"
        );
    }
    let few = WindowRules {
        max_messages: 3,
        ..rules()
    };
    let tried = at(&talks, &few, 8);
    assert_eq!((tried.cut, tried.by_limit, tried.calls), (1, 1, 3));
}

#[test]
fn a_window_of_fixed_length_counts_from_its_first_message() {
    let fixed = WindowRules {
        restarts: false,
        ..rules()
    };

    let tried = at(&[talk(&[0, 6, 9])], &fixed, 8);

    assert_eq!((tried.cut, tried.calls), (1, 2));
    assert_eq!(tried.waited, 2 * SECOND + 8 * SECOND);
}

#[test]
fn waits_of_their_own_stay_as_they_are() {
    let wait = |seconds| {
        let wait = Some(Duration::from_secs(seconds));
        said(Asks {
            wait,
            ..Asks::default()
        })
    };
    let short = vec![(0, wait(20)), (15 * SECOND, said(Asks::default()))];
    assert_eq!(at(&[short], &rules(), 8).calls, 1);

    let (first, after) = (Duration::from_secs(1), Duration::from_secs(600));
    let greeting = WindowRules {
        first: Some(FirstWait { wait: first, after }),
        ..rules()
    };
    let tried = at(&[talk(&[0, 5, 700])], &greeting, 8);
    assert_eq!((tried.calls, tried.waited), (3, 10 * SECOND));
}

#[test]
fn media_wait_for_their_text() {
    let media = said(Asks {
        media_only: true,
        ..Asks::default()
    });
    let waits = WindowRules {
        media_waits: true,
        ..rules()
    };
    let talks = [vec![(0, media), (20 * SECOND, said(Asks::default()))]];

    assert_eq!(at(&talks, &waits, 8).calls, 1);
    assert_eq!(at(&talks, &rules(), 8).calls, 2);
}
