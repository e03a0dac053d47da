//! What every page knows of whoever looks at it: who they are, how they like to read, and how all of it goes.

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use chrono_tz::Tz;
use serde::Deserialize;
use tracing::error;

use super::Console;
use super::acts::{Told, without_told};
use super::asking::{Asking, with_query};
use super::clock::Clock;
use super::shell::{Notice, Shell, Viewer};
use super::spelling::page_of;
use super::state::Strip;
use super::words::Said;
use crate::core::cookie;

/// The cookies of a session: where its page is by https, and where it is not.
const SESSIONS: [&str; 2] = ["__Host-lull", "lull"];
/// Comes with what htmx asks for.
pub(super) const HX_REQUEST: &str = "hx-request";
/// Tells htmx to read the whole page again.
const HX_REFRESH: &str = "hx-refresh";

/// Somebody who looks at a page.
pub(super) struct Visit {
    pub(super) ask: Asking,
    pub(super) shell: Shell,
}

/// What a reader has chosen, by cookies that hold nothing else.
struct Liking<'a> {
    language: Option<&'a str>,
    theme: &'a str,
}

impl<'a> Liking<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        Self {
            language: chosen(headers, "lull_language"),
            theme: match chosen(headers, "lull_theme") {
                Some(theme @ ("light" | "dark")) => theme,
                _ => "auto",
            },
        }
    }
}

fn chosen<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    chosen_of(headers, &[wanted])
}

fn chosen_of<'a>(headers: &'a HeaderMap, wanted: &[&str]) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let lines = lines.filter_map(|it| it.to_str().ok());
    cookie::find(lines, wanted).map(|(_, value)| value)
}

/// Whether a browser shows what it was given when somebody signed in, which may be over.
pub(super) fn has_session(headers: &HeaderMap) -> bool {
    chosen_of(headers, &SESSIONS).is_some()
}

/// Leads on to the page that was asked for.
#[derive(Template)]
#[template(path = "again.html")]
struct Anew<'a> {
    shell: &'a Shell,
}

/// Whether a page of another site leads here.
fn comes_by_a_link(parts: &Parts) -> bool {
    let site = parts.headers.get("sec-fetch-site");
    let site = site.and_then(|it| it.to_str().ok());
    parts.method == Method::GET && matches!(site, Some("cross-site" | "same-site"))
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

/// The words of the language that a browser is answered in.
pub(super) fn language_of(headers: &HeaderMap, console: &Console) -> Said {
    let chosen = Liking::of(headers).language;
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
    console
        .words
        .for_reader(chosen, accepted.unwrap_or_default())
}

async fn shell(parts: &mut Parts, console: &Console) -> (Asking, Shell) {
    let Ok(ask) = Asking::from_request_parts(parts, console).await;
    let liking = Liking::of(&parts.headers);
    let words = language_of(&parts.headers, console);
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
        may_come_anew: parts.method == Method::GET,
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
        let is_part = parts.headers.contains_key(HX_REQUEST);
        match ask.get::<Viewer>("/api/session", &[]).await {
            Ok(viewer) => shell.viewer = Some(viewer),
            // A part of a page that is looked at: the whole of it is to come in anew.
            Err(refused) if refused.asks_for_a_key() && is_part => {
                return Err((StatusCode::UNAUTHORIZED, [(HX_REFRESH, "true")]).into_response());
            }
            // A link from elsewhere: a browser sends our cookie when a page of ours leads on, and not before.
            Err(refused) if refused.asks_for_a_key() && comes_by_a_link(parts) => {
                let anew = Anew { shell: &shell };
                return Err(page(&ask, StatusCode::OK, &anew));
            }
            Err(refused) if refused.asks_for_a_key() => return Err(to_login(parts, &shell.here)),
            Err(refused) => return Err((refused.status, refused.error).into_response()),
        }
        let (strip, zone) = tokio::join!(
            ask.overview::<Strip>(),
            ask.get::<Zone>("/api/settings/timezone", &[]),
        );
        shell.strip = Some(strip);
        let zone = zone.ok().and_then(|zone| zone.timezone.parse().ok());
        shell.clock = Clock::new(zone.unwrap_or(Tz::UTC), shell.words.clone());
        if !is_part {
            shell.notice = notice(parts, console, &ask, &shell.words).await;
        }
        Ok(Self { ask, shell })
    }
}

/// What this browser did just now: it is told once.
async fn notice(
    parts: &mut Parts,
    console: &Console,
    ask: &Asking,
    words: &Said,
) -> Option<Notice> {
    let told = Query::<Told>::from_request_parts(parts, console).await;
    let Query(told) = told.unwrap_or_default();
    let Told { done, n } = told.by(chosen(&parts.headers, Told::name()))?;
    ask.sets(Told::taken_back());
    let text = words.done.get(&done)?;
    Some(Notice {
        text: text.replace("{n}", &n.unwrap_or_default().to_string()),
        is_error: false,
        request_id: String::new(),
    })
}

/// Where somebody who has not come in is sent, to come back to the page that they asked for, or that their act belongs to.
fn to_login(parts: &Parts, here: &str) -> Response {
    let ended = if has_session(&parts.headers) {
        "true"
    } else {
        ""
    };
    let to = if parts.method == Method::GET {
        without_told(here)
    } else {
        page_of(here)
    };
    see(&with_query(
        "/console/login",
        &[("to", &to), ("ended", ended)],
    ))
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
