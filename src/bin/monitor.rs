//! The monitor daemon by its own name: `lull monitor`.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lull::cli::monitor()
}
