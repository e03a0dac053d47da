//! Log lines, on stderr.

use tracing_subscriber::EnvFilter;

use crate::config::log::LogConfig;

/// Starts logging for this process. Libraries speak only to warn: their finer lines may hold addresses with tokens.
pub fn init(config: LogConfig) {
    let filter = EnvFilter::new(format!("warn,lull={0},api={0},monitor={0}", config.level));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr);
    // A test that starts two daemons in one process has one log.
    let _ = if config.json {
        log.json().flatten_event(true).try_init()
    } else {
        log.with_ansi(false).try_init()
    };
}
