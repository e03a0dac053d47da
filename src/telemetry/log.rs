//! Log lines, on stderr. Nothing waits for them: see [`lines`](super::lines).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use prometheus_client::metrics::counter::Counter;
use serde_json::json;
use tracing::Span;
use tracing::field::display;
use tracing_subscriber::EnvFilter;

use super::lines::Lines;
use crate::core::chat::Chat;
use crate::settings::log::LogConfig;

/// At its end a process waits no longer than this for its last lines to be taken.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Whether each line is JSON.
static JSON: AtomicBool = AtomicBool::new(false);
static LINES: OnceLock<Lines> = OnceLock::new();
static DROPPED: LazyLock<Counter> = LazyLock::new(Counter::default);

/// Starts logging for this process. Libraries speak only to warn: their finer lines may hold addresses with tokens.
pub fn init(config: LogConfig) {
    JSON.store(config.json, Ordering::Relaxed);
    let lines = LINES.get_or_init(|| Lines::to(&io::stderr(), DROPPED.clone()));
    // lapin tells of each channel that a broker closes, which whoever uses it says once and better.
    let filter = format!("warn,lapin=off,lull={0},api={0},monitor={0}", config.level);
    let filter = EnvFilter::new(filter);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        // It would print to stderr itself, and panic where that fails.
        .log_internal_errors(false)
        .with_writer(lines.clone());
    // A test that starts two daemons in one process has one log.
    let _ = if config.json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_ansi(false).try_init()
    };
}

/// Notes the chat that what is being done is about, for the lines of a span that has room for it. What is noted twice is
/// written twice.
pub fn note_chat(chat: &Chat) {
    Span::current().record("chat", display(chat.hash()));
}

/// Has the lines so far written, as far as somebody takes them in time.
pub fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush(LAST_LINES);
    }
}

/// Writes a line that has to be read, whether or not the log has begun; waits for nobody for longer than a moment.
pub fn say(line: &str) {
    let lines = LINES.get_or_init(|| Lines::to(&io::stderr(), DROPPED.clone()));
    lines.put(format!("{line}\n").as_bytes());
    lines.flush(LAST_LINES);
}

/// Shows a text that an operator must find in the log, whatever its level: between empty lines; where the log is JSON, as
/// the message of one line.
pub fn show(text: &str) {
    if JSON.load(Ordering::Relaxed) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let now = DateTime::<Utc>::from(SystemTime::now());
        let now = now.to_rfc3339_opts(SecondsFormat::Micros, true);
        say(&json!({ "timestamp": now, "level": "WARN", "message": text }).to_string());
    } else {
        say(&format!("\n{text}\n"));
    }
}

/// Lines that nobody took.
pub(super) fn dropped() -> Counter {
    DROPPED.clone()
}
