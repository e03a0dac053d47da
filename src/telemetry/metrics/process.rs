//! What the system knows of this process, under the names that all processes have for it.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage};
use nix::sys::time::TimeVal;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

/// Registers what is so at this moment; what the system does not tell is not there.
pub(super) fn register(registry: &mut Registry, began: SystemTime) {
    if let Some(bytes) = resident_bytes() {
        let name = "process_resident_memory_bytes";
        registry.register(name, "Resident memory", ConstGauge::new(bytes));
    }
    if let Some(seconds) = cpu_seconds() {
        let name = "process_cpu_seconds";
        registry.register(
            name,
            "Processor time, of user and system",
            ConstCounter::new(seconds),
        );
    }
    if let Some(open) = open_files() {
        let name = "process_open_fds";
        registry.register(name, "Open files and sockets", ConstGauge::new(open));
    }
    if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let name = "process_max_fds";
        registry.register(
            name,
            "Files and sockets that may be open",
            ConstGauge::new(most),
        );
    }
    if let Ok(since) = began.duration_since(UNIX_EPOCH) {
        registry.register(
            "process_start_time_seconds",
            "When the process began, since 1970",
            ConstGauge::new(since.as_secs_f64()),
        );
    }
}

fn resident_bytes() -> Option<u64> {
    resident_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn cpu_seconds() -> Option<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    Some(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn seconds(time: TimeVal) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "no process runs for so many seconds"
    )]
    let whole = time.tv_sec() as f64;
    #[expect(clippy::cast_precision_loss, reason = "less than a million")]
    let micros = time.tv_usec() as f64;
    whole + micros / 1e6
}

fn open_files() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    // One of them is what looks.
    u64::try_from(open).ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_what_linux_tells() {
        let status = "Name:\tapi\nVmHWM:\t  9000 kB\nVmRSS:\t    8192 kB\nThreads:\t3\n";
        assert_eq!(resident_in(status), Some(8 * 1024 * 1024));
        assert_eq!(resident_in("Name:\tapi\n"), None);
    }

    #[test]
    fn this_process_has_all_its_figures() {
        let mut registry = Registry::default();
        register(&mut registry, SystemTime::now());
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for name in [
            "process_resident_memory_bytes",
            "process_cpu_seconds_total",
            "process_open_fds",
            "process_max_fds",
            "process_start_time_seconds",
        ] {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let value: f64 = line.unwrap().trim().parse().unwrap();
            assert!(value > 0.0, "{text}");
        }
    }
}
