//! Processes that end with whoever started them.

use std::net::TcpListener;
use std::ops::Range;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it, with nothing to read.
    ///
    /// # Errors
    /// Names the program that cannot be started.
    pub fn start(command: &mut Command) -> Result<Self> {
        let child = command.stdin(Stdio::null()).spawn();
        let child =
            child.with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self { child })
    }

    /// Its number, for signals and for [`proc`](crate::proc).
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Kills it with SIGKILL, and waits until it is gone. One that has ended by itself is gone already.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ports that Linux gives to nobody by itself: it takes those of clients from 32,768 on, and one of those may be taken
/// by any connection before whoever asked for it listens.
const PORTS: Range<u16> = 10_000..32_000;

/// A port of this machine that nobody has at this moment, and that this process is not given again soon.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Suites that run side by side begin at different ones.
    let first = std::process::id().wrapping_mul(137);
    for _ in 0..count {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let offset = u16::try_from(first.wrapping_add(given) % count)?;
        let port = PORTS.start + offset;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of {PORTS:?} is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_or_could_be_that_of_a_client() {
        let ports: Vec<u16> = (0..100).filter_map(|_| free_port().ok()).collect();
        let different: std::collections::HashSet<_> = ports.iter().collect();

        assert_eq!((ports.len(), different.len()), (100, 100));
        assert!(ports.iter().all(|port| PORTS.contains(port)));
    }
}
