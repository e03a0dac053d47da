//! Open windows as an operator sees them.

use std::time::Duration;

use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::store::due_list::DueCursor;
use crate::store::handles::Windows;
use crate::store::keys::{Due, Place, Shard};
use crate::store::{Result, StoreError, reply};

/// An open window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Whose it is.
    pub chat: Chat,
    /// How many messages it holds.
    pub count: u64,
    /// When its first message came.
    pub opened: Millis,
    /// When it closes if nothing more is said.
    pub deadline: Millis,
    /// Until then; zero when it is being closed.
    pub left: Duration,
}

impl Window {
    /// Reads what the append script keeps in front of the messages: six big-endian doubles, then what does not
    /// matter here.
    pub(in crate::store) fn read(chat: Chat, head: &[u8], now: Millis) -> Result<Self> {
        let number = |at| number_in(head, at);
        let (Some(opened), Some(count), Some(deadline)) = (number(0), number(4), number(5)) else {
            return Err(StoreError::Unreadable("the head of a window"));
        };
        Ok(Self {
            chat,
            count,
            opened,
            deadline,
            left: Duration::from_millis(deadline.saturating_sub(now)),
        })
    }
}

/// One of the numbers in a head.
fn number_in(head: &[u8], at: usize) -> Option<u64> {
    let (numbers, _) = head.as_chunks::<8>();
    Some(reply::score(f64::from_be_bytes(*numbers.get(at)?)))
}

/// How many bytes the messages behind a head have.
pub(in crate::store) fn bytes_behind(head: &[u8]) -> u64 {
    number_in(head, 3).unwrap_or_default()
}

impl Windows<'_> {
    /// A page of open windows, the next to close first, after `after` (from the page before). A window whose deadline
    /// moves while somebody pages may show twice.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn list(
        self,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<Window>, Option<String>)> {
        let (chats, next) = self.store.earliest_windows(after, limit).await?;
        Ok((self.read(chats).await?, next))
    }

    /// The same of one buffer, and how many windows it has, as they are counted. A page may have fewer than `limit`, or none,
    /// although another follows: so much is looked through for each.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn list_in(
        self,
        buffer: &Name,
        after: Option<DueCursor>,
        limit: usize,
    ) -> Result<(Vec<Window>, u64, Option<String>)> {
        let (chats, total, next) = self.store.earliest_windows_in(buffer, after, limit).await?;
        Ok((self.read(chats).await?, total, next))
    }

    /// The window of a chat, if one is open, in whichever order of its buffer it was opened.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn find(self, chat: &Chat) -> Result<Option<Window>> {
        let chats = vec![chat.in_other_order(), chat.clone()];
        Ok(self.read(chats).await?.pop())
    }

    /// How many windows are due until each of these moments.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn due_until(self, moments: &[Millis]) -> Result<Vec<u64>> {
        let mut reads = redis::pipe();
        for shard in Shard::all() {
            for until in moments {
                reads.zcount(Due::Windows.key(shard), "-inf", until);
            }
        }
        let counts: Vec<u64> = self.store.pipeline(&reads).await?;
        let of = |at: usize| counts.iter().skip(at).step_by(moments.len()).sum();
        Ok((0..moments.len()).map(of).collect())
    }

    async fn read(self, chats: Vec<Chat>) -> Result<Vec<Window>> {
        let mut reads = redis::pipe();
        reads.cmd("TIME");
        for chat in &chats {
            reads.lindex(Place::of(chat).window(), 0);
        }
        let values: Vec<redis::Value> = self.store.pipeline(&reads).await?;
        let mut values = values.into_iter();
        let now = reply::time(values.next())?;
        let mut windows = Vec::with_capacity(chats.len());
        for chat in chats {
            let head: Option<Vec<u8>> = reply::value(values.next())?;
            // Without a head it was closed since the index was read.
            if let Some(head) = head {
                windows.push(Window::read(chat, &head, now)?);
            }
        }
        Ok(windows)
    }
}
