//! Buffers and destinations as they lie in Redis.

pub mod bringing;
pub mod configurable;
pub mod control;
pub mod disuse;
pub mod lives;
mod locked;
pub mod removals;
pub mod removing;
pub(super) mod sealing;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;

use self::control::{STOPPED, read_stop};
use self::locked::Locked;
use self::removals::State;
use self::sealing::Opened;
use super::audit::{self, Act};
use super::handles::Config;
use super::keys::{self, Shard};
use super::scripts;
use super::{Result, reply};
use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::spec::{BufferSpec, DestinationSpec, ScheduleSpec};

const VERSION: &str = "version";
const TIMEZONE: &str = "setting:timezone";

/// What can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A buffer.
    Buffer,
    /// A destination.
    Destination,
    /// A schedule.
    Schedule,
}

impl Kind {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Buffer, Self::Destination, Self::Schedule];

    /// The inverse of [`Kind::as_str`].
    pub(super) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buffer => "buffer",
            Self::Destination => "destination",
            Self::Schedule => "schedule",
        }
    }

    pub(super) fn field(self, name: &Name) -> String {
        format!("{}:{name}", self.as_str())
    }
}

/// Whether something may be there already when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It must not.
    New,
    /// It must.
    Known,
    /// It may.
    Any,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Known => "known",
            Self::Any => "any",
        }
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It made this version.
    As(u64),
    /// [`Mode`] does not allow it.
    Refused,
    /// Something else was written since; nothing changed.
    Stale,
    /// It is being removed; nothing changed.
    Removing,
}

/// A specification and the version that wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned<T> {
    /// The version of the configuration that its last write made.
    pub version: u64,
    /// What was written.
    pub spec: T,
}

/// All that is configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Configured {
    /// Counts every write.
    pub version: u64,
    /// The buffers by their names.
    pub buffers: BTreeMap<String, Versioned<BufferSpec>>,
    /// The destinations by their names.
    pub destinations: BTreeMap<String, Versioned<DestinationSpec>>,
    /// The schedules by their names.
    pub schedules: BTreeMap<String, Versioned<ScheduleSpec>>,
    /// Whether each of them lives, or how it is being removed, by its field.
    pub(super) states: HashMap<String, State>,
    /// What is stopped.
    pub stops: Stops,
    /// The zone of new buffers of the service Buffer.
    pub timezone: Option<String>,
    /// What another version of Lull has written and this one cannot read.
    pub unreadable: Vec<String>,
    /// What is sealed with a key that is not here, by its field.
    pub(super) locked: BTreeMap<String, Locked>,
}

impl Config<'_> {
    /// Counts every write of the configuration.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn version(self) -> Result<u64> {
        let version: Option<u64> = self
            .store
            .query(&redis::Cmd::hget(keys::CONFIG, VERSION))
            .await?;
        Ok(version.unwrap_or_default())
    }

    /// All that is configured.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn read(self) -> Result<Configured> {
        // Of one moment: what is there is there with its life.
        let mut configured = scripts::CONFIGURED.key(keys::CONFIG);
        let (fields, lives): (HashMap<String, String>, HashMap<String, String>) = self
            .store
            .run(Shard::FIRST, configured.key(keys::LIVES))
            .await?;
        let states = lives
            .into_iter()
            .filter_map(|(field, text)| Some((field, State::read(&text)?)));
        let mut configured = Configured {
            states: states.collect(),
            ..Configured::default()
        };
        for (field, value) in fields {
            match field.split_once(':') {
                Some((STOPPED, what)) => {
                    let stopped = read(&value).map(|stopped: Versioned<bool>| stopped.spec);
                    if !stopped.is_some_and(|it| read_stop(&mut configured.stops, what, it)) {
                        configured.unreadable.push(field);
                    }
                }
                _ if field == TIMEZONE => {
                    configured.timezone = read(&value).map(|zone: Versioned<String>| zone.spec);
                }
                _ if field == VERSION => configured.version = value.parse().unwrap_or_default(),
                _ => {
                    if !self.take_up(&mut configured, &field, &value) {
                        configured.unreadable.push(field);
                    }
                }
            }
        }
        configured.unreadable.sort();
        Ok(configured)
    }

    /// Takes up what lies there under this field; false if it cannot be read.
    fn take_up(self, configured: &mut Configured, field: &str, value: &str) -> bool {
        let known = field.split_once(':');
        let known = known.and_then(|(word, name)| Some((Kind::of(word)?, name)));
        let (Some((kind, name)), Some((version, spec))) = (known, value.split_once(' ')) else {
            return false;
        };
        let spec = match self.store.sealing.open(field, spec) {
            Opened::Text(spec) => spec,
            Opened::Broken => return false,
            Opened::Locked(key) => {
                let version = version.parse().unwrap_or_default();
                let locked = Locked { version, key };
                configured.locked.insert(field.to_owned(), locked);
                return true;
            }
        };
        match kind {
            Kind::Buffer => configured.take_up::<BufferSpec>(name, version, &spec),
            Kind::Destination => configured.take_up::<DestinationSpec>(name, version, &spec),
            Kind::Schedule => configured.take_up::<ScheduleSpec>(name, version, &spec),
        }
    }

    /// Writes a buffer or destination, if `mode` allows it and `base` is still the version, where one is given. In the
    /// same step `act` is noted; what nobody decided, such as what came with a message, is not.
    ///
    /// # Errors
    /// It cannot be sealed; full, unavailable or silent.
    pub async fn write(
        self,
        kind: Kind,
        name: &Name,
        spec: &impl Serialize,
        mode: Mode,
        base: Option<u64>,
        act: Option<&Act>,
    ) -> Result<Written> {
        let field = kind.field(name);
        let sealed = self.sealed(&field, spec)?;
        self.run_configure(&field, &sealed, mode, base, act).await
    }

    /// Sets the zone of new buffers of the service Buffer. In the same step `act` is noted.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn set_timezone(self, zone: &str, act: &Act) -> Result<()> {
        let zone = reply::json(&zone)?;
        self.run_configure(TIMEZONE, &zone, Mode::Any, None, Some(act))
            .await
            .map(drop)
    }

    pub(super) async fn run_configure(
        self,
        field: &str,
        spec: &str,
        mode: Mode,
        base: Option<u64>,
        act: Option<&Act>,
    ) -> Result<Written> {
        let mut configure = scripts::CONFIGURE.key(keys::CONFIG);
        configure
            .key(keys::AUDIT)
            .key(keys::LIVES)
            .arg(field)
            .arg(spec)
            .arg(mode.as_str())
            .arg(base.map(|base| base.to_string()).unwrap_or_default())
            .arg(act.map(reply::json).transpose()?.unwrap_or_default())
            .arg(audit::MOST)
            .arg(u8::from(lives(field)));
        // The configuration belongs to no shard; any connection will do.
        let version: i64 = self.store.run(Shard::FIRST, &configure).await?;
        Ok(match u64::try_from(version) {
            Ok(0) => Written::Refused,
            Ok(version) => Written::As(version),
            Err(_) if version == -2 => Written::Removing,
            Err(_) => Written::Stale,
        })
    }
}

/// Whether what is written there has a life of its own.
fn lives(field: &str) -> bool {
    let word = field.split_once(':').map(|(word, _)| word);
    word.and_then(Kind::of).is_some()
}

fn read<T: DeserializeOwned>(value: &str) -> Option<Versioned<T>> {
    let (version, spec) = value.split_once(' ')?;
    versioned(version, spec)
}

pub(super) fn versioned<T: DeserializeOwned>(version: &str, spec: &str) -> Option<Versioned<T>> {
    Some(Versioned {
        version: version.parse().ok()?,
        spec: serde_json::from_str(spec).ok()?,
    })
}
