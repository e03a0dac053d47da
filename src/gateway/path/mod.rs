//! The path language: how operators and presets say where in a body a value stands.
//!
//! ```text
//! path      = steps *( "|" steps )       the first place that holds something
//! steps     = step *( "." name | bracket )
//! step      = name | bracket
//! name      = word | quoted | "*"        a field of an object; * is each of its fields
//! bracket   = "[]"                       each element of an array
//!           | "[" digits "]"             one element, counted from 0
//!           | "[-1]"                     the last element
//!           | "[" steps test text "]"    go on only if the value has this there
//! test      = "=" | "!=" | "^=" | "$="   is, is not, begins with, ends with
//! text      = word | quoted | nothing
//! quoted    = '"' any characters, with \" for " and \\ for \, '"'
//! ```
//!
//! A word has no blank, no quote and none of `. [ ] | * = ! $`, nor `^` before `=`; the text of a condition may have all of them but
//! `[ ] | =`. Blanks around steps, tests and texts do not count. A condition holds no other condition.
//!
//! To hold something is to be there and to be neither null nor an empty string. A condition compares strings, numbers,
//! `true` and `false` by their text; the empty text stands for what is not there, so `[a=]` is "no a" and `[a!=]` is
//! "some a". A path that begins with a condition asks it of the body itself.
//!
//! ```text
//! data.key.remoteJid | sender
//! messages[][type=text].text.body
//! [event=messages.upsert].data.key.id
//! presences.*.lastKnownPresence
//! "a.b"[0]
//! ```

mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use crate::core::json::node::Node;

/// Most bytes a path may have.
pub const MAX_PATH_BYTES: usize = 1024;

/// Most steps a path may have, those of its conditions and of all its places included.
pub const MAX_STEPS: usize = 32;

/// Where in a body a value stands; see the module for the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    places: Vec<Vec<Step>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    AnyField,
    Item(usize),
    LastItem,
    EachItem,
    Only(Condition),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    place: Vec<Step>,
    test: Test,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Is,
    IsNot,
    BeginsWith,
    EndsWith,
}

/// Why a text is not a path, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the path is wrong at character {at}: {why}")]
pub struct PathError {
    /// The character at fault, counted from 1; one more than there are when the path ends too early.
    pub at: usize,
    /// What is wrong, and what to write instead.
    pub why: String,
}

impl Path {
    /// Takes `text` as a path.
    ///
    /// # Errors
    /// Says at which character it is wrong, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        parse::path(text)
    }

    /// The names of the fields that it ends in.
    pub fn last_fields(&self) -> impl Iterator<Item = &str> {
        let places = self.places.iter();
        places.filter_map(|steps| match steps.last() {
            Some(Step::Field(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The first value of the first place that holds something.
    pub fn first<'n, 'a>(&self, node: &'n Node<'a>) -> Option<&'n Node<'a>> {
        self.find(node, |found| found.is_present().then_some(found))
    }

    /// The first text or integer that the places hold, in their order.
    pub fn text<'a>(&self, node: &Node<'a>) -> Option<Cow<'a, str>> {
        self.find(node, |found| found.text().filter(|text| !text.is_empty()))
    }

    /// All values of the first place that holds something, in the order of the body.
    pub fn all<'n, 'a>(&self, node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
        let mut all = Vec::new();
        for place in &self.places {
            // It never breaks off, so its answer says nothing.
            let _ = walk(place, node, &mut |found| {
                if found.is_present() {
                    all.push(found);
                }
                ControlFlow::Continue(())
            });
            if !all.is_empty() {
                break;
            }
        }
        all
    }

    /// The first thing that `take` takes of what stands in the places.
    fn find<'n, 'a, T>(
        &self,
        node: &'n Node<'a>,
        take: impl Fn(&'n Node<'a>) -> Option<T>,
    ) -> Option<T> {
        let mut taken = None;
        for place in &self.places {
            let end = walk(place, node, &mut |found| {
                taken = take(found);
                match taken {
                    Some(_) => ControlFlow::Break(()),
                    None => ControlFlow::Continue(()),
                }
            });
            if end.is_break() {
                break;
            }
        }
        taken
    }
}

/// Shows `visit` what stands at the end of the steps, until it breaks off. The depth of the recursion is the number of
/// steps, however deep the body is.
fn walk<'n, 'a>(
    steps: &[Step],
    node: &'n Node<'a>,
    visit: &mut dyn FnMut(&'n Node<'a>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some((step, rest)) = steps.split_first() else {
        return visit(node);
    };
    match step {
        Step::Field(name) => node
            .field(name)
            .map_or(ControlFlow::Continue(()), |node| walk(rest, node, visit)),
        Step::AnyField => node
            .fields()
            .try_for_each(|(_, node)| walk(rest, node, visit)),
        Step::Item(index) => node
            .items()
            .get(*index)
            .map_or(ControlFlow::Continue(()), |node| walk(rest, node, visit)),
        Step::LastItem => node
            .items()
            .last()
            .map_or(ControlFlow::Continue(()), |node| walk(rest, node, visit)),
        Step::EachItem => node
            .items()
            .iter()
            .try_for_each(|node| walk(rest, node, visit)),
        Step::Only(condition) if condition.holds(node) => walk(rest, node, visit),
        Step::Only(_) => ControlFlow::Continue(()),
    }
}

impl Condition {
    fn holds(&self, node: &Node<'_>) -> bool {
        match self.test {
            Test::Is => self.is(node),
            Test::IsNot => !self.is(node),
            Test::BeginsWith => self.any(node, |text| text.starts_with(&self.text)),
            Test::EndsWith => self.any(node, |text| text.ends_with(&self.text)),
        }
    }

    fn is(&self, node: &Node<'_>) -> bool {
        if self.text.is_empty() {
            let found = walk(&self.place, node, &mut |found| {
                if found.is_present() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            return found.is_continue();
        }
        self.any(node, |text| text == self.text)
    }

    fn any(&self, node: &Node<'_>, test: impl Fn(&str) -> bool) -> bool {
        let found = walk(&self.place, node, &mut |found| {
            if found.scalar().is_some_and(|text| test(&text)) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        found.is_break()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.places.iter().enumerate() {
            if index > 0 {
                f.write_str("|")?;
            }
            show(f, place, false)?;
        }
        Ok(())
    }
}

fn show(f: &mut fmt::Formatter<'_>, steps: &[Step], in_condition: bool) -> fmt::Result {
    for (index, step) in steps.iter().enumerate() {
        if index > 0 && matches!(step, Step::Field(_) | Step::AnyField) {
            f.write_str(".")?;
        }
        match step {
            Step::Field(name) => {
                // Where an index may stand, digits are taken for one.
                let index_like = in_condition && index == 0 && name.starts_with(parse::is_digit);
                let plain = !name.is_empty() && name.chars().all(parse::in_name) && !index_like;
                show_word(f, name, plain)?;
            }
            Step::AnyField => f.write_str("*")?,
            Step::Item(item) => write!(f, "[{item}]")?,
            Step::LastItem => f.write_str("[-1]")?,
            Step::EachItem => f.write_str("[]")?,
            Step::Only(Condition { place, test, text }) => {
                f.write_str("[")?;
                show(f, place, true)?;
                f.write_str(match test {
                    Test::Is => "=",
                    Test::IsNot => "!=",
                    Test::BeginsWith => "^=",
                    Test::EndsWith => "$=",
                })?;
                show_word(f, text, text.chars().all(parse::in_text))?;
                f.write_str("]")?;
            }
        }
    }
    Ok(())
}

fn show_word(f: &mut fmt::Formatter<'_>, word: &str, plain: bool) -> fmt::Result {
    if plain {
        return f.write_str(word);
    }
    write!(f, "\"{}\"", word.replace('\\', r"\\").replace('"', r#"\""#))
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}
