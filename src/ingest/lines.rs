//! The lines that gateways post through: counted in memory for each post, and written every few seconds where something is
//! new, so that a line that has fallen silent is seen.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::core::chat::Name;
use crate::core::code::Code;
use crate::gateway::Event;
use crate::store::Store;
use crate::store::lines::{MOST, SeenLine};
use crate::telemetry::by_name::BROUGHT;

/// Between two writings.
const EVERY: Duration = Duration::from_secs(5);
/// Between two looks for lines that are to be forgotten.
const TRIMMED_EVERY: Duration = Duration::from_secs(3600);
/// A longer name is none that a gateway gives: what comes through it is counted with what is too much.
const LONGEST: usize = 128;

/// What was seen of all lines. Clones are one.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    begun: Instant,
    /// By buffer and line.
    known: RwLock<HashMap<String, HashMap<String, Arc<Seen>>>>,
    count: AtomicUsize,
    /// Beyond as many as are told apart.
    others: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Posts that were not told yet.
    posts: AtomicU64,
    /// When the last one came: ms since this daemon counts.
    last: AtomicU64,
    refused: Mutex<Option<(Instant, Code)>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            known: RwLock::default(),
            count: AtomicUsize::new(0),
            others: Arc::default(),
        }
    }
}

impl Lines {
    /// A post came for a buffer, through a line or none that is named.
    pub(super) fn post(&self, buffer: &Name, line: Option<&str>) {
        let now = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.with(buffer, line.unwrap_or_default(), |seen| {
            seen.last.store(now, Ordering::Relaxed);
            seen.posts.fetch_add(1, Ordering::Release);
        });
    }

    /// A post of a gateway came, through all lines that it names.
    pub(super) fn heard(&self, buffer: &Name, heard: &[Event]) {
        let line = |event: &'_ Event| -> Option<String> {
            let party = match event {
                Event::Ignored { party, .. } => party.as_ref(),
                event => event.party(),
            };
            party?.line.clone()
        };
        // Mostly a post has one event.
        if let [only] = heard {
            return self.post(buffer, line(only).as_deref());
        }
        let mut lines: Vec<_> = heard.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        if lines.len() > 1 {
            lines.retain(Option::is_some);
        }
        if lines.is_empty() {
            self.post(buffer, None);
        }
        for line in lines {
            self.post(buffer, line.as_deref());
        }
    }

    /// A post for a buffer was refused, before anybody knew its line.
    pub(super) fn refused(&self, buffer: &Name, code: Code) {
        self.with(buffer, "", |seen| {
            let refused = Some((Instant::now(), code));
            *seen.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
        });
    }

    fn with(&self, buffer: &Name, line: &str, note: impl FnOnce(&Seen)) {
        let buffer = buffer.as_str();
        let buffer = if Name::is_anonymous(buffer) {
            BROUGHT
        } else {
            buffer
        };
        {
            let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(seen) = known.get(buffer).and_then(|lines| lines.get(line)) {
                return note(seen);
            }
        }
        note(&self.made(buffer, line));
    }

    fn made(&self, buffer: &str, line: &str) -> Arc<Seen> {
        if line.len() > LONGEST || self.0.count.load(Ordering::Relaxed) >= MOST {
            return self.0.others.clone();
        }
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let lines = known.entry(buffer.to_owned()).or_default();
        let seen = lines.entry(line.to_owned()).or_insert_with(|| {
            self.0.count.fetch_add(1, Ordering::Relaxed);
            Arc::default()
        });
        seen.clone()
    }

    /// What is new, which counts as told.
    fn take(&self) -> Vec<SeenLine> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        for (buffer, lines) in known.iter() {
            for (line, seen) in lines {
                taken.extend(self.new_of(seen, buffer, line));
            }
        }
        taken.extend(self.new_of(&self.0.others, "", ""));
        taken
    }

    fn new_of(&self, seen: &Seen, buffer: &str, line: &str) -> Option<SeenLine> {
        let posts = seen.posts.swap(0, Ordering::Acquire);
        let mut refused = seen.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = refused.take();
        if posts == 0 && refused.is_none() {
            return None;
        }
        let last = Duration::from_millis(seen.last.load(Ordering::Relaxed));
        let last = self.0.begun.elapsed().saturating_sub(last);
        Some(SeenLine {
            buffer: buffer.to_owned(),
            line: line.to_owned(),
            posts,
            last: (posts > 0).then_some(last),
            refused: refused.map(|(at, code)| (at.elapsed(), code.word())),
        })
    }

    /// What could not be told is to be told again; a refusal is not, as the next comes.
    fn give_back(&self, taken: &[SeenLine]) {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        for line in taken {
            let lines = known.get(&line.buffer);
            let seen = lines.and_then(|lines| lines.get(&line.line));
            let seen = seen.unwrap_or(&self.0.others);
            seen.posts.fetch_add(line.posts, Ordering::Release);
        }
    }

    async fn tell(&self, store: &Store, trim: bool) {
        let taken = self.take();
        if taken.is_empty() {
            return;
        }
        if let Err(error) = store.lines().note(&taken, trim).await {
            debug!(error = %error, "Could not note through which lines posts came: {error}");
            self.give_back(&taken);
        }
    }

    /// Tells until told to stop, and then what is left.
    pub(super) async fn keep_telling(self, store: Store, stop: CancellationToken) {
        let telling = async {
            let mut trimmed: Option<Instant> = None;
            loop {
                tokio::time::sleep(EVERY).await;
                let trim = trimmed.is_none_or(|at| at.elapsed() >= TRIMMED_EVERY);
                if trim {
                    trimmed = Some(Instant::now());
                }
                self.tell(&store, trim).await;
            }
        };
        stop.run_until_cancelled(telling).await;
        self.tell(&store, false).await;
    }
}

#[cfg(test)]
mod tests;
