//! Ways of writing numbers, and what they lead to.

use super::*;

fn chat(id: &str) -> ChatId {
    ChatId::parse(id).unwrap()
}

fn finds(typed: &str, id: &str) -> bool {
    let Some(sought) = Sought::read(typed) else {
        return false;
    };
    let key = find_key(&chat(id));
    format!("{key}\n").starts_with(&sought.prefix()) && sought.is(&key)
}

#[test]
fn a_number_is_found_in_any_writing() {
    for known in [
        "5511988887777",
        "551188887777",
        "loja:5511988887777",
        "+55 11 98888-7777",
        "5511988887777@s.whatsapp.net",
    ] {
        for typed in [
            "5511988887777",
            "+55 11 98888-7777",
            "+55 (11) 98888-7777",
            "005511988887777",
            "11988887777",
            "011 98888-7777",
            "(11) 8888-7777",
            "+55 (011) 98888-7777",
            "+55 (0) 11 98888-7777",
            "015 11 98888-7777",
            "0 15 11 8888-7777",
            "(0xx11) 98888-7777",
            "0XX11 8888-7777",
            "5511988887777:12@s.whatsapp.net",
            "loja:5511988887777:3@s.whatsapp.net",
            "551188887777",
            "98888-7777",
            "88887777",
            "7777",
            "whatsapp:+5511988887777",
            "loja:5511988887777",
            "5511988887777@c.us",
            "5511988887777,",
            "\"+55 11 98888-7777\";",
            "<5511988887777>",
            "https://wa.me/5511988887777",
            " 55 11 98888 7777\n",
            "tel:+55-11-98888-7777",
            "\u{202a}+55 11 98888‑7777\u{202c}",
        ] {
            assert!(finds(typed, known), "{typed:?} finds {known}");
        }
    }
}

#[test]
fn another_number_is_not_found() {
    for (typed, known) in [
        ("5511988887777", "5521988887777"),
        ("5511988887777", "5511988887778"),
        ("21988887777", "551188887777"),
        ("5519988887777", "5511988887777"),
        ("551988887777", "5511988887777"),
        ("777", "5511988887777"),
        ("", "5511988887777"),
        ("ana", "5511988887777"),
        ("88887777", "loja:ana"),
        ("0211188887777", "5521988887777"),
    ] {
        assert!(!finds(typed, known), "{typed:?} does not find {known}");
    }
}

#[test]
fn few_digits_are_the_whole_name_of_a_chat() {
    assert!(finds("42", "42") && finds("42", "site:42") && finds("007", "007"));
    assert!(!finds("42", "142") && !finds("42", "5511988887742"));
}

#[test]
fn the_digit_for_mobiles_of_other_countries_is_left_out_of_account() {
    for (typed, known) in [
        ("5215512345678", "525512345678"),
        ("+52 55 1234 5678", "5215512345678"),
        ("5491123456789", "541123456789"),
        ("+54 11 2345-6789", "5491123456789"),
        ("+49 (0)151 2345-6789", "4915123456789"),
        ("5519988887777", "551988887777"),
    ] {
        assert!(finds(typed, known), "{typed:?} finds {known}");
    }
}

#[test]
fn anything_else_is_found_by_how_it_begins() {
    assert!(finds("Ana", "site:ana@example.com"));
    assert!(finds("site:ana@example.com", "site:ana@example.com"));
    assert!(finds("AB", "ab-17"));
    assert!(!finds("na", "ana"));
    assert!(finds("123456789012345", "loja:123456789012345@lid"));
    assert!(finds("é", "É"));
}

#[test]
fn a_find_key_is_short_and_of_one_line() {
    let key = find_key(&chat(&format!("a\nb{}", "é".repeat(200))));
    assert!(!key.contains('\n') && key.chars().count() <= LONGEST_KEY + 1);
    assert_eq!(find_key(&chat("loja:5511988887777")), "d7777888891155");
}

#[test]
fn all_ways_of_writing_a_number_are_one_number() {
    for written in [
        "+55 11 98888-7777",
        "551188887777",
        "11988887777",
        "1188887777",
        "0211198888-7777",
        "0xx11 98888-7777",
    ] {
        assert_eq!(as_one_number(written), "1188887777", "{written}");
    }
    assert_eq!(as_one_number("+1 415 555 2671"), "14155552671");
    assert_ne!(
        as_one_number("5521988887777"),
        as_one_number("5511988887777")
    );
}

#[test]
fn a_number_has_ways_of_writing() {
    let ways = |number: &str| ways_of_writing(number).join(" ");
    for number in ["5511988887777", "551188887777"] {
        assert_eq!(
            ways(number),
            "1188887777 11988887777 551188887777 5511988887777"
        );
    }
    assert_eq!(ways("5215512345678"), "525512345678 5215512345678");
    assert_eq!(
        (ways("4512345678"), ways("ana")),
        ("4512345678".to_owned(), String::new())
    );
}

#[test]
fn the_number_of_a_chat_is_told_where_it_has_one() {
    assert_eq!(
        number_of(&chat("loja:5511988887777")).as_deref(),
        Some("5511988887777")
    );
    assert_eq!(number_of(&chat("loja:123456789012345@lid")), None);
    assert_eq!(number_of(&chat("loja:120363000000000001@g.us")), None);
    assert_eq!(number_of(&chat("ana")), None);
    assert_eq!(number_of(&chat("4711")), None);
}

#[test]
fn whatever_is_typed_is_looked_for() {
    let text = |typed: &str| match Sought::read(typed) {
        Some(Sought::Text(text)) => text,
        other => panic!("{typed:?}: {other:?}"),
    };

    assert_eq!(text("loja:ana"), "ana");
    // It names no person behind a line.
    assert_eq!(text("loja:"), "loja:");
    assert_eq!(text("\u{11}"), " ");
    assert_eq!(Sought::read(" "), None);
}
