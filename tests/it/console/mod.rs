//! The console: its pages by HTTP, as a browser without scripts gets them.

mod acting;
mod astray;
mod batches;
mod browser;
mod buffers;
mod by_itself;
mod destinations;
mod entrance;
mod hostile;
mod kinds;
mod link;
mod looking_back;
mod pages;
mod reading;
mod start;
mod windows;

/// Somebody who may do everything, and somebody who may look.
const KEYS: [(&str, &str); 2] = [
    (
        "API_KEYS",
        "ana:key-of-ana-that-is-long-enough, eyes:key-of-eyes-that-is-long-enough:read",
    ),
    ("OPEN_INGEST", "true"),
];
const ANA: &str = "key-of-ana-that-is-long-enough";
const EYES: &str = "key-of-eyes-that-is-long-enough";
