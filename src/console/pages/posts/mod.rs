//! Does my gateway reach Lull? What was posted lately, what became of it and why, and what a buffer would make of it now.

pub(super) mod answers;
pub(super) mod trying;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::narrow::{Asked, By, Narrow, Narrowed};
use super::shortened;
use crate::console::Console;
use crate::console::asking::Refused;
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page, see};
use crate::core::ignored::OWN_PAUSES;
use crate::core::post::{PostResult, TAKEN_BACK};
use answers::{Post, Posts};

const HERE: &str = "/console/posts";
const POSTS: Narrowed = Narrowed {
    page: HERE,
    list: "/api/posts",
    by: &[By::Buffer, By::Result],
    // With what is shown of each body, a phone loads so many soon.
    limit: "25",
};

pub(super) fn routes() -> Router<Console> {
    Router::new().route(HERE, get(show)).route(
        "/console/posts/try",
        post(trying::try_out).get(async || see(HERE)),
    )
}

#[derive(Template)]
#[template(path = "posts/page.html")]
struct Page {
    shell: Shell,
    narrow: Narrow,
    posts: Result<Posts, Refused>,
    older: Option<String>,
}

impl Post {
    fn tone(&self) -> &'static str {
        match self.result.as_str() {
            PostResult::TAKEN => "good",
            PostResult::REFUSED => "bad",
            "paused" | "duplicate" | "repeated" => "warn",
            _ => "",
        }
    }

    /// What was said.
    fn said(&self) -> Option<String> {
        self.message.as_ref().map(|it| shortened(it).0)
    }
}

impl Page {
    /// Why it came to nothing, in the reader's language; none: the result says all.
    fn why<'a>(&'a self, post: &'a Post) -> Option<&'a str> {
        let words = &self.shell.words;
        if let Some(code) = &post.code {
            return Some(words.refusals.of(code));
        }
        match post.reason.as_deref()? {
            OWN_PAUSES => Some(&words.posts.own_pauses),
            TAKEN_BACK => Some(&words.posts.taken_back),
            _ => None,
        }
    }

    /// Who wrote in a group.
    fn written_by(&self, writer: &str) -> String {
        self.shell.words.posts.writer.with(&[("writer", &writer)])
    }

    /// What a refusal said: it tells more than its code.
    fn answered<'a>(&self, post: &'a Post) -> Option<&'a str> {
        post.code.as_ref().and(post.reason.as_deref())
    }
}

async fn show(Query(asked): Query<Asked>, Visit { ask, shell }: Visit) -> Response {
    let (posts, narrow) = POSTS.read::<Posts>(&ask, &shell.words, asked).await;
    let next = posts.as_ref().ok().and_then(|it| it.next_cursor.as_deref());
    let shown = Page {
        older: next.map(|cursor| narrow.at(cursor)),
        shell,
        narrow,
        posts,
    };
    page(&ask, StatusCode::OK, &shown)
}
