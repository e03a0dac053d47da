//! What the scripts count of what waits, held against what is there.

use lull::core::chat::Name;
use lull::store::Store;
use lull::store::work::Kind;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;

/// In front of a revived batch.
const PREFIX: usize = 42;

/// How many of a kind there are, and their bytes.
async fn there(raw: &mut MultiplexedConnection, kind: Kind) -> (u64, u64) {
    let mut sizes: Vec<usize> = Vec::new();
    match kind {
        Kind::Windows => {
            for key in keys(raw, "window:*").await {
                let entries: Vec<Vec<u8>> = raw.lrange(key, 0, -1).await.unwrap();
                let (head, items) = entries.split_first().unwrap();
                let number = |at: usize| {
                    let number = f64::from_be_bytes(head[at..at + 8].try_into().unwrap());
                    format!("{number}").parse::<usize>().unwrap()
                };
                assert_eq!(number(32), items.len(), "what the head counts");
                assert_eq!(
                    number(24),
                    items.iter().map(|item| posted(item)).sum::<usize>()
                );
                sizes.push(number(24));
            }
        }
        Kind::Lanes => {
            for key in keys(raw, "lane:*").await {
                let batches: Vec<String> = raw.lrange(key, 0, -1).await.unwrap();
                sizes.extend(batches.iter().map(String::len));
            }
            for key in keys(raw, "revived:*").await {
                let batches: Vec<String> = raw.zrange(key, 0, -1).await.unwrap();
                sizes.extend(batches.iter().map(|batch| batch.len() - PREFIX));
            }
        }
        Kind::Later => {
            for key in keys(raw, "later:items").await {
                let items: Vec<(String, String)> = raw.hgetall(key).await.unwrap();
                let messages = items.iter().filter(|(name, _)| name.starts_with("m:"));
                sizes.extend(messages.map(|(_, text)| text.len()));
            }
        }
    }
    let bytes: usize = sizes.iter().sum();
    (sizes.len() as u64, bytes as u64)
}

/// How many bytes a message of a window has without the time in front of it.
fn posted(item: &[u8]) -> usize {
    let time = item.iter().position(|&c| c == b',').unwrap();
    item.len() - time
}

async fn keys(raw: &mut MultiplexedConnection, pattern: &str) -> Vec<String> {
    raw.keys(format!("lull:{{??}}:{pattern}")).await.unwrap()
}

/// Panics unless exactly what is there is counted, of all buffers and of these, which are all there are.
pub(crate) async fn assert_counted(
    store: &Store,
    raw: &mut MultiplexedConnection,
    buffers: &[Name],
) {
    for kind in Kind::ALL {
        let (count, bytes) = there(raw, kind).await;
        let held = store.held().sum(kind, buffers).await.unwrap();
        assert_eq!((held.count, held.bytes), (count, bytes), "{kind:?}");
        assert_eq!(held.of_buffers.iter().sum::<u64>(), count, "{kind:?}");
    }
}
