//! What may be a name and a chat id, and what stands for a chat in logs.

use super::*;

#[test]
fn a_name_can_stand_between_colons() {
    assert!(Name::parse("loja_1-a").is_ok());
    for bad in ["", "Loja", "a:b", "a b", "{a}", &"x".repeat(65)] {
        assert_eq!(Name::parse(bad), Err(NameError), "{bad}");
    }
}

#[test]
fn any_words_make_a_name_and_a_name_is_its_own() {
    for (words, name) in [
        ("Loja São Paulo", "loja-sao-paulo"),
        (" Promoção! (2) ", "promocao-2"),
        ("-a--b-", "-a--b-"),
        (&"Ab".repeat(40), &"ab".repeat(32)),
    ] {
        assert_eq!(Name::slug(words).unwrap().as_str(), name);
    }
    assert_eq!(Name::slug("!?"), Err(NameError));
}

#[test]
fn names_of_our_own_are_read_back_and_cannot_be_written() {
    let own = Name::parse("backup").unwrap().of_its_schedule();

    assert_eq!(Name::from_stored(own.as_str()), Ok(own.clone()));
    assert_eq!(Name::parse(own.as_str()), Err(NameError));
    assert_eq!(Name::from_stored(".."), Err(NameError));
}

#[test]
fn a_chat_id_may_be_anything_but_blank_or_long() {
    for good in [
        "5511988887777",
        "a:b:{c}",
        "x\u{0}y",
        " padded ",
        &"x".repeat(512),
    ] {
        assert_eq!(ChatId::parse(good).unwrap().as_str(), good);
    }
    assert_eq!(ChatId::parse(""), Err(ChatIdError::Blank));
    assert_eq!(ChatId::parse(" \n"), Err(ChatIdError::Blank));
    assert_eq!(
        ChatId::parse(&"é".repeat(257)),
        Err(ChatIdError::TooLong(514))
    );
}

#[test]
fn the_hash_tells_chats_apart_and_hides_them() {
    let ana = Chat::of_default(ChatId::parse("5511988887777").unwrap());
    let eva = Chat::of_default(ChatId::parse("5511988887778").unwrap());

    assert_ne!(ana.hash(), eva.hash());
    assert_eq!(ana.hash().to_string().len(), 8);
    assert_eq!(ana.hash().packed().len(), 6);
    assert_eq!(ChatHash::parse(&ana.hash().to_string()), Some(ana.hash()));
    assert_eq!(ChatHash::parse("0763a99"), None);
}
