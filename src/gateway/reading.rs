//! The one reader of all presets.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use super::address::Address;
use super::event::{Author, Event, Media, MediaKind, Own, Party, Said};
use super::person::PersonPlaces;
use super::preset::{MediaPlaces, Place, Preset, Rule, Scope, Time, Unit, Verdict};
use crate::core::batch::Millis;
use crate::core::ignored::Ignored;
use crate::core::json::node::Node;

/// Most messages that are read of one post; Meta puts at most 1,000 into one.
const MAX_MESSAGES: usize = 4096;

/// Most characters of a name that a reason quotes.
const MAX_SHOWN: usize = 64;

impl Preset {
    /// What posts say, in their order; nothing if they have no envelope at all.
    pub(super) fn read(&self, bodies: &[&Node<'_>]) -> Vec<Event> {
        let envelopes = bodies.iter().flat_map(|&body| match &self.envelopes {
            Some(path) => path.all(body),
            None => vec![body],
        });
        let mut events = Vec::new();
        for around in envelopes {
            let mut messages = match &self.messages {
                Some(path) => path.all(around),
                None => Vec::new(),
            };
            if messages.is_empty() {
                messages.push(around);
            }
            for here in messages {
                if events.len() == MAX_MESSAGES {
                    let reason = format!("the rest of a post of more than {MAX_MESSAGES} messages");
                    events.push(Event::ignored(Ignored::TooMany, reason));
                    return events;
                }
                events.push(self.hear(Scope { here, around }));
            }
        }
        events
    }

    fn hear(&self, message: Scope<'_, '_>) -> Event {
        match self.rules.iter().find(|rule| rule.when.holds(message)) {
            None => self.said(message),
            Some(rule) => match &rule.verdict {
                Verdict::Own => self.own(message),
                Verdict::Typing => self.typing(message),
                Verdict::Ignore(why) => Event::Ignored {
                    why: *why,
                    reason: told(*why, rule, message),
                    party: self.party(&self.person, message),
                },
            },
        }
    }

    fn said(&self, message: Scope<'_, '_>) -> Event {
        let media: Vec<_> = self.media.iter().flat_map(|at| at.media(message)).collect();
        let caption = || media.iter().find_map(|medium| medium.caption.clone());
        let text = self.text.text(message).or_else(caption);
        if text.is_none() && media.is_empty() {
            let (why, reason) = match self.type_of(message) {
                Some(name) => (
                    Ignored::UnknownType,
                    format!("a message of type {}", quoted(&name)),
                ),
                None => (Ignored::Empty, Ignored::Empty.text().to_owned()),
            };
            return Event::Ignored {
                why,
                reason,
                party: self.party(&self.person, message),
            };
        }
        let Some(party) = self.party(&self.person, message) else {
            return Event::ignored(Ignored::Unnamed, Ignored::Unnamed.text().to_owned());
        };
        Event::Said(Said {
            party,
            text,
            id: text_at(self.id.as_ref(), message),
            sender: text_at(self.sender.as_ref(), message).or_else(|| self.person.sender(message)),
            at: self.at.as_ref().and_then(|at| at.millis(message)),
            media,
        })
    }

    fn own(&self, message: Scope<'_, '_>) -> Event {
        let own = self.own.as_ref();
        let person = own.and_then(|own| own.person.as_ref());
        let Some(party) = self.party(person.unwrap_or(&self.person), message) else {
            let reason = "our own message, and it does not tell to whom";
            return Event::ignored(Ignored::Own, reason.to_owned());
        };
        let wrote = |place: Option<&Place>| place.is_some_and(|place| place.holds(message));
        let by = if wrote(own.and_then(|own| own.bot.as_ref())) {
            Author::Bot
        } else if wrote(own.and_then(|own| own.human.as_ref())) {
            Author::Human
        } else {
            Author::Unknown
        };
        Event::Own(Own {
            party,
            by,
            text: self.text.text(message),
            id: text_at(self.id.as_ref(), message),
        })
    }

    fn typing(&self, message: Scope<'_, '_>) -> Event {
        let Some(places) = &self.typing else {
            return Event::ignored(Ignored::Presence, "a typing signal".to_owned());
        };
        let Some(party) = self.party(&self.person, message) else {
            let reason = "a typing signal, and it does not tell whose";
            return Event::ignored(Ignored::Unnamed, reason.to_owned());
        };
        let state = places.state.text(message).unwrap_or_default();
        let typing = places.on.contains(&state);
        if !typing && !places.off.contains(&state) {
            return Event::Ignored {
                why: Ignored::Presence,
                reason: format!("presence {}", quoted(&state)),
                party: Some(party),
            };
        }
        Event::Typing { party, typing }
    }

    fn party(&self, places: &PersonPlaces, message: Scope<'_, '_>) -> Option<Party> {
        let person = places.person(message);
        let line = text_at(self.line.as_ref(), message);
        (!person.name().trim().is_empty()).then(|| Party {
            line: line.map(|line| Address::parse(&line).into_text()),
            person,
        })
    }

    fn type_of(&self, message: Scope<'_, '_>) -> Option<String> {
        text_at(self.kind.as_ref(), message).or_else(|| {
            let mut objects = message.here.fields().filter(|(_, value)| value.is_object());
            objects
                .find(|(name, _)| {
                    !self.not_a_type.is_empty()
                        && !self.not_a_type.iter().any(|known| known == name)
                })
                .map(|(name, _)| name.to_owned())
        })
    }
}

impl MediaPlaces {
    fn media(&self, message: Scope<'_, '_>) -> Vec<Media> {
        let media = self.place.all(message).into_iter();
        media
            .map(|here| {
                self.medium(Scope {
                    here,
                    around: message.here,
                })
            })
            .collect()
    }

    fn medium(&self, medium: Scope<'_, '_>) -> Media {
        let mime = text_at(self.mime.as_ref(), medium);
        let named = || kind_named(&text_at(self.kind_at.as_ref(), medium)?);
        let details = self.details.iter().filter_map(|(name, place)| {
            Some((name.clone(), place.first(medium)?.raw().to_owned()))
        });
        Media {
            kind: self
                .kind
                .or_else(named)
                .unwrap_or_else(|| kind_of_mime(mime.as_deref().unwrap_or_default())),
            url: text_at(self.url.as_ref(), medium),
            id: text_at(self.id.as_ref(), medium),
            caption: text_at(self.caption.as_ref(), medium),
            name: text_at(self.name.as_ref(), medium),
            details: details.collect(),
            mime,
        }
    }
}

impl Time {
    fn millis(&self, message: Scope<'_, '_>) -> Option<Millis> {
        let text = self.place.text(message)?;
        match text.parse::<u64>() {
            Ok(number) => number.checked_mul(match self.unit {
                Unit::Seconds => 1000,
                Unit::Millis => 1,
            }),
            Err(_) => {
                let time = chrono::DateTime::parse_from_rfc3339(&text).ok()?;
                time.timestamp_millis().try_into().ok()
            }
        }
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

fn text_at(place: Option<&Place>, scope: Scope<'_, '_>) -> Option<String> {
    place.and_then(|place| place.text(scope))
}

/// The reason of a rule for people.
fn told(why: Ignored, rule: &Rule, message: Scope<'_, '_>) -> String {
    let reason = rule.why.as_deref().unwrap_or(why.text());
    let shown = text_at(rule.show.as_ref(), message).unwrap_or_default();
    reason.replace("{}", &quoted(&shown))
}

/// A name out of a body as a reason may quote it, whatever somebody has put there.
fn quoted(name: &str) -> String {
    if name.is_empty() {
        return "(none)".to_owned();
    }
    name.chars()
        .filter(|c| !c.is_control())
        .take(MAX_SHOWN)
        .collect()
}
