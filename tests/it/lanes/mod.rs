//! Lanes, script by script: lease, settle, promote, hasten, give up, revive and discard.

mod calls;
mod dead_letters;
mod giving_up;
mod hastening;
mod joining;
mod leases;
mod promote;
mod recounting;
mod revival;
mod turns;

use std::time::Duration;

use lull::core::batch::BatchId;
use lull::core::filter::Filter;
use lull::store::dead_letters::{DeadLetter, Letter};
use lull::store::keys::Shard;
use lull::store::lanes::{Lease, Settled, Verdict};
use lull::store::{Look, Store};

use crate::support::{LEASES, LONG, RETENTION, chat, destinations, eventually, lane, say};

const RETRY_LATER: Verdict = Verdict::Retry {
    wait: LONG,
    asked: false,
};
const RETRY_NOW: Verdict = Verdict::Retry {
    wait: Duration::ZERO,
    asked: false,
};
const DONE: Settled = Settled::Done {
    more: false,
    dropped: 0,
};
const DONE_AND_MORE: Settled = Settled::Done {
    more: true,
    dropped: 0,
};

/// Puts a batch that says `text` on the lane of a chat.
async fn batch(store: &Store, id: &str, text: &str) {
    say(store, id, text, LONG).await;
    store
        .windows()
        .flush(&chat(id), &BatchId::generate(), &destinations())
        .await
        .unwrap();
}

async fn lease(store: &Store, id: &str) -> Option<Lease> {
    store.lanes().lease(&lane(id), LEASES).await.unwrap()
}

/// Takes a lease as soon as there is one to have.
async fn lease_when_due(store: &Store, id: &str) -> Lease {
    let mut leased = None;
    eventually("the head can be leased", async || {
        leased = lease(store, id).await;
        leased.is_some()
    })
    .await;
    leased.unwrap()
}

async fn settle(store: &Store, lease: &Lease, verdict: &Verdict) -> Settled {
    store
        .lanes()
        .settle(lease, verdict, None, &RETENTION)
        .await
        .unwrap()
}

fn bury(lease: &Lease) -> Verdict {
    Verdict::Bury {
        letter: Letter {
            buffer: "default".to_owned(),
            chat: lease.lane.chat.id.as_str().to_owned(),
            destination: "default".to_owned(),
            reason: "HTTP 410".to_owned(),
            summary: None,
            attempts: lease.attempt,
            first_attempt: lease.first_attempt,
        },
    }
}

/// Puts a batch that says `text` on the lane of a chat, and makes it a dead letter.
async fn buried(store: &Store, id: &str, text: &str) -> Lease {
    batch(store, id, text).await;
    let leased = lease(store, id).await.unwrap();
    settle(store, &leased, &bury(&leased)).await;
    leased
}

/// The dead letters, the newest first.
async fn letters(store: &Store) -> Vec<DeadLetter> {
    let page = store
        .dead_letters()
        .list(&Filter::Everybody, Look::first(10))
        .await;
    page.unwrap().0
}

/// When the lane of a chat is due.
async fn due_in(store: &Store, id: &str) -> Option<Duration> {
    let destination = lane(id).destination;
    let (lanes, retries) = store
        .due()
        .look_at_lanes(&destination, Shard::all())
        .await
        .unwrap();
    let shard = Shard::of(&chat(id)).index();
    lanes[shard].or(retries[shard])
}
