//! The clock of a Redis, which a test can turn while the server runs.
//!
//! A small library stands before the server's own clock. It is compiled with `cc`, which is there wherever Rust links, and
//! put in by `LD_PRELOAD`, which works for any server that is linked dynamically, as those of all distributions are.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use tempfile::TempDir;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/clock.c");

/// Compiled once; the folder goes with whoever cleans up after all tests, as no static is dropped.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = TempDir::with_prefix_in("clock-", env!("CARGO_TARGET_TMPDIR")).unwrap();
    let library = folder.keep().join("clock.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([library.as_path(), Path::new(SOURCE)])
        .output()
        .expect("cc is needed to turn the clock of a Redis");
    let told = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "cc {SOURCE}: {told}");
    library
});

/// How far the clock of a server goes ahead.
#[derive(Debug)]
pub(crate) struct Clock {
    path: PathBuf,
    ahead: i64,
}

impl Clock {
    /// One that is right, for a server that works in this folder.
    pub(super) fn right(folder: &Path) -> Self {
        let path = folder.join("clock");
        let clock = Self { path, ahead: 0 };
        clock.set();
        clock
    }

    /// What makes a server go by it.
    pub(super) fn settings(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("LD_PRELOAD", LIBRARY.clone()),
            ("LULL_TEST_CLOCK", self.path.clone()),
        ]
    }

    /// Turns it ahead.
    pub(crate) fn ahead(&mut self, by: Duration) {
        self.ahead += micros(by);
        self.set();
    }

    /// Turns it back.
    pub(crate) fn back(&mut self, by: Duration) {
        self.ahead -= micros(by);
        self.set();
    }

    fn set(&self) {
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        let file = options.open(&self.path).unwrap();
        file.write_all_at(&self.ahead.to_ne_bytes(), 0).unwrap();
    }
}

fn micros(by: Duration) -> i64 {
    by.as_micros().try_into().unwrap()
}
