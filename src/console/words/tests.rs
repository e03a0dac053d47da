//! The catalogues are whole, and sentences are filled as they should be.

use std::collections::BTreeSet;

use strum::VariantArray as _;

use crate::core::action::Action;
use crate::core::code::Code;
use crate::core::post::PostResult;
use crate::core::refused::{MESSAGE_FIELDS, RefusedFor};

use super::*;

/// Each word of a catalogue by its place, such as `now.late`.
fn flat(text: &str) -> BTreeMap<String, String> {
    fn walk(at: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
        match value {
            toml::Value::Table(table) => {
                for (name, value) in table {
                    walk(&format!("{at}.{name}"), value, into);
                }
            }
            toml::Value::String(text) => drop(into.insert(at.to_owned(), text.clone())),
            other => panic!("{at}: {other:?}"),
        }
    }
    let table: toml::Table = toml::from_str(text).unwrap();
    let mut words = BTreeMap::new();
    walk("", &toml::Value::Table(table), &mut words);
    words
}

fn places(text: &str) -> BTreeSet<&str> {
    let pieces = text.split('{').skip(1);
    pieces
        .filter_map(|piece| piece.split_once('}'))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn every_language_has_the_same_words_with_the_same_places() {
    Catalogue::read().unwrap();
    let [english, others @ ..] = LANGUAGES.map(|(tag, _, text)| (tag, flat(text)));
    for (tag, words) in others {
        let keys =
            |words: &BTreeMap<String, String>| words.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&words), keys(&english.1), "{tag}");
        for (key, text) in &words {
            assert_eq!(places(text), places(&english.1[key]), "{tag}{key}");
            assert!(!text.trim().is_empty(), "{tag}{key}");
        }
    }
}

#[test]
fn every_refusal_of_the_api_has_its_words() {
    for (tag, _, text) in LANGUAGES {
        let texts: Texts = toml::from_str(text).unwrap();
        for code in Code::ALL {
            assert!(
                texts.refusals.get(code.word()).is_some(),
                "{tag}: {}",
                code.word()
            );
        }
    }
}

#[test]
fn every_action_result_and_reason_of_the_api_has_its_words() {
    let actions = Action::ALL.iter().map(|it| it.word());
    let results = PostResult::unrefused().map(PostResult::word);
    let reasons = RefusedFor::VARIANTS.iter().map(|it| it.as_str());
    let results: Vec<_> = results.chain([PostResult::REFUSED]).collect();
    let reasons: Vec<_> = reasons.chain(MESSAGE_FIELDS).chain(["other"]).collect();
    let actions: Vec<_> = actions.collect();
    for (tag, _, text) in LANGUAGES {
        let texts: Texts = toml::from_str(text).unwrap();
        for (table, codes) in [
            (&texts.actions, &actions),
            (&texts.results, &results),
            (&texts.refused_for, &reasons),
        ] {
            for code in codes {
                assert!(table.get(code).is_some(), "{tag}: {code}");
            }
        }
    }
}

#[test]
fn a_fact_that_looks_like_a_place_stays_as_it_is() {
    let sentence = Sentence("{who} said {what}, {unknown} {".to_owned());

    let told = sentence.with(&[("who", &"{what}"), ("what", &"<b>")]);

    assert_eq!(told, "{what} said <b>, {unknown} {");
}

#[test]
fn a_reader_gets_what_was_chosen_then_what_the_browser_asks_for() {
    let all = Catalogue::read().unwrap();
    for (chosen, accepted, tag) in [
        (None, "", "en"),
        (None, "pt-PT,pt;q=0.9,en;q=0.8", "pt-BR"),
        (None, "es-AR,es;q=0.9", "es"),
        (None, "fr,es;q=0.5", "es"),
        (Some("es"), "pt-BR", "es"),
        (Some("tlh"), "pt-BR", "pt-BR"),
    ] {
        assert_eq!(
            all.for_reader(chosen, accepted).tag,
            tag,
            "{chosen:?} {accepted}"
        );
    }
}
