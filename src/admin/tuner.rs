//! The window tuner: what a buffer received lately, replayed at other waits.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::{Admin, AdminError, NoSuch};
use crate::core::asks::{Asks, Spoken};
use crate::core::batch::Millis;
use crate::core::chat::Name;
use crate::core::item::{CHOICE, Item, read_items};
use crate::core::moment::millis;
use crate::core::tuner::{Event, MOST_MESSAGES, PAUSE, Replay, Said, Talk, Tried};
use crate::spec::Buffer;
use crate::store::config::Kind;
use crate::store::history::received::Received;
use crate::store::history::told::Told;
use crate::store::{Look, PAGE_BYTES};

/// Entries that are read at a time: what our side wrote stands among the messages.
const AT_A_TIME: usize = 2 * MOST_MESSAGES;
/// And so often, where much of what was received is of other buffers.
const MOST_READS: usize = 4;

/// Waits at which it is tried where none are asked for, beside that of the buffer.
const WAITS: [u64; 11] = [2, 4, 6, 8, 10, 12, 15, 20, 25, 30, 45];

/// What was received lately, and what each wait would have made of it.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The wait of the buffer.
    pub wait: Duration,
    /// What is written within so long may be one thought.
    pub pause: Duration,
    /// Messages that were replayed.
    pub messages: u64,
    /// Those of them of which nothing but the moment is kept.
    pub bare: u64,
    /// The chats that they are of.
    pub chats: u64,
    /// When the first and the last of them came.
    pub between: Option<(Millis, Millis)>,
    /// How many thoughts they are.
    pub thoughts: u64,
    /// What each wait would have made of them, the shortest first.
    pub tried: Vec<(Duration, Tried)>,
}

/// What was received lately, by chat.
#[derive(Default)]
struct Lately {
    talks: BTreeMap<String, Talk>,
    messages: usize,
    bare: u64,
    first: Option<Millis>,
    last: Option<Millis>,
}

impl Admin {
    /// What these waits would have made of the last messages that a buffer received, at most [`MOST_MESSAGES`] and
    /// [`PAGE_BYTES`] of them; without waits, some from short to long. What is written within `pause` may be one thought; without
    /// one it is [`PAUSE`], or half as long again as the longest wait.
    ///
    /// # Errors
    /// No such; unavailable, silent or unreadable.
    pub async fn tune(
        &self,
        name: &Name,
        waits: Vec<Duration>,
        pause: Option<Duration>,
    ) -> Result<Tuned, AdminError> {
        self.registry().catch_up().await?;
        let buffer = self.registry().get().buffer(name).cloned();
        let buffer = buffer.ok_or(NoSuch::Kind(Kind::Buffer))?;
        let received = self.received_lately(&buffer).await?;
        let wait = buffer.window.default_ttl;
        let mut waits = match waits {
            none if none.is_empty() => {
                let some = WAITS.into_iter().map(Duration::from_secs);
                let some = some.filter(|it| *it <= buffer.window.max_ttl);
                some.chain([wait]).collect()
            }
            asked => asked,
        };
        waits.sort_unstable();
        waits.dedup();
        let longest = waits.last().copied().unwrap_or_default();
        let pause = pause.unwrap_or_else(|| PAUSE.max(longest * 3 / 2));
        let talks: Vec<Talk> = received.talks.into_values().collect();
        let replay = Replay::of(&talks, millis(pause));
        let tried = waits.into_iter().map(|wait| {
            let tried = replay.tried(&buffer.window, wait);
            (wait, tried)
        });
        Ok(Tuned {
            wait,
            pause,
            messages: u64::try_from(received.messages).unwrap_or_default(),
            bare: received.bare,
            chats: u64::try_from(talks.len()).unwrap_or_default(),
            between: received.first.zip(received.last),
            thoughts: replay.thoughts(),
            tried: tried.collect(),
        })
    }

    async fn received_lately(&self, buffer: &Buffer) -> Result<Lately, AdminError> {
        let mut received = Lately::default();
        let mut look = Look::first(AT_A_TIME);
        let mut bytes = 0;
        for _ in 0..MOST_READS {
            let history = self.store().history();
            let (told, next) = history.told_in(&buffer.name, look).await?;
            for (chat, told) in told {
                if received.messages == MOST_MESSAGES || bytes >= PAGE_BYTES {
                    return Ok(received.in_order());
                }
                bytes += received.add(buffer, chat.id.as_str(), told);
            }
            if next.is_none() {
                break;
            }
            look.after = next;
            look.bytes = PAGE_BYTES - bytes.min(PAGE_BYTES);
        }
        Ok(received.in_order())
    }
}

impl Lately {
    /// Adds what is older than all that was added; how many bytes of it were read.
    fn add(&mut self, buffer: &Buffer, chat: &str, told: Told) -> usize {
        let at = told.at();
        let (event, bytes) = match told {
            Told::Answered { .. } => (Event::Answered, 0),
            Told::Said(received) => {
                self.messages += 1;
                self.bare += u64::from(received.item.is_none());
                self.first = Some(self.first.map_or(at, |first| first.min(at)));
                self.last = self.last.max(Some(at));
                let bytes = received.item.as_ref().map_or(0, String::len);
                (Event::Said(said(buffer, &received)), bytes)
            }
        };
        let talk = self.talks.entry(chat.to_owned()).or_default();
        talk.push((at, event));
        bytes
    }

    fn in_order(mut self) -> Self {
        for talk in self.talks.values_mut() {
            talk.reverse();
            // What is stamped at one moment may be written a little later.
            talk.sort_by_key(|(at, _)| *at);
        }
        // Of some only what our side wrote was read.
        self.talks
            .retain(|_, talk| talk.iter().any(|(_, it)| *it != Event::Answered));
        self
    }
}

/// What a message asks of its window by the rules of the buffer as they are now.
fn said(buffer: &Buffer, received: &Received) -> Said {
    let items = received.item.as_deref().map(read_items);
    let item = items.and_then(|items| items.ok()?.into_iter().next());
    let bytes = received.item.as_ref().map_or(0, String::len);
    let bytes = u64::try_from(bytes).unwrap_or_default();
    let Some(item) = item else {
        let (asks, text) = (Asks::default(), None);
        return Said { asks, bytes, text };
    };
    let text = item.text();
    let has_media = !item.media.is_empty();
    let spoken = Spoken {
        text: text.as_deref(),
        is_choice: item.parts.contains_key(CHOICE),
        has_media,
    };
    Said {
        asks: Asks::of(&spoken, &buffer.window, &buffer.words),
        bytes,
        text: repetition(&item, has_media),
    }
}

/// By what a repetition of it is known: two pictures may have one caption, and are not the same.
fn repetition(item: &Item, has_media: bool) -> Option<u64> {
    let text = item.text().filter(|_| !has_media)?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Some(hasher.finish())
}
