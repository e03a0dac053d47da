//! What somebody has sent again, and what came again by itself: neither hides what was said and done since.

use super::super::*;
use super::{delivery, situation, told, tried};

/// The batch of later messages, which was taken, too.
fn second() -> Delivery {
    Delivery {
        webhook_id: "msg_2".to_owned(),
        said: (930_000, 930_000),
        closed: 938_000,
        due: Some(938_000),
        tries: vec![tried(938_000, 900, Some(200))],
        ..delivery()
    }
}

/// The first batch, which somebody has sent again.
fn again() -> Delivery {
    Delivery {
        webhook_id: "msg_3".to_owned(),
        repeats: Some("msg_1".to_owned()),
        closed: 980_000,
        due: Some(980_000),
        tries: vec![tried(980_000, 900, Some(200))],
        ..delivery()
    }
}

#[test]
fn an_older_batch_that_is_sent_again_is_not_the_newest() {
    let mut both = Situation {
        said: Some(930_000),
        deliveries: vec![delivery(), second(), again()],
        last_pause: Some(Pause {
            at: Some(950_000),
            ..Pause::default()
        }),
        ..situation()
    };

    let (code, facts) = told(&both.not_answered());
    assert_eq!(
        (code.as_str(), &facts["webhook_id"]),
        ("no_answer_seen", &"msg_2".into())
    );

    both.answers.push(941_000);
    let (code, facts) = told(&both.not_answered());
    assert_eq!(
        (code.as_str(), &facts["webhook_id"]),
        ("answered", &"msg_2".into())
    );
    assert_eq!(told(&both.twice()).0, "sent_again");
}

#[test]
fn what_was_answered_stays_so_where_it_is_sent_again() {
    let mut situation = situation();
    situation.deliveries.push(Delivery {
        destination: "crm".to_owned(),
        ..again()
    });

    let (code, facts) = told(&situation.not_answered());

    assert_eq!(
        (code.as_str(), &facts["destination"]),
        ("answered", &"bot".into())
    );
}

#[test]
fn an_old_time_out_does_not_hide_what_came_twice_since() {
    let mut situation = situation();
    situation.deliveries[0]
        .tries
        .insert(0, tried(905_000, 900, None));
    assert_eq!(told(&situation.twice()).0, "called_again");

    let short = Delivery {
        said: (905_000, 905_000),
        ..second()
    };
    situation.deliveries.push(short);
    assert_eq!(told(&situation.twice()).0, "two_batches");

    let days_later = Delivery {
        webhook_id: "msg_4".to_owned(),
        said: (400_000_000, 400_000_000),
        closed: 400_008_000,
        tries: vec![tried(400_008_000, 900, Some(200))],
        ..second()
    };
    situation.deliveries.push(days_later);
    assert_eq!(told(&situation.twice()).0, "once");
}

#[test]
fn somebody_who_was_heard_was_received_whatever_is_kept() {
    let forgotten = Situation {
        heard: Some(890_000),
        now: 990_000,
        ..Situation::default()
    };
    assert_eq!(told(&forgotten.not_answered()).0, "not_kept");
}
