//! What the numbers were measured on.

use std::fmt;
use std::fs;
use std::time::SystemTime;

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use lull_kit::redis_server;

/// The machine, and the moment.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    kernel: String,
    memory_mib: u64,
    redis: String,
    lull: &'static str,
    date: String,
    /// What else it had to do when the bench began: processes that wanted to run, on average of a minute.
    load_before: f64,
}

impl Machine {
    /// Looks at this one.
    pub(crate) fn look() -> Result<Self> {
        let line_of = |path: &str, name: &str| {
            let text = fs::read_to_string(path).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.trim_start_matches([':', ' ', '\t']).to_owned())
        };
        let word = |text: Option<String>| Some(text?.split(' ').next()?.to_owned());
        let kib = word(line_of("/proc/meminfo", "MemTotal")).and_then(|kib| kib.parse().ok());
        let load = word(line_of("/proc/loadavg", "")).and_then(|load| load.parse().ok());
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            cpu: line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            kernel: line_of("/proc/sys/kernel/osrelease", "").unwrap_or_default(),
            memory_mib: kib.unwrap_or(0) / 1024,
            redis: redis_server::version()?,
            lull: env!("CARGO_PKG_VERSION"),
            date: DateTime::<Utc>::from(SystemTime::now())
                .to_rfc3339_opts(SecondsFormat::Secs, true),
            load_before: load.unwrap_or_default(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            cpu,
            kernel,
            memory_mib,
            redis,
            lull,
            date,
            load_before,
        } = self;
        writeln!(f, "Lull {lull}, {redis}, {date}")?;
        write!(
            f,
            "{cores} cores of {cpu}, {memory_mib} MiB, Linux {kernel}, load before {load_before}"
        )
    }
}
