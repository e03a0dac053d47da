//! The person behind a chat: all their chats, over buffers and lines, as chips, and what happened in all of them as one story.

use chrono::{DateTime, SecondsFormat, TimeDelta};
use futures_util::future::join_all;
use serde::Deserialize;

use super::answers::{Entry, Story};
use super::{ENTRIES, path_of};
use crate::console::asking::{Asking, with_query};
use crate::console::shell::Shell;

/// Most chats that are told as one story.
const TOGETHER: usize = 8;
/// Most chats that have a chip.
const CHIPS: usize = 20;

/// As in `GET /api/find`.
#[derive(Deserialize)]
struct Found {
    people: Vec<FoundPerson>,
}

#[derive(Deserialize)]
struct FoundPerson {
    chats: Vec<Chat>,
}

/// A chat of somebody.
#[derive(Clone, Deserialize)]
struct Chat {
    user: String,
    buffer: String,
    token: Option<String>,
    #[serde(default)]
    shared: bool,
}

/// The chats of a person; none, where there is but one.
pub(super) struct Person(Vec<Chat>);

/// Leads to a story.
pub(super) struct Chip {
    pub(super) path: String,
    pub(super) label: String,
    /// It is this page.
    pub(super) is_here: bool,
}

/// A part of the story of one chat.
struct Told {
    /// What tells the chat from others.
    label: String,
    entries: Vec<Entry>,
    /// Not everything before this moment is here; none: there is nothing before.
    begins: Option<String>,
}

/// What happened in several chats, in order.
pub(super) struct Together {
    /// Each with the chat that it happened in.
    pub(super) entries: Vec<(String, Entry)>,
    /// The moment before all of it; none: there is nothing before.
    pub(super) before: Option<String>,
}

impl Person {
    /// Whoever has this chat. A group is nobody's own, and no chat of theirs.
    pub(super) async fn of(ask: &Asking, token: &str, story: &Story) -> Self {
        let who = story.phone.as_deref().unwrap_or(&story.user);
        let found = ask.get::<Found>("/api/find", &[("q", who)]).await;
        let people = found.map_or_else(|_| Vec::new(), |it| it.people);
        let chats = people.into_iter().map(|it| it.chats);
        let chats = chats.map(|all| all.into_iter().filter(|it| !it.shared).collect::<Vec<_>>());
        let mut with_it = chats.filter(|all| all.iter().any(|it| it.is(token)));
        Self(
            with_it
                .next()
                .filter(|all| all.len() > 1)
                .unwrap_or_default(),
        )
    }

    /// There are several chats to tell as one story.
    pub(super) fn has_several(&self) -> bool {
        !self.0.is_empty()
    }

    /// Of each chat its story, and first that of all of them.
    pub(super) fn chips(&self, shell: &Shell, token: &str, all: bool) -> Vec<Chip> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let everything = Chip {
            path: with_query(&path_of(token), &[("all", "true")]),
            label: shell.words.story.all_chats.clone(),
            is_here: all,
        };
        let chats = self.0.iter().take(CHIPS).filter_map(|it| {
            let its = it.token.as_deref()?;
            Some(Chip {
                path: path_of(its),
                label: self.label(it),
                is_here: !all && its == token,
            })
        });
        std::iter::once(everything).chain(chats).collect()
    }

    /// What tells a chat from the others of this person.
    fn label(&self, chat: &Chat) -> String {
        let alike = self.0.iter().filter(|it| it.buffer == chat.buffer).count();
        if alike > 1 {
            format!("{} · {}", chat.buffer, chat.user)
        } else {
            chat.buffer.clone()
        }
    }

    /// What happened in all of them, not newer than `to`, as far as all of it is known; `story` is that of the chat with this
    /// token, which is known already.
    pub(super) async fn together(
        &self,
        ask: &Asking,
        token: &str,
        story: &mut Story,
        to: &str,
    ) -> Together {
        let chats = || self.0.iter().take(TOGETHER);
        let others = chats().map(async |chat| {
            let its = chat.token.as_deref().filter(|it| *it != token)?;
            let query = [("limit", ENTRIES), ("to", to)];
            let path = format!("/api/chats/{its}/story");
            ask.get::<Story>(&path, &query).await.ok()
        });
        let others = join_all(others).await;
        let told = chats().zip(others).filter_map(|(chat, other)| {
            let label = self.label(chat);
            match other {
                Some(mut other) => Some(Told::of(label, &mut other)),
                None => chat.is(token).then(|| Told::of(label, story)),
            }
        });
        joined(told.collect())
    }
}

impl Told {
    /// Takes it out of a story.
    fn of(label: String, story: &mut Story) -> Self {
        Self {
            label,
            entries: std::mem::take(&mut story.items),
            begins: story.next_cursor.take().and(story.searched_until.clone()),
        }
    }
}

/// Moments are told alike, so that their texts stand in their order. Where one story breaks off, the others do: what happened
/// before in one would else stand beside a hole in another.
fn joined(stories: Vec<Told>) -> Together {
    let begins = stories.iter().filter_map(|told| told.begins.clone()).max();
    let entries = stories.into_iter().flat_map(|told| {
        let entries = told.entries.into_iter();
        entries.map(move |entry| (told.label.clone(), entry))
    });
    let known = |at: &str| begins.as_deref().is_none_or(|begins| at >= begins);
    let mut entries: Vec<_> = entries.filter(|(_, entry)| known(&entry.at)).collect();
    entries.sort_by(|(_, one), (_, other)| one.at.cmp(&other.at));
    Together {
        entries,
        before: begins.map(|begins| just_before(&begins)),
    }
}

fn just_before(moment: &str) -> String {
    let Ok(at) = DateTime::parse_from_rfc3339(moment) else {
        return moment.to_owned();
    };
    (at - TimeDelta::milliseconds(1)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Chat {
    fn is(&self, token: &str) -> bool {
        self.token.as_deref() == Some(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(label: &str, moments: &[String], searched_until: Option<&str>) -> Told {
        let items = moments.iter().map(
            |at| serde_json::json!({ "at": at, "event": "received", "type": "text", "text": "oi" }),
        );
        let story = serde_json::json!({
            "user": "ana", "buffer": "loja", "hash": "h", "items": items.collect::<Vec<_>>(),
            "next_cursor": searched_until.map(|_| "7"), "searched_until": searched_until,
        });
        let mut story = serde_json::from_value(story).unwrap();
        Told::of(label.to_owned(), &mut story)
    }

    #[test]
    fn where_one_story_breaks_off_all_do() {
        let at = |minute: u8| format!("2026-11-28T10:{minute:02}:00.000Z");
        let whole = told("loja", &[at(1), at(3), at(5)], None);
        let broken = told("crm", &[at(2), at(4)], Some(&at(2)));

        let both = joined(vec![whole, broken]);

        let told_of: Vec<_> = both
            .entries
            .iter()
            .map(|(label, entry)| (label.as_str(), entry.at.clone()))
            .collect();
        let expected = [
            ("crm", at(2)),
            ("loja", at(3)),
            ("crm", at(4)),
            ("loja", at(5)),
        ];
        assert_eq!(told_of, expected);
        assert_eq!(both.before.as_deref(), Some("2026-11-28T10:01:59.999Z"));
        let all = joined(vec![told("loja", &[at(1)], None)]);
        assert_eq!((all.entries.len(), all.before), (1, None));
    }
}
