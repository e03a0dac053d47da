//! Where everything stands in Redis, read past the store.

use std::collections::BTreeMap;

use lull::core::batch::Millis;
use lull::store::dead_letters::Letter;
use lull::store::keys::Shard;
use redis::streams::StreamRangeReply;
use redis::{FromRedisValue, Value};

use super::World;
use super::model::{PEOPLE, REPORT, To, What};
use crate::support::texts;

/// What is added to the time of a lane whose head was attempted.
const RETRIES: f64 = 1e13;

/// A batch on a lane.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OnLane {
    /// Whose it is, where the lane does not tell.
    pub(super) whose: Option<String>,
    pub(super) numbers: Vec<usize>,
}

/// What stands where, by chat.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) window: [Vec<usize>; 3],
    /// By destination, too. Of an ordered buffer all chats have the same.
    lanes: [[Vec<OnLane>; 3]; 3],
    pub(super) kept: [Vec<usize>; 3],
    /// Where each was to go, and what it held.
    pub(super) dead: [Vec<(String, Vec<usize>)>; 3],
    /// When it is due, and what is asked.
    pub(super) follow_up: [Option<(Millis, usize)>; 3],
    /// As it lies there.
    pub(super) plan: Option<String>,
    /// Whether the window, and the lane by destination, is announced.
    pub(super) window_due: [bool; 3],
    pub(super) lane_due: [[bool; 3]; 3],
    /// Whether the destination of a lane that is announced stands among those with lanes here, as due no later than it.
    pub(super) lane_noted: [[bool; 3]; 3],
    /// Entries in the index of what waits, and items.
    pub(super) waiting: [(usize, usize); 3],
    /// Messages that wait, as counted, and as they are.
    pub(super) held: [(usize, usize); 3],
}

impl Places {
    /// The batches of a chat on its lane.
    pub(super) fn lane(&self, to: To, chat: usize) -> impl Iterator<Item = &OnLane> {
        let whose = PEOPLE.get(chat).copied();
        let is_of_chat = move |batch: &&OnLane| {
            let named = batch.whose.as_deref();
            named.is_none_or(|named| Some(named) == whose)
        };
        self.lanes[to as usize][chat].iter().filter(is_of_chat)
    }

    /// The numbers of those.
    pub(super) fn on_lane(&self, to: To, chat: usize) -> Vec<usize> {
        let batches = self.lane(to, chat);
        batches.flat_map(|it| it.numbers.clone()).collect()
    }

    /// All batches on the lane that a chat goes by.
    pub(super) fn whole_lane(&self, to: To, chat: usize) -> &[OnLane] {
        &self.lanes[to as usize][chat]
    }

    /// Everything of a chat that is still here.
    pub(super) fn all_of(&self, chat: usize) -> Vec<usize> {
        let mut all = self.window[chat].clone();
        all.extend(&self.kept[chat]);
        all.extend(self.dead[chat].iter().flat_map(|(_, numbers)| numbers));
        for to in To::ALL {
            all.extend(self.on_lane(to, chat));
        }
        all
    }
}

impl World {
    /// Reads all places at one moment.
    pub(super) async fn places(&mut self) -> Places {
        let mut reads = redis::pipe();
        for chat in 0..=REPORT {
            let key = |rest: &str| self.key(rest, chat);
            let member = self.member(chat);
            reads
                .lrange(key(&format!("window:{member}")), 1, -1)
                .zscore(key("due"), &member)
                .xrange_all(key("dead"))
                .hgetall(key("later:items"))
                .zcard(key("later"))
                .hget(key("later:held"), ":count");
            for to in To::ALL {
                let (name, lane) = (to.name(), self.lane_member(chat));
                reads
                    .lrange(key(&format!("lane:{name}:{lane}")), 0, -1)
                    .zrange(key(&format!("revived:{name}:{lane}")), 0, -1)
                    .zscore(key(&format!("due:{name}")), &lane)
                    .zscore(key("lanes"), name.as_str());
            }
        }
        let values: Vec<Value> = reads.query_async(&mut self.raw).await.unwrap();
        let mut values = values.into_iter();

        let mut places = Places::default();
        for chat in 0..=REPORT {
            let items: Vec<String> = next(&mut values);
            places.window[chat] = items.iter().flat_map(|item| numbers(item)).collect();
            places.window_due[chat] = next::<Option<f64>>(&mut values).is_some();
            places.dead[chat] = dead_of(chat, next(&mut values));
            let waiting: BTreeMap<String, String> = next(&mut values);
            places.waiting[chat] = (next(&mut values), waiting.len());
            let of_people = waiting.keys().filter(|name| name.starts_with("m:")).count();
            let counted: Option<usize> = next(&mut values);
            places.held[chat] = (counted.unwrap_or_default(), of_people);
            self.read_waiting(chat, &waiting, &mut places);
            for to in 0..3 {
                let batches: Vec<String> = next(&mut values);
                let revived: Vec<String> = next(&mut values);
                places.lanes[to][chat] = read_lane(batches, &revived);
                let due: Option<f64> = next(&mut values);
                let noted: Option<f64> = next(&mut values);
                places.lane_due[to][chat] = due.is_some();
                // With or without what is added for retries.
                let is_in_time = |due: f64| noted.is_some_and(|noted| noted <= due % RETRIES);
                places.lane_noted[to][chat] = due.is_none_or(is_in_time);
            }
        }
        places
    }

    fn read_waiting(&self, chat: usize, waiting: &BTreeMap<String, String>, places: &mut Places) {
        let of_chat = format!(":{}", self.member(chat));
        for (name, text) in waiting {
            if name.starts_with("m:") && name.ends_with(&of_chat) {
                let item = text.splitn(3, ' ').nth(2).unwrap();
                places.kept[chat].extend(numbers(item));
            } else if *name == format!("f{of_chat}") {
                let at = text.split(' ').next().unwrap().parse().unwrap();
                let item = text.splitn(4, ' ').nth(3).unwrap();
                places.follow_up[chat] = Some((at, numbers(item)[0]));
            } else if *name == format!("s:{}", What::Report.name()) && chat == REPORT {
                places.plan = Some(text.clone());
            }
        }
    }

    fn key(&self, rest: &str, chat: usize) -> String {
        let shard = Shard::of(&self.chat(chat)).index();
        format!("lull:{{{shard:02}}}:{rest}")
    }

    fn member(&self, chat: usize) -> String {
        let mark = if self.ordered && chat != REPORT {
            "+"
        } else {
            ""
        };
        let chat = self.chat(chat);
        format!("{mark}{}:{}", chat.buffer, chat.id.as_str())
    }

    fn lane_member(&self, chat: usize) -> String {
        if self.ordered && chat != REPORT {
            "+loja:*".to_owned()
        } else {
            self.member(chat)
        }
    }
}

fn next<T: FromRedisValue>(values: &mut impl Iterator<Item = Value>) -> T {
    T::from_redis_value(values.next().unwrap()).unwrap()
}

/// What stands on a lane, with what was revived behind its first.
fn read_lane(mut batches: Vec<String>, revived: &[String]) -> Vec<OnLane> {
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
        OnLane {
            whose,
            numbers: numbers(items),
        }
    };
    batches.iter().map(read).collect()
}

fn dead_of(chat: usize, stream: StreamRangeReply) -> Vec<(String, Vec<usize>)> {
    let mut found = Vec::new();
    for entry in stream.ids {
        let letter: Letter = serde_json::from_str(&entry.get::<String>("letter").unwrap()).unwrap();
        let id = PEOPLE.get(chat).copied().unwrap_or("report");
        if letter.chat == id {
            let batch = entry.get::<String>("batch").unwrap();
            found.push((
                letter.destination,
                numbers(batch.split_once('\n').unwrap().1),
            ));
        }
    }
    found
}

/// The numbers that were said, out of the items of a batch.
pub(super) fn numbers(items: &str) -> Vec<usize> {
    texts(items)
        .iter()
        .map(|text| text.parse().unwrap())
        .collect()
}
