//! Writing a buffer or a destination: the old one is looked up, masks are taken off, everything is checked.

use serde::Serialize;
use tracing::info;

use super::super::Api;
use super::super::error::ApiError;
use super::under_way::being_removed;
use crate::core::chat::Name;
use crate::core::control::Scope;
use crate::delivery::{Sender, try_template};
use crate::spec::{Buffer, BufferSpec, DestinationSpec, SpecError};
use crate::store::audit::{Act, By};
use crate::store::config::{Configured, Kind, Mode, Versioned, Written};

/// Each time somebody else was faster.
pub(in super::super) const MOST_TRIES: usize = 32;

pub(in super::super) const NO_BUFFER: ApiError =
    ApiError::NotFound("there is no buffer of this name: GET /api/buffers lists them");
pub(in super::super) const NO_DESTINATION: ApiError =
    ApiError::NotFound("there is no destination of this name: GET /api/destinations lists them");

pub(in super::super) const NO_SCHEDULE: ApiError =
    ApiError::NotFound("there is no schedule of this name: GET /api/schedules lists them");

impl Api {
    /// A buffer as it was written; the one of the environment never was.
    pub(in super::super) async fn written_buffer(
        &self,
        name: &Name,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        // Another api may have written it a moment ago.
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let written = snapshot.configured.buffers.get(name.as_str());
        written.cloned().ok_or(NO_BUFFER)
    }

    /// A destination as it was written; the one of the environment never was.
    pub(in super::super) async fn written_destination(
        &self,
        name: &Name,
    ) -> Result<Versioned<DestinationSpec>, ApiError> {
        // Another api may have written it a moment ago.
        self.registry.catch_up().await?;
        let snapshot = self.registry.get();
        let written = snapshot.configured.destinations.get(name.as_str());
        written.cloned().ok_or(NO_DESTINATION)
    }

    /// The buffers that deliver to a destination.
    pub(in super::super) fn buffers_to(&self, destination: &Name) -> Vec<String> {
        let snapshot = self.registry.get();
        let buffers = snapshot.configured.buffers.iter();
        buffers
            .filter(|(_, written)| {
                let mut named = written.spec.named();
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
        by: &By,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        self.write_buffer_as(|_| Ok(spec.clone()), mode, by).await
    }

    /// Changes a buffer that is there; what others change meanwhile is kept.
    pub(in super::super) async fn change_buffer(
        &self,
        name: &str,
        change: impl Fn(BufferSpec) -> Result<BufferSpec, SpecError>,
        by: &By,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        let changed = |configured: &Configured| {
            let written = configured.buffers.get(name).ok_or(NO_BUFFER)?;
            Ok(change(written.spec.clone())?)
        };
        self.write_buffer_as(changed, Mode::Known, by).await
    }

    async fn write_buffer_as(
        &self,
        make: impl Fn(&Configured) -> Result<BufferSpec, ApiError>,
        mode: Mode,
        by: &By,
    ) -> Result<Versioned<BufferSpec>, ApiError> {
        for _ in 0..MOST_TRIES {
            self.registry.catch_up().await?;
            let configured = &self.registry.get().configured;
            let spec = make(configured)?;
            let old = configured.buffers.get(&spec.name);
            let spec = spec.unmasked(old.map(|old| &old.spec));
            let buffer = spec.check(&self.default_buffer().window)?;
            not_of_the_environment(Kind::Buffer, &buffer.name)?;
            destinations_are_there(&buffer, configured)?;
            self.follow_up_can_be_written(&buffer)?;
            let old = old.map(|old| old.spec.clone().masked());
            let act = writing(Kind::Buffer, &buffer.name, by);
            let act = act.from_to(old.as_ref(), Some(&spec.clone().masked()));
            let base = configured.version;
            let written = self.write(Kind::Buffer, &buffer.name, &spec, mode, base, &act);
            if let Some(version) = written.await? {
                return Ok(Versioned { version, spec });
            }
        }
        Err(busy())
    }

    /// Checks and writes a destination; its template is tried on a sample.
    pub(in super::super) async fn write_destination(
        &self,
        spec: DestinationSpec,
        mode: Mode,
        by: &By,
    ) -> Result<Versioned<DestinationSpec>, ApiError> {
        for _ in 0..MOST_TRIES {
            self.registry.catch_up().await?;
            let configured = &self.registry.get().configured;
            let old = configured.destinations.get(&spec.name);
            let spec = spec.clone().unmasked(old.map(|old| &old.spec));
            let destination = spec.check()?;
            not_of_the_environment(Kind::Destination, &destination.name)?;
            Sender::new(&destination, &self.clients)?;
            let old = old.map(|old| old.spec.clone().masked());
            let act = writing(Kind::Destination, &destination.name, by);
            let act = act.from_to(old.as_ref(), Some(&spec.clone().masked()));
            let base = configured.version;
            let written = self.write(
                Kind::Destination,
                &destination.name,
                &spec,
                mode,
                base,
                &act,
            );
            if let Some(version) = written.await? {
                return Ok(Versioned { version, spec });
            }
        }
        Err(busy())
    }

    /// The template of a follow-up is tried on a sample, as what its destination's content type makes of it.
    fn follow_up_can_be_written(&self, buffer: &Buffer) -> Result<(), SpecError> {
        let Some(follow_up) = &buffer.follow_up else {
            return Ok(());
        };
        let snapshot = self.registry.get();
        let destination = snapshot.destination(&follow_up.destination);
        match &follow_up.template {
            Some(template) => try_template(template, destination.map(|known| &**known))
                .map_err(|error| SpecError::new("follow_up.template", error.to_string())),
            None => Ok(()),
        }
    }

    /// The version that was made; none: somebody else was faster.
    pub(in super::super) async fn write(
        &self,
        kind: Kind,
        name: &Name,
        spec: &impl Serialize,
        mode: Mode,
        base: u64,
        act: &Act,
    ) -> Result<Option<u64>, ApiError> {
        let written = self
            .store
            .configure(kind, name, spec, mode, Some(base), Some(act));
        match written.await? {
            Written::As(version) => {
                self.registry.catch_up().await?;
                let kind = kind.as_str();
                info!(kind, name = %name, version, "An operator wrote the {kind} {name}");
                Ok(Some(version))
            }
            Written::Stale => Ok(None),
            Written::Removing if mode == Mode::Any => {
                let by = By {
                    actor: act.actor.clone(),
                    address: act.address,
                };
                self.call_off(kind, name, &by).await?;
                Ok(None)
            }
            Written::Removing => Err(being_removed(kind, name)),
            Written::Refused => Err(match (mode, kind) {
                (Mode::New, _) => ApiError::Conflict(format!(
                    "there is a {} {name} already: PUT replaces it",
                    kind.as_str()
                )),
                (_, Kind::Buffer) => NO_BUFFER,
                (_, Kind::Destination) => NO_DESTINATION,
                (_, Kind::Schedule) => NO_SCHEDULE,
            }),
        }
    }
}

/// What the audit says of a write.
pub(in super::super) fn writing(kind: Kind, name: &Name, by: &By) -> Act {
    Act::new(kind.write(), by).on(name)
}

pub(in super::super) fn busy() -> ApiError {
    ApiError::Conflict("others are changing buffers and destinations: try again".to_owned())
}

fn destinations_are_there(buffer: &Buffer, configured: &Configured) -> Result<(), SpecError> {
    let named = buffer.destinations.iter().map(|target| &target.name);
    let mut named = named.map(|name| ("destinations", name)).chain(
        buffer
            .follow_up
            .iter()
            .map(|follow_up| ("follow_up.destination", &follow_up.destination)),
    );
    let leaves = |name: &Name| configured.removal(Kind::Destination, name).is_some();
    let missing =
        named.find(|&(_, name)| leaves(name) || !configured.has(&Scope::Destination(name.clone())));
    match missing {
        Some((field, leaving)) if leaves(leaving) => {
            let why = format!("the destination {leaving} is being removed: name another");
            Err(SpecError::new(field, why))
        }
        Some((field, missing)) => {
            let why = format!("there is no destination {missing}: create it first");
            Err(SpecError::new(field, why))
        }
        None => Ok(()),
    }
}

/// What the environment describes can only be changed there.
pub(super) fn not_of_the_environment(kind: Kind, name: &Name) -> Result<(), ApiError> {
    if !Name::is_of_environment(name.as_str()) {
        return Ok(());
    }
    let kind = kind.as_str();
    Err(ApiError::Conflict(format!(
        "the {kind} {name} is described by the settings of the daemons: change it there, or choose another name"
    )))
}
