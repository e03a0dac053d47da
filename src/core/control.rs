//! What an operator has stopped: nothing begins there until it is started again, and nothing is lost meanwhile.

use std::collections::BTreeSet;
use std::fmt;

use super::chat::Name;

/// What can be stopped and started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All deliveries.
    Everything,
    /// What comes from one buffer.
    Buffer(Name),
    /// What goes to one destination.
    Destination(Name),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everything => f.write_str("everything"),
            Self::Buffer(name) => write!(f, "buffer {name}"),
            Self::Destination(name) => write!(f, "destination {name}"),
        }
    }
}

/// All that is stopped. Messages are taken in and windows close as ever; only attempts do not begin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// All deliveries, by an operator's word; none while nobody has said anything.
    pub everything: Option<bool>,
    /// Buffers.
    pub buffers: BTreeSet<Name>,
    /// Destinations.
    pub destinations: BTreeSet<Name>,
}

impl Stops {
    /// Whether all deliveries are stopped.
    pub fn all(&self) -> bool {
        self.everything == Some(true)
    }

    /// Whether nothing may begin to go to a destination.
    pub fn holds_to(&self, destination: &Name) -> bool {
        self.all() || self.destinations.contains(destination)
    }

    /// Whether nothing that comes from a buffer may begin.
    pub fn holds_from(&self, buffer: &Name) -> bool {
        self.all() || self.buffers.contains(buffer)
    }

    /// How much of what is stopped, as metrics show it.
    pub fn counts(&self) -> [(&'static str, usize); 3] {
        [
            ("everything", usize::from(self.all())),
            ("buffers", self.buffers.len()),
            ("destinations", self.destinations.len()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    #[test]
    fn what_is_stopped_holds_only_its_own() {
        let stops = Stops {
            everything: Some(false),
            buffers: [name("loja")].into(),
            destinations: [name("bot")].into(),
        };

        assert!(stops.holds_from(&name("loja")) && !stops.holds_from(&name("bot")));
        assert!(stops.holds_to(&name("bot")) && !stops.holds_to(&name("loja")));
        assert!(!stops.all());
        assert_eq!(stops.counts().map(|(_, count)| count), [0, 1, 1]);
    }

    #[test]
    fn everything_holds_all() {
        let stops = Stops {
            everything: Some(true),
            ..Stops::default()
        };

        assert!(stops.holds_from(&name("loja")) && stops.holds_to(&name("bot")));
        assert_eq!(Stops::default().counts().map(|(_, count)| count), [0; 3]);
    }
}
