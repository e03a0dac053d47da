//! Ids of batches.

use super::*;
use crate::core::chat::ChatId;

#[test]
fn an_id_that_was_generated_tells_when() {
    let id = BatchId::generate();

    let age = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .abs_diff(Duration::from_millis(id.made_at().unwrap()));

    assert!(age < Duration::from_secs(60), "{age:?}");
    assert_eq!(BatchId::parse(id.as_str()), Some(id.clone()));
    let numbered = id.numbered(12);
    assert_eq!(numbered.made_at(), id.made_at());
    assert_eq!(BatchId::read(numbered.as_str()), Some(numbered));
    assert_eq!(BatchId::read(&format!("{id}-x")), None);
}

#[test]
fn an_id_carries_its_shard_and_tells_when_all_the_same() {
    let id = BatchId::generate();

    for shard in [0, 7, 63] {
        let carries = id.clone().in_shard(shard);
        assert_eq!(carries.shard(), Some(shard));
        assert_eq!(carries.numbered(3).shard(), Some(shard));
        assert_eq!(carries.made_at(), id.made_at());
        assert_eq!(BatchId::parse(carries.as_str()), Some(carries));
    }
}

#[test]
fn of_two_ids_one_was_made_after_the_other_but_for_parts_of_one_window() {
    let (first, second) = (BatchId::generate(), BatchId::generate());

    assert!(second.is_after(&first) && !first.is_after(&second));
    assert!(!first.is_after(&first) && !first.numbered(2).is_after(&first));
    assert!(first.numbered(2).is_of_one_window_with(&first.numbered(1)));
    assert!(!first.is_of_one_window_with(&second));
}

#[test]
fn what_is_sent_again_has_another_id_of_the_same_window() {
    let generated = BatchId::generate().in_shard(7);
    let chat = Chat::of_default(ChatId::parse("+5511").unwrap());
    for id in [
        generated.clone(),
        generated.numbered(3),
        BatchId::of_client(&chat, "a"),
    ] {
        let again = id.again();

        assert_ne!(again, id);
        assert!(again.is_of_one_window_with(&id) && !again.is_after(&id) && !id.is_after(&again));
        assert_eq!(
            (again.shard(), again.number(), again.made_at()),
            (id.shard(), id.number(), id.made_at())
        );
        assert_eq!(BatchId::read(again.as_str()), Some(again));
    }
}

#[test]
fn the_id_of_a_clients_id_is_always_the_same_and_tells_no_time() {
    let chat = |id: &str| Chat::of_default(ChatId::parse(id).unwrap());
    let id = BatchId::of_client(&chat("+5511"), "a");

    assert_eq!(id, BatchId::of_client(&chat("+5511"), "a"));
    assert_ne!(id, BatchId::of_client(&chat("+551"), "1a"));
    assert_eq!(
        (id.made_at(), BatchId::parse(id.as_str())),
        (None, Some(id))
    );
}

#[test]
fn anything_else_is_no_id() {
    for bad in [
        "",
        "msg_",
        "msg_1",
        &format!("msg_{}", "g".repeat(32)),
        "sent",
    ] {
        assert_eq!(BatchId::parse(bad), None, "{bad}");
    }
}
