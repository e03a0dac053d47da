//! Open windows that an operator lets wait longer.

use std::time::Duration;

use crate::core::chat::Chat;
use crate::core::moment::millis;
use crate::store::Result;
use crate::store::handles::Windows;
use crate::store::keys::Place;
use crate::store::scripts;

/// A window that was to wait longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    /// Until its deadline.
    pub left: Duration,
    /// How many messages it holds.
    pub messages: u64,
    /// By how much its deadline was moved; zero: it was at its cap, or full.
    pub moved: Duration,
}

impl Windows<'_> {
    /// Moves the deadline of an open window by so much, never past its cap; `None`: there is no window.
    ///
    /// # Errors
    /// Full, unavailable or silent.
    pub async fn extend(self, chat: &Chat, by: Duration) -> Result<Option<Extended>> {
        let place = Place::of(chat);
        let mut extend = scripts::EXTEND.key(place.timer());
        extend
            .key(place.window())
            .key(place.due())
            .arg(&place.member)
            .arg(millis(by));
        self.store.tell_time(&mut extend, place.shard);
        let (left, messages, moved): (i64, u64, u64) = self.store.run(place.shard, &extend).await?;
        Ok(u64::try_from(left).ok().map(|left| Extended {
            left: Duration::from_millis(left),
            messages,
            moved: Duration::from_millis(moved),
        }))
    }
}
