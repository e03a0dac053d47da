//! How much may wait: in open chats, on lanes, and for its time. What is over is refused when it comes, so what was
//! taken always goes its way: a window that closes gets its batch, and what has waited for its time leaves.
//!
//! By itself an api never lets more wait than may; several together may, by what the others take within a second.

mod backlog;
mod crossed;
mod overfull;
mod pauses;

use std::sync::{Arc, Mutex};

use self::backlog::{Backlog, Load, Place};
use self::crossed::RefusedOnce;
use super::error::IngestError;
use super::memory_guard::MemoryGuard;
use crate::core::chat::{Chat, Name};
use crate::settings::bounds::{Bound, BoundsConfig};
use crate::store::windows::{Appended, Taken};
use crate::store::work::Kind;
use crate::store::{Store, StoreError};

pub use overfull::Overfull;
use overfull::Which;
pub(super) use pauses::Pauses;
pub use pauses::TooManyPaused;

/// What Redis needs for each beside what it holds, in bytes: names in indexes and hashes.
const BESIDES: u64 = 400;

/// How a message comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Into an open chat.
    Joins,
    /// It opens its chat.
    Opens,
    /// Straight onto the lanes.
    Queued,
    /// To leave later.
    Later,
}

impl Way {
    /// What it adds to.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Joins => &[Kind::Windows],
            // Each open chat becomes a batch.
            Self::Opens | Self::Queued => &[Kind::Windows, Kind::Lanes],
            Self::Later => &[Kind::Later],
        }
    }
}

/// How much may wait, and how much does.
#[derive(Clone)]
pub(super) struct Bounds(Arc<Parts>);

struct Parts {
    config: BoundsConfig,
    store: Store,
    memory_guard: MemoryGuard,
    windows: Backlog,
    lanes: Backlog,
    later: Backlog,
    refused: Mutex<Vec<RefusedOnce>>,
}

/// A message on its way into a window.
pub(super) struct Coming<'a>(Place<'a>);

impl Coming<'_> {
    /// What became of it.
    pub(super) fn arrived(self, appended: &Appended) {
        // Where a window was closed first, one went and one came.
        match (appended.taken, appended.count, appended.closed) {
            (Taken::Appended, 1, None) => self.0.taken(),
            (Taken::Appended, ..) => self.0.joined(),
            _ => {}
        }
    }
}

impl Bounds {
    pub(super) fn new(config: BoundsConfig, store: &Store, guard: &MemoryGuard) -> Self {
        let backlog = |kind| Backlog::new(kind, BESIDES, store.clone());
        Self(Arc::new(Parts {
            config,
            store: store.clone(),
            memory_guard: guard.clone(),
            windows: backlog(Kind::Windows),
            lanes: backlog(Kind::Lanes),
            later: backlog(Kind::Later),
            refused: Mutex::default(),
        }))
    }

    /// Asks for a new message of this chat, of so many bytes.
    ///
    /// # Errors
    /// When it would be too much, or would open a chat too many; or the storage cannot be asked.
    pub(super) async fn admit(&self, chat: &Chat, bytes: usize) -> Result<Coming<'_>, IngestError> {
        let buffer = &chat.buffer;
        let load = self.0.windows.load(1, long(bytes));
        // Its place first, so that of those that come at one moment not all find the last one free.
        let place = self.0.windows.come(buffer, load);
        self.refresh(buffer, Way::Opens.kinds()).await?;
        if let Some(full) = self.over(Way::Joins, buffer, Load::default()) {
            return Err(self.refuse(full, Way::Joins, buffer, load));
        }
        if let Some(full) = self.over(Way::Opens, buffer, Load::default()) {
            let open = self.0.store.windows().find(chat).await?;
            if open.is_none() {
                return Err(self.refuse(full, Way::Opens, buffer, load));
            }
        }
        Ok(Coming(place))
    }

    /// Asks for a message that goes straight onto so many lanes of this chat.
    ///
    /// # Errors
    /// When it would be too much, or the storage cannot be asked.
    pub(super) async fn admit_queued(
        &self,
        chat: &Chat,
        bytes: usize,
        lanes: usize,
    ) -> Result<Place<'_>, IngestError> {
        let (buffer, lanes) = (&chat.buffer, long(lanes));
        let load = self.0.lanes.load(lanes, long(bytes).saturating_mul(lanes));
        let place = self.0.lanes.come(buffer, load);
        self.refresh(buffer, Way::Queued.kinds()).await?;
        match self.over(Way::Queued, buffer, Load::default()) {
            Some(full) => Err(self.refuse(full, Way::Queued, buffer, load)),
            None => Ok(place),
        }
    }

    /// Asks for a message of a chat that is to wait, of so many bytes.
    ///
    /// # Errors
    /// When it would be too much, and does not wait already; or the storage cannot be asked.
    pub(super) async fn admit_later(
        &self,
        chat: &Chat,
        id: &str,
        bytes: usize,
    ) -> Result<Place<'_>, IngestError> {
        let buffer = &chat.buffer;
        let load = self.0.later.load(1, long(bytes));
        let place = self.0.later.come(buffer, load);
        self.refresh(buffer, Way::Later.kinds()).await?;
        if let Some(full) = self.over(Way::Later, buffer, Load::default()) {
            // One that waits is only told so.
            let waits = self.0.store.scheduled().has(chat, id).await?;
            if !waits {
                return Err(self.refuse(full, Way::Later, buffer, load));
            }
        }
        Ok(place)
    }

    fn of(&self, kind: Kind) -> (&Bound, &Backlog) {
        let Parts { config, .. } = &*self.0;
        match kind {
            Kind::Windows => (&config.windows, &self.0.windows),
            Kind::Lanes => (&config.lanes, &self.0.lanes),
            Kind::Later => (&config.later, &self.0.later),
        }
    }

    /// Counts what was not counted a moment ago; of one buffer only where that could have too much.
    async fn refresh(&self, buffer: &Name, kinds: &[Kind]) -> Result<(), StoreError> {
        self.0.memory_guard.look_once().await?;
        self.refresh_all(kinds, None).await?;
        let most = |&kind: &Kind| self.of(kind).1.most().count;
        let most: u64 = kinds.iter().map(most).sum();
        let least = kinds.iter().map(|&kind| self.of(kind).0.per_buffer);
        let is_near = least
            .filter(|&it| it > 0)
            .min()
            .is_some_and(|it| most >= it);
        if is_near {
            self.refresh_all(kinds, Some(buffer)).await?;
        }
        Ok(())
    }

    /// Counts these kinds, each after the one before: what a closing window takes to its lanes between two counts is
    /// counted twice rather than not at all.
    async fn refresh_all(&self, kinds: &[Kind], buffer: Option<&Name>) -> Result<(), StoreError> {
        let mut counted = None;
        for &kind in kinds {
            let (_, backlog) = self.of(kind);
            counted = Some(backlog.refresh(buffer, counted).await?);
        }
        Ok(())
    }

    /// The limit that so much more would cross.
    fn over(&self, way: Way, buffer: &Name, more: Load) -> Option<Overfull> {
        let open = self.0.windows.most();
        let on_lanes = self.0.lanes.most();
        let in_buffer = |kinds: &[Kind]| -> u64 {
            kinds
                .iter()
                .map(|&kind| self.of(kind).1.most_of(buffer))
                .sum()
        };
        let lanes = || {
            let in_buffer = in_buffer(Way::Queued.kinds()) + more.count;
            self.over_in(Kind::Lanes, open + on_lanes + more, buffer, in_buffer)
        };
        match way {
            Way::Joins => {
                let most = self.bytes(Kind::Windows);
                let is_over = most > 0 && (open + more).bytes > most;
                is_over.then(|| Overfull::new(Kind::Windows, Which::Bytes(most)))
            }
            Way::Opens => {
                let of_buffer = in_buffer(&[Kind::Windows]) + more.count;
                self.over_in(Kind::Windows, open + more, buffer, of_buffer)
                    .or_else(lanes)
            }
            Way::Queued => lanes(),
            Way::Later => {
                let sum = self.0.later.most() + more;
                let of_buffer = in_buffer(&[Kind::Later]) + more.count;
                self.over_in(Kind::Later, sum, buffer, of_buffer)
            }
        }
    }

    fn over_in(&self, kind: Kind, sum: Load, buffer: &Name, of_buffer: u64) -> Option<Overfull> {
        let (bound, _) = self.of(kind);
        let bytes = self.bytes(kind);
        let is_over = |sum: u64, most: u64| most > 0 && sum > most;
        let which = if is_over(sum.count, bound.count) {
            Which::Count(bound.count)
        } else if is_over(sum.bytes, bytes) {
            Which::Bytes(bytes)
        } else if is_over(of_buffer.min(sum.count), bound.per_buffer) {
            // Of a buffer that was not counted this daemon knows nothing, but that it holds no more than all do.
            Which::InBuffer(buffer.clone(), bound.per_buffer)
        } else {
            return None;
        };
        Some(Overfull::new(kind, which))
    }

    /// The most bytes of a kind that may wait; 0: any number.
    fn bytes(&self, kind: Kind) -> u64 {
        self.of(kind).0.bytes.of(self.0.memory_guard.most())
    }
}

fn long(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
