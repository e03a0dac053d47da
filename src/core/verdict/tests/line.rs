//! The line that somebody is heard through.

use super::super::*;
use super::{NOW, situation, told};

fn line(last_post: Millis, usual_gap: Option<Millis>) -> Option<HeardThrough> {
    Some(HeardThrough {
        name: Some("loja".to_owned()),
        last_post,
        usual_gap,
    })
}

#[test]
fn a_line_is_silent_when_nothing_came_for_far_longer_than_usual() {
    let cases = [
        (
            "fifteen minutes, and usually 20 s",
            line(100_000, Some(20_000)),
            "line_silent",
        ),
        ("as often happens", line(100_000, Some(60_000)), "answered"),
        (
            "for some minutes only",
            line(500_000, Some(1_000)),
            "answered",
        ),
        (
            "nobody knows what is usual",
            line(100_000, None),
            "answered",
        ),
        ("nobody knows the line", None, "answered"),
    ];
    for (what, line, code) in cases {
        let situation = Situation {
            line,
            ..situation()
        };
        assert_eq!(told(&situation.not_answered()).0, code, "{what}");
    }
}

#[test]
fn what_waits_or_was_given_up_on_says_more_than_a_silent_line() {
    let open = Situation {
        window: Some(NOW + 4_000),
        line: line(100_000, Some(20_000)),
        ..situation()
    };

    assert_eq!(told(&open.not_answered()).0, "gathering");
}

#[test]
fn a_window_that_nobody_closes_is_overdue() {
    let cases = [
        (999_000, 1, "gathering"),
        (999_000, 0, "overdue"),
        (990_000, 1, "overdue"),
    ];

    for (window, monitors, code) in cases {
        let open = Situation {
            window: Some(window),
            monitors,
            ..situation()
        };
        assert_eq!(told(&open.not_answered()).0, code, "{window}, {monitors}");
    }
}

#[test]
fn of_nobody_the_line_tells_when_it_last_posted_and_how_often_it_does() {
    let nobody = Situation {
        now: NOW,
        last_post: Some(1),
        line: line(160_000, Some(20_000)),
        ..Situation::default()
    };

    let (code, facts) = told(&nobody.not_answered());

    assert_eq!(code, "nothing_received");
    assert_eq!(
        facts,
        serde_json::json!({
            "line": "loja", "last_post_at": "1970-01-01T00:02:40.000Z", "usual_gap_ms": 20_000,
        })
    );
}
