//! What a gateway's data file holds: where in its posts things stand, and what its posts mean.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::event::MediaKind;
use super::person::PersonPlaces;
use super::proof::Proof;
use crate::core::ignored::Ignored;
use crate::core::json::node::Node;
use crate::gateway::path::{Path, PathError};

/// A gateway, as its file in `presets/` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Preset {
    /// What every post of the gateway has, and those of others have not.
    pub(super) known_by: Path,
    /// How a post proves that it comes from the gateway.
    pub(super) proof: Proof,
    /// Whether it asks with a GET, as Meta does, before it posts.
    #[serde(default)]
    pub(super) handshake: bool,
    /// The parts of a post that hold messages; the whole post if absent.
    pub(super) envelopes: Option<Path>,
    /// The messages of an envelope. An envelope without any stands for one, so that the rules can tell what it is.
    pub(super) messages: Option<Path>,
    /// The first rule that applies decides; a message that none applies to was said by a person.
    pub(super) rules: Vec<Rule>,
    /// Our side.
    pub(super) line: Option<Place>,
    /// Their side.
    pub(super) person: PersonPlaces,
    pub(super) text: Place,
    pub(super) id: Option<Place>,
    pub(super) sender: Option<Place>,
    pub(super) at: Option<Time>,
    /// The name of a message's type, to be told of those that hold nothing known.
    #[serde(rename = "type")]
    pub(super) kind: Option<Place>,
    /// Where no field names the type, it is the name of the first object that is none of these.
    #[serde(default)]
    pub(super) not_a_type: Vec<String>,
    #[serde(default)]
    pub(super) media: Vec<MediaPlaces>,
    pub(super) typing: Option<Typing>,
    pub(super) own: Option<OwnPlaces>,
}

/// One of the rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// It applies if this finds something.
    pub(super) when: Place,
    pub(super) verdict: Verdict,
    /// Why it is ignored, where [`Ignored::text`] does not tell enough.
    pub(super) why: Option<String>,
    /// What stands for `{}` in the reason: the name of an event or a type.
    pub(super) show: Option<Place>,
}

/// What a rule makes of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Ignore(Ignored),
    Own,
    Typing,
}

/// A time: RFC 3339, or a number of units since 1970.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Time {
    pub(super) place: Place,
    pub(super) unit: Unit,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Unit {
    #[serde(rename = "s")]
    Seconds,
    #[serde(rename = "ms")]
    Millis,
}

/// Media of one kind, or of the kind that they name themselves. The places are looked for in the medium; with `^` in
/// the message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaPlaces {
    /// Where the media are.
    #[serde(rename = "in")]
    pub(super) place: Place,
    pub(super) kind: Option<MediaKind>,
    /// Without a kind: where they name it. Failing that the media type tells.
    pub(super) kind_at: Option<Place>,
    pub(super) url: Option<Place>,
    pub(super) id: Option<Place>,
    pub(super) caption: Option<Place>,
    pub(super) mime: Option<Place>,
    pub(super) name: Option<Place>,
    #[serde(default)]
    pub(super) details: BTreeMap<String, Place>,
}

/// Where a typing signal stands.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    pub(super) state: Place,
    /// The states of somebody who types or records.
    pub(super) on: Vec<String>,
    /// The states of somebody who ceased to.
    pub(super) off: Vec<String>,
}

/// What differs in our own messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnPlaces {
    pub(super) person: Option<PersonPlaces>,
    /// Finds something if one of our people wrote it.
    pub(super) human: Option<Place>,
    /// Finds something if a program wrote it.
    pub(super) bot: Option<Place>,
}

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
