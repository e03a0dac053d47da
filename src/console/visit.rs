//! What every page knows of whoever looks at it: who they are, how they like to read, and how all of it goes.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono_tz::Tz;
use serde::Deserialize;
use tracing::error;

use super::Console;
use super::asking::{Asking, Refused, with_query};
use super::assets::Assets;
use super::clock::Clock;
use super::words::{Catalogue, Said};

/// Somebody who looks at a page.
pub(super) struct Visit {
    pub(super) ask: Asking,
    pub(super) shell: Shell,
}

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

/// How all of it goes, as far as every page says it.
#[derive(Debug, Deserialize)]
pub(super) struct Strip {
    pub(super) counts: Counts,
    pub(super) standing: Vec<String>,
    pub(super) destinations: Destinations,
    pub(super) stopped: Stopped,
    pub(super) daemons: Daemons,
}

/// How much there is.
#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) open_windows: u64,
    pub(super) waiting_batches: u64,
    pub(super) later: u64,
    pub(super) dead_letters: u64,
    pub(super) paused_chats: u64,
}

/// How many destinations do how.
#[derive(Debug, Deserialize)]
pub(super) struct Destinations {
    pub(super) down: u64,
    pub(super) failing: u64,
}

/// What an operator has stopped.
#[derive(Debug, Deserialize)]
pub(super) struct Stopped {
    pub(super) everything: bool,
    pub(super) buffers: Vec<String>,
    pub(super) destinations: Vec<String>,
}

/// How many daemons are alive.
#[derive(Debug, Deserialize)]
pub(super) struct Daemons {
    pub(super) monitor: u64,
}

/// How all of it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody delivers.
    NoMonitor,
    /// An operator has stopped everything.
    Stopped,
    /// Something is due that nobody works off.
    Standing,
    /// A destination does not take what it is sent.
    Failing,
    /// All is well.
    Works,
}

impl Strip {
    /// What matters most of it.
    pub(super) fn state(&self) -> State {
        if self.daemons.monitor == 0 {
            State::NoMonitor
        } else if self.stopped.everything {
            State::Stopped
        } else if !self.standing.is_empty() {
            State::Standing
        } else if self.failing() > 0 {
            State::Failing
        } else {
            State::Works
        }
    }

    /// How bad that is: a class of the styles.
    pub(super) fn tone(&self) -> &'static str {
        match self.state() {
            State::Works => "good",
            State::Stopped => "warn",
            State::NoMonitor | State::Standing | State::Failing => "bad",
        }
    }

    /// What is stopped, where that is not everything.
    pub(super) fn stopped_things(&self) -> String {
        let Stopped {
            buffers,
            destinations,
            ..
        } = &self.stopped;
        let all: Vec<&str> = buffers
            .iter()
            .chain(destinations)
            .map(String::as_str)
            .collect();
        all.join(", ")
    }

    /// Destinations that do not take what they are sent.
    pub(super) fn failing(&self) -> u64 {
        self.destinations.down + self.destinations.failing
    }
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

/// What a reader has chosen, by cookies that hold nothing else.
struct Liking<'a> {
    language: Option<&'a str>,
    theme: &'a str,
}

impl<'a> Liking<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        Self {
            language: cookie(headers, "lull_language"),
            theme: match cookie(headers, "lull_theme") {
                Some(theme @ ("light" | "dark")) => theme,
                _ => "auto",
            },
        }
    }
}

fn cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == wanted)
        .map(|(_, value)| value)
}

/// A page for somebody who has not come in: the form of a key.
pub(super) struct Stranger {
    pub(super) ask: Asking,
    pub(super) shell: Shell,
}

#[derive(Deserialize)]
struct Zone {
    timezone: String,
}

/// What was done just now, as the page that did it says in the query: the word of an act, and to how many.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
    n: Option<u64>,
}

async fn shell(parts: &mut Parts, console: &Console) -> (Asking, Shell) {
    let Ok(ask) = Asking::from_request_parts(parts, console).await;
    let liking = Liking::of(&parts.headers);
    let accepted = parts
        .headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|it| it.to_str().ok());
    let catalogue: &Catalogue = &console.words;
    let words = catalogue.for_reader(liking.language, accepted.unwrap_or_default());
    let here = parts
        .uri
        .path_and_query()
        .map_or("/console", |it| it.as_str());
    let shell = Shell {
        clock: Clock::new(Tz::UTC, words.clone()),
        words,
        assets: console.assets.clone(),
        theme: liking.theme.to_owned(),
        here: here.to_owned(),
        viewer: None,
        strip: None,
        notice: None,
    };
    (ask, shell)
}

impl FromRequestParts<Console> for Stranger {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Console,
    ) -> Result<Self, Self::Rejection> {
        let (ask, shell) = shell(parts, console).await;
        Ok(Self { ask, shell })
    }
}

impl FromRequestParts<Console> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Response> {
        let (ask, mut shell) = shell(parts, console).await;
        let (viewer, strip, zone) = tokio::join!(
            ask.get::<Viewer>("/api/session", &[]),
            ask.get::<Strip>("/api/overview", &[]),
            ask.get::<Zone>("/api/settings/timezone", &[]),
        );
        match viewer {
            Ok(viewer) => shell.viewer = Some(viewer),
            Err(refused) if refused.asks_for_a_key() => return Err(to_login(&shell.here)),
            Err(refused) => return Err((refused.status, refused.error).into_response()),
        }
        shell.strip = Some(strip);
        let zone = zone.ok().and_then(|zone| zone.timezone.parse().ok());
        shell.clock = Clock::new(zone.unwrap_or(Tz::UTC), shell.words.clone());
        let done = Query::<Done>::from_request_parts(parts, console).await;
        let Query(Done { done, n }) = done.unwrap_or_default();
        shell.notice = shell.words.done.get(&done).map(|text| Notice {
            text: text.replace("{n}", &n.unwrap_or_default().to_string()),
            is_error: false,
            request_id: String::new(),
        });
        Ok(Self { ask, shell })
    }
}

/// Where somebody who has not come in is sent, to come back here.
fn to_login(here: &str) -> Response {
    see(&with_query("/console/login", &[("to", here)]))
}

/// Sends a browser there.
pub(super) fn see(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path.to_owned())]).into_response()
}

/// The page as an answer, with the cookies that the API has set meanwhile.
pub(super) fn page(ask: &Asking, status: StatusCode, template: &impl Template) -> Response {
    let mut answer = match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            error!(error = %error, "A page could not be made, please report it: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    };
    ask.set_cookies(answer.headers_mut());
    answer
}
