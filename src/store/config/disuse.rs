//! Buffers and destinations that came with a message, and when they were last used.
//!
//! Who uses one notes it in the step that writes it, if it is not there: what was noted is not removed, and what was
//! removed just before is written again.

use std::collections::HashSet;
use std::time::Duration;

use crate::core::chat::Name;
use crate::core::life::Asked;
use crate::core::moment::millis;
use crate::store::audit::By;
use crate::store::config::Kind;
use crate::store::config::removals::Begun;
use crate::store::config::removing::Outcome;
use crate::store::handles::Config;
use crate::store::keys::{self, Due, Shard, chat_of_member};
use crate::store::{Result, reply};

/// Looked at in one round; the next one takes up the rest.
const AT_A_TIME: isize = 500;
/// How many are tried until one gives way.
const TRIED: usize = 16;
/// Members of an index that Redis reads in one step.
const STEP: u32 = 512;

impl Config<'_> {
    /// Removes what was noted as used and not used again for `age`, has no open window and no batch on its way; answers
    /// how many.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn remove_disused(self, age: Duration) -> Result<u64> {
        let (buffers, destinations) = self.disused(age).await?;
        if buffers.is_empty() && destinations.is_empty() {
            return Ok(0);
        }
        let mut removed = 0;
        let (busy, configured) = (self.buffers_with_windows().await?, self.read().await?);
        // What cannot be read may name any of them.
        configured.all_is_open()?;
        for buffer in buffers {
            let spec = configured.buffers.get(buffer.as_str());
            let mut lanes = 0;
            for destination in spec.iter().flat_map(|written| written.spec.named()) {
                if let Ok(destination) = Name::parse(destination) {
                    lanes += self.store.lanes().count_to(&destination).await?;
                }
            }
            if lanes == 0 && !busy.contains(&buffer) {
                removed += self.disuse(Kind::Buffer, &buffer, age).await?;
            }
        }
        // Without those that are gone now.
        let configured = self.read().await?;
        for destination in destinations {
            let is_named = configured.buffers.values().any(|written| {
                let mut names = written.spec.named();
                names.any(|name| name == destination.as_str())
            });
            if !is_named && self.store.lanes().count_to(&destination).await? == 0 {
                removed += self.disuse(Kind::Destination, &destination, age).await?;
            }
        }
        Ok(removed)
    }

    /// Makes place for one more of a kind by removing one that nobody has used for `age`, and in which nothing waits: the
    /// longest unused of this caller's, where one is given, and else of all. A destination takes the buffers that came with
    /// it along, as `named_by` tells them. Answers whether there is place.
    ///
    /// # Errors
    /// Unavailable or silent.
    pub async fn give_way(
        self,
        kind: Kind,
        who: Option<&str>,
        age: Duration,
        named_by: impl Fn(&Name) -> Vec<Name>,
    ) -> Result<bool> {
        for name in self.longest_unused(kind, who, TRIED).await? {
            let buffers = match kind {
                Kind::Destination => named_by(&name),
                Kind::Buffer | Kind::Schedule => vec![name.clone()],
            };
            let is_idle = self.are_idle(&buffers).await?
                && (kind != Kind::Destination || self.store.lanes().count_to(&name).await? == 0);
            if !is_idle {
                continue;
            }
            let mut removed = 0;
            for buffer in &buffers {
                removed = self.disuse(Kind::Buffer, buffer, age).await?;
            }
            if kind == Kind::Destination {
                removed = self.disuse(kind, &name, age).await?;
            }
            if removed > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn are_idle(self, buffers: &[Name]) -> Result<bool> {
        for buffer in buffers {
            if self.holds_anything(buffer).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes it if nobody has used it after all, and nothing stands there that came in until that was known to all.
    async fn disuse(self, kind: Kind, name: &Name, age: Duration) -> Result<u64> {
        let nobody = By::default();
        let begun = self
            .begin_removal(kind, name, Asked::Empty, &nobody, None, Some(age))
            .await?;
        let Begun::Removal(removal) = begun else {
            return Ok(0);
        };
        let outcome = self.carry_out(kind, name, &removal, &[]).await?;
        Ok(u64::from(matches!(outcome, Outcome::Gone { .. })))
    }

    /// The buffers and destinations that nobody has used for `age`.
    async fn disused(self, age: Duration) -> Result<(Vec<Name>, Vec<Name>)> {
        let now = reply::time(Some(self.store.query(&redis::cmd("TIME")).await?))?;
        let last = now.saturating_sub(millis(age));
        let fields: Vec<String> = self
            .store
            .query(&redis::Cmd::zrangebyscore_limit(
                keys::USED,
                "-inf",
                last,
                0,
                AT_A_TIME,
            ))
            .await?;
        let named = |kind: Kind| {
            let names = fields.iter().filter_map(|field| {
                let (word, name) = field.split_once(':')?;
                (word == kind.as_str()).then(|| Name::parse(name).ok())?
            });
            names.collect()
        };
        Ok((named(Kind::Buffer), named(Kind::Destination)))
    }

    /// The buffers with an open window.
    async fn buffers_with_windows(self) -> Result<HashSet<Name>> {
        let mut buffers = HashSet::new();
        for shard in Shard::all() {
            let mut cursor = "0".to_owned();
            loop {
                let mut scan = redis::cmd("ZSCAN");
                scan.arg(Due::Windows.key(shard))
                    .arg(&cursor)
                    .arg("COUNT")
                    .arg(STEP);
                let (next, found): (String, Vec<(String, f64)>) = self.store.query(&scan).await?;
                let chats = found
                    .iter()
                    .filter_map(|(member, _)| chat_of_member(member));
                buffers.extend(chats.map(|chat| chat.buffer));
                cursor = next;
                if cursor == "0" {
                    break;
                }
            }
        }
        Ok(buffers)
    }
}
