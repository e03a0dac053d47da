//! More than one machine: the daemons in front of a real Redis Cluster and behind real Sentinels, while masters die, change
//! places and hand over slots; and a real RabbitMQ beside them.
//! `make test-machines` runs it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::print_stderr,
    reason = "the log of a daemon belongs to its failed test"
)]

mod broker;
mod cluster;
mod daemons;
mod failover;
mod handing;
mod master;
mod poison;
mod publishing;
mod queues;
mod sentinels;
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    reason = "the harness of the suite, of which this needs a part"
)]
mod support;
mod taking;
mod talk;
mod up;
mod watching;
mod whole;

// A copy before the answer.
mod link;
mod replicas;
