//! What is counted of lines, and told once.

use super::*;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn posts(taken: &[SeenLine]) -> Vec<(&str, &str, u64)> {
    let all = taken.iter();
    let mut posts: Vec<_> = all
        .map(|it| (it.buffer.as_str(), it.line.as_str(), it.posts))
        .collect();
    posts.sort_unstable();
    posts
}

#[test]
fn what_is_new_is_told_once() {
    let (lines, loja) = (Lines::default(), name("loja"));
    lines.post(&loja, Some("a"));
    lines.post(&loja, Some("a"));
    lines.post(&loja, None);
    lines.refused(&name("crm"), Code::ProofFailed);

    let taken = lines.take();

    assert_eq!(
        posts(&taken),
        [("crm", "", 0), ("loja", "", 1), ("loja", "a", 2)]
    );
    let crm = taken.iter().find(|it| it.buffer == "crm").unwrap();
    assert_eq!(
        (crm.last, crm.refused.map(|it| it.1)),
        (None, Some("proof_failed"))
    );
    assert!(taken.iter().any(|it| it.last.is_some()));
    assert!(lines.take().is_empty(), "nothing is new");

    lines.give_back(&taken);
    assert_eq!(posts(&lines.take()), [("loja", "", 1), ("loja", "a", 2)]);
}

#[test]
fn of_too_many_lines_the_rest_are_counted_together() {
    let (lines, loja) = (Lines::default(), name("loja"));
    for at in 0..MOST + 10 {
        lines.post(&loja, Some(&format!("line {at}")));
    }
    lines.post(&name("crm"), Some(&"x".repeat(LONGEST + 1)));

    let taken = lines.take();

    assert_eq!(taken.len(), MOST + 1);
    assert!(posts(&taken).contains(&("", "", 11)));
}

#[test]
fn buffers_that_came_with_messages_are_counted_as_one() {
    let lines = Lines::default();
    for at in 0..50 {
        lines.post(&name(&format!("c-{at:016x}")), None);
    }
    assert_eq!(posts(&lines.take()), [(BROUGHT, "", 50)]);
}
