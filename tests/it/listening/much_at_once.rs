//! More bytes in one moment than a page of a list holds: who listens hears of all of it, and who comes back reads again.

use std::collections::BTreeSet;

use redis::AsyncCommands;
use redis::streams::StreamRangeReply;

use crate::support::listening::Listening;
use crate::support::undeliverable::Undeliverable;

/// Each nearly as large as a body may be.
const LETTERS: usize = 12;
const BYTES: usize = 1_000_000;

#[tokio::test]
async fn of_large_letters_of_one_moment_each_is_heard_and_who_comes_back_reads_again() {
    let mut system = Undeliverable::start().await;
    let mut listening = Listening::to(&system.api, "", None).await;
    listening.named("counts").await;
    system.bury("ana", &"x".repeat(BYTES)).await;
    let first = listening.named("dead_letter").await;
    let raw = &mut system.redis.raw().await;
    let list = system.redis.keys("lull:*:dead").await.remove(0);
    let dead: StreamRangeReply = raw.xrange_all(&list).await.unwrap();
    let field = |name: &str| dead.ids[0].get::<String>(name).unwrap();
    let entry = [("letter", field("letter")), ("batch", field("batch"))];
    assert!(entry[1].1.len() > BYTES, "it is kept whole");

    let mut at_once = redis::pipe();
    at_once.atomic();
    for _ in 0..LETTERS {
        at_once.xadd(&list, "*", &entry).ignore();
    }
    let () = at_once.exec_async(raw).await.unwrap();

    let mut heard = BTreeSet::new();
    while heard.len() < LETTERS {
        let event = listening.next().await.unwrap();
        assert!(!["skipped", "reload"].contains(&event.name.as_str()));
        if event.name == "dead_letter" {
            assert_eq!(event.data["user"], "ana");
            assert!(event.data.to_string().len() < 1000, "without its body");
            assert!(heard.insert(event.id.unwrap()), "told twice");
        }
    }
    let mut again = Listening::to(&system.api, "", first.id.as_deref()).await;
    assert_eq!(again.next().await.unwrap().name, "reload");
    again.named("counts").await;
}
