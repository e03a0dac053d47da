//! Where a dead letter can go back to: its destination must be there, and one that was buried because its buffer was gone
//! has none yet.

use serde_json::value::RawValue;

use crate::core::batch::Batch;
use crate::core::chat::Name;
use crate::core::destination::Target;
use crate::store::batch::how_word;
use crate::store::config::lives::Living;
use crate::store::config::removals::State;
use crate::store::config::{Configured, Kind};
use crate::store::dead_letters::{DeadLetter, Letter};
use crate::store::handles::DeadLetters;
use crate::store::keys::{self, Shard};
use crate::store::paging::EntryId;
use crate::store::scripts;
use crate::store::{Result, StoreError, reply};

impl DeadLetters<'_> {
    /// What must be there for something to go back to a destination, vouched for in a shard; `None`: it is not there, or
    /// being removed.
    pub(in crate::store) async fn way_back(
        self,
        shard: Shard,
        destination: &Name,
    ) -> Result<Option<Living>> {
        let mut target = Target::whole(destination.clone());
        if Name::is_of_environment(destination.as_str()) {
            return Ok(Some(Living::target(&target)));
        }
        let read = redis::Cmd::hget(keys::LIVES, Living::target(&target).field());
        let state: Option<String> = self.store.query(&read).await?;
        let Some(State::Alive(life)) = state.as_deref().and_then(State::read) else {
            return Ok(None);
        };
        target.life = life;
        let living = Living::target(&target);
        let refused = self
            .store
            .config()
            .vouch(shard, std::slice::from_ref(&living))
            .await?;
        Ok(refused.is_empty().then_some(living))
    }

    /// Makes of a dead letter without a destination one for each that its buffer has now; answers their ids. Any other
    /// is its own.
    ///
    /// # Errors
    /// Gone, where its buffer is still not there; unavailable, silent or unreadable.
    pub(in crate::store) async fn addressed(self, dead: &DeadLetter) -> Result<Vec<EntryId>> {
        if !dead.letter.destination.is_empty() {
            return Ok(vec![dead.id]);
        }
        let configured = self.store.config().read().await?;
        let targets = targets_of(&configured, &dead.letter.buffer);
        if targets.is_empty() {
            return Err(StoreError::Gone);
        }
        let mut address = scripts::ADDRESS.key(keys::dead(dead.id.shard));
        address.arg(dead.id.in_stream());
        for target in targets {
            let letter = Letter {
                destination: target.name.to_string(),
                ..dead.letter.clone()
            };
            let letter = reply::json(&letter)?;
            for batch in batches(&dead.batch, &dead.whose()?, target.split)? {
                address.arg(&letter).arg(batch);
            }
        }
        let entries: Vec<String> = self.store.run(dead.id.shard, &address).await?;
        let ids = entries
            .iter()
            .filter_map(|entry| EntryId::of(dead.id.shard, entry));
        Ok(ids.collect())
    }
}

impl Configured {
    /// Whether there is something that a dead letter can go back to now.
    pub(in crate::store) fn has_way_back(&self, letter: &Letter) -> bool {
        let destination = &letter.destination;
        if destination.is_empty() {
            return !targets_of(self, &letter.buffer).is_empty();
        }
        if Name::is_of_environment(destination) {
            return true;
        }
        let (kind, name) = match destination.strip_prefix('.') {
            Some(schedule) => (Kind::Schedule, schedule),
            None => (Kind::Destination, &**destination),
        };
        Name::parse(name).is_ok_and(|name| self.lives(kind, &name))
    }
}

/// Where a buffer delivers, by what is configured.
fn targets_of(configured: &Configured, buffer: &str) -> Vec<Target> {
    let named = match configured.buffers.get(buffer) {
        Some(written) => written.spec.destinations.clone(),
        None if Name::is_of_environment(buffer) => vec![buffer.to_owned()],
        None => Vec::new(),
    };
    let targets = named.iter().filter_map(|name| {
        let known = configured.destinations.get(name);
        Some(Target {
            split: known.is_some_and(|known| known.spec.split),
            ..Target::whole(Name::parse(name).ok()?)
        })
    });
    targets.collect()
}

/// The batches that a letter becomes: one, or one for each message.
fn batches(batch: &Batch, whose: &str, split: bool) -> Result<Vec<String>> {
    let Batch {
        id,
        opened,
        closed,
        deadline,
        reason,
        count,
        gathered,
        repeats,
        items,
    } = batch;
    let about = format!("{opened} {closed} {deadline} {reason}");
    let how = how_word(gathered.as_ref(), repeats.as_ref());
    if !split || *count < 2 {
        return Ok(vec![format!("- {id} {about} {count}{how}{whose}\n{items}")]);
    }
    let items = format!("[{items}]");
    let items: Vec<&RawValue> =
        serde_json::from_str(&items).map_err(|_| StoreError::Unreadable("a dead letter"))?;
    let parts = items
        .iter()
        .zip(1..)
        .map(|(item, number)| format!("/ {id}-{number} {about} 1{how}{whose}\n{item}"));
    Ok(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::batch::read_batch;

    #[test]
    fn a_letter_for_a_destination_that_splits_becomes_one_for_each_message() {
        let text = "- msg_1 10 30 20 quiet 2 616e61\n{\"at\":1,\"message\":\"a,b\"},{\"at\":2,\"message\":\"}{\"}";
        let (batch, _) = read_batch(text).unwrap();

        assert_eq!(batches(&batch, " 616e61", false).unwrap(), [text]);
        assert_eq!(
            batches(&batch, " 616e61", true).unwrap(),
            [
                "/ msg_1-1 10 30 20 quiet 1 616e61\n{\"at\":1,\"message\":\"a,b\"}",
                "/ msg_1-2 10 30 20 quiet 1 616e61\n{\"at\":2,\"message\":\"}{\"}",
            ]
        );
    }
}
