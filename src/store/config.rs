//! Buffers and destinations as they lie in Redis.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use redis::Script;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::{self, Act};
use super::control::{STOPPED, read_stop};
use super::keys::{self, Shard};
use super::{Result, Store, reply, script};
use crate::domain::chat::Name;
use crate::domain::control::Stops;
use crate::wire::config::{BufferSpec, DestinationSpec, ScheduleSpec};

static CONFIGURE: LazyLock<Script> = LazyLock::new(|| script(include_str!("lua/configure.lua")));

const VERSION: &str = "version";
const TIMEZONE: &str = "setting:timezone";

pub(super) fn scripts() -> impl Iterator<Item = &'static Script> {
    std::iter::once(&*CONFIGURE)
}

/// What can be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A buffer.
    Buffer,
    /// A destination.
    Destination,
    /// A schedule.
    Schedule,
}

impl Kind {
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
    /// What is stopped.
    pub stops: Stops,
    /// The zone of new buffers of contract B.
    pub timezone: Option<String>,
    /// What another version of Lull has written and this one cannot read.
    pub unreadable: Vec<String>,
}

impl Store {
    /// Counts every write of the configuration.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn config_version(&self) -> Result<u64> {
        let version: Option<u64> = self.query(&redis::Cmd::hget(keys::CONFIG, VERSION)).await?;
        Ok(version.unwrap_or_default())
    }

    /// All that is configured.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn configured(&self) -> Result<Configured> {
        let fields: HashMap<String, String> =
            self.query(&redis::Cmd::hgetall(keys::CONFIG)).await?;
        let mut configured = Configured::default();
        for (field, value) in fields {
            match field.split_once(':') {
                Some(("buffer", name)) => match read(&value) {
                    Some(spec) => drop(configured.buffers.insert(name.to_owned(), spec)),
                    None => configured.unreadable.push(field),
                },
                Some(("destination", name)) => match read(&value) {
                    Some(spec) => drop(configured.destinations.insert(name.to_owned(), spec)),
                    None => configured.unreadable.push(field),
                },
                Some(("schedule", name)) => match read(&value) {
                    Some(spec) => drop(configured.schedules.insert(name.to_owned(), spec)),
                    None => configured.unreadable.push(field),
                },
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
                _ => configured.unreadable.push(field),
            }
        }
        configured.unreadable.sort();
        Ok(configured)
    }

    /// Writes a buffer or destination, if `mode` allows it and `base` is still the version, where one is given. In the
    /// same step `act` is noted; what nobody decided, such as what came with a message, is not.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn configure(
        &self,
        kind: Kind,
        name: &Name,
        spec: &impl Serialize,
        mode: Mode,
        base: Option<u64>,
        act: Option<&Act>,
    ) -> Result<Written> {
        self.run_configure(&kind.field(name), &reply::json(spec)?, mode, base, act)
            .await
    }

    /// Removes a buffer or destination, if it is there and `base` is still the version, where one is given. In the same
    /// step `act` is noted.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn unconfigure(
        &self,
        kind: Kind,
        name: &Name,
        base: Option<u64>,
        act: &Act,
    ) -> Result<Written> {
        let written = self
            .run_configure(&kind.field(name), "", Mode::Known, base, Some(act))
            .await?;
        if kind == Kind::Destination && matches!(written, Written::As(_)) {
            self.forget_pace(name).await?;
        }
        Ok(written)
    }

    /// Sets the zone of new buffers of contract B. In the same step `act` is noted.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn set_timezone(&self, zone: &str, act: &Act) -> Result<()> {
        let zone = reply::json(&zone)?;
        self.run_configure(TIMEZONE, &zone, Mode::Any, None, Some(act))
            .await
            .map(drop)
    }

    pub(super) async fn run_configure(
        &self,
        field: &str,
        spec: &str,
        mode: Mode,
        base: Option<u64>,
        act: Option<&Act>,
    ) -> Result<Written> {
        let mut configure = CONFIGURE.key(keys::CONFIG);
        configure
            .key(keys::AUDIT)
            .arg(field)
            .arg(spec)
            .arg(mode.as_str())
            .arg(base.map(|base| base.to_string()).unwrap_or_default())
            .arg(act.map(reply::json).transpose()?.unwrap_or_default())
            .arg(audit::MOST);
        // The configuration belongs to no shard; any connection will do.
        let version: i64 = self.run(Shard::FIRST, &configure).await?;
        Ok(match u64::try_from(version) {
            Ok(0) => Written::Refused,
            Ok(version) => Written::As(version),
            Err(_) => Written::Stale,
        })
    }
}

fn read<T: DeserializeOwned>(value: &str) -> Option<Versioned<T>> {
    let (version, spec) = value.split_once(' ')?;
    Some(Versioned {
        version: version.parse().ok()?,
        spec: serde_json::from_str(spec).ok()?,
    })
}
