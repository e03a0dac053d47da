//! What destinations share that lead to the same place: one thing for each key, kept as long as a destination has it.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The things that are shared, by their keys.
pub(super) struct Shared<K, T>(Mutex<HashMap<K, Weak<T>>>);

impl<K, T> Default for Shared<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K, T> fmt::Debug for Shared<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A key may hold a password.
        f.write_str("Shared")
    }
}

impl<K: Eq + Hash, T> Shared<K, T> {
    /// That of a key; it is made where nobody has it.
    ///
    /// # Errors
    /// It cannot be made.
    pub(super) fn get<E>(&self, key: K, make: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = all.get(&key).and_then(Weak::upgrade) {
            return Ok(there);
        }
        let made = Arc::new(make()?);
        all.retain(|_, it| it.strong_count() > 0);
        all.insert(key, Arc::downgrade(&made));
        Ok(made)
    }
}
