//! Where a message has its media, and of which kind they are.

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;

use super::card::Card;
use super::event::Media;
use super::parts::{fields_at, json_in};
use super::place::{Place, Scope};
use super::preset::{FilePlaces, MediaPlaces};
use super::reading::text_at;
use crate::core::item::MediaKind;
use crate::core::json::RawObject;
use crate::core::json::node::Node;

/// The media at these places of a message, in order.
pub(super) fn media_at(places: &[MediaPlaces], message: Scope<'_, '_>) -> Vec<Media> {
    let media = places.iter().flat_map(|at| at.media(message));
    media.collect()
}

impl MediaPlaces {
    fn media(&self, message: Scope<'_, '_>) -> Vec<Media> {
        let found = self.place.all(message).into_iter();
        let around = message.here;
        if self.is_json {
            return found.flat_map(|text| self.media_in(text)).collect();
        }
        let media = found.map(|here| self.medium(Scope { here, around }));
        media.collect()
    }

    /// The media that a text with JSON in it tells of.
    fn media_in(&self, text: &Node<'_>) -> Vec<Media> {
        let Some(json) = json_in(text.raw()) else {
            return Vec::new();
        };
        let Ok(parsed) = Node::parse(json.as_bytes()) else {
            return Vec::new();
        };
        let found = match parsed.items() {
            [] if parsed.is_object() => std::slice::from_ref(&parsed),
            items => items,
        };
        let media = found
            .iter()
            .map(|here| self.medium(Scope { here, around: here }));
        media.collect()
    }

    fn medium(&self, medium: Scope<'_, '_>) -> Media {
        let mime = text_at(self.mime.as_ref(), medium);
        let named = || kind_named(&text_at(self.kind_at.as_ref(), medium)?);
        let mut details = fields_at(&self.details, medium);
        let mut name = text_at(self.name.as_ref(), medium);
        if let Some(card) = text_at(self.card.as_ref(), medium) {
            let Card { called, phones } = Card::read(&card);
            name = name.or(called);
            tell(&mut details, "vcard", &card);
            let told = details.get("phones").is_some_and(|raw| raw.get() != "[]");
            if !phones.is_empty() && !told {
                tell(&mut details, "phones", &phones);
            }
        }
        // Where a gateway tells one number, it is told in the same way as several.
        if let (Some(phone), false) = (details.get("phone"), details.contains_key("phones")) {
            let phones = [phone.to_owned()];
            tell(&mut details, "phones", &phones);
        }
        Media {
            kind: self
                .kind
                .or_else(named)
                .unwrap_or_else(|| kind_of_mime(mime.as_deref().unwrap_or_default())),
            url: text_at(self.url.as_ref(), medium),
            id: text_at(self.id.as_ref(), medium),
            caption: text_at(self.caption.as_ref(), medium),
            name,
            size: number_at(self.size.as_ref(), medium),
            base64: text_at(self.base64.as_ref(), medium),
            details,
            mime,
        }
    }
}

impl FilePlaces {
    /// Tells of a medium what the gateway says beside the message.
    pub(super) fn tell(&self, medium: &mut Media, message: Scope<'_, '_>) {
        if self.is_encrypted {
            medium.url = None;
        }
        for (told, place) in [
            (&mut medium.url, &self.url),
            (&mut medium.mime, &self.mime),
            (&mut medium.name, &self.name),
            (&mut medium.base64, &self.base64),
        ] {
            if let Some(found) = text_at(place.as_ref(), message) {
                *told = Some(found);
            }
        }
        if let Some(size) = number_at(self.size.as_ref(), message) {
            medium.size = Some(size);
        }
        if medium.url.is_none() && medium.base64.is_none() {
            medium.details.extend(fields_at(&self.unloaded, message));
        }
    }
}

fn tell(details: &mut RawObject, name: &str, value: &(impl Serialize + ?Sized)) {
    if let Ok(value) = to_raw_value(value) {
        details.insert(name.to_owned(), value);
    }
}

fn kind_named(name: &str) -> Option<MediaKind> {
    MediaKind::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
}

fn kind_of_mime(mime: &str) -> MediaKind {
    match mime.split_once('/') {
        Some(("image", _)) => MediaKind::Image,
        Some(("audio", _)) => MediaKind::Audio,
        Some(("video", _)) => MediaKind::Video,
        Some(("text", "vcard" | "x-vcard")) => MediaKind::Contact,
        _ => MediaKind::Document,
    }
}

fn number_at(place: Option<&Place>, scope: Scope<'_, '_>) -> Option<u64> {
    text_at(place, scope)?.parse().ok()
}
