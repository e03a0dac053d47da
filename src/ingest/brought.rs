//! Messages that bring their buffer and their destination along, which are written down when they are new, and kept until
//! nobody has used them for a day, or somebody new needs their place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Ingest, IngestError};
use crate::core::chat::{ChatId, Name};
use crate::core::destination::Target;
use crate::delivery::Sender;
use crate::registry::Snapshot;
use crate::spec::{Buffer, BufferSpec, DestinationSpec, SpecError};
use crate::store::config::Kind;
use crate::store::config::bringing::{Bringing, Brought, Places, Whose};
use crate::store::config::lives::Living;
use crate::store::keys::Shard;

/// How many buffers messages may have brought, and as many destinations. No caller can take the places of all.
pub(super) const PLACES: Places = Places {
    of_one: 1000,
    of_all: 4000,
};
/// Use is noted this often.
const NOTED_FOR: Duration = Duration::from_secs(3600);
/// What nobody has used for so long gives way to what is new, if nothing waits in it.
const GIVES_WAY_AFTER: Duration = Duration::from_secs(60);
/// Where nothing gave way, nothing is asked to again for so long.
const IN_VAIN_FOR: Duration = Duration::from_secs(1);

/// What this process knows of buffers that came with a message.
#[derive(Default)]
pub(super) struct Noted {
    buffers: Mutex<HashMap<Name, Noticed>>,
    /// Whose places were asked for in vain, and when.
    in_vain: Mutex<HashMap<(Kind, Option<String>), Instant>>,
}

/// A buffer whose use was noted.
struct Noticed {
    at: Instant,
    /// The version of the configuration that had it.
    version: u64,
    buffer: Arc<Buffer>,
}

impl Noted {
    /// The buffer, if its use was noted lately, and it is there as far as the snapshot knows; and whether the snapshot has
    /// it.
    fn fresh(
        &self,
        name: &Name,
        destination: &Name,
        snapshot: &Snapshot,
    ) -> Option<(Arc<Buffer>, bool)> {
        let buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let noticed = buffers.get(name)?;
        if noticed.at.elapsed() >= NOTED_FOR {
            return None;
        }
        if snapshot.configured.version < noticed.version {
            return Some((noticed.buffer.clone(), false));
        }
        snapshot.destination(destination)?;
        Some((snapshot.buffer(name)?.clone(), true))
    }

    fn note(&self, version: u64, buffer: Arc<Buffer>) {
        let mut buffers = self.buffers.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody uses any more go each time before more room would be taken.
        if buffers.len() == buffers.capacity() {
            buffers.retain(|_, noticed| noticed.at.elapsed() < NOTED_FOR);
        }
        let noticed = Noticed {
            at: Instant::now(),
            version,
            buffer,
        };
        buffers.insert(noticed.buffer.name.clone(), noticed);
    }

    fn was_in_vain(&self, kind: Kind, who: Option<&str>) -> bool {
        let in_vain = self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = in_vain.get(&(kind, who.map(str::to_owned)));
        asked.is_some_and(|at| at.elapsed() < IN_VAIN_FOR)
    }

    fn note_in_vain(&self, kind: Kind, who: Option<&str>) {
        let mut in_vain = self.in_vain.lock().unwrap_or_else(PoisonError::into_inner);
        in_vain.retain(|_, at| at.elapsed() < IN_VAIN_FOR);
        in_vain.insert((kind, who.map(str::to_owned)), Instant::now());
    }
}

impl Ingest {
    /// The buffer that a message brought with its destination, both named by what they say: written down if they are new,
    /// and their use noted. `user` is whose message it is, and `who` the name of the key that it came with.
    ///
    /// A new one costs as much however many there are: it is used as it was written, and this daemon takes it up with the
    /// others when it next looks at what changed.
    ///
    /// # Errors
    /// When one of them cannot be; there are too many of them; or the storage does not take them.
    pub async fn brought(
        &self,
        buffer: &BufferSpec,
        destination: &DestinationSpec,
        user: &ChatId,
        who: Option<&str>,
    ) -> Result<Arc<Buffer>, IngestError> {
        let (spec, destination_spec) = (buffer, destination);
        let (buffer, destination) = (named(&spec.name)?, named(&destination_spec.name)?);
        let (registry, store) = (&self.0.registry, &self.0.store);
        let snapshot = registry.get();
        let noted = &self.0.noted;
        if let Some((known, is_taken_up)) = noted.fresh(&buffer, &destination, &snapshot) {
            if !is_taken_up {
                self.vouch(&known, user).await?;
            }
            return Ok(known);
        }
        let mut checked = spec.check(&registry.defaults().buffer.window)?;
        if snapshot.destination(&destination).is_none() {
            let sound = destination_spec.check();
            sound.and_then(|destination| Sender::new(&destination, &self.0.clients))?;
        }
        let bringing = Bringing {
            who: who.unwrap_or_default(),
            buffer: (&buffer, spec),
            destination: (&destination, destination_spec),
        };
        // Each that is new may need another to give way.
        for _ in 0..=2 {
            match store.config().bring(bringing, PLACES).await? {
                Brought::There {
                    version,
                    destination,
                    buffer,
                } => {
                    checked.life = buffer;
                    let targets = checked.destinations.iter().cloned();
                    checked.destinations = targets
                        .map(|target| Target {
                            life: destination,
                            ..target
                        })
                        .collect();
                    let checked = Arc::new(checked);
                    noted.note(version, checked.clone());
                    self.vouch(&checked, user).await?;
                    return Ok(checked);
                }
                Brought::Full(kind, whose) => {
                    let who = (whose == Whose::Own).then_some(bringing.who);
                    if !self.gives_way(&snapshot, kind, who).await? {
                        return Err(IngestError::TooManyBrought(whose));
                    }
                }
            }
        }
        Err(IngestError::TooManyBrought(Whose::All))
    }

    /// Marks in the shard of this chat that buffer and destination have begun to live, without looking at all that is
    /// configured: that they have was just answered. What is over by now is refused when the message is stored.
    async fn vouch(&self, buffer: &Buffer, user: &ChatId) -> Result<(), IngestError> {
        let mut living: Vec<_> = buffer.destinations.iter().map(Living::target).collect();
        living.push(Living::buffer(&buffer.name, buffer.life));
        let shard = Shard::of(&buffer.chat(user.clone()));
        self.0.store.config().vouch(shard, &living).await?;
        Ok(())
    }

    /// Makes place for one more, of this caller's or of all.
    async fn gives_way(
        &self,
        snapshot: &Snapshot,
        kind: Kind,
        who: Option<&str>,
    ) -> Result<bool, IngestError> {
        let noted = &self.0.noted;
        // What nobody can read here may name any of them.
        if noted.was_in_vain(kind, who) || snapshot.configured.all_is_open().is_err() {
            return Ok(false);
        }
        let named_by = |destination: &Name| {
            let naming = snapshot.buffers().filter(|buffer| {
                let mut aims = buffer.destinations.iter();
                aims.any(|aim| aim.name == *destination)
            });
            naming.map(|buffer| buffer.name.clone()).collect()
        };
        let config = self.0.store.config();
        let gave_way = config.give_way(kind, who, GIVES_WAY_AFTER, named_by);
        let gave_way = gave_way.await?;
        if !gave_way {
            noted.note_in_vain(kind, who);
        }
        Ok(gave_way)
    }
}

fn named(name: &str) -> Result<Name, SpecError> {
    Name::parse(name).map_err(|error| SpecError::new("name", error.to_string()))
}
