//! Messages that bring their buffer and their destination along, which are written down when they are new, and kept until
//! nobody has used them for a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Ingest, IngestError};
use crate::core::chat::Name;
use crate::delivery::Sender;
use crate::spec::{Buffer, BufferSpec, DestinationSpec, SpecError};
use crate::store::config::{Kind, Mode};

/// Most destinations that messages have brought; each is kept until it was not used for a day.
pub(super) const MOST: usize = 1000;
/// Use is noted this often.
const NOTED_FOR: Duration = Duration::from_secs(3600);

/// When this process has last noted the use of each buffer that came with a message.
#[derive(Default)]
pub(super) struct Noted(Mutex<HashMap<Name, Instant>>);

impl Noted {
    fn is_fresh(&self, buffer: &Name) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted
            .get(buffer)
            .is_some_and(|noted| noted.elapsed() < NOTED_FOR)
    }

    fn note(&self, buffer: Name) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.retain(|_, noted| noted.elapsed() < NOTED_FOR);
        noted.insert(buffer, Instant::now());
    }
}

impl Ingest {
    /// The buffer that a message brought with its destination, both named by what they say: written down if they are new,
    /// and their use noted.
    ///
    /// # Errors
    /// When one of them cannot be; there are too many of them; or the storage does not take them.
    pub async fn brought(
        &self,
        buffer: &BufferSpec,
        destination: &DestinationSpec,
    ) -> Result<Arc<Buffer>, IngestError> {
        let (spec, destination_spec) = (buffer, destination);
        let (buffer, destination) = (named(&spec.name)?, named(&destination_spec.name)?);
        let (registry, store) = (&self.0.registry, &self.0.store);
        let snapshot = registry.get();
        let known = snapshot
            .buffer(&buffer)
            .filter(|_| snapshot.destination(&destination).is_some());
        if let Some(known) = known.filter(|_| self.0.noted.is_fresh(&buffer)) {
            return Ok(known.clone());
        }
        let checked = spec.check(&registry.defaults().buffer.window)?;
        if known.is_none() {
            let sound = destination_spec.check();
            sound.and_then(|destination| Sender::new(&destination, &self.0.clients))?;
            let mut names = snapshot.configured.destinations.keys();
            if names
                .by_ref()
                .filter(|name| Name::is_anonymous(name))
                .count()
                >= MOST
            {
                return Err(IngestError::TooManyBrought);
            }
        }
        // In this order: see store::config::disuse.
        store.config().note_use(&buffer, &destination).await?;
        let (kind, new) = (Kind::Destination, Mode::New);
        store
            .config()
            .write(kind, &destination, destination_spec, new, None, None)
            .await?;
        store
            .config()
            .write(Kind::Buffer, &buffer, spec, new, None, None)
            .await?;
        if known.is_none() {
            registry.catch_up().await?;
        }
        self.0.noted.note(buffer);
        Ok(Arc::new(checked))
    }
}

fn named(name: &str) -> Result<Name, SpecError> {
    Name::parse(name).map_err(|error| SpecError::new("name", error.to_string()))
}
