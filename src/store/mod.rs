//! The only room that knows Redis. Its verbs stand on handles, one for each concern ([`handles`]), and most of them are one
//! script ([`scripts`]) or one command.

pub mod api_keys;
mod asking;
pub mod audit;
mod batch;
pub mod chats;
pub mod clearing;
pub mod clock;
pub mod config;
mod connect;
pub mod dead_letters;
mod dialling;
mod due;
mod due_lanes;
mod due_list;
mod error;
pub mod events;
pub mod forming;
pub mod handles;
pub mod held;
pub mod history;
pub mod ids;
pub mod inspection;
pub mod keys;
pub mod lanes;
pub mod lines;
mod links;
pub mod login_links;
mod nodes;
mod paging;
mod probe;
mod refusal;
mod replicas;
mod reply;
pub mod revivals;
pub mod room;
pub mod samples;
pub mod scheduled;
pub mod scripts;
pub mod status;
pub mod strays;
mod trouble;
pub mod windows;
pub mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::RedisResult;

use self::config::sealing::Sealing;
use self::nodes::Nodes;

pub use connect::ConnectError;
pub use due::{LONGEST_IDLE, LONGEST_SLEEP, Left};
pub use due_lanes::DueLanes;
pub use due_list::DueCursor;
pub use error::StoreError;
pub use paging::{EntryId, Look, PAGE_BYTES};

/// What was read on a connection that broke is read again after these: at once, as the attempt at another is waited for,
/// and once more where that one was cut, too, by when there was the next attempt.
const READ_AGAIN: [Duration; 2] = [Duration::ZERO, Duration::from_millis(100)];

/// Redis, as a few shared connections to each of its nodes, which mend themselves.
#[derive(Clone)]
pub struct Store {
    /// Shared, because every request clones the store.
    nodes: Arc<Nodes>,
    /// What its owner knows of the time there.
    clock: Arc<clock::Known>,
    /// The longest wait for any answer.
    patience: Duration,
    /// So many replicas must have what a client is told of.
    replicas: u32,
    /// What it goes by where it has to do with message ids.
    ids: Arc<ids::Ids>,
    /// What is configured is written and read through it.
    sealing: Arc<Sealing>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// The result of a store verb.
pub type Result<T> = std::result::Result<T, StoreError>;

impl Store {
    /// The same store, for somebody who waits no longer than this for any answer.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self {
            patience: patience.min(self.patience),
            ..self.clone()
        }
    }

    /// Reads something within `patience`. Where a connection broke under it, it is read again in what is left of that
    /// time, on a renewed one: so `read` must change nothing.
    ///
    /// # Errors
    /// Those of the last `read`.
    pub async fn read<T, R>(&self, patience: Duration, read: impl Fn(Self) -> R) -> Result<T>
    where
        R: Future<Output = Result<T>>,
    {
        let began = Instant::now();
        for pause in READ_AGAIN {
            match read(self.within(patience.saturating_sub(began.elapsed()))).await {
                Err(StoreError::Unavailable(error)) if error.is_connection_dropped() => {
                    tokio::time::sleep(pause).await;
                }
                answer => return answer,
            }
        }
        read(self.within(patience.saturating_sub(began.elapsed()))).await
    }

    async fn patiently<T>(&self, work: impl Future<Output = RedisResult<T>>) -> Result<T> {
        match tokio::time::timeout(self.patience, work).await {
            Ok(answer) => answer.map_err(StoreError::from),
            Err(_) => Err(StoreError::Silent(self.patience)),
        }
    }
}
