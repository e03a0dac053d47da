//! What is known of this very person, and what is not theirs.

use super::super::*;
use super::{NOW, dead, delivery, refused, situation, told, tried, waiting};

/// Sent because the chat was silent, and taken.
pub(super) fn follow_up() -> Delivery {
    Delivery {
        webhook_id: "msg_2-1".to_owned(),
        said: (900_000, 900_000),
        closed: 960_000,
        due: Some(960_000),
        reason: CloseReason::Silence,
        gathered: None,
        tries: vec![tried(960_000, 1000, None), tried(970_000, 1000, Some(200))],
        ..delivery()
    }
}

fn code(situation: &Situation) -> String {
    told(&situation.not_answered()).0
}

/// A message of which nothing else is known.
fn only_said() -> Situation {
    Situation {
        deliveries: Vec::new(),
        answers: Vec::new(),
        ..situation()
    }
}

#[test]
fn a_follow_up_is_no_answer_that_is_missed() {
    let mut followed = situation();
    followed.deliveries.push(follow_up());
    for verdict in [followed.not_answered(), situation().not_answered()] {
        assert_eq!(told(&verdict).1["webhook_id"], "msg_1");
    }
    assert_eq!(told(&followed.twice()).0, "once");

    for reason in [CloseReason::Schedule, CloseReason::Run, CloseReason::Later] {
        followed.deliveries[1].reason = reason;
        assert_eq!(code(&followed), "answered", "{reason}");
    }
    followed.deliveries[1].reason = CloseReason::Queued;
    assert_eq!(code(&followed), "just_delivered");

    let alone = Situation {
        deliveries: vec![Delivery {
            reason: CloseReason::Later,
            ..follow_up()
        }],
        said: None,
        answers: vec![1],
        ..situation()
    };
    assert_eq!(code(&alone), "just_delivered", "nothing else was said");
}

#[test]
fn a_stray_refusal_hides_nothing_that_is_known() {
    for (count, expected) in [(1, "answered"), (2, "answered"), (3, "posts_refused")] {
        let situation = Situation {
            refused: refused(count),
            last_post: Some(990_000),
            ..situation()
        };
        assert_eq!(code(&situation), expected, "{count}");
    }
    let all_refused = Situation {
        refused: refused(31),
        last_post: Some(990_000),
        ..only_said()
    };
    assert_eq!(code(&all_refused), "posts_refused");
    let dead = dead();
    let window = Some(1_004_000);
    let waits = waiting(HeldBy::Retry, Some(tried(908_000, 9, Some(404))));
    let cases = [
        Situation {
            dead,
            ..all_refused.clone()
        },
        Situation {
            window,
            ..all_refused.clone()
        },
        Situation {
            waiting: waits,
            ..all_refused.clone()
        },
    ];
    for (situation, expected) in cases.iter().zip(["dead", "gathering", "failing"]) {
        assert_eq!(code(situation), expected);
    }
}

#[test]
fn where_one_destination_has_taken_it_and_our_side_wrote_the_others_do_not_matter() {
    let waits = waiting(HeldBy::Retry, Some(tried(908_000, 9, Some(404))));
    let mut failing = Situation {
        waiting: waits,
        ..situation()
    };
    assert_eq!(code(&failing), "answered");

    failing.answers = vec![1];
    assert_eq!(code(&failing), "failing");
    failing.answers = vec![914_000];
    failing.said = Some(915_000);
    assert_eq!(code(&failing), "failing", "something was said since");
}

#[test]
fn a_window_that_a_pause_dropped_is_left_to_a_person() {
    let pause = |at| {
        Some(Pause {
            left: 60_000,
            at,
            by: Some(PausedBy::Operator),
            key: Some("ana".to_owned()),
        })
    };
    let paused = Situation {
        pause: pause(Some(905_000)),
        ..only_said()
    };
    let (found, facts) = told(&paused.not_answered());
    assert_eq!(
        (
            found.as_str(),
            &facts["result"],
            &facts["paused_by"],
            &facts["paused_by_key"]
        ),
        (
            "dropped",
            &"paused".into(),
            &"operator".into(),
            &"ana".into()
        ),
        "{facts}"
    );
    let before = Situation {
        pause: pause(Some(1)),
        ..only_said()
    };
    assert_eq!(code(&before), "not_kept");

    let answered = Situation {
        answers: vec![906_000],
        ..paused
    };
    let (found, facts) = told(&answered.not_answered());
    assert_eq!(found, "answered");
    assert!(facts["webhook_id"].is_null() && facts["destination"].is_null());
}

#[test]
fn what_was_dropped_and_answered_by_hand_since_is_answered() {
    let untaken = Some(Untaken {
        at: 920_000,
        result: "paused".to_owned(),
        reason: None,
    });
    let dropped = Situation {
        untaken,
        ..situation()
    };
    assert_eq!(code(&dropped), "dropped");

    let answered = Situation {
        answers: vec![914_000, 925_000],
        ..dropped
    };
    let (found, facts) = told(&answered.not_answered());
    assert_eq!(found, "answered");
    assert_eq!(facts["answered_at"], "1970-01-01T00:15:25.000Z");
}

#[test]
fn who_took_the_message_back_is_told_so() {
    let taken_back = Some((930_000, 925_000));
    let alone = Situation {
        said: None,
        taken_back,
        ..only_said()
    };
    let (found, facts) = told(&alone.not_answered());
    assert_eq!(found, "taken_back");
    assert_eq!(facts["said_at"], "1970-01-01T00:15:25.000Z");
    let after = Situation {
        taken_back,
        ..situation()
    };
    assert_eq!(code(&after), "taken_back");
    let in_one_window = Situation {
        taken_back: Some((905_000, 902_000)),
        ..situation()
    };
    assert_eq!(code(&in_one_window), "answered", "the rest was delivered");

    let nobody = Situation {
        now: NOW,
        ..Situation::default()
    };
    assert_eq!(code(&nobody), "nothing_received");
}

#[test]
fn who_was_heard_in_a_group_alone_is_told_of_unless_something_was_not_taken_since() {
    let heard = Situation {
        in_group: Some(InGroup {
            user: "loja:120363@g.us".to_owned(),
            buffer: "loja".to_owned(),
            at: 900_000,
        }),
        untaken: Some(Untaken {
            at: 890_000,
            result: "group".to_owned(),
            reason: None,
        }),
        refused: refused(1),
        last_post: Some(990_000),
        ..Situation::default()
    };
    let dropped = Situation {
        untaken: heard
            .untaken
            .clone()
            .map(|it| Untaken { at: 910_000, ..it }),
        ..heard.clone()
    };

    let (code_of_it, facts) = told(&heard.not_answered());
    assert_eq!(
        (code_of_it.as_str(), facts["user"].as_str()),
        ("in_group", Some("loja:120363@g.us"))
    );
    assert_eq!(code(&dropped), "dropped");
}
