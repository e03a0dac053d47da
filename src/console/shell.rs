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
    /// It was asked for by its address alone, and can be again.
    pub(super) may_come_anew: bool,
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
    pub(super) scopes: Vec<String>,
    pub(super) may_change: bool,
}

/// A place that every page leads to.
pub(super) struct Place<'a> {
    pub(super) path: &'static str,
    pub(super) icon: &'static str,
    pub(super) word: &'a str,
    /// The keys that lead there.
    pub(super) keys: &'static str,
    /// It stands in the bar of a phone; others are found there under the last.
    pub(super) in_bar: bool,
}

impl<'a> Place<'a> {
    fn in_bar(path: &'static str, icon: &'static str, word: &'a str, keys: &'static str) -> Self {
        let in_bar = true;
        Self {
            path,
            icon,
            word,
            keys,
            in_bar,
        }
    }

    fn on_desk(path: &'static str, icon: &'static str, word: &'a str, keys: &'static str) -> Self {
        let in_bar = false;
        Self {
            in_bar,
            ..Self::in_bar(path, icon, word, keys)
        }
    }
}

impl Shell {
    /// The places that stand on every page; on a phone those of its bar.
    pub(super) fn places(&self) -> [Place<'_>; 15] {
        let words = &self.words;
        [
            Place::in_bar("/console", "now", &words.shell.now, "g n"),
            Place::in_bar("/console/find", "find", &words.shell.find, "g f"),
            Place::on_desk("/console/windows", "said", &words.windows.title, "g o"),
            Place::on_desk("/console/waiting", "wait", &words.waiting.title, "g w"),
            Place::in_bar("/console/dead", "dead", &words.dead.title, "g d"),
            Place::on_desk("/console/history", "past", &words.history.title, "g h"),
            Place::on_desk(
                "/console/destinations",
                "destination",
                &words.destinations.title,
                "g e",
            ),
            Place::on_desk(
                "/console/schedules",
                "schedule",
                &words.schedules.title,
                "g s",
            ),
            Place::on_desk("/console/later", "later", &words.later.title, "g l"),
            Place::on_desk("/console/buffers", "buffer", &words.buffers.title, "g b"),
            Place::on_desk("/console/posts", "post", &words.posts.title, "g p"),
            Place::on_desk("/console/numbers", "numbers", &words.numbers.title, "g u"),
            Place::on_desk("/console/audit", "audit", &words.audit.title, "g a"),
            Place::on_desk(
                "/console/settings",
                "settings",
                &words.settings.title,
                "g t",
            ),
            Place::in_bar("/console/more", "more", &words.shell.more, "g m"),
        ]
    }

    /// Whether this page is that place, or a page of it.
    pub(super) fn is_at(&self, place: &str) -> bool {
        let path = self.here.split('?').next().unwrap_or_default();
        let below = path.strip_prefix(place);
        below.is_some_and(|it| it.is_empty() || (place != "/console" && it.starts_with('/')))
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

    /// Until when a list was looked through that has nothing to show yet.
    pub(super) fn searched_until(&self, at: &str) -> String {
        let time = self.clock.moment(at);
        self.words.narrow.searched_until.with(&[("time", &time)])
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

    /// Whether Redis does not answer, so that nothing can be done.
    pub(super) fn is_away(&self) -> bool {
        matches!(&self.strip, Some(Err(_)))
    }

    /// The attributes of a button that does something: the script of the page holds it while the page is not of now.
    pub(super) fn acting(&self) -> &'static str {
        match (self.may_change(), self.is_away()) {
            (true, false) => " data-act",
            (true, true) => " data-act disabled",
            (false, _) => " disabled",
        }
    }

    /// The attributes of what is read again: when it was so, which is told when it is asked for anew, and whether Redis was away.
    pub(super) fn stamp(&self) -> String {
        let at = self.clock.now_ms();
        let away = if self.is_away() { " data-away" } else { "" };
        format!("data-now=\"{at}\" hx-headers='{{\"lull-shown\":\"{at}\"}}'{away}")
    }

    /// What is wrong with what somebody typed, in the reader's language; the API says it more exactly, in English.
    pub(super) fn wrong<'a>(&'a self, refused: &'a Refused) -> &'a str {
        let of_value = self.wrong_value(refused);
        of_value.unwrap_or_else(|| self.words.refusals.of(&refused.code))
    }

    /// What the value of a field has to be.
    fn wrong_value(&self, refused: &Refused) -> Option<&str> {
        let field = refused.field.as_deref()?;
        let is_value = refused.code == "invalid_field";
        is_value.then(|| self.words.wrong.get(field)).flatten()
    }

    /// What a refusal says in the reader's language.
    pub(super) fn refusal(&self, refused: &Refused) -> String {
        let words = &self.words.refusals;
        if let (Some(told), Some(field)) = (self.wrong_value(refused), &refused.field) {
            return format!("{told} ({field})");
        }
        match (words.get(&refused.code), &refused.field) {
            (Some(text), Some(field)) => format!("{text} ({field}: {})", refused.error),
            (Some(text), None) => text.to_owned(),
            (None, _) => refused.error.clone(),
        }
    }
}
