//! The harness: a private Redis for each test, a receiver that answers by a script, the daemons as real processes, and
//! waiting that ends with a deadline instead of a guess.

pub(crate) mod clock;
pub(crate) mod collector;
pub(crate) mod counted;
pub(crate) mod daemon;
pub(crate) mod daemons;
pub(crate) mod doorway;
pub(crate) mod listening;
pub(crate) mod metrics;
pub(crate) mod operations;
pub(crate) mod pace;
pub(crate) mod queue;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod refusal;
pub(crate) mod system;
pub(crate) mod tool;
pub(crate) mod undeliverable;
pub(crate) mod up;
pub(crate) mod window_store;

use std::time::{Duration, Instant};

use lull::core::chat::{Chat, ChatId, Lane, Name};
use lull::core::destination::Target;
use lull::core::revival::Wanted;
use lull::core::window::WindowRules;
use lull::store::Store;
use lull::store::history::Retention;
use lull::store::lanes::LeaseRules;
use lull::store::windows::NewMessage;

pub(crate) use daemon::Daemon;
pub(crate) use receiver::{Answer, Receiver};
pub(crate) use redis::TestRedis;

/// No step of any test takes longer, on however slow a machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);

/// The longest time between two questions of [`eventually`]: each costs the machine, which other tests need.
const LONGEST_BREAK: Duration = Duration::from_millis(40);

/// Asks until the answer is yes: often at first, then less so.
pub(crate) async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    let mut pause = Duration::from_millis(5);
    while !ask().await {
        assert!(began.elapsed() < DEADLINE, "waited in vain: {what}");
        tokio::time::sleep(pause).await;
        pause = (pause * 5 / 4).min(LONGEST_BREAK);
    }
}

/// A chat of the buffer `default`.
pub(crate) fn chat(id: &str) -> Chat {
    Chat::of_default(ChatId::parse(id).unwrap())
}

/// The lane of a chat to the destination `default`.
pub(crate) fn lane(id: &str) -> Lane {
    Lane {
        destination: Name::default_name(),
        chat: chat(id),
    }
}

/// Revives these dead letters; answers how many there were.
pub(crate) async fn revive_all(store: &Store, wanted: &Wanted) -> u64 {
    let begun = store
        .dead_letters()
        .begin_revival(wanted, None)
        .await
        .unwrap();
    store.dead_letters().carry_on_revivals().await.unwrap();
    begun.unwrap().count
}

/// The destination `default`, as the store wants destinations.
pub(crate) fn destinations() -> [Target; 1] {
    [Target::whole(Name::default_name())]
}

/// Rules without limits, but for a cap of a minute.
pub(crate) const RULES: WindowRules = WindowRules {
    default_ttl: Duration::from_secs(15),
    max_ttl: Duration::from_secs(3600),
    max_wait: Duration::from_secs(60),
    max_messages: 0,
    max_bytes: 0,
    restarts: true,
    first: None,
    choice_wait: None,
    drops_repeats: false,
    media_waits: false,
    followed_up: false,
};

/// Leases of a minute, joining without limits.
pub(crate) const LEASES: LeaseRules = LeaseRules {
    length: Duration::from_secs(60),
    max_messages: 0,
    max_bytes: 0,
};

/// Room for everything a test settles.
pub(crate) const RETENTION: Retention = Retention {
    history: 64_000,
    dead_letters: 64_000,
    history_age: Duration::from_secs(3600),
    dead_letter_age: Duration::from_secs(3600),
    whole: false,
};

/// The shortest window a script knows.
pub(crate) const SHORT: Duration = Duration::from_millis(1);
/// A window that does not close by itself within a test.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// A message that says `text`.
pub(crate) fn item(text: &str) -> String {
    serde_json::json!({ "message": text }).to_string()
}

/// Puts `text` into the window of a chat; answers what the window holds then.
pub(crate) async fn say(store: &Store, id: &str, text: &str, ttl: Duration) -> u64 {
    let said = item(text);
    let message = NewMessage::plain(&said, ttl);
    store
        .windows()
        .append(&chat(id), message, &RULES, &destinations())
        .await
        .unwrap()
        .count
}

/// What was said, out of the items of a batch.
pub(crate) fn texts(items: &str) -> Vec<String> {
    let items = lull::core::item::read_items(items).unwrap();
    items
        .iter()
        .map(|item| serde_json::from_str(item.message.get()).unwrap())
        .collect()
}
