//! Destinations, as far as they are not written and removed as all that is configured is; and trying one.

use super::configuring::{Drained, Managed, not_of_the_environment};
use super::{Admin, AdminError, Conflict};
use super::{DestinationDetail, Shown};
use crate::core::chat::Name;
use crate::core::destination::Destination;
use crate::delivery::Sender;
use crate::registry::Snapshot;
use crate::spec::DestinationSpec;

impl Managed for DestinationSpec {
    const OF_ENVIRONMENT: bool = true;
    const IS_NAMED: bool = true;

    /// Its template is tried on a sample.
    fn check_in(&self, admin: &Admin, _: &Snapshot) -> Result<Name, AdminError> {
        let destination = self.check()?;
        self.check_idle()?;
        not_of_the_environment::<Self>(&destination.name)?;
        Sender::new(&destination, admin.clients())?;
        Ok(destination.name)
    }

    fn is_free(snapshot: &Snapshot, name: &Name) -> Result<(), Conflict> {
        let buffers = buffers_to(snapshot, name);
        if buffers.is_empty() {
            return Ok(());
        }
        Err(Conflict::Named {
            name: name.clone(),
            buffers,
        })
    }
}

impl Drained for DestinationSpec {
    fn can_drain(snapshot: &Snapshot, name: &Name) -> Result<(), Conflict> {
        if snapshot.stops().holds_to(name) {
            return Err(Conflict::Stopped(name.clone()));
        }
        Ok(())
    }

    async fn is_empty(admin: &Admin, name: &Name) -> Result<(), AdminError> {
        match admin.store().lanes().count_to(name).await? {
            0 => Ok(()),
            chats => Err(Conflict::BatchesWait {
                name: name.clone(),
                chats,
            }
            .into()),
        }
    }
}

impl Admin {
    /// All destinations, masked: those of the environment first.
    pub fn destinations(&self) -> Vec<DestinationDetail> {
        let mut all: Vec<_> = OF_ENVIRONMENT
            .map(|name| self.destination_of_environment(&name()))
            .into();
        let written = self.all_written::<DestinationSpec>().into_iter();
        all.extend(written.map(|written| known(self.shown(written))));
        all
    }

    /// The destination of this name, masked.
    ///
    /// # Errors
    /// No such; unavailable or silent.
    pub async fn destination(&self, name: &Name) -> Result<DestinationDetail, AdminError> {
        if OF_ENVIRONMENT.iter().any(|known| known() == *name) {
            return Ok(self.destination_of_environment(name));
        }
        let written = self.written::<DestinationSpec>(name).await?;
        Ok(known(self.shown(written)))
    }

    /// Whether nothing waits for a destination.
    ///
    /// # Errors
    /// Batches wait; unavailable or silent.
    pub async fn nothing_waits_for(&self, name: &Name) -> Result<(), AdminError> {
        DestinationSpec::is_empty(self, name).await
    }

    /// The buffers that deliver to a destination, as far as they were written.
    pub fn buffers_to(&self, destination: &Name) -> Vec<String> {
        buffers_to(&self.registry().get(), destination)
    }

    /// A destination to call, of the environment or written.
    pub(super) async fn callable(&self, name: &Name) -> Result<Destination, AdminError> {
        if !Name::is_of_environment(name.as_str()) {
            let written = self.written::<DestinationSpec>(name).await?;
            return Ok(written.spec.check()?);
        }
        let mut told = self.registry().defaults().destinations();
        let told = told.find(|destination| destination.name == *name);
        Ok(told.cloned().ok_or(Conflict::UntoldUrl)?)
    }

    fn destination_of_environment(&self, name: &Name) -> DestinationDetail {
        let mut told = self.registry().defaults().destinations();
        match told.find(|destination| destination.name == *name) {
            Some(destination) => known(Shown::destination_of_environment(destination)),
            None => DestinationDetail::Untold(name.clone()),
        }
    }
}

const OF_ENVIRONMENT: [fn() -> Name; 2] = [Name::default_name, Name::messages_name];

fn known(shown: Shown<DestinationSpec>) -> DestinationDetail {
    DestinationDetail::Known(Box::new(shown))
}

fn buffers_to(snapshot: &Snapshot, destination: &Name) -> Vec<String> {
    let buffers = snapshot.configured.buffers.iter();
    buffers
        .filter(|(_, written)| {
            let mut named = written.spec.named();
            named.any(|name| name == destination.as_str())
        })
        .map(|(name, _)| name.clone())
        .collect()
}
