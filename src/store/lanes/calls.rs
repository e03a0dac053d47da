//! How calls to destinations go, as the monitors see it: a small value for each destination, written every few seconds
//! where something is new.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::Value;

use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::moment::millis;
use crate::store::handles::Lanes;
use crate::store::keys::{CALLS, Shard};
use crate::store::scripts;
use crate::store::{Result, reply};

/// A monitor that takes a destination for down says so again within this, or is no longer believed.
pub const DOWN_FOR: Duration = Duration::from_secs(20);
/// Destinations that are noted in one step.
const AT_A_TIME: usize = 128;

/// What a monitor saw of the calls to a destination since it last told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How long ago the last one was delivered.
    pub success: Option<Duration>,
    /// How long ago the last one failed.
    pub failure: Option<Duration>,
    /// How long ago the first one failed that came after the last success.
    pub first_failure: Option<Duration>,
    /// The HTTP status of the last failure, if there was an answer.
    pub status: Option<u16>,
    /// What happened at the last failure, in a few words.
    pub summary: String,
    /// Whether it is taken for down; none: as before.
    pub down: Option<bool>,
}

/// How calls to a destination go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// When one was last delivered.
    pub success: Option<Millis>,
    /// When one last failed.
    pub failure: Option<Millis>,
    /// Since when all fail; none: the last one did not.
    pub failing_since: Option<Millis>,
    /// The HTTP status of the last failure, if there was an answer.
    pub status: Option<u16>,
    /// What happened at the last failure, in a few words.
    pub summary: String,
    /// Some monitor takes it for down.
    pub down: bool,
}

impl Calls {
    fn read(text: &str, now: Millis) -> Option<Self> {
        let mut words = text.splitn(6, ' ');
        let mut time = || {
            let at: Millis = words.next()?.parse().ok()?;
            Some((at > 0).then_some(at))
        };
        let (success, failure, failing_since, down) = (time()?, time()?, time()?, time()?);
        let status: u16 = words.next()?.parse().ok()?;
        Some(Self {
            success,
            failure,
            failing_since,
            status: (status > 0).then_some(status),
            summary: words.next()?.to_owned(),
            down: down.is_some_and(|down| now.abs_diff(down) <= millis(DOWN_FOR)),
        })
    }
}

impl Lanes<'_> {
    /// Notes what this monitor saw of the calls to destinations.
    ///
    /// # Errors
    /// Unavailable or silent: then a part of it may be noted, and noting it again changes nothing.
    pub async fn note_calls(self, seen: &[(Name, Seen)]) -> Result<()> {
        let ago = |since: Option<Duration>| since.map(|it| millis(it).to_string());
        for some in seen.chunks(AT_A_TIME) {
            let mut note = scripts::NOTE_CALLS.key(CALLS);
            for (name, seen) in some {
                note.arg(name.as_str());
                for since in [seen.success, seen.failure, seen.first_failure] {
                    note.arg(ago(since).unwrap_or_default());
                }
                note.arg(seen.status.unwrap_or_default())
                    .arg(seen.down.map_or("", |down| if down { "1" } else { "0" }))
                    .arg(&seen.summary);
            }
            let _: Millis = self.store.run(Shard::FIRST, &note).await?;
        }
        Ok(())
    }

    /// How calls go to all destinations that anything is known of.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn calls(self) -> Result<BTreeMap<Name, Calls>> {
        let mut reads = redis::pipe();
        reads.cmd("TIME").hgetall(CALLS);
        let mut values = self.store.pipeline::<Vec<Value>>(&reads).await?.into_iter();
        let now = reply::time(values.next())?;
        let all: Vec<(String, String)> = reply::value(values.next())?;
        let all = all.into_iter().filter_map(|(name, text)| {
            let name = Name::from_stored(&name).ok()?;
            Some((name, Calls::read(&text, now)?))
        });
        Ok(all.collect())
    }

    /// Forgets how calls went to all destinations but those that are there.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn forget_calls(self, is_there: impl Fn(&Name) -> bool) -> Result<()> {
        let names: Vec<String> = self.store.query(&redis::Cmd::hkeys(CALLS)).await?;
        let is_gone = |name: &String| Name::from_stored(name).is_ok_and(|name| !is_there(&name));
        let gone: Vec<_> = names.into_iter().filter(is_gone).collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.store.query(&redis::Cmd::hdel(CALLS, gone)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_back() {
        let calls = Calls::read("5 9 7 0 503 HTTP 503", 1_000).unwrap();
        assert_eq!((calls.success, calls.failure), (Some(5), Some(9)));
        assert_eq!((calls.failing_since, calls.status), (Some(7), Some(503)));
        assert_eq!((calls.summary.as_str(), calls.down), ("HTTP 503", false));

        let down = Calls::read("0 9 9 990 0 no answer", 1_000).unwrap();
        assert_eq!((down.success, down.status, down.down), (None, None, true));
        let long_ago = Calls::read("0 9 9 990 0 no answer", 100_000).unwrap();
        assert!(!long_ago.down, "whoever said that is gone");
        assert_eq!(Calls::read("", 1), None);
    }
}
