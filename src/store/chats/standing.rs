//! How a chat stands at this moment, in one read: for whoever asks before it answers.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::Chat;
use crate::store::chats::known::{Known, fields_of};
use crate::store::handles::Chats;
use crate::store::keys::{self, Place};
use crate::store::windows::open::Window;
use crate::store::{Result, reply};

/// How a chat stands.
#[derive(Debug)]
pub struct Standing {
    /// Its open window.
    pub window: Option<Window>,
    /// In which second its newest window was opened; none: nothing is known of it.
    pub last_heard: Option<Millis>,
    /// Until the end of its pause; none: it is not paused.
    pub paused_for: Option<Duration>,
}

impl Chats<'_> {
    /// How a chat stands, in whichever order its buffer goes. The window is read first: what was said in one that is
    /// closed meanwhile was heard before that.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn standing(self, chat: &Chat) -> Result<Standing> {
        let chats = [chat.clone(), chat.in_other_order()];
        let fields = fields_of(chat.hash());
        let mut read = redis::pipe();
        read.cmd("TIME");
        for chat in &chats {
            let place = Place::of(chat);
            read.lindex(place.window(), 0);
            read.zscore(keys::paused(place.shard), &place.member);
            read.cmd("HMGET").arg(keys::known(place.shard)).arg(&fields);
        }
        let values: Vec<redis::Value> = self.store.pipeline(&read).await?;
        let mut values = values.into_iter();
        let now = reply::time(values.next())?;
        let mut standing = Standing {
            window: None,
            last_heard: None,
            paused_for: None,
        };
        for chat in chats {
            let head: Option<Vec<u8>> = reply::value(values.next())?;
            let paused: Option<Millis> = reply::value(values.next())?;
            let known: Vec<Option<String>> = reply::value(values.next())?;
            let left = paused
                .and_then(|until| until.checked_sub(now))
                .filter(|left| *left > 0);
            let left = left.map(Duration::from_millis);
            standing.paused_for = standing.paused_for.max(left);
            for text in known.into_iter().flatten() {
                let known = Known::read(&text)?;
                if known.chat == chat {
                    standing.last_heard = standing.last_heard.max(known.last_heard);
                }
            }
            if let Some(head) = head {
                standing.window = Some(Window::read(chat, &head, now)?);
            }
        }
        Ok(standing)
    }
}
