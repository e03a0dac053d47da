//! What history is told, as lines of JSON in a file: for those who keep it longer than Redis can.
//!
//! Nobody ever waits for it. A line goes into a bounded queue, and a thread of its own writes it
//! ([`lines`](super::lines)). A disk that is full or stands still costs lines, which are counted, and nothing else.

mod file;
mod line;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use prometheus_client::metrics::counter::Counter;
use tracing::warn;

use self::file::ExportFile;
use self::line::Line;
use super::lines::Lines;
use crate::clock;
use crate::core::chat::Chat;
use crate::store::Store;
use crate::store::chats::tokens::TokenKey;
use crate::store::history::{Record, Told};

/// Most bytes that wait to be written: some thousand lines without payloads.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// At its end a process waits no longer than this for its last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(2);

/// How many lines there were.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Those that were written.
    pub written: Counter,
    /// Those that could not be.
    pub lost: Counter,
}

/// The file, for whoever settles something. Clones write into one.
#[derive(Clone, Debug)]
pub struct Export {
    lines: Lines,
    /// What makes tokens of chats; none: Redis did not say.
    key: Option<TokenKey>,
}

impl Export {
    /// Writes into the file at `path`, which is made if it is not there; what becomes of the lines is counted in `counts`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open(path: &Path, store: &Store, counts: Counts) -> Result<Self> {
        let file = ExportFile::open(path, counts.written);
        let file = file.with_context(|| {
            let path = path.display();
            format!("HISTORY_EXPORT: {path} cannot be written")
        })?;
        let key = match TokenKey::generate() {
            Some(ours) => store.chats().agree_on_token_key(ours).await.ok(),
            None => None,
        };
        Ok(Self {
            lines: Lines::with(Ok(file), MOST_BYTES, counts.lost, say_lost),
            key,
        })
    }

    /// Puts a line on its way about something that was settled.
    pub fn tell(&self, record: &Record, told: &Told) {
        let chat = Chat::from_stored(&record.buffer, &record.chat);
        let token = chat.as_ref().and_then(|chat| Some(self.key?.token(chat)));
        // Where history keeps nothing, Redis has not said when it was settled.
        let at = told.at.unwrap_or_else(clock::now);
        let hash = chat.map(|it| it.hash().to_string());
        let line = Line::of(record, &told.earlier, at, token, hash);
        // What is made of texts and numbers can be written as JSON.
        if let Ok(mut line) = serde_json::to_vec(&line) {
            line.push(b'\n');
            self.lines.put(&line);
        }
    }

    /// Has the last lines written, as far as the disk takes them in time.
    pub fn finish(&self) {
        self.lines.flush(LAST_LINES);
    }
}

fn say_lost(lost: u64) {
    warn!(
        lost,
        "HISTORY_EXPORT is written again: {lost} lines are lost"
    );
}
