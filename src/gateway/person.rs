//! Who a message is from or to: all names that a post gives a person.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::address::Address;
use super::opened::Message;
use super::party::{Group, Groups, Person};
use super::place::{Place, Scope};
use super::preset::Preset;
use crate::core::ignored::Ignored;
use crate::core::json::node::Node;

/// Most entries that are looked through for the one of a message, so that a post of thousands of both is read in time.
const MOST_CONTACTS: usize = 256;

/// Where a person is named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonPlaces {
    /// The gateway's own name of the conversation.
    id: Option<Place>,
    /// Addresses, which tell by their form whether they are a number or an alias. All of them are looked at.
    #[serde(default)]
    addresses: Vec<Place>,
    /// An entry about the person beside the message.
    contact: Option<ContactPlaces>,
}

/// Where entries about people stand beside the messages. That of a message is the one with an address of it, or the
/// only one, as long as it has no address of somebody else.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactPlaces {
    #[serde(rename = "in")]
    place: Place,
    /// By the name of an address in the entry: the same address in the message.
    is: BTreeMap<String, Place>,
    /// How the person calls themself, in the entry.
    name: Option<Place>,
}

impl PersonPlaces {
    /// The person by all names that stand there; perhaps by none.
    pub(super) fn person(&self, message: Scope<'_, '_>) -> Person {
        let mut person = Person {
            id: self.id.as_ref().and_then(|place| place.text(message)),
            ..Person::default()
        };
        for address in &self.addresses {
            if let Some(text) = address.text(message) {
                name(&mut person, &text);
            }
        }
        if let Some((contact, places)) = self.contact(message) {
            for field in places.is.keys() {
                if let Some(text) = contact.field(field).and_then(Node::text) {
                    name(&mut person, &text);
                }
            }
        }
        person
    }

    /// How the person calls themself, by the entry about them.
    pub(super) fn sender(&self, message: Scope<'_, '_>) -> Option<String> {
        let (here, places) = self.contact(message)?;
        let around = message.here;
        places.name.as_ref()?.text(Scope { here, around })
    }

    fn contact<'n, 'a>(&self, message: Scope<'n, 'a>) -> Option<(&'n Node<'a>, &ContactPlaces)> {
        let places = self.contact.as_ref()?;
        let contacts = places.place.all(message);
        let mut looked_at = contacts.iter().take(MOST_CONTACTS);
        let found = looked_at.find(|contact| places.belongs(contact, message) == Some(true));
        let only = || match contacts.as_slice() {
            [only] if places.belongs(only, message).is_none() => Some(only),
            _ => None,
        };
        Some((found.or_else(only)?, places))
    }
}

/// Where a message tells that it was written in a group.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupPlaces {
    /// The group; in other messages there is nothing.
    id: Place,
    /// Who wrote in it.
    person: PersonPlaces,
    /// Our own addresses: whoever writes under one of them is us.
    #[serde(default)]
    us: Vec<Place>,
}

impl GroupPlaces {
    /// The group that a message was written in, and by whom.
    pub(super) fn group(&self, message: Scope<'_, '_>, groups: Groups) -> Option<InGroup> {
        if groups == Groups::Ignore {
            return None;
        }
        let id = self.id.text(message)?;
        let person = self.person.person(message);
        let ours = self.us.iter().filter_map(|place| place.text(message));
        let mut ours = ours.map(|us| Address::parse(&us).into_text());
        Some(InGroup {
            by_us: ours
                .any(|us| person.phone.as_ref() == Some(&us) || person.alias.as_ref() == Some(&us)),
            group: Group {
                id,
                by_sender: groups == Groups::BySender,
            },
            person,
        })
    }
}

impl Preset {
    /// Who wrote in a group that is ignored; nobody, if it was one of us.
    pub(super) fn writer(&self, why: Ignored, message: &Message<'_, '_>) -> Option<Person> {
        let group = self.group.as_ref().filter(|_| why == Ignored::Group)?;
        let in_group = group.group(message.scope, Groups::Whole)?;
        let is_own = in_group.by_us || self.is_told_own(message);
        Some(in_group.person).filter(|person| !is_own && !person.name().trim().is_empty())
    }
}

/// A message that was written in a group.
pub(super) struct InGroup {
    pub(super) group: Group,
    /// Who wrote it.
    pub(super) person: Person,
    /// It was one of us, whatever the gateway says.
    pub(super) by_us: bool,
}

impl ContactPlaces {
    /// Whether an entry is about the person of a message; none if nothing in it tells.
    fn belongs(&self, contact: &Node<'_>, message: Scope<'_, '_>) -> Option<bool> {
        let mut same = None;
        for (field, place) in &self.is {
            let (Some(theirs), Some(given)) = (
                contact.field(field).and_then(Node::text),
                place.text(message),
            ) else {
                continue;
            };
            if *theirs != *given && Address::parse(&theirs) != Address::parse(&given) {
                return Some(false);
            }
            same = Some(true);
        }
        same
    }
}

/// Notes an address as the number or the alias of a person, unless one is known already.
fn name(person: &mut Person, address: &str) {
    match Address::parse(address) {
        Address::Phone(phone) => drop(person.phone.get_or_insert(phone)),
        Address::Alias(alias) => drop(person.alias.get_or_insert(alias)),
    }
}
