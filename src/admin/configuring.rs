//! Reading and writing what can be configured, whichever kind it is: the old one is looked up, masks are taken off,
//! everything is checked, and it is written only on the version that it was checked against.

use tracing::info;

use super::Shown;
use super::{Admin, AdminError, Conflict, NoSuch};
use crate::core::chat::Name;
use crate::registry::Snapshot;
use crate::store::audit::{Act, By};
use crate::store::config::configurable::Configurable;
use crate::store::config::{Configured, Kind, Mode, Versioned, Written};

/// Each time somebody else was faster.
pub(super) const MOST_TRIES: usize = 32;

/// What an operator writes and removes, as far as that is its kind's own.
pub trait Managed: Configurable {
    /// Whether some of them are described by the environment, and can only be changed there.
    const OF_ENVIRONMENT: bool;
    /// Whether others name it, so that it is removed only as long as nobody has begun to.
    const IS_NAMED: bool;

    /// Checks it, by itself and against what else is there; answers its name.
    ///
    /// # Errors
    /// Names the field that is wrong.
    fn check_in(&self, admin: &Admin, snapshot: &Snapshot) -> Result<Name, AdminError>;

    /// What has to follow when it was written in place of `old`.
    fn is_written(
        &self,
        old: Option<&Self>,
        version: u64,
        admin: &Admin,
    ) -> impl Future<Output = ()> + Send {
        let _ = (old, version, admin);
        std::future::ready(())
    }

    /// Whether nothing else relies on the one of this name.
    ///
    /// # Errors
    /// Says what does.
    fn is_free(snapshot: &Snapshot, name: &Name) -> Result<(), Conflict> {
        let _ = (snapshot, name);
        Ok(())
    }
}

/// What can be removed without losing what stands there.
pub trait Drained: Managed {
    /// Whether what stands there can be delivered before it goes.
    ///
    /// # Errors
    /// Says why not.
    fn can_drain(snapshot: &Snapshot, name: &Name) -> Result<(), Conflict>;

    /// Whether nothing stands there.
    ///
    /// # Errors
    /// Says what does; or the storage cannot be asked.
    fn is_empty(admin: &Admin, name: &Name) -> impl Future<Output = Result<(), AdminError>> + Send;
}

impl Admin {
    /// What was written under this name, with its secrets: [`Admin::shown`] masks them. What the environment describes
    /// never was.
    ///
    /// # Errors
    /// No such; encrypted with a key that is not here; unavailable or silent.
    pub async fn written<T: Managed>(&self, name: &Name) -> Result<Versioned<T>, AdminError> {
        // Another daemon may have written it a moment ago.
        self.registry().catch_up().await?;
        let snapshot = self.registry().get();
        snapshot.configured.is_open(T::KIND, name.as_str())?;
        let written = snapshot.configured.get(name.as_str());
        Ok(written.cloned().ok_or(NoSuch::Kind(T::KIND))?)
    }

    /// All of a kind that were written, as this daemon knows them, with their secrets: [`Admin::shown`] masks them.
    /// Without those that came with a message, which are nobody's to change.
    pub fn all_written<T: Managed>(&self) -> Vec<Versioned<T>> {
        let snapshot = self.registry().get();
        let of_others = |name: &str| Name::is_of_environment(name) || Name::is_anonymous(name);
        let written = T::all(&snapshot.configured).iter();
        let written = written.filter(|(name, _)| !T::OF_ENVIRONMENT || !of_others(name));
        written.map(|(_, written)| written.clone()).collect()
    }

    /// It as it is shown: masked, with how it is being removed.
    pub fn shown<T: Managed>(&self, written: Versioned<T>) -> Shown<T> {
        let snapshot = self.registry().get();
        let Versioned { version, spec } = written;
        let name = Name::parse(spec.name()).ok();
        let configured = &snapshot.configured;
        let removal = name.and_then(|name| configured.removal(T::KIND, &name));
        Shown {
            spec: spec.masked(),
            version: Some(version),
            removing: removal.cloned(),
        }
    }

    /// Checks and writes one, with a mask for each secret that is to stay.
    ///
    /// # Errors
    /// A field that is wrong; there or not there, where `mode` asks for the other; being removed; of the environment;
    /// full, unavailable or silent.
    pub async fn put<T: Managed>(
        &self,
        spec: T,
        mode: Mode,
        by: &By,
    ) -> Result<Versioned<T>, AdminError> {
        self.write(|_| Ok(spec.clone()), mode, by).await
    }

    /// Writes it over one version of it, where one is given, so that nothing is lost that somebody else has written since it was
    /// shown; else over whatever is there.
    ///
    /// # Errors
    /// Those of [`Admin::put`]; it has another version, or is not there.
    pub async fn put_over<T: Managed>(
        &self,
        version: Option<u64>,
        spec: T,
        by: &By,
    ) -> Result<Versioned<T>, AdminError> {
        let Some(version) = version else {
            return self.put(spec, Mode::Any, by).await;
        };
        let over = |configured: &Configured| {
            let name = spec.name();
            configured.is_open(T::KIND, name)?;
            // What the environment describes has no version, and says so itself.
            if !T::OF_ENVIRONMENT || !Name::is_of_environment(name) {
                is_of_version::<T>(configured, name, version)?;
            }
            Ok::<_, AdminError>(spec.clone())
        };
        self.write(over, Mode::Known, by).await
    }

    /// Changes one that is there; what others change meanwhile is kept. `change` sees masks in place of secrets, so that
    /// those go nowhere else than before.
    ///
    /// # Errors
    /// Those of `change`, and of [`Admin::put`].
    pub async fn change<T: Managed, E: From<AdminError>>(
        &self,
        name: &str,
        change: impl Fn(T) -> Result<T, E>,
        by: &By,
    ) -> Result<Versioned<T>, E> {
        self.change_over(None, name, change, by).await
    }

    /// The same over one version of it, where one is given.
    ///
    /// # Errors
    /// Those of [`Admin::change`]; it has another version.
    pub async fn change_over<T: Managed, E: From<AdminError>>(
        &self,
        version: Option<u64>,
        name: &str,
        change: impl Fn(T) -> Result<T, E>,
        by: &By,
    ) -> Result<Versioned<T>, E> {
        let changed = |configured: &Configured| {
            configured
                .is_open(T::KIND, name)
                .map_err(AdminError::Store)?;
            if let Some(version) = version {
                is_of_version::<T>(configured, name, version).map_err(AdminError::Conflict)?;
            }
            let old = configured.get::<T>(name);
            let old = old.ok_or(AdminError::NoSuch(NoSuch::Kind(T::KIND)))?;
            change(old.spec.clone().masked())
        };
        self.write(changed, Mode::Known, by).await
    }

    async fn write<T: Managed, E: From<AdminError>>(
        &self,
        make: impl Fn(&Configured) -> Result<T, E>,
        mode: Mode,
        by: &By,
    ) -> Result<Versioned<T>, E> {
        for _ in 0..MOST_TRIES {
            self.registry()
                .catch_up()
                .await
                .map_err(AdminError::Store)?;
            let snapshot = self.registry().get();
            let spec = make(&snapshot.configured)?;
            if let Some(written) = self.write_once(spec, mode, by, &snapshot).await? {
                return Ok(written);
            }
        }
        Err(AdminError::Conflict(Conflict::Busy).into())
    }

    /// What was written; none: somebody else was faster.
    async fn write_once<T: Managed>(
        &self,
        spec: T,
        mode: Mode,
        by: &By,
        snapshot: &Snapshot,
    ) -> Result<Option<Versioned<T>>, AdminError> {
        let configured = &snapshot.configured;
        // Nothing is written over what nobody can read here.
        configured.is_open(T::KIND, spec.name())?;
        let old = configured.get::<T>(spec.name()).map(|old| &old.spec);
        let spec = spec.unmasked(old)?;
        let name = spec.check_in(self, snapshot)?;
        let before = old.map(|old| old.clone().noted());
        let act = Act::new(T::KIND.write(), by).on(&name);
        let act = act.from_to(before.as_ref(), Some(&spec.clone().noted()));
        let base = Some(configured.version);
        let written = self
            .store()
            .config()
            .write(T::KIND, &name, &spec, mode, base, Some(&act));
        match written.await? {
            Written::As(version) => {
                self.registry().catch_up().await?;
                let kind = T::KIND.as_str();
                info!(kind, name = %name, version, "An operator wrote the {kind} {name}");
                spec.is_written(old, version, self).await;
                Ok(Some(Versioned { version, spec }))
            }
            Written::Stale => Ok(None),
            Written::Removing if mode == Mode::Any => {
                self.call_off(T::KIND, &name, by).await?;
                Ok(None)
            }
            Written::Removing => Err(being_removed(T::KIND, &name).into()),
            Written::Refused if mode == Mode::New => Err(Conflict::Exists {
                kind: T::KIND,
                name,
            }
            .into()),
            Written::Refused => Err(NoSuch::Kind(T::KIND).into()),
        }
    }
}

/// Whether what is there has this version.
fn is_of_version<T: Managed>(
    configured: &Configured,
    name: &str,
    version: u64,
) -> Result<(), Conflict> {
    let there = configured.get::<T>(name).map(|there| there.version);
    if there == Some(version) {
        return Ok(());
    }
    Err(Conflict::Changed {
        kind: T::KIND,
        name: name.to_owned(),
        version: there,
    })
}

pub(super) fn being_removed(kind: Kind, name: &Name) -> Conflict {
    Conflict::BeingRemoved {
        kind,
        name: name.clone(),
    }
}

/// What the environment describes can only be changed there.
pub(super) fn not_of_the_environment<T: Managed>(name: &Name) -> Result<(), Conflict> {
    if !T::OF_ENVIRONMENT || !Name::is_of_environment(name.as_str()) {
        return Ok(());
    }
    Err(Conflict::OfEnvironment {
        kind: T::KIND,
        name: name.clone(),
    })
}
