//! What a buffer would make of a post that was not taken.

use askama::Template;
use axum::extract::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::console::acts::of_ours;
use crate::console::asking::{Call, Refused, with_query};
use crate::console::pages::shortened;
use crate::console::shell::Shell;
use crate::console::spelling::segment;
use crate::console::visit::{Visit, page};
use crate::core::ignored::OWN_PAUSES;
use crate::core::post::PostResult;

#[derive(Deserialize)]
pub(super) struct Asked {
    post: String,
    buffer: String,
    back: String,
}

/// As in `POST /api/buffers/{name}/try`.
#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct WouldBe {
    pub(in crate::console::pages) chat: Option<String>,
    pub(in crate::console::pages) message: Option<Value>,
    pub(in crate::console::pages) text: Option<String>,
    pub(in crate::console::pages) id: Option<String>,
    #[serde(default)]
    pub(in crate::console::pages) media: Vec<Media>,
    pub(in crate::console::pages) typing: Option<bool>,
    pub(in crate::console::pages) own: Option<String>,
    pub(in crate::console::pages) changes: Option<String>,
    pub(in crate::console::pages) ignored: Option<String>,
    pub(in crate::console::pages) deadline_in: Option<f64>,
    #[serde(default)]
    pub(in crate::console::pages) requests: Vec<WouldSend>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct Media {
    pub(in crate::console::pages) r#type: String,
    pub(in crate::console::pages) file_name: Option<String>,
    pub(in crate::console::pages) caption: Option<String>,
    pub(in crate::console::pages) left_out: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::console::pages) struct WouldSend {
    pub(in crate::console::pages) destination: String,
    pub(in crate::console::pages) method: String,
    pub(in crate::console::pages) url: String,
    pub(in crate::console::pages) body: Option<Value>,
    pub(in crate::console::pages) error: Option<String>,
}

#[derive(Template)]
#[template(path = "posts/trial.html")]
struct Page {
    shell: Shell,
    buffer: String,
    back: String,
    curl: String,
    tried: Result<Vec<WouldBe>, Refused>,
}

impl Page {
    fn title(&self) -> String {
        let words = &self.shell.words.trial;
        words.title.with(&[("buffer", &self.buffer)])
    }
}

impl WouldBe {
    /// What it would come to, in a sentence.
    pub(in crate::console::pages) fn says(&self, shell: &Shell) -> String {
        let words = &shell.words.trial;
        if let Some(reason) = &self.ignored {
            let reason = in_words(shell, reason);
            return words.not_taken.with(&[("reason", &reason)]);
        }
        match (self.typing, &self.own, &self.changes) {
            (Some(true), ..) => words.typing_on.clone(),
            (Some(false), ..) => words.typing_off.clone(),
            (None, Some(author), _) => {
                let author = shell.words.authors.of(author);
                words.own.with(&[("author", &author)])
            }
            (None, None, Some(id)) if self.text.is_some() => words.changes.with(&[("id", id)]),
            (None, None, Some(id)) => words.takes_back.with(&[("id", id)]),
            (None, None, None) => words.would_be.clone(),
        }
    }

    pub(in crate::console::pages) fn tone(&self) -> &'static str {
        if self.ignored.is_some() || self.own.is_some() {
            "warn"
        } else {
            "good"
        }
    }

    /// What would be in the list of messages, where that is more than the text.
    pub(in crate::console::pages) fn listed(&self) -> Option<String> {
        let message = self.message.as_ref()?;
        let is_text = message.as_str().is_some() && message.as_str() == self.text.as_deref();
        (!is_text).then(|| shortened(message).0)
    }
}

/// What the API says in English, in the reader's language where it is one of the results of posts.
fn in_words<'a>(shell: &'a Shell, reason: &'a str) -> &'a str {
    if reason == OWN_PAUSES {
        return &shell.words.posts.own_pauses;
    }
    let known = PostResult::unrefused().find(|it| it.text() == reason);
    known.map_or(reason, |it| shell.words.results.of(it.word()))
}

impl Media {
    pub(in crate::console::pages) fn called(&self) -> String {
        let parts = [&self.file_name, &self.caption, &self.left_out];
        let parts = parts.into_iter().flatten().map(String::as_str);
        let all: Vec<&str> = std::iter::once(self.r#type.as_str()).chain(parts).collect();
        all.join(" · ")
    }
}

/// Asks the API, which stores nothing and sends nothing.
pub(super) async fn try_out(
    Visit { ask, mut shell }: Visit,
    Form(Asked { post, buffer, back }): Form<Asked>,
) -> Response {
    let path = format!("/api/buffers/{}/try", segment(&buffer));
    let call = Call::post(with_query(&path, &[("post", &post)]), None);
    let tried = ask.read(&call).await;
    // Who changes the language there comes back to the list.
    shell.here = of_ours(&back).to_owned();
    let status = match &tried {
        Ok(_) => StatusCode::OK,
        Err(refused) => refused.status,
    };
    let shown = Page {
        back: shell.here.clone(),
        shell,
        buffer,
        curl: call.curl(&ask.origin()),
        tried,
    };
    page(&ask, status, &shown)
}
