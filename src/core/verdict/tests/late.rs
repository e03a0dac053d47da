//! "It was late".

use super::super::*;
use super::{delivery, situation, told, tried};
use crate::core::batch::Gathering;
use crate::core::window::WaitRule;

fn gathered(wait: Millis, typing: Millis, rule: Option<WaitRule>) -> Option<Gathering> {
    Some(Gathering { wait, typing, rule })
}

#[test]
fn the_time_until_the_answer_is_split_into_its_parts() {
    let mut retried = situation();
    retried.deliveries[0].tries = vec![
        tried(908_500, 900, Some(503)),
        tried(910_500, 900, Some(200)),
    ];
    let (code, facts) = told(&retried.late());
    assert_eq!(code, "wait");
    for (part, ms) in [
        ("wait_ms", 8000),
        ("typing_ms", 0),
        ("cap_ms", 0),
        ("extended_ms", 0),
        ("queue_ms", 500),
        ("retries_ms", 2000),
        ("bot_ms", 900),
        ("answer_ms", 2600),
        ("total_ms", 14_000),
    ] {
        assert_eq!(facts[part], ms, "{part}");
    }
}

#[test]
fn the_longest_part_is_what_made_it_late() {
    type Change = fn(&mut Situation);
    let changes: [(&str, Change); 19] = [
        ("wait", |_| {}),
        ("typing", |it| {
            it.deliveries[0].gathered = gathered(3000, 5000, None);
        }),
        ("typing", |it| {
            let (wait, typing) = (3000, 60_000);
            it.deliveries[0].reason = CloseReason::Cap;
            it.deliveries[0].gathered = gathered(wait, typing, None);
        }),
        ("cap", |it| {
            it.deliveries[0].reason = CloseReason::Cap;
            it.deliveries[0].gathered = gathered(8000, 0, Some(WaitRule::Media));
        }),
        ("wait", |it| it.deliveries[0].reason = CloseReason::Cap),
        // Somebody told it to wait longer than it could.
        ("extended", |it| {
            it.deliveries[0].reason = CloseReason::Cap;
            it.deliveries[0].gathered = gathered(1000, 0, None);
            it.extended = vec![100, 903_000];
        }),
        ("extended", |it| {
            it.deliveries[0].gathered = gathered(1000, 500, None);
        }),
        ("queue", |it| {
            it.deliveries[0].due = Some(901_000);
            it.deliveries[0].gathered = gathered(1000, 0, None);
        }),
        ("queue", |it| {
            it.deliveries[0].tries = vec![tried(940_000, 1, Some(200))];
        }),
        ("retries", |it| {
            let tries = vec![tried(908_000, 9, None), tried(940_000, 1, Some(200))];
            it.deliveries[0].tries = tries;
            it.answers = vec![941_000];
        }),
        // The bot answered to a call that was not waited for.
        ("bot", |it| {
            let (first, second) = (tried(908_000, 30_000, None), tried(940_000, 1, Some(200)));
            it.deliveries[0].tries = vec![first, second];
            it.answers = vec![930_000];
        }),
        // Another destination took it at once; the answer came when this one had.
        ("retries", |it| {
            let mut other = delivery();
            other.destination = "crm".to_owned();
            let (first, second) = (tried(908_000, 9, Some(503)), tried(940_000, 1, Some(200)));
            it.deliveries[0].tries = vec![first, second];
            it.deliveries.push(other);
            it.answers = vec![941_000];
        }),
        // Batches were joined, the first of which was due before the last message came.
        ("wait", |it| it.deliveries[0].due = Some(880_000)),
        // The last thing that was said was taken back.
        ("typing", |it| {
            it.deliveries[0].gathered = gathered(3000, 0, None);
            it.all_taken_back = vec![905_000, 990_000];
        }),
        // It was a dead letter until somebody sent it again.
        ("retries", |it| {
            let mut dead = delivery();
            dead.delivered = false;
            dead.tries = vec![tried(908_000, 9, Some(410))];
            it.deliveries.insert(0, dead);
            it.deliveries[1].tries = vec![tried(970_000, 1, Some(200))];
        }),
        ("bot", |it| {
            it.deliveries[0].tries = vec![tried(908_000, 30_000, Some(200))];
            it.answers = vec![938_500];
        }),
        ("answer", |it| it.answers = vec![990_000]),
        ("nothing", |it| it.deliveries.clear()),
        ("wait", |it| {
            it.deliveries[0].gathered = gathered(8000, 0, Some(WaitRule::Asked));
            it.answers.clear();
        }),
    ];
    for (code, change) in changes {
        let mut situation = situation();
        change(&mut situation);
        let (found, facts) = told(&situation.late());
        assert_eq!(found, code, "{facts}");
        if facts.is_object() {
            let part = |name: &str| facts[name].as_u64().unwrap_or_default();
            let parts = [
                "wait_ms",
                "typing_ms",
                "cap_ms",
                "extended_ms",
                "queue_ms",
                "retries_ms",
                "bot_ms",
                "answer_ms",
            ];
            let sum: u64 = parts.iter().map(|name| part(name)).sum();
            assert_eq!(sum, part("total_ms"), "{code}: {facts}");
        }
    }
}

#[test]
fn what_was_to_leave_later_is_counted_from_then() {
    let mut later = situation();
    later.said = None;
    later.deliveries[0].reason = CloseReason::Later;
    later.deliveries[0].gathered = None;
    later.deliveries[0].said = (100_000, 100_000);
    later.deliveries[0].due = Some(907_500);

    let (code, facts) = told(&later.late());

    assert_eq!((code.as_str(), &facts["queue_ms"]), ("answer", &500.into()));
    assert_eq!(facts["total_ms"], 6_500, "{facts}");
}

#[test]
fn a_follow_up_is_not_late() {
    let mut followed = situation();
    followed.deliveries.push(super::persons::follow_up());

    assert_eq!(told(&followed.late()), told(&situation().late()));
}
