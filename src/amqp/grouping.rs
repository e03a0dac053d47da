//! Which of the deliveries of a round have to do with the same chats: they are taken one after the other, and others beside
//! them. So a chat's messages come to its window in the order of their queue.

use std::collections::HashMap;

use crate::gateway::{Event, Party};
use crate::ingest::Said;

/// By what a delivery is told from those that have nothing to do with it: chats, by each of the names that a person has in
/// it, and ids of messages, which an edit may name without the chat.
pub(super) fn keys(said: &Said) -> Vec<String> {
    let mut keys = Vec::new();
    match said {
        Said::Message(incoming) => keys.push(format!("c{}", incoming.user.as_str())),
        Said::Events(_, events) => {
            for event in events {
                if let Some(party) = event.party() {
                    of_party(party, &mut keys);
                }
                let id = match event {
                    Event::Said(said) => said.id.as_ref(),
                    Event::Own(own) => own.id.as_ref(),
                    Event::Changed(changed) => Some(&changed.id),
                    Event::Typing { .. } | Event::Ignored { .. } => None,
                };
                keys.extend(id.map(|id| format!("i{id}")));
            }
        }
    }
    keys
}

fn of_party(party: &Party, keys: &mut Vec<String>) {
    let line = party.line.as_deref().unwrap_or_default();
    if let Some(group) = &party.group {
        keys.push(format!("g{line}:{}", group.id));
    }
    let person = &party.person;
    for name in [&person.id, &person.phone, &person.alias]
        .into_iter()
        .flatten()
    {
        keys.push(format!("p{line}:{name}"));
    }
}

/// Puts together what shares a key, directly or by others between; each group in order. `all` are the keys of each.
pub(super) fn together(all: &[Vec<String>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut group_of: HashMap<&str, usize> = HashMap::new();
    for (at, keys) in all.iter().enumerate() {
        let mut known: Vec<usize> = keys
            .iter()
            .filter_map(|key| group_of.get(key.as_str()).copied())
            .collect();
        known.sort_unstable();
        known.dedup();
        let into = match known.first() {
            Some(&first) => first,
            None => {
                groups.push(Vec::new());
                groups.len() - 1
            }
        };
        for &other in known.iter().skip(1) {
            let moved = std::mem::take(&mut groups[other]);
            groups[into].extend(moved);
            for group in group_of.values_mut().filter(|group| **group == other) {
                *group = into;
            }
        }
        groups[into].push(at);
        for key in keys {
            group_of.insert(key, into);
        }
    }
    for group in &mut groups {
        group.sort_unstable();
    }
    groups.retain(|group| !group.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grouped(all: &[&[&str]]) -> Vec<Vec<usize>> {
        let all: Vec<Vec<String>> = all
            .iter()
            .map(|keys| keys.iter().map(|&key| key.to_owned()).collect())
            .collect();
        together(&all)
    }

    #[test]
    fn one_chat_is_one_group_in_order_and_others_go_beside_it() {
        assert_eq!(
            grouped(&[&["a"], &["b"], &["a"], &["a"]]),
            [vec![0, 2, 3], vec![1]]
        );
    }

    #[test]
    fn who_is_known_by_two_names_is_one() {
        let all: [&[&str]; 5] = [
            &["number"],
            &["alias"],
            &["x"],
            &["number", "alias"],
            &["alias"],
        ];
        assert_eq!(grouped(&all), [vec![0, 1, 3, 4], vec![2]]);
    }

    #[test]
    fn what_is_about_nobody_stands_alone() {
        assert_eq!(grouped(&[&[], &[], &["a"]]), [vec![0], vec![1], vec![2]]);
    }
}
