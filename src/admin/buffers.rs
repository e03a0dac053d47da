//! Buffers, as far as they are not written and removed as all that is configured is.

use chrono_tz::Tz;

use super::Shown;
use super::configuring::{Drained, Managed, not_of_the_environment};
use super::{Admin, AdminError, Conflict, NoSuch};
use crate::core::action::Action;
use crate::core::chat::Name;
use crate::core::control::Scope;
use crate::delivery::try_template;
use crate::registry::Snapshot;
use crate::spec::{Buffer, BufferSpec, SpecError};
use crate::store::audit::{Act, By};
use crate::store::config::{Configured, Kind};

impl Managed for BufferSpec {
    const OF_ENVIRONMENT: bool = true;
    const IS_NAMED: bool = false;

    fn check_in(&self, admin: &Admin, snapshot: &Snapshot) -> Result<Name, AdminError> {
        let buffer = self.check(&admin.registry().defaults().buffer.window)?;
        self.check_idle()?;
        not_of_the_environment::<Self>(&buffer.name)?;
        destinations_are_there(&buffer, &snapshot.configured)?;
        follow_up_can_be_written(&buffer, snapshot)?;
        Ok(buffer.name)
    }
}

impl Drained for BufferSpec {
    fn can_drain(snapshot: &Snapshot, name: &Name) -> Result<(), Conflict> {
        match snapshot.buffer(name) {
            Some(_) => Ok(()),
            None => Err(Conflict::Unusable(name.clone())),
        }
    }

    async fn is_empty(admin: &Admin, name: &Name) -> Result<(), AdminError> {
        let windows = admin.store().windows().count_in(name).await?;
        let later = admin.store().scheduled().count_in(name).await?;
        if (windows, later) == (0, 0) {
            return Ok(());
        }
        Err(Conflict::HoldsMessages {
            name: name.clone(),
            windows,
            later,
        }
        .into())
    }
}

impl Admin {
    /// Whether there is a buffer of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn check_buffer(&self, name: &Name) -> Result<(), NoSuch> {
        let there = self.registry().get().buffer(name).map(|_| ());
        there.ok_or_else(|| NoSuch::Buffer(name.to_string()))
    }

    /// All buffers, masked: those of the environment first.
    pub fn buffers(&self) -> Vec<Shown<BufferSpec>> {
        let of_environment = self.registry().defaults().buffers();
        let mut all: Vec<_> = of_environment.map(Shown::buffer_of_environment).into();
        let written = self.all_written::<BufferSpec>().into_iter();
        all.extend(written.map(|written| self.shown(written)));
        all
    }

    /// The buffer of this name, masked.
    ///
    /// # Errors
    /// No such; unavailable or silent.
    pub async fn buffer(&self, name: &Name) -> Result<Shown<BufferSpec>, AdminError> {
        let mut of_environment = self.registry().defaults().buffers().into_iter();
        match of_environment.find(|buffer| buffer.name == *name) {
            Some(buffer) => Ok(Shown::buffer_of_environment(buffer)),
            None => Ok(self.shown(self.written::<BufferSpec>(name).await?)),
        }
    }

    /// The zone that new buffers of the service Buffer write their moments in: as it was set, else the environment's.
    pub fn timezone(&self) -> String {
        let set = self.registry().get().configured.timezone.clone();
        set.unwrap_or_else(|| self.registry().defaults().buffer.zone.name().to_owned())
    }

    /// Sets that zone. Buffers that are there keep theirs.
    ///
    /// # Errors
    /// It is no zone; full, unavailable or silent.
    pub async fn set_timezone(&self, zone: &str, by: &By) -> Result<(), AdminError> {
        if zone.parse::<Tz>().is_err() {
            let why = "is not a zone of the IANA list, such as America/Sao_Paulo";
            return Err(SpecError::new("timezone", why).into());
        }
        let act = Act::new(Action::TimezoneWrite, by);
        let act = act.from_to(Some(&self.timezone()), Some(&zone));
        self.store().config().set_timezone(zone, &act).await?;
        Ok(self.registry().catch_up().await?)
    }
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

/// The template of a follow-up is tried on a sample, as what its destination's content type makes of it.
fn follow_up_can_be_written(buffer: &Buffer, snapshot: &Snapshot) -> Result<(), SpecError> {
    let Some(follow_up) = &buffer.follow_up else {
        return Ok(());
    };
    let destination = snapshot.destination(&follow_up.destination);
    match &follow_up.template {
        Some(template) => try_template(template, destination.map(|known| &**known))
            .map_err(|error| SpecError::new("follow_up.template", error.to_string())),
        None => Ok(()),
    }
}
