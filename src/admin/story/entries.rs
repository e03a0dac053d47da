//! What has happened, out of the lists that tell of it.

use std::collections::{BTreeMap, HashMap};

use super::happened::is_of_person;
use super::sources::Sources;
use super::{Closed, Entry, Tried, What, entry};
use crate::core::batch::Millis;
use crate::core::ignored::OWN_PAUSES;
use crate::core::item::read_items;
use crate::store::chats::chat_detail::WaitingLane;
use crate::store::history::posts::Posted;
use crate::store::history::told::Told;
use crate::store::history::{BURIED, DELIVERED, Settlement, Try};

/// A message, by when it came and its id.
type Message = (Millis, Option<String>);

/// What is told of batches.
#[derive(Default)]
struct Batches {
    /// By their ids: when each was closed, and what it holds.
    closed: BTreeMap<String, (Millis, Closed)>,
    /// In which of them a message is.
    of: HashMap<Message, Vec<String>>,
}

impl Sources {
    /// Batches on lanes of which history does not tell yet.
    pub(super) fn untried(&self, lanes: &[WaitingLane]) -> Vec<Entry> {
        let mut found: Vec<Entry> = Vec::new();
        for lane in lanes {
            for batch in &lane.batches {
                let id = batch.id.to_string();
                if self.settlements.iter().any(|it| it.record.id == id) {
                    continue;
                }
                let known = found.iter_mut().find_map(|entry| match &mut entry.what {
                    What::Closed(closed) if closed.webhook_id == id => Some(closed),
                    _ => None,
                });
                let destination = lane.destination.to_string();
                match known {
                    Some(closed) => closed.destinations.push(destination),
                    None => found.push(entry(
                        batch.closed,
                        What::Closed(Closed {
                            webhook_id: id,
                            destinations: vec![destination],
                            reason: batch.reason.to_string(),
                            messages: batch.count,
                            opened: batch.opened,
                            gathered: batch.gathered,
                            repeats: batch.repeats.as_ref().map(ToString::to_string),
                        }),
                    )),
                }
            }
        }
        found
    }

    /// All of it as entries; those of one kind and moment are in their order. What was said is told with the batches that it is
    /// in, also those on these lanes.
    pub(super) fn entries(self, lanes: &[WaitingLane]) -> Vec<Entry> {
        let letters = self.dead.iter().map(|dead| {
            let of = (dead.batch.id.to_string(), dead.letter.destination.clone());
            (of, dead.id.text())
        });
        let mut letters: HashMap<_, _> = letters.collect();
        let (mut entries, mut batches) = (Vec::new(), Batches::default());
        for batch in lanes.iter().flat_map(|lane| &lane.batches) {
            let said = read_items(&batch.items).unwrap_or_default();
            let said = said.into_iter().map(|item| (item.at, item.id));
            batches.note(&batch.id.to_string(), said);
        }
        for settlement in self.settlements.into_iter().rev() {
            let of = (
                settlement.record.id.clone(),
                settlement.record.destination.clone(),
            );
            let buried = settlement.record.outcome == BURIED;
            let letter = letters.remove(&of).filter(|_| buried);
            batches.take(settlement, letter, &mut entries);
        }
        let closed = batches.closed.into_values();
        entries.extend(closed.map(|(at, closed)| entry(at, What::Closed(closed))));
        let said = self.told.into_iter().rev().map(|told| match told {
            Told::Answered { at, answer } => entry(at, What::Answered(answer)),
            Told::Said(received) => {
                let items = received.item.as_deref().map(read_items);
                let item = items.and_then(|items| items.ok()?.into_iter().next());
                let id = item.as_ref().and_then(|item| item.id.clone());
                let batches = batches.of.get(&(received.at, id)).cloned();
                entry(
                    received.at,
                    What::Said {
                        item,
                        batches: batches.unwrap_or_default(),
                    },
                )
            }
        });
        entries.extend(said);
        let untaken = self.untaken.into_iter().rev().filter(is_told);
        entries.extend(untaken.map(|it| entry(it.at, What::Untaken(it))));
        let acts = self.acts.into_iter().rev();
        entries.extend(acts.map(|it| entry(it.at, What::Acted(it))));
        entries
    }
}

/// What our side wrote has its own entries, and what became of it nobody asks about.
fn is_told(posted: &Posted) -> bool {
    let post = &posted.post;
    is_of_person(&post.result) || post.reason.as_deref() == Some(OWN_PAUSES)
}

impl Batches {
    /// Notes which messages are in a batch.
    fn note(&mut self, id: &str, messages: impl Iterator<Item = Message>) {
        for message in messages {
            let of = self.of.entry(message).or_default();
            if !of.iter().any(|known| known == id) {
                of.push(id.to_owned());
            }
        }
    }

    /// Takes up what history tells of a batch to one destination, and adds its tries.
    fn take(&mut self, settlement: Settlement, letter: Option<String>, entries: &mut Vec<Entry>) {
        let Settlement {
            at,
            record,
            earlier,
            ..
        } = settlement;
        let (id, destination) = (record.id, record.destination);
        let said = record.stamps.into_iter();
        self.note(&id, said.map(|stamp| (stamp.at, stamp.id)));
        let tried = |made: Try, delivered: bool| {
            What::Tried(Tried {
                webhook_id: id.clone(),
                destination: destination.clone(),
                made,
                delivered,
            })
        };
        let earlier = earlier.into_iter();
        entries.extend(earlier.map(|(at, made)| entry(at, tried(made, false))));
        let delivered = record.outcome == DELIVERED;
        let answered = record.last.as_ref().map(|made| made.summary.clone());
        let last = record.last.map(|made| entry(at, tried(made, delivered)));
        entries.extend(last);
        if record.outcome == BURIED {
            let given_up = What::GivenUp {
                webhook_id: id.clone(),
                destination: destination.clone(),
                reason: record.why.or(answered),
                dead_letter: letter,
            };
            entries.push(entry(at, given_up));
        }
        let (_, closed) = self.closed.entry(id.clone()).or_insert_with(|| {
            let closed = Closed {
                webhook_id: id,
                destinations: Vec::new(),
                reason: record.reason,
                messages: record.messages,
                opened: record.opened,
                gathered: record.gathered,
                repeats: record.repeats,
            };
            (record.closed, closed)
        });
        // A dead letter that was sent again has two entries.
        if !closed.destinations.contains(&destination) {
            closed.destinations.push(destination);
        }
    }
}
