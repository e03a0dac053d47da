//! The rules of the house for scripts: each is in the table and keeps its contract, and what several need is said once.

use std::collections::BTreeSet;

use lull::store::scripts::{ALL, INCLUDES, Script, included};

use crate::tidy::files;

/// A line of an include that says so much is not written anywhere else.
const TELLING: usize = 45;

/// The names of the files in a folder of scripts, without what lies below it.
fn names(folder: &str) -> BTreeSet<String> {
    let inside = |(path, _): (String, String)| {
        let name = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some(
            name.strip_suffix(".lua")
                .filter(|it| !it.contains('/'))?
                .to_owned(),
        )
    };
    files(folder, "lua")
        .into_iter()
        .filter_map(inside)
        .collect()
}

/// The header of a script or of an include, and its code.
fn parts(text: &str) -> (&str, &str) {
    text.split_once("]]\n").unwrap()
}

/// The code without its comments, and without what it includes.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = parts(text).1.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("--"))
}

fn includes(text: &str) -> Vec<&str> {
    parts(text).1.lines().filter_map(included).collect()
}

/// What an include defines, for those that include it.
fn defined(text: &str) -> Vec<&str> {
    let locals = parts(text)
        .1
        .lines()
        .filter_map(|line| line.strip_prefix("local "));
    locals
        .flat_map(|local| match local.strip_prefix("function ") {
            Some(function) => vec![function.split('(').next().unwrap()],
            None => local.split('=').next().unwrap().split(',').collect(),
        })
        .map(str::trim)
        .collect()
}

/// Whether a text stands in a line, and not only as a part of a longer word or number.
fn stands_in(line: &str, text: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(text).any(|(at, found)| {
        let (before, behind) = (&line[..at], &line[at + found.len()..]);
        let begins = is_word(found.chars().next()) && is_word(before.chars().next_back());
        let ends = is_word(found.chars().next_back()) && is_word(behind.chars().next());
        !begins && !ends
    })
}

fn uses(text: &str, name: &str) -> bool {
    lines(text).any(|line| stands_in(line, name))
}

/// All texts that include something or are included, by name: of a script, or of an include.
fn texts() -> Vec<(String, &'static str)> {
    let scripts = ALL
        .iter()
        .map(|script| (script.name().to_owned(), script.source()));
    let includes = INCLUDES
        .iter()
        .map(|(name, text)| (format!("include/{name}"), *text));
    scripts.chain(includes).collect()
}

#[test]
fn every_script_is_in_the_table_and_does_what_that_says() {
    let table: BTreeSet<_> = ALL.iter().map(|script| script.name().to_owned()).collect();
    assert_eq!(table.len(), ALL.len(), "a script is in it twice");
    assert_eq!(table, names("src/store/lua"));
    for script in ALL {
        let first = script.source().lines().next().unwrap();
        // Without this line a key that is not declared would pass, too.
        assert_eq!(first, script.effect().first_line(), "{}", script.name());
    }
}

#[test]
fn every_script_declares_every_key_and_argument_it_uses() {
    for script in ALL {
        let name = script.name();
        let (header, code) = parts(script.source());
        assert!(
            header.contains(&format!("\n  {name}: ")),
            "{name}: the header names another script"
        );
        assert!(
            header.contains("Output: "),
            "{name}: the header does not tell what comes out"
        );
        for kind in ["KEYS", "ARGV"] {
            for number in 1..30 {
                let place = format!("{kind}[{number}]");
                let of_many = kind == "KEYS" && header.contains("\n  ...");
                let agree = header.contains(&place) == code.contains(&place);
                assert!(
                    agree || of_many,
                    "{name}: {place} is used and not declared, or the other way round"
                );
            }
        }
        assert!(
            !script.text().contains("cjson"),
            "{name} decodes JSON: numbers would not survive"
        );
    }
}

#[test]
fn every_include_is_there_and_is_used_by_whoever_includes_it() {
    let known: BTreeSet<_> = INCLUDES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(known, names("src/store/lua/include"));
    let texts = texts();
    let mut wanted = BTreeSet::new();
    for (name, text) in &texts {
        let included = includes(text);
        for include in &included {
            let found = INCLUDES.iter().find(|(known, _)| known == include);
            let (_, source) = found.unwrap_or_else(|| panic!("{name} includes {include}"));
            let mut names = defined(source).into_iter();
            assert!(
                names.any(|it| uses(text, it)),
                "{name} includes {include} and does not use it"
            );
        }
        wanted.extend(included.into_iter().map(str::to_owned));
    }
    assert_eq!(wanted, known, "what nobody includes");
    for (include, source) in INCLUDES {
        assert!(
            parts(source).0.contains(&format!("\n  {include}: ")),
            "{include}"
        );
        for (name, text) in &texts {
            let own = *name == format!("include/{include}") || includes(text).contains(include);
            let function = format!("{include}(");
            assert!(
                own || !uses(text, &function),
                "{name} does not include {include}"
            );
        }
    }
}

#[test]
fn no_script_writes_out_what_an_include_holds() {
    for (include, source) in INCLUDES {
        let header = parts(source).0.lines().map(str::trim);
        let only: Vec<_> = header
            .filter_map(|line| line.strip_prefix("Only here: "))
            .collect();
        let telling: Vec<_> = lines(source).filter(|line| line.len() >= TELLING).collect();
        for text in &only {
            assert!(uses(source, text), "{include} does not hold {text} itself");
        }
        for (name, text) in texts() {
            if name == format!("include/{include}") {
                continue;
            }
            for line in lines(text) {
                let told = only.iter().find(|only| stands_in(line, only));
                assert_eq!(told, None, "{name} writes out what {include} holds: {line}");
                assert!(!telling.contains(&line), "{name} and {include}: {line}");
            }
        }
    }
}

#[test]
fn a_script_holds_what_it_includes_once() {
    let append = ALL.iter().find(|script| script.name() == "append").unwrap();
    let text = Script::text(append);

    // Two of its includes need this one, too.
    assert_eq!(text.matches("local HEAD = ").count(), 1);
    assert!(!text.lines().any(|line| included(line).is_some()), "{text}");
}

#[test]
fn whoever_puts_a_lane_into_its_index_notes_its_destination() {
    let mut putting = 0;
    for script in ALL {
        let (header, code) = parts(script.source());
        let header: Vec<_> = header.split_whitespace().collect();
        let is_of_lanes = header.join(" ").contains("by their next attempt");
        let mut lines = code.lines();
        let puts = lines.any(|it| it.contains("'ZADD', due,") || it.contains("'ZADD', KEYS[i],"));
        if is_of_lanes && puts {
            putting += 1;
            let notes = includes(script.source()).contains(&"note_lane");
            assert!(notes, "{} does not include note_lane", script.name());
        }
    }
    assert!(putting > 10, "{putting}");
}
