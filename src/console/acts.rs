//! What somebody can do on a page: a button that says what it does and to how much, asks where it should, and shows the command
//! that does the same.

mod again;
mod anew;
mod batches;
mod told;

use axum::Router;
use axum::extract::Form;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;

use super::Console;
use super::asking::{Asking, Call};
use super::pages::refused;
use super::visit::Visit;
pub(super) use again::{button as again_button, call_path};
pub(super) use batches::{OfBatch, OfLane, Wanted};
pub(super) use told::{Told, told, without_told};

/// For so long a button leaves a chat to a person, s.
pub(super) const PAUSE: u64 = 3600;
/// By so much a button lets a window wait longer, s.
pub(super) const LONGER: u64 = 60;

/// A button.
pub(super) struct Act {
    /// Where the form goes.
    pub(super) action: String,
    pub(super) label: String,
    pub(super) icon: &'static str,
    /// What to know before it is done; none: it is done at once.
    pub(super) sure: Option<String>,
    /// It cannot be taken back.
    pub(super) harms: bool,
    /// The key that does the same.
    pub(super) key: &'static str,
    /// The same as a command.
    pub(super) curl: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

/// What can be done to a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OfChat {
    /// Close its window.
    Flush,
    /// Let its window wait longer.
    Extend,
    /// Drop its window.
    Cancel,
    /// Leave it to a person.
    Pause,
    /// Give it back to the bot.
    Resume,
    /// Erase every trace of it.
    Erase,
}

impl Act {
    /// The same, of a window of which a page shows so many messages: where there are more, it is asked again.
    pub(super) fn showing(mut self, messages: u64) -> Self {
        self.fields.push(("shown", messages.to_string()));
        self
    }
}

impl OfChat {
    fn word(self) -> &'static str {
        match self {
            Self::Flush => "flush",
            Self::Extend => "extend",
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Erase => "erase",
        }
    }

    /// Where its form goes.
    fn path(self, token: &str) -> String {
        format!("/console/chats/{token}/{}", self.word())
    }

    /// What is asked of the API.
    fn call(self, token: &str) -> Call {
        let path = format!("/api/chats/{token}");
        match self {
            Self::Flush | Self::Resume => Call::post(format!("{path}/{}", self.word()), None),
            Self::Extend => Call::post(format!("{path}/extend"), Some(json!({ "for": LONGER }))),
            Self::Pause => Call::post(format!("{path}/pause"), Some(json!({ "for": PAUSE }))),
            Self::Cancel => Call::delete(path),
            Self::Erase => Call::delete(format!("{path}?everything=true")),
        }
    }

    /// Its button.
    pub(super) fn button(
        self,
        ask: &Asking,
        token: &str,
        label: String,
        sure: Option<&str>,
    ) -> Act {
        Act {
            action: self.path(token),
            label,
            icon: match self {
                Self::Flush => "sent",
                Self::Extend => "wait",
                Self::Cancel | Self::Erase => "trash",
                Self::Pause => "pause",
                Self::Resume => "start",
            },
            sure: sure.map(str::to_owned),
            harms: matches!(self, Self::Cancel | Self::Erase),
            key: match self {
                Self::Flush => "f",
                Self::Pause | Self::Resume => "p",
                Self::Extend | Self::Cancel | Self::Erase => "",
            },
            curl: self.call(token).curl(&ask.origin()),
            fields: Vec::new(),
        }
    }
}

/// Stop or start all deliveries.
pub(super) fn switch(ask: &Asking, action: &'static str, label: String, sure: Option<&str>) -> Act {
    Act {
        action: "/console/control".to_owned(),
        label,
        icon: if action == "stop" { "stop" } else { "start" },
        sure: sure.map(str::to_owned),
        harms: action == "stop",
        key: "",
        curl: control(action).curl(&ask.origin()),
        fields: vec![("action", action.to_owned())],
    }
}

fn control(action: &str) -> Call {
    Call::post("/api/control", Some(json!({ "action": action })))
}

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/chats/{token}/{act}", post(chat))
        .route("/console/control", post(switched))
        .merge(again::routes())
        .merge(batches::routes())
}

/// Where to come back to.
#[derive(Deserialize)]
struct Back {
    back: String,
}

#[derive(Deserialize)]
struct Switch {
    action: String,
    back: String,
}

/// How many messages of its window were shown, and where to come back to.
#[derive(Deserialize)]
struct OfWindow {
    shown: Option<u64>,
    back: String,
}

/// How many it was done to, in the words of the answers.
#[derive(Default, Deserialize)]
struct HowMany {
    messages: Option<u64>,
    count: Option<u64>,
    moved: Option<u64>,
    extended_by: Option<f64>,
}

impl HowMany {
    fn number(&self) -> u64 {
        let many = self.messages.or(self.count).or(self.moved);
        many.unwrap_or_default()
    }

    /// The word of what was done; another where that was nothing, as somebody or something was faster.
    fn word<'a>(&self, word: &'a str) -> &'a str {
        match word {
            "flush" | "cancel" | "extend" if self.messages == Some(0) => "no_window",
            "extend" if self.extended_by == Some(0.0) => "at_cap",
            "lane_now" if self.number() == 0 => "nothing_waited",
            _ => word,
        }
    }
}

async fn chat(
    Path((token, act)): Path<(String, OfChat)>,
    visit: Visit,
    Form(OfWindow { shown, back }): Form<OfWindow>,
) -> Response {
    if let Some(shown) = shown
        && let Some(more) = anew::more_than(&visit.ask, &token, shown).await
    {
        return anew::ask(&visit, act, &token, more, of_ours(&back));
    }
    // Who was erased has no page to come back to.
    let back = if act == OfChat::Erase {
        "/console/find"
    } else {
        &back
    };
    done(visit, &act.call(&token), act.word(), back).await
}

async fn switched(visit: Visit, Form(Switch { action, back }): Form<Switch>) -> Response {
    done(visit, &control(&action), &action, &back).await
}

/// Does it, and goes back to where it was asked for, which says what was done.
pub(super) async fn done(visit: Visit, call: &Call, word: &str, back: &str) -> Response {
    let back = of_ours(back);
    match visit.ask.call(call).await {
        Ok(answer) => {
            let many: HowMany = serde_json::from_slice(&answer).unwrap_or_default();
            told(back, many.word(word), many.number())
        }
        Err(refusal) => refused(&visit, &refusal, back),
    }
}

/// A path of the console; anything else stands for its first page, so that no form leads elsewhere.
pub(super) fn of_ours(path: &str) -> &str {
    let inside =
        path == "/console" || path.starts_with("/console/") || path.starts_with("/console?");
    if inside && !path.contains(['\\', '\r', '\n']) {
        path
    } else {
        "/console"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_leads_out_of_the_console() {
        for ours in ["/console", "/console?x=1", "/console/chats/chat_a?cursor=3"] {
            assert_eq!(of_ours(ours), ours);
        }
        for other in [
            "",
            "//evil.example",
            "https://evil.example",
            "/consoles",
            "/console\\evil",
            "/api/keys",
        ] {
            assert_eq!(of_ours(other), "/console");
        }
    }
}
