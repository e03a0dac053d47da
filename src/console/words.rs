//! The words of the console: a catalogue for each language, one struct for each page. A word that a language lacks, or that no
//! page uses, does not compile or does not pass the tests.

/// Makes the structs of a catalogue: each a table of the file.
macro_rules! texts {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:ident: $kind:ty,)* })*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Debug, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub(in crate::console) struct $name {
                $(pub(in crate::console) $field: $kind,)*
            }
        )*
    };
}

mod batches;
mod configured;
mod configuring;
mod looking_back;
mod tables;
mod verdicts;
mod why;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use anyhow::Context;
use serde::Deserialize;

use tables::Texts;

/// The languages, the one of those who gave none first.
const LANGUAGES: [(&str, &str, &str); 3] = [
    ("en", "English", include_str!("words/en.toml")),
    ("pt-BR", "Português", include_str!("words/pt-BR.toml")),
    ("es", "Español", include_str!("words/es.toml")),
];

/// All languages.
#[derive(Clone)]
pub(super) struct Catalogue(Arc<[Words]>);

/// A sentence with places for facts, each `{name}`.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Sentence(String);

/// A sentence that differs for one and for many; its number is `{n}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counted {
    one: String,
    many: String,
}

/// A word for each of what programs say with a code.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct ByCode(BTreeMap<String, String>);

impl Sentence {
    /// The sentence with these facts.
    pub(super) fn with(&self, facts: &[(&str, &dyn Display)]) -> String {
        filled(&self.0, facts)
    }
}

/// A number, however far away: templates hand on references.
pub(super) trait Number {
    /// The number.
    fn number(&self) -> u64;
}

impl Number for u64 {
    fn number(&self) -> u64 {
        *self
    }
}

impl<N: Number> Number for &N {
    fn number(&self) -> u64 {
        (**self).number()
    }
}

impl Counted {
    /// The sentence for so many.
    pub(super) fn of(&self, n: impl Number) -> String {
        let n = n.number();
        let text = if n == 1 { &self.one } else { &self.many };
        filled(text, &[("n", &n)])
    }
}

impl ByCode {
    /// The word for a code; one that has none stands for itself.
    pub(super) fn of<'a>(&'a self, code: &'a str) -> &'a str {
        self.0.get(code).map_or(code, String::as_str)
    }

    /// The word, if there is one.
    pub(super) fn get(&self, code: &str) -> Option<&str> {
        self.0.get(code).map(String::as_str)
    }
}

/// Each place is filled once, from left to right: a fact that looks like a place stays as it is.
fn filled(text: &str, facts: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match facts.iter().find(|(known, _)| *known == name) {
            Some((_, fact)) => filled.push_str(&fact.to_string()),
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

impl Catalogue {
    /// Reads all languages.
    ///
    /// # Errors
    /// A catalogue lacks a word or has one too many, which a test rules out.
    pub(super) fn read() -> anyhow::Result<Self> {
        let all = LANGUAGES.iter().map(|(tag, name, text)| {
            let texts: Texts =
                toml::from_str(text).with_context(|| format!("the words of {tag}"))?;
            Ok(Words { tag, name, texts })
        });
        Ok(Self(all.collect::<anyhow::Result<Vec<_>>>()?.into()))
    }

    /// The words for whoever has chosen a language, else for whose browser asks for these.
    pub(super) fn for_reader(&self, chosen: Option<&str>, accepted: &str) -> Said {
        let place = |tag: &str| self.0.iter().position(|words| words.tag == tag);
        let chosen = chosen.and_then(place);
        let asked = || accepted.split(',').find_map(|range| self.closest(range));
        Said {
            all: self.clone(),
            place: chosen.or_else(asked).unwrap_or_default(),
        }
    }

    /// The language of a range of `Accept-Language`, as far as its first letters say. Ranges come in their order of weight from
    /// every browser.
    fn closest(&self, range: &str) -> Option<usize> {
        let tag = range.split(';').next().unwrap_or_default().trim();
        let first = tag.split('-').next().unwrap_or_default();
        let fits = |words: &Words| words.tag.split('-').next() == Some(first);
        self.0
            .iter()
            .position(|words| words.tag.eq_ignore_ascii_case(tag))
            .or_else(|| self.0.iter().position(fits))
    }
}

/// The words of one language, for a page.
#[derive(Clone)]
pub(super) struct Said {
    all: Catalogue,
    place: usize,
}

impl std::ops::Deref for Said {
    type Target = Words;

    fn deref(&self) -> &Words {
        &self.all.0[self.place]
    }
}

impl Said {
    /// Each language: its tag, and what it calls itself.
    pub(super) fn languages(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        LANGUAGES.iter().map(|(tag, name, _)| (*tag, *name))
    }
}

/// The words of one language.
pub(super) struct Words {
    /// Its tag (BCP 47).
    pub(super) tag: &'static str,
    /// What it calls itself.
    #[expect(dead_code, reason = "lists of languages take it from the table")]
    name: &'static str,
    pub(super) texts: Texts,
}

impl std::ops::Deref for Words {
    type Target = Texts;

    fn deref(&self) -> &Texts {
        &self.texts
    }
}

#[cfg(test)]
mod tests;
