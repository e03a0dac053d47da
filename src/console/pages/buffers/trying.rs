//! What Lull would make of a body, or of one of the last posts, in a buffer as it is, or if another gateway posted to it.

use askama::Template;
use axum::extract::{Form as Posted, Path};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answers::Buffer;
use super::tabs::{Tab, sources};
use super::{ALL, HERE, api_path};
use crate::console::asking::{Asking, Call, Refused, with_query};
use crate::console::pages::posts::answers::Posts;
use crate::console::pages::posts::trying::WouldBe;
use crate::console::pages::saying::shortened;
use crate::console::pages::{missing, refused};
use crate::console::shell::Shell;
use crate::console::visit::{Visit, page};

/// Posts to choose among.
const POSTS: &str = "10";
/// As much of a post is shown in the list, in letters.
const SHOWN: usize = 60;

/// What somebody wants to try.
#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    post: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    source: String,
}

#[derive(Template)]
#[template(path = "buffers/try.html")]
struct Page {
    shell: Shell,
    tab: Tab,
    buffer: Buffer,
    asked: Asked,
    /// The last posts of which the body is kept, with what each is called.
    posts: Vec<(String, String)>,
    /// None: nothing was tried yet.
    tried: Option<(Result<Vec<WouldBe>, Refused>, String)>,
}

impl Page {
    fn tabs(&self) -> Vec<(Tab, &str)> {
        Tab::of_buffer(&self.shell, &self.buffer)
    }

    fn removing_since(&self, since: &str) -> String {
        let ago = self.shell.clock.ago(since);
        self.shell.words.buffer.removing.with(&[("ago", &ago)])
    }

    fn sources(&self) -> Vec<(&'static str, String)> {
        sources(&self.shell)
    }
}

impl Asked {
    /// The call that tries it; none: what was pasted is neither JSON nor a form.
    fn call(&self, there: &Value) -> Option<Call> {
        let name = there["name"].as_str().unwrap_or_default();
        let pasted = self.body.trim();
        let body = match self.post.as_str() {
            "" => Some(read(pasted)?),
            _ => None,
        };
        let is_own = self.source.is_empty() || there["source"] == self.source.as_str();
        let query = [("post", self.post.as_str())];
        if is_own {
            let path = format!("{}/try", api_path(name));
            return Some(Call::post(with_query(&path, &query), body));
        }
        let mut draft = there.clone();
        let fields = draft.as_object_mut()?;
        fields.insert("source".to_owned(), Value::from(self.source.as_str()));
        if let Some(body) = body {
            fields.insert("body".to_owned(), body);
        }
        let path = format!("{ALL}/try");
        Some(Call::post(with_query(&path, &query), Some(draft)))
    }
}

/// What was pasted: JSON, or a form, whose fields are texts.
fn read(pasted: &str) -> Option<Value> {
    if let Ok(json) = serde_json::from_str(pasted) {
        return Some(json);
    }
    if !pasted.contains('=') || pasted.starts_with(['{', '[']) {
        return None;
    }
    let pairs = form_urlencoded::parse(pasted.as_bytes());
    let pairs = pairs.map(|(name, value)| (name.into_owned(), Value::from(value)));
    Some(Value::Object(pairs.collect::<Map<_, _>>()))
}

pub(super) async fn show(Path(name): Path<String>, visit: Visit) -> Response {
    let there = match visit.ask.get::<Value>(&api_path(&name), &[]).await {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, HERE),
    };
    answer(visit, there, Asked::default(), None).await
}

/// Asks the API, which stores nothing and sends nothing.
pub(super) async fn try_out(
    Path(name): Path<String>,
    visit: Visit,
    Posted(asked): Posted<Asked>,
) -> Response {
    let there = match visit.ask.get::<Value>(&api_path(&name), &[]).await {
        Ok(there) => there,
        Err(refusal) => return refused(&visit, &refusal, HERE),
    };
    let tried = match asked.call(&there) {
        Some(call) => {
            let tried = visit.ask.read(&call).await;
            (tried, call.curl(&visit.ask.origin()))
        }
        None => (Err(unreadable()), String::new()),
    };
    answer(visit, there, asked, Some(tried)).await
}

fn unreadable() -> Refused {
    Refused {
        status: StatusCode::BAD_REQUEST,
        code: "invalid_json".to_owned(),
        ..Refused::within("what was pasted is neither JSON nor a form")
    }
}

async fn answer(
    visit: Visit,
    there: Value,
    asked: Asked,
    tried: Option<(Result<Vec<WouldBe>, Refused>, String)>,
) -> Response {
    let Visit { ask, shell } = visit;
    let Ok(buffer) = serde_json::from_value::<Buffer>(there) else {
        return missing(Visit { ask, shell }).await;
    };
    let status = match &tried {
        Some((Err(refused), _)) => refused.status,
        _ => StatusCode::OK,
    };
    let posts = last_posts(&ask, &shell, &buffer.name).await;
    let shown = Page {
        shell,
        tab: Tab::Try,
        buffer,
        asked,
        posts,
        tried,
    };
    page(&ask, status, &shown)
}

async fn last_posts(ask: &Asking, shell: &Shell, buffer: &str) -> Vec<(String, String)> {
    let query = [
        ("buffer", buffer),
        ("result", "not_taken"),
        ("limit", POSTS),
    ];
    let posts = ask.get::<Posts>("/api/posts", &query).await;
    let posts = posts.map(|posts| posts.items).unwrap_or_default();
    let kept = posts.into_iter().filter(|post| post.body.is_some());
    kept.map(|post| {
        let said = post.message.as_ref().or(post.body.as_ref());
        let said = said.map(|it| match it {
            Value::String(text) => shortened(text, SHOWN),
            other => shortened(&other.to_string(), SHOWN),
        });
        let time = shell.clock.moment(&post.at);
        let result = shell.words.results.of(&post.result);
        let called = format!("{time} · {result} · {}", said.unwrap_or_default());
        (post.id, called)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn call(post: &str, body: &str, source: &str) -> Option<Call> {
        let asked = Asked {
            post: post.to_owned(),
            body: body.to_owned(),
            source: source.to_owned(),
        };
        asked.call(&json!({ "name": "loja", "source": "waha" }))
    }

    #[test]
    fn a_body_is_tried_as_it_is_pasted_and_as_if_another_gateway_posted_it() {
        let own = call("", r#" {"a": 1} "#, "waha").unwrap();
        assert_eq!(own.path, "/api/buffers/loja/try");
        assert_eq!(own.body, Some(json!({ "a": 1 })));
        let form = call("", "From=whatsapp%3A%2B55&Body=oi", "").unwrap();
        assert_eq!(
            form.body,
            Some(json!({ "From": "whatsapp:+55", "Body": "oi" }))
        );
        let other = call("", r#"{"a": 1}"#, "evolution").unwrap();
        assert_eq!(other.path, "/api/buffers/try");
        assert_eq!(
            other.body,
            Some(json!({ "name": "loja", "source": "evolution", "body": { "a": 1 } }))
        );
        let post = call("7-0-1", "", "waha").unwrap();
        assert_eq!(
            (post.path.as_str(), post.body),
            ("/api/buffers/loja/try?post=7-0-1", None)
        );
        assert!(call("", "oi", "").is_none() && call("", "", "").is_none());
    }
}
