//! The parts of the store: each has the verbs of one concern, which stand in the files of that concern.

use super::Store;

/// A handle for each part: how it is reached, and its type.
macro_rules! handles {
    ($($(#[$doc:meta])* $reach:ident $handle:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $handle<'a> {
                pub(super) store: &'a Store,
            }
        )*

        impl Store {
            $(
                $(#[$doc])*
                pub fn $reach(&self) -> $handle<'_> {
                    $handle { store: self }
                }
            )*
        }
    };
}

handles! {
    /// Open windows: what comes into them, when they close, and what an operator does to them.
    windows Windows,
    /// Chats beyond their windows: pauses, aliases, what there is of one, and erasing it.
    chats Chats,
    /// Lanes: the queues of batches from one chat to one destination, and when they are attempted.
    lanes Lanes,
    /// What is due of each kind, and who takes it.
    due DueIndexes,
    /// Messages that wait for their time.
    scheduled Scheduled,
    /// What is asked of chats that stay silent.
    follow_ups FollowUps,
    /// The next runs of schedules.
    schedules Schedules,
    /// What is over: batches that were tried, and messages as they came.
    history History,
    /// Who did what.
    audit Audit,
    /// Batches that were given up on, and putting them back.
    dead_letters DeadLetters,
    /// Buffers, destinations and schedules as they are written, their lives and removals, and what is stopped.
    config Config,
    /// The keys that an operator made, beside those of the environment.
    keys ApiKeys,
    /// Links by which a browser comes in once.
    login_links LoginLinks,
    /// What belongs to nothing that is configured.
    strays StrayThings,
    /// Redis's clock, and moving what waits when it was set back.
    clock RedisClock,
    /// The daemons that work on this Redis, and whether what is due is worked off.
    daemons Daemons,
    /// The lines that gateways post through.
    lines Lines,
    /// What all daemons counted, by time.
    samples Samples,
    /// How much waits.
    held HeldCounts,
}
