//! What a list is narrowed by, in its address: a form that everybody can read, and a way out of it.

use serde::Deserialize;

use crate::console::asking::{Asking, with_query};

/// The statuses of what was tried.
const STATUSES: [&str; 3] = ["delivered", "failed", "buried"];

/// What the address of a list says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub(super) destination: String,
    pub(super) buffer: String,
    pub(super) reason: String,
    pub(super) status: String,
    pub(super) cursor: String,
}

/// The form that narrows a list.
pub(super) struct Narrow {
    pub(super) asked: Asked,
    /// The list.
    pub(super) path: &'static str,
    pub(super) destinations: Vec<String>,
    pub(super) buffers: Vec<String>,
    /// Whether it can be narrowed by a reason, or by a status.
    pub(super) by_reason: bool,
    pub(super) by_status: bool,
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

impl Asked {
    /// The query of the API, which knows it by the same names.
    pub(super) fn query<'a>(&'a self, limit: &'a str) -> [(&'a str, &'a str); 6] {
        [
            ("limit", limit),
            ("destination", &self.destination),
            ("buffer", &self.buffer),
            ("reason", &self.reason),
            ("status", &self.status),
            ("cursor", &self.cursor),
        ]
    }

    /// Whether anything narrows it.
    pub(super) fn is_narrow(&self) -> bool {
        [&self.destination, &self.buffer, &self.reason, &self.status]
            .iter()
            .any(|it| !it.is_empty())
    }
}

impl Narrow {
    /// The form of a list, with the destinations and buffers that there are: where they cannot be read now, with those that are
    /// asked for.
    pub(super) async fn of(ask: &Asking, path: &'static str, asked: Asked) -> Self {
        let (destinations, buffers) = tokio::join!(
            names(ask, "/api/destinations", &asked.destination),
            names(ask, "/api/buffers", &asked.buffer),
        );
        Self {
            asked,
            path,
            destinations,
            buffers,
            by_reason: false,
            by_status: false,
        }
    }

    pub(super) fn by_reason(self) -> Self {
        let by_reason = true;
        Self { by_reason, ..self }
    }

    pub(super) fn by_status(self) -> Self {
        let by_status = true;
        Self { by_status, ..self }
    }

    pub(super) fn statuses(&self) -> [&'static str; 3] {
        STATUSES
    }

    /// The address of the list, narrowed as it is, after this entry; its first page without one.
    pub(super) fn at(&self, cursor: &str) -> String {
        let asked = Asked {
            cursor: cursor.to_owned(),
            ..self.asked.clone()
        };
        with_query(self.path, &asked.query(""))
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
