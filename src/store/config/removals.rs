//! Removals: a state of a buffer, a destination or a schedule, which stands in the configuration until it has ended as
//! it was asked for. Who carries it out may die at any step; any other daemon repeats all of them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::life::{Asked, Life};
use crate::core::moment::millis;
use crate::store::audit::{self, Act, By};
use crate::store::config::Kind;
use crate::store::config::lives::Living;
use crate::store::handles::Config;
use crate::store::keys::{self, Shard};
use crate::store::scripts;
use crate::store::{Result, reply};

/// A removal that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The life that ends.
    pub life: Life,
    /// Since when.
    pub since: Millis,
    /// What is to become of what stands there.
    pub asked: Asked,
    /// Who asked.
    pub by: By,
    /// As it lies in Redis: another text is another removal, or the same asked for otherwise.
    text: String,
}

impl Removal {
    /// The one whose life ends.
    pub fn living(&self, kind: Kind, name: &Name) -> Living {
        Living::new(kind, name, self.life)
    }
}

/// Who asked for a removal, as it lies in Redis.
#[derive(Default, Serialize, Deserialize)]
struct Asker {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    address: Option<std::net::IpAddr>,
}

/// Whether something lives, or how it is being removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It lives.
    Alive(Life),
    /// It is being removed.
    Removing(Removal),
}

impl State {
    /// Reads `<version>` or `<version> removing <since> <how> <who>`.
    pub(in crate::store) fn read(text: &str) -> Option<Self> {
        let mut words = text.splitn(5, ' ');
        let life = Life::since(words.next()?.parse().ok()?);
        if words.next().is_none() {
            return Some(Self::Alive(life));
        }
        let since = words.next()?.parse().ok()?;
        let asked = Asked::parse(words.next()?)?;
        // A name of a key that cannot be read is no reason to leave a removal where it is.
        let asker: Asker = words
            .next()
            .and_then(|who| serde_json::from_str(who).ok())
            .unwrap_or_default();
        Some(Self::Removing(Removal {
            life,
            since,
            asked,
            by: By {
                actor: asker.actor,
                address: asker.address,
            },
            text: text.to_owned(),
        }))
    }

    /// The life that it has, or that ends.
    pub fn life(&self) -> Life {
        match self {
            Self::Alive(life) | Self::Removing(Removal { life, .. }) => *life,
        }
    }
}

/// What became of the beginning of a removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is under way; perhaps it was already.
    Removal(Removal),
    /// There is nothing of this name, or it is in use.
    Nothing,
    /// Something else was written since; nothing changed.
    Stale,
}

impl Config<'_> {
    /// Begins to remove something, if `base` is still the version, where one is given. With `unused_for` only if it came
    /// with a message, and nobody has used it for so long.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn begin_removal(
        self,
        kind: Kind,
        name: &Name,
        asked: Asked,
        by: &By,
        base: Option<u64>,
        unused_for: Option<Duration>,
    ) -> Result<Begun> {
        let asker = reply::json(&Asker {
            actor: by.actor.clone(),
            address: by.address,
        })?;
        let mut begin = scripts::BEGIN_REMOVAL.key(keys::CONFIG);
        begin
            .key(keys::LIVES)
            .key(keys::USED)
            .arg(kind.field(name))
            .arg(base.map(|base| base.to_string()).unwrap_or_default())
            .arg(format!("{} {asker}", asked.as_str()))
            .arg(
                unused_for
                    .map(|age| millis(age).to_string())
                    .unwrap_or_default(),
            );
        let text: String = self.store.run(Shard::FIRST, &begin).await?;
        Ok(match State::read(&text) {
            Some(State::Removing(removal)) => Begun::Removal(removal),
            _ if text == "stale" => Begun::Stale,
            _ => Begun::Nothing,
        })
    }

    /// Ends a removal: it is gone, or stays as it was. In the same step `act` is noted. False: somebody else has ended
    /// it, or has asked otherwise since.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn end_removal(
        self,
        kind: Kind,
        name: &Name,
        removal: &Removal,
        gone: bool,
        act: Option<&Act>,
    ) -> Result<bool> {
        let mut end = scripts::END_REMOVAL.key(keys::CONFIG);
        end.key(keys::LIVES)
            .key(keys::AUDIT)
            .key(keys::OVER)
            .key(keys::USED)
            .key(keys::pace(name))
            .key(keys::BROUGHT)
            .arg(kind.field(name))
            .arg(&removal.text)
            .arg(u8::from(gone))
            .arg(act.map(reply::json).transpose()?.unwrap_or_default())
            .arg(audit::MOST)
            .arg(u8::from(kind == Kind::Destination));
        self.store.run(Shard::FIRST, &end).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lives_and_what_is_being_removed_is_read_back() {
        assert_eq!(State::read("7"), Some(State::Alive(Life::since(7))));

        let text = r#"7 removing 1700 drain {"actor":"ops team","address":"10.0.0.1"}"#;
        let Some(State::Removing(removal)) = State::read(text) else {
            panic!("{text}");
        };
        assert_eq!((removal.life, removal.since), (Life::since(7), 1700));
        assert_eq!(removal.asked, Asked::Drain);
        assert_eq!(removal.by.actor.as_deref(), Some("ops team"));
        assert_eq!(removal.by.address, "10.0.0.1".parse().ok());
        assert_eq!(removal.text, text);
    }

    #[test]
    fn whoever_asked_for_it_a_removal_goes_on() {
        for text in ["7 removing 1700 empty", "7 removing 1700 empty {x"] {
            let read = State::read(text);
            assert!(matches!(read, Some(State::Removing(_))), "{text}");
        }
    }

    #[test]
    fn what_lull_did_not_write_is_no_state() {
        for bad in [
            "",
            "x",
            "7 removing",
            "7 removing x drain",
            "7 removing 1 burn",
        ] {
            assert_eq!(State::read(bad), None, "{bad:?}");
        }
    }
}
