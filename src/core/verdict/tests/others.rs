//! "It answered twice", and "it was late".

use super::super::*;
use super::{delivery, situation, told, tried};
use crate::core::window::WaitRule;

#[test]
fn why_it_answered_twice_is_the_first_rule_that_holds() {
    let again = |status| {
        let mut situation = situation();
        let tries = vec![
            tried(908_000, 31_000, status),
            tried(940_000, 900, Some(200)),
        ];
        situation.deliveries[0].tries = tries;
        situation
    };
    let two = |gap: Millis| {
        let mut situation = situation();
        let mut after = delivery();
        after.webhook_id = "msg_2".to_owned();
        after.said = (900_000 + gap, 900_000 + gap);
        after.closed = after.said.1 + 8000;
        situation.deliveries.push(after);
        situation
    };
    let mut several = situation();
    several.deliveries.push(Delivery {
        destination: "crm".to_owned(),
        ..delivery()
    });
    let others = |at| Situation {
        others: vec![("551188887777 in filial".to_owned(), at)],
        ..situation()
    };
    for (what, situation, code) in [
        ("a time-out", again(None), "called_again"),
        ("a refusal, which did nothing", again(Some(503)), "once"),
        ("a short pause", two(9_100), "two_batches"),
        ("a long pause", two(12_000), "once"),
        ("two destinations", several, "several_destinations"),
        ("two lines", others(903_000), "several_chats"),
        ("another line, long ago", others(100_000), "once"),
        ("nothing", situation(), "once"),
    ] {
        assert_eq!(told(&situation.twice()).0, code, "{what}");
    }
    let (_, facts) = told(&two(9_100).twice());
    assert_eq!(
        (&facts["gap_ms"], &facts["wait_ms"]),
        (&9_100.into(), &8_000.into())
    );
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
    let changes: [(&str, Change); 9] = [
        ("wait", |_| {}),
        ("typing", |it| {
            it.deliveries[0].gathered = Some(Gathering {
                wait: 3000,
                typing: 5000,
                rule: None,
            });
        }),
        ("cap", |it| it.deliveries[0].at_cap = true),
        ("queue", |it| {
            it.deliveries[0].tries = vec![tried(940_000, 1, Some(200))];
        }),
        ("retries", |it| {
            let tries = vec![tried(908_000, 9, None), tried(940_000, 1, Some(200))];
            it.deliveries[0].tries = tries;
        }),
        ("bot", |it| {
            it.deliveries[0].tries = vec![tried(908_000, 30_000, Some(200))];
            it.answers = vec![938_500];
        }),
        ("answer", |it| it.answers = vec![990_000]),
        ("nothing", |it| it.deliveries.clear()),
        ("wait", |it| {
            let rule = Some(WaitRule::Asked);
            it.deliveries[0].gathered = Some(Gathering {
                wait: 8000,
                typing: 0,
                rule,
            });
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
