//! The words of metrics' labels: each label has an enum, and shows all its words from the start.

use strum::{IntoStaticStr, VariantArray};

/// Why a message that was taken in is in no window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Dropped {
    /// The same was said just before.
    Repeated,
    /// The chat is left to a person.
    Paused,
}

/// What found a window that was to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum FoundBy {
    /// An expired event.
    Event,
    /// The sweep.
    Sweep,
}

/// The words of an enum, so that a label shows each that there can be.
pub(super) fn words<T: VariantArray + Copy + Into<&'static str>>()
-> impl Iterator<Item = &'static str> {
    T::VARIANTS.iter().map(|&word| word.into())
}
