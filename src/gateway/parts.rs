//! The typed parts of a message: a choice, an order, what it quotes.

use std::collections::BTreeMap;

use serde_json::value::{RawValue, to_raw_value};

use super::event::Part;
use super::opened::quoted_in_short;
use super::preset::{ListPlaces, PartPlaces, Place, Scope};
use crate::core::json::RawObject;
use crate::core::json::node::Node;
use crate::core::json::text;

/// What a message says that somebody tapped: the title of what it was, else its id.
pub(super) fn chosen(choice: &RawObject) -> Option<String> {
    let raw = choice.get("title").or_else(|| choice.get("id"))?;
    match text::text(raw.get()) {
        Some(text) => Some(text.into_owned()),
        None => Some(raw.get().to_owned()),
    }
}

/// Adds the parts at these places of a message that are not there yet.
pub(super) fn add_parts(
    parts: &mut BTreeMap<Part, RawObject>,
    places: &[PartPlaces],
    message: Scope<'_, '_>,
) {
    for at in places {
        if !parts.contains_key(&at.part)
            && let Some(part) = at.part(message)
        {
            parts.insert(at.part, part);
        }
    }
}

impl PartPlaces {
    fn part(&self, message: Scope<'_, '_>) -> Option<RawObject> {
        let here = self.place.first(message)?;
        let mut part = if self.is_json {
            let json = text::text(here.raw().get())?;
            let here = &Node::parse(json.as_bytes()).ok()?;
            self.read(Scope { here, around: here })
        } else {
            let around = message.here;
            self.read(Scope { here, around })
        };
        for (name, value) in fields_at(&self.around, message) {
            part.entry(name).or_insert(value);
        }
        (!part.is_empty()).then_some(part)
    }

    fn read(&self, scope: Scope<'_, '_>) -> RawObject {
        let mut part = fields_at(&self.fields, scope);
        for (name, place) in &self.json {
            if let Some(found) = place.first(scope) {
                part.insert(name.clone(), opened(found.raw()));
            }
        }
        for (name, list) in &self.lists {
            let list = list.read(scope);
            if !list.is_empty()
                && let Ok(list) = to_raw_value(&list)
            {
                part.insert(name.clone(), list);
            }
        }
        if let Some(place) = &self.content
            && let Some(here) = place.first(scope)
        {
            for (name, value) in quoted_in_short(here, scope.here) {
                part.entry(name).or_insert(value);
            }
        }
        part
    }
}

impl ListPlaces {
    fn read(&self, scope: Scope<'_, '_>) -> Vec<RawObject> {
        let all = self.place.all(scope).into_iter();
        let objects = all.map(|here| {
            fields_at(
                &self.fields,
                Scope {
                    here,
                    around: scope.here,
                },
            )
        });
        objects.collect()
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
    let json = text::text(raw.get()).and_then(|text| {
        let is_whole = text.starts_with(['{', '[']);
        is_whole.then(|| RawValue::from_string(text.into_owned()).ok())?
    });
    json.unwrap_or_else(|| raw.to_owned())
}
