//! Strays: windows, lanes and messages for later that belong to no buffer, destination or schedule that is there. There
//! should be none; where there are, as after an older Lull, they become dead letters, and are told.

mod burying;

use std::collections::HashSet;
use std::sync::Arc;

use super::Result;
use super::config::Kind;
use super::keys::{self, Due, Shard};
use super::links::Links;
use super::scheduled::{KeptMessage, Waiting};
use crate::core::chat::{Chat, Name};
use crate::store::handles::StrayThings;

pub use burying::Buried;

/// Keys that Redis reads in one step.
const STEP: u32 = 1000;

/// What belongs to nothing that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// The version of the configuration that has nothing of these names.
    version: u64,
    /// Chats with a window.
    windows: Vec<Chat>,
    /// Messages that wait for their time.
    later: Vec<KeptMessage>,
    /// Lanes: the destination, and a chat.
    lanes: Vec<(Name, Chat)>,
}

impl Strays {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.later.is_empty() && self.lanes.is_empty()
    }

    /// How many there are of each, for people.
    pub fn told(&self) -> String {
        let (windows, later, lanes) = (self.windows.len(), self.later.len(), self.lanes.len());
        format!("{windows} windows, {later} messages for later and {lanes} lanes")
    }

    /// The names of the buffers and destinations that are not there.
    pub fn names(&self) -> Vec<String> {
        let windows = self.windows.iter().map(|chat| chat.buffer.to_string());
        let later = self
            .later
            .iter()
            .map(|kept| owner(&kept.chat).1.to_string());
        let lanes = self.lanes.iter().map(|(name, _)| name.to_string());
        let mut names: Vec<_> = windows.chain(later).chain(lanes).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// What is written down under which names.
struct Written {
    version: u64,
    fields: HashSet<String>,
}

impl Written {
    /// Also what this version of Lull cannot read is there.
    fn has(&self, kind: Kind, name: &Name) -> bool {
        let of_environment = kind != Kind::Schedule && Name::is_of_environment(name.as_str());
        of_environment || self.fields.contains(&kind.field(name))
    }

    fn has_lane_to(&self, destination: &Name) -> bool {
        let (kind, name) = worker(destination);
        self.has(kind, &name)
    }
}

/// What a chat belongs to.
fn owner(chat: &Chat) -> (Kind, Name) {
    match chat.schedule() {
        Some(schedule) => (Kind::Schedule, schedule),
        None => (Kind::Buffer, chat.buffer.clone()),
    }
}

/// What the lanes to this belong to.
fn worker(destination: &Name) -> (Kind, Name) {
    match Name::parse(destination.as_str().trim_start_matches('.')) {
        Ok(schedule) if destination.is_own() => (Kind::Schedule, schedule),
        _ => (Kind::Destination, destination.clone()),
    }
}

impl StrayThings<'_> {
    /// Looks for what belongs to nothing. Changes nothing.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn find(self) -> Result<Strays> {
        let mut found = Strays::default();
        for shard in Shard::all() {
            let windows = self.scanned(&Due::Windows, shard).await?;
            let chats = windows.iter().filter_map(|it| keys::chat_of_member(it));
            found.windows.extend(chats);
            let later = self.scanned(&Due::Later, shard).await?;
            for waiting in later.iter().filter_map(|it| Waiting::parse(it)) {
                // Runs and follow-ups of what is gone are dropped when they are due; they hold no message of their own.
                if let Waiting::Message(message) = waiting {
                    found.later.push(message);
                }
            }
        }
        let lanes = self.lane_indexes().await?;
        // Read last: what was stored for something new is not taken for a stray.
        let written = self.written().await?;
        found.version = written.version;
        found
            .windows
            .retain(|chat| !written.has(Kind::Buffer, &chat.buffer));
        found.later.retain(|message| {
            let (kind, name) = owner(&message.chat);
            !written.has(kind, &name)
        });
        for (shard, destination) in lanes {
            if !written.has_lane_to(&destination) {
                let members = self
                    .scanned(&Due::Lanes(destination.clone()), shard)
                    .await?;
                let chats = members.iter().filter_map(|it| keys::chat_of_member(it));
                found
                    .lanes
                    .extend(chats.map(|chat| (destination.clone(), chat)));
            }
        }
        Ok(found)
    }

    async fn written(self) -> Result<Written> {
        let mut reads = redis::pipe();
        // The version first: what is new in the fields is there, whatever the version says.
        reads.hget(keys::CONFIG, "version").hkeys(keys::CONFIG);
        let (version, fields): (Option<u64>, HashSet<String>) = self.store.pipeline(&reads).await?;
        Ok(Written {
            version: version.unwrap_or_default(),
            fields,
        })
    }

    async fn scanned(self, due: &Due, shard: Shard) -> Result<HashSet<String>> {
        let members = self.store.matching(due, shard, "*").await?;
        Ok(members.into_keys().collect())
    }

    /// The indexes of lanes that there are, whether or not anybody knows their destination.
    pub(super) async fn lane_indexes(self) -> Result<HashSet<(Shard, Name)>> {
        let mut found = HashSet::new();
        for node in self.store.nodes.all() {
            found.extend(self.lane_indexes_on(&node).await?);
        }
        Ok(found)
    }

    async fn lane_indexes_on(self, node: &Arc<Links>) -> Result<HashSet<(Shard, Name)>> {
        let mut found = HashSet::new();
        let mut cursor = 0;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor)
                .arg("MATCH")
                .arg(keys::LANE_INDEXES)
                .arg("COUNT")
                .arg(STEP);
            let page = self.store.query_node::<(u64, Vec<Vec<u8>>)>(node, &scan);
            let (next, page) = page.await?;
            let texts = page.iter().filter_map(|key| std::str::from_utf8(key).ok());
            found.extend(texts.filter_map(keys::destination_of_index));
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }
}
