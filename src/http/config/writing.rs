//! Writing a buffer or a destination: the old one is looked up, masks are taken off, everything is checked.

use tracing::info;

use super::super::Api;
use super::super::error::ApiError;
use crate::delivery::Sender;
use crate::domain::chat::Name;
use crate::store::config::{Kind, Mode, Versioned};
use crate::wire::config::{BufferSpec, DestinationSpec, SpecError};

pub(in super::super) const NO_BUFFER: ApiError =
    ApiError::NotFound("there is no buffer of this name: GET /api/buffers lists them");
pub(in super::super) const NO_DESTINATION: ApiError =
    ApiError::NotFound("there is no destination of this name: GET /api/destinations lists them");

impl Api {
    /// A buffer as it was written; the one of the environment never was.
    pub(in super::super) fn written_buffer(
        &self,
        name: &Name,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        let catalog = self.catalogs.get();
        let written = catalog.configured.buffers.get(name.as_str());
        written.cloned().ok_or(NO_BUFFER)
    }

    /// A destination as it was written; the one of the environment never was.
    pub(in super::super) fn written_destination(
        &self,
        name: &Name,
    ) -> Result<Versioned<DestinationSpec>, ApiError> {
        let catalog = self.catalogs.get();
        let written = catalog.configured.destinations.get(name.as_str());
        written.cloned().ok_or(NO_DESTINATION)
    }

    /// The buffers that deliver to a destination.
    pub(in super::super) fn buffers_to(&self, destination: &Name) -> Vec<String> {
        let catalog = self.catalogs.get();
        let buffers = catalog.configured.buffers.iter();
        buffers
            .filter(|(_, written)| {
                let mut named = written.spec.destinations.iter();
                named.any(|name| name == destination.as_str())
            })
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Checks and writes a buffer.
    pub(in super::super) async fn write_buffer(
        &self,
        spec: BufferSpec,
        mode: Mode,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        // Another api may have written something since.
        self.catalogs.reload().await?;
        let catalog = self.catalogs.get();
        let old = catalog.configured.buffers.get(&spec.name);
        let spec = spec.unmasked(old.map(|old| &old.spec));
        let buffer = spec.check(&self.default_buffer().window)?;
        not_of_the_environment(Kind::Buffer, &buffer.name)?;
        let default = Name::default_name();
        let missing = buffer.destinations.iter().find(|&name| {
            *name != default && !catalog.configured.destinations.contains_key(name.as_str())
        });
        if let Some(missing) = missing {
            let why = format!("there is no destination {missing}: create it first");
            return Err(SpecError::new("destinations", why).into());
        }
        let version = self.write(Kind::Buffer, &buffer.name, &spec, mode).await?;
        Ok(Versioned { version, spec })
    }

    /// Checks and writes a destination; its template is tried on a sample.
    pub(in super::super) async fn write_destination(
        &self,
        spec: DestinationSpec,
        mode: Mode,
    ) -> Result<Versioned<DestinationSpec>, ApiError> {
        self.catalogs.reload().await?;
        let catalog = self.catalogs.get();
        let old = catalog.configured.destinations.get(&spec.name);
        let spec = spec.unmasked(old.map(|old| &old.spec));
        let destination = spec.check()?;
        not_of_the_environment(Kind::Destination, &destination.name)?;
        Sender::new(&destination, &self.guard)?;
        let name = &destination.name;
        let version = self.write(Kind::Destination, name, &spec, mode).await?;
        Ok(Versioned { version, spec })
    }

    async fn write(
        &self,
        kind: Kind,
        name: &Name,
        spec: &impl serde::Serialize,
        mode: Mode,
    ) -> Result<u64, ApiError> {
        let written = self.store.configure(kind, name, spec, mode).await?;
        let Some(version) = written else {
            return Err(match (mode, kind) {
                (Mode::New, _) => ApiError::Conflict(format!(
                    "there is a {} {name} already: PUT replaces it",
                    kind.as_str()
                )),
                (_, Kind::Buffer) => NO_BUFFER,
                (_, Kind::Destination) => NO_DESTINATION,
            });
        };
        self.catalogs.reload().await?;
        let kind = kind.as_str();
        info!(kind, name = %name, version, "An operator wrote the {kind} {name}");
        Ok(version)
    }
}

/// What the environment describes can only be changed there.
pub(super) fn not_of_the_environment(kind: Kind, name: &Name) -> Result<(), ApiError> {
    if *name != Name::default_name() {
        return Ok(());
    }
    let kind = kind.as_str();
    Err(ApiError::Conflict(format!(
        "the {kind} default is described by the settings of the daemons: change it there, or choose another name"
    )))
}
