//! How long the story of a chat takes, page by page, and to find it by its number, where history holds very much of others.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use super::past::{MESSAGES, Past, Times};
use crate::asking::{self, Asker};
use crate::console::viewers::Browser;
use crate::daemon::Daemon;
use crate::message;
use crate::people;
use crate::redis_server::RedisServer;
use crate::stats::Quantiles;

/// Each read is made so often.
const READS: usize = 50;
/// Batches of the chat; with their messages and their tries they are four entries each.
const OF_THE_CHAT: u64 = 50;
const ENTRIES_OF_A_BATCH: usize = MESSAGES + 2;
/// The past that is kept by default is a day longer.
const WITHIN: Duration = Duration::from_secs(6 * 24 * 3600);
/// No story has more pages.
const MOST_PAGES: usize = 100;

/// How long a read took.
#[derive(Debug, Serialize)]
pub(super) struct Read {
    /// Of what.
    pub(super) what: String,
    /// All of them.
    pub(super) took: Quantiles,
}

/// How long reads of one chat took.
#[derive(Debug, Serialize)]
pub(super) struct Stories {
    /// Chats that history tells of.
    pub(super) chats: u64,
    /// Messages that it holds.
    pub(super) messages: u64,
    /// Calls that it holds.
    pub(super) calls: u64,
    /// What the chat's story has.
    pub(super) entries: usize,
    /// What it is told in, where each may have 500 entries.
    pub(super) pages: usize,
    /// What was read; the pages of the story first.
    pub(super) reads: Vec<Read>,
}

impl Stories {
    /// The p99 of the slowest way of reading a page of the story.
    pub(super) fn slowest_page_ms(&self) -> f64 {
        let pages = self.reads.iter().take(3);
        pages.map(|read| read.took.p99_ms).fold(0.0, f64::max)
    }
}

/// Measures it.
pub(super) async fn measure(quick: bool) -> Result<Stories> {
    let (turns, chats) = if quick {
        (OF_THE_CHAT * 4, 100)
    } else {
        (333_350, 100_000)
    };
    // Only reads are measured: a disk would make the filling slower, and nothing else.
    let redis = RedisServer::start(&["--appendonly", "no"]).await?;
    people::know(&redis.store().await?, chats, message::chat).await?;
    // It is one of those that are known.
    let asked = message::chat(0)?;
    let past = Past::of(&redis, asked.clone()).await?;
    let every = turns / OF_THE_CHAT;
    let whose = |turn: u64| match turn % every {
        0 => Ok(asked.clone()),
        _ => message::chat(1 + turn * 7919 % (chats - 1)),
    };
    let times = Times {
        turns,
        within: WITHIN,
        whose,
    };
    past.tell(&redis, &times).await?;

    let most = (turns * 10).to_string();
    let settings = [("API_KEYS", asking::KEYS), ("HISTORY_COUNT", most.as_str())];
    let (_api, port) = Daemon::api(redis.url(), redis.folder(), &settings).await?;
    let reader = Reader {
        asker: Asker::of(port),
        user: asked.id.as_str().to_owned(),
    };
    let newest = reader.newest().await?;
    let (entries, pages, others) = reader.pages().await?;
    let found = reader.find().await?;
    let shown = reader.console().await?;
    ensure!(
        entries == usize::try_from(OF_THE_CHAT)? * ENTRIES_OF_A_BATCH,
        "the story has {entries} entries"
    );
    Ok(Stories {
        chats,
        messages: turns * MESSAGES as u64,
        calls: turns,
        entries,
        pages,
        reads: vec![newest, others, shown, found],
    })
}

/// Who reads about one chat.
struct Reader {
    asker: Asker,
    user: String,
}

impl Reader {
    /// The newest page, as a person sees it first, again and again.
    async fn newest(&self) -> Result<Read> {
        let mut times = Vec::new();
        for _ in 0..READS {
            let (took, page) = self.story(&[]).await?;
            ensure!(page["verdict"]["late"].is_object(), "no verdict: {page}");
            times.push(took);
        }
        Ok(read("story: the newest page, with its verdict", &times))
    }

    /// All pages, again and again; answers how many entries there are on how many pages.
    async fn pages(&self) -> Result<(usize, usize, Read)> {
        let (mut times, mut entries, mut pages) = (Vec::new(), 0, 0);
        while times.len() < READS {
            (entries, pages) = (0, 0);
            let mut cursor = None;
            for _ in 0..MOST_PAGES {
                let mut query = vec![("limit", "500".to_owned())];
                query.extend(cursor.map(|cursor| ("cursor", cursor)));
                let (took, page) = self.story(&query).await?;
                times.push(took);
                entries += page["items"].as_array().map_or(0, Vec::len);
                pages += 1;
                cursor = page["next_cursor"].as_str().map(str::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
        }
        let read = read("story: a page of at most 500 entries", &times);
        Ok((entries, pages, read))
    }

    /// The page of the console that tells it, as a browser gets it.
    async fn console(&self) -> Result<Read> {
        let (_, chat) = self
            .asker
            .get(&format!("/api/chats/{}", self.user), &[])
            .await?;
        let token = chat["token"].as_str().context("a chat without a token")?;
        let path = format!("/console/chats/{token}");
        let browser = Browser::at(self.asker.port()).await?;
        let mut times = Vec::new();
        for _ in 0..READS {
            let began = Instant::now();
            let page = browser.text(&path).await?;
            times.push(began.elapsed());
            ensure!(page.contains("id=\"content\""), "no page of the chat");
        }
        Ok(read("console: the page of the story", &times))
    }

    /// The chat by its number.
    async fn find(&self) -> Result<Read> {
        let mut times = Vec::new();
        for _ in 0..READS {
            let query = [("q", self.user.clone())];
            let (took, found) = self.asker.get("/api/find", &query).await?;
            let user = &found["people"][0]["chats"][0]["user"];
            ensure!(*user == self.user.as_str(), "not found: {found}");
            times.push(took);
        }
        Ok(read("find the chat by its number", &times))
    }

    async fn story(&self, query: &[(&str, String)]) -> Result<(Duration, Value)> {
        let path = format!("/api/chats/{}/story", self.user);
        self.asker.get(&path, query).await
    }
}

fn read(what: &str, times: &[Duration]) -> Read {
    Read {
        what: what.to_owned(),
        took: Quantiles::of(times.iter().map(Duration::as_secs_f64)),
    }
}
