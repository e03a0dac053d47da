//! What is sealed with a key that is not here. A daemon does not start with it; one that runs goes on by what it knew, as
//! far as that is the same version, and leaves alone what was written since.

use std::mem;

use crate::spec::{BufferSpec, DestinationSpec, ScheduleSpec};
use crate::store::StoreError;
use crate::store::config::configurable::Configurable;
use crate::store::config::{Configured, Kind};

/// What is known of something that is sealed with a key that is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Locked {
    /// The version of the configuration that its last write made.
    pub(super) version: u64,
    /// What the key is called.
    pub(super) key: String,
}

impl Locked {
    fn error(&self, field: &str) -> StoreError {
        StoreError::Sealed {
            field: field.to_owned(),
            key: self.key.clone(),
        }
    }
}

impl Configured {
    /// Takes over from what was known before what is sealed with a key that is not here: as far as nobody has written it
    /// since, it says the same.
    pub fn keep_known(&mut self, known: &Self) {
        for (field, locked) in mem::take(&mut self.locked) {
            let kind = field
                .split_once(':')
                .map(|(word, name)| (Kind::of(word), name));
            let kept = match kind {
                Some((Some(Kind::Buffer), name)) => {
                    self.keep::<BufferSpec>(known, name, locked.version)
                }
                Some((Some(Kind::Destination), name)) => {
                    self.keep::<DestinationSpec>(known, name, locked.version)
                }
                Some((Some(Kind::Schedule), name)) => {
                    self.keep::<ScheduleSpec>(known, name, locked.version)
                }
                _ => false,
            };
            if !kept {
                self.locked.insert(field, locked);
            }
        }
    }

    fn keep<T: Configurable>(&mut self, known: &Self, name: &str, version: u64) -> bool {
        let known = known.get::<T>(name);
        let known = known.filter(|known| known.version == version).cloned();
        let is_known = known.is_some();
        T::all_mut(self).extend(known.map(|known| (name.to_owned(), known)));
        is_known
    }

    /// Refuses what is sealed with a key that is not here: nobody knows what it says.
    ///
    /// # Errors
    /// Names it and the key.
    pub fn is_open(&self, kind: Kind, name: &str) -> Result<(), StoreError> {
        let field = format!("{}:{name}", kind.as_str());
        match self.locked.get(&field) {
            None => Ok(()),
            Some(locked) => Err(locked.error(&field)),
        }
    }

    /// Refuses anything that is sealed with a key that is not here.
    ///
    /// # Errors
    /// Names the first and its key.
    pub fn all_is_open(&self) -> Result<(), StoreError> {
        match self.locked_errors().next() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// What is to be said of all that is sealed with a key that is not here.
    pub fn locked_errors(&self) -> impl Iterator<Item = StoreError> {
        self.locked
            .iter()
            .map(|(field, locked)| locked.error(field))
    }
}
