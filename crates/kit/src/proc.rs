//! What the kernel tells about processes.

use std::fs;

use anyhow::{Context, Result};

/// Linux counts the time of processes in hundredths of a second, on every machine (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time a process has spent so far, in user and in system mode, in s.
///
/// # Errors
/// When it is gone.
pub fn cpu_seconds(pid: u32) -> Result<f64> {
    let [user, system, ..] = times(&pid.to_string())?;
    Ok(user + system)
}

/// CPU time this process and those of its children that have ended have spent so far, in s.
///
/// # Errors
/// When the kernel tells it in another form.
pub fn family_seconds() -> Result<f64> {
    Ok(times("self")?.iter().sum())
}

/// Of a process and of its ended children, each in user and in system mode, in s.
fn times(process: &str) -> Result<[f64; 4]> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("process {process} is gone"))?;
    // The name, in parentheses, may hold spaces; the times are the 12th field after it and the three behind.
    let (_, rest) = stat.rsplit_once(") ").context("reading /proc/…/stat")?;
    let fields: Vec<f64> = rest
        .split(' ')
        .skip(11)
        .map_while(|field| field.parse().ok())
        .collect();
    let times = fields.first_chunk().context("reading /proc/…/stat")?;
    Ok(times.map(|ticks: f64| ticks / TICKS_PER_SECOND))
}

/// CPU time all processes together have spent so far, and the kernel for nobody, in s.
///
/// # Errors
/// When the kernel tells it in another form.
pub fn busy_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("reading /proc/stat")?;
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq
    let busy = [0, 1, 2, 5, 6].map(|field| ticks.get(field).copied().unwrap_or_default());
    Ok(busy.iter().sum::<f64>() / TICKS_PER_SECOND)
}

/// Resident memory of a process, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub now: u64,
    /// The most it ever had.
    pub peak: u64,
}

/// What memory a process has.
///
/// # Errors
/// When it is gone.
pub fn memory(pid: u32) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))
        .with_context(|| format!("process {pid} is gone"))?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kib.with_context(|| format!("no {name} in /proc/{pid}/status"))
    };
    Ok(Memory {
        now: kib("VmRSS:")?,
        peak: kib("VmHWM:")?,
    })
}
