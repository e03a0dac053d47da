//! What stands around every page: the search, the strip, the places, and what was done just now.

use serde::Deserialize;

use super::asking::Refused;
use super::assets::Assets;
use super::clock::Clock;
use super::state::{State, Strip};
use super::words::Said;

/// What stands around every page.
pub(super) struct Shell {
    pub(super) words: Said,
    pub(super) clock: Clock,
    pub(super) assets: Assets,
    /// `light`, `dark` or `auto`.
    pub(super) theme: String,
    /// Path and query, to come back to.
    pub(super) here: String,
    /// Who looks; none: nobody has come in.
    pub(super) viewer: Option<Viewer>,
    /// How all of it goes, or why that is not known.
    pub(super) strip: Option<Result<Strip, Refused>>,
    /// What was done just now, or could not be.
    pub(super) notice: Option<Notice>,
}

/// What somebody is told at the top of a page.
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) is_error: bool,
    /// Names the request in the log.
    pub(super) request_id: String,
}

/// Who looks.
#[derive(Debug, Deserialize)]
pub(super) struct Viewer {
    pub(super) name: String,
    pub(super) may_change: bool,
}

impl Shell {
    /// The places that stand on every page: path, icon, word and key.
    pub(super) fn places(&self) -> [(&'static str, &'static str, &str, &'static str); 3] {
        let words = &self.words.shell;
        [
            ("/console", "now", &words.now, "g n"),
            ("/console/find", "find", &words.find, "g f"),
            ("/console/more", "more", &words.more, "g m"),
        ]
    }

    /// Whether this page is that place.
    pub(super) fn is_at(&self, place: &str) -> bool {
        self.here.split('?').next() == Some(place)
    }

    /// An icon, as it stands in a page.
    pub(super) fn icon(&self, name: &str) -> String {
        let file = self.assets.url("icons.svg");
        format!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{file}#{name}\"/></svg>")
    }

    /// With which key somebody has come in.
    pub(super) fn signed_in(&self, viewer: &Viewer) -> String {
        self.words.shell.signed_in.with(&[("name", &viewer.name)])
    }

    /// How all of it goes, in a word.
    pub(super) fn state_word(&self, strip: &Strip) -> &str {
        let words = &self.words.strip;
        match strip.state() {
            State::Stopped => &words.stopped,
            State::NoMonitor => &words.no_monitor,
            State::Standing => &words.standing,
            State::Failing => &words.failing,
            State::Works => &words.working,
        }
    }

    /// Why it is not known how all of it goes.
    pub(super) fn refusal_of_strip(&self) -> String {
        match &self.strip {
            Some(Err(refused)) => self.refusal(refused),
            _ => String::new(),
        }
    }

    /// Whether whoever looks may change things.
    pub(super) fn may_change(&self) -> bool {
        self.viewer.as_ref().is_some_and(|it| it.may_change)
    }

    /// Whether the page may act now: nothing is done while Redis is away.
    pub(super) fn may_act(&self) -> bool {
        self.may_change() && !matches!(&self.strip, Some(Err(_)))
    }

    /// What a refusal says in the reader's language.
    pub(super) fn refusal(&self, refused: &Refused) -> String {
        let words = &self.words.refusals;
        match (words.get(&refused.code), &refused.field) {
            (Some(text), Some(field)) => format!("{text} ({field}: {})", refused.error),
            (Some(text), None) => text.to_owned(),
            (None, _) => refused.error.clone(),
        }
    }
}
