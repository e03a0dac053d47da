//! Where the messages of a chat stand in Redis.

use lull::store::dead::Letter;
use lull::store::keys::Shard;
use redis::AsyncCommands;
use redis::streams::StreamRangeReply;

use super::{CHATS, World};
use crate::support::{chat, texts};

impl World {
    /// What stands in the open window of a chat.
    pub(super) async fn window(&mut self, index: usize) -> Vec<usize> {
        let key = self.key("window:default:", index);
        let items: Vec<String> = self.raw.lrange(key, 1, -1).await.unwrap();
        items.iter().flat_map(|item| numbers(item)).collect()
    }

    /// What stands on the lane of a chat.
    pub(super) async fn lane(&mut self, index: usize) -> Vec<usize> {
        let key = self.key("lane:default:default:", index);
        let batches: Vec<String> = self.raw.lrange(key, 0, -1).await.unwrap();
        batches
            .iter()
            .flat_map(|batch| numbers(batch.split_once('\n').unwrap().1))
            .collect()
    }

    /// What of a chat was given up on.
    pub(super) async fn dead(&mut self, index: usize) -> Vec<usize> {
        let shard = Shard::of(&chat(CHATS[index])).index();
        let stream: StreamRangeReply = self
            .raw
            .xrange_all(format!("lull:{{{shard:02}}}:dead"))
            .await
            .unwrap();
        let mut found = Vec::new();
        for entry in stream.ids {
            let letter: Letter =
                serde_json::from_str(&entry.get::<String>("letter").unwrap()).unwrap();
            if letter.chat == CHATS[index] {
                let batch = entry.get::<String>("batch").unwrap();
                found.extend(numbers(batch.split_once('\n').unwrap().1));
            }
        }
        found
    }

    /// Whether a chat stands in a due index.
    pub(super) async fn is_due(&mut self, due: &str, index: usize) -> bool {
        let key = format!(
            "lull:{{{:02}}}:{due}",
            Shard::of(&chat(CHATS[index])).index()
        );
        let score: Option<f64> = self
            .raw
            .zscore(key, format!("default:{}", CHATS[index]))
            .await
            .unwrap();
        score.is_some()
    }

    fn key(&self, rest: &str, index: usize) -> String {
        format!(
            "lull:{{{:02}}}:{rest}{}",
            Shard::of(&chat(CHATS[index])).index(),
            CHATS[index]
        )
    }
}

/// The numbers that were said, out of the items of a batch.
pub(super) fn numbers(items: &str) -> Vec<usize> {
    texts(items)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect()
}
