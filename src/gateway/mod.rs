//! The gateways that Lull knows by name: what their posts say, and how they prove where they come from. Each is a data
//! file in `presets/`; no gateway has code of its own. What such a file holds stands in `preset.rs`. To add one, write
//! the file, enter it in `FILES`, and put its bodies with what is to be events in them into `tests/gateways/`.

mod address;
pub mod by_paths;
mod card;
mod event;
pub mod forwarded;
mod media;
mod message;
mod opened;
mod parts;
mod party;
pub mod path;
mod person;
mod place;
mod preset;
pub mod proof;
mod reading;
mod time;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use thiserror::Error;

pub use event::{Author, Changed, Event, Media, Own, PERHAPS_EDIT, Part, Said};
pub use party::{Group, Groups, Party, Person};

use crate::core::ignored::Ignored;
use crate::core::json::node::Node;
use preset::Preset;
use proof::Proof;

/// The data files by the names of their gateways.
const FILES: &[(&str, &str)] = &[
    ("evolution", include_str!("presets/evolution.toml")),
    ("evolution-go", include_str!("presets/evolution-go.toml")),
    ("waha", include_str!("presets/waha.toml")),
    ("zapi", include_str!("presets/zapi.toml")),
    ("cloud", include_str!("presets/cloud.toml")),
    ("telegram", include_str!("presets/telegram.toml")),
    ("twilio", include_str!("presets/twilio.toml")),
    ("chatwoot", include_str!("presets/chatwoot.toml")),
];

static PRESETS: LazyLock<Vec<(&str, Result<Preset, toml::de::Error>)>> = LazyLock::new(|| {
    let files = FILES.iter();
    files
        .map(|&(name, file)| (name, toml::from_str(file)))
        .collect()
});

/// The fields of posts in which the secret itself may stand, whichever gateway posts.
pub fn fields_of_secrets() -> &'static BTreeSet<&'static str> {
    static FIELDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let presets = PRESETS
            .iter()
            .filter_map(|(_, preset)| preset.as_ref().ok());
        presets.flat_map(|preset| preset.proof.fields()).collect()
    });
    &FIELDS
}

/// A gateway whose posts Lull can read.
#[derive(Clone, Copy)]
pub struct Gateway {
    name: &'static str,
    preset: &'static Preset,
}

impl Gateway {
    /// Finds a gateway by its name, such as `evolution`.
    ///
    /// # Errors
    /// Lists the names when there is none of this name.
    pub fn parse(name: &str) -> Result<Self, GatewayError> {
        let known = PRESETS.iter().find(|(known, _)| *known == name);
        match known {
            Some((name, Ok(preset))) => Ok(Self { name, preset }),
            Some((name, Err(error))) => Err(GatewayError::Broken(name, error.clone())),
            None => Err(GatewayError::Unknown),
        }
    }

    /// The names of all gateways.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// How its posts prove where they come from.
    pub fn proof(self) -> &'static Proof {
        &self.preset.proof
    }

    /// Whether it may have sent this body, whatever it tells.
    fn sends(self, body: &Node<'_>) -> bool {
        let also = self.also();
        self.knows(body) || also.is_some_and(|also| also.knows(body))
    }

    fn knows(self, body: &Node<'_>) -> bool {
        self.preset.known_by.first(body).is_some()
    }

    /// Another gateway whose posts may come in place of its own.
    fn also(self) -> Option<Self> {
        Self::parse(self.preset.also.as_deref()?).ok()
    }

    fn read(self, bodies: Vec<&Node<'_>>, groups: Groups) -> Vec<Event> {
        let Some(also) = self.also() else {
            return self.preset.read(&bodies, groups);
        };
        let of_other = |body: &&Node<'_>| also.knows(body);
        let (of_other, own): (Vec<_>, Vec<_>) = bodies.into_iter().partition(of_other);
        let mut events = self.preset.read(&own, groups);
        events.extend(also.read(of_other, groups));
        events
    }

    /// Whether what a program sent may come again as if one of our people had written it, under the same id.
    pub fn has_echoes(self) -> bool {
        self.preset.own.as_ref().is_some_and(|own| own.echoes)
    }

    /// Whether it asks before it posts, to be answered by [`proof::handshake`].
    pub fn has_handshake(self) -> bool {
        self.preset.handshake
    }
}

impl PartialEq for Gateway {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Gateway {}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gateway({})", self.name)
    }
}

/// Why there is no such gateway.
#[derive(Clone, Debug, Error)]
pub enum GatewayError {
    /// No data file has this name.
    #[error("no gateway has this name: there are {}", Gateway::names().collect::<Vec<_>>().join(", "))]
    Unknown,
    /// The data file has a mistake; a test keeps this from happening.
    #[error("the preset {0} cannot be read: {1}")]
    Broken(&'static str, toml::de::Error),
}

/// A body that is of no post of a gateway.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the body is not a post as {gateway} sends it{}", self.hint())]
pub struct NotOfGateway {
    /// The gateway.
    pub gateway: &'static str,
    /// Another one, which may have sent it.
    pub looks_like: Option<&'static str>,
}

impl NotOfGateway {
    fn hint(&self) -> String {
        match self.looks_like {
            Some(other) => format!(", but looks like one of {other}: set `source` of the buffer to {other}"),
            None => ": let the gateway post here as it is, or set `source` of the buffer to what posts here".to_owned(),
        }
    }
}

/// What a post says, in its order: one entry for each message, and at least one, which tells why there is nothing. What
/// n8n passes on is read as it came to n8n.
///
/// # Errors
/// When nothing in it is a post of this gateway.
pub fn read(gateway: Gateway, body: &Node<'_>, groups: Groups) -> Result<Vec<Event>, NotOfGateway> {
    let bodies = if gateway.sends(body) {
        vec![body]
    } else {
        forwarded::bodies(body)
    };
    let (of_it, others): (Vec<_>, Vec<_>) = bodies.into_iter().partition(|it| gateway.sends(it));
    if of_it.is_empty() {
        let may_send = |other: &Gateway| others.iter().any(|body| other.knows(body));
        let mut all = Gateway::names().filter_map(|name| Gateway::parse(name).ok());
        return Err(NotOfGateway {
            gateway: gateway.name,
            looks_like: all.find(may_send).map(Gateway::name),
        });
    }
    let mut events = gateway.read(of_it, groups);
    if events.is_empty() || !others.is_empty() {
        let reason = format!("not a post as {} sends it", gateway.name);
        events.push(Event::ignored(Ignored::NotAMessage, reason));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_read() {
        for (name, preset) in PRESETS.iter() {
            let preset = preset
                .as_ref()
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let also = preset.also.as_deref().map(Gateway::parse);
            assert!(also.is_none_or(|also| also.is_ok()), "{name}");
        }
    }

    #[test]
    fn a_gateway_goes_by_its_name() {
        assert_eq!(Gateway::parse("waha").unwrap().name(), "waha");

        let unknown = Gateway::parse("whatsapp").unwrap_err().to_string();
        let begins = "no gateway has this name: there are evolution, evolution-go, waha, zapi, ";
        assert!(unknown.starts_with(begins), "{unknown}");
        assert!(
            Gateway::names().all(|name| unknown.contains(name)),
            "{unknown}"
        );
    }
}
