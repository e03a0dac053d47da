//! Where the messages of a chat stand in Redis.

use lull::store::dead::Letter;
use lull::store::keys::Shard;
use redis::AsyncCommands;
use redis::streams::StreamRangeReply;

use super::{CHATS, World};
use crate::support::texts;

impl World {
    /// What stands in the open window of a chat.
    pub(super) async fn window(&mut self, index: usize) -> Vec<usize> {
        let key = self.key(&format!("window:{}", self.member(index)), index);
        let items: Vec<String> = self.raw.lrange(key, 1, -1).await.unwrap();
        items.iter().flat_map(|item| numbers(item)).collect()
    }

    /// What stands on the lane of a chat, batch by batch, with whose each is, where the lane does not tell.
    pub(super) async fn lane(&mut self, index: usize) -> Vec<(Option<String>, Vec<usize>)> {
        let key = self.key(&format!("lane:default:{}", self.lane_member(index)), index);
        let mut batches: Vec<String> = self.raw.lrange(key, 0, -1).await.unwrap();
        let key = format!("revived:default:{}", self.lane_member(index));
        let key = self.key(&key, index);
        let revived: Vec<String> = self.raw.zrange(key, 0, -1).await.unwrap();
        assert!(
            !batches.is_empty() || revived.is_empty(),
            "what was revived stands behind nothing"
        );
        let revived = revived
            .iter()
            .map(|it| it.splitn(3, ' ').nth(2).unwrap().to_owned());
        let behind_first = batches.len().min(1);
        batches.splice(behind_first..behind_first, revived);
        let read = |batch: &String| {
            let (line, items) = batch.split_once('\n').unwrap();
            let whose = line.split(' ').nth(7).map(|word| {
                let bytes = hex::decode(word).unwrap();
                String::from_utf8(bytes).unwrap()
            });
            (whose, numbers(items))
        };
        batches.iter().map(read).collect()
    }

    /// What of a chat waits for its time.
    pub(super) async fn kept(&mut self, index: usize) -> Vec<usize> {
        let key = self.key("later:items", index);
        let items: Vec<(String, String)> = self.raw.hgetall(key).await.unwrap();
        let of_chat = format!(":{}", self.member(index));
        let items = items
            .iter()
            .filter(|(name, _)| name.starts_with("m:") && name.ends_with(&of_chat));
        items
            .flat_map(|(_, text)| numbers(text.splitn(3, ' ').nth(2).unwrap()))
            .collect()
    }

    /// How many entries the index of what waits has, and how many items it should have.
    pub(super) async fn waiting(&mut self, index: usize) -> (usize, usize) {
        let (due, items) = (self.key("later", index), self.key("later:items", index));
        let due = self.raw.zcard(due).await.unwrap();
        (due, self.raw.hlen(items).await.unwrap())
    }

    /// What of a chat was given up on.
    pub(super) async fn dead(&mut self, index: usize) -> Vec<usize> {
        let shard = Shard::of(&self.chat(index)).index();
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

    /// Whether a chat or its lane stands as `member` in a due index.
    pub(super) async fn is_due(&mut self, due: &str, index: usize, member: String) -> bool {
        let key = self.key(due, index);
        let score: Option<f64> = self.raw.zscore(key, member).await.unwrap();
        score.is_some()
    }

    fn key(&self, rest: &str, index: usize) -> String {
        let shard = Shard::of(&self.chat(index)).index();
        format!("lull:{{{shard:02}}}:{rest}")
    }

    pub(super) fn member(&self, index: usize) -> String {
        let mark = if self.ordered { "+" } else { "" };
        format!("{mark}default:{}", CHATS[index])
    }

    pub(super) fn lane_member(&self, index: usize) -> String {
        if self.ordered {
            "+default:*".to_owned()
        } else {
            self.member(index)
        }
    }
}

/// The numbers that were said, out of the items of a batch.
pub(super) fn numbers(items: &str) -> Vec<usize> {
    texts(items)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect()
}
