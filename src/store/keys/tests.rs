//! Where things lie, and that it can be read back.

use proptest::prelude::*;

use super::*;
use crate::store::work::Kind;

fn chat(id: &str) -> Chat {
    Chat::of_default(ChatId::parse(id).unwrap())
}

#[test]
fn a_chat_keeps_its_shard_for_ever() {
    let shards: Vec<_> = ["5511988887777", "ana", "a:b:{c}"]
        .map(|id| Shard::of(&chat(id)).index())
        .into();

    assert_eq!(shards, [34, 62, 2]);
}

#[test]
fn the_chat_is_read_back_from_its_timer_whatever_its_id() {
    for id in [
        "5511988887777",
        "a:b",
        "{x}",
        "}{:timer:",
        "é\n\u{0}",
        "lull:{07}:timer:default:x",
    ] {
        assert_eq!(
            chat_of_timer(&Place::of(&chat(id)).timer()),
            Some(chat(id)),
            "{id:?}"
        );
    }
}

#[test]
fn other_keys_are_nobodys_timer() {
    for key in [
        "",
        "x",
        "lull:{07}:window:default:a",
        "lull:{07}:timer:Bad Name:a",
        "lull:{07}:timer:default:",
    ] {
        assert_eq!(chat_of_timer(key), None, "{key}");
    }
}

#[test]
fn all_keys_of_a_chat_carry_one_hash_tag() {
    let place = Place::of(&chat("}{evil"));
    let shard = place.shard;
    let default = Name::default_name();
    let tag = shard.key("");

    for key in [
        place.timer(),
        place.window(),
        place.lane(&default),
        place.head(&default),
        older_ids(shard),
        heard(shard),
        aliases(shard),
        people(shard),
        writers(shard),
        paused(shard),
        later_items(shard),
        held(shard, Kind::Windows),
        held(shard, Kind::Lanes),
        held(shard, Kind::Later),
        Due::Later.key(shard),
        history(shard),
        received(shard),
        posts(shard),
        dead(shard),
    ] {
        assert!(key.starts_with(&tag), "{key}");
    }
    assert!(ids(shard).all(|key| key.starts_with(&tag)));
    assert!(Due::Windows.key(shard).starts_with(&tag));
    assert!(
        Due::Lanes(Name::default_name())
            .key(shard)
            .starts_with(&tag)
    );
}

#[test]
fn the_chats_of_an_ordered_buffer_lie_together_and_have_one_lane() {
    let default = Name::default_name();
    let ordered = |id: &str| Chat {
        ordered: true,
        ..chat(id)
    };
    let places = ["ana", "a:b:{c}", "*"].map(|id| Place::of(&ordered(id)));

    for place in &places {
        assert_eq!(place.shard, Shard::of_ordered(&default));
        assert_eq!(place.lane(&default), places[0].lane(&default));
    }
    assert_ne!(places[0].timer(), places[1].timer());
}

#[test]
fn a_chat_is_read_back_with_the_order_of_its_buffer() {
    for id in ["ana", "+a:b", "*"] {
        let plain = chat(id);
        let ordered = plain.in_other_order();

        for chat in [plain, ordered] {
            let place = Place::of(&chat);
            assert_eq!(chat_of_member(&place.member), Some(chat.clone()));
            assert_eq!(chat_of_timer(&place.timer()), Some(chat));
        }
    }
}

#[test]
fn an_index_is_read_back_from_its_key_and_nothing_else_is_one() {
    let shard = Shard::all().nth(7).unwrap();
    let indexes = [
        Due::Windows,
        Due::Later,
        Due::Lanes(Name::default_name()),
        Due::Lanes(Name::default_name().of_its_schedule()),
    ];
    for due in indexes {
        assert_eq!(index_of(&due.key(shard)), Some((shard, due)));
    }
    for other in [
        "",
        "lull:{07}:lanes",
        "lull:{64}:due",
        "lull:{07}:due:a b",
        "07",
    ] {
        assert_eq!(index_of(other), None, "{other}");
    }
}

#[test]
fn the_queue_of_the_environment_lies_apart_from_the_audit() {
    assert_ne!(Shard::of_ordered(&Name::messages_name()), Shard::FIRST);
}

proptest! {
    /// Any key of anybody's Redis may expire and be told of, and an id is any text.
    #[test]
    fn a_chat_is_read_back_from_what_stands_for_it_and_nothing_else_breaks_the_reader(
        id in "\\PC{1,20}|[a-z:{}+*]{1,12}",
        name in "[a-z0-9_-]{1,20}",
        ordered in any::<bool>(),
        key in "\\PC{0,40}|lull:\\{[0-9]{0,3}\\}:timer:[a-z:+{}*.]{0,12}",
    ) {
        if let (Ok(id), Ok(name)) = (ChatId::parse(&id), Name::parse(&name)) {
            let chat = Chat { ordered, ..Chat::new(name, id) };
            let place = Place::of(&chat);
            prop_assert_eq!(chat_of_member(&place.member), Some(chat.clone()));
            prop_assert_eq!(chat_of_timer(&place.timer()), Some(chat));
        }
        let _ = chat_of_member(&key);
        if let Some(chat) = chat_of_timer(&key) {
            prop_assert!(key.ends_with(&Place::of(&chat).member));
        }
    }
}
