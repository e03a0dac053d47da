//! What must be true after a soak, whatever happened in it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::support::pace::Begun;

/// What a client knows of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was acknowledged.
    Taken,
    /// It was acknowledged in a chat that may have been paused: whatever is in its window then is dropped.
    MayBeDropped,
    /// Nobody knows: its answer was lost, and it was refused later.
    Unknown,
    /// It was refused.
    Refused,
}

/// A message as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) number: u64,
    pub(crate) chat: String,
    pub(crate) fate: Fate,
    /// It waits for a time of its own, so it stands in no order.
    pub(crate) later: bool,
}

/// A call as its receiver has it, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) chat: String,
    pub(crate) body: String,
    pub(crate) what: What,
}

/// What a call says.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Messages, by their numbers.
    Messages(Vec<u64>),
    /// A run of the schedule that the chat names, by its second.
    Run(i64),
}

/// The seconds in which a schedule must have run, from the first that it did.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub(crate) name: String,
    pub(crate) until: i64,
}

/// All that is known after a soak.
pub(crate) struct Evidence {
    pub(crate) said: Vec<Said>,
    pub(crate) heard: Vec<Heard>,
    /// Messages in dead letters.
    pub(crate) dead: Vec<u64>,
    /// Keys in Redis that should be gone.
    pub(crate) left: Vec<String>,
    /// When attempts were let begin; at most so many may have been in any such time.
    pub(crate) pace: (Begun, Duration, usize),
    pub(crate) schedules: Vec<Scheduled>,
}

impl Evidence {
    /// Everything that is not as it must be.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.repeats(&mut faults);
        self.messages(&mut faults);
        self.order(&mut faults);
        self.runs(&mut faults);
        let (begun, every, batch) = &self.pace;
        let most = begun.most_within(u64::try_from(every.as_millis()).unwrap());
        if most > *batch {
            faults.push(format!("pace: {most} attempts began within {every:?}"));
        }
        faults.extend(self.left.iter().map(|key| format!("left in Redis: {key}")));
        faults
    }

    /// How much there was of everything.
    pub(crate) fn summary(&self) -> String {
        let fates = |fate| self.said.iter().filter(|said| said.fate == fate).count();
        let ids: BTreeSet<_> = self.heard.iter().map(|heard| &heard.id).collect();
        let (batches, calls) = (ids.len(), self.heard.len());
        format!(
            "{} messages acknowledged, {} where some may be dropped, {} unknown, {} refused; {calls} calls for {batches} batches; {} dead letters' messages; {} attempts seen by the pace",
            fates(Fate::Taken),
            fates(Fate::MayBeDropped),
            fates(Fate::Unknown),
            fates(Fate::Refused),
            self.dead.len(),
            self.pace.0.count(),
        )
    }

    /// The calls, each batch once, by its first call.
    fn batches(&self) -> Vec<&Heard> {
        let mut known = BTreeSet::new();
        let heard = self.heard.iter();
        heard.filter(|heard| known.insert(&heard.id)).collect()
    }

    /// What comes under a known id is what came under it before.
    fn repeats(&self, faults: &mut Vec<String>) {
        let mut bodies: HashMap<&str, &str> = HashMap::new();
        for heard in &self.heard {
            let first = bodies.entry(&heard.id).or_insert(&heard.body);
            if *first != heard.body {
                faults.push(format!("changed: two bodies came under {}", heard.id));
            }
        }
    }

    /// Each message is in exactly one batch, or dead letter.
    fn messages(&self, faults: &mut Vec<String>) {
        let mut places: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        for batch in self.batches() {
            if let What::Messages(numbers) = &batch.what {
                for &number in numbers {
                    places.entry(number).or_default().push(&batch.id);
                }
            }
        }
        for &number in &self.dead {
            places.entry(number).or_default().push("a dead letter");
        }
        for said in &self.said {
            let Said { number, chat, .. } = said;
            let found = places.remove(number).unwrap_or_default();
            match (said.fate, found.len()) {
                (Fate::Taken, 0) => faults.push(format!("lost: {number} of {chat}")),
                (Fate::Refused, 1..) => {
                    faults.push(format!("refused, yet delivered: {number} of {chat}"));
                }
                (_, 0 | 1) => {}
                (_, _) => faults.push(format!("doubled: {number} of {chat} is in {found:?}")),
            }
        }
        for (number, found) in places {
            faults.push(format!("never said: {number} in {found:?}"));
        }
    }

    /// What was said in a chat arrives in that order. Of what nobody knows there is no order: its client gave it up and
    /// said the next thing, and a frozen api that has it still may store it after that.
    fn order(&self, faults: &mut Vec<String>) {
        let said = self.said.iter();
        let unordered = said.filter(|said| said.later || said.fate == Fate::Unknown);
        let unordered: BTreeSet<_> = unordered.map(|said| said.number).collect();
        let mut last: HashMap<&str, u64> = HashMap::new();
        for batch in self.batches() {
            let What::Messages(numbers) = &batch.what else {
                continue;
            };
            for &number in numbers.iter().filter(|number| !unordered.contains(number)) {
                let before = last.insert(&batch.chat, number).unwrap_or_default();
                if before > number {
                    let chat = &batch.chat;
                    faults.push(format!("order: {number} of {chat} came after {before}"));
                }
            }
        }
    }

    /// Each due time of a schedule is one run.
    fn runs(&self, faults: &mut Vec<String>) {
        for Scheduled { name, until } in &self.schedules {
            let mut made: BTreeMap<i64, usize> = BTreeMap::new();
            for batch in self.batches() {
                match batch.what {
                    What::Run(at) if batch.chat == *name => *made.entry(at).or_default() += 1,
                    _ => {}
                }
            }
            let Some(&first) = made.keys().next() else {
                faults.push(format!("schedule {name} never ran"));
                continue;
            };
            for at in first..=*until {
                match made.get(&at) {
                    None => faults.push(format!("schedule {name}: no run at {at}")),
                    Some(1) => {}
                    Some(times) => faults.push(format!("schedule {name}: {times} runs at {at}")),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(number: u64, chat: &str) -> Said {
        Said {
            number,
            chat: chat.to_owned(),
            fate: Fate::Taken,
            later: false,
        }
    }

    fn heard(id: &str, chat: &str, what: What) -> Heard {
        Heard {
            id: id.to_owned(),
            chat: chat.to_owned(),
            body: format!("{what:?}"),
            what,
        }
    }

    /// A run in which all went well.
    fn sound() -> Evidence {
        let mut begun = Begun::default();
        for at in [1000, 2000, 3000] {
            begun.saw(at, 2);
        }
        let messages = |id, chat, numbers: &[u64]| heard(id, chat, What::Messages(numbers.into()));
        Evidence {
            said: vec![
                said(1, "ana"),
                said(2, "ana"),
                said(3, "eva"),
                said(4, "ana"),
                Said {
                    fate: Fate::Refused,
                    ..said(5, "ana")
                },
                Said {
                    later: true,
                    ..said(6, "ana")
                },
                said(7, "ana"),
            ],
            heard: vec![
                messages("a", "ana", &[1, 2]),
                messages("b", "eva", &[3]),
                messages("a", "ana", &[1, 2]),
                messages("c", "ana", &[4]),
                messages("d", "ana", &[7]),
                messages("e", "ana", &[6]),
                heard("r1", "tick", What::Run(10)),
                heard("r2", "tick", What::Run(11)),
            ],
            dead: Vec::new(),
            left: Vec::new(),
            pace: (begun, Duration::from_secs(1), 2),
            schedules: vec![Scheduled {
                name: "tick".to_owned(),
                until: 11,
            }],
        }
    }

    /// What is said of a sound run after this was done to it.
    fn spoiled(spoil: impl FnOnce(&mut Evidence)) -> Vec<String> {
        let mut evidence = sound();
        spoil(&mut evidence);
        evidence.faults()
    }

    #[test]
    fn a_sound_run_has_no_fault() {
        assert_eq!(sound().faults(), Vec::<String>::new());
        assert!(spoiled(|it| it.said[0].fate = Fate::MayBeDropped).is_empty());
    }

    #[test]
    fn what_nobody_knows_stands_in_no_order() {
        let late = spoiled(|it| {
            it.heard.swap(3, 4);
            it.said[3].fate = Fate::Unknown;
        });
        assert!(late.is_empty(), "{late:?}");
    }

    #[test]
    fn a_dead_letter_is_a_place_too() {
        let faults = spoiled(|it| {
            it.heard.remove(3);
            it.dead.push(4);
        });
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn whatever_is_spoiled_is_seen() {
        type Spoil = fn(&mut Evidence);
        let spoils: [(&str, Spoil); 12] = [
            ("lost: 4 of ana", |it| drop(it.heard.remove(3))),
            ("doubled: 4 of ana", |it| {
                let again = heard("x", "ana", What::Messages(vec![4]));
                it.heard.insert(4, again);
            }),
            ("doubled: 4 of ana", |it| it.dead.push(4)),
            ("order: 4 of ana came after 7", |it| it.heard.swap(3, 4)),
            ("order: 1 of ana came after 2", |it| {
                for at in [0, 2] {
                    it.heard[at] = heard("a", "ana", What::Messages(vec![2, 1]));
                }
            }),
            ("changed: two bodies came under a", |it| {
                it.heard[2].body.push(' ');
            }),
            ("refused, yet delivered: 1", |it| {
                it.said[0].fate = Fate::Refused;
            }),
            ("never said: 8", |it| {
                it.heard.push(heard("x", "ana", What::Messages(vec![8])));
            }),
            ("pace: 3 attempts began within 1s", |it| {
                it.pace.0.saw(1999, 1);
            }),
            ("left in Redis: lull:{07}:lane:x", |it| {
                it.left.push("lull:{07}:lane:x".to_owned());
            }),
            ("schedule tick: no run at 11", |it| drop(it.heard.pop())),
            ("schedule tick: 2 runs at 11", |it| {
                it.heard.push(heard("r3", "tick", What::Run(11)));
            }),
        ];
        for (fault, spoil) in spoils {
            let faults = spoiled(spoil);
            assert!(
                faults.iter().any(|found| found.starts_with(fault)),
                "{fault}: {faults:?}"
            );
        }
        assert_eq!(
            spoiled(|it| it.schedules[0].name = "tock".to_owned()),
            ["schedule tock never ran"]
        );
    }
}
