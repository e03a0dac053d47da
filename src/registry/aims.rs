//! How a buffer, and where it delivers, is put together for a snapshot: in which life, and whether it takes anything.

use std::collections::HashMap;
use std::sync::Arc;

use crate::core::chat::Name;
use crate::core::control::Stops;
use crate::core::destination::{Destination, Target};
use crate::core::life::Life;
use crate::spec::{Buffer, Defaults};
use crate::store::config::{Configured, Kind};

/// What is stopped: by an operator, and what may not begin before an operator has said so.
pub(super) fn stops(defaults: &Defaults, configured: &Configured) -> Stops {
    let mut stops = configured.stops.clone();
    if !defaults.messages.starts_by_itself && stops.everything.is_none() {
        stops.destinations.insert(Name::messages_name());
    }
    stops
}

/// The buffer in the life that it has; one that is being removed takes nothing more.
pub(super) fn living(mut buffer: Buffer, configured: &Configured) -> Buffer {
    buffer.life = configured.life(Kind::Buffer, &buffer.name);
    if configured.removal(Kind::Buffer, &buffer.name).is_some() {
        buffer.active = false;
    }
    buffer
}

/// The buffer, going by what its destinations want.
pub(super) fn aimed(
    mut buffer: Buffer,
    destinations: &HashMap<Name, Arc<Destination>>,
    configured: &Configured,
) -> Buffer {
    let targets = buffer.destinations.iter().map(|aim| {
        let known = destinations.get(&aim.name);
        Target {
            // One that only monitor is told of keeps what its settings say of it.
            split: known.map_or(aim.split, |known| known.split),
            ..target(&aim.name, destinations, configured)
        }
    });
    buffer.destinations = targets.collect();
    buffer
}

pub(super) fn target(
    name: &Name,
    destinations: &HashMap<Name, Arc<Destination>>,
    configured: &Configured,
) -> Target {
    let life = match Name::parse(name.as_str().trim_start_matches('.')) {
        Ok(schedule) if name.is_own() => configured.life(Kind::Schedule, &schedule),
        _ if Name::is_of_environment(name.as_str()) => Life::ALWAYS,
        _ => configured.life(Kind::Destination, name),
    };
    Target {
        name: name.clone(),
        split: destinations.get(name).is_some_and(|known| known.split),
        life,
    }
}
