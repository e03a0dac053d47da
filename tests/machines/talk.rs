//! People who talk while something happens to the cluster, and what became of what they said.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Daemon, Receiver};

/// Chats that talk, each one message after the other.
const CHATS: usize = 120;
/// Between two messages of a chat: about 100 a second in all.
const PAUSE: Duration = Duration::from_millis(1200);
/// How long a window waits.
const WAIT: Duration = Duration::from_millis(500);
/// Between two tries of a message that was refused.
const AGAIN: Duration = Duration::from_millis(150);
/// What has not come for so long is lost.
const MISSED: Duration = Duration::from_secs(30);
/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// They talk for so long before something happens, and afterwards.
const BEFORE: Duration = Duration::from_secs(3);
pub(crate) const AFTER: Duration = Duration::from_secs(5);

/// What one chat said, and how it went.
#[derive(Default)]
pub(crate) struct Said {
    /// The ids that were acknowledged, in their order.
    acknowledged: Vec<(String, Instant)>,
    /// The first and the last refusal.
    refused: Option<(Instant, Instant)>,
}

/// What all said, by chat.
pub(crate) struct Talk(BTreeMap<String, Said>);

/// What became of it.
#[derive(Debug, Default)]
struct Outcome {
    acknowledged: usize,
    lost: usize,
    in_two_batches: usize,
    reordered: usize,
    /// How much later than their windows were to close batches came of chats that were refused nothing: the half of them,
    /// 99 of 100, and all of them no later than this.
    late: [Duration; 3],
}

/// What was said while `happens`, in the middle of it; nothing of it is lost, doubled or reordered.
pub(crate) async fn told(
    api: &Daemon,
    receiver: &mut Receiver,
    happens: impl AsyncFnOnce(),
) -> Talk {
    let over = Arc::new(AtomicBool::default());
    let ends = async {
        tokio::time::sleep(BEFORE).await;
        happens().await;
        tokio::time::sleep(AFTER).await;
        over.store(true, Ordering::Relaxed);
    };
    let (said, ()) = tokio::join!(talk(api, over.clone()), ends);
    let outcome = said.outcome(receiver).await;
    eprintln!("{outcome:?}, refused for {:?}", said.refused_for());
    assert!(outcome.acknowledged > 100, "{outcome:?}");
    let bad = (outcome.lost, outcome.in_two_batches, outcome.reordered);
    assert_eq!(bad, (0, 0, 0), "{outcome:?}");
    said
}

/// Lets them talk until `over`; each says a message again, under its id, until it is acknowledged.
async fn talk(api: &Daemon, over: Arc<AtomicBool>) -> Talk {
    let (client, url) = (Client::new(), api.url("/api/message"));
    let chats = (0..CHATS).map(|chat| {
        let (client, url, over) = (client.clone(), url.clone(), over.clone());
        async move {
            let name = format!("c{chat}");
            let mut said = Said::default();
            // Not all at the same time.
            tokio::time::sleep(PAUSE.mul_f64(fastrand::f64())).await;
            for number in 0.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                let id = format!("{name}-{number}");
                let body = json!({
                    "user": name, "message": id, "message_id": id, "ttl": WAIT.as_secs_f64(),
                });
                while !takes(&client, &url, &body).await {
                    let now = Instant::now();
                    let (first, _) = said.refused.unwrap_or((now, now));
                    said.refused = Some((first, now));
                    tokio::time::sleep(AGAIN).await;
                }
                said.acknowledged.push((id, Instant::now()));
                tokio::time::sleep(PAUSE).await;
            }
            (name, said)
        }
    });
    Talk(join_all(chats).await.into_iter().collect())
}

async fn takes(client: &Client, url: &str, body: &Value) -> bool {
    let request = client.post(url).header("content-type", "application/json");
    let sent = request.body(body.to_string()).timeout(PATIENCE).send();
    sent.await.is_ok_and(|answer| answer.status().is_success())
}

impl Talk {
    /// The chats that were refused something.
    pub(crate) fn refused(&self) -> BTreeSet<&str> {
        let refused = self.0.iter().filter(|(_, said)| said.refused.is_some());
        refused.map(|(name, _)| name.as_str()).collect()
    }

    /// How long anything was refused.
    pub(crate) fn refused_for(&self) -> Duration {
        let refused = || self.0.values().filter_map(|said| said.refused);
        let first = refused().map(|(first, _)| first).min();
        let last = refused().map(|(_, last)| last).max();
        let both = first.zip(last);
        both.map_or(Duration::ZERO, |(first, last)| last - first)
    }

    /// What became of it, once all of it has arrived, or nothing more comes.
    async fn outcome(&self, receiver: &mut Receiver) -> Outcome {
        let mut batch_of: HashMap<String, String> = HashMap::new();
        let mut order: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut outcome = Outcome {
            acknowledged: self.0.values().map(|said| said.acknowledged.len()).sum(),
            ..Outcome::default()
        };
        let all = || self.0.values().flat_map(|said| &said.acknowledged);
        let mut missing: BTreeSet<String> = all().map(|(id, _)| id.clone()).collect();
        let taken: HashMap<&str, Instant> = all().map(|(id, at)| (id.as_str(), *at)).collect();
        let refused = self.refused();
        let mut late = Vec::new();
        while !missing.is_empty() {
            let Ok(call) = timeout(MISSED, receiver.call()).await else {
                break;
            };
            let last = call.messages().pop();
            let said = last.and_then(|id| taken.get(id.as_str()).copied());
            if let Some(said) = said.filter(|_| !refused.contains(call.user().as_str())) {
                late.push(call.at.saturating_duration_since(said + WAIT));
            }
            for id in call.messages() {
                missing.remove(&id);
                match batch_of.insert(id.clone(), call.id()) {
                    None => order.entry(call.user()).or_default().push(id),
                    // One that was tried twice is the same.
                    Some(batch) if batch == call.id() => {}
                    Some(_) => outcome.in_two_batches += 1,
                }
            }
        }
        outcome.lost = missing.len();
        late.sort();
        let part = |percent: usize| late.get(late.len() * percent / 100).or(late.last());
        outcome.late = [50, 99, 100].map(|percent| part(percent).copied().unwrap_or_default());
        let number = |id: &String| id.rsplit_once('-').unwrap().1.parse::<usize>().unwrap();
        let unordered = order.values().map(|ids| {
            ids.windows(2)
                .filter(|it| number(&it[0]) > number(&it[1]))
                .count()
        });
        outcome.reordered = unordered.sum();
        outcome
    }
}
