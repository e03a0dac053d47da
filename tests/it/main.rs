//! The promises of Lull, kept against a real Redis, over real HTTP, by real processes and signals.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::print_stderr,
    reason = "the log of a daemon belongs to its failed test"
)]

mod support;

mod admin;
mod aliases;
mod any_body;
mod audit;
mod auth;
mod bodies;
mod buffers;
mod calls;
mod chats;
mod cli;
mod clock_turned;
mod compat;
mod control;
mod dead_letters;
mod delivery;
mod deploy;
mod destinations;
mod erasing;
mod events;
mod follow_up;
mod footprint;
mod gateways;
mod health;
mod hints;
mod history;
mod hostile;
mod ingest;
mod lanes;
mod later;
mod least_rights;
mod limits;
mod lives;
mod log_lines;
mod loops;
mod masked;
mod message;
mod message_id;
mod observing;
mod openapi;
mod order;
mod outage;
mod pace;
mod page_bytes;
mod pages;
mod papers;
mod parsers;
mod pausing;
mod property;
mod quiet;
mod reconnecting;
mod recovery;
mod redis_tls;
mod refusals;
mod refused_chats;
mod removals;
mod requests;
mod retrying;
mod revival;
mod schedules;
mod sealing;
mod set_back;
mod settings;
mod signals;
mod smoke;
mod split;
mod startup;
mod strays;
mod tidy;
mod tidy_lua;
mod tracing;
mod trial;
mod typing;
mod unknown;
mod up;
mod ways_to_send;
mod webhooks;
mod whole;
mod windows;
mod work;
