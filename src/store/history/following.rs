//! What comes into the lists of what is over, as it comes: one blocking read for all of them that are on one node, on a
//! connection of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use redis::Value;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamReadReply;
use tokio::time::timeout;

use crate::store::dead_letters::DeadLetter;
use crate::store::dialling::establish;
use crate::store::handles::History;
use crate::store::history::Settlement;
use crate::store::history::posts::{Post, UNTAKEN};
use crate::store::keys::{self, Shard};
use crate::store::links::Links;
use crate::store::nodes::{Changes, Tag};
use crate::store::paging::{EntryId, StreamEntry};
use crate::store::{Result, StoreError, reply};

/// Entries of one list that are taken in one read: it is read often, and one of them may be a megabyte.
const MOST: usize = 50;
/// A read that found nothing ends after so long, and begins anew.
const BLOCKED: Duration = Duration::from_secs(5);
/// The answer to it may be so much later.
const LATER: Duration = Duration::from_secs(5);
/// The lists that are followed: batches that were tried, dead letters, posts that were not taken.
const LISTS: [fn(Shard) -> String; 3] = [keys::history, keys::dead, keys::posts];
/// The place of posts among them.
const POSTS: usize = 2;

/// Something that came into a list.
#[derive(Debug)]
pub struct Followed {
    /// The place of the entry.
    pub id: EntryId,
    /// What it is.
    pub what: FollowedEntry,
}

/// An entry of one of the lists.
#[derive(Debug)]
pub enum FollowedEntry {
    /// A batch was tried.
    Tried(Box<Settlement>),
    /// A batch was given up on.
    Buried(Box<DeadLetter>),
    /// Something was posted that came into no window.
    Posted(Box<Post>),
}

/// What has come into the lists.
#[derive(Debug, Default)]
pub struct News {
    /// In the order of its time.
    pub followed: Vec<Followed>,
    /// More was posted than was read at once. The list of posts keeps few: some may be gone before they are read.
    pub posts_overflow: bool,
}

/// Follows the lists from the moment at which it began. Each node is read by itself, so that one with nothing new holds back
/// nothing of the others.
pub struct Follower {
    reading: FuturesUnordered<BoxFuture<'static, (Part, Result<News>)>>,
    /// Other nodes have the lists then.
    changes: Changes,
}

/// The lists on one node.
struct Part {
    connection: MultiplexedConnection,
    streams: Vec<Followable>,
}

/// One stream, and where in it the follower is.
struct Followable {
    key: String,
    shard: Shard,
    list: usize,
    last: String,
}

impl History<'_> {
    /// Begins to follow what comes from here on.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn follow(self) -> Result<Follower> {
        let changes = self.store.nodes.changes();
        let mut parts = Vec::new();
        for node in self.store.nodes.all() {
            let shards = Shard::all().filter(|shard| {
                let of_shard = self.store.nodes.node_of(Some(Tag::of_shard(*shard)));
                Arc::ptr_eq(&of_shard, &node)
            });
            let shards: Vec<_> = shards.collect();
            if !shards.is_empty() {
                parts.push(Part::begin(&node, &shards).await?.read().boxed());
            }
        }
        Ok(Follower {
            reading: parts.into_iter().collect(),
            changes,
        })
    }
}

impl Part {
    /// Begins to follow the lists of these shards, which are on one node.
    async fn begin(node: &Links, shards: &[Shard]) -> Result<Self> {
        let (mut connection, _) = establish(node.client(), node.probed()).await?;
        let now: Value = redis::cmd("TIME").query_async(&mut connection).await?;
        let now = reply::time(Some(now))?;
        let streams = LISTS.iter().enumerate().flat_map(|(list, key)| {
            shards.iter().map(move |shard| Followable {
                key: key(*shard),
                shard: *shard,
                list,
                last: format!("{}-0", now.saturating_sub(1)),
            })
        });
        Ok(Self {
            connection,
            streams: streams.collect(),
        })
    }

    /// Reads what has come since the last read; waits for it a few seconds.
    async fn read(mut self) -> (Self, Result<News>) {
        let news = self.news().await;
        (self, news)
    }

    async fn news(&mut self) -> Result<News> {
        let mut read = redis::cmd("XREAD");
        read.arg("COUNT")
            .arg(MOST)
            .arg("BLOCK")
            .arg(u64::try_from(BLOCKED.as_millis()).unwrap_or_default())
            .arg("STREAMS");
        for stream in &self.streams {
            read.arg(&stream.key);
        }
        for stream in &self.streams {
            read.arg(&stream.last);
        }
        let reading = read.query_async::<Option<StreamReadReply>>(&mut self.connection);
        let found = timeout(BLOCKED + LATER, reading).await;
        let found = found.map_err(|_| StoreError::Silent(BLOCKED + LATER))??;
        let mut news = News::default();
        for read in found.map(|found| found.keys).unwrap_or_default() {
            let stream = self.streams.iter_mut().find(|it| it.key == read.key);
            let Some(stream) = stream else { continue };
            if let Some(last) = read.ids.last() {
                stream.last.clone_from(&last.id);
            }
            news.posts_overflow |= stream.list == POSTS && read.ids.len() == MOST;
            for entry in read.ids {
                let Some(entry) = StreamEntry::of(stream.shard, entry) else {
                    continue;
                };
                let what = FollowedEntry::read(stream.list, &entry)?;
                let mut id = entry.id;
                id.list = what.list();
                news.followed.push(Followed { id, what });
            }
        }
        news.followed.sort_by_key(|it| it.id.at());
        Ok(news)
    }
}

impl Follower {
    /// What has come at one of the nodes since the last call; waits for it a few seconds.
    ///
    /// # Errors
    /// Unavailable, silent or unreadable: then it must begin anew.
    pub async fn next(&mut self) -> Result<News> {
        let read = tokio::select! {
            biased;
            read = self.reading.next() => read,
            () = self.changes.come() => return Err(elsewhere()),
        };
        let Some((part, news)) = read else {
            return Ok(News::default());
        };
        self.reading.push(part.read().boxed());
        news
    }
}

fn elsewhere() -> StoreError {
    let why = "the lists are on other nodes now";
    let error = std::io::Error::new(std::io::ErrorKind::ConnectionReset, why);
    StoreError::Unavailable(error.into())
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follower")
    }
}

impl FollowedEntry {
    /// Which of the lists that are read as one it is in.
    fn list(&self) -> u8 {
        match self {
            Self::Tried(_) | Self::Buried(_) => 0,
            Self::Posted(_) => UNTAKEN,
        }
    }

    fn read(list: usize, entry: &StreamEntry) -> Result<Self> {
        Ok(match list {
            0 => Self::Tried(Box::new(Settlement::read(entry)?)),
            1 => Self::Buried(Box::new(DeadLetter::read(entry)?)),
            _ => Self::Posted(Box::new(Post::read(entry)?)),
        })
    }
}
