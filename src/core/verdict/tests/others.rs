//! "It answered twice".

use super::super::*;
use super::{delivery, situation, told, tried};
use crate::core::why::Why;

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
    let mut unsent = again(None);
    unsent.deliveries[0].tries[0].summary = Why::NoConnection("refused").to_string();
    for (what, situation, code) in [
        ("a time-out", again(None), "called_again"),
        ("nobody who took a connection", unsent, "once"),
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
fn what_somebody_sent_again_is_told_before_all_else_and_is_not_what_was_late() {
    let mut situation = situation();
    situation.deliveries.push(Delivery {
        webhook_id: "msg_2".to_owned(),
        repeats: Some("msg_1".to_owned()),
        closed: 980_000,
        due: Some(980_000),
        tries: vec![
            tried(980_000, 1000, Some(503)),
            tried(982_000, 1000, Some(200)),
        ],
        ..delivery()
    });
    let by_nobody_known = told(&situation.twice());
    situation.sent_again = vec![ByHand {
        webhook_id: "msg_2".to_owned(),
        key: Some("ana".to_owned()),
    }];

    let (code, facts) = told(&situation.twice());

    assert_eq!(code, "sent_again");
    assert_eq!(
        (&facts["webhook_ids"], &facts["by"]),
        (&serde_json::json!(["msg_1", "msg_2"]), &"ana".into())
    );
    assert_eq!(by_nobody_known.1["by"], serde_json::Value::Null);
    let (_, late) = told(&situation.late());
    assert_eq!(
        (&late["webhook_id"], &late["extended_ms"]),
        (&"msg_1".into(), &0.into())
    );
    // What was said and delivered after it came once.
    situation.deliveries.push(Delivery {
        webhook_id: "msg_3".to_owned(),
        said: (985_000, 985_000),
        closed: 993_000,
        ..delivery()
    });
    assert_eq!(told(&situation.twice()).0, "once");
}
