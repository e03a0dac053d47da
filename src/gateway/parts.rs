//! The typed parts of a message: a choice, an order, what it quotes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::event::Part;
use super::media::media_at;
use super::opened::whatsapp_in_short;
use super::place::{Place, Scope};
use super::preset::Saying;
use crate::core::json::RawObject;
use crate::core::json::depth::is_too_deep;
use crate::core::json::node::Node;
use crate::core::json::text;

/// Most entries that are looked through for one, so that a post of thousands of them is read in time.
const MOST_ENTRIES: usize = 256;

/// A typed part of a message. Of several for one part the first that finds something counts. The places of its fields
/// are looked for in what stands at `in`; with `^`, unless that is JSON in a text, in the message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartPlaces {
    pub(super) part: Part,
    #[serde(rename = "in")]
    pub(super) place: Place,
    /// What stands at `in` is a text that has JSON in it.
    #[serde(default)]
    pub(super) is_json: bool,
    /// Told as they stand.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Place>,
    /// Told of the message, where the part itself does not have them.
    #[serde(default)]
    pub(super) around: BTreeMap<String, Place>,
    /// Texts that may have JSON in them: told as that JSON.
    #[serde(default)]
    pub(super) json: BTreeMap<String, Place>,
    #[serde(default)]
    pub(super) lists: BTreeMap<String, ListPlaces>,
    /// Objects in it.
    #[serde(default)]
    pub(super) objects: BTreeMap<String, ListPlaces>,
    /// Lists of names with values, told as objects.
    #[serde(default)]
    pub(super) maps: BTreeMap<String, MapPlaces>,
    /// What an entry of a list says, found by what another field of it has.
    #[serde(default)]
    pub(super) found: BTreeMap<String, EntryPlaces>,
    /// A message of WhatsApp in it: its words and its type are told.
    pub(super) content: Option<Place>,
    /// A message in it as the gateway itself posts it: its words and its type are told.
    pub(super) message: Option<Place>,
}

/// A list of names with values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MapPlaces {
    #[serde(rename = "in")]
    pub(super) place: Place,
    pub(super) name: Place,
    pub(super) value: Place,
}

/// Entries of a list, one of which is looked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryPlaces {
    #[serde(rename = "in")]
    pub(super) place: Place,
    /// In the entry: what it is known by.
    pub(super) by: Place,
    /// In the part: what that must be.
    pub(super) is: Place,
    /// In the entry: what is told.
    pub(super) tell: Place,
}

/// A list in a part, or an object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListPlaces {
    #[serde(rename = "in")]
    pub(super) place: Place,
    /// It is told even if there is nothing in it: whoever takes a vote back votes for nothing.
    #[serde(default)]
    pub(super) even_empty: bool,
    /// What is told of each element; without any the element as it stands.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, Place>,
}

/// What a message without words says by its parts: the title of what was tapped, else its id; the question of a poll, else
/// the options of a vote that are texts.
pub(super) fn words(parts: &BTreeMap<Part, RawObject>) -> Option<String> {
    let chosen = parts.get(&Part::Choice).and_then(|choice| {
        let raw = choice.get("title").or_else(|| choice.get("id"))?;
        Some(word(raw))
    });
    chosen.or_else(|| {
        let poll = parts.get(&Part::Poll)?;
        if let Some(question) = poll.get("question") {
            return Some(word(question));
        }
        let options = poll.get("options")?;
        let options: Vec<&RawValue> = serde_json::from_str(options.get()).ok()?;
        let options = options.into_iter().map(|raw| text::text(raw.get()));
        let options: Vec<_> = options.collect::<Option<_>>()?;
        (!options.is_empty()).then(|| options.join(", "))
    })
}

fn word(raw: &RawValue) -> String {
    text::text(raw.get()).map_or_else(|| raw.get().to_owned(), Into::into)
}

impl Saying<'_> {
    /// Adds the parts of a message that are not there yet.
    pub(super) fn add_parts(self, parts: &mut BTreeMap<Part, RawObject>, message: Scope<'_, '_>) {
        for at in self.parts {
            self.add_part(parts, at, message);
        }
    }

    fn add_part(
        self,
        parts: &mut BTreeMap<Part, RawObject>,
        at: &PartPlaces,
        message: Scope<'_, '_>,
    ) {
        if !parts.contains_key(&at.part)
            && let Some(part) = at.part(self, message)
        {
            parts.insert(at.part, part);
        }
    }

    /// The type of a message and its words, and the product or the file that it is about. What it quotes itself is left
    /// out, so that messages in one another are read one deep.
    pub(super) fn in_short(self, message: Scope<'_, '_>) -> RawObject {
        let media = media_at(self.media, message);
        let mut parts = BTreeMap::new();
        for at in self.parts.iter().filter(|at| at.part.is_content()) {
            self.add_part(&mut parts, at, message);
        }
        let first = media.first();
        let caption = || first.and_then(|medium| medium.caption.clone());
        let text = self.text.text(message).or_else(caption);
        let kind = first.map(|medium| medium.kind.as_str());
        let kind = kind.or_else(|| parts.keys().next().map(|part| part.as_str()));
        let kind = kind.or_else(|| text.is_some().then_some("text"));
        let mut short = RawObject::new();
        for (name, value) in [
            ("type", kind.map(str::to_owned)),
            ("text", text),
            ("file_name", first.and_then(|medium| medium.name.clone())),
        ] {
            if let Some(Ok(value)) = value.map(|value| to_raw_value(&value)) {
                short.insert(name.to_owned(), value);
            }
        }
        for (part, told) in parts {
            if let Ok(told) = to_raw_value(&told) {
                short.insert(part.as_str().to_owned(), told);
            }
        }
        short
    }
}

impl PartPlaces {
    fn part(&self, saying: Saying<'_>, message: Scope<'_, '_>) -> Option<RawObject> {
        let here = self.place.first(message)?;
        let mut part = if self.is_json {
            let json = json_in(here.raw())?;
            let here = &Node::parse(json.as_bytes()).ok()?;
            self.read(saying, Scope { here, around: here })
        } else {
            let around = message.here;
            self.read(saying, Scope { here, around })
        };
        if part.is_empty() {
            return None;
        }
        for (name, value) in fields_at(&self.around, message) {
            part.entry(name).or_insert(value);
        }
        Some(part)
    }

    fn read(&self, saying: Saying<'_>, scope: Scope<'_, '_>) -> RawObject {
        let mut part = fields_at(&self.fields, scope);
        for (name, entry) in &self.found {
            if let Some(told) = entry.told(scope) {
                part.insert(name.clone(), told.raw().to_owned());
            }
        }
        for (name, place) in &self.json {
            if let Some(found) = place.first(scope) {
                part.insert(name.clone(), opened(found.raw()));
            }
        }
        for (name, list) in &self.lists {
            let even_empty = list.even_empty;
            let list = list.read(scope);
            if (even_empty || !list.is_empty())
                && let Ok(list) = to_raw_value(&list)
            {
                part.insert(name.clone(), list);
            }
        }
        for (name, object) in &self.objects {
            let found = object.read(scope).into_iter().next();
            if let Some(object) = found.filter(|object| object.get() != "{}") {
                part.insert(name.clone(), object);
            }
        }
        for (name, map) in &self.maps {
            let map = map.read(scope);
            if !map.is_empty()
                && let Ok(map) = to_raw_value(&map)
            {
                part.insert(name.clone(), map);
            }
        }
        let at = |place: &Option<Place>| place.as_ref().and_then(|place| place.first(scope));
        let around = scope.here;
        let of_whatsapp = at(&self.content).map(|here| whatsapp_in_short(here, around));
        let of_its_own = at(&self.message).map(|here| saying.in_short(Scope { here, around }));
        for (name, value) in of_whatsapp.or(of_its_own).into_iter().flatten() {
            part.entry(name).or_insert(value);
        }
        part
    }
}

impl MapPlaces {
    fn read(&self, scope: Scope<'_, '_>) -> RawObject {
        let around = scope.here;
        let entries = self.place.all(scope).into_iter().filter_map(|here| {
            let entry = Scope { here, around };
            let value = self.value.first(entry)?.raw().to_owned();
            Some((self.name.text(entry)?, value))
        });
        entries.collect()
    }
}

impl EntryPlaces {
    fn told<'n, 'a>(&self, scope: Scope<'n, 'a>) -> Option<&'n Node<'a>> {
        let wanted = self.is.text(scope)?;
        let around = scope.here;
        let entries = self.place.all(scope).into_iter().take(MOST_ENTRIES);
        let mut entries = entries.map(|here| Scope { here, around });
        let found = entries.find(|entry| self.by.text(*entry).as_deref() == Some(&wanted));
        self.tell.first(found?)
    }
}

impl ListPlaces {
    fn read(&self, scope: Scope<'_, '_>) -> Vec<Box<RawValue>> {
        let all = self.place.all(scope).into_iter();
        let elements = all.filter_map(|here| {
            if self.fields.is_empty() {
                return Some(here.raw().to_owned());
            }
            let around = scope.here;
            to_raw_value(&fields_at(&self.fields, Scope { here, around })).ok()
        });
        elements.collect()
    }
}

/// What stands at these places, by their names.
pub(super) fn fields_at(places: &BTreeMap<String, Place>, scope: Scope<'_, '_>) -> RawObject {
    let fields = places.iter().filter_map(|(name, place)| {
        let found = place.first(scope)?;
        Some((name.clone(), found.raw().to_owned()))
    });
    fields.collect()
}

/// The JSON in a text; the text, if there is none in it.
fn opened(raw: &RawValue) -> Box<RawValue> {
    let json = json_in(raw).and_then(|json| RawValue::from_string(json).ok());
    json.unwrap_or_else(|| raw.to_owned())
}

/// The text of an object or a list that stands in a text as JSON, if it goes no deeper than a body may.
pub(super) fn json_in(raw: &RawValue) -> Option<String> {
    let json = text::text(raw.get())?;
    let is_whole = json.starts_with(['{', '[']) && !is_too_deep(json.as_bytes());
    is_whole.then(|| json.into_owned())
}
