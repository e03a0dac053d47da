//! A soak: two apis, three monitors and Redis at work while they are killed, frozen and told to stop, and receivers refuse,
//! for as long as `SOAK_SECONDS` says. What was acknowledged is known, and afterwards held against what arrived.
//!
//! `make soak` runs it for five minutes, `.ci/run` for one. `SOAK_SEED` repeats the choices of an
//! earlier run, though not its moments.
//!
//! - [`checker`]: what must be true, and proofs that it sees what is not.
//! - [`traffic`]: who says what, and what was acknowledged.
//! - [`chaos`]: what happens to the processes.
//! - [`remains`]: what is left in Redis.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(
    clippy::print_stderr,
    reason = "the log of a daemon belongs to its failed test, and the seed to every run"
)]

mod chaos;
mod checker;
mod remains;
#[path = "../it/support/mod.rs"]
#[expect(
    dead_code,
    reason = "the harness of the suite, of which this needs a part"
)]
mod support;
mod traffic;

use std::time::{Duration, Instant};

use lull::settings::Vars;

use crate::chaos::House;
use crate::checker::Evidence;
use crate::remains::Remains;
use crate::support::pace::Begun;
use crate::traffic::Client;

/// Where nobody asks for more.
const SHORT: u64 = 30;

/// The pace of the paced destination.
const EVERY: Duration = Duration::from_secs(1);
const BATCH: usize = 3;

#[tokio::test]
async fn what_was_acknowledged_arrives_once_and_in_order_whatever_happens() {
    let vars = Vars::from_env();
    let number = |name: &str| {
        let text = vars.get(name)?;
        Some(text.trim().parse::<u64>().unwrap())
    };
    let length = Duration::from_secs(number("SOAK_SECONDS").unwrap_or(SHORT));
    let seed = number("SOAK_SEED").unwrap_or_else(|| fastrand::u64(..));
    eprintln!("SOAK_SEED={seed} SOAK_SECONDS={}", length.as_secs());

    let mut house = House::open(seed).await;
    let client = Client::new(seed, house.doors());
    house.configure(&client).await;
    let until = Instant::now() + length;
    let redis = house.redis_url();
    let mut begun = Begun::default();
    let suffering = house.suffer(until);
    let watching = remains::watch_pace(&redis, &mut begun, until);
    let (did, (), ()) = tokio::join!(suffering, client.talk(until), watching);
    eprintln!("{did}");

    // From here on nothing goes wrong any more.
    let remains = Remains::new(&redis);
    client.end_schedules(&remains).await;
    remains.settle(&mut begun).await;
    let (dead, left) = (remains.dead().await, remains.left().await);
    let evidence = Evidence {
        said: client.ledger(),
        heard: house.heard(),
        dead,
        left,
        pace: (begun, EVERY, BATCH),
        schedules: client.schedules(),
    };
    eprintln!("{}", evidence.summary());
    let faults = evidence.faults();
    assert!(
        faults.is_empty(),
        "SOAK_SEED={seed}: {} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
