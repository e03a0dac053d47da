//! Posts that were no message for a window, and what became of each; trimmed by age and count. Those of a buffer lie in one shard,
//! whichever chat they have to do with: a buffer to which much is posted takes no place of one to which little is.

mod naming;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::core::batch::Millis;
use crate::core::chat::{Chat, Name};
use crate::core::filter::Filter;
use crate::core::item::read_items;
use crate::core::post::PostResult;
use crate::store::dead_letters::shards_of;
use crate::store::handles::History;
use crate::store::history::received::Received;
use crate::store::history::told::Answer;
use crate::store::keys::{self, Shard};
use crate::store::paging::{EntryId, Look, Stream, StreamEntry};
use crate::store::{Result, StoreError, reply, scripts};

/// Most posts that a shard keeps.
pub const MOST: u64 = 500;
/// The longest body that is kept.
pub const MOST_BODY_BYTES: usize = 16 * 1024;

/// The list of messages that were taken in, among the two that are read as one.
const TAKEN: u8 = 0;
/// That of posts that were not.
pub(super) const UNTAKEN: u8 = 1;

/// What was posted, and what became of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Post {
    /// The buffer; none: there is none of the name that was called.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub buffer: Option<String>,
    /// The chat that it has to do with, as far as it tells.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chat: Option<String>,
    /// Who wrote it, where the chat is a group: the number, else another name. Only of what was not heard.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub writer: Option<String>,
    /// A word of [`PostResult`].
    pub result: String,
    /// The code of a refusal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub code: Option<String>,
    /// Why, for people.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The id of the message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// The length of the body, where bodies are kept.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes: Option<u64>,
    /// What was said, as JSON, of a message that could be read. It lies beside the rest, so that it is not encoded again.
    #[serde(skip)]
    pub message: Option<String>,
    /// The body, where it is kept.
    #[serde(skip)]
    pub body: Option<String>,
}

/// A post of the list.
#[derive(Debug)]
pub struct Posted {
    /// Its place in the list.
    pub id: EntryId,
    /// When it came.
    pub at: Millis,
    /// What it was, and what became of it.
    pub post: Post,
}

/// Which results are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Results {
    /// All.
    Any,
    /// Those that were not taken.
    NotTaken,
    /// Those with this word.
    Only(String),
}

impl Results {
    fn has(&self, list: u8) -> bool {
        match self {
            Self::Any => true,
            Self::NotTaken => list == UNTAKEN,
            Self::Only(word) => (word == PostResult::TAKEN) == (list == TAKEN),
        }
    }

    /// Whether a post of a list that may have them is among them.
    pub fn includes(&self, post: &Post) -> bool {
        match self {
            Self::Any => true,
            // It came to a message that was taken.
            Self::NotTaken => post.result != PostResult::CHANGED,
            Self::Only(word) => *word == post.result,
        }
    }
}

impl Post {
    pub(super) fn read(entry: &StreamEntry) -> Result<Self> {
        let post: Self = serde_json::from_str(&entry.field("post")?)
            .map_err(|_| StoreError::Unreadable("a post"))?;
        Ok(Self {
            message: entry.maybe("message")?,
            body: entry.maybe("body")?,
            ..post
        })
    }

    /// What a person said; none: our side did.
    fn of_taken(entry: &StreamEntry) -> Result<Option<Self>> {
        if Answer::read(entry)?.is_some() {
            return Ok(None);
        }
        let Received { chat, item, .. } = Received::read(entry)?;
        let items = item.as_deref().map(read_items);
        let item = items.and_then(|items| items.ok()?.into_iter().next());
        let (id, message) = item.map_or((None, None), |item| {
            (item.id, Some(item.message.get().to_owned()))
        });
        Ok(Some(Self {
            buffer: Some(chat.buffer.to_string()),
            chat: Some(chat.id.as_str().to_owned()),
            result: PostResult::TAKEN.to_owned(),
            id,
            message,
            ..Self::default()
        }))
    }

    /// The chat that it has to do with, as one with lanes of its own.
    pub fn chat(&self) -> Option<Chat> {
        Chat::from_stored(self.buffer.as_deref()?, self.chat.as_deref()?)
    }
}

/// Where the posts of a buffer lie.
pub(super) fn shard_of(buffer: Option<&Name>) -> Shard {
    buffer.map_or(Shard::FIRST, Shard::of_ordered)
}

impl History<'_> {
    /// Notes posts for a buffer that were not taken, at most so many in its shard.
    ///
    /// # Errors
    /// Unavailable, silent, or full.
    pub async fn note_posts(self, buffer: Option<&Name>, posts: &[Post], most: u64) -> Result<()> {
        if posts.is_empty() || most == 0 {
            return Ok(());
        }
        let key = keys::posts(shard_of(buffer));
        let mut adds = redis::pipe();
        for post in posts {
            let add = adds.cmd("XADD").arg(&key).arg("MAXLEN").arg("~").arg(most);
            add.arg("*").arg("post").arg(reply::json(post)?);
            for (name, part) in [("message", &post.message), ("body", &post.body)] {
                if let Some(part) = part {
                    add.arg(name).arg(part);
                }
            }
            add.ignore();
        }
        self.store.pipeline(&adds).await
    }

    /// A page of what was posted within `look` with one of these results and is `wanted`, the newest first: messages as they
    /// were taken in, and posts that were not taken.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn posts(
        self,
        filter: &Filter,
        results: &Results,
        wanted: impl Fn(&Post) -> bool,
        look: Look,
    ) -> Result<(Vec<Posted>, Option<String>)> {
        let taken = shards_of(filter).map(|shard| Stream {
            key: keys::received(shard),
            shard,
            list: TAKEN,
        });
        let untaken = shards_with_posts(filter).map(|shard| Stream {
            key: keys::posts(shard),
            shard,
            list: UNTAKEN,
        });
        let streams = taken.chain(untaken).filter(|it| results.has(it.list));
        self.store
            .newest_of(streams, look, |entry| {
                let post = match entry.id.list {
                    TAKEN => Post::of_taken(entry)?,
                    _ => Some(Post::read(entry)?),
                };
                let Some(post) = post else {
                    return Ok(None);
                };
                let buffer = post.buffer.as_deref().unwrap_or_default();
                let chat = post.chat.as_deref().unwrap_or_default();
                let asked =
                    filter.includes(buffer, chat) && results.includes(&post) && wanted(&post);
                let (id, at) = (entry.id, entry.id.ms);
                Ok(asked.then_some(Posted { id, at, post }))
            })
            .await
    }

    /// A post that was not taken, if it is still there.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn post(self, id: EntryId) -> Result<Option<Post>> {
        if id.list != UNTAKEN {
            return Ok(None);
        }
        let entry = self.store.entry(keys::posts(id.shard), id).await?;
        entry.map(|entry| Post::read(&entry)).transpose()
    }

    /// Whether anything of what was tried or posted since a moment may be kept no more: a list was cut short, and what is left of
    /// it begins later.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable.
    pub async fn may_lack(self, filter: &Filter, since: Millis) -> Result<bool> {
        let tried = shards_of(filter).map(|shard| (shard, keys::history(shard)));
        let posted = shards_with_posts(filter).map(|shard| (shard, keys::posts(shard)));
        let asked = tried.chain(posted).map(|(shard, list)| async move {
            let mut cut = scripts::CUT.key(list);
            self.store.run::<bool>(shard, cut.arg(since)).await
        });
        Ok(try_join_all(asked).await?.contains(&true))
    }

    /// Erases what was posted by or about a chat, also in posts that name its person beside others.
    pub(in crate::store) async fn erase_posts(self, chat: &Chat) -> Result<u64> {
        let filter = Filter::Buffer(chat.buffer.clone());
        let is_about = |entry: &StreamEntry| Post::read(entry).is_ok_and(|it| it.is_about(chat));
        let chats = self.store.chats();
        chats
            .erase_entries(keys::posts, || shards_with_posts(&filter), is_about)
            .await
    }
}

fn shards_with_posts(filter: &Filter) -> Box<dyn Iterator<Item = Shard> + Send> {
    match filter {
        Filter::Everybody => Box::new(Shard::all()),
        Filter::Buffer(buffer) => Box::new(std::iter::once(shard_of(Some(buffer)))),
        Filter::Chat(chat) => Box::new(std::iter::once(shard_of(Some(&chat.buffer)))),
    }
}
