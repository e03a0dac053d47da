//! Open windows: append, hold, close, and what an operator does to them.

mod amending;
mod append_call;
pub mod closing;
pub(super) mod digests;
pub mod extending;
pub mod open;

use std::time::Duration;

use self::closing::Closing;
use super::config::lives::Living;
use super::handles::Windows;
use super::history::received::Kept;
use super::keys::{self, Place};
use super::scripts;
use super::work::Kind;
use super::{LONGEST_SLEEP, Result, StoreError};
use crate::core::chat::Chat;
use crate::core::destination::Target;
use crate::core::json::RawObject;
use crate::core::life::Life;
use crate::core::moment::millis;
use crate::core::window::{CloseReason, WaitRule, WindowRules};

/// A full window is closed and the message tried again; each round another client may have filled it meanwhile.
const MOST_ROUNDS: usize = 64;

/// A message on its way into its window.
#[derive(Clone, Copy, Debug)]
pub struct NewMessage<'a> {
    /// The JSON object that [`crate::core::item::stored_item`] made.
    pub item: &'a str,
    /// The quiet window after it.
    pub ttl: Duration,
    /// The client named `ttl` itself: it holds for a chat that has just turned up, too.
    pub asked: bool,
    /// The client's id for it.
    pub id: Option<&'a str>,
    /// Its text, if it is nothing but text: where the rules drop repeats, it is compared with the message just before.
    /// A medium has none here, so that none is dropped for its caption.
    pub text: Option<&'a str>,
    /// What a gateway told beside the text, which makes it another if it differs: what was tapped, what it answers, in a
    /// group who said it.
    pub parts: Option<&'a RawObject>,
    /// It says that nothing more will come: its window is due at once.
    pub flush: Option<CloseReason>,
    /// It holds media and no text; see [`WindowRules::media_waits`].
    pub media_only: bool,
    /// What is kept of it beside its window.
    pub kept: Kept,
    /// The life of the buffer that it is for.
    pub life: Life,
    /// How whoever wrote it calls themself.
    pub name: Option<&'a str>,
    /// Which rule set its quiet window; none: that of its buffer.
    pub rule: Option<WaitRule>,
}

impl<'a> NewMessage<'a> {
    /// A message about which nothing is special.
    pub fn plain(item: &'a str, ttl: Duration) -> Self {
        Self {
            item,
            ttl,
            asked: false,
            id: None,
            text: None,
            parts: None,
            flush: None,
            media_only: false,
            kept: Kept::default(),
            life: Life::ALWAYS,
            name: None,
            rule: None,
        }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is in its window.
    Appended,
    /// Its id was seen before; nothing was changed.
    Duplicate,
    /// Its text was said just before and the rules drop repeats; the window was not changed.
    Repeated,
    /// Its chat is paused; it was not stored.
    Paused,
}

/// The state of a window after a typing signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What is left until its deadline.
    pub left: Duration,
    /// Whether the signal held it or let go of it; otherwise it is as it was.
    pub heeded: bool,
}

/// The state of a window after an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// What became of the message.
    pub taken: Taken,
    /// Messages in the window.
    pub count: u64,
    /// Until its deadline; in a paused chat, until the end of the pause.
    pub left: Duration,
    /// A window had to be closed first, because it was full or a flush word had been said in it.
    pub closed: Option<CloseReason>,
}

impl Windows<'_> {
    /// Puts a message into its chat's window, if [`Taken`] says so. Redis has it then, in the way its `appendfsync`
    /// says, when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no room, [`StoreError::Gone`] when its buffer is not there in the life that
    /// the message is for: nothing was stored. [`StoreError::NotOnReplicas`]: it is stored. Else unavailable or silent.
    pub async fn append(
        self,
        chat: &Chat,
        message: NewMessage<'_>,
        rules: &WindowRules,
        destinations: &[Target],
    ) -> Result<Appended> {
        let place = Place::of(chat);
        let append = self.append_call(chat, &place, &message, rules);
        let mut closed = None;
        for _ in 0..MOST_ROUNDS {
            let ((status, count, left), on): ((String, u64, u64), _) =
                self.store.run_onto_replicas(place.shard, &append).await?;
            if status == "gone" {
                return Err(StoreError::Gone);
            }
            if let Some(taken) = taken(&status) {
                match taken {
                    Taken::Appended => on.enough(true)?,
                    _ => self.store.be_on_replicas(place.shard, on).await?,
                }
                return Ok(Appended {
                    taken,
                    count,
                    left: Duration::from_millis(left),
                    closed,
                });
            }
            let id = self.new_id(chat);
            let closing = self.close_full(chat, &id, destinations);
            if let Closing::Closed { reason, .. } = closing.await? {
                closed = Some(reason);
            }
        }
        Err(StoreError::Contended)
    }

    /// Moves the deadline of an open window: for `hold` from now while the person types, or, without, by the window's
    /// own quiet time; a window that messages do not restart gets its own deadline back. Never past its cap. The end of
    /// a typing that did not hold the window, or that a message has ended already, moves nothing. Answers what is left,
    /// or `None` without a window.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn hold(self, chat: &Chat, hold: Option<Duration>) -> Result<Option<Held>> {
        let place = Place::of(chat);
        let length = hold.map(|hold| millis(hold).to_string());
        let mut hold = scripts::HOLD.key(place.timer());
        hold.key(place.window())
            .key(place.due())
            .arg(&place.member)
            .arg(length.unwrap_or_default())
            .arg(millis(LONGEST_SLEEP));
        self.store.tell_time(&mut hold, place.shard);
        let (left, heeded): (i64, u8) = self.store.run(place.shard, &hold).await?;
        Ok(u64::try_from(left).ok().map(|left| Held {
            left: Duration::from_millis(left),
            heeded: heeded == 1,
        }))
    }

    /// Drops the window with its messages; answers how many.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn cancel(self, chat: &Chat) -> Result<u64> {
        self.cancel_in(chat, None).await
    }

    /// The same, in the removal of a buffer only while that is under way.
    pub(super) async fn cancel_in(self, chat: &Chat, removed: Option<&Living>) -> Result<u64> {
        let place = Place::of(chat);
        let mut cancel = scripts::CANCEL_WINDOW.key(place.timer());
        cancel
            .key(place.window())
            .key(place.due())
            .key(keys::alive(place.shard))
            .key(keys::held(place.shard, Kind::Windows))
            .arg(&place.member);
        if let Some(removed) = removed {
            removed.must_be_over(&mut cancel);
        }
        self.store.run(place.shard, &cancel).await
    }
}

/// What the append script answered; `None`: the window has to be closed first.
fn taken(status: &str) -> Option<Taken> {
    match status {
        "appended" => Some(Taken::Appended),
        "duplicate" => Some(Taken::Duplicate),
        "repeated" => Some(Taken::Repeated),
        "paused" => Some(Taken::Paused),
        _ => None,
    }
}
