//! What is sealed opens with its key, under its name, and as it was sealed.

use proptest::prelude::*;

use super::*;

const SPEC: &str = r#"{"name":"bot","headers":{"x-key":"t0ken"}}"#;

fn sealing(first: Option<u8>, others: &[u8]) -> Sealing {
    let key = |byte: u8| std::array::from_fn(|at| byte ^ u8::try_from(at).unwrap());
    let all = first.iter().chain(others).map(|byte| key(*byte)).collect();
    Sealing::of(&SecretsConfig {
        first: first.map(key),
        all,
    })
}

fn opened(sealing: &Sealing, field: &str, text: &str) -> Option<String> {
    match sealing.open(field, text) {
        Opened::Text(text) => Some(text.into_owned()),
        Opened::Broken => None,
        Opened::Locked(key) => panic!("{key} is not here"),
    }
}

#[test]
fn what_is_sealed_opens_under_its_name_alone() {
    let sealing = sealing(Some(1), &[]);

    let sealed = sealing.seal("destination:bot", SPEC.to_owned()).unwrap();

    assert!(
        !sealed.contains("t0ken") && !sealed.contains("x-key"),
        "{sealed}"
    );
    assert_eq!(
        opened(&sealing, "destination:bot", &sealed).as_deref(),
        Some(SPEC)
    );
    assert_eq!(opened(&sealing, "destination:evil", &sealed), None);
    // The same is never sealed to the same.
    assert_ne!(
        sealing.seal("destination:bot", SPEC.to_owned()).unwrap(),
        sealed
    );
}

#[test]
fn what_was_changed_or_cut_does_not_open() {
    let sealing = sealing(Some(1), &[]);
    let sealed = sealing.seal("buffer:loja", SPEC.to_owned()).unwrap();
    let (head, text) = sealed.rsplit_once(':').unwrap();
    let bytes = STANDARD_NO_PAD.decode(text).unwrap();

    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        for bytes in [&changed[..], &bytes[..at]] {
            let text = format!("{head}:{}", STANDARD_NO_PAD.encode(bytes));
            assert_eq!(opened(&sealing, "buffer:loja", &text), None, "{at}");
        }
    }
    for text in [
        "sealed:",
        "sealed:1:",
        "sealed:2:abc:def",
        &format!("{head}:%"),
    ] {
        assert_eq!(opened(&sealing, "buffer:loja", text), None, "{text}");
    }
}

#[test]
fn any_of_the_keys_opens_and_only_what_the_first_has_sealed_is_current() {
    let (old, both) = (sealing(Some(1), &[]), sealing(Some(2), &[1]));
    let by_old = old.seal("buffer:a", SPEC.to_owned()).unwrap();
    let by_new = both.seal("buffer:a", SPEC.to_owned()).unwrap();

    for sealed in [&by_old, &by_new, SPEC] {
        assert_eq!(opened(&both, "buffer:a", sealed).as_deref(), Some(SPEC));
    }
    assert!(both.is_current(&by_new) && !both.is_current(&by_old) && !both.is_current(SPEC));
    let id = by_new.split(':').nth(2).unwrap().to_owned();
    assert_eq!(old.open("buffer:a", &by_new), Opened::Locked(id));
}

#[test]
fn behind_none_nothing_is_sealed_and_without_keys_nothing_opens() {
    let (old, none, nobody) = (
        sealing(Some(1), &[]),
        sealing(None, &[1]),
        sealing(None, &[]),
    );
    let by_old = old.seal("buffer:a", SPEC.to_owned()).unwrap();

    assert_eq!(none.seal("buffer:a", SPEC.to_owned()).unwrap(), SPEC);
    assert_eq!(opened(&none, "buffer:a", &by_old).as_deref(), Some(SPEC));
    assert!(none.is_current(SPEC) && !none.is_current(&by_old));
    assert!(matches!(
        nobody.open("buffer:a", &by_old),
        Opened::Locked(_)
    ));
    assert_eq!(opened(&nobody, "buffer:a", SPEC).as_deref(), Some(SPEC));
}

proptest! {
    #[test]
    fn nothing_that_lies_there_breaks_its_reader(text in "(sealed:)?[1-9a-f:]{0,12}[ -~]{0,40}") {
        let _ = sealing(Some(1), &[2]).open("buffer:a", &text);
    }
}
