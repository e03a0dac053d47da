//! What can be configured, whichever kind it is: a specification under a name, which is masked where it is shown, has a
//! life, and may be on its way out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::chat::Name;
use crate::core::life::Life;
use crate::spec::{BufferSpec, DestinationSpec, ScheduleSpec, SpecError};
use crate::store::config::removals::{Removal, State};
use crate::store::config::{Configured, Kind, Versioned, versioned};

/// A specification as it is written, kept and shown.
pub trait Configurable: Clone + Serialize + DeserializeOwned + Send + Sync {
    /// Of which kind it is.
    const KIND: Kind;

    /// All of its kind, by their names.
    fn all(configured: &Configured) -> &BTreeMap<String, Versioned<Self>>;

    /// The same, to add to.
    fn all_mut(configured: &mut Configured) -> &mut BTreeMap<String, Versioned<Self>>;

    /// What it is called.
    fn name(&self) -> &str;

    /// The same with masks in place of its secrets.
    #[must_use]
    fn masked(self) -> Self;

    /// The same as the audit notes it: with masks also in place of people.
    #[must_use]
    fn noted(self) -> Self;

    /// The same with the secrets of `old` where masks were put back.
    ///
    /// # Errors
    /// Names the field with a mask that would be sent to another place than before.
    fn unmasked(self, old: Option<&Self>) -> Result<Self, SpecError>;
}

/// Says of a specification that it can be configured; what it is masked by it has itself, and at last by which of its methods
/// the audit notes it.
macro_rules! configurable {
    ($spec:ty, $kind:ident, $all:ident, $noted:ident) => {
        impl Configurable for $spec {
            const KIND: Kind = Kind::$kind;

            fn all(configured: &Configured) -> &BTreeMap<String, Versioned<Self>> {
                &configured.$all
            }

            fn all_mut(configured: &mut Configured) -> &mut BTreeMap<String, Versioned<Self>> {
                &mut configured.$all
            }

            fn name(&self) -> &str {
                &self.name
            }

            fn masked(self) -> Self {
                <$spec>::masked(self)
            }

            fn noted(self) -> Self {
                <$spec>::$noted(self)
            }

            fn unmasked(self, old: Option<&Self>) -> Result<Self, SpecError> {
                <$spec>::unmasked(self, old)
            }
        }
    };
}

configurable!(BufferSpec, Buffer, buffers, noted);
configurable!(DestinationSpec, Destination, destinations, masked);
configurable!(ScheduleSpec, Schedule, schedules, masked);

impl Configured {
    /// What was written of this kind under this name.
    pub fn get<T: Configurable>(&self, name: &str) -> Option<&Versioned<T>> {
        T::all(self).get(name)
    }

    /// Whether there is something of this kind that is called so.
    pub fn is_there(&self, kind: Kind, name: &Name) -> bool {
        let name = name.as_str();
        match kind {
            Kind::Buffer => self.buffers.contains_key(name),
            Kind::Destination => self.destinations.contains_key(name),
            Kind::Schedule => self.schedules.contains_key(name),
        }
    }

    /// Takes up what lies there of this kind under this name; false if this version cannot read it.
    pub(in crate::store) fn take_up<T: Configurable>(
        &mut self,
        name: &str,
        version: &str,
        spec: &str,
    ) -> bool {
        let written = versioned::<T>(version, spec);
        let is_read = written.is_some();
        T::all_mut(self).extend(written.map(|written| (name.to_owned(), written)));
        is_read
    }

    /// The life of what is configured so; that of what an older Lull wrote a moment ago has not begun.
    pub fn life(&self, kind: Kind, name: &Name) -> Life {
        let state = self.states.get(&kind.field(name));
        state.map_or(Life::ALWAYS, State::life)
    }

    /// Whether something of this kind lives under this name, and is not being removed.
    pub(in crate::store) fn lives(&self, kind: Kind, name: &Name) -> bool {
        let state = self.states.get(&kind.field(name));
        matches!(state, Some(State::Alive(_)))
    }

    /// How something is being removed.
    pub fn removal(&self, kind: Kind, name: &Name) -> Option<&Removal> {
        match self.states.get(&kind.field(name))? {
            State::Removing(removal) => Some(removal),
            State::Alive(_) => None,
        }
    }

    /// All that is being removed.
    pub fn removals(&self) -> impl Iterator<Item = (Kind, Name, &Removal)> {
        self.states.iter().filter_map(|(field, state)| {
            let State::Removing(removal) = state else {
                return None;
            };
            let (word, name) = field.split_once(':')?;
            Some((Kind::of(word)?, Name::parse(name).ok()?, removal))
        })
    }

    /// Whether something was written by a Lull that knew no lives.
    pub fn wants_adoption(&self) -> bool {
        let has_no_life = |(kind, name): (Kind, &String)| {
            let field = format!("{}:{name}", kind.as_str());
            !self.states.contains_key(&field)
        };
        self.all_names().any(has_no_life)
    }

    /// The names of all that is configured, with their kinds.
    fn all_names(&self) -> impl Iterator<Item = (Kind, &String)> {
        let buffers = self.buffers.keys().map(|name| (Kind::Buffer, name));
        let destinations = self.destinations.keys();
        let schedules = self.schedules.keys();
        buffers
            .chain(destinations.map(|name| (Kind::Destination, name)))
            .chain(schedules.map(|name| (Kind::Schedule, name)))
    }
}
