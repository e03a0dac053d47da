//! An input of a form, with all that is told of it.

use super::filled::names_in;
use super::{Form, Input, Kind, is_about};
use crate::console::shell::Shell;

/// An input with all that is told of it.
pub(in crate::console) struct Field<'a> {
    pub(in crate::console) input: Input,
    pub(in crate::console) label: &'a str,
    pub(in crate::console) hint: Option<&'a str>,
    pub(in crate::console) value: &'a str,
    /// Why it was refused.
    pub(in crate::console) wrong: Option<&'a str>,
    /// The same as the API says it, in English and more exactly.
    pub(in crate::console) detail: &'a str,
    /// What is there now, where somebody else wrote another.
    pub(in crate::console) theirs: Option<&'a str>,
    /// What can be chosen, and what that is called.
    pub(in crate::console) choices: Vec<(&'a str, &'a str)>,
}

impl Field<'_> {
    pub(in crate::console) fn is_tick(&self) -> bool {
        matches!(self.input.kind, Kind::Tick | Kind::Part)
    }

    pub(in crate::console) fn is_area(&self) -> bool {
        matches!(self.input.kind, Kind::Text | Kind::Lines | Kind::Pairs)
    }

    pub(in crate::console) fn is_names(&self) -> bool {
        self.input.kind == Kind::Names
    }

    pub(in crate::console) fn is_choice(&self) -> bool {
        matches!(
            self.input.kind,
            Kind::Choice(_) | Kind::ChoiceOrFirst(_) | Kind::Name
        )
    }

    pub(in crate::console) fn is_secret(&self) -> bool {
        ["secret", "verify_token"].contains(&self.input.path)
    }

    /// Whether one of several names is chosen.
    pub(in crate::console) fn has(&self, name: &str) -> bool {
        names_in(self.value).any(|it| it == name)
    }

    /// What is there now, as a reader knows it, where somebody else wrote another.
    pub(in crate::console) fn told(&self, shell: &Shell) -> Option<String> {
        let theirs = self.theirs?;
        let words = &shell.words.form;
        let known = self.choices.iter().find(|(word, _)| *word == theirs);
        Some(match known {
            _ if self.is_tick() && theirs.is_empty() => words.off.clone(),
            _ if self.is_tick() => words.on.clone(),
            Some((_, called)) => (*called).to_owned(),
            None if theirs.is_empty() => words.nothing.clone(),
            None => theirs.to_owned(),
        })
    }

    /// Which keys a phone shows.
    pub(in crate::console) fn keys(&self) -> &'static str {
        match (self.input.kind, self.input.path) {
            (Kind::Number, _) => "decimal",
            (_, "url") => "url",
            _ => "text",
        }
    }

    /// How many lines are shown.
    pub(in crate::console) fn lines(&self) -> usize {
        let least = if self.input.kind == Kind::Text { 6 } else { 2 };
        (self.value.lines().count() + 1).clamp(least, 24)
    }
}

impl Form {
    pub(super) fn field<'a>(&'a self, shell: &'a Shell, input: Input) -> Field<'a> {
        let words = &shell.words;
        let value = self.filled.get(input.path);
        let refused = self.refused.as_ref();
        let refused = refused.filter(|refused| is_about(refused, input.path));
        let wrong = refused.map(|refused| {
            let of_value = (refused.code == "invalid_field")
                .then(|| words.wrong.get(input.path))
                .flatten();
            of_value.unwrap_or_else(|| words.refusals.of(&refused.code))
        });
        let theirs = self.theirs.as_ref().map(|theirs| theirs.get(input.path));
        Field {
            label: words.labels.of(input.path),
            hint: words.hints.get(input.path),
            value,
            wrong,
            detail: refused.map_or("", |refused| &refused.error),
            theirs: theirs.filter(|theirs| *theirs != value),
            choices: self.choices(shell, input, value),
            input,
        }
    }

    /// What can be chosen: the words of the input, or the names that there are, and what is chosen whether or not it is one.
    fn choices<'a>(
        &'a self,
        shell: &'a Shell,
        input: Input,
        value: &'a str,
    ) -> Vec<(&'a str, &'a str)> {
        let words = &shell.words.choices;
        let called = |word: &'a str| {
            let own = words.get(&format!("{}.{word}", input.path));
            own.unwrap_or_else(|| words.of(word))
        };
        let mut choices: Vec<(&str, &str)> = match input.kind {
            Kind::Choice(all) | Kind::ChoiceOrFirst(all) => {
                all.iter().map(|word| (*word, called(word))).collect()
            }
            Kind::Name | Kind::Names => self.names.iter().map(|it| (&**it, &**it)).collect(),
            _ => return Vec::new(),
        };
        let chosen: Vec<&str> = match input.kind {
            Kind::Names => names_in(value).collect(),
            _ => vec![value],
        };
        for word in chosen {
            if !choices.iter().any(|(it, _)| *it == word) {
                let none = words.of("none");
                choices.push((word, if word.is_empty() { none } else { word }));
            }
        }
        choices
    }
}
