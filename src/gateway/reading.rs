//! The one reader of all presets.

use super::address::Address;
use super::event::{Author, Changed, Event, Own, PERHAPS_EDIT, Said};
use super::opened::{Message, OF_TEXT};
use super::parts::{self, fields_at};
use super::party::{Groups, Party, Person};
use super::person::PersonPlaces;
use super::place::{Place, Scope};
use super::preset::{Preset, Rule, Verdict};
use super::time;
use crate::core::ignored::Ignored;
use crate::core::json::node::Node;

/// Most messages that are read of one post; Meta puts at most 1,000 into one.
const MAX_MESSAGES: usize = 4096;

/// Most characters of a name that a reason quotes.
const MAX_SHOWN: usize = 64;

impl Preset {
    /// What posts say, in their order; nothing if they have no envelope at all.
    pub(super) fn read(&self, bodies: &[&Node<'_>], groups: Groups) -> Vec<Event> {
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
                if events.len() >= MAX_MESSAGES {
                    let reason = format!("the rest of a post of more than {MAX_MESSAGES} messages");
                    events.push(Event::ignored(Ignored::TooMany, reason));
                    return events;
                }
                let message = Message::of(self, Scope { here, around }, groups);
                events.extend(self.hear(&message));
            }
        }
        events
    }

    /// What a message is; several messages may be taken back by one.
    fn hear(&self, message: &Message<'_, '_>) -> Vec<Event> {
        let Some(rule) = message.rule() else {
            return vec![if self.is_own(message) {
                self.own(message)
            } else {
                self.said(message)
            }];
        };
        let event = match &rule.verdict {
            Verdict::Own => self.own(message),
            Verdict::Said => self.said(message),
            Verdict::Typing => self.typing(message),
            Verdict::Edit => {
                let edited = message.edited().map(|(id, text)| (id, Some(text)));
                self.changed(message, Ignored::Edit, edited)
            }
            Verdict::PerhapsEdit => {
                let edited = message.edited().map(|(id, text)| (id, Some(text)));
                let mut event = self.changed(message, Ignored::Edit, edited);
                match &mut event {
                    Event::Changed(changed) => changed.perhaps = true,
                    Event::Ignored { reason, .. } => PERHAPS_EDIT.clone_into(reason),
                    Event::Said(_) | Event::Own(_) | Event::Typing { .. } => {}
                }
                event
            }
            Verdict::Deletion => {
                let deleted = |id| self.changed(message, Ignored::Deletion, id);
                let ids = message.deleted();
                if ids.is_empty() {
                    return vec![deleted(None)];
                }
                let ids = ids.into_iter().take(MAX_MESSAGES);
                return ids.map(|id| deleted(Some((id, None)))).collect();
            }
            Verdict::Ignore(why) => Event::Ignored {
                why: *why,
                reason: told(*why, rule, message.scope),
                party: self.party(&self.person, message),
                writer: self.writer(*why, message),
            },
        };
        vec![event]
    }

    /// Whether it is ours, by what the gateway says or by our addresses in a group.
    fn is_own(&self, message: &Message<'_, '_>) -> bool {
        let by_us = message.group.as_ref().is_some_and(|group| group.by_us);
        by_us || self.is_told_own(message)
    }

    /// The same by what the gateway says alone.
    pub(super) fn is_told_own(&self, message: &Message<'_, '_>) -> bool {
        let own = self.own.as_ref().and_then(|own| own.when.as_ref());
        own.is_some_and(|own| own.holds(message.scope))
    }

    fn said(&self, message: &Message<'_, '_>) -> Event {
        let scope = message.scope;
        let media = message.media();
        let parts = message.parts();
        let caption = || media.iter().find_map(|medium| medium.caption.clone());
        let text = message.text().or_else(caption);
        let text = text.or_else(|| parts::words(&parts));
        if text.is_none() && media.is_empty() && !parts.keys().any(|part| part.is_content()) {
            let (why, reason) = self.nothing_said(message);
            return Event::ignored_of(why, reason, self.party(&self.person, message));
        }
        let Some(party) = self.party(&self.person, message) else {
            return Event::ignored(Ignored::Unnamed, Ignored::Unnamed.text().to_owned());
        };
        Event::Said(Said {
            party,
            text,
            id: self.id_of(scope),
            pass: fields_at(&self.pass, scope),
            sender: text_at(self.sender.as_ref(), scope).or_else(|| self.person.sender(scope)),
            at: text_at(self.at.as_ref(), scope).and_then(|at| time::millis(&at)),
            media,
            parts,
        })
    }

    /// Why there is nothing in a message.
    fn nothing_said(&self, message: &Message<'_, '_>) -> (Ignored, String) {
        let of = |why: Ignored| (why, why.text().to_owned());
        let Scope { here, around } = message.scope;
        if message.is_beside() {
            return (Ignored::Notice, "a notice of WhatsApp".to_owned());
        }
        match self.type_of(message) {
            Some(name) if OF_TEXT.contains(&name.as_str()) => of(Ignored::Empty),
            Some(name) => {
                let reason = format!("a message of type {}", quoted(&name));
                (Ignored::UnknownType, reason)
            }
            // An envelope that stands for the messages that it has not.
            None if self.messages.is_some() && std::ptr::eq(here, around) => {
                of(Ignored::NotAMessage)
            }
            None => of(Ignored::Empty),
        }
    }

    fn own(&self, message: &Message<'_, '_>) -> Event {
        let text = message.text();
        let own = self.own.as_ref();
        let person = own.and_then(|own| own.person.as_ref());
        let Some(party) = self.party_of_own(person.unwrap_or(&self.person), message) else {
            let reason = "our own message, and it does not tell to whom";
            return Event::ignored(Ignored::Own, reason.to_owned());
        };
        let message = message.scope;
        let author = own.map(|own| own.author(message));
        let (by, user) = author.unwrap_or((Author::Unknown, None));
        Event::Own(Own {
            party,
            by,
            user,
            text,
            id: text_at(self.id.as_ref(), message),
        })
    }

    /// What a person changed, by the id of the message and its words now. `why` is what it is where it does not tell
    /// enough, or where we changed something ourselves.
    fn changed(
        &self,
        message: &Message<'_, '_>,
        why: Ignored,
        changed: Option<(String, Option<String>)>,
    ) -> Event {
        let places = match why {
            Ignored::Deletion => &self.deletion,
            _ => &self.edit,
        };
        let misnamed = places.as_ref().and_then(|places| places.misnamed.as_ref());
        let anywhere = message.group.is_none()
            && misnamed.is_some_and(|misnamed| misnamed.holds(message.scope));
        let is_own = !anywhere && self.is_own(message);
        let party = self.party(&self.person, message);
        let message = message.scope;
        match (changed, party) {
            (Some((id, text)), Some(party)) if !is_own => Event::Changed(Changed {
                party,
                id,
                text,
                anywhere,
                sender: text_at(self.sender.as_ref(), message)
                    .or_else(|| self.person.sender(message)),
                at: text_at(self.at.as_ref(), message).and_then(|at| time::millis(&at)),
                pass: fields_at(&self.pass, message),
                perhaps: false,
            }),
            (_, party) => Event::ignored_of(why, why.text().to_owned(), party),
        }
    }

    fn typing(&self, message: &Message<'_, '_>) -> Event {
        let Some(places) = &self.typing else {
            return Event::ignored(Ignored::Presence, "a typing signal".to_owned());
        };
        let Some(party) = self.party(&self.person, message) else {
            let reason = "a typing signal, and it does not tell whose";
            return Event::ignored(Ignored::Unnamed, reason.to_owned());
        };
        let state = places.state.text(message.scope).unwrap_or_default();
        let typing = places.on.contains(&state);
        if !typing && !places.off.contains(&state) {
            let reason = format!("presence {}", quoted(&state));
            return Event::ignored_of(Ignored::Presence, reason, Some(party));
        }
        Event::Typing { party, typing }
    }

    fn party(&self, places: &PersonPlaces, message: &Message<'_, '_>) -> Option<Party> {
        let in_group = message.group.as_ref();
        let person = match in_group {
            Some(in_group) => in_group.person.clone(),
            None => places.person(message.scope),
        };
        let group = in_group.map(|in_group| in_group.group.clone());
        let is_whole = group.as_ref().is_some_and(|group| !group.by_sender);
        let is_named = is_whole || !person.name().trim().is_empty();
        is_named.then(|| Party {
            line: self.line_of(message.scope),
            person,
            group,
        })
    }

    /// To whom we wrote; in a group it is to all of them.
    fn party_of_own(&self, places: &PersonPlaces, message: &Message<'_, '_>) -> Option<Party> {
        let Some(in_group) = &message.group else {
            return self.party(places, message);
        };
        (!in_group.group.by_sender).then(|| Party {
            line: self.line_of(message.scope),
            person: Person::default(),
            group: Some(in_group.group.clone()),
        })
    }

    fn line_of(&self, message: Scope<'_, '_>) -> Option<String> {
        let line = text_at(self.line.as_ref(), message);
        line.map(|line| Address::parse(&line).into_text())
    }

    fn type_of(&self, message: &Message<'_, '_>) -> Option<String> {
        let scope = message.scope;
        let told = text_at(self.kind.as_ref(), scope);
        let named = told.or_else(|| message.type_name().map(str::to_owned));
        named.or_else(|| {
            let mut objects = scope.here.fields().filter(|(_, value)| value.is_object());
            objects
                .find(|(name, _)| {
                    !self.not_a_type.is_empty()
                        && !self.not_a_type.iter().any(|known| known == name)
                })
                .map(|(name, _)| name.to_owned())
        })
    }
}

pub(super) fn text_at(place: Option<&Place>, scope: Scope<'_, '_>) -> Option<String> {
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
