//! What somebody can do to what waits, and to what was given up on: to one, and to many at once.

use axum::Router;
use axum::extract::{Form, Path};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Act, Back, done};
use crate::console::Console;
use crate::console::asking::{Asking, Call};
use crate::console::visit::Visit;

/// What can be done to a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::console) enum OfBatch {
    /// Send it again.
    Revive,
    /// Drop it for good.
    Drop,
}

impl OfBatch {
    fn word(self) -> &'static str {
        match self {
            Self::Revive => "revive",
            Self::Drop => "drop",
        }
    }

    fn call(self, id: &str) -> Call {
        match self {
            Self::Revive => Call::post(format!("/api/dead-letter/{id}/revive"), None),
            Self::Drop => Call::delete(format!("/api/dead-letter/{id}")),
        }
    }

    /// Its button.
    pub(in crate::console) fn button(
        self,
        ask: &Asking,
        id: &str,
        label: String,
        sure: Option<&str>,
    ) -> Act {
        Act {
            action: format!("/console/dead/{id}/{}", self.word()),
            label,
            icon: match self {
                Self::Revive => "again",
                Self::Drop => "trash",
            },
            sure: sure.map(str::to_owned),
            harms: self == Self::Drop,
            key: match self {
                Self::Revive => "r",
                Self::Drop => "",
            },
            curl: self.call(id).curl(&ask.origin()),
            fields: Vec::new(),
        }
    }
}

/// What can be done to what waits on a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::console) enum OfLane {
    /// Try it now.
    Now,
    /// Give up on its first batch.
    GiveUp,
}

impl OfLane {
    fn word(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::GiveUp => "give-up",
        }
    }

    /// The word of what was done, to one or to many.
    fn done(self, wanted: &Wanted) -> &'static str {
        match self {
            Self::GiveUp => "give_up",
            Self::Now if wanted.user.is_empty() => "lanes_now",
            Self::Now => "lane_now",
        }
    }

    fn call(self, wanted: &Wanted) -> Call {
        let path = format!("/api/lanes/{}", self.word());
        Call::post(path, Some(wanted.body()))
    }

    /// Its button.
    pub(in crate::console) fn button(
        self,
        ask: &Asking,
        wanted: &Wanted,
        label: String,
        sure: Option<&str>,
    ) -> Act {
        Act {
            action: format!("/console/waiting/{}", self.word()),
            label,
            icon: match self {
                Self::Now => "sent",
                Self::GiveUp => "failed",
            },
            sure: sure.map(str::to_owned),
            harms: self == Self::GiveUp,
            key: "",
            curl: self.call(wanted).curl(&ask.origin()),
            fields: wanted.fields(),
        }
    }
}

/// Which lanes, or which dead letters: what is empty narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(in crate::console) struct Wanted {
    /// The token of a chat, or the chat itself.
    pub(in crate::console) user: String,
    pub(in crate::console) buffer: String,
    pub(in crate::console) destination: String,
    /// Of a lane: only this batch.
    pub(in crate::console) webhook_id: String,
    /// Of dead letters: what their reason holds.
    pub(in crate::console) reason: String,
    /// Of dead letters: only the oldest so many.
    pub(in crate::console) limit: String,
}

impl Wanted {
    fn pairs(&self) -> impl Iterator<Item = (&'static str, &String)> {
        let pairs = [
            ("user", &self.user),
            ("buffer", &self.buffer),
            ("destination", &self.destination),
            ("webhook_id", &self.webhook_id),
            ("reason", &self.reason),
            ("limit", &self.limit),
        ];
        pairs.into_iter().filter(|(_, value)| !value.is_empty())
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        self.pairs()
            .map(|(name, value)| (name, value.clone()))
            .collect()
    }

    fn map(&self) -> Map<String, Value> {
        let pairs = self.pairs().map(|(name, value)| {
            let number = (name == "limit")
                .then(|| value.parse::<u64>().ok())
                .flatten();
            (
                name.to_owned(),
                number.map_or_else(|| json!(value), |it| json!(it)),
            )
        });
        pairs.collect()
    }

    fn body(&self) -> Value {
        Value::Object(self.map())
    }

    /// Sending such dead letters again, or only telling what that would do. Where nothing narrows it, all are meant.
    pub(in crate::console) fn revival(&self, only_told: bool) -> Call {
        let mut body = self.map();
        if body.keys().all(|name| name == "limit") {
            body.insert("all".to_owned(), json!(true));
        }
        if only_told {
            body.insert("dry_run".to_owned(), json!(true));
        }
        Call::post("/api/dead-letter/revive", Some(Value::Object(body)))
    }

    /// The button that sends such dead letters again.
    pub(in crate::console) fn revive_button(&self, ask: &Asking, label: String) -> Act {
        Act {
            action: "/console/dead/revive".to_owned(),
            label,
            icon: "again",
            sure: None,
            harms: false,
            key: "r",
            curl: self.revival(false).curl(&ask.origin()),
            fields: self.fields(),
        }
    }
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/dead/{id}/{act}", post(letter))
        .route("/console/dead/revive", post(letters))
        .route("/console/waiting/{act}", post(lane))
}

/// The same with where to come back to.
#[derive(Deserialize)]
struct Which {
    #[serde(flatten)]
    wanted: Wanted,
    back: String,
}

async fn letter(
    Path((id, act)): Path<(String, OfBatch)>,
    visit: Visit,
    Form(Back { back }): Form<Back>,
) -> Response {
    done(visit, &act.call(&id), act.word(), &back).await
}

async fn letters(visit: Visit, Form(Which { wanted, back }): Form<Which>) -> Response {
    done(visit, &wanted.revival(false), "revive_many", &back).await
}

async fn lane(
    Path(act): Path<OfLane>,
    visit: Visit,
    Form(Which { wanted, back }): Form<Which>,
) -> Response {
    done(visit, &act.call(&wanted), act.done(&wanted), &back).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_letters_are_meant_only_where_nothing_narrows_it() {
        let some = Wanted {
            destination: "n8n".to_owned(),
            limit: "212".to_owned(),
            ..Wanted::default()
        };
        let all = Wanted {
            limit: "3".to_owned(),
            ..Wanted::default()
        };

        assert_eq!(
            some.revival(true).body,
            Some(json!({ "destination": "n8n", "limit": 212, "dry_run": true }))
        );
        assert_eq!(
            all.revival(false).body,
            Some(json!({ "limit": 3, "all": true }))
        );
    }
}
