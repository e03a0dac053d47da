//! The console in a real browser: what people do with it, and what must hold of each of its pages. `make test-browser` runs
//! it, and installs what it needs; `make pictures` takes the pictures of the docs with it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::print_stderr,
    reason = "the log of a daemon belongs to its failed test"
)]

#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    reason = "the harness of the suite, of which this needs a part"
)]
mod support;

mod at_hand;
mod bulk;
mod chromium;
mod driver;
mod entrance;
mod every_page;
mod keyboard;
mod live;
mod pages;
mod pictures;
mod plain;
mod routes;
mod scene;
mod stale_acts;
mod start;
mod story;
mod writing;

use std::path::PathBuf;

/// A setting of the test itself: the path of a program.
fn program(setting: &str) -> PathBuf {
    let path = std::env::var_os(setting).map(PathBuf::from);
    path.unwrap_or_else(|| panic!("{setting}: see the Makefile"))
}
