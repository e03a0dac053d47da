//! Who has to leave when there is no slot: a stranger with many connections must not take them from everybody else.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::time::Instant;

use super::activity::{Activity, Doing, LAST_WORD};

/// All that have a slot, at one moment: how many of each network let the server wait.
///
/// An address stands for one client, so whoever puts a proxy in front should let it take in requests whole (nginx does):
/// all that comes through it comes from one address.
pub(super) struct Crowd {
    most: usize,
    owing: HashMap<IpAddr, usize>,
    total: usize,
    now: Instant,
}

/// How badly a connection is needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needed {
    /// It is one of very many that have let the server wait for a while.
    ByNobody,
    /// The client has its answer, and may open another.
    Hardly,
    /// The client has begun to ask.
    Yet,
    /// The client gets its answer first.
    First,
}

impl Crowd {
    /// These, where there are `most` slots.
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Arc<Activity>>, most: usize) -> Self {
        let mut owing: HashMap<_, usize> = HashMap::new();
        for activity in all {
            if activity.state().0.is_owing() && !activity.is_asked() {
                *owing.entry(activity.network()).or_default() += 1;
            }
        }
        Self {
            most,
            total: owing.values().sum(),
            owing,
            now: Instant::now(),
        }
    }

    /// Whether those that let the server wait hold more than half of all slots.
    fn is_slow(&self) -> bool {
        self.total > self.most / 2
    }

    /// Whether one more of this network would take a slot from one that has fewer.
    pub(super) fn has_had_enough(&self, network: IpAddr) -> bool {
        let held = self.owing.get(&network).copied().unwrap_or(0);
        self.is_slow() && self.owing.len() > 1 && held >= self.most / self.owing.len()
    }

    /// Which goes first, from low to high: how badly it is needed, how many others of its network let the server wait,
    /// what it is at, and since when. None: it has been asked already.
    pub(super) fn rank(&self, activity: &Activity) -> Option<impl Ord + Copy + use<>> {
        if activity.is_asked() {
            return None;
        }
        let (doing, since) = activity.state();
        let needed = match doing {
            Doing::Idle => Needed::Hardly,
            // There are never many of these.
            Doing::Served | Doing::Listening => Needed::First,
            _ if self.is_slow() && self.now.duration_since(since) > LAST_WORD => Needed::ByNobody,
            _ => Needed::Yet,
        };
        let beside = if doing.is_owing() {
            self.owing.get(&activity.network()).copied().unwrap_or(0)
        } else {
            0
        };
        Some((needed, Reverse(beside), doing, since))
    }
}

/// The network that an address stands for: who has one IPv6 address has the 2^64 beside it too.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}
