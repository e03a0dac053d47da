//! Does my gateway reach Lull? What was posted lately, what became of it and why, and what a buffer would make of it now.

pub(super) mod answers;
pub(super) mod trying;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::narrow::names;
use super::shortened;
use crate::console::Console;
use crate::console::asking::{Refused, with_query};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page, see};
use crate::core::ignored::OWN_PAUSES;
use crate::core::post::{PostResult, TAKEN_BACK};
use answers::{Post, Posts};

/// Posts on a page: with what is shown of each body, a phone loads them soon.
const POSTS: &str = "25";
/// What stands for all that were not taken.
const NOT_TAKEN: &str = "not_taken";
const HERE: &str = "/console/posts";

pub(super) fn routes() -> Router<Console> {
    Router::new().route(HERE, get(show)).route(
        "/console/posts/try",
        post(trying::try_out).get(async || see(HERE)),
    )
}

/// Which posts are shown: all of it stands in the address.
#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    buffer: String,
    #[serde(default)]
    result: String,
    #[serde(default)]
    cursor: String,
}

#[derive(Template)]
#[template(path = "posts/page.html")]
struct Page {
    shell: Shell,
    which: Which,
    /// By name; empty where they could not be read.
    buffers: Vec<String>,
    posts: Result<Posts, Refused>,
}

impl Which {
    fn is_filtered(&self) -> bool {
        !self.buffer.is_empty() || !self.result.is_empty()
    }

    fn from(&self, cursor: &str) -> String {
        let query = [
            ("buffer", self.buffer.as_str()),
            ("result", self.result.as_str()),
            ("cursor", cursor),
        ];
        with_query(HERE, &query)
    }
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
    /// The words to choose among, with what each is called.
    fn results(&self) -> Vec<(&'static str, &str)> {
        let words = &self.shell.words;
        let all = PostResult::unrefused().map(PostResult::word);
        // A typing signal that was heeded is in no list.
        let all = all.filter(|word| *word != PostResult::Typing.word());
        let all = all.chain([PostResult::REFUSED]);
        let all = all.map(|word| (word, words.results.of(word)));
        let not_taken = (NOT_TAKEN, words.posts.not_taken.as_str());
        std::iter::once(not_taken).chain(all).collect()
    }

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

async fn show(Query(which): Query<Which>, Visit { ask, shell }: Visit) -> Response {
    let query = [
        ("limit", POSTS),
        ("buffer", which.buffer.as_str()),
        ("result", which.result.as_str()),
        ("cursor", which.cursor.as_str()),
    ];
    let (posts, buffers) = tokio::join!(
        ask.get("/api/posts", &query),
        names(&ask, "/api/buffers", ""),
    );
    let shown = Page {
        shell,
        which,
        buffers,
        posts,
    };
    page(&ask, StatusCode::OK, &shown)
}
