//! Coming in and going out, and how somebody likes to read.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use crate::console::Console;
use crate::console::acts::of_ours;
use crate::console::asking::Call;
use crate::console::shell::{Notice, Shell, Viewer};
use crate::console::visit::{Stranger, has_session, page, see};

pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/login", get(show).post(enter))
        .route("/console/logout", post(leave))
        .route("/console/liking", post(like))
}

#[derive(Template)]
#[template(path = "login/page.html")]
struct Login {
    shell: Shell,
    to: String,
    /// A link of `lull console`, with which nobody needs a key; empty: there is none.
    link: String,
}

/// Where to go then.
#[derive(Deserialize)]
struct To {
    #[serde(default)]
    to: String,
    #[serde(default)]
    over: bool,
    /// They were signed in, and are not any more.
    #[serde(default)]
    ended: bool,
    #[serde(default)]
    link: String,
}

/// What a browser shows to come in: a key, or a link.
#[derive(Deserialize)]
struct Shown {
    #[serde(default)]
    key: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    to: String,
}

/// A link is taken only when its button is pressed: what looks at links before people do would use it up. Without one,
/// whoever is signed in already is led on.
async fn show(
    Query(To {
        to,
        over,
        ended,
        link,
    }): Query<To>,
    headers: HeaderMap,
    stranger: Stranger,
) -> Response {
    let Stranger { ask, mut shell } = stranger;
    let may_be_in = link.is_empty() && has_session(&headers);
    if may_be_in && ask.get::<Viewer>("/api/session", &[]).await.is_ok() {
        return see(of_ours(&to));
    }
    if over {
        shell.notice = Some(said(shell.words.login.over.clone(), false));
    } else if ended {
        shell.notice = Some(said(shell.words.login.ended.clone(), true));
    }
    // Who changes the language comes back to this very page.
    let to = of_ours(&to).to_owned();
    page(&ask, StatusCode::OK, &Login { shell, to, link })
}

async fn enter(stranger: Stranger, Form(Shown { key, link, to }): Form<Shown>) -> Response {
    let Stranger { ask, mut shell } = stranger;
    let to = of_ours(&to).to_owned();
    let by_link = !link.is_empty();
    let shown = if by_link {
        json!({ "link": link })
    } else {
        json!({ "key": key })
    };
    let call = Call::post("/api/session", Some(shown));
    let Err(refused) = ask.call(&call).await else {
        let mut answer = see(&to);
        ask.set_cookies(answer.headers_mut());
        return answer;
    };
    let words = &shell.words.login;
    let text = match refused.code.as_str() {
        "key_unknown" if by_link => words.link_over.clone(),
        "key_unknown" | "key_missing" | "token_invalid" => words.wrong.clone(),
        "scope_missing" => words.may_not_read.clone(),
        "rate_limited" => words.too_often.clone(),
        _ => shell.refusal(&refused),
    };
    shell.notice = Some(said(text, true));
    shell.here = "/console/login".to_owned();
    let link = String::new();
    page(&ask, refused.status, &Login { shell, to, link })
}

async fn leave(stranger: Stranger) -> Response {
    let ended = stranger.ask.call(&Call::delete("/api/session")).await;
    let mut answer = see(if ended.is_ok() {
        "/console/login?over=true"
    } else {
        "/console/login"
    });
    stranger.ask.set_cookies(answer.headers_mut());
    answer
}

#[derive(Deserialize)]
struct Liking {
    language: String,
    theme: String,
    back: String,
}

/// Notes language and look in cookies, which hold nothing else.
async fn like(
    Form(Liking {
        language,
        theme,
        back,
    }): Form<Liking>,
) -> Response {
    let mut answer = see(of_ours(&back));
    for (name, value) in [("lull_language", language), ("lull_theme", theme)] {
        let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax");
        if let (true, Ok(cookie)) = (plain, HeaderValue::try_from(cookie)) {
            answer.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    answer
}

fn said(text: String, is_error: bool) -> Notice {
    Notice {
        text,
        is_error,
        request_id: String::new(),
    }
}
