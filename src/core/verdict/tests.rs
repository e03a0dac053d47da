//! Each rule of each complaint, and which goes before which.

mod again;
mod late;
mod line;
mod others;
mod persons;

use super::*;
use crate::core::batch::Gathering;

const NOW: Millis = 1_000_000;

fn tried(began: Millis, took: Millis, status: Option<u16>) -> Attempted {
    Attempted {
        at: began + took,
        took,
        status,
        summary: status.map_or("no answer in time".to_owned(), |code| {
            format!("HTTP {code}")
        }),
    }
}

/// Said at 900,000, closed after 8 s of quiet, and taken by the bot within 1 s.
fn delivery() -> Delivery {
    Delivery {
        webhook_id: "msg_1".to_owned(),
        destination: "bot".to_owned(),
        said: (899_000, 900_000),
        closed: 908_000,
        due: Some(908_000),
        reason: CloseReason::Quiet,
        repeats: None,
        gathered: Some(Gathering {
            wait: 8000,
            typing: 0,
            rule: None,
        }),
        tries: vec![tried(908_000, 1000, Some(200))],
        delivered: true,
    }
}

fn situation() -> Situation {
    Situation {
        now: NOW,
        said: Some(900_000),
        deliveries: vec![delivery()],
        answers: vec![914_000],
        ..Situation::default()
    }
}

fn waiting(held_by: HeldBy, last: Option<Attempted>) -> Option<WaitingBatch> {
    Some(WaitingBatch {
        webhook_id: "msg_1".to_owned(),
        destination: "bot".to_owned(),
        held_by,
        attempts: u32::from(last.is_some()),
        next_in: 1100,
        last,
    })
}

fn refused(count: u64) -> Option<RefusedPosts> {
    Some(RefusedPosts {
        count,
        code: "proof_failed".to_owned(),
        at: 990_000,
    })
}

fn dead() -> Option<DeadBatch> {
    Some(DeadBatch {
        id: "1-0-1".to_owned(),
        webhook_id: "msg_1".to_owned(),
        destination: "bot".to_owned(),
        reason: "HTTP 410".to_owned(),
        at: 950_000,
        closed: 908_000,
    })
}

/// The code, and the facts, of what is said.
fn told(verdict: &impl Serialize) -> (String, serde_json::Value) {
    let mut told = serde_json::to_value(verdict).unwrap();
    (
        told["code"].as_str().unwrap().to_owned(),
        told["facts"].take(),
    )
}

#[test]
fn why_there_is_no_answer_is_the_first_rule_that_holds() {
    let refused = refused(31);
    let untaken = |at| {
        Some(Untaken {
            at,
            result: "paused".to_owned(),
            reason: None,
        })
    };
    let dead = dead();
    let nobody = Situation {
        now: NOW,
        last_post: Some(160_000),
        ..Situation::default()
    };
    let open = Situation {
        deliveries: Vec::new(),
        answers: Vec::new(),
        ..situation()
    };
    let failing = || tried(908_000, 900, Some(404));
    type Case = (&'static str, Situation, &'static str);
    let cases: Vec<Case> = vec![
        ("nobody", nobody.clone(), "nothing_received"),
        (
            "refused",
            Situation {
                refused: refused.clone(),
                last_post: Some(990_000),
                ..nobody
            },
            "posts_refused",
        ),
        (
            "refused since",
            Situation {
                refused: refused.clone(),
                last_post: Some(990_000),
                ..situation()
            },
            "posts_refused",
        ),
        (
            "refused, and others were taken since",
            Situation {
                refused,
                last_post: Some(995_000),
                ..situation()
            },
            "answered",
        ),
        (
            "dropped",
            Situation {
                untaken: untaken(920_000),
                ..situation()
            },
            "dropped",
        ),
        (
            "dropped before",
            Situation {
                untaken: untaken(800_000),
                ..situation()
            },
            "answered",
        ),
        (
            "dropped alone",
            Situation {
                said: None,
                untaken: untaken(800_000),
                ..open.clone()
            },
            "dropped",
        ),
        (
            "open",
            Situation {
                window: Some(1_004_000),
                ..open.clone()
            },
            "gathering",
        ),
        (
            "its turn",
            Situation {
                waiting: waiting(HeldBy::Others, None),
                ..open.clone()
            },
            "waiting",
        ),
        (
            "failing",
            Situation {
                waiting: waiting(HeldBy::Retry, Some(failing())),
                ..open.clone()
            },
            "failing",
        ),
        (
            "dead",
            Situation {
                dead: dead.clone(),
                ..open.clone()
            },
            "dead",
        ),
        (
            "dead at one destination, and delivered later to another",
            Situation {
                dead: dead.clone(),
                answers: Vec::new(),
                ..late_delivery()
            },
            "dead",
        ),
        (
            "dead, and more was said and delivered since",
            Situation {
                dead: dead.clone().map(|dead| DeadBatch {
                    closed: 700_000,
                    ..dead
                }),
                answers: Vec::new(),
                ..situation()
            },
            "delivered",
        ),
        (
            "dead, and revived since",
            Situation {
                dead,
                ..late_delivery()
            },
            "answered",
        ),
        (
            "later",
            Situation {
                said: None,
                later: Some(2_000_000),
                ..open.clone()
            },
            "for_later",
        ),
        ("answered", situation(), "answered"),
        (
            "just now",
            Situation {
                now: 930_000,
                answers: vec![1],
                ..situation()
            },
            "just_delivered",
        ),
        (
            "never",
            Situation {
                answers: vec![1],
                ..situation()
            },
            "no_answer_seen",
        ),
        (
            "nobody tells",
            Situation {
                answers: Vec::new(),
                ..situation()
            },
            "delivered",
        ),
        ("dropped by hand", open, "not_kept"),
    ];
    for (what, situation, code) in cases {
        assert_eq!(told(&situation.not_answered()).0, code, "{what}");
    }
}

fn late_delivery() -> Situation {
    let mut situation = situation();
    situation.deliveries[0].tries = vec![tried(960_000, 1000, Some(200))];
    situation.answers = vec![962_000];
    situation
}

#[test]
fn facts_are_what_a_screen_needs() {
    let failing = Situation {
        waiting: waiting(HeldBy::Stopped, Some(tried(908_000, 900, Some(404)))),
        answers: Vec::new(),
        ..situation()
    };
    let (_, facts) = told(&failing.not_answered());
    assert_eq!(
        facts,
        serde_json::json!({
            "destination": "bot", "webhook_id": "msg_1", "attempts": 1, "status": 404,
            "summary": "HTTP 404", "held_by": "stopped", "next_in_ms": 1100,
        })
    );
    let (_, facts) = told(&situation().not_answered());
    assert_eq!(facts["answered_at"], "1970-01-01T00:15:14.000Z");
}
