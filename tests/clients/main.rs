//! Real clients of Lull, of the kind that people have: they sign posts, verify deliveries, and work with a delivery as
//! the pages say. `make clients` and `make n8n` run it, and install the programs where they are missing.
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

mod n8n;
mod packages;

/// A setting of the test itself: the path of a program.
fn program(setting: &str) -> String {
    let path = std::env::var_os(setting).unwrap_or_else(|| panic!("{setting}: see the Makefile"));
    path.into_string().unwrap()
}
