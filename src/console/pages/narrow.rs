//! What a list is narrowed by, in its address: a form that everybody can read, and a way out of it.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::console::asking::{Asking, Refused, with_query};
use crate::console::words::Words;
use crate::core::action::Action;
use crate::core::post::PostResult;

/// The statuses of what was tried.
const STATUSES: [&str; 3] = ["delivered", "failed", "buried"];
/// What stands for all posts that were not taken.
const NOT_TAKEN: &str = "not_taken";

/// A list of the API, and the page that shows it.
pub(super) struct Narrowed {
    /// The page.
    pub(super) page: &'static str,
    /// Where the API has the list.
    pub(super) list: &'static str,
    /// What it can be narrowed by.
    pub(super) by: &'static [By],
    /// How many entries stand on a page.
    pub(super) limit: &'static str,
}

/// What a list can be narrowed by, as the API knows it by the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Destination,
    Buffer,
    Status,
    Reason,
    Action,
    Result,
}

/// What the address of a list says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) destination: String,
    pub(super) buffer: String,
    pub(super) reason: String,
    pub(super) status: String,
    action: String,
    result: String,
    pub(super) cursor: String,
}

/// The form that narrows a list.
pub(super) struct Narrow {
    pub(super) asked: Asked,
    /// The list.
    pub(super) path: &'static str,
    pub(super) fields: Vec<Field>,
}

/// One thing by which the list is narrowed.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) value: String,
    /// What there is to choose among, and what each is called; none: something is typed.
    pub(super) choices: Option<Vec<(String, String)>>,
}

/// Whatever there is, by its name.
#[derive(Deserialize)]
struct All {
    items: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

impl Narrowed {
    /// The part of the list that an address asks for, and the form that narrows it.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        ask: &Asking,
        words: &Words,
        asked: Asked,
    ) -> (Result<T, Refused>, Narrow) {
        let asked = asked.only(self.by);
        let query = asked.query(self.limit);
        tokio::join!(
            ask.get(self.list, &query),
            Narrow::of(ask, words, self.page, &asked, self.by),
        )
    }
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Destination => "destination",
            Self::Buffer => "buffer",
            Self::Status => "status",
            Self::Reason => "reason",
            Self::Action => "action",
            Self::Result => "result",
        }
    }

    fn label(self, words: &Words) -> &str {
        let words = &words.narrow;
        match self {
            Self::Destination => &words.destination,
            Self::Buffer => &words.buffer,
            Self::Status => &words.status,
            Self::Reason => &words.reason,
            Self::Action => &words.action,
            Self::Result => &words.result,
        }
    }

    /// What there is to choose among.
    async fn choices(
        self,
        ask: &Asking,
        words: &Words,
        asked: &str,
    ) -> Option<Vec<(String, String)>> {
        let by_name = |names: Vec<String>| names.into_iter().map(|it| (it.clone(), it)).collect();
        match self {
            Self::Destination => Some(by_name(names(ask, "/api/destinations", asked).await)),
            Self::Buffer => Some(by_name(names(ask, "/api/buffers", asked).await)),
            Self::Status => Some(called(STATUSES, |it| words.outcomes.of(it))),
            Self::Action => Some(actions(words)),
            Self::Result => Some(results(words)),
            Self::Reason => None,
        }
    }
}

/// What is done, in the order of what the reader calls it.
fn actions(words: &Words) -> Vec<(String, String)> {
    let all = Action::ALL.iter().map(|it| it.word());
    let mut all = called(all, |it| words.actions.of(it));
    all.sort_by_key(|(_, called)| called.to_lowercase());
    all
}

/// What can become of a post.
fn results(words: &Words) -> Vec<(String, String)> {
    let all = PostResult::unrefused().map(PostResult::word);
    // A typing signal that was heeded is in no list.
    let all = all.filter(|word| *word != PostResult::Typing.word());
    let all = std::iter::once(NOT_TAKEN)
        .chain(all)
        .chain([PostResult::REFUSED]);
    called(all, |it| match it {
        NOT_TAKEN => &words.posts.not_taken,
        _ => words.results.of(it),
    })
}

fn called<'a>(
    all: impl IntoIterator<Item = &'static str>,
    of: impl Fn(&'static str) -> &'a str,
) -> Vec<(String, String)> {
    let all = all.into_iter();
    all.map(|it| (it.to_owned(), of(it).to_owned())).collect()
}

impl Asked {
    /// As much of it as this list can be narrowed by: whatever else an address says is for nobody.
    fn only(self, by: &[By]) -> Self {
        let mut only = Self {
            cursor: self.cursor.clone(),
            ..Self::default()
        };
        for by in by {
            only.of_mut(*by).clone_from(self.of(*by));
        }
        only
    }

    fn of(&self, by: By) -> &String {
        match by {
            By::Destination => &self.destination,
            By::Buffer => &self.buffer,
            By::Status => &self.status,
            By::Reason => &self.reason,
            By::Action => &self.action,
            By::Result => &self.result,
        }
    }

    fn of_mut(&mut self, by: By) -> &mut String {
        match by {
            By::Destination => &mut self.destination,
            By::Buffer => &mut self.buffer,
            By::Status => &mut self.status,
            By::Reason => &mut self.reason,
            By::Action => &mut self.action,
            By::Result => &mut self.result,
        }
    }

    /// The query of the API, which knows it by the same names.
    fn query<'a>(&'a self, limit: &'a str) -> [(&'a str, &'a str); 8] {
        [
            ("limit", limit),
            ("destination", &self.destination),
            ("buffer", &self.buffer),
            ("reason", &self.reason),
            ("status", &self.status),
            ("action", &self.action),
            ("result", &self.result),
            ("cursor", &self.cursor),
        ]
    }

    /// Whether anything narrows it.
    pub(super) fn is_narrow(&self) -> bool {
        let [_, narrowing @ .., _] = self.query("");
        narrowing.iter().any(|(_, value)| !value.is_empty())
    }
}

impl Narrow {
    /// The form of a list that is narrowed by these, with the destinations and buffers that there are: where they cannot be
    /// read now, with those that are asked for.
    async fn of(ask: &Asking, words: &Words, path: &'static str, asked: &Asked, by: &[By]) -> Self {
        let mut fields = Vec::new();
        for by in by {
            fields.push(Field {
                name: by.name(),
                label: by.label(words).to_owned(),
                value: asked.of(*by).clone(),
                choices: by.choices(ask, words, asked.of(*by)).await,
            });
        }
        Self {
            asked: asked.clone(),
            path,
            fields,
        }
    }

    /// The address of the list, narrowed as it is, after this entry; its first page without one.
    pub(super) fn at(&self, cursor: &str) -> String {
        let asked = Asked {
            cursor: cursor.to_owned(),
            ..self.asked.clone()
        };
        with_query(self.path, &asked.query(""))
    }

    /// The first page of the list, where this is a later one.
    pub(super) fn newest(&self) -> Option<String> {
        (!self.asked.cursor.is_empty()).then(|| self.at(""))
    }

    /// Whether there is more than what stands here.
    pub(super) fn leaves_out(&self) -> bool {
        self.asked.is_narrow() || !self.asked.cursor.is_empty()
    }

    /// The names of the buffers to choose among.
    pub(super) fn buffers(&self) -> Vec<&str> {
        let buffers = self.fields.iter().find(|it| it.name == By::Buffer.name());
        let choices = buffers.and_then(|it| it.choices.as_deref());
        let choices = choices.unwrap_or_default().iter();
        choices.map(|(name, _)| name.as_str()).collect()
    }
}

/// The names in a list of the API, and the one that is asked for; where the list cannot be read now, only that one.
pub(super) async fn names(ask: &Asking, path: &str, asked: &str) -> Vec<String> {
    let all = ask.get::<All>(path, &[]).await;
    let all = all.map_or_else(|_| Vec::new(), |it| it.items);
    let mut names: Vec<String> = all.into_iter().map(|it| it.name).collect();
    if !asked.is_empty() && !names.iter().any(|it| it == asked) {
        names.push(asked.to_owned());
    }
    names
}
