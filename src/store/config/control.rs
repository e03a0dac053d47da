//! What is stopped, and the lanes that wait because of it.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::core::chat::{Lane, Name};
use crate::core::control::{Scope, Stops};
use crate::core::moment::millis;
use crate::store::audit::Act;
use crate::store::config::{Configured, Mode};
use crate::store::handles::{Config, Lanes};
use crate::store::keys::{self, Due, Place, Shard};
use crate::store::scripts;
use crate::store::{Result, reply};

/// Begins the fields of what is stopped.
pub(in crate::store) const STOPPED: &str = "stopped";

impl Config<'_> {
    /// Stops or starts deliveries; every daemon goes by it within a second, and after a restart. In the same step `act` is
    /// noted.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn set_stopped(self, scope: &Scope, stopped: bool, act: Option<&Act>) -> Result<()> {
        let (field, spec) = match scope {
            // That somebody has started everything is kept too: it may be set to wait for that.
            Scope::Everything => (format!("{STOPPED}:all"), reply::json(&stopped)?),
            Scope::Buffer(name) => (format!("{STOPPED}:buffer:{name}"), kept(stopped)),
            Scope::Destination(name) => (format!("{STOPPED}:destination:{name}"), kept(stopped)),
        };
        self.run_configure(&field, &spec, Mode::Any, None, act)
            .await
            .map(drop)
    }

    /// Notes that everything was started, where nobody has yet started or stopped it.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn first_start(self) -> Result<()> {
        let (field, started) = (format!("{STOPPED}:all"), reply::json(&false)?);
        self.run_configure(&field, &started, Mode::New, None, None)
            .await
            .map(drop)
    }
}

impl Lanes<'_> {
    /// Puts off a lane of a buffer that is stopped, whatever its own time is.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn put_off(self, lane: &Lane, wait: Duration) -> Result<()> {
        self.postpone(lane, millis(wait).to_string()).await
    }

    /// Puts the lanes of a buffer that was started again back to their own times.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn put_all_back(self, buffer: &Name, destination: &Name) -> Result<()> {
        let due = Due::Lanes(destination.clone());
        for shard in Shard::all() {
            let members = self.store.members(&due, shard, Some(buffer)).await?;
            let chats = members
                .keys()
                .filter_map(|member| keys::chat_of_member(member));
            let restored = chats.map(|chat| async move {
                let lane = Lane {
                    destination: destination.clone(),
                    chat,
                };
                self.postpone(&lane, String::new()).await
            });
            try_join_all(restored).await?;
        }
        Ok(())
    }

    /// Puts a lane that was taken back to its own time.
    ///
    /// # Errors
    /// Unavailable or silent: then it comes up again in some seconds.
    pub async fn put_back(self, lane: &Lane) -> Result<()> {
        self.postpone(lane, String::new()).await
    }

    async fn postpone(self, lane: &Lane, wait: String) -> Result<()> {
        let place = Place::of(&lane.chat);
        let mut postpone = scripts::POSTPONE.key(place.due_lanes(&lane.destination));
        postpone
            .key(place.head(&lane.destination))
            .key(keys::lanes(place.shard))
            .arg(place.lane_member())
            .arg(wait)
            .arg(keys::RETRIES);
        self.store.run::<u8>(place.shard, &postpone).await.map(drop)
    }
}

/// What is stopped has a field; what is started has none.
fn kept(stopped: bool) -> String {
    if stopped { "true" } else { "" }.to_owned()
}

/// Takes up the field of something that is stopped, after [`STOPPED`]; false if this version does not know it.
pub(in crate::store) fn read_stop(stops: &mut Stops, field: &str, stopped: bool) -> bool {
    match field.split_once(':') {
        None if field == "all" => stops.everything = Some(stopped),
        Some(("buffer", name)) => stops.buffers.extend(Name::parse(name)),
        Some(("destination", name)) => stops.destinations.extend(Name::parse(name)),
        _ => return false,
    }
    true
}

impl Configured {
    /// Whether there is something of this name to stop or start, of the environment or configured.
    pub fn has(&self, scope: &Scope) -> bool {
        let is_there =
            |name: &Name, written: bool| written || Name::is_of_environment(name.as_str());
        match scope {
            Scope::Everything => true,
            Scope::Buffer(name) => is_there(name, self.buffers.contains_key(name.as_str())),
            Scope::Destination(name) => {
                is_there(name, self.destinations.contains_key(name.as_str()))
            }
        }
    }
}
