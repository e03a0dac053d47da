//! Places: where in a message, or in what it lies in, a value stands.

use serde::Deserialize;

use crate::core::json::node::Node;
use crate::gateway::path::{Path, PathError};

/// A message, and what it lies in.
#[derive(Clone, Copy)]
pub(super) struct Scope<'n, 'a> {
    pub(super) here: &'n Node<'a>,
    pub(super) around: &'n Node<'a>,
}

/// Paths to be tried in order. One that begins with `^` is looked for one level out: in the envelope around a message,
/// in the message around a medium.
#[derive(Debug, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub(super) struct Place(Vec<(Level, Path)>);

#[derive(Clone, Copy, Debug)]
enum Level {
    Here,
    Around,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl TryFrom<OneOrMany> for Place {
    type Error = PathError;

    fn try_from(texts: OneOrMany) -> Result<Self, PathError> {
        let texts = match texts {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        let path = |text: &String| match text.strip_prefix('^') {
            Some(text) => Path::parse(text).map(|path| (Level::Around, path)),
            None => Path::parse(text).map(|path| (Level::Here, path)),
        };
        texts.iter().map(path).collect::<Result<_, _>>().map(Self)
    }
}

impl Place {
    fn each<'s, 'n, 'a>(
        &'s self,
        scope: Scope<'n, 'a>,
    ) -> impl Iterator<Item = (&'s Path, &'n Node<'a>)> {
        self.0.iter().map(move |(level, path)| match level {
            Level::Here => (path, scope.here),
            Level::Around => (path, scope.around),
        })
    }

    pub(super) fn holds(&self, scope: Scope<'_, '_>) -> bool {
        self.first(scope).is_some()
    }

    pub(super) fn first<'n, 'a>(&self, scope: Scope<'n, 'a>) -> Option<&'n Node<'a>> {
        self.each(scope).find_map(|(path, node)| path.first(node))
    }

    pub(super) fn all<'n, 'a>(&self, scope: Scope<'n, 'a>) -> Vec<&'n Node<'a>> {
        self.each(scope)
            .map(|(path, node)| path.all(node))
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    pub(super) fn text(&self, scope: Scope<'_, '_>) -> Option<String> {
        let text = self.each(scope).find_map(|(path, node)| path.text(node));
        text.map(Into::into)
    }
}
